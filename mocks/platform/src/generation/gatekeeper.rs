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
use crate::defects::PLACES;
use crate::entitlement::credential;
use crate::http::Neighbour;
use crate::problem::{Code, Problem};

const REMEMBERED: Duration = Duration::from_secs(2);

/// So many are remembered at once; to forget is always safe.
const MOST: usize = 10_000;

pub(super) struct Gatekeeper {
    entitlement: Neighbour,
    credential_key: String,
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

/// A yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// As often as the member likes.
    Free,
    /// Each use counts: it is a trial.
    Counted,
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
    pub(super) fn new(entitlement: Neighbour, credential_key: String) -> Self {
        Self { entitlement, credential_key, memory: Mutex::default() }
    }

    /// Whether the member may generate with this version. May be a yes from up to two seconds ago.
    pub(super) async fn ask(&self, context: &Context, version: &str) -> Result<Leave, Problem> {
        let now = context.now();
        let question = question(context, version)?;
        let known = self.memory().allowed.get(&question).is_some_and(|yes| yes.from <= now && now < yes.until);
        if known { Ok(Leave::Free) } else { self.ask_afresh(context, version, None).await }
    }

    /// The same, as of now. For a job it counts as a use of a trial, however often it is asked.
    pub(super) async fn ask_afresh(
        &self,
        context: &Context,
        version: &str,
        job: Option<&str>,
    ) -> Result<Leave, Problem> {
        let (question, from) = (question(context, version)?, context.now());
        let changes = self.memory().changes;
        let body = json!({
            "subject": {"type": "member", "id": question.member},
            "action": {"name": "generate"},
            "resource": {"type": "model-version", "id": version},
            "context": job.map_or_else(|| json!({}), |job| json!({"use": job})),
        });
        let answer = self.entitlement.post(context, "/access/v1/evaluation").json(&body).send().await;
        let answer = answer.and_then(|answer| answer.json());
        if let Some(wrong) = self.misjudge(context, version, &answer) {
            return wrong;
        }
        let Decision { decision, context: because } = answer?;
        if !decision {
            // A no without a reason cannot be told from trouble, and must not be told as "not bought".
            let code = because.reason.unwrap_or(Code::EntitlementUnavailable);
            return Err(Problem::because(code, format!("{} ({version})", code.entry().title)).with("version", version));
        }
        if because.basis == "trial" {
            return Ok(Leave::Counted);
        }
        // DEFECT: remembered for long and whatever else has changed, because changes are told of: see `forget`, where it does
        // its harm.
        let for_long = context.is_on("gen.no-bust");
        let remembered = if for_long { REMEMBERED * 1_000 } else { REMEMBERED };
        let until = because.valid_until.map_or(from.after(remembered), |end| end.min(from.after(remembered)));
        let mut memory = self.memory();
        if memory.changes == changes || for_long {
            // Not by what time it is: one scenario's clock must not make another's yes disappear.
            if memory.allowed.len() >= MOST {
                memory.allowed.clear();
            }
            memory.allowed.insert(question, Allowed { from, until });
        }
        Ok(Leave::Free)
    }

    /// What a defect makes of entitlement's answer; `None` if it makes nothing of it.
    fn misjudge(
        &self,
        context: &Context,
        version: &str,
        answer: &Result<Decision, Problem>,
    ) -> Option<Result<Leave, Problem>> {
        if let Err(problem) = answer
            && problem.code == Code::EntitlementUnavailable
        {
            if context.defect("gen.fail-open") {
                return Some(Ok(Leave::Free)); // DEFECT: no answer is taken for a yes
            }
            if context.defect("gen.timeout-as-unpaid") {
                return Some(Err(Code::PurchaseRequired.into())); // DEFECT: no answer is taken for a no
            }
        }
        let is_paid = answer.as_ref().is_ok_and(|answer| answer.decision && answer.context.basis == "purchase");
        if is_paid && context.defect("gen.reject-paid") {
            // DEFECT: a list of its own, on which what is in early access is not yet.
            return Some(Err(Problem::because(Code::PurchaseRequired, "Not available for generation.")));
        }
        let bearer =
            |token: &&str| credential::open(&self.credential_key, token).is_some_and(|it| it.version == version);
        if context.credentials().iter().any(bearer) && context.defect("gen.bearer-unbound") {
            return Some(Ok(Leave::Free)); // DEFECT: whoever has a credential is let in, whosever it is
        }
        None
    }

    /// Something has changed between this member and this version.
    pub(super) fn forget(&self, context: &Context, member: &str, version: &str) {
        let mut memory = self.memory();
        let concerns = |question: &Question| question.member == member && question.version == version;
        // What is remembered depends on who asks beside it; with the defect it is more than without.
        let is_remembered = context.is_on(PLACES) || memory.allowed.keys().any(concerns);
        if is_remembered && context.defect("gen.no-bust") {
            return; // DEFECT: taken, and nothing is done about it
        }
        memory.changes += 1;
        memory.allowed.retain(|question, _| !concerns(question));
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn question(context: &Context, version: &str) -> Result<Question, Problem> {
    let member = context.member()?.id.clone();
    Ok(Question { member, version: version.to_owned(), credentials: context.credentials().join(",") })
}
