//! How an element of a page is found: by role and accessible name, as a person would; by CSS where nothing else does.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which element is meant. At least one part is given; all given parts must fit. Names are compared without regard to case,
/// a whole name before a part of one. Elements that are not shown do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Locator {
    /// The ARIA role, such as `button`, `textbox`, `combobox`, `link`, `dialog`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The accessible name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A CSS selector, matched inside shadow roots and frames too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
}

impl Locator {
    /// By role and name.
    pub fn role(role: &str, name: &str) -> Self {
        Self { role: Some(role.into()), name: Some(name.into()), css: None }
    }

    /// By name alone: a field, a control, or anything else with a role.
    pub fn named(name: &str) -> Self {
        Self { role: None, name: Some(name.into()), css: None }
    }

    /// By CSS selector.
    pub fn css(selector: &str) -> Self {
        Self { role: None, name: None, css: Some(selector.into()) }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
