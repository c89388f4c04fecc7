//! What a person expects to see on the page. What is wrong becomes a finding of the rule that it breaks.

use std::collections::BTreeSet;
use std::time::Duration;

use super::page::trouble;
use super::{StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::browser::{BrowserError, PageState};
use crate::model::{Edge, Event, EventKind, Exchange, Fact, Finding, RuleId};

/// How long a text may take that nothing slower than an answer of the platform stands behind.
const READABLE: Duration = Duration::from_secs(10);

impl World {
    /// The page shows a text that a person can read.
    ///
    /// # Errors
    /// If it does not, in time.
    pub async fn expect_sight(&mut self, member: &str, text: &str) -> StepResult {
        self.looking = Some(member.to_owned());
        let seen = self.page_of(member)?.see(text, READABLE).await;
        self.judge_sight(seen).await
    }

    /// The page shows a text no more.
    ///
    /// # Errors
    /// If it still does, when the time is up.
    pub async fn expect_no_sight(&mut self, member: &str, text: &str) -> StepResult {
        self.looking = Some(member.to_owned());
        let gone = self.page_of(member)?.gone(text, READABLE).await;
        self.judge_sight(gone).await
    }

    /// An element of the page says this.
    ///
    /// # Errors
    /// If it says something else, or cannot be read.
    pub async fn expect_element(&mut self, element: &str, text: &str) -> StepResult {
        let locator = self.element(element)?;
        let said = self.looker()?.1.says(&locator, text, READABLE).await.map(drop);
        self.judge_sight(said).await
    }

    /// The page is in a state, by what a person can read; there is the target's bound for a job to get there.
    ///
    /// # Errors
    /// If it does not get there.
    pub async fn expect_state(&mut self, state: &str) -> StepResult {
        let words = self.words()?;
        let shown = words.state(state).map_err(StepError::scenario)?.clone();
        let locator = words.element(&shown.at).cloned().map_err(StepError::scenario)?;
        let within = self.context.bounds().job.0;
        let said = self.looker()?.1.says(&locator, &shown.says, within).await.map(drop);
        self.judge_sight(said).await
    }

    /// So many images are shown.
    ///
    /// # Errors
    /// If there are fewer or more.
    pub async fn expect_images_shown(&mut self, member: &str, expected: usize) -> StepResult {
        let name = self.words()?.shows.image.clone();
        let name = name.ok_or_else(|| StepError::scenario("the target's file says no `image` in [page.shows]"))?;
        let locator = self.element(&name)?;
        let within = self.context.bounds().job.0;
        self.looking = Some(member.to_owned());
        let page = self.page_of(member)?;
        match page.counts(&locator, expected, within).await {
            Ok(()) => self.judge(true, String::new),
            Err(BrowserError::NotShown { seen, .. }) => {
                self.accuse(member).await?;
                self.judge(false, || format!("{member} should see {expected} images, and sees {seen}"))
            }
            Err(error) => Err(trouble(error)),
        }
    }

    /// Counts a judgement; where something is not shown, finds out which rule that breaks.
    async fn judge_sight(&mut self, seen: Result<(), BrowserError>) -> StepResult {
        match seen {
            Ok(()) => self.judge(true, String::new),
            Err(error @ BrowserError::NotShown { .. }) => {
                let (member, _) = self.looker()?;
                self.accuse(&member).await?;
                self.judge(false, || error.to_string())
            }
            Err(error) => Err(trouble(error)),
        }
    }

    /// The page says in words what a refusal with this code means: in those of the platform's catalogue.
    ///
    /// # Errors
    /// If nobody can read that.
    pub async fn expect_explained(&mut self, code: &str) -> StepResult {
        self.expect_words_for(code).await?;
        self.expect_nothing_silent().await
    }

    async fn expect_words_for(&mut self, code: &str) -> StepResult {
        let catalogue = self.context.rules.catalogue.as_ref().ok_or_else(|| {
            StepError::scenario("the target's file names no `catalogue` of refusals that would say what to expect")
        })?;
        let sentence = catalogue.known(code).map_err(StepError::scenario)?.sentence.clone();
        let (_, page) = self.looker()?;
        match page.see(&sentence, READABLE).await {
            Ok(()) => self.judge(true, String::new),
            Err(error @ BrowserError::NotShown { .. }) => {
                let state = page.judge().await.map_err(trouble)?;
                let exchange = self.last_refusal();
                let after = exchange.as_ref().map_or_else(|| "after that".to_owned(), after);
                let said = said(&state);
                let is_silent = state.texts.is_empty();
                state.findings().into_iter().for_each(|finding| self.found_on_page(finding));
                let message = format!("{after} the page should explain {code}: “{sentence}”, and {said}");
                self.accuse_of(RuleId::U3, message, exchange.as_ref());
                if is_silent {
                    self.accuse_of(RuleId::U4, format!("{after} nothing to read appeared"), exchange.as_ref());
                }
                self.judge(false, || error.to_string())
            }
            Err(error) => Err(trouble(error)),
        }
    }

    /// The page explains each of these refusals of what pressing an element asks for.
    ///
    /// # Errors
    /// With the first that it does not explain.
    pub async fn expect_each_explained(&mut self, element: &str, request: &str, codes: &[String]) -> StepResult {
        if codes.is_empty() {
            return Err(StepError::scenario("there is no table with codes under this sentence"));
        }
        let (member, _) = self.looker()?;
        for code in codes {
            self.refuse_once(request, code)?;
            self.press(&member, element, 1).await?;
            self.expect_words_for(code).await?;
        }
        self.expect_nothing_silent().await
    }

    /// Nothing that is wrong on the page is left without words that a person can read.
    ///
    /// # Errors
    /// With what fails in silence.
    pub async fn expect_nothing_silent(&mut self) -> StepResult {
        let found = self.looker()?.1.judge().await.map_err(trouble)?.findings();
        let first = found.first().map(|finding| finding.message.clone());
        found.into_iter().for_each(|finding| self.found_on_page(finding));
        self.judge(first.is_none(), || first.unwrap_or_default())
    }

    /// axe-core finds nothing wrong with the page, and leaves nothing undecided.
    ///
    /// # Errors
    /// With the first thing that it finds.
    pub async fn expect_accessible(&mut self) -> StepResult {
        let found = self.looker()?.1.axe().await.map_err(trouble)?;
        self.page_rules.insert(RuleId::Axe);
        let first = found.first().map(|finding| finding.message.clone());
        found.into_iter().for_each(|finding| self.found_on_page(finding));
        self.judge(first.is_none(), || first.unwrap_or_default())
    }

    /// The page and the platform agree on what the member may do and has, before and after a reload.
    ///
    /// # Errors
    /// With what they do not agree on.
    pub async fn expect_agreement(&mut self, member: &str) -> StepResult {
        self.looking = Some(member.to_owned());
        self.agree(member, "").await?;
        self.reload_page(member).await?;
        self.agree(member, " after a reload").await
    }

    async fn agree(&mut self, member: &str, when: &str) -> StepResult {
        self.page_rules.insert(RuleId::U5);
        let within = self.context.bounds().sync.0;
        let this = &*self;
        let waited = wait::until(within, async || match this.disagreement(member).await {
            Ok(None) => Look::Holds(()),
            Ok(Some(disagreement)) => Look::NotYet(disagreement),
            Err(trouble) => Look::Never(trouble),
        });
        match waited.await {
            Ok(()) => self.judge(true, String::new),
            Err(wait::Gave::Never(trouble)) => Err(trouble),
            Err(wait::Gave::Up { last_seen, .. }) => {
                let message = format!("{last_seen}{when}");
                self.accuse_of(RuleId::U5, message.clone(), None);
                self.judge(false, || message)
            }
        }
    }

    /// What the page shows otherwise than the platform says.
    async fn disagreement(&self, member: &str) -> Result<Option<String>, StepError> {
        let words = self.words()?;
        let page = self.page_of(member)?;
        let model = &self.screens[member].model;
        if let Some(ready) = &words.shows.ready {
            let shown = words.state(ready).map_err(StepError::scenario)?;
            let locator = words.element(&shown.at).map_err(StepError::scenario)?;
            let access = self.ask_access(member, model).await?;
            let may = access.ok && access.field("generate") == Some(&true.into());
            let said = page.peek(locator).await.map_err(trouble)?.unwrap_or_default();
            if said.contains(&shown.says) != may {
                let platform = if may { "that they may" } else { "that they may not" };
                let reason = access.text("reason").map(|reason| format!(" ({reason})")).unwrap_or_default();
                return Ok(Some(format!(
                    "the page tells {member} about generating with {model}: “{said}”, and the platform says {platform}{reason}"
                )));
            }
        }
        if let Some(wallet) = &words.shows.wallet
            && let Some(said) = page.peek(&self.element(wallet)?).await.map_err(trouble)?
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

    /// What the page had the member choose is what it asked the platform for.
    ///
    /// # Errors
    /// If it dropped or swapped something, or asked for nothing.
    pub async fn expect_submitted_as_chosen(&mut self) -> StepResult {
        let (_, trail) = self.since_mark();
        let Some(submit) = at_front(&trail.events, EventKind::Submitted).last().cloned() else {
            return self.judge(false, || "the page has not asked for any image".into());
        };
        let shows = self.words()?.shows.clone();
        let (_, page) = self.looker()?;
        let mut departures = Vec::new();
        if let Some(resources) = &shows.resources {
            let shown = page.read(&self.element(resources)?).await.map_err(trouble)?.text;
            let listed =
                |name: &&String| shown.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == *name);
            let chosen: BTreeSet<&str> = self.models.keys().filter(listed).map(String::as_str).collect();
            let sent = submit.facts.get(&Fact::Versions).and_then(|sent| sent.as_array()).cloned().unwrap_or_default();
            let name = |id: &serde_json::Value| {
                self.models.iter().find(|(_, model)| id.as_str() == Some(&model.id)).map_or("another", |(name, _)| name)
            };
            let sent: BTreeSet<&str> = sent.iter().map(name).collect();
            if chosen != sent {
                departures.push(format!("{} chosen, and {} was submitted", list(&chosen), list(&sent)));
            }
        }
        if let Some(quantity) = &shows.quantity {
            let chosen = page.read(&self.element(quantity)?).await.map_err(trouble)?.value.unwrap_or_default();
            let sent = submit.facts.get(&Fact::Quantity).map(ToString::to_string).unwrap_or_default();
            if chosen != sent {
                departures.push(format!("{chosen} images were chosen, and {sent} submitted"));
            }
        }
        if let Some(prompt) = &shows.prompt {
            let chosen = page.read(&self.element(prompt)?).await.map_err(trouble)?.value.unwrap_or_default();
            let sent = submit.facts.get(&Fact::Prompt).and_then(serde_json::Value::as_str).unwrap_or_default();
            if chosen != sent {
                departures.push(format!("“{chosen}” was written, and “{sent}” submitted"));
            }
        }
        self.page_rules.insert(RuleId::U8);
        let message = format!("what is chosen is not what is submitted: {}", departures.join("; "));
        if !departures.is_empty() {
            let finding = Finding { exchange: Some(submit.exchange), ..finding(RuleId::U8, message.clone()) };
            self.found_on_page(finding);
        }
        self.judge(departures.is_empty(), || message)
    }

    /// Whatever was pressed however often had one effect.
    ///
    /// # Errors
    /// If it had several, or none.
    pub async fn expect_one_effect(&mut self) -> StepResult {
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
                self.found_on_page(Finding { exchange, ..finding(RuleId::M5, message.clone()) });
                return self.judge(false, || message);
            }
            if effects.len() == 1 {
                return self.judge(true, String::new);
            }
        }
        self.judge(false, || "that had no effect at all".into())
    }

    /// What was refused and tried again was sent with the same key, and not before the platform wanted it.
    ///
    /// # Errors
    /// If the key is another, or it came too early, or nothing was tried again.
    pub async fn expect_polite_retry(&mut self) -> StepResult {
        let exchanges = self.context.recorder.exchanges(self.trace);
        let trail = crate::model::Trail::build(&self.context.rules.mapping, self.trace, &exchanges);
        for kind in [EventKind::Charged, EventKind::Submitted, EventKind::ToppedUp] {
            let tries: Vec<_> = at_front(&trail.events, kind).collect();
            let [.., first, again] = tries.as_slice() else { continue };
            let of = |event: &Event| exchanges.iter().find(|exchange| exchange.id == event.exchange);
            let (Some(before), Some(after)) = (of(first), of(again)) else { continue };
            let wanted = before.response().and_then(|answer| answer.header("retry-after")?.parse::<u64>().ok());
            let waited = after.at_micros.saturating_sub(before.at_micros + before.took_micros);
            self.page_rules.insert(RuleId::U6);
            let message = match (first.facts.get(&Fact::Key), again.facts.get(&Fact::Key), wanted) {
                (Some(one), Some(other), _) if one != other => "the retry has another idempotency key".to_owned(),
                (None, _, _) | (_, None, _) => "the retry has no idempotency key".to_owned(),
                (_, _, Some(seconds)) if waited < seconds * 1_000_000 => {
                    format!(
                        "the retry came after {:.1} s, and the platform had asked for {seconds} s",
                        waited as f64 / 1e6
                    )
                }
                (_, _, _) => return self.judge(true, String::new),
            };
            self.found_on_page(Finding { exchange: Some(after.id), ..finding(RuleId::U6, message.clone()) });
            return self.judge(false, || message);
        }
        self.judge(false, || "nothing was tried again".into())
    }

    /// Why a page does not show what it should, as far as a rule says so: the member paid and is refused (G3), or the page and
    /// the platform disagree (U5).
    async fn accuse(&mut self, member: &str) -> StepResult {
        let (exchanges, trail) = self.since_mark();
        let denied = at_front(&trail.events, EventKind::Submitted).last().filter(|submit| {
            let codes = &self.context.rules.mapping.codes.denied;
            submit.code.as_ref().is_some_and(|code| codes.contains(code))
        });
        let model = self.screens.get(member).map(|screen| screen.model.clone()).unwrap_or_default();
        if let Some(submit) = denied {
            let access = self.ask_access(member, &model).await?;
            let bought = access.ok && access.text("basis").as_deref() == Some("purchase");
            if bought && access.field("generate") == Some(&true.into()) {
                let code = submit.code.as_deref().unwrap_or_default();
                let message = format!(
                    "{member} has bought {model} and may generate with it, and from the page it is refused with {code}"
                );
                let exchange = exchanges.iter().find(|exchange| exchange.id == submit.exchange).cloned();
                self.accuse_of(RuleId::G3, message, exchange.as_ref());
                return Ok(());
            }
        }
        if let Some(disagreement) = self.disagreement(member).await? {
            self.accuse_of(RuleId::U5, disagreement, None);
        }
        let Some(refused) = self.last_refusal() else { return Ok(()) };
        // Something else may have come to read at the same time: what it costs, for one.
        let state = self.page_of(member)?.judge().await.map_err(trouble)?;
        if state.failures.is_empty() {
            let of_that = if state.texts.is_empty() { "" } else { ", and nothing of that" };
            let message = format!("{} the page {}{of_that}", after(&refused), said(&state));
            self.accuse_of(RuleId::U3, message, Some(&refused));
        }
        Ok(())
    }

    fn accuse_of(&mut self, rule: RuleId, message: String, exchange: Option<&Exchange>) {
        self.found_on_page(Finding { exchange: exchange.map(|exchange| exchange.id), ..finding(rule, message) });
    }

    /// The last thing that the platform refused a page since the last press.
    fn last_refusal(&self) -> Option<Exchange> {
        let (exchanges, _) = self.since_mark();
        let refused = |exchange: &Exchange| {
            exchange.edge.from == Edge::MEMBER && exchange.status().is_none_or(|status| status >= 400)
        };
        exchanges.into_iter().rfind(refused)
    }
}

/// When something appears that answers an exchange.
fn after(exchange: &Exchange) -> String {
    let status = exchange.status().map_or_else(|| "nothing".into(), |status| status.to_string());
    format!("after {} {} was answered with {status}", exchange.request.method, exchange.request.path())
}

/// What came to read since the last action.
fn said(state: &PageState) -> String {
    match state.texts.as_slice() {
        [] => "says nothing to read".to_owned(),
        said => format!("says “{}”", said.join(" · ")),
    }
}

fn finding(rule: RuleId, message: String) -> Finding {
    Finding { rule, message, edge: None, exchange: None, at: None, source: None }
}

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
