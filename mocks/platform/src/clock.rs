//! Time as the platform writes it, and the test clock that can be moved for one trace.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// A moment, to the millisecond. On the wire RFC 3339 in UTC, always with three digits of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "Timestamp")]
pub struct Time(Timestamp);

impl Time {
    /// Returns the moment on the wall clock.
    #[must_use]
    pub fn wall() -> Self {
        Timestamp::now().into()
    }

    /// Returns the moment on a clock that is ahead of the wall clock.
    #[must_use]
    pub fn ahead(by: SignedDuration) -> Self {
        Self::later(Timestamp::now(), by)
    }

    /// Returns a later moment; the end of time where there is none.
    #[must_use]
    pub fn plus(self, by: SignedDuration) -> Self {
        Self::later(self.0, by)
    }

    // Cut to the millisecond once, and not each part: two parts of one would be lost, and what has just ended still be there.
    fn later(at: Timestamp, by: SignedDuration) -> Self {
        let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
        at.checked_add(by).unwrap_or(end).into()
    }

    /// Returns the moment that much later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        self.plus(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX))
    }

    /// Returns the time from `self` to `then`; zero if that has passed.
    #[must_use]
    pub fn left_until(self, then: Self) -> Duration {
        Duration::try_from(then.0.duration_since(self.0)).unwrap_or_default()
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Returns the seconds since 1970.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The number of traces whose offsets are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 10_000;

/// The latest offset of each trace. Time can be moved while a job of the trace runs, and the job has to notice.
#[derive(Debug, Default)]
pub struct Clocks {
    latest: Mutex<Latest>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct Latest {
    offsets: HashMap<String, SignedDuration>,
    order: VecDeque<String>,
}

impl Clocks {
    /// Remembers the offset of a request of this trace.
    pub fn note(&self, trace_id: &str, offset: SignedDuration) {
        let mut latest = self.lock();
        if latest.offsets.insert(trace_id.to_owned(), offset).is_none() {
            latest.order.push_back(trace_id.to_owned());
            if latest.order.len() > REMEMBERED
                && let Some(oldest) = latest.order.pop_front()
            {
                latest.offsets.remove(&oldest);
            }
        }
        // Released first, because whoever is woken takes the lock at once.
        drop(latest);
        self.moved.notify_waiters();
    }

    pub fn latest(&self, trace_id: &str) -> Option<SignedDuration> {
        self.lock().offsets.get(trace_id).copied()
    }

    /// Waits until some trace's clock has moved since this was called (not since it was first awaited).
    pub fn moved(&self) -> impl Future<Output = ()> + '_ {
        self.moved.notified()
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_three_digits_of_milliseconds() {
        let time: Time = serde_json::from_str("\"2026-02-03T04:05:06+01:00\"").unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-02-03T03:05:06.000Z\"");
    }

    #[test]
    fn parts_of_milliseconds_add_up() {
        let at = Timestamp::from_microsecond(1_000_900).unwrap();
        assert_eq!(
            Time::later(at, SignedDuration::from_micros(900)),
            Timestamp::from_millisecond(1_001).unwrap().into()
        );
    }

    #[test]
    fn the_clocks_forget_the_oldest_trace_first() {
        let clocks = Clocks::default();
        for trace in 0..=REMEMBERED {
            clocks.note(&trace.to_string(), SignedDuration::from_secs(1));
        }
        assert_eq!(clocks.latest("0"), None);
        assert_eq!(clocks.latest("1"), Some(SignedDuration::from_secs(1)));
    }
}
