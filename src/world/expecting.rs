//! Expectations about access and prices, and about time that has to pass first.

use std::time::Duration;

use serde_json::Value;

use super::client::{accepted, readable, required, unreadable};
use super::{Right, ServiceEvent, StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::model::Edge;
use crate::target::{Operation, Slot};
use crate::topology::Outage;

impl World {
    /// Expects that the platform says the member has the right, or has not, within the time that a change may take.
    pub async fn expect_access(&self, member: &str, right: Right, model: &str, may: bool) -> StepResult {
        let bounds = self.context.bounds();
        let within = if may { bounds.sync.0 } else { bounds.revoke.0 };
        let permission = right.permission();
        let waited = wait::until(within, || async {
            match self.ask_access(member, model).await {
                Ok(answer) if answer.ok && answer.field(permission) == Some(&Value::Bool(may)) => Look::Holds(()),
                Ok(answer) if answer.ok && !answer.can_have(permission) => Look::Never(unreadable(&answer, permission)),
                Ok(answer) if answer.ok => Look::NotYet(format!(
                    "{permission}: {}, {}",
                    answer.text(permission).unwrap_or_else(|| "not said".into()),
                    answer
                        .text(Slot::Reason)
                        .or_else(|| answer.text(Slot::Basis))
                        .unwrap_or_else(|| "no reason".into())
                )),
                Ok(answer) => Look::NotYet(answer.summary()),
                Err(trouble) => Look::Never(trouble),
            }
        });
        let word = if may { "may" } else { "may not" };
        StepError::in_time(waited.await, |last_seen| {
            StepError::platform(format!(
                "{member} {word} use {model} for {right} within {within:?}, but the platform says {last_seen}"
            ))
        })?;
        self.assertions.held()
    }

    /// Expects that the model page and a quote name the same price.
    pub async fn expect_price(&mut self, member: &str, right: Right, model: &str, expected: i64) -> StepResult {
        let offer = self.get(member, Operation::Offer, self.version(model)?).await?;
        readable(&offer, right.price())?;
        let shown = offer.number(right.price());
        self.assertions.judge(shown == Some(expected), || {
            format!("{model} should be shown at {expected} credits, and is at {shown:?}")
        })?;
        self.ask_price(member, right, model).await?;
        let quote = self.answers.last()?;
        accepted(quote, "the quote")?;
        readable(quote, Slot::Amount)?;
        let quoted = quote.number(Slot::Amount);
        self.assertions.judge(quoted == Some(expected), || {
            format!("{model} should be quoted at {expected} credits, and is at {quoted:?}")
        })
    }

    /// Lets time pass until a number of seconds after (or, if negative, before) the end of early access.
    pub fn pass_to_the_end_of(&mut self, model: &str, seconds: i64) -> StepResult {
        let ends_at = self.models.get(model)?.ends_at;
        let none = || StepError::scenario(format!("{model} has no early access that could end"));
        self.clock.pass_until(ends_at.ok_or_else(none)?, seconds)
    }

    /// Lets time pass until a number of seconds after (or, if negative, before) the end of the access that a member bought.
    pub async fn pass_to_the_end_of_access(&mut self, member: &str, model: &str, seconds: i64) -> StepResult {
        let access = self.ask_access(member, model).await?;
        accepted(&access, &format!("{member}'s question what they may do with {model}"))?;
        let text = required(&access, Slot::ExpiresAt)?;
        let ends_at = text.parse().map_err(|_| StepError::platform(format!("`{text}` is not a moment")))?;
        self.clock.pass_until(ends_at, seconds)
    }

    /// Tampers with the first delivery of an event: it names another member than the one that was signed for.
    pub fn forge_event(&self, event: ServiceEvent, member: &str) -> StepResult {
        self.faults.rewrite_member(event, &self.members.get(member)?.id)
    }

    /// Moves the clock of the receiver ahead for the first delivery of an event.
    pub fn age_event(&self, event: ServiceEvent, by: Duration) -> StepResult {
        // The sender has signed with its own time. Only the receiver of this delivery sees the later time.
        let (name, ahead) = self.clock.baggage(by)?;
        let mut baggage = self.client.baggage().clone();
        baggage.set(&name, ahead);
        self.faults.arm_on_event(event, &format!("set header baggage to {:?} once", baggage.to_string()))
    }

    /// Cuts the connection from one service to another. Where there is a tap between them, the cut is for this scenario alone.
    pub async fn disconnect(&self, from: &str, to: &str) -> StepResult {
        let edge = Edge::new(from, to);
        // The target file knows the calls of the platform. Such a call goes through a tap, or this topology does not make it.
        let is_call = self.context.edges.iter().chain(self.context.rules.mapping.edges()).any(|known| *known == edge);
        if is_call || !self.context.services.has(to) {
            return self.faults.arm(&format!("{from} -> {to}: drop"));
        }
        self.machines.cause(from, Outage::CutOff(to.to_owned())).await
    }

    /// Ends every fault and every outage of this scenario.
    pub async fn restore(&mut self) -> StepResult {
        self.faults.clear();
        self.machines.restore().await
    }
}
