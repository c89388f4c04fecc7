//! The grants in memory, behind one lock: whoever holds it is a transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::json;

use super::rule::{bought_with, uses_left};
use super::store::{Bought, Gate, Grant, Refunded, Source, Standing, Store};
use crate::clock::Time;
use crate::context::Carried;
use crate::event::{self, Draft, Event, Receipt};
use crate::outbox::{Outbox, Rows};
use crate::problem::{Code, Problem};
use crate::right::Action;

#[derive(Default)]
pub(super) struct Memory(Mutex<Rolls>);

#[derive(Default)]
struct Rolls {
    gates: HashMap<String, Gate>,
    grants: Vec<Grant>,
    /// For each purchase the sequence of the last full refund or completion that was applied.
    applied: HashMap<String, String>,
    inbox: HashSet<String>,
    outbox: Rows,
}

impl Memory {
    fn rolls(&self) -> MutexGuard<'_, Rolls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rolls {
    /// Whether an event is newer than all that was applied to this purchase; from now on it is the newest.
    fn advance(&mut self, purchase: &str, event: &Event) -> bool {
        let newer = self.applied.get(purchase).is_none_or(|applied| *applied < event.sequence);
        if newer {
            self.applied.insert(purchase.to_owned(), event.sequence.clone());
        }
        newer
    }

    fn grant_of(&mut self, purchase: &str) -> Option<&mut Grant> {
        self.grants.iter_mut().find(|grant| bought_with(grant, purchase))
    }

    fn tell(&mut self, grant: &Grant, state: &str, at: Time, carried: Carried) {
        self.outbox.append(Draft {
            source: "entitlement",
            r#type: event::ACCESS_CHANGED,
            member: grant.member.clone(),
            version: grant.version.clone(),
            time: at,
            carried,
            data: json!({
                "member": grant.member, "version": grant.version, "rights": grant.rights, "grant": grant.id, "state": state,
            }),
        });
    }
}

#[async_trait]
impl Store for Memory {
    async fn set_gate(&self, version: &str, gate: Gate) -> Result<(), Problem> {
        self.rolls().gates.insert(version.to_owned(), gate);
        Ok(())
    }

    async fn standing(&self, member: Option<&str>, version: &str) -> Result<Standing, Problem> {
        let rolls = self.rolls();
        let gate = rolls.gates.get(version).cloned();
        let gate = gate.ok_or_else(|| Problem::because(Code::NotFound, "There is no such model version."))?;
        let mine = |grant: &&Grant| grant.version == version && Some(grant.member.as_str()) == member;
        Ok(Standing { gate, grants: rolls.grants.iter().filter(mine).cloned().collect() })
    }

    async fn bought(&self, event: &Event, bought: Bought) -> Result<Receipt, Problem> {
        let mut rolls = self.rolls();
        if !rolls.inbox.insert(event.id.clone()) {
            return Ok(Receipt::Duplicate);
        }
        if rolls.advance(&bought.purchase, event) {
            let grant = Grant {
                id: crate::ids::new("grt"),
                member: bought.member,
                version: bought.version,
                rights: bought.rights,
                expires_at: bought.expires_at,
                revoked: false,
                source: Source::Purchase { purchase: bought.purchase },
            };
            rolls.tell(&grant, "granted", event.time, event.carried());
            rolls.grants.push(grant);
        }
        Ok(Receipt::Accepted)
    }

    async fn refunded(&self, event: &Event, refunded: Refunded) -> Result<Receipt, Problem> {
        let mut rolls = self.rolls();
        if !rolls.inbox.insert(event.id.clone()) {
            return Ok(Receipt::Duplicate);
        }
        // Part of the price given back takes nothing away, and must not count as newer than the purchase itself.
        if refunded.full && rolls.advance(&refunded.purchase, event) {
            if let Some(grant) = rolls.grant_of(&refunded.purchase) {
                grant.revoked = true;
                let grant = grant.clone();
                rolls.tell(&grant, "revoked", event.time, event.carried());
            } else {
                // Its completion is still on the way, and will find that it is older. The member is told of the refund
                // all the same.
                rolls.grants.push(Grant {
                    id: crate::ids::new("grt"),
                    member: refunded.member,
                    version: refunded.version,
                    rights: Vec::new(),
                    expires_at: None,
                    revoked: true,
                    source: Source::Purchase { purchase: refunded.purchase },
                });
            }
        }
        Ok(Receipt::Accepted)
    }

    async fn begin_trial(
        &self,
        member: &str,
        version: &str,
        uses: u32,
        at: Time,
        carried: &Carried,
    ) -> Result<Grant, Problem> {
        let mut rolls = self.rolls();
        let begun = rolls.grants.iter().find(|grant| {
            grant.member == member && grant.version == version && matches!(grant.source, Source::Trial { .. })
        });
        if let Some(grant) = begun {
            return Ok(grant.clone());
        }
        let grant = Grant {
            id: crate::ids::new("grt"),
            member: member.to_owned(),
            version: version.to_owned(),
            rights: vec![Action::Generate],
            expires_at: None,
            revoked: false,
            source: Source::Trial { allowed: uses, used: Vec::new() },
        };
        rolls.tell(&grant, "trial", at, carried.clone());
        rolls.grants.push(grant.clone());
        Ok(grant)
    }

    async fn use_trial(&self, grant: &str, job: &str) -> Result<(), Problem> {
        let mut rolls = self.rolls();
        let grant = rolls.grants.iter_mut().find(|known| known.id == grant).ok_or(Code::NotFound)?;
        let left = uses_left(grant);
        match &mut grant.source {
            Source::Purchase { .. } => Ok(()),
            Source::Trial { used, .. } if used.iter().any(|known| known == job) => Ok(()),
            Source::Trial { .. } if left == Some(0) => Err(Code::TrialExhausted.into()),
            Source::Trial { used, .. } => {
                used.push(job.to_owned());
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Outbox for Memory {
    async fn subjects(&self) -> Result<Vec<String>, Problem> {
        Ok(self.rolls().outbox.subjects())
    }

    async fn next(&self, subject: &str) -> Result<Option<Event>, Problem> {
        Ok(self.rolls().outbox.next(subject))
    }

    async fn done(&self, id: &str) -> Result<(), Problem> {
        self.rolls().outbox.done(id);
        Ok(())
    }
}
