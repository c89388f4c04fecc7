//! Joining, publishing, and buying access.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fake::Fake;
use fake::faker::name::en::Name;
use serde_json::{Value, json};

use super::asking::{accepted, refused, required};
use super::{Member, ModelVersion, Purchase, StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::target::{Operation, PlatformAnswer, Values};

/// What access is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Using the model version to generate images.
    Generation,
    /// Downloading its file.
    Download,
}

impl Right {
    /// The word for it, in sentences and in target files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Generation => "generation",
            Self::Download => "download",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "generation" => Ok(Self::Generation),
            "download" => Ok(Self::Download),
            other => Err(format!("`{other}` is not a right: generation or download")),
        }
    }
}

/// The early-access terms of a model version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The price of generation; `None` where it is not sold.
    pub generation: Option<i64>,
    /// The price of download; `None` where it is not sold.
    pub download: Option<i64>,
    /// How many generations may be tried.
    pub trial_uses: Option<i64>,
    /// When early access ends; a version without an end is public.
    pub ends_in: Option<Duration>,
    /// How long bought access lasts, where it does not last to the end.
    pub access_lasts: Option<Duration>,
}

impl Terms {
    /// Whether anything is sold; what sells nothing is public.
    fn is_early_access(&self) -> bool {
        self.generation.is_some() || self.download.is_some()
    }

    /// Sets the price of one right; `None` takes it off sale.
    pub fn set_price(&mut self, right: Right, price: Option<i64>) {
        match right {
            Right::Generation => self.generation = price,
            Right::Download => self.download = price,
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl World {
    /// A new member with a wallet of so much money.
    ///
    /// # Errors
    /// If the platform does not take them in.
    pub async fn join(&mut self, name: &str, money: i64) -> StepResult {
        self.sign_up(name, "member").await?;
        if money > 0 {
            let values = Values::new().with("amount", money).with("key", self.key()).with("card", "ok");
            self.get(name, Operation::TopUp, values).await?;
        }
        self.member_mut(name)?.opening_balance = money;
        Ok(())
    }

    /// A new moderator.
    ///
    /// # Errors
    /// If the platform does not take them in.
    pub async fn join_as_moderator(&mut self, name: &str) -> StepResult {
        self.sign_up(name, "moderator").await
    }

    async fn sign_up(&mut self, name: &str, role: &str) -> StepResult {
        let full: String = Name().fake_with_rng(&mut self.rng);
        let values = Values::new().with("name", format!("{name} ({full})")).with("role", role);
        let answer = self.ask_with(None, Operation::SignUp, values).await?;
        accepted(&answer, &format!("{name}'s sign-up"))?;
        let member = Member {
            id: required(&answer, "member")?,
            token: answer.text("token"),
            session: answer.text("token"),
            moderator: role == "moderator",
            ..Member::default()
        };
        self.members.insert(name.to_owned(), member);
        Ok(())
    }

    /// From now on the member is signed out.
    ///
    /// # Errors
    /// If there is no such member.
    pub fn sign_out(&mut self, name: &str) -> StepResult {
        self.member_mut(name)?.token = None;
        Ok(())
    }

    /// Publishes a model version on these terms; its owner is introduced if nobody has yet.
    ///
    /// # Errors
    /// If the platform refuses to publish it.
    pub async fn publish(&mut self, model: &str, owner: &str, terms: Terms) -> StepResult {
        if !self.members.contains_key(owner) {
            self.join(owner, 0).await?;
        }
        let ends_at = terms.is_early_access().then(|| self.now() + terms.ends_in.unwrap_or(7 * DAY));
        let values = terms_of(&terms, ends_at).with("name", model);
        let answer = self.get(owner, Operation::Publish, values).await?;
        let version = ModelVersion { id: required(&answer, "version")?, owner: owner.to_owned(), terms, ends_at };
        self.models.insert(model.to_owned(), version);
        Ok(())
    }

    /// Changes the terms of a model version; its owner does it.
    ///
    /// # Errors
    /// If the platform refuses.
    pub async fn reprice(&mut self, model: &str, change: impl FnOnce(&mut Terms)) -> StepResult {
        let mut version = self.model(model)?.clone();
        change(&mut version.terms);
        version.ends_at = version.ends_at.filter(|_| version.terms.is_early_access());
        let answer = self.send_terms(&version.owner, &version).await?;
        accepted(&answer, &format!("{}'s {}", version.owner, answer.asked))?;
        self.models.insert(model.to_owned(), version);
        Ok(())
    }

    /// Sends the terms of a model version as those from now on.
    pub(super) async fn send_terms(&self, by: &str, version: &ModelVersion) -> Result<PlatformAnswer, StepError> {
        let values = terms_of(&version.terms, version.ends_at).with("version", version.id.as_str());
        self.ask(by, Operation::Reprice, values).await
    }

    /// Asks for the price of access.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn quote(&mut self, member: &str, right: Right, model: &str) -> Result<PlatformAnswer, StepError> {
        let values = Values::new().with("version", self.model(model)?.id.as_str()).with("right", right.word());
        let answer = self.ask(member, Operation::Quote, values).await?;
        self.last = Some(answer.clone());
        Ok(answer)
    }

    /// Buys access at the price quoted now, or at the one that its owner set where the platform has no quotes.
    ///
    /// # Errors
    /// If there is no answer. A refusal is an answer.
    pub async fn buy(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let Ok(purchase) = self.priced(member, right, model).await? else { return Ok(()) };
        self.member_mut(member)?.purchases.push(purchase);
        self.repeat_purchase(member).await
    }

    /// Sends the member's latest purchase once more, with the same key.
    ///
    /// # Errors
    /// If there is no answer, or nothing to repeat.
    pub async fn repeat_purchase(&mut self, member: &str) -> StepResult {
        let purchase = self.latest_purchase(member)?.clone();
        let answer = self.send_purchase(member, &purchase).await?;
        if answer.ok {
            let id = answer.text("purchase");
            self.member_mut(member)?.purchases.last_mut().expect("it was there above").id = id;
        }
        self.last = Some(answer);
        Ok(())
    }

    /// Buys access, and never hears what came of it: the answer is lost on its way to the member.
    ///
    /// # Errors
    /// If the purchase cannot be prepared.
    pub async fn buy_unheard(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let purchase = self.quoted(member, right, model).await?;
        self.member_mut(member)?.purchases.push(purchase.clone());
        self.disturb_operation(Operation::Purchase, &order(&purchase), "lose response once")?;
        // That there is no answer is the point.
        match self.send_purchase(member, &purchase).await {
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Sends the key of the latest purchase with another quote.
    ///
    /// # Errors
    /// If there is no answer, or nothing to repeat.
    pub async fn reuse_key(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let key = self.latest_purchase(member)?.key.clone();
        let purchase = Purchase { key, ..self.quoted(member, right, model).await? };
        self.last = Some(self.send_purchase(member, &purchase).await?);
        Ok(())
    }

    /// A purchase at the price quoted now, or else the answer that refuses to quote one.
    async fn priced(
        &mut self,
        member: &str,
        right: Right,
        model: &str,
    ) -> Result<Result<Purchase, PlatformAnswer>, StepError> {
        let purchase = self.unquoted(right, model)?;
        if !self.context.target.has(Operation::Quote) {
            return Ok(Ok(purchase));
        }
        let quote = self.quote(member, right, model).await?;
        if !quote.ok {
            return Ok(Err(quote));
        }
        let amount = quote.number("amount").unwrap_or_default();
        Ok(Ok(Purchase { quote: Some(required(&quote, "quote")?), amount, ..purchase }))
    }

    /// The same, where it is expected to be quoted.
    pub(super) async fn quoted(&mut self, member: &str, right: Right, model: &str) -> Result<Purchase, StepError> {
        let priced = self.priced(member, right, model).await?;
        priced.map_err(|quote| refused(&quote, &format!("{member}'s quote")))
    }

    /// A purchase at the price that the version's owner set.
    fn unquoted(&self, right: Right, model: &str) -> Result<Purchase, StepError> {
        let version = self.model(model)?;
        let price = match right {
            Right::Generation => version.terms.generation,
            Right::Download => version.terms.download,
        };
        Ok(Purchase {
            id: None,
            key: self.key(),
            quote: None,
            model: model.to_owned(),
            version: version.id.clone(),
            right,
            amount: price.unwrap_or_default(),
        })
    }

    pub(super) async fn send_purchase(&self, member: &str, purchase: &Purchase) -> Result<PlatformAnswer, StepError> {
        self.ask(member, Operation::Purchase, order(purchase)).await
    }

    fn latest_purchase(&self, member: &str) -> Result<&Purchase, StepError> {
        let latest = self.member(member)?.purchases.last();
        latest.ok_or_else(|| self.nothing(format!("{member} has not bought anything yet")))
    }

    /// Buys access, and waits until the platform says the member may use it.
    ///
    /// # Errors
    /// If the purchase is refused, or the permission does not come within the target's bound.
    pub async fn own(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        self.buy(member, right, model).await?;
        accepted(self.last_answer()?, &format!("{member}'s purchase of {right} access to {model}"))?;
        self.await_access(member, right, model).await
    }

    /// Waits until the platform says that the member may; the wait is the target's bound for a purchase to arrive.
    ///
    /// # Errors
    /// If it does not say so in time.
    pub async fn await_access(&mut self, member: &str, right: Right, model: &str) -> StepResult {
        let within = self.context.bounds().sync.0;
        let this = &*self;
        let waited = wait::until(within, || async {
            match this.ask_access(member, model).await {
                Ok(answer) if may(&answer, right) => Look::Holds(answer),
                Ok(answer) => Look::NotYet(refusal(&answer)),
                Err(trouble) => Look::Never(trouble),
            }
        });
        match waited.await {
            Ok(answer) => self.keep_credential(member, model, &answer),
            Err(wait::Gave::Never(trouble)) => Err(trouble),
            Err(wait::Gave::Up { last_seen, .. }) => Err(StepError::platform(format!(
                "{member} paid for {right} access to {model} and did not get it within {within:?}: {last_seen}"
            ))),
        }
    }

    /// Asks what the member may do, and keeps the credential that comes with the answer, as a page does.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn look_up_access(&mut self, member: &str, model: &str) -> StepResult {
        let answer = self.ask_access(member, model).await?;
        self.keep_credential(member, model, &answer)?;
        self.last = Some(answer);
        Ok(())
    }

    pub(super) async fn ask_access(&self, member: &str, model: &str) -> Result<PlatformAnswer, StepError> {
        let version = self.model(model)?.id.as_str();
        self.ask(member, Operation::Access, Values::new().with("version", version)).await
    }

    fn keep_credential(&mut self, member: &str, model: &str, answer: &PlatformAnswer) -> StepResult {
        let version = self.model(model)?.id.clone();
        let credentials = &mut self.member_mut(member)?.credentials;
        match answer.text("credential") {
            Some(credential) => credentials.insert(version, credential),
            None => credentials.remove(&version),
        };
        Ok(())
    }

    /// Begins a trial.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn begin_trial(&mut self, member: &str, model: &str) -> StepResult {
        let values = Values::new().with("version", self.model(model)?.id.as_str());
        self.last = Some(self.ask(member, Operation::Trial, values).await?);
        Ok(())
    }

    /// A key that no other request has.
    pub(super) fn key(&self) -> String {
        format!("key-{:032x}", rand::random::<u128>())
    }
}

/// What a purchase is asked for with.
pub(super) fn order(purchase: &Purchase) -> Values {
    Values::new()
        .with("quote", purchase.quote.clone())
        .with("key", purchase.key.as_str())
        .with("version", purchase.version.as_str())
        .with("right", purchase.right.word())
}

/// The terms as one object, and each by itself: platforms write them in either way.
fn terms_of(terms: &Terms, ends_at: Option<jiff::Timestamp>) -> Values {
    let sold = |value: Option<i64>| ends_at.and(value);
    Values::new()
        .with_null_or("early_access", early_access(terms, ends_at))
        .with("generation_price", sold(terms.generation))
        .with("download_price", sold(terms.download))
        .with("trial_uses", sold(terms.trial_uses))
        .with("ends_at", ends_at.map(|end| format!("{end:.3}")))
}

fn early_access(terms: &Terms, ends_at: Option<jiff::Timestamp>) -> Value {
    let Some(ends_at) = ends_at else { return Value::Null };
    let mut early_access = json!({"ends_at": format!("{ends_at:.3}")});
    if let Some(price) = terms.generation {
        early_access["generation"] = json!({"price": price});
        if let Some(uses) = terms.trial_uses {
            early_access["generation"]["trial_uses"] = uses.into();
        }
    }
    if let Some(price) = terms.download {
        early_access["download"] = json!({"price": price});
    }
    if let Some(lasts) = terms.access_lasts {
        early_access["access_days"] = (lasts.as_secs() / DAY.as_secs()).into();
    }
    early_access
}

fn may(access: &PlatformAnswer, right: Right) -> bool {
    let field = match right {
        Right::Generation => "generate",
        Right::Download => "download",
    };
    access.ok && access.field(field) == Some(&Value::Bool(true))
}

fn refusal(access: &PlatformAnswer) -> String {
    match (access.ok, access.text("reason")) {
        (true, Some(reason)) => format!("the platform says: {reason}"),
        (true, None) => "the platform says no, without a reason".into(),
        (false, _) => format!("asking what they may do was {}", access.summary()),
    }
}
