//! What a check or a contract found wrong in one scenario.

use serde::{Deserialize, Serialize};

use super::{Edge, RuleId};

/// One broken rule, with the place where it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The broken rule.
    pub rule: RuleId,
    /// One sentence in the words of the path: what was expected and what was seen.
    pub message: String,
    /// The hop where it shows, if one can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// The exchange that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u64>,
    /// Where in the exchange: `request/headers/name`, `response/body/images/0/url`, `response/status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Where the rule is written: `billing.openapi.yaml#/paths/…`, an RFC section, or empty for the built-in rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
