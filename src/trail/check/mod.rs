//! The always-on checks: rules that every scenario is held against, whether or not a step asks.
//!
//! A check states a rule of a paid path and knows nothing of any particular defect. It judges the evidence of one attempt:
//! what the taps saw, what that meant, and how long things may take. Where a scenario gives it nothing to judge it says so: a
//! rule that was never judged is not a rule that held, and the report shows how often each one was.
//!
//! The rules about error payloads (U1, U2, U7) are in the room `contract`, those about pages in `browser`.
//!
//! # Add another check
//!
//! 1. Write `check/<id>_<noun>.rs` with a unit struct that implements [`Check`]. Say in the module docs what the rule is and
//!    which evidence speaks for and against it.
//! 2. Judge with a [`Ruling`]: one [`Ruling::judge`] for each thing judged, [`Ruling::judge_by`] where the platform has time.
//!    An exchange that was never answered is neither done nor refused: either is legal, but it must come to one of them.
//! 3. If it needs to know something new of an exchange, add a fact to `mapping.rs` and to the target's file; the code of a
//!    check names no path, no header and no field.
//! 4. Add it to [`CHECKS`].
//! 5. Add three lines to the table in `trail/tests/checks.rs`: a history that breaks it, one that keeps it, and one about
//!    which it has nothing to say. A test refuses a check without them. Then run all features: no finding at all.

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

pub use judgement::{Judgement, Question, Ruling};

use super::evidence::Evidence;

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

/// A rule of a paid path.
pub trait Check: Sync {
    /// Its id: `M1`.
    fn id(&self) -> &'static str;

    /// Which layer usually breaks it.
    fn layer(&self) -> Layer;

    /// The rule, in one sentence.
    fn means(&self) -> &'static str;

    /// Holds one scenario against it. [`Judgement::NotApplicable`] where there is nothing to judge.
    fn judge(&self, evidence: &Evidence<'_>) -> Judgement;
}

/// Every check, in the order in which they are listed.
pub const CHECKS: &[&dyn Check] = &[
    &m1_conserved::Conserved,
    &m2_price::OnePrice,
    &m3_one_charge::OneCharge,
    &m4_key_reuse::KeyReuse,
    &m5_double_click::DoubleClick,
    &m6_convergence::Convergence,
    &m7_declined::Declined,
    &m8_refund_once::RefundOnce,
    &m9_refund_revokes::RefundRevokes,
    &m10_job_refund::JobRefund,
    &m11_overdraft::Overdraft,
    &g1_one_to_one::OneToOne,
    &g2_no_grant::NoGrant,
    &g3_allowed_in_time::AllowedInTime,
    &g4_never_denied::NeverDenied,
    &g5_agreement::Agreement,
    &g6_scope::Scope,
    &g7_boundary::Boundary,
    &g8_mid_job::MidJob,
    &g9_revocation::Revocation,
    &s1_other_members::OtherMembers,
    &s2_administrators::Administrators,
    &s3_claims::Claims,
    &s4_credential::Credential,
    &s5_forged::Forged,
    &s6_bound::Bound,
    &s7_canaries::Canaries,
    &e1_repetition::Repetition,
    &e2_durable::Durable,
    &e3_order::Order,
    &e4_one_job::OneJob,
    &e5_terminal::Terminal,
    &e6_image::Image,
    &e7_states::States,
    &u9_flags::Flags,
];
