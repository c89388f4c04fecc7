//! SIGINT and SIGTERM: the first asks the run to wind down, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::model::Exit;

const NONE: u8 = 0;
const INTERRUPT: u8 = 1;
const TERMINATE: u8 = 2;

/// Whether the run was asked to end.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicU8>);

impl Signals {
    /// Listens from now on; must be called inside a tokio runtime.
    ///
    /// # Errors
    /// If the operating system does not let us listen.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Self::default();
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(watch(interrupt, signals.0.clone(), INTERRUPT, Exit::Interrupted));
        tokio::spawn(watch(terminate, signals.0.clone(), TERMINATE, Exit::Terminated));
        Ok(signals)
    }

    /// The exit that the run was asked for, if it was.
    pub fn asked(&self) -> Option<Exit> {
        match self.0.load(Ordering::Relaxed) {
            INTERRUPT => Some(Exit::Interrupted),
            TERMINATE => Some(Exit::Terminated),
            _ => None,
        }
    }
}

async fn watch(mut signal: Signal, asked: Arc<AtomicU8>, kind: u8, exit: Exit) {
    while signal.recv().await.is_some() {
        if asked.swap(kind, Ordering::Relaxed) != NONE {
            std::process::exit(i32::from(exit.code()));
        }
    }
}
