//! The signs of failure of a site, and the script that looks for them.

use std::time::Duration;

use serde_json::json;

/// The signs of failure for the oracle, beside colour and ARIA. The defaults know the common frameworks; a site adds
/// its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleRules {
    /// Class names that mark something as wrong: whole names, in lower case.
    pub classes: Vec<String>,
    /// Beginnings of words, in lower case, by which a message about a failure is known. They count only in a box that
    /// also looks like a message.
    pub words: Vec<String>,
    /// The time that a message must stay to count as shown.
    pub stays: Duration,
    /// The longest time that a page may take to come to rest before it is judged anyway.
    pub settles_within: Duration,
}

impl Default for OracleRules {
    fn default() -> Self {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            classes: own(&[
                "error",
                "has-error",
                "is-error",
                "errors",
                "field-error",
                "form-error",
                "input-error",
                "error-message",
                "errormessage",
                "invalid",
                "is-invalid",
                "invalid-feedback",
                "is-danger",
                "has-danger",
                "mui-error",
                "mantine-input-error",
                "ant-form-item-has-error",
                "alert-danger",
                "alert-error",
                "toast-error",
            ]),
            words: own(&[
                " error",
                " fail",
                " could not",
                " couldn",
                " cannot",
                " can't",
                " can’t",
                " unable",
                " wrong",
                " invalid",
                " not enough",
                " insufficient",
                " denied",
                " refused",
                " rejected",
                " expired",
                " try again",
                " unavailable",
                " must be",
                " is required",
                " please enter",
                " please choose",
                " fehl",
                " konnte nicht",
                " ungültig",
                " abgelehnt",
                " nicht genug",
                " bitte geben",
            ]),
            stays: Duration::from_millis(400),
            settles_within: Duration::from_secs(1),
        }
    }
}

/// Returns the oracle's script as a function for a page's sandbox. A second call changes nothing. The script looks into
/// frames of the same origin from the top page.
pub(in crate::browser) fn script(rules: &OracleRules) -> String {
    const PARTS: [&str; 5] = [
        include_str!("dom.js"),
        include_str!("readable.js"),
        include_str!("watch.js"),
        include_str!("errors.js"),
        include_str!("page.js"),
    ];
    let rules = json!({ "classes": rules.classes, "words": rules.words });
    format!(
        "() => {{ if (window !== window.top || globalThis.paidpath) return;\n{}\npaidpath.rules({rules});\n}}",
        PARTS.join("\n")
    )
}
