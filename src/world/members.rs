//! The members of a scenario, with the sessions, credentials and purchases that they hold.

use std::collections::BTreeMap;

use super::{Right, StepError, StepResult};

/// The members of one scenario, by their names in it.
#[derive(Debug, Default)]
pub struct Members {
    known: BTreeMap<String, Member>,
    /// Sessions that the platform did not issue.
    forged: Vec<String>,
}

/// A member of the platform.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    /// The platform's id for the member.
    pub id: String,
    /// The session in use; `None` for a member who is signed out.
    pub token: Option<String>,
    /// The session from the sign-up, which a member keeps after signing out.
    pub session: Option<String>,
    pub moderator: bool,
    /// The purchase credentials, by model version id.
    pub credentials: BTreeMap<String, String>,
    /// The purchases, oldest first.
    pub purchases: Vec<Purchase>,
    pub opening_balance: i64,
}

/// An attempt to buy access.
#[derive(Debug, Clone)]
pub(super) struct Purchase {
    /// The platform's id for the purchase, once it was accepted.
    pub id: Option<String>,
    /// The idempotency key.
    pub key: String,
    /// The quote, on platforms that have quotes.
    pub quote: Option<String>,
    /// The model version, by its name in the scenario.
    pub model: String,
    /// The platform's id for the model version.
    pub version: String,
    pub right: Right,
}

impl Members {
    /// Signs a member out: requests have no session from now on.
    pub fn sign_out(&mut self, name: &str) -> StepResult {
        self.get_mut(name)?.token = None;
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Result<&Member, StepError> {
        self.known.get(name).ok_or_else(|| unknown(name))
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Result<&mut Member, StepError> {
        self.known.get_mut(name).ok_or_else(|| unknown(name))
    }

    pub(super) fn add(&mut self, name: &str, member: Member) {
        self.known.insert(name.to_owned(), member);
    }

    /// Gives a member a session that the platform did not issue.
    pub(super) fn forge_session(&mut self, name: &str, session: String) -> StepResult {
        self.get_mut(name)?.token = Some(session.clone());
        self.forged.push(session);
        Ok(())
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Returns the id of a member, if there is one of this name.
    pub(super) fn id(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(|member| member.id.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Member)> {
        self.known.iter()
    }

    pub(super) fn forged(&self) -> &[String] {
        &self.forged
    }
}

impl Member {
    /// Returns the platform's id of the latest purchase that it accepted.
    pub fn bought(&self) -> Option<String> {
        self.purchases.iter().rev().find_map(|purchase| purchase.id.clone())
    }
}

fn unknown(name: &str) -> StepError {
    StepError::scenario(format!("nobody is called {name} yet: begin with “Given {name} has 500 credits”"))
}
