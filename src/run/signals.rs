//! SIGINT and SIGTERM: the first asks the run to wind down, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::model::Exit;

const NONE: u8 = 0;
const INTERRUPT: u8 = 1;
const TERMINATE: u8 = 2;

/// The signals that ask the run to end.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    kind: Arc<AtomicU8>,
    came: Arc<Notify>,
}

impl Signals {
    /// Begins to listen. It has to be called inside a tokio runtime.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Self::default();
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(signals.clone().watch(interrupt, INTERRUPT, Exit::Interrupted));
        tokio::spawn(signals.clone().watch(terminate, TERMINATE, Exit::Terminated));
        Ok(signals)
    }

    /// Returns the exit that a signal asks for, if one has arrived.
    pub fn asked(&self) -> Option<Exit> {
        match self.kind.load(Ordering::Relaxed) {
            INTERRUPT => Some(Exit::Interrupted),
            TERMINATE => Some(Exit::Terminated),
            _ => None,
        }
    }

    /// Waits until the run is asked to end.
    pub async fn asking(&self) -> Exit {
        loop {
            match self.asked() {
                Some(exit) => return exit,
                None => self.came.notified().await,
            }
        }
    }

    async fn watch(self, mut signal: Signal, kind: u8, exit: Exit) {
        while signal.recv().await.is_some() {
            // The second signal means that winding down takes too long.
            if self.kind.swap(kind, Ordering::Relaxed) != NONE {
                std::process::exit(i32::from(exit.code()));
            }
            self.came.notify_one();
        }
    }
}
