//! The ids of the always-on rules.
//!
//! The room `trail` has the table of rules, with one row for each of these ids: demand, basis, consequence, remedy and
//! judge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! rule_ids {
    ($($name:ident = $word:literal,)*) => {
        /// The id of a rule, as findings, `@allow` and defects write it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RuleId { $(#[doc = concat!("The rule ", $word, ".")] #[serde(rename = $word)] $name,)* }

        impl RuleId {
            /// All ids, in the order in which tables list them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the id as people write it: `M1`.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

// The order is that of the tables: money, grants, security, events, user interface, and the rules without a number.
rule_ids! {
    M1 = "M1",
    M2 = "M2",
    M3 = "M3",
    M4 = "M4",
    M5 = "M5",
    M6 = "M6",
    M7 = "M7",
    M8 = "M8",
    M9 = "M9",
    M10 = "M10",
    M11 = "M11",
    G1 = "G1",
    G2 = "G2",
    G3 = "G3",
    G4 = "G4",
    G5 = "G5",
    G6 = "G6",
    G7 = "G7",
    G8 = "G8",
    G9 = "G9",
    S1 = "S1",
    S2 = "S2",
    S3 = "S3",
    S4 = "S4",
    S5 = "S5",
    S6 = "S6",
    S7 = "S7",
    E1 = "E1",
    E2 = "E2",
    E3 = "E3",
    E4 = "E4",
    E5 = "E5",
    E6 = "E6",
    E7 = "E7",
    U9 = "U9",
    U1 = "U1",
    U2 = "U2",
    U3 = "U3",
    U4 = "U4",
    U5 = "U5",
    U6 = "U6",
    U7 = "U7",
    U8 = "U8",
    Axe = "axe",
    Stub = "stub",
    Contract = "contract",
}

impl RuleId {
    /// Writes several ids as a list in a sentence.
    pub fn list(rules: &[Self]) -> String {
        rules.iter().map(|rule| rule.word()).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A text that is no rule's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a rule")]
pub struct NotARule(pub String);

impl FromStr for RuleId {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        // Ids are case-sensitive: `axe` is one, `AXE` is none.
        Self::ALL.iter().copied().find(|rule| rule.word() == text).ok_or_else(|| NotARule(text.to_owned()))
    }
}
