//! Findings: broken rules of one scenario.

use serde::{Deserialize, Serialize};

use super::{Edge, RuleId};

/// One broken rule, with the place where it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: RuleId,
    /// The difference between expectation and observation, in one sentence.
    pub message: String,
    /// The edge where it shows, if one can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// The id of the exchange that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u64>,
    /// The place in the exchange: `request/headers/name`, `response/body/images/0/url`, `response/status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The place where the rule is written: `billing.openapi.yaml#/paths/…` or an RFC section; none for the built-in
    /// rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
