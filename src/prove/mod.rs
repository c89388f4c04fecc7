//! Proof that the suite can fail: `paidpath prove`.
//!
//! A suite that passes means something only if it is known to fail when the platform is broken. So the suite runs on a platform that
//! is broken on purpose, in one way at a time, and the proof records which rule or Then noticed it.
//!
//! 1. [`baseline`]: every selected scenario runs on the healthy platform. A scenario that fails, also one that passes when it is run
//!    again, ends the proof: its later failures would prove nothing.
//! 2. [`reach`]: the scenarios that could notice a defect. A platform that names places (`baggage.places` in the target file) reports
//!    in the baseline which scenario reaches the place of which defect. For other platforms these are the scenarios whose exchanges
//!    crossed the hop of the defect and, for a defect of one kind of scenario (such as a page), that carry its tag.
//! 3. [`trials`]: each of these pairs is one more attempt at the scenario under a [`Trial`](crate::world::Trial). Defects travel
//!    in the scenario's baggage and faults are armed for its trace, so all pairs run side by side against one platform. A
//!    defect whose rule was found broken needs no more scenarios, unless all are asked for.
//! 4. [`judge`]: a defect is *caught* by a finding of one of its rules, or by a Then that failed. A failure for any other reason is
//!    an *accident*: another rule, a Given or When that could not go on, a deadline, an attempt that could
//!    not be judged. Departures from a contract count as rule U1.
//! 5. [`coverage`]: the defects that would survive if one check were taken away.
//! 6. [`mutant`]: the same proof with changed answers instead of seeded defects, for any platform.
//!
//! A suite that passes on doubles means something only if the doubles answer as the platform does. [`agreement`] compares the
//! exchanges of the same scenarios on several topologies (`paidpath verify-doubles`).
//!
//! To know whether a defect fired, a tap marks the exchanges that a fault disturbed; a platform marks its answers with the
//! header that `baggage.fired` in the target file names. A defect that was switched on but never fired has not survived, because it
//! was not tested.
//!
//! Not here: the list of defects, which the composition root passes in, and printing a proof ([`crate::report`]).

pub mod agreement;
mod baseline;
pub mod coverage;
mod defect;
mod judge;
pub mod mutant;
mod plan_runner;
mod reach;
mod trials;

pub use baseline::{Baseline, BaselineOutcome, BaselineScenario};
pub use defect::{Defect, How, named};
pub use plan_runner::{PlanRunner, ProofError};
pub use trials::{ProofProgress, TrialScope, prove};
