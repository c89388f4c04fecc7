//! What members have no business to send, and what they have no business to ask for.

use super::buying::order;
use super::{Right, StepError, StepResult, World};
use crate::target::{Operation, Values};

/// What a client says although it is not asked.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'a> {
    /// What access costs.
    Price(i64),
    /// Who is asking, by name in the scenario.
    Member(&'a str),
}

impl World {
    fn claim(&self, values: Values, claim: Claim<'_>) -> Result<Values, StepError> {
        Ok(match claim {
            Claim::Price(price) => values.with("claimed_amount", price),
            Claim::Member(name) => values.with("claimed_member", self.member(name)?.id.as_str()),
        })
    }

    /// Asks for the price of access, and says more than is asked for.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn quote_claiming(&mut self, member: &str, right: Right, model: &str, claim: Claim<'_>) -> StepResult {
        let values = Values::new().with("version", self.model(model)?.id.as_str()).with("right", right.word());
        self.last = Some(self.ask(member, Operation::Quote, self.claim(values, claim)?).await?);
        Ok(())
    }

    /// Buys access at the price quoted now, and says more than is asked for.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn buy_claiming(&mut self, member: &str, right: Right, model: &str, claim: Claim<'_>) -> StepResult {
        let purchase = self.quoted(member, right, model).await?;
        let values = self.claim(order(&purchase), claim)?;
        let answer = self.ask(member, Operation::Purchase, values).await?;
        self.keep_purchases(member, vec![purchase], vec![Ok(answer.clone())])?;
        self.last = Some(answer);
        Ok(())
    }

    /// From now on the member comes with a session that the platform gave nobody.
    ///
    /// # Errors
    /// If there is no such member, or they are signed out.
    pub fn forge_session(&mut self, name: &str) -> StepResult {
        let signed_out = || StepError::scenario(format!("{name} is signed out, and has no session to forge"));
        let genuine = self.member(name)?.token.clone().ok_or_else(signed_out)?;
        let forged = tampered(&genuine);
        self.context.redactor.learn(Some(self.trace), &forged);
        self.forged.push(forged.clone());
        self.member_mut(name)?.token = Some(forged);
        Ok(())
    }

    /// Submits with the credential of somebody else.
    ///
    /// # Errors
    /// If there is no answer, or the other one has none.
    pub async fn submit_with_credential_of(&mut self, member: &str, other: &str, model: &str) -> StepResult {
        let credential = self.credential(other, model)?;
        self.submit_with(member, model, credential).await
    }

    /// Submits with the credential of somebody else, in which something was changed.
    ///
    /// # Errors
    /// If there is no answer, or the other one has none.
    pub async fn submit_with_forged_credential_of(&mut self, member: &str, other: &str, model: &str) -> StepResult {
        let credential = tampered(&self.credential(other, model)?);
        self.context.redactor.learn(Some(self.trace), &credential);
        self.submit_with(member, model, credential).await
    }

    /// Sends the key of the latest submit with another one.
    ///
    /// # Errors
    /// If there is no answer, or nothing was submitted.
    pub async fn reuse_job_key(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let key = self.latest_job()?.key.clone();
        let job = super::Job { key, ..self.new_job(member, model, quantity)? };
        let credential = self.member(member)?.credentials.get(&self.model(model)?.id).cloned();
        let answer = self.send_job(&job, credential).await?;
        self.keep_job(job, answer);
        Ok(())
    }

    /// Somebody sets the price of access, whoever they are.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn reprice_as(&mut self, member: &str, right: Right, model: &str, price: i64) -> StepResult {
        let mut version = self.model(model)?.clone();
        version.terms.set_price(right, Some(price));
        let answer = self.send_terms(member, &version).await?;
        if answer.ok {
            self.models.insert(model.to_owned(), version);
        }
        self.last = Some(answer);
        Ok(())
    }

    /// Somebody asks for the sum over all accounts, whoever they are.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn look_at_ledger(&mut self, member: &str) -> StepResult {
        self.last = Some(self.ask(member, Operation::Ledger, Values::new()).await?);
        Ok(())
    }

    fn credential(&self, member: &str, model: &str) -> Result<String, StepError> {
        let none = || self.nothing(format!("{member} holds no credential for {model}"));
        self.member(member)?.credentials.get(&self.model(model)?.id).cloned().ok_or_else(none)
    }

    async fn submit_with(&mut self, member: &str, model: &str, credential: String) -> StepResult {
        let job = self.new_job(member, model, 1)?;
        let answer = self.send_job(&job, Some(credential)).await?;
        self.keep_job(job, answer);
        Ok(())
    }
}

/// A token of which a letter in the middle is another: whatever it says, its signature does not fit.
fn tampered(token: &str) -> String {
    let middle = token.chars().count() / 2;
    let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
    token.chars().enumerate().map(|(at, letter)| if at == middle { other(letter) } else { letter }).collect()
}
