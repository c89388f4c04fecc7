//! Asks entitlement (⑦), and remembers a yes for a moment.
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

/// The number of answers that are remembered at once. To forget one is always safe.
const MOST: usize = 10_000;

pub(super) struct Gatekeeper {
    entitlement: Neighbour,
    credential_key: String,
    /// The time for which a yes is remembered.
    remembered: Duration,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    allowed: HashMap<Question, Allowed>,
    /// The number of changes so far, so that a yes from before one is not remembered after it.
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

/// The way in which a member may generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    Unlimited,
    /// A trial: each job counts as a use.
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
    pub(super) fn new(entitlement: Neighbour, credential_key: String, remembered: Duration) -> Self {
        Self { entitlement, credential_key, remembered, memory: Mutex::default() }
    }

    /// Returns whether the member may generate with a version; the answer may be a remembered one.
    pub(super) async fn ask(&self, context: &Context, version: &str) -> Result<Permission, Problem> {
        let now = context.now();
        let question = question(context, version)?;
        let known = self.memory().allowed.get(&question).is_some_and(|yes| yes.from <= now && now < yes.until);
        if known { Ok(Permission::Unlimited) } else { self.ask_afresh(context, version, None).await }
    }

    /// Returns whether the member may generate with a version, as of now. With a `job` it counts as a use of a trial, once,
    /// however often this is asked.
    pub(super) async fn ask_afresh(
        &self,
        context: &Context,
        version: &str,
        job: Option<&str>,
    ) -> Result<Permission, Problem> {
        let (question, from) = (question(context, version)?, context.now());
        // Read before asking: a change while entitlement answers makes the answer outdated.
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
            return Ok(Permission::Counted);
        }
        // DEFECT: remembered for long and whatever else has changed, because changes are told of: see `forget`, where it does
        // its harm.
        let for_long = context.is_on("gen.no-bust");
        let remembered = if for_long { self.remembered * 1_000 } else { self.remembered };
        let until = because.valid_until.map_or(from.after(remembered), |end| end.min(from.after(remembered)));
        let mut memory = self.memory();
        if memory.changes == changes || for_long {
            // Not by what time it is: one scenario's clock must not make another's yes disappear.
            if memory.allowed.len() >= MOST {
                memory.allowed.clear();
            }
            memory.allowed.insert(question, Allowed { from, until });
        }
        Ok(Permission::Unlimited)
    }

    /// Returns what a defect makes of entitlement's answer; `None` if no defect is on.
    fn misjudge(
        &self,
        context: &Context,
        version: &str,
        answer: &Result<Decision, Problem>,
    ) -> Option<Result<Permission, Problem>> {
        if let Err(problem) = answer
            && problem.code == Code::EntitlementUnavailable
        {
            if context.defect("gen.fail-open") {
                return Some(Ok(Permission::Unlimited)); // DEFECT: no answer is taken for a yes
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
            return Some(Ok(Permission::Unlimited)); // DEFECT: whoever has a credential is let in, whosever it is
        }
        None
    }

    /// Forgets what is remembered about a member and a version.
    pub(super) fn forget(&self, context: &Context, member: &str, version: &str) {
        let mut memory = self.memory();
        let concerns = |question: &Question| question.member == member && question.version == version;
        // Which answers are remembered depends on who else asks, and with the defect there are more of them. So a run that
        // only looks for places must not depend on it.
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
