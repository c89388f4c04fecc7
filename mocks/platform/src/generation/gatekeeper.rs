//! Asking entitlement (⑦), and remembering a yes for a moment.
//!
//! A no is never remembered: it may be from just before the purchase. A yes is forgotten after two seconds, or as soon as
//! entitlement tells of a change. No answer is no yes: while entitlement is down, nothing is generated.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::clock::Time;
use crate::context::Context;
use crate::http::Neighbour;
use crate::problem::{Code, Problem};

const REMEMBERED: Duration = Duration::from_secs(2);

pub(super) struct Gatekeeper {
    entitlement: Neighbour,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    allowed: HashMap<Question, Allowed>,
    /// Counts the changes, so that a yes from before one is not remembered after it.
    changes: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    member: String,
    version: String,
    credentials: String,
}

struct Allowed {
    from: Time,
    until: Time,
}

#[derive(Deserialize)]
struct Decision {
    decision: bool,
    context: Because,
}

#[derive(Deserialize)]
struct Because {
    reason: Option<Code>,
    basis: String,
    valid_until: Option<Time>,
}

impl Gatekeeper {
    pub(super) fn new(entitlement: Neighbour) -> Self {
        Self { entitlement, memory: Mutex::default() }
    }

    /// Whether the member may generate with this version. May be a yes from up to two seconds ago.
    pub(super) async fn ask(&self, context: &Context, version: &str, job: Option<&str>) -> Result<(), Problem> {
        let now = context.now();
        let question = question(context, version)?;
        let known = self.memory().allowed.get(&question).is_some_and(|yes| yes.from <= now && now < yes.until);
        if known { Ok(()) } else { self.ask_afresh(context, version, job).await }
    }

    /// The same, as of now.
    pub(super) async fn ask_afresh(&self, context: &Context, version: &str, job: Option<&str>) -> Result<(), Problem> {
        let (question, from) = (question(context, version)?, context.now());
        let changes = self.memory().changes;
        let body = json!({
            "subject": {"type": "member", "id": question.member},
            "action": {"name": "generate"},
            "resource": {"type": "model-version", "id": version},
            "context": job.map_or_else(|| json!({}), |job| json!({"use": job})),
        });
        let answer = self.entitlement.post(context, "/access/v1/evaluation").json(&body).send().await?;
        let Decision { decision, context: because } = answer.json()?;
        if !decision {
            // A no without a reason cannot be told from trouble, and must not be told as "not bought".
            let code = because.reason.unwrap_or(Code::EntitlementUnavailable);
            return Err(Problem::because(code, format!("{} ({version})", code.entry().title)).with("version", version));
        }
        // Each use of a trial has to be counted.
        if because.basis != "trial" {
            let until = because.valid_until.map_or(from.after(REMEMBERED), |end| end.min(from.after(REMEMBERED)));
            let mut memory = self.memory();
            if memory.changes == changes {
                memory.allowed.retain(|_, yes| from < yes.until);
                memory.allowed.insert(question, Allowed { from, until });
            }
        }
        Ok(())
    }

    /// Something has changed between this member and this version.
    pub(super) fn forget(&self, member: &str, version: &str) {
        let mut memory = self.memory();
        memory.changes += 1;
        memory.allowed.retain(|question, _| question.member != member || question.version != version);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn question(context: &Context, version: &str) -> Result<Question, Problem> {
    let member = context.member()?.id.clone();
    Ok(Question { member, version: version.to_owned(), credentials: context.credentials().join(",") })
}
