//! Expectations about what a page shows. A page that does not show it breaks a rule, and that becomes a finding.

use std::collections::BTreeSet;
use std::time::Duration;

use super::buying::allows;
use super::pages::{Pages, trouble};
use super::{Right, StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::browser::{BrowserError, PageState};
use crate::model::{Edge, Event, EventKind, Exchange, Fact, Finding, RuleId};
use crate::target::Slot;

/// The time that a text may take which the page shows after a single answer of the platform.
const READABLE: Duration = Duration::from_secs(10);

/// Refuses a text that every page has.
fn readable(text: &str) -> StepResult {
    let help = "an empty text is on every page: write the words that can be read";
    if text.trim().is_empty() { Err(StepError::scenario(help)) } else { Ok(()) }
}

impl World {
    /// Expects a text that a person can read on the page.
    pub async fn expect_sight(&mut self, member: &str, text: &str) -> StepResult {
        readable(text)?;
        self.pages.look(member);
        let seen = self.pages.page_of(member)?.see(text, READABLE).await;
        self.judge_sight(seen).await
    }

    /// Expects that a text is not on the page, or disappears from it in time.
    pub async fn expect_no_sight(&mut self, member: &str, text: &str) -> StepResult {
        readable(text)?;
        self.pages.look(member);
        let gone = self.pages.page_of(member)?.gone(text, READABLE).await;
        self.judge_sight(gone).await
    }

    /// Expects the text of an element.
    pub async fn expect_element(&mut self, element: &str, text: &str) -> StepResult {
        readable(text)?;
        let locator = self.pages.element(element)?;
        let said = self.pages.looker()?.1.says(&locator, text, READABLE).await.map(drop);
        self.judge_sight(said).await
    }

    /// Expects that the page gets into a state within the target's bound for a job. A state is a text that a person can read.
    pub async fn expect_state(&mut self, state: &str) -> StepResult {
        let words = self.pages.words()?;
        let shown = words.state(state).map_err(StepError::scenario)?.clone();
        let locator = words.element(&shown.at).cloned().map_err(StepError::scenario)?;
        let within = self.context.bounds().job.0;
        let said = self.pages.looker()?.1.says(&locator, &shown.says, within).await.map(drop);
        self.judge_sight(said).await
    }

    /// Expects a number of images on the page.
    pub async fn expect_images_shown(&mut self, member: &str, expected: usize) -> StepResult {
        let name = self.pages.words()?.shows.image.clone();
        let name = name.ok_or_else(|| StepError::scenario("the target's file says no `image` in [page.shows]"))?;
        let locator = self.pages.element(&name)?;
        let within = self.context.bounds().job.0;
        self.pages.look(member);
        let page = self.pages.page_of(member)?;
        match page.counts(&locator, expected, within).await {
            Ok(()) => self.assertions.held(),
            Err(BrowserError::NotShown { seen, .. }) => {
                self.find_broken_rules(member).await?;
                self.assertions.judge(false, || format!("{member} should see {expected} images, and sees {seen}"))
            }
            Err(error) => Err(trouble(error)),
        }
    }

    async fn judge_sight(&mut self, seen: Result<(), BrowserError>) -> StepResult {
        match seen {
            Ok(()) => self.assertions.held(),
            Err(error @ BrowserError::NotShown { .. }) => {
                let (member, _) = self.pages.looker()?;
                self.find_broken_rules(&member).await?;
                self.assertions.judge(false, || error.to_string())
            }
            Err(error) => Err(trouble(error)),
        }
    }

    /// Expects that the page explains each of these refusals of the request behind an element. Each refusal is caused and the
    /// element pressed in turn.
    pub async fn expect_each_explained(&mut self, element: &str, request: &str, codes: &[String]) -> StepResult {
        if codes.is_empty() {
            return Err(StepError::scenario("there is no table with codes under this sentence"));
        }
        let (member, _) = self.pages.looker()?;
        for code in codes {
            self.faults.refuse_once(request, code)?;
            self.pages.press(&member, element, 1).await?;
            self.pages.expect_words_for(code).await?;
        }
        self.pages.expect_nothing_silent().await
    }

    /// Expects that the page and the platform agree on the member's rights and wallet, before and after a reload.
    pub async fn expect_agreement(&mut self, member: &str) -> StepResult {
        let shows = &self.pages.words()?.shows;
        if shows.ready.is_none() && shows.wallet.is_none() {
            return Err(StepError::scenario(
                "nobody knows what the page says: name `ready` or `wallet` in [page.shows] of the target's file",
            ));
        }
        self.pages.look(member);
        // A page may be right only because of what it remembers from the action before. A reload shows what it knows for sure.
        self.agree(member, "").await?;
        self.pages.reload(member).await?;
        self.agree(member, " after a reload").await
    }

    async fn agree(&mut self, member: &str, when: &str) -> StepResult {
        self.pages.judged_by(RuleId::U5);
        let within = self.context.bounds().sync.0;
        let this = &*self;
        let waited = wait::until(within, async || match this.disagreement(member).await {
            Ok(None) => Look::Holds(None),
            Ok(Some(disagreement)) => Look::NotYet(disagreement),
            Err(trouble) => Look::Never(trouble),
        });
        let last_seen = match waited.await {
            Ok(none) => none,
            Err(wait::Gave::Up { last_seen, .. }) => Some(last_seen),
            Err(wait::Gave::Never(trouble)) => return Err(trouble),
        };
        let Some(disagreement) = last_seen else { return self.assertions.held() };
        let message = format!("{disagreement}{when}");
        self.pages.accuse(RuleId::U5, message.clone(), None);
        self.assertions.judge(false, || message)
    }

    /// Returns a sentence about a right or a balance that the page shows and the platform denies.
    async fn disagreement(&self, member: &str) -> Result<Option<String>, StepError> {
        let words = self.pages.words()?;
        let page = self.pages.page_of(member)?;
        let model = self.pages.model_of(member)?;
        if let Some(ready) = &words.shows.ready {
            let shown = words.state(ready).map_err(StepError::scenario)?;
            let locator = words.element(&shown.at).map_err(StepError::scenario)?;
            let access = self.ask_access(member, model).await?;
            let may = allows(&access, Right::Generation);
            let said = page.peek(locator).await.map_err(trouble)?.unwrap_or_default();
            if said.contains(&shown.says) != may {
                let platform = if may { "that they may" } else { "that they may not" };
                let reason = access.text(Slot::Reason).map(|reason| format!(" ({reason})")).unwrap_or_default();
                return Ok(Some(format!(
                    "the page tells {member} about generating with {model}: “{said}”, and the platform says {platform}{reason}"
                )));
            }
        }
        if let Some(wallet) = &words.shows.wallet
            && let Some(said) = page.peek(&self.pages.element(wallet)?).await.map_err(trouble)?
        {
            let balance = self.balance(member).await?;
            if !numbers(&said).any(|number| number == balance.to_string()) {
                return Ok(Some(format!(
                    "the page shows {member} a wallet of “{said}”, and the platform says {balance}"
                )));
            }
        }
        Ok(None)
    }

    /// Expects that the page submitted the model versions, quantity and prompt that the member chose.
    pub async fn expect_submitted_as_chosen(&mut self) -> StepResult {
        if self.context.rules.mapping.edges_of(EventKind::Submitted).all(|edge| edge.from != Edge::MEMBER) {
            return Err(StepError::scenario(
                "nobody knows what was submitted: the target's file has no event `submitted` of a member in [trail]",
            ));
        }
        let (_, trail) = self.pages.since_mark();
        let Some(submit) = at_front(&trail.events, EventKind::Submitted).last().cloned() else {
            return self.assertions.judge(false, || "the page has not asked for any image".into());
        };
        let shows = self.pages.words()?.shows.clone();
        let mut departures = Vec::new();
        if let Some(resources) = &shows.resources {
            let (shown, _) = self.pages.read(resources).await?;
            let is_shown =
                |name: &&str| shown.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == *name);
            let chosen: BTreeSet<&str> = self.models.names().filter(is_shown).collect();
            let ids = submit.facts.get(&Fact::Versions).and_then(|sent| sent.as_array()).cloned().unwrap_or_default();
            let name = |id: &serde_json::Value| id.as_str().and_then(|id| self.models.name_of(id)).unwrap_or("another");
            let sent: BTreeSet<&str> = ids.iter().map(name).collect();
            if chosen != sent {
                departures.push(format!("{} chosen, and {} was submitted", list(&chosen), list(&sent)));
            }
        }
        if let Some(quantity) = &shows.quantity {
            let chosen = self.pages.read(quantity).await?.1.unwrap_or_default();
            let sent = submit.facts.get(&Fact::Quantity).map(ToString::to_string).unwrap_or_default();
            if chosen != sent {
                departures.push(format!("{chosen} images were chosen, and {sent} submitted"));
            }
        }
        if let Some(prompt) = &shows.prompt {
            let chosen = self.pages.read(prompt).await?.1.unwrap_or_default();
            let sent = submit.facts.get(&Fact::Prompt).and_then(serde_json::Value::as_str).unwrap_or_default();
            if chosen != sent {
                departures.push(format!("“{chosen}” was written, and “{sent}” submitted"));
            }
        }
        self.pages.judged_by(RuleId::U8);
        if departures.is_empty() {
            return self.assertions.held();
        }
        let message = format!("what is chosen is not what is submitted: {}", departures.join("; "));
        let finding = Finding { exchange: Some(submit.exchange), ..finding(RuleId::U8, message.clone()) };
        self.pages.add_finding(finding);
        self.assertions.judge(false, || message)
    }

    /// Finds the rules that a page breaks if it does not show what it should: a member who paid is refused (G3), the page and the
    /// platform disagree (U5), or a refusal is not explained (U3).
    async fn find_broken_rules(&mut self, member: &str) -> StepResult {
        let (exchanges, trail) = self.pages.since_mark();
        let codes = &self.context.rules.mapping.codes.denied;
        let denied = at_front(&trail.events, EventKind::Submitted)
            .last()
            .filter(|submit| submit.code.as_ref().is_some_and(|code| codes.contains(code)));
        let model = self.pages.model_of(member)?.to_owned();
        if let Some(submit) = denied {
            let access = self.ask_access(member, &model).await?;
            let bought = access.text(Slot::Basis).as_deref() == Some("purchase");
            if bought && allows(&access, Right::Generation) {
                let code = submit.code.as_deref().unwrap_or_default();
                let message = format!(
                    "{member} has bought {model} and may generate with it, and from the page it is refused with {code}"
                );
                let exchange = exchanges.iter().find(|exchange| exchange.id == submit.exchange);
                self.pages.accuse(RuleId::G3, message, exchange);
                return Ok(());
            }
        }
        if let Some(disagreement) = self.disagreement(member).await? {
            self.pages.accuse(RuleId::U5, disagreement, None);
        }
        let Some(refused) = self.pages.last_refusal() else { return Ok(()) };
        // A page that shows no failure may still show other new texts, for example the price. They explain nothing.
        let state = self.pages.page_of(member)?.judge().await.map_err(trouble)?;
        if state.failures.is_empty() {
            let nothing_else = if state.texts.is_empty() { "" } else { ", and nothing of that" };
            let message = format!("{} the page {}{nothing_else}", after(&refused), said(&state));
            self.pages.accuse(RuleId::U3, message, Some(&refused));
        }
        Ok(())
    }

    /// Expects that a refused request was sent again with the same key, and not before the time that the platform named.
    pub async fn expect_polite_retry(&mut self) -> StepResult {
        let (exchanges, trail) = self.context.trail(self.client.trace());
        for kind in [EventKind::Charged, EventKind::Submitted, EventKind::ToppedUp] {
            let tries: Vec<_> = at_front(&trail.events, kind).collect();
            let [.., first, again] = tries.as_slice() else { continue };
            let of = |event: &Event| exchanges.iter().find(|exchange| exchange.id == event.exchange);
            let (Some(before), Some(after)) = (of(first), of(again)) else { continue };
            self.pages.judged_by(RuleId::U6);
            let keys = (first.facts.get(&Fact::Key), again.facts.get(&Fact::Key));
            let Some(message) = impolite(before, after, keys) else { return self.assertions.held() };
            let finding = Finding { exchange: Some(after.id), ..finding(RuleId::U6, message.clone()) };
            self.pages.add_finding(finding);
            return self.assertions.judge(false, || message);
        }
        self.assertions.judge(false, || "nothing was tried again".into())
    }
}

/// Returns the fault of a retry, if it has one.
fn impolite(
    before: &Exchange,
    after: &Exchange,
    keys: (Option<&serde_json::Value>, Option<&serde_json::Value>),
) -> Option<String> {
    match keys {
        (Some(one), Some(other)) if one != other => return Some("the retry has another idempotency key".to_owned()),
        (None, _) | (_, None) => return Some("the retry has no idempotency key".to_owned()),
        (Some(_), Some(_)) => {}
    }
    let seconds = before.response().and_then(|answer| answer.header("retry-after")?.parse::<u64>().ok())?;
    let waited = after.at_micros.saturating_sub(before.at_micros + before.took_micros);
    if waited >= seconds * 1_000_000 {
        return None;
    }
    let waited = waited as f64 / 1e6;
    Some(format!("the retry came after {waited:.1} s, and the platform had asked for {seconds} s"))
}

impl Pages {
    /// Expects that the page explains a refusal in the words of the platform's catalogue, and that nothing fails silently.
    pub async fn expect_explained(&mut self, code: &str) -> StepResult {
        self.expect_words_for(code).await?;
        self.expect_nothing_silent().await
    }

    async fn expect_words_for(&mut self, code: &str) -> StepResult {
        let catalogue = self.client.context().rules.catalogue.as_ref().ok_or_else(|| {
            StepError::scenario("the target's file names no `catalogue` of refusals that would say what to expect")
        })?;
        let sentence = catalogue.known(code).map_err(StepError::scenario)?.sentence.clone();
        let (_, page) = self.looker()?;
        match page.see(&sentence, READABLE).await {
            Ok(()) => self.assertions.held(),
            Err(error @ BrowserError::NotShown { .. }) => {
                let state = page.judge().await.map_err(trouble)?;
                let exchange = self.last_refusal();
                let after = exchange.as_ref().map_or_else(|| "after that".to_owned(), after);
                let said = said(&state);
                let is_silent = state.texts.is_empty();
                state.findings().into_iter().for_each(|finding| self.add_finding(finding));
                let message = format!("{after} the page should explain {code}: “{sentence}”, and {said}");
                self.accuse(RuleId::U3, message, exchange.as_ref());
                if is_silent {
                    self.accuse(RuleId::U4, format!("{after} nothing to read appeared"), exchange.as_ref());
                }
                self.assertions.judge(false, || error.to_string())
            }
            Err(error) => Err(trouble(error)),
        }
    }

    /// Expects that every failure on the page is explained in words that a person can read.
    pub async fn expect_nothing_silent(&mut self) -> StepResult {
        let found = self.looker()?.1.judge().await.map_err(trouble)?.findings();
        self.expect_none(found)
    }

    /// Expects that axe-core finds nothing wrong with the page, and decides everything.
    pub async fn expect_accessible(&mut self) -> StepResult {
        let found = self.looker()?.1.axe().await.map_err(trouble)?;
        self.judged_by(RuleId::Axe);
        self.expect_none(found)
    }

    fn expect_none(&mut self, found: Vec<Finding>) -> StepResult {
        let first = found.first().map(|finding| finding.message.clone());
        found.into_iter().for_each(|finding| self.add_finding(finding));
        self.assertions.judge(first.is_none(), || first.unwrap_or_default())
    }

    /// Expects that the last press, however often it was repeated, had exactly one effect.
    pub async fn expect_one_effect(&mut self) -> StepResult {
        // The second click may still be on its way.
        self.looker()?.1.rest().await.map_err(trouble)?;
        let (_, trail) = self.since_mark();
        for (kind, made, name) in
            [(EventKind::Submitted, Fact::Job, "jobs"), (EventKind::Charged, Fact::Purchase, "purchases")]
        {
            let done: Vec<_> = at_front(&trail.events, kind).filter(|event| event.done == Some(true)).collect();
            let effects: BTreeSet<_> = done.iter().filter_map(|event| event.facts.get(&made)?.as_str()).collect();
            if effects.len() > 1 {
                let message = format!("one double-click made {} {name}, each with a key of its own", effects.len());
                let exchange = done.last().map(|event| event.exchange);
                self.add_finding(Finding { exchange, ..finding(RuleId::M5, message.clone()) });
                return self.assertions.judge(false, || message);
            }
            if effects.len() == 1 {
                return self.assertions.held();
            }
        }
        self.assertions.judge(false, || "that had no effect at all".into())
    }

    fn accuse(&mut self, rule: RuleId, message: String, exchange: Option<&Exchange>) {
        self.add_finding(Finding { exchange: exchange.map(|exchange| exchange.id), ..finding(rule, message) });
    }

    /// Reads the text of an element, and the value of one that is a field.
    async fn read(&self, element: &str) -> Result<(String, Option<String>), StepError> {
        let (_, page) = self.looker()?;
        let state = page.read(&self.element(element)?).await.map_err(trouble)?;
        Ok((state.text, state.value))
    }

    /// Returns the last request of the page since the last press that the platform refused or did not answer.
    fn last_refusal(&self) -> Option<Exchange> {
        let (exchanges, _) = self.since_mark();
        let refused = |exchange: &Exchange| {
            exchange.edge.from == Edge::MEMBER && exchange.status().is_none_or(|status| status >= 400)
        };
        exchanges.into_iter().rfind(refused)
    }
}

/// Describes the moment after an exchange, as the beginning of a sentence.
fn after(exchange: &Exchange) -> String {
    let status = exchange.status().map_or_else(|| "nothing".into(), |status| status.to_string());
    format!("after {} {} was answered with {status}", exchange.request.method, exchange.request.path())
}

/// Describes the texts that appeared since the last action.
fn said(state: &PageState) -> String {
    match state.texts.as_slice() {
        [] => "says nothing to read".to_owned(),
        said => format!("says “{}”", said.join(" · ")),
    }
}

fn finding(rule: RuleId, message: String) -> Finding {
    Finding { rule, message, edge: None, exchange: None, at: None, source: None }
}

/// Returns the events of a kind on the member's own edge, in the order of their exchanges.
fn at_front(events: &[Event], kind: EventKind) -> impl DoubleEndedIterator<Item = &Event> {
    let mut found: Vec<_> =
        events.iter().filter(|event| event.kind == kind && event.edge.from == Edge::MEMBER).collect();
    found.sort_by_key(|event| event.exchange);
    found.into_iter()
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != '-').filter(|part| !part.is_empty())
}

fn list(names: &BTreeSet<&str>) -> String {
    match names.len() {
        0 => "nothing".into(),
        _ => names.iter().copied().collect::<Vec<_>>().join(" and "),
    }
}
