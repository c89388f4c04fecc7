//! Locators of page elements: by role and accessible name, as a person finds them, or by CSS where nothing else works.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A description of one element on a page. All given parts must fit, and at least one is given.
///
/// Names are compared without regard to case; a whole name is preferred to a part of one. Hidden elements do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Locator {
    /// The ARIA role, such as `button`, `textbox`, `combobox`, `link`, `dialog`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The accessible name, or a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A CSS selector, matched inside shadow roots and frames too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
}

impl Locator {
    /// Locates an element by role and name.
    pub fn role(role: &str, name: &str) -> Self {
        Self { role: Some(role.into()), name: Some(name.into()), css: None }
    }

    /// Locates a field, a control, or any other element with a role by its name alone.
    pub fn named(name: &str) -> Self {
        Self { role: None, name: Some(name.into()), css: None }
    }

    /// Locates an element by a CSS selector.
    pub fn css(selector: &str) -> Self {
        Self { role: None, name: None, css: Some(selector.into()) }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A locator without a role finds any kind of element.
        f.write_str(self.role.as_deref().unwrap_or("element"))?;
        if let Some(name) = &self.name {
            write!(f, " “{name}”")?;
        }
        if let Some(css) = &self.css {
            write!(f, " `{css}`")?;
        }
        Ok(())
    }
}
