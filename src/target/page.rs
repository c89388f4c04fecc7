//! The `[page]` section of a target file, which describes the platform's page.
//!
//! Features speak of a page in a person's words, and this section says what they mean: which element is called “Generate”,
//! and by which words a person knows that the panel is ready. Elements are named by role and accessible name. A CSS selector
//! is for elements that have neither.
//!
//! ```toml
//! [page]
//! version = "/versions/{version}"
//! session_cookie = "session"
//!
//! [page.elements]
//! Generate = { role = "button", name = "Generate" }
//! Access = { role = "status", name = "Access" }
//!
//! [page.states]
//! ready = { at = "Access", says = "Ready." }
//!
//! [page.shows]
//! ready = "ready"
//! ```

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::template::{fill_text, placeholders};
use super::{Slot, Values};
use crate::base::config::ConfigError;
use crate::base::suggest::did_you_mean;
use crate::model::Locator;

/// The roles of WAI-ARIA that an element of a page may be named by.
const ROLES: &[&str] = &[
    "alert",
    "alertdialog",
    "application",
    "article",
    "banner",
    "blockquote",
    "button",
    "caption",
    "cell",
    "checkbox",
    "code",
    "columnheader",
    "combobox",
    "complementary",
    "contentinfo",
    "definition",
    "deletion",
    "dialog",
    "document",
    "emphasis",
    "feed",
    "figure",
    "form",
    "generic",
    "grid",
    "gridcell",
    "group",
    "heading",
    "image",
    "img",
    "insertion",
    "link",
    "list",
    "listbox",
    "listitem",
    "log",
    "main",
    "marquee",
    "math",
    "menu",
    "menubar",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "meter",
    "navigation",
    "note",
    "option",
    "paragraph",
    "presentation",
    "progressbar",
    "radio",
    "radiogroup",
    "region",
    "row",
    "rowgroup",
    "rowheader",
    "scrollbar",
    "search",
    "searchbox",
    "separator",
    "slider",
    "spinbutton",
    "status",
    "strong",
    "subscript",
    "superscript",
    "switch",
    "tab",
    "table",
    "tablist",
    "tabpanel",
    "term",
    "textbox",
    "time",
    "timer",
    "toolbar",
    "tooltip",
    "tree",
    "treegrid",
    "treeitem",
];

/// The meaning of a feature's words on this platform's page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageSpec {
    /// The path of a model version's page, with `{version}` in it.
    pub version: String,
    /// The cookie that a session travels in.
    pub session_cookie: String,
    /// Classes by which this site marks errors, beyond the usual ones.
    #[serde(default)]
    pub error_classes: Vec<String>,
    /// Beginnings of words by which the site's messages about failures are known, beyond the usual ones.
    #[serde(default)]
    pub error_words: Vec<String>,
    /// The elements, by the names that features use.
    pub elements: BTreeMap<String, Locator>,
    /// The states of the page, by the names that features use.
    #[serde(default)]
    pub states: BTreeMap<String, StateSpec>,
    /// The elements in which the page shows facts that the platform must agree with.
    #[serde(default)]
    pub shows: PageReadings,
}

/// A state of the page: an element, and words in it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateSpec {
    /// The element, by its name in `elements`.
    pub at: String,
    /// The words by which a person knows the state.
    pub says: String,
}

/// The elements in which the page shows facts that the platform must agree with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageReadings {
    /// The state in which it says that the member may generate.
    pub ready: Option<String>,
    /// The element with the member's money.
    pub wallet: Option<String>,
    /// The element that lists the chosen model versions by name.
    pub resources: Option<String>,
    /// The field with the number of images.
    pub quantity: Option<String>,
    /// The field with what is to be in the image.
    pub prompt: Option<String>,
    /// The images that were made.
    pub image: Option<String>,
}

impl PageSpec {
    /// Checks the section, and returns the first mistake with its place.
    pub(super) fn check(&self, file: &str, text: &str) -> Result<(), ConfigError> {
        let wrong =
            |keys: &[&str], message: String| Err(ConfigError::under(file, text, &[&["page"], keys].concat(), message));
        if !self.version.starts_with('/') || placeholders(&self.version).any(|name| name != "version") {
            let message =
                format!("`{}` is not the path of a page: write for example `/versions/{{version}}`", self.version);
            return wrong(&["version"], message);
        }
        if self.session_cookie.trim().is_empty() {
            return wrong(&["session_cookie"], "`session_cookie` needs the name of a cookie".into());
        }
        for (name, locator) in &self.elements {
            let parts = [&locator.role, &locator.name, &locator.css];
            // An empty name would fit every element.
            let blank = parts.iter().any(|part| part.as_ref().is_some_and(|part| part.trim().is_empty()));
            if blank || parts.iter().all(|part| part.is_none()) {
                let message =
                    format!("the element `{name}` is not named: give a `role` and a `name`, or else a `css` selector");
                return wrong(&["elements", name], message);
            }
            if let Some(role) = locator.role.as_deref().filter(|role| !ROLES.contains(role)) {
                let hint = did_you_mean(role, ROLES.iter().copied());
                return wrong(&["elements", name, "role"], format!("`{role}` is not a role of WAI-ARIA.{hint}"));
            }
        }
        let unknown = |keys: &[&str], name: &str| {
            let hint = did_you_mean(name, self.elements.keys().map(String::as_str));
            wrong(keys, format!("[page.elements] names no `{name}`.{hint}"))
        };
        for (name, shown) in &self.states {
            if !self.elements.contains_key(&shown.at) {
                return unknown(&["states", name, "at"], &shown.at);
            }
            // Empty words are in every text, so that the state would always hold.
            if shown.says.trim().is_empty() {
                return wrong(
                    &["states", name, "says"],
                    format!("the state `{name}` has no words by which a person would know it"),
                );
            }
        }
        let PageReadings { ready, wallet, resources, quantity, prompt, image } = &self.shows;
        let elements = [
            ("wallet", wallet),
            ("resources", resources),
            ("quantity", quantity),
            ("prompt", prompt),
            ("image", image),
        ];
        for (key, name) in elements {
            if let Some(name) = name.as_ref().filter(|name| !self.elements.contains_key(*name)) {
                return unknown(&["shows", key], name);
            }
        }
        match ready.as_ref().filter(|state| !self.states.contains_key(*state)) {
            Some(state) => {
                let hint = did_you_mean(state, self.states.keys().map(String::as_str));
                wrong(&["shows", "ready"], format!("[page.states] names no `{state}`.{hint}"))
            }
            None => Ok(()),
        }
    }

    /// The path of the page of a model version.
    pub fn path(&self, version: &str) -> String {
        let values = Values::new().with(Slot::Version, version);
        fill_text(&self.version, &values, str::to_owned).unwrap_or_else(|_| self.version.clone())
    }

    /// The element that features call so.
    pub fn element(&self, name: &str) -> Result<&Locator, String> {
        found(&self.elements, name, "elements")
    }

    /// The state that features call so.
    pub fn state(&self, name: &str) -> Result<&StateSpec, String> {
        found(&self.states, name, "states")
    }
}

fn found<'a, T>(all: &'a BTreeMap<String, T>, name: &str, section: &str) -> Result<&'a T, String> {
    all.get(name).ok_or_else(|| {
        let hint = did_you_mean(name, all.keys().map(String::as_str));
        format!("the target's file names no `{name}` in [page.{section}].{hint}")
    })
}
