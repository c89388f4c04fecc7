//! The gates and grants in memory, behind one lock: whoever holds it is a transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::decisions::{AccessChange, counts_use, unknown_version};
use super::store::{AccessRecord, Gate, Grant, GrantSource, PurchaseCompleted, PurchaseRefunded, Store};
use crate::clock::Time;
use crate::context::Propagated;
use crate::event::{Event, Receipt};
use crate::outbox::{MemoryOutbox, Outbox};
use crate::problem::{Code, Problem};

#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    gates: HashMap<String, Gate>,
    grants: Vec<Grant>,
    /// By purchase the sequence of the last completion or full refund that was applied.
    applied: HashMap<String, String>,
    inbox: HashSet<String>,
    outbox: MemoryOutbox,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Says whether an event is newer than all that was applied to its purchase; from now on it is the newest.
    fn advance(&mut self, purchase: &str, event: &Event) -> bool {
        let newer = self.applied.get(purchase).is_none_or(|applied| *applied < event.sequence);
        if newer {
            self.applied.insert(purchase.to_owned(), event.sequence.clone());
        }
        newer
    }
}

#[async_trait]
impl Store for Memory {
    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.state().outbox.clone())
    }

    async fn set_gate(&self, version: &str, gate: Gate) -> Result<(), Problem> {
        self.state().gates.insert(version.to_owned(), gate);
        Ok(())
    }

    async fn access_record(&self, member: Option<&str>, version: &str) -> Result<AccessRecord, Problem> {
        let state = self.state();
        let gate = state.gates.get(version).cloned().ok_or_else(unknown_version)?;
        let mine = |grant: &&Grant| grant.version == version && Some(grant.member.as_str()) == member;
        Ok(AccessRecord { gate, grants: state.grants.iter().filter(mine).cloned().collect() })
    }

    async fn purchase_completed(&self, event: &Event, bought: PurchaseCompleted) -> Result<Receipt, Problem> {
        let mut state = self.state();
        if !state.inbox.insert(event.id.clone()) {
            return Ok(Receipt::Duplicate);
        }
        if state.advance(&bought.purchase, event) {
            let grant = Grant::bought(bought);
            state.outbox.append(grant.changed(AccessChange::Granted, event.time, event.propagated()));
            state.grants.push(grant);
        }
        Ok(Receipt::Accepted)
    }

    async fn purchase_refunded(&self, event: &Event, refunded: PurchaseRefunded) -> Result<Receipt, Problem> {
        let mut state = self.state();
        if !state.inbox.insert(event.id.clone()) {
            return Ok(Receipt::Duplicate);
        }
        // Part of the price given back takes nothing away, and must not count as newer than the purchase itself.
        if refunded.full && state.advance(&refunded.purchase, event) {
            if let Some(grant) = state.grants.iter_mut().find(|grant| grant.is_from(&refunded.purchase)) {
                grant.revoked = true;
                let revoked = grant.changed(AccessChange::Revoked, event.time, event.propagated());
                state.outbox.append(revoked);
            } else {
                state.grants.push(Grant::refunded_before_granted(refunded));
            }
        }
        Ok(Receipt::Accepted)
    }

    async fn begin_trial(&self, trial: Grant, at: Time, propagated: &Propagated) -> Result<Grant, Problem> {
        let mut state = self.state();
        let same = |known: &&Grant| known.member == trial.member && known.version == trial.version && known.is_trial();
        if let Some(begun) = state.grants.iter().find(same) {
            return Ok(begun.clone());
        }
        state.outbox.append(trial.changed(AccessChange::Trial, at, propagated.clone()));
        state.grants.push(trial.clone());
        Ok(trial)
    }

    async fn use_trial(&self, grant: &str, job: &str) -> Result<(), Problem> {
        let mut state = self.state();
        let grant = state.grants.iter_mut().find(|known| known.id == grant).ok_or(Code::NotFound)?;
        if counts_use(grant, job)?
            && let GrantSource::Trial { used, .. } = &mut grant.source
        {
            used.push(job.to_owned());
        }
        Ok(())
    }
}
