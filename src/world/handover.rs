//! Handing the scenario over to a person, who goes on as one of its members.

use std::io::{BufRead, Write};

use tokio::sync::oneshot;

use super::{StepResult, World};

impl World {
    /// Opens an address at which everything belongs to this scenario, with its clock and its faults, prints it with the session of
    /// the member, and waits until the person presses Enter. In a run without `--hand-over` it returns at once.
    pub async fn hand_over(&mut self, member: &str) -> StepResult {
        let token = self.members.get(member)?.token.clone();
        if !self.context.options.hand_over {
            return Ok(());
        }
        let tap = self.client.open_tap().await?;
        let mut message = format!("\n{member} takes over: {}", tap.address());
        for (name, model) in self.models.iter() {
            if let Some(page) = &self.context.target.page {
                message.push_str(&format!("\n  {name}: {}{}", tap.address(), page.path(&model.id)));
            }
        }
        if let Some(token) = token {
            message.push_str(&format!("\n  {member}'s session: {token}"));
        }
        message.push_str("\nPress Enter to go on.\n");
        // If the standard error is closed, the input is closed, too, and the wait below ends at once.
        let _ = std::io::stderr().write_all(message.as_bytes());
        wait_for_enter().await;
        tap.stop().await;
        Ok(())
    }
}

/// Waits for a line, or for the end of the input.
async fn wait_for_enter() {
    let (pressed, waiting) = oneshot::channel();
    // A read of the standard input cannot be cancelled. On a thread of its own it does not keep the worker from ending.
    std::thread::spawn(move || {
        // An input that cannot be read is at its end.
        let _ = std::io::stdin().lock().read_line(&mut String::new());
        // After an interrupt nobody waits any more.
        let _ = pressed.send(());
    });
    // The sender is dropped only after it has sent.
    let _ = waiting.await;
}
