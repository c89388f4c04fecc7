//! Requests that an honest client does not send.

use super::buying::order;
use super::jobs::Job;
use super::{Right, StepError, StepResult, World};
use crate::target::{Operation, Slot, Values};

/// A statement in a request that the platform has to ignore.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'a> {
    /// The price of access.
    Price(i64),
    /// The member who buys, by name in the scenario.
    Member(&'a str),
}

impl World {
    fn claim(&self, values: Values, claim: Claim<'_>) -> Result<Values, StepError> {
        Ok(match claim {
            Claim::Price(price) => values.with(Slot::ClaimedAmount, price),
            Claim::Member(name) => values.with(Slot::ClaimedMember, self.members.get(name)?.id.as_str()),
        })
    }

    /// Asks for the price of access with a claim in the request.
    pub async fn quote_claiming(&mut self, member: &str, right: Right, model: &str, claim: Claim<'_>) -> StepResult {
        let values = self.version(model)?.with(Slot::Right, right.word());
        self.answer(member, Operation::Quote, self.claim(values, claim)?).await
    }

    /// Buys access at the price of a fresh quote with a claim in the request.
    pub async fn buy_claiming(&mut self, member: &str, right: Right, model: &str, claim: Claim<'_>) -> StepResult {
        let purchase = self.quoted(member, right, model).await?;
        let values = self.claim(order(&purchase), claim)?;
        let answer = self.ask(member, Operation::Purchase, values).await?;
        self.keep_purchases(member, vec![purchase], vec![Ok(answer.clone())])?;
        self.answers.keep(answer);
        Ok(())
    }

    /// Replaces the session of a member by one that the platform did not issue.
    pub fn forge_session(&mut self, name: &str) -> StepResult {
        let signed_out = || StepError::scenario(format!("{name} is signed out, and has no session to forge"));
        let genuine = self.members.get(name)?.token.clone().ok_or_else(signed_out)?;
        let forged = tampered(&genuine);
        // A forged token is one letter away from a real one, so it must not be recorded either.
        self.context.redactor.learn(Some(self.client.trace()), &forged);
        self.members.forge_session(name, forged)
    }

    /// Submits a job with the credential of another member.
    pub async fn submit_with_credential_of(&mut self, member: &str, other: &str, model: &str) -> StepResult {
        let credential = self.credential(other, model)?;
        self.submit_with(member, model, credential).await
    }

    /// Submits a job with a credential of another member that was tampered with.
    pub async fn submit_with_forged_credential_of(&mut self, member: &str, other: &str, model: &str) -> StepResult {
        let credential = tampered(&self.credential(other, model)?);
        self.context.redactor.learn(Some(self.client.trace()), &credential);
        self.submit_with(member, model, credential).await
    }

    /// Submits another job with the key of the latest one.
    pub async fn reuse_job_key(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let key = self.latest_job()?.key.clone();
        let job = Job { key, ..self.new_job(member, model, quantity)? };
        let credential = self.members.get(member)?.credentials.get(&self.models.get(model)?.id).cloned();
        let answer = self.send_job(&job, credential).await?;
        self.keep_job(job, answer);
        Ok(())
    }

    /// Sets the price of access on behalf of a member who may not be the owner.
    pub async fn reprice_as(&mut self, member: &str, right: Right, model: &str, price: i64) -> StepResult {
        let mut version = self.models.get(model)?.clone();
        version.terms.set_price(right, Some(price));
        let answer = self.send_terms(member, &version).await?;
        // If the platform wrongly accepts, later sentences have to know the price that now holds.
        if answer.ok {
            self.models.set(model, version);
        }
        self.answers.keep(answer);
        Ok(())
    }

    /// Asks for the sum over all accounts on behalf of a member.
    pub async fn look_at_ledger(&mut self, member: &str) -> StepResult {
        self.answer(member, Operation::Ledger, Values::new()).await
    }

    fn credential(&self, member: &str, model: &str) -> Result<String, StepError> {
        let none = || self.answers.missing(format!("{member} holds no credential for {model}"));
        self.members.get(member)?.credentials.get(&self.models.get(model)?.id).cloned().ok_or_else(none)
    }

    async fn submit_with(&mut self, member: &str, model: &str, credential: String) -> StepResult {
        let job = self.new_job(member, model, 1)?;
        let answer = self.send_job(&job, Some(credential)).await?;
        self.keep_job(job, answer);
        Ok(())
    }
}

/// Returns a token with one letter changed. The letter is in the middle, because a decoder may ignore the last bits of a token.
fn tampered(token: &str) -> String {
    let middle = token.chars().count() / 2;
    let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
    token.chars().enumerate().map(|(at, letter)| if at == middle { other(letter) } else { letter }).collect()
}
