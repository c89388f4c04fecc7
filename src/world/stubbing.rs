//! Answers from stub files, for one scenario: the taps in front of a service answer in its place.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use rand::RngExt;

use super::faults::Faults;
use super::{StepError, StepResult};
use crate::base::suggest::did_you_mean;
use crate::model::Change;
use crate::stub::{Broken, Nearest, Request, StubFile, choose};
use crate::tap::fault::{Fault, Next, NoResponse, Payload, TapRequest, TapResponse};
use crate::tap::{Disturbance, Frequency};

/// The length of an answer of random bytes.
const RANDOM_BYTES: usize = 256;

impl Faults {
    /// Lets a stub file answer whoever calls a service. Requests that the file has no stub for go on to the service.
    pub fn answer_as_in(&self, service: &str, name: &str) -> StepResult {
        self.answer_from_file(service, name, Frequency::Always)
    }

    /// Lets a stub file answer the first request that it has a stub for.
    pub fn answer_once_as_in(&self, service: &str, name: &str) -> StepResult {
        self.answer_from_file(service, name, Frequency::Times(1))
    }

    fn answer_from_file(&self, service: &str, name: &str, frequency: Frequency) -> StepResult {
        let context = self.client.context();
        let called = || context.edges.iter().map(|edge| edge.to.as_str());
        if !called().any(|callee| callee == service) {
            if context.rules.mapping.edges().any(|edge| edge.to == service) {
                let message = format!("nobody in the topology {} calls {service}", context.topology);
                return Err(StepError::not_on_this_platform(message));
            }
            let hint = did_you_mean(service, called());
            return Err(StepError::scenario(format!("nobody in the topology calls `{service}`.{hint}")));
        }
        let file = self.stubs.get(&(service.to_owned(), name.to_owned()));
        let file =
            Arc::clone(file.expect("invariant: the plan has found the stub file of every sentence that names one"));
        let times = if frequency == Frequency::Always { "" } else { " once" };
        let text = format!("{service} answers as in \"{name}\"{times}");
        self.arm_parsed(Disturbance::from_factory(service, text, frequency, move || {
            Box::new(Stubbed { file: Arc::clone(&file), nearest: Mutex::default() })
        }));
        Ok(())
    }
}

/// A fault that answers from a stub file in the place of the callee.
struct Stubbed {
    file: Arc<StubFile>,
    /// The request without a stub that came nearest to having one, with its distance. A report of a stub that never answered
    /// names it.
    nearest: Mutex<Option<(f64, String)>>,
}

fn request(call: &TapRequest) -> Request<'_> {
    Request {
        method: &call.head.method,
        target: call.head.uri.path_and_query().map_or("/", |target| target.as_str()),
        headers: &call.head.headers,
        body: &call.body,
    }
}

#[async_trait]
impl Fault for Stubbed {
    fn wants(&self, call: &TapRequest) -> Result<(), String> {
        let Err(Some(Nearest { place, differences, distance })) = choose(&self.file.stubs, &request(call)) else {
            return Ok(());
        };
        let mut nearest = self.nearest.lock().unwrap_or_else(PoisonError::into_inner);
        // Of many requests that do not match, the most similar one tells best what is wrong with the stub.
        if nearest.as_ref().is_none_or(|(known, _)| distance < *known) {
            let asked = format!("{} {}", call.head.method, request(call).path());
            *nearest = Some((distance, format!("{asked} is not what {place} is for: {differences}")));
        }
        Err(nearest.as_ref().map(|(_, words)| words.clone()).unwrap_or_default())
    }

    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let request = request(&call);
        let Ok(stub) = choose(&self.file.stubs, &request) else { return next.send(call).await };
        next.fired();
        let mut rng = next.rng();
        let reply = stub.answer(&request, &mut rng);
        tokio::time::sleep(reply.delay).await;
        let (mut head, ()) = http::Response::new(()).into_parts();
        (head.status, head.headers) = (reply.status, reply.headers);
        match reply.broken {
            None => {
                head.headers.insert(CONTENT_LENGTH, HeaderValue::from(reply.body.len()));
                Ok(TapResponse { head, body: Payload::Whole(reply.body.into()) })
            }
            Some(Broken::ConnectionResetByPeer) => Err(NoResponse::Broken("the connection was reset".into())),
            Some(Broken::EmptyResponse) => {
                Err(NoResponse::Raw { bytes: Bytes::new(), reason: "the connection was closed without an answer" })
            }
            Some(Broken::MalformedResponseChunk) => Err(NoResponse::malformed(&head)),
            Some(Broken::RandomDataThenClose) => {
                let bytes = (0..RANDOM_BYTES).map(|_| rng.random::<u8>()).collect();
                Err(NoResponse::Raw { bytes, reason: "random data came in place of an answer" })
            }
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery, Change::Response]
    }
}
