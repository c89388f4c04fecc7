//! Checks one exchange against the contract of the service that was called.

use super::body::{JsonBody, essence, is_json, read};
use super::contract::Contract;
use super::operation::{DocumentedOperation, Media};
use super::parameter::{ParameterPlace, in_headers};
use super::schema::Flaw;
use crate::model::{BY_TAP, Body, Edge, Exchange, Finding, Outcome, Request, Response, RuleId};

/// The largest number of findings for one exchange.
const TOLD: usize = 10;

/// The result of checking exchanges against contracts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examination {
    /// The departures from the contract, request first.
    pub findings: Vec<Finding>,
    /// The parts that could not be judged, in a sentence each.
    pub skipped: Vec<String>,
}

impl Contract {
    /// Returns the departures of an exchange from the contract.
    pub fn check(&self, exchange: &Exchange) -> Vec<Finding> {
        self.examine(exchange).findings
    }

    /// Returns the departures of an exchange from the contract, and what could not be judged.
    ///
    /// A request that the callee refused (4xx) is no departure when a member sent it, because a member may ask for
    /// anything. It is a departure when a service sent it, because a service has to know what it asks for. An answer of
    /// a tap is not checked.
    pub fn examine(&self, exchange: &Exchange) -> Examination {
        let mut examiner = Examiner { contract: self, exchange, examined: Examination::default() };
        examiner.exchange();
        examiner.examined
    }

    /// Returns true when a request departs from the contract, whatever became of it.
    pub(super) fn request_departs(&self, exchange: &Exchange) -> bool {
        let mut examiner = Examiner { contract: self, exchange, examined: Examination::default() };
        examiner.request();
        !examiner.examined.findings.is_empty()
    }
}

struct Examiner<'c> {
    contract: &'c Contract,
    exchange: &'c Exchange,
    examined: Examination,
}

impl<'c> Examiner<'c> {
    fn exchange(&mut self) {
        let operation = self.request();
        let refused = self.exchange.status().is_some_and(|status| (400..500).contains(&status));
        // Scenarios send wrong requests on purpose, and the refusal shows that the service noticed.
        if refused && self.exchange.edge.from == Edge::MEMBER {
            self.examined = Examination::default();
        }
        let Some(operation) = operation else { return };
        match &self.exchange.outcome {
            Outcome::Answered(response) if response.header(BY_TAP).is_some() => {
                self.examined.skipped.push("a tap answered in the callee's place".into());
            }
            Outcome::Answered(response) => self.response(operation, response),
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => {}
        }
    }

    /// Checks the request, and returns the documented operation that it asks for.
    fn request(&mut self) -> Option<&'c DocumentedOperation> {
        let (contract, request) = (self.contract, &self.exchange.request);
        let Some((route, in_path)) = contract.route(&request.method, request.path()) else {
            self.flawed("request/path", "/paths", &format!("no path is documented for {}", request.path()));
            return None;
        };
        let Some(operation) = route.operation(&request.method) else {
            let known: Vec<_> = route.operations.iter().map(|(method, _)| method.as_str()).collect();
            let message =
                format!("{} is not documented for {}, only {}", request.method, route.template.text, known.join(", "));
            self.flawed("request/method", &route.pointer, &message);
            return None;
        };
        for parameter in &operation.parameters {
            let given = match parameter.place {
                ParameterPlace::Path => {
                    in_path.iter().filter(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone()).collect()
                }
                place => place.given(request, &parameter.name),
            };
            let at = format!("request/{}/{}", parameter.place.word(), parameter.name);
            for flaw in parameter.flaws(&given) {
                self.flaw(&at, &parameter.pointer, flaw);
            }
        }
        if self.was_sent_whole(request) {
            self.request_body(operation, request);
        }
        Some(operation)
    }

    /// Returns true when the tap has seen the whole body. A callee that cannot be reached gets no body, and one that
    /// dies early gets only a part.
    fn was_sent_whole(&self, request: &Request) -> bool {
        let announced = request.header("content-length").and_then(|length| length.trim().parse::<u64>().ok());
        match self.exchange.outcome {
            Outcome::Answered(_) => true,
            Outcome::Unreachable { .. } => false,
            Outcome::Broken { .. } | Outcome::Open => {
                request.header("transfer-encoding").is_none() && announced.is_none_or(|size| size == request.body.size)
            }
        }
    }

    fn request_body(&mut self, operation: &DocumentedOperation, request: &Request) {
        let is_empty = request.body.size == 0 && request.body.content.is_empty();
        match &operation.body {
            None if is_empty => {}
            None => self.flawed("request/body", &operation.pointer, "a body was sent where none is documented"),
            Some(documented) if is_empty => {
                if documented.required {
                    self.flawed("request/body", &documented.pointer, "the body is required, and not there");
                }
            }
            Some(documented) => {
                let (kind, encoding) = (request.header("content-type"), request.header("content-encoding"));
                self.body("request", &documented.content, &documented.pointer, kind, encoding, &request.body);
            }
        }
    }

    fn response(&mut self, operation: &DocumentedOperation, response: &Response) {
        let status = response.status;
        // A refused request may lack its credential. That may be the reason for the refusal.
        if status < 400
            && let Some(security) = &operation.security
            && !security.is_met(&self.exchange.request)
        {
            let message = format!("it was served, and shows none of the credentials that are documented: {security}");
            self.flawed("request/security", &security.pointer, &message);
        }
        let Some(answer) = operation.answer(status) else {
            let known: Vec<_> = operation.answers.iter().map(|answer| answer.statuses.to_string()).collect();
            let message = format!("the status {status} is not documented, only {}", known.join(", "));
            self.flawed("response/status", &format!("{}/responses", operation.pointer), &message);
            return;
        };
        for header in &answer.headers {
            let at = format!("response/headers/{}", header.name);
            for flaw in header.flaws(&in_headers(&response.headers, &header.name)) {
                self.flaw(&at, &header.pointer, flaw);
            }
        }
        // These answers have no body by HTTP's own rules, whatever the document says of the status.
        let has_none = self.exchange.request.method == "HEAD" || matches!(status, 204 | 304);
        let is_empty = response.body.size == 0 && response.body.content.is_empty();
        if answer.content.is_empty() {
            if !is_empty {
                self.flawed("response/body", &answer.pointer, "the answer has a body where none is documented");
            }
        } else if is_empty && !has_none {
            self.flawed("response/body", &answer.pointer, "the answer has no body where one is documented");
        } else if !is_empty {
            let (kind, encoding) = (response.header("content-type"), response.header("content-encoding"));
            self.body("response", &answer.content, &answer.pointer, kind, encoding, &response.body);
        }
    }

    fn body(
        &mut self,
        side: &str,
        documented: &[Media],
        pointer: &str,
        kind: Option<&str>,
        encoding: Option<&str>,
        body: &Body,
    ) {
        let known = || documented.iter().map(|media| media.range.to_string()).collect::<Vec<_>>().join(", ");
        let at = format!("{side}/headers/content-type");
        let Some(kind) = kind else {
            return self.flawed(&at, pointer, &format!("the body does not say what it is: {} is documented", known()));
        };
        let kind = essence(kind);
        let Some(media) = documented.iter().find(|media| media.range.takes(&kind)) else {
            return self.flawed(&at, pointer, &format!("{kind} is not documented, only {}", known()));
        };
        if !is_json(&kind) {
            return;
        }
        let at = format!("{side}/body");
        match read(body, encoding) {
            JsonBody::Json(value) => {
                for flaw in media.schema.iter().flat_map(|schema| schema.flaws(value)) {
                    self.flaw(&at, pointer, flaw);
                }
            }
            JsonBody::Flawed(flaw) => self.flaw(&at, pointer, flaw),
            JsonBody::Unread(why) => self.examined.skipped.push(format!("the {side}'s body was not judged: {why}")),
        }
    }

    fn flawed(&mut self, at: &str, source: &str, message: &str) {
        self.flaw(at, source, Flaw { at: String::new(), source: source.to_owned(), message: message.to_owned() });
    }

    /// Adds a finding. `pointer` names the place of the rule when the flaw does not.
    fn flaw(&mut self, at: &str, pointer: &str, flaw: Flaw) {
        let told = self.examined.findings.len();
        // One wrong type in a list gives a finding for each item, and the first few say all.
        if told >= TOLD {
            return;
        }
        let Exchange { edge, request, .. } = self.exchange;
        let what = match (at.starts_with("request"), self.exchange.status()) {
            (true, _) | (_, None) => format!("{}'s {} {}", edge.from, request.method, request.path()),
            (false, Some(status)) => format!("{}'s answer {status} to {} {}", edge.to, request.method, request.path()),
        };
        let at = format!("{at}{}", flaw.at);
        let source = if flaw.source.is_empty() { pointer } else { &flaw.source };
        let disturbed = disturbed(self.exchange);
        self.examined.findings.push(Finding {
            rule: RuleId::Contract,
            message: format!("{what} departs from {}'s contract at {at}: {}{disturbed}", edge.to, flaw.message),
            edge: Some(edge.clone()),
            exchange: Some(self.exchange.id),
            at: Some(at),
            source: Some(format!("{}#{source}", self.contract.name)),
        });
    }
}

/// Returns the remark for a finding about an exchange that faults have disturbed.
pub(super) fn disturbed(exchange: &Exchange) -> String {
    if exchange.faults.is_empty() {
        return String::new();
    }
    format!(" (this exchange was disturbed: {})", exchange.faults.join("; "))
}
