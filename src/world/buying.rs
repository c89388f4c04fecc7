//! Joining, publishing, and buying access.

use fake::Fake;
use fake::faker::name::en::Name;

use super::client::{accepted, refused, required, unreadable};
use super::members::{Member, Purchase};
use super::models::{DAY, ModelVersion};
use super::money::new_key;
use super::{Right, StepError, StepResult, Terms, World};
use crate::base::wait::{self, Look};
use crate::target::{Operation, PlatformAnswer, Slot, Values};

/// A purchase before it is sent.
enum Offer {
    /// It has a price.
    Priced(Purchase),
    /// The platform refused to quote a price, with this answer.
    Refused(PlatformAnswer),
}

impl World {
    /// Signs up a new member and fills the wallet.
    pub async fn join(&mut self, name: &str, money: i64) -> StepResult {
        if money < 0 {
            return Err(StepError::scenario(format!(
                "{name} cannot begin with {money} credits: a wallet holds 0 or more"
            )));
        }
        self.sign_up(name, "member").await?;
        if money > 0 {
            let values = Values::new().with(Slot::Amount, money).with(Slot::Key, new_key()).with(Slot::Card, "ok");
            self.get(name, Operation::TopUp, values).await?;
        }
        self.members.get_mut(name)?.opening_balance = money;
        Ok(())
    }

    /// Signs up a new moderator.
    pub async fn join_as_moderator(&mut self, name: &str) -> StepResult {
        self.sign_up(name, "moderator").await
    }

    async fn sign_up(&mut self, name: &str, role: &str) -> StepResult {
        if self.members.contains(name) {
            let message =
                format!("{name} has joined already: a scenario and its background say once what {name} begins with");
            return Err(StepError::scenario(message));
        }
        // A full name, because platforms may require more than a first name. It comes from the seed of the scenario.
        let full: String = Name().fake_with_rng(&mut self.rng);
        let values = Values::new().with(Slot::Name, format!("{name} ({full})")).with(Slot::Role, role);
        let answer = self.client.ask(None, Operation::SignUp, values).await?;
        accepted(&answer, &format!("{name}'s sign-up"))?;
        let member = Member {
            id: required(&answer, Slot::Member)?,
            token: answer.text(Slot::Token),
            session: answer.text(Slot::Token),
            moderator: role == "moderator",
            ..Member::default()
        };
        self.members.add(name, member);
        Ok(())
    }

    /// Publishes a model version on these terms. The owner joins first, if no sentence has introduced the owner.
    pub async fn publish(&mut self, model: &str, owner: &str, terms: Terms) -> StepResult {
        if !self.members.contains(owner) {
            self.join(owner, 0).await?;
        }
        let ends_at =
            if terms.is_early_access() { Some(self.clock.now() + terms.ends_in.unwrap_or(7 * DAY)) } else { None };
        let values = terms.values(ends_at, &self.context.target).with(Slot::Name, model);
        let answer = self.get(owner, Operation::Publish, values).await?;
        let id = required(&answer, Slot::Version)?;
        self.models.set(model, ModelVersion { id, owner: owner.to_owned(), terms, ends_at });
        Ok(())
    }

    /// Changes the terms of a model version on behalf of its owner.
    pub async fn reprice(&mut self, model: &str, change: impl FnOnce(&mut Terms)) -> StepResult {
        let mut version = self.models.get(model)?.clone();
        change(&mut version.terms);
        if !version.terms.is_early_access() {
            version.ends_at = None;
        }
        let answer = self.send_terms(&version.owner, &version).await?;
        accepted(&answer, &format!("{}'s {}", version.owner, answer.asked))?;
        self.models.set(model, version);
        Ok(())
    }

    /// Sends the terms of a model version on behalf of somebody.
    pub(super) async fn send_terms(&self, by: &str, version: &ModelVersion) -> Result<PlatformAnswer, StepError> {
        let values = version.terms.values(version.ends_at, &self.context.target);
        self.ask(by, Operation::Reprice, values.with(Slot::Version, version.id.as_str())).await
    }

    /// Asks for the price of access.
    pub async fn ask_price(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        self.quote(member, right, model).await.map(drop)
    }

    async fn quote(&mut self, member: &str, right: Right, model: &str) -> Result<PlatformAnswer, StepError> {
        let answer = self.ask(member, Operation::Quote, self.version(model)?.with(Slot::Right, right.word())).await?;
        self.answers.keep(answer.clone());
        Ok(answer)
    }

    /// Buys access at the price of a fresh quote, or at the owner's price where the platform has no quotes. A refusal is not an
    /// error: a Then may expect it.
    pub async fn buy(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        match self.priced(member, right, model).await? {
            // `quote` has kept the refusal already.
            Offer::Refused(_) => Ok(()),
            Offer::Priced(purchase) => {
                self.members.get_mut(member)?.purchases.push(purchase);
                self.repeat_purchase(member).await
            }
        }
    }

    /// Sends the latest purchase of a member once more, with the same key.
    pub async fn repeat_purchase(&mut self, member: &str) -> StepResult {
        let purchase = self.latest_purchase(member)?.clone();
        let answer = self.send_purchase(member, &purchase).await?;
        if answer.ok
            && let Some(latest) = self.members.get_mut(member)?.purchases.last_mut()
        {
            latest.id = answer.text(Slot::Purchase);
        }
        self.answers.keep(answer);
        Ok(())
    }

    /// Buys access, and loses the answer on its way to the member.
    pub async fn buy_unheard(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let purchase = self.quoted(member, right, model).await?;
        self.members.get_mut(member)?.purchases.push(purchase.clone());
        self.faults.arm_on_operation(Operation::Purchase, &order(&purchase), "lose response once")?;
        // The sentence is about an answer that never arrives, so an error here is what it wants.
        match self.send_purchase(member, &purchase).await {
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Sends the key of the latest purchase with another quote.
    pub async fn reuse_key(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let key = self.latest_purchase(member)?.key.clone();
        let purchase = Purchase { key, ..self.quoted(member, right, model).await? };
        let answer = self.send_purchase(member, &purchase).await?;
        self.answers.keep(answer);
        Ok(())
    }

    async fn priced(&mut self, member: &str, right: Right, model: &str) -> Result<Offer, StepError> {
        let purchase = Purchase {
            id: None,
            key: new_key(),
            quote: None,
            model: model.to_owned(),
            version: self.models.get(model)?.id.clone(),
            right,
        };
        if !self.context.target.has(Operation::Quote) {
            return Ok(Offer::Priced(purchase));
        }
        let quote = self.quote(member, right, model).await?;
        if !quote.ok {
            return Ok(Offer::Refused(quote));
        }
        Ok(Offer::Priced(Purchase { quote: Some(required(&quote, Slot::Quote)?), ..purchase }))
    }

    /// Prepares a purchase. Here a refused quote is an error, because the sentence is not about the quote.
    pub(super) async fn quoted(&mut self, member: &str, right: Right, model: &str) -> Result<Purchase, StepError> {
        match self.priced(member, right, model).await? {
            Offer::Priced(purchase) => Ok(purchase),
            Offer::Refused(quote) => Err(refused(&quote, &format!("{member}'s quote"))),
        }
    }

    pub(super) async fn send_purchase(&self, member: &str, purchase: &Purchase) -> Result<PlatformAnswer, StepError> {
        self.ask(member, Operation::Purchase, order(purchase)).await
    }

    fn latest_purchase(&self, member: &str) -> Result<&Purchase, StepError> {
        let latest = self.members.get(member)?.purchases.last();
        latest.ok_or_else(|| self.answers.missing(format!("{member} has not bought anything yet")))
    }

    /// Buys access, and waits until the platform says that the member may use it.
    pub async fn own(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        // A Given: a refused purchase must not let the scenario go on.
        self.buy(member, right, model).await?;
        accepted(self.answers.last()?, &format!("{member}'s purchase of {right} access to {model}"))?;
        self.await_access(member, right, model).await
    }

    /// Waits until the platform says that the member has the right, within the target's bound for a purchase to arrive.
    pub(super) async fn await_access(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let within = self.context.bounds().sync.0;
        let this = &*self;
        let waited = wait::until(within, || async {
            match this.ask_access(member, model).await {
                Ok(answer) if allows(&answer, right) => Look::Holds(answer),
                Ok(answer) if answer.ok && !answer.can_have(right.permission()) => {
                    Look::Never(unreadable(&answer, right.permission()))
                }
                Ok(answer) => Look::NotYet(reason(&answer)),
                Err(trouble) => Look::Never(trouble),
            }
        });
        let access = StepError::in_time(waited.await, |last_seen| {
            StepError::platform(format!(
                "{member} paid for {right} access to {model} and did not get it within {within:?}: {last_seen}"
            ))
        })?;
        self.keep_credential(member, model, &access)
    }

    /// Asks for the rights of a member and keeps the credential in the answer, as a page does.
    pub async fn look_up_access(&mut self, member: &str, model: &str) -> StepResult {
        let answer = self.ask_access(member, model).await?;
        self.keep_credential(member, model, &answer)?;
        self.answers.keep(answer);
        Ok(())
    }

    pub(super) async fn ask_access(&self, member: &str, model: &str) -> Result<PlatformAnswer, StepError> {
        self.ask(member, Operation::Access, self.version(model)?).await
    }

    fn keep_credential(&mut self, member: &str, model: &str, answer: &PlatformAnswer) -> StepResult {
        let version = self.models.get(model)?.id.clone();
        let credentials = &mut self.members.get_mut(member)?.credentials;
        match answer.text(Slot::Credential) {
            Some(credential) => credentials.insert(version, credential),
            // A page that is told of no credential does not go on with an old one.
            None => credentials.remove(&version),
        };
        Ok(())
    }

    /// Begins a trial.
    pub async fn begin_trial(&mut self, member: &str, model: &str) -> StepResult {
        self.answer(member, Operation::Trial, self.version(model)?).await
    }
}

/// Makes the values of a purchase request.
pub(super) fn order(purchase: &Purchase) -> Values {
    Values::new()
        .with(Slot::Quote, purchase.quote.clone())
        .with(Slot::Key, purchase.key.as_str())
        .with(Slot::Version, purchase.version.as_str())
        .with(Slot::Right, purchase.right.word())
}

/// Returns whether an answer about access says that the member has the right.
pub(super) fn allows(access: &PlatformAnswer, right: Right) -> bool {
    access.ok && access.field(right.permission()) == Some(&serde_json::Value::Bool(true))
}

fn reason(access: &PlatformAnswer) -> String {
    match (access.ok, access.text(Slot::Reason)) {
        (true, Some(reason)) => format!("the platform says: {reason}"),
        (true, None) => "the platform says no, without a reason".into(),
        (false, _) => format!("asking what they may do was {}", access.summary()),
    }
}
