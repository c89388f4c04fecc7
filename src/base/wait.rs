//! Waiting is a condition with a deadline, and giving up says what was last seen.

use std::future::Future;
use std::time::{Duration, Instant};

/// What one look at a condition found.
#[derive(Debug)]
pub enum Look<T, E> {
    /// It holds.
    Holds(T),
    /// Not yet; what was seen instead.
    NotYet(String),
    /// It can never hold: stop waiting.
    Never(E),
}

/// Why waiting ended without what was waited for.
#[derive(Debug, thiserror::Error)]
pub enum Gave<E> {
    /// The time was up.
    #[error("after {waited:.1?}: {last_seen}")]
    Up {
        /// How long was waited.
        waited: Duration,
        /// What the last look saw.
        last_seen: String,
    },
    /// The condition can never hold.
    #[error(transparent)]
    Never(E),
}

/// Looks until the condition holds or the time is up: at once, then after pauses that grow from 2 ms to 50 ms. The pause
/// never outlasts the deadline, and there is one last look when the time is up.
///
/// # Errors
/// [`Gave::Up`] with what was last seen, or what `look` says can never hold.
pub async fn until<T, E, F, Fut>(within: Duration, mut look: F) -> Result<T, Gave<E>>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Look<T, E>>,
{
    let started = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        let last_look = started.elapsed() >= within;
        match look().await {
            Look::Holds(value) => return Ok(value),
            Look::Never(error) => return Err(Gave::Never(error)),
            Look::NotYet(last_seen) if last_look => return Err(Gave::Up { waited: started.elapsed(), last_seen }),
            Look::NotYet(_) => {}
        }
        tokio::time::sleep(pause.min(within.saturating_sub(started.elapsed()))).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
