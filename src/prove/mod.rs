//! Proof that the suite can fail: `paidpath prove`.
//!
//! A green suite means something only if it is known to go red. So the suite is run on a platform that is broken on purpose,
//! in one way at a time, and it is recorded who noticed.
//!
//! 1. [`baseline`]: every selected scenario runs on the healthy platform. One that is red ends the proof, and so does one that is
//!    green only when it is run again: nothing could be concluded from what they say later.
//! 2. [`reach`]: which scenarios could see a defect. A platform that names places (`baggage.places` in the target's file) says
//!    in the baseline which scenario comes across the place of which defect. Elsewhere it is those whose own exchanges crossed
//!    the hop on which the defect breaks the path, and, for a defect of one kind of scenario only (a page's), carry its tag.
//! 3. [`trials`]: each of these pairs is one more attempt at the scenario, under a [`Trial`](crate::run::Trial). Defects travel
//!    in the scenario's baggage and faults are armed for its trace, so all pairs run side by side against one platform. A
//!    defect whose rule was found broken needs no more scenarios, unless all are asked for.
//! 4. [`judge`]: how one scenario noticed. *Caught* is a finding of one of the defect's rules, or a Then that said no. Red for
//!    any other reason is an *accident*: another rule, a Given or When that could not go on, a deadline, an attempt that could
//!    not be judged. Departures from a contract count as rule U1, which they are.
//! 5. [`coverage`]: what would survive if one check were taken away; no further run is needed for it.
//! 6. [`mutant`]: the same with changed answers instead of seeded defects, for any platform.
//!
//! And a green on doubles means something only if they answer as the platform does: [`agreement`] plays the same scenarios on
//! several topologies and compares what was exchanged (`paidpath verify-doubles`).
//!
//! How one knows that a defect fired: a tap marks the exchanges that a fault disturbed; a platform marks its answers with the
//! header that `baggage.fired` in the target's file names. A defect that was switched on and never fired is not one that
//! survived: it was not put to the test.
//!
//! Not here: the defects (the composition root hands them in), how they look on paper ([`crate::report`]).

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
