//! What a member does on the platform's page, in a real browser.
//!
//! Each member has a profile of their own behind a tap of this scenario alone: whatever the page asks of the platform
//! belongs to the scenario, with its clock, its faults and its defects. Every press is held against rule U4.

use std::fmt;

use super::{StepError, StepErrorKind, StepResult, World};
use crate::browser::{BrowserError, Page};
use crate::model::{Blame, Edge, EventKind, Exchange, Expected, Fact, Finding, Locator, RuleId, Trail};
use crate::tap::Tap;
use crate::target::PageSpec;
use crate::trail::Question;

/// What one member has before them.
pub(super) struct Screen {
    /// The tabs of one profile, oldest first.
    tabs: Vec<Page>,
    /// The tab that is looked at.
    current: usize,
    tap: Tap,
    /// The first entry of the browser's log behind the last loading.
    loaded: usize,
    /// The model version whose page was opened last, by its name in the scenario.
    pub(super) model: String,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Screen of {} with {} tabs", self.model, self.tabs.len())
    }
}

/// Something to look at later: a picture, what the console said, the markup.
#[derive(Debug)]
pub(crate) struct Artifact {
    /// Its file's name.
    pub name: String,
    /// What it is.
    pub media_type: &'static str,
    /// What is in it; text is redacted.
    pub bytes: Vec<u8>,
}

pub(super) fn trouble(error: BrowserError) -> StepError {
    let kind = match (&error, error.blame()) {
        (BrowserError::Missing(_), _) => StepErrorKind::NotOnThisPlatform,
        (_, Blame::Platform) => StepErrorKind::Unfulfilled(Expected::Success),
        (_, Blame::Environment) => StepErrorKind::Environment,
        (_, Blame::User) => StepErrorKind::Scenario,
        (_, Blame::Paidpath) => StepErrorKind::Paidpath,
    };
    StepError { kind, message: error.to_string() }
}

impl World {
    /// The member opens the page of a model version, signed in if they are.
    ///
    /// # Errors
    /// If there is no browser, or the page does not load.
    pub async fn open_page(&mut self, member: &str, model: &str) -> StepResult {
        let path = self.path_of(model)?;
        if !self.screens.contains_key(member) {
            let screen = self.new_screen(member, model).await?;
            self.screens.insert(member.to_owned(), screen);
        }
        self.go(member, model, &path).await
    }

    /// The same in one more tab, which the member looks at from now on.
    ///
    /// # Errors
    /// If they have no page open yet, or it does not load.
    pub async fn open_another_tab(&mut self, member: &str, model: &str) -> StepResult {
        let path = self.path_of(model)?;
        let tab = self.page_of(member)?.another_tab().await.map_err(trouble)?;
        let screen = self.screen_mut(member)?;
        screen.tabs.push(tab);
        screen.current = screen.tabs.len() - 1;
        self.go(member, model, &path).await
    }

    async fn go(&mut self, member: &str, model: &str, path: &str) -> StepResult {
        self.looking = Some(member.to_owned());
        model.clone_into(&mut self.screen_mut(member)?.model);
        self.mark_exchanges();
        let page = self.page_of(member)?;
        page.goto(path).await.map_err(trouble)?;
        if let Some(status) = page.status().filter(|status| *status >= 400) {
            return Err(StepError::platform(format!("the page of {model} was answered with {status}: GET {path}")));
        }
        self.loaded(member)
    }

    fn loaded(&mut self, member: &str) -> StepResult {
        let screen = self.screen_mut(member)?;
        // What was cut off while it loaded was loaded again.
        screen.loaded = screen.tabs[0].log().len();
        Ok(())
    }

    /// The member turns to the tab that they opened first.
    ///
    /// # Errors
    /// If they have no page open.
    pub async fn turn_to_first_tab(&mut self, member: &str) -> StepResult {
        self.screen_mut(member)?.current = 0;
        self.looking = Some(member.to_owned());
        self.page_of(member)?.activate().await.map_err(trouble)
    }

    /// The member loads the page again.
    ///
    /// # Errors
    /// If it does not load.
    pub async fn reload_page(&mut self, member: &str) -> StepResult {
        self.looking = Some(member.to_owned());
        self.mark_exchanges();
        self.page_of(member)?.reload().await.map_err(trouble)?;
        self.loaded(member)
    }

    /// The member presses something so many times in quick succession, once the page has come to rest. Within the target's
    /// bound there has to be an answer: a request, a navigation, or something to read (U4).
    ///
    /// # Errors
    /// If there is nothing of the kind to press, or nothing answers.
    pub async fn press(&mut self, member: &str, element: &str, times: usize) -> StepResult {
        let locator = self.element(element)?;
        let within = self.context.target.bounds.notice.0;
        self.looking = Some(member.to_owned());
        self.page_of(member)?.rest().await.map_err(trouble)?;
        self.mark_exchanges();
        let page = self.page_of(member)?;
        page.press_times(&locator, times).await.map_err(trouble)?;
        let answered = page.answered(within).await.map_err(trouble)?;
        self.page_rules.insert(RuleId::U4);
        match answered.finding() {
            None => Ok(()),
            Some(finding) => {
                let message = finding.message.clone();
                self.found_on_page(finding);
                Err(StepError::platform(message))
            }
        }
    }

    /// The member types a text into a field, in place of what is there.
    ///
    /// # Errors
    /// If there is no such field.
    pub async fn type_into(&mut self, member: &str, text: &str, element: &str) -> StepResult {
        let locator = self.element(element)?;
        self.looking = Some(member.to_owned());
        self.page_of(member)?.type_text(&locator, text).await.map_err(trouble)
    }

    /// The member types what the platform calls a model version into a field.
    ///
    /// # Errors
    /// If there is no such field or model version.
    pub async fn type_model_into(&mut self, member: &str, model: &str, element: &str) -> StepResult {
        let id = self.model(model)?.id.clone();
        self.type_into(member, &id, element).await
    }

    /// The member chooses from a list.
    ///
    /// # Errors
    /// If there is no such list or nothing of the kind in it.
    pub async fn choose_in(&mut self, member: &str, option: &str, element: &str) -> StepResult {
        let locator = self.element(element)?;
        self.looking = Some(member.to_owned());
        self.page_of(member)?.choose(&locator, option).await.map_err(trouble)
    }

    async fn new_screen(&self, member: &str, model: &str) -> Result<Screen, StepError> {
        let token = self.member(member)?.token.clone();
        let context = &self.context;
        let cookie = self.words()?.session_cookie.clone();
        let tap = self.tap_of_its_own().await?;
        let page = context.browsing.open(tap.address()).await.map_err(trouble)?;
        if let Some(token) = token {
            page.cookie(&cookie, &token).await.map_err(trouble)?;
        }
        Ok(Screen { tabs: vec![page], current: 0, tap, loaded: 0, model: model.to_owned() })
    }

    /// What the words of a page mean on this platform.
    pub(super) fn words(&self) -> Result<&PageSpec, StepError> {
        let none = || StepError::scenario("this target has no page: there is no [page] in its file");
        self.context.target.page.as_ref().ok_or_else(none)
    }

    pub(super) fn element(&self, name: &str) -> Result<Locator, StepError> {
        self.words()?.element(name).cloned().map_err(StepError::scenario)
    }

    fn path_of(&self, model: &str) -> Result<String, StepError> {
        Ok(self.words()?.path(&self.model(model)?.id))
    }

    /// The tab that a member looks at.
    pub(super) fn page_of(&self, member: &str) -> Result<&Page, StepError> {
        let screen = self.screens.get(member).ok_or_else(|| no_page(member))?;
        Ok(&screen.tabs[screen.current])
    }

    fn screen_mut(&mut self, member: &str) -> Result<&mut Screen, StepError> {
        self.screens.get_mut(member).ok_or_else(|| no_page(member))
    }

    /// Whoever did something on a page last, with what they look at.
    pub(super) fn looker(&self) -> Result<(String, &Page), StepError> {
        let nobody = || StepError::scenario("nobody has opened a page yet: write “When Ann opens the page of Dusk”");
        let member = self.looking.clone().ok_or_else(nobody)?;
        let page = self.page_of(&member)?;
        Ok((member, page))
    }

    fn mark_exchanges(&mut self) {
        self.marked_exchange = self.context.recorder.last(self.trace);
    }

    /// What was exchanged since the last press, or since the page was opened, and what it meant.
    pub(super) fn since_mark(&self) -> (Vec<Exchange>, Trail) {
        let exchanges = self.context.recorder.exchanges_after(self.trace, self.marked_exchange);
        let trail = Trail::build(&self.context.rules.mapping, self.trace, &exchanges);
        (exchanges, trail)
    }

    /// Keeps a finding of a page, once.
    pub(super) fn found_on_page(&mut self, finding: Finding) {
        let redactor = &self.context.redactor;
        let clean = |text: String| redactor.text(Some(self.trace), &text).into_owned();
        let edge = finding.edge.or_else(|| self.context.edges.first().cloned());
        let finding = Finding { message: clean(finding.message), at: finding.at.map(clean), edge, ..finding };
        if !self.page_findings.iter().any(|known| (&known.rule, &known.message) == (&finding.rule, &finding.message)) {
            self.page_findings.push(finding);
        }
    }

    /// What was found on pages so far.
    pub(crate) fn page_findings(&self) -> &[Finding] {
        &self.page_findings
    }

    /// The rules of pages that had something to judge.
    pub(crate) fn page_rules(&self) -> impl Iterator<Item = RuleId> {
        self.page_rules.iter().copied()
    }

    /// Why what pages show cannot be held against the platform: the machine took their network away.
    pub(crate) fn cut_off(&self) -> Option<String> {
        let cut = self.screens.values().any(|screen| screen.tabs[0].log().was_cut_off(screen.loaded));
        cut.then(|| {
            "the machine's network changed while the browser was using it (net::ERR_NETWORK_CHANGED)".to_owned()
        })
    }

    /// Whether any page is open.
    pub(crate) fn has_pages(&self) -> bool {
        !self.screens.is_empty()
    }

    /// The last look at each page, when the steps are over: what fails in silence is found.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub(crate) async fn look_last(&mut self) -> StepResult {
        let mut found = Vec::new();
        for screen in self.screens.values() {
            let state = screen.tabs[screen.current].judge().await.map_err(trouble)?;
            found.extend(state.findings());
        }
        if self.has_pages() {
            self.page_rules.insert(RuleId::U3);
        }
        found.into_iter().for_each(|finding| self.found_on_page(finding));
        Ok(())
    }

    /// Asks after each job that a page has asked for, as a client does that knows one: a page may only have looked at the list
    /// of all.
    pub(crate) async fn ask_after_jobs(&self) {
        let exchanges = self.context.recorder.exchanges(self.trace);
        let trail = Trail::build(&self.context.rules.mapping, self.trace, &exchanges);
        let cast = self.cast();
        let made = trail.events.iter().filter(|event| event.kind == EventKind::Submitted && event.done == Some(true));
        for event in made.filter(|event| event.edge.from == Edge::MEMBER) {
            let fact = |fact: Fact| event.facts.get(&fact).and_then(serde_json::Value::as_str);
            if let (Some(job), Some(person)) = (fact(Fact::Job), fact(Fact::Who).and_then(|who| cast.by_session(who))) {
                self.probe(&Question::Job { member: person.id.clone(), job: job.to_owned() }).await;
            }
        }
    }

    /// What there is to see of each page. A browser in trouble leaves less.
    pub(crate) async fn keepsakes(&self) -> Vec<Artifact> {
        let clean = |text: &str| self.context.redactor.fields(Some(self.trace), text).into_owned().into_bytes();
        let mut kept = Vec::new();
        for (member, screen) in &self.screens {
            for (index, page) in screen.tabs.iter().enumerate() {
                let tab = if index == 0 { String::new() } else { format!(", tab {}", index + 1) };
                let named = |what: &str| format!("{member}'s page{tab}{what}");
                if let Ok(bytes) = page.screenshot().await {
                    kept.push(Artifact { name: named(".png"), media_type: "image/png", bytes });
                }
                if let Ok(markup) = page.snapshot().await {
                    kept.push(Artifact { name: named(".html"), media_type: "text/html", bytes: clean(&markup) });
                }
            }
            let log = screen.tabs[0].log();
            let lines: Vec<String> = log.since(0).map(|noticed| noticed.line(screen.tabs[0].base_url())).collect();
            let name = format!("{member}'s browser: console and requests.txt");
            kept.push(Artifact { name, media_type: "text/plain", bytes: clean(&lines.join("\n")) });
        }
        kept
    }

    /// Closes all pages, and the taps behind which they stood.
    pub(crate) async fn close_pages(&mut self) {
        for (_, screen) in std::mem::take(&mut self.screens) {
            drop(screen.tabs);
            screen.tap.stop().await;
        }
    }
}

fn no_page(member: &str) -> StepError {
    StepError::scenario(format!("{member} has no page open: write “When {member} opens the page of Dusk”"))
}
