//! The run's clock: one start, read as microseconds for measuring and as a timestamp for records.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::message::Timestamp;

/// Reads time relative to the start of the run. Copies of it agree.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    started_at: SystemTime,
}

impl Clock {
    /// Starts the run's clock.
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now() }
    }

    /// Microseconds since the start of the run.
    pub fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Time since the start of the run.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The present moment as records write it. Never steps back, whatever the system's clock does.
    pub fn timestamp(&self) -> Timestamp {
        let since_epoch = (self.started_at + self.started.elapsed()).duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp {
            seconds: i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX),
            nanos: since_epoch.subsec_nanos(),
        }
    }
}
