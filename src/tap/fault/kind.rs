//! The trait of a fault, and the rest of the way that a fault is given.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use rand::rngs::StdRng;

use super::{Change, NoResponse, TapRequest, TapResponse};
use crate::tap::board::FaultPermit;
use crate::tap::passage::Passage;
use crate::tap::words::{FaultSyntaxError, WordReader};

/// A fault that disturbs exchanges.
///
/// There is one instance per armed disturbance and scenario, so it may keep state, behind a lock because exchanges of
/// one scenario overlap.
#[async_trait]
pub trait Fault: Send + Sync {
    /// Takes one request to the callee, disturbed, or not at all; and gives back what the caller shall get.
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse>;

    /// Returns the parts of an exchange that this fault changes once it has fired.
    ///
    /// A header that only follows from another change, such as the `Content-Length` of a replaced body, is left out.
    fn changes(&self) -> Vec<Change>;

    /// Decides whether the fault applies to this request, before requests are counted: `once` means the first request
    /// to which it applies. The error says why not, for a user who wonders why the fault never fired.
    fn wants(&self, _: &TapRequest) -> Result<(), String> {
        Ok(())
    }

    /// Tells the fault that another exchange of the same scenario has passed on the same edge, disturbed or not.
    fn another_passed(&self) {}
}

/// One kind of fault in the language of disturbances.
pub struct FaultKind {
    /// The words that a use of it begins with; the longest opening that fits decides.
    pub openings: &'static [&'static str],
    /// The syntax for the help text: `delay <time> [± <time>]`.
    pub syntax: &'static str,
    /// The effect, in one sentence.
    pub about: &'static str,
    /// Reads what comes after the opening, and no more: what follows says how often.
    pub read: Read,
}

/// Makes a fault of the opening that was read and the words after it.
pub type Read = fn(opening: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError>;

impl fmt::Debug for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaultKind").field(&self.syntax).finish()
    }
}

/// Takes a request through these faults, the first being nearest to the caller, to the callee.
pub(in crate::tap) async fn walk(
    passage: &Passage<'_>,
    faults: &[FaultPermit],
    call: TapRequest,
) -> Result<TapResponse, NoResponse> {
    match faults.split_first() {
        None => passage.send(call).await,
        Some((own, rest)) => own.fault().disturb(call, Next { passage, own, rest }).await,
    }
}

/// The rest of the way: the faults after this one, and the callee at its end.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    passage: &'a Passage<'a>,
    /// The fault that holds this value.
    own: &'a FaultPermit,
    rest: &'a [FaultPermit],
}

impl Next<'_> {
    /// Sends the request on. From the second time on it is an exchange of its own, with a record of its own.
    pub async fn send(&self, call: TapRequest) -> Result<TapResponse, NoResponse> {
        walk(self.passage, self.rest, call).await
    }

    /// The exchange is disturbed by now. Saying it twice changes nothing.
    pub fn fired(&self) {
        if self.own.fired() {
            self.passage.disturbed_by(self.own.spec(), self.own.fault().changes());
        }
    }

    /// The exchange matched, but could not be disturbed: why.
    pub fn missed(&self, why: &str) {
        self.own.missed(why);
    }

    /// Calls [`Next::fired`], or [`Next::missed`] with the reason.
    pub fn tell(&self, disturbed: Result<(), String>) {
        match disturbed {
            Ok(()) => self.fired(),
            Err(why) => self.missed(&why),
        }
    }

    /// Waits until the fault is lifted, or the scenario has ended.
    pub async fn lifted(&self) {
        self.own.lifted().await;
    }

    /// Returns the longest time that a callee may stay silent before the exchange counts as broken.
    pub fn patience(&self) -> Duration {
        self.passage.patience()
    }

    /// Returns the random generator for this exchange, which is the same in every run with the same seed.
    pub fn rng(&self) -> StdRng {
        self.own.rng()
    }
}
