//! The room from outside: documents and exchanges in, findings out.

mod examining;
mod loading;
mod refusing;

use serde_json::Value;

use crate::model::{Body, Content, Edge, Exchange, Finding, Outcome, Request, Response, TraceId};

/// An exchange in the making: `ask("POST /v1/jobs").json(…).answer(202).json(…)`.
#[derive(Clone)]
struct Made(Exchange);

fn ask(request: &str) -> Made {
    let (method, target) = request.split_once(' ').unwrap();
    Made(Exchange {
        id: 1,
        edge: Edge::new("shop", "bank"),
        trace: Some(TraceId(7)),
        at_micros: 0,
        took_micros: 100,
        request: Request { method: method.into(), target: target.into(), headers: Vec::new(), body: Body::default() },
        outcome: Outcome::Open,
        faults: Vec::new(),
        changes: Vec::new(),
    })
}

impl Made {
    fn on(mut self, from: &str, to: &str) -> Self {
        self.0.edge = Edge::new(from, to);
        self
    }

    /// Number, beginning and end.
    fn during(mut self, id: u64, from: u64, to: u64) -> Self {
        (self.0.id, self.0.at_micros, self.0.took_micros) = (id, from, to - from);
        self
    }

    fn answer(mut self, status: u16) -> Self {
        self.0.outcome = Outcome::Answered(Response { status, headers: Vec::new(), body: Body::default() });
        self
    }

    fn ended(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    fn disturbed(mut self, fault: &str) -> Self {
        self.0.faults.push(fault.into());
        self
    }

    /// Of the answer if there is one, else of the request.
    fn header(mut self, name: &str, value: &str) -> Self {
        match &mut self.0.outcome {
            Outcome::Answered(response) => response.headers.push((name.into(), value.into())),
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => {
                self.0.request.headers.push((name.into(), value.into()));
            }
        }
        self
    }

    fn body(mut self, content: Content, size: u64, truncated: bool) -> Self {
        let body = Body { size, content, truncated };
        match &mut self.0.outcome {
            Outcome::Answered(response) => response.body = body,
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => self.0.request.body = body,
        }
        self
    }

    fn json(self, value: Value) -> Self {
        let size = value.to_string().len() as u64;
        self.header("content-type", "application/json").body(Content::Json(value), size, false)
    }

    fn problem(self, value: Value) -> Self {
        let size = value.to_string().len() as u64;
        self.header("content-type", "application/problem+json").body(Content::Json(value), size, false)
    }

    fn text(self, kind: &str, text: &str) -> Self {
        self.header("content-type", kind).body(Content::Text(text.into()), text.len() as u64, false)
    }

    fn done(self) -> Exchange {
        self.0
    }
}

/// Where each finding points, and what it says.
fn places(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| finding.at.clone().unwrap_or_default()).collect()
}
