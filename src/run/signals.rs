//! SIGINT and SIGTERM: the first asks the run to wind down, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::model::Exit;

const NONE: u8 = 0;
const INTERRUPT: u8 = 1;
const TERMINATE: u8 = 2;

/// Whether the run was asked to end.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    kind: Arc<AtomicU8>,
    came: Arc<Notify>,
}

impl Signals {
    /// Listens from now on; must be called inside a tokio runtime.
    ///
    /// # Errors
    /// If the operating system does not let us listen.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Self::default();
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(signals.clone().watch(interrupt, INTERRUPT, Exit::Interrupted));
        tokio::spawn(signals.clone().watch(terminate, TERMINATE, Exit::Terminated));
        Ok(signals)
    }

    /// The exit that the run was asked for, if it was.
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
            if self.kind.swap(kind, Ordering::Relaxed) != NONE {
                std::process::exit(i32::from(exit.code()));
            }
            self.came.notify_one();
        }
    }
}
