//! Handing the scenario over to a person, who clicks around as one of its members.

use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::{StepError, StepResult, World};
use crate::tap::{Attribution, Tap};

impl World {
    /// Waits until somebody presses Enter, and meanwhile has an address at which all that is done belongs to this scenario:
    /// with its clock, its faults, and in its report. Says the address and the member's session on the standard error. Goes on
    /// at once in a run to which nobody has come.
    ///
    /// # Errors
    /// If the address cannot be opened.
    pub async fn hand_over(&mut self, member: &str) -> StepResult {
        let token = self.member(member)?.token.clone();
        if !self.context.hand_over {
            return Ok(());
        }
        let tap = self.tap_of_its_own().await?;
        let mut told = format!("\n{member} takes over: {}", tap.address());
        for (name, model) in &self.models {
            if let Some(page) = &self.context.target.page {
                told.push_str(&format!("\n  {name}: {}{}", tap.address(), page.path(&model.id)));
            }
        }
        if let Some(token) = token {
            told.push_str(&format!("\n  {member}'s session: {token}"));
        }
        told.push_str("\nPress Enter to go on.\n");
        // Where nobody can be told, nobody presses Enter either: the input is at its end then.
        let _ = std::io::stderr().write_all(told.as_bytes());
        enter().await;
        tap.stop().await;
        Ok(())
    }

    /// A tap on the member's edge whose exchanges are this scenario's, whoever makes them.
    pub(super) async fn tap_of_its_own(&self) -> Result<Tap, StepError> {
        let attribution = Attribution::Owned { trace: self.trace, baggage: Arc::clone(&self.baggage) };
        let context = &self.context;
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let edge = context.edges[0].clone();
        let tap = Tap::open(edge, anywhere, attribution, context.recorder.clone(), context.faults.clone()).await;
        let tap = tap.map_err(|error| StepError::environment(format!("no tap could be opened: {error}")))?;
        let pointed = tap.point_at(&context.front);
        pointed.map_err(|error| StepError::environment(format!("the tap cannot forward: {error}")))?;
        Ok(tap)
    }
}

/// Waits for a line, or for the end of the input. On a thread of its own: one that reads cannot be interrupted, and must not
/// keep a worker from ending.
async fn enter() {
    let (pressed, waiting) = oneshot::channel();
    std::thread::spawn(move || {
        // An input that cannot be read is at its end.
        let _ = std::io::stdin().lock().read_line(&mut String::new());
        // Nobody waits any more where the run was interrupted.
        let _ = pressed.send(());
    });
    // The sender goes only after it has sent.
    let _ = waiting.await;
}
