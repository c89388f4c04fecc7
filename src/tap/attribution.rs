//! Assigns exchanges to scenarios, including those of a browser, which sends no trace context by itself.

use std::sync::{Arc, Mutex};

use http::HeaderMap;
use http::header::HeaderValue;

use crate::base::trace::{self, BAGGAGE, Baggage, TRACEPARENT};
use crate::model::TraceId;

/// The way in which a tap learns to which scenario an exchange belongs.
#[derive(Debug, Clone)]
pub enum Attribution {
    /// The caller says so in its `traceparent`; who says nothing belongs to nobody.
    ByHeader,
    /// Everything on this tap belongs to one scenario. A browser sends no trace context of its own accord, so the tap
    /// adds it: it replaces a `traceparent` that is absent or foreign, and adds the `baggage` where there is none.
    Owned {
        trace: TraceId,
        /// The baggage that its requests carry. Read anew for each request.
        baggage: Arc<Mutex<Baggage>>,
    },
}

impl Attribution {
    /// The scenario of a request with these headers, which are completed as needed. `span` is any number but 0.
    pub(super) fn attribute(&self, headers: &mut HeaderMap, span: u64) -> Option<TraceId> {
        let carried = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).and_then(trace::trace_of);
        match self {
            Self::ByHeader => carried,
            Self::Owned { trace, baggage } => {
                // A page may run a tracer of its own. Kept, its trace id would make the calls behind this one strays.
                if carried != Some(*trace) {
                    headers.insert(TRACEPARENT, value(&trace::traceparent(*trace, span)));
                }
                let baggage = baggage.lock().expect("no thread panics while it holds this lock");
                // Baggage of the page itself stays: the platform's own front end may need it.
                if !baggage.is_empty() && !headers.contains_key(BAGGAGE) {
                    headers.insert(BAGGAGE, value(&baggage.to_string()));
                }
                Some(*trace)
            }
        }
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
