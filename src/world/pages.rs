//! The platform's pages in a real browser, as the members of one scenario see them.
//!
//! Each member has a browser profile of their own behind a tap of this scenario alone. So everything that a page requests belongs to
//! the scenario, with its clock, its faults and its defects. Expectations about what a page shows are in `seeing.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::client::PlatformClient;
use super::{Assertions, StepError, StepErrorKind, StepResult, World};
use crate::browser::{BrowserError, Page};
use crate::model::{Blame, Exchange, Expected, Finding, Locator, RuleId, Trail};
use crate::tap::Tap;
use crate::target::PageSpec;

/// The open pages of one scenario, and the findings about them.
#[derive(Debug)]
pub struct Pages {
    pub(super) client: PlatformClient,
    pub(super) assertions: Assertions,
    /// The screens, by the names of the members.
    screens: BTreeMap<String, Screen>,
    /// The member who used a page last.
    looking: Option<String>,
    /// The last exchange before the last press.
    marked_exchange: u64,
    findings: Vec<Finding>,
    /// The rules about pages that had something to judge.
    rules: BTreeSet<RuleId>,
}

/// The browser of one member.
struct Screen {
    /// The tabs of one profile, oldest first.
    tabs: Vec<Page>,
    current: usize,
    tap: Tap,
    /// The length of the browser's log when the page was loaded last.
    loaded: usize,
    /// The model version whose page was opened last, by its name in the scenario.
    model: String,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Screen of {} with {} tabs", self.model, self.tabs.len())
    }
}

/// A file that is kept beside the report of a failure: a picture, a console log, or markup.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub name: String,
    pub media_type: &'static str,
    /// The content; text is redacted.
    pub bytes: Vec<u8>,
}

/// Turns an error of the browser into a step error.
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
    /// Opens the page of a model version, signed in if the member is.
    pub async fn open_page(&mut self, member: &str, model: &str) -> StepResult {
        let path = self.path_of(model)?;
        // A member keeps one browser profile for the whole scenario, as a person does.
        if !self.pages.screens.contains_key(member) {
            let token = self.members.get(member)?.token.clone();
            self.pages.open_screen(member, model, token).await?;
        }
        self.pages.go(member, model, &path).await
    }

    /// Opens the page in one more tab, which the member uses from now on.
    pub async fn open_another_tab(&mut self, member: &str, model: &str) -> StepResult {
        let path = self.path_of(model)?;
        self.pages.open_tab(member).await?;
        self.pages.go(member, model, &path).await
    }

    /// Types the platform's id of a model version into a field.
    pub async fn type_model_into(&mut self, member: &str, model: &str, element: &str) -> StepResult {
        let id = self.models.get(model)?.id.clone();
        self.pages.type_into(member, &id, element).await
    }

    fn path_of(&self, model: &str) -> Result<String, StepError> {
        Ok(self.pages.words()?.path(&self.models.get(model)?.id))
    }
}

impl Pages {
    pub(super) fn new(client: PlatformClient, assertions: Assertions) -> Self {
        Self {
            client,
            assertions,
            screens: BTreeMap::new(),
            looking: None,
            marked_exchange: 0,
            findings: Vec::new(),
            rules: BTreeSet::new(),
        }
    }

    async fn open_screen(&mut self, member: &str, model: &str, token: Option<String>) -> StepResult {
        let cookie = self.words()?.session_cookie.clone();
        let tap = self.client.open_tap().await?;
        let page = self.client.context().browsing.open(tap.address()).await.map_err(trouble)?;
        if let Some(token) = token {
            page.cookie(&cookie, &token).await.map_err(trouble)?;
        }
        let screen = Screen { tabs: vec![page], current: 0, tap, loaded: 0, model: model.to_owned() };
        self.screens.insert(member.to_owned(), screen);
        Ok(())
    }

    async fn open_tab(&mut self, member: &str) -> StepResult {
        let tab = self.page_of(member)?.another_tab().await.map_err(trouble)?;
        let screen = self.screen_mut(member)?;
        screen.tabs.push(tab);
        screen.current = screen.tabs.len() - 1;
        Ok(())
    }

    async fn go(&mut self, member: &str, model: &str, path: &str) -> StepResult {
        self.look(member);
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
        // The browser repeats requests that were cut off while the page loaded, so only later log entries count.
        screen.loaded = screen.tabs[0].log().len();
        Ok(())
    }

    /// Brings the tab that the member opened first to the front.
    pub async fn turn_to_first_tab(&mut self, member: &str) -> StepResult {
        self.screen_mut(member)?.current = 0;
        self.look(member);
        self.page_of(member)?.activate().await.map_err(trouble)
    }

    /// Loads the page again.
    pub async fn reload(&mut self, member: &str) -> StepResult {
        self.look(member);
        self.mark_exchanges();
        self.page_of(member)?.reload().await.map_err(trouble)?;
        self.loaded(member)
    }

    /// Presses an element a number of times in quick succession, once the page has come to rest. The page has to react within the
    /// target's bound: with a request, a navigation, or something to read (rule U4).
    pub async fn press(&mut self, member: &str, element: &str, times: usize) -> StepResult {
        let locator = self.element(element)?;
        let within = self.client.context().target.bounds.notice.0;
        self.look(member);
        // A page that still loads would be taken for one that reacts.
        self.page_of(member)?.rest().await.map_err(trouble)?;
        self.mark_exchanges();
        let page = self.page_of(member)?;
        page.press_times(&locator, times).await.map_err(trouble)?;
        let answered = page.answered(within).await.map_err(trouble)?;
        self.judged_by(RuleId::U4);
        match answered.finding() {
            None => Ok(()),
            Some(finding) => {
                let message = finding.message.clone();
                self.add_finding(finding);
                Err(StepError::platform(message))
            }
        }
    }

    /// Types a text into a field, in place of its content.
    pub async fn type_into(&mut self, member: &str, text: &str, element: &str) -> StepResult {
        let locator = self.element(element)?;
        self.look(member);
        self.page_of(member)?.type_text(&locator, text).await.map_err(trouble)
    }

    /// Chooses an option in a list.
    pub async fn choose_in(&mut self, member: &str, option: &str, element: &str) -> StepResult {
        let locator = self.element(element)?;
        self.look(member);
        self.page_of(member)?.choose(&locator, option).await.map_err(trouble)
    }

    /// Returns the names that this platform's target file gives to elements and states.
    pub(super) fn words(&self) -> Result<&PageSpec, StepError> {
        let none = || StepError::scenario("this target has no page: there is no [page] in its file");
        self.client.context().target.page.as_ref().ok_or_else(none)
    }

    pub(super) fn element(&self, name: &str) -> Result<Locator, StepError> {
        self.words()?.element(name).cloned().map_err(StepError::scenario)
    }

    /// Returns the tab that a member uses.
    pub(super) fn page_of(&self, member: &str) -> Result<&Page, StepError> {
        let screen = self.screens.get(member).ok_or_else(|| no_page(member))?;
        Ok(&screen.tabs[screen.current])
    }

    /// Returns the model version whose page a member opened last.
    pub(super) fn model_of(&self, member: &str) -> Result<&str, StepError> {
        self.screens.get(member).map(|screen| screen.model.as_str()).ok_or_else(|| no_page(member))
    }

    fn screen_mut(&mut self, member: &str) -> Result<&mut Screen, StepError> {
        self.screens.get_mut(member).ok_or_else(|| no_page(member))
    }

    /// Makes a member the one whose page later sentences speak of.
    pub(super) fn look(&mut self, member: &str) {
        self.looking = Some(member.to_owned());
    }

    /// Returns the member who used a page last, with the tab in use.
    pub(super) fn looker(&self) -> Result<(String, &Page), StepError> {
        let nobody = || StepError::scenario("nobody has opened a page yet: write “When Ann opens the page of Dusk”");
        let member = self.looking.clone().ok_or_else(nobody)?;
        let page = self.page_of(&member)?;
        Ok((member, page))
    }

    fn mark_exchanges(&mut self) {
        self.marked_exchange = self.client.context().recorder.last(self.client.trace());
    }

    /// Returns the exchanges since the page was last opened, loaded or pressed, with their trail.
    pub(super) fn since_mark(&self) -> (Vec<Exchange>, Trail) {
        self.client.context().trail_after(self.client.trace(), self.marked_exchange)
    }

    /// Notes that a rule about pages had something to judge.
    pub(super) fn judged_by(&mut self, rule: RuleId) {
        self.rules.insert(rule);
    }

    /// Keeps a finding, redacted. The same finding is kept once.
    pub(super) fn add_finding(&mut self, finding: Finding) {
        let context = self.client.context();
        let clean = |text: String| context.redactor.text(Some(self.client.trace()), &text).into_owned();
        let edge = finding.edge.or_else(|| context.edges.first().cloned());
        let finding = Finding { message: clean(finding.message), at: finding.at.map(clean), edge, ..finding };
        if !self.findings.iter().any(|known| (&known.rule, &known.message) == (&finding.rule, &finding.message)) {
            self.findings.push(finding);
        }
    }

    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the rules about pages that had something to judge.
    pub(crate) fn rules(&self) -> impl Iterator<Item = RuleId> {
        self.rules.iter().copied()
    }

    /// Returns the reason why the pages cannot be held against the platform, if the machine's network changed under the browser.
    pub(crate) fn cut_off(&self) -> Option<String> {
        let was_cut_off = self.screens.values().any(|screen| screen.tabs[0].log().was_cut_off(screen.loaded));
        if !was_cut_off {
            return None;
        }
        Some("the machine's network changed while the browser was using it (net::ERR_NETWORK_CHANGED)".to_owned())
    }

    pub(crate) fn any_open(&self) -> bool {
        !self.screens.is_empty()
    }

    /// Judges each page once more when the steps are over, so that a silent failure at the end is found.
    pub(crate) async fn judge_last(&mut self) -> StepResult {
        let mut found = Vec::new();
        for screen in self.screens.values() {
            let state = screen.tabs[screen.current].judge().await.map_err(trouble)?;
            found.extend(state.findings());
        }
        if self.any_open() {
            self.judged_by(RuleId::U3);
        }
        found.into_iter().for_each(|finding| self.add_finding(finding));
        Ok(())
    }

    /// Takes pictures, markup and logs of all pages. Whatever the browser cannot give any more is left out.
    pub(crate) async fn artifacts(&self) -> Vec<Artifact> {
        let redactor = &self.client.context().redactor;
        let clean = |text: &str| redactor.fields(Some(self.client.trace()), text).into_owned().into_bytes();
        let mut artifacts = Vec::new();
        for (member, screen) in &self.screens {
            for (index, page) in screen.tabs.iter().enumerate() {
                let tab = if index == 0 { String::new() } else { format!(", tab {}", index + 1) };
                let named = |extension: &str| format!("{member}'s page{tab}{extension}");
                if let Ok(bytes) = page.screenshot().await {
                    artifacts.push(Artifact { name: named(".png"), media_type: "image/png", bytes });
                }
                if let Ok(markup) = page.snapshot().await {
                    artifacts.push(Artifact { name: named(".html"), media_type: "text/html", bytes: clean(&markup) });
                }
            }
            let log = screen.tabs[0].log();
            let lines: Vec<String> = log.since(0).map(|noticed| noticed.line(screen.tabs[0].base_url())).collect();
            let name = format!("{member}'s browser: console and requests.txt");
            artifacts.push(Artifact { name, media_type: "text/plain", bytes: clean(&lines.join("\n")) });
        }
        artifacts
    }

    /// Closes all pages, and then the taps behind them.
    pub(crate) async fn close(&mut self) {
        let context = self.client.context();
        for (_, screen) in std::mem::take(&mut self.screens) {
            let clean = |host: &str| context.redactor.text(Some(self.client.trace()), host).into_owned();
            context.browsing.note_foreign_hosts(&screen.tabs[0].log(), clean);
            // The browser goes first: a page would report a tap that is gone as a failure.
            drop(screen.tabs);
            screen.tap.stop().await;
        }
    }
}

fn no_page(member: &str) -> StepError {
    StepError::scenario(format!("{member} has no page open: write “When {member} opens the page of Dusk”"))
}
