//! The rules that every scenario is held against, whether or not a step asks.
//!
//! [`RULES`] is the one table of them. A row says what the rule demands, what it is based on, what follows when it is
//! broken, how to mend that, how the diagnosis classifies it, and who judges it. A rule states what is true of every
//! paid path; it knows no particular defect.
//!
//! Most rules judge the trail of one attempt. A rule with nothing to judge says so: the report counts how often each
//! rule was judged, and a rule that was never judged does not count as one that holds.
//!
//! # Add another rule
//!
//! 1. Give it an id in `model/rule.rs`. The compiler then asks for its row.
//! 2. Write `rule/<id>_<noun>.rs` with a `RULE` and its `judge`. Name the evidence for and against the rule in the
//!    module docs.
//! 3. Judge with a [`Ruling`]: one [`Ruling::judge`] for each thing judged, and [`Ruling::judge_by`] where the platform
//!    has time. An exchange without an answer is neither done nor refused: both are legal, but the platform has to
//!    settle on one.
//! 4. If it needs something new from an exchange, add a fact to `model/fact.rs` and to the target file. The code of a
//!    rule names no path, no header and no field.
//! 5. Choose the departure's class with [`Classification`], so that the diagnosis can name the hop.
//! 6. Add it to [`RULES`], in the order of the ids.
//! 7. Add a case to the table in `trail/tests/rules.rs`: a history that breaks the rule, one that keeps it, and one in
//!    which it has nothing to judge. A test refuses a rule without a case. Then run all features: there must be no
//!    finding.

mod classification;
mod elsewhere;
mod judgement;

mod e1_repetition;
mod e2_durable;
mod e3_order;
mod e4_one_job;
mod e5_terminal;
mod e6_image;
mod e7_states;
mod g1_one_to_one;
mod g2_no_grant;
mod g3_allowed_in_time;
mod g4_never_denied;
mod g5_agreement;
mod g6_scope;
mod g7_boundary;
mod g8_mid_job;
mod g9_revocation;
mod m10_job_refund;
mod m11_overdraft;
mod m1_conserved;
mod m2_price;
mod m3_one_charge;
mod m4_key_reuse;
mod m5_double_click;
mod m6_convergence;
mod m7_declined;
mod m8_refund_once;
mod m9_refund_revokes;
mod s1_other_members;
mod s2_administrators;
mod s3_claims;
mod s4_credential;
mod s5_forged;
mod s6_bound;
mod s7_canaries;
mod u9_flags;

use std::fmt;

pub use classification::{Classification, EvidenceKind};
pub use judgement::{Judgement, Question, Ruling};

use super::evidence::Evidence;
use crate::model::RuleId;

/// The layer of the platform that usually breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    Page,
    Gateway,
    Billing,
    Ledger,
    Events,
    Entitlement,
    Generation,
    Worker,
    Clock,
    Flags,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Page => "page",
            Self::Gateway => "gateway",
            Self::Billing => "billing",
            Self::Ledger => "ledger",
            Self::Events => "events",
            Self::Entitlement => "entitlement",
            Self::Generation => "generation",
            Self::Worker => "worker",
            Self::Clock => "clock",
            Self::Flags => "flags",
        };
        f.pad(word)
    }
}

/// A row of the table: everything that is known of one rule.
pub struct Rule {
    pub id: RuleId,
    /// The layer that usually breaks it.
    pub layer: Layer,
    /// The rule in one sentence.
    pub holds: &'static str,
    /// The standard, incident or promise that it rests on.
    pub basis: &'static str,
    /// The harm that a broken rule does to a member or to the platform.
    pub consequence: &'static str,
    /// The usual way to mend a broken rule.
    pub remedy: &'static str,
    /// The class of departure that a broken rule is reported as.
    pub classification: Classification,
    pub judge: Judge,
}

/// The part of paidpath that judges a rule.
pub enum Judge {
    /// A function over the trail of one attempt.
    Trail(fn(&Evidence<'_>) -> Judgement),
    /// The catalogue of refusals.
    Refusals,
    /// The oracle in the browser, and steps that look at a page.
    Page,
    /// The services' OpenAPI documents.
    Contracts,
    /// A double that was asked for something it has no answer to.
    Doubles,
}

impl Rule {
    /// Returns the word that lists of rules show beside it: the layer or, where the trail does not show the rule, the
    /// judge.
    pub fn place(&self) -> String {
        match self.judge {
            Judge::Trail(_) => self.layer.to_string(),
            Judge::Refusals => "refusals".into(),
            Judge::Page => "page".into(),
            Judge::Contracts => "contracts".into(),
            Judge::Doubles => "doubles".into(),
        }
    }

    /// Returns true for a rule about what a person sees on a page.
    pub fn is_of_page(&self) -> bool {
        matches!(self.judge, Judge::Page)
    }
}

/// Every rule, in the order of [`RuleId::ALL`].
// The assertion below needs a constant, and callers need one address: hence the copy.
pub static RULES: [Rule; RuleId::ALL.len()] = TABLE;

const TABLE: [Rule; RuleId::ALL.len()] = [
    m1_conserved::RULE,
    m2_price::RULE,
    m3_one_charge::RULE,
    m4_key_reuse::RULE,
    m5_double_click::RULE,
    m6_convergence::RULE,
    m7_declined::RULE,
    m8_refund_once::RULE,
    m9_refund_revokes::RULE,
    m10_job_refund::RULE,
    m11_overdraft::RULE,
    g1_one_to_one::RULE,
    g2_no_grant::RULE,
    g3_allowed_in_time::RULE,
    g4_never_denied::RULE,
    g5_agreement::RULE,
    g6_scope::RULE,
    g7_boundary::RULE,
    g8_mid_job::RULE,
    g9_revocation::RULE,
    s1_other_members::RULE,
    s2_administrators::RULE,
    s3_claims::RULE,
    s4_credential::RULE,
    s5_forged::RULE,
    s6_bound::RULE,
    s7_canaries::RULE,
    e1_repetition::RULE,
    e2_durable::RULE,
    e3_order::RULE,
    e4_one_job::RULE,
    e5_terminal::RULE,
    e6_image::RULE,
    e7_states::RULE,
    u9_flags::RULE,
    elsewhere::U1,
    elsewhere::U2,
    elsewhere::U3,
    elsewhere::U4,
    elsewhere::U5,
    elsewhere::U6,
    elsewhere::U7,
    elsewhere::U8,
    elsewhere::AXE,
    elsewhere::STUB,
    elsewhere::CONTRACT,
];

// An id without a row, or a row in another place than its id, does not compile.
const _: () = {
    let mut place = 0;
    while place < TABLE.len() {
        assert!(TABLE[place].id as usize == place, "the rows of RULES stand in the order of RuleId::ALL");
        place += 1;
    }
};

pub fn rule(id: RuleId) -> &'static Rule {
    &RULES[id as usize]
}
