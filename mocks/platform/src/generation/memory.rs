//! The jobs in memory, behind one lock: whoever holds it is a transaction.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::store::{Debt, Image, Job, Reservation, ReservationState, Step, Store, reserve};
use crate::clock::Time;
use crate::idempotency::{IdempotentRequest, Replayable};
use crate::problem::{Code, Problem};

#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    jobs: HashMap<String, Job>,
    /// The ids of the jobs, newest last.
    order: Vec<String>,
    images: HashMap<String, Image>,
    /// By member and key.
    reservations: HashMap<(String, String), Reservation>,
    debts: Vec<Debt>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(request: &IdempotentRequest) -> (String, String) {
    (request.member.clone(), request.key.clone())
}

#[async_trait]
impl Store for Memory {
    async fn reserve(&self, request: &IdempotentRequest, places: usize) -> Result<Replayable<String>, Problem> {
        let mut state = self.state();
        let unfinished = state.jobs.values().filter(|job| job.member == request.member && !job.status().is_terminal());
        let held = state.reservations.iter().filter(|((member, _), reservation)| {
            *member == request.member && reservation.state == ReservationState::Held
        });
        let taken = unfinished.count() + held.count();
        let job = reserve(state.reservations.get(&place(request)), request, taken, places)?;
        if !job.replayed {
            let (hash, job) = (request.hash.clone(), job.value.clone());
            let reservation = Reservation { hash, job, state: ReservationState::Held };
            state.reservations.insert(place(request), reservation);
        }
        Ok(job)
    }

    // Nothing survives this process, so there is nothing to secure.
    async fn secure_refund(&self, _: &IdempotentRequest, _: &Debt) -> Result<(), Problem> {
        Ok(())
    }

    async fn resume(&self) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }

    async fn release(&self, request: &IdempotentRequest) -> Result<(), Problem> {
        if let Some(reservation) = self.state().reservations.get_mut(&place(request)) {
            reservation.state = ReservationState::Free;
        }
        Ok(())
    }

    async fn abandon(&self, request: &IdempotentRequest, debt: Debt) -> Result<(), Problem> {
        let mut state = self.state();
        state.reservations.remove(&place(request));
        state.debts.push(debt);
        Ok(())
    }

    async fn create(&self, request: &IdempotentRequest, job: Job) -> Result<(), Problem> {
        let mut state = self.state();
        if let Some(reservation) = state.reservations.get_mut(&place(request)) {
            reservation.state = ReservationState::Filled;
        }
        state.order.push(job.id.clone());
        state.jobs.insert(job.id.clone(), job);
        Ok(())
    }

    async fn job(&self, id: &str) -> Result<Option<Job>, Problem> {
        Ok(self.state().jobs.get(id).cloned())
    }

    async fn jobs(&self, member: &str) -> Result<Vec<Job>, Problem> {
        let state = self.state();
        let newest_first = state.order.iter().rev().filter_map(|id| state.jobs.get(id));
        Ok(newest_first.filter(|job| job.member == member).cloned().collect())
    }

    async fn image(&self, id: &str) -> Result<Option<Image>, Problem> {
        Ok(self.state().images.get(id).cloned())
    }

    async fn advance(&self, id: &str, step: Step, at: Time) -> Result<Job, Problem> {
        let mut state = self.state();
        // A copy, so that a step that is refused changes nothing.
        let mut job = state.jobs.get(id).ok_or(Code::NotFound)?.clone();
        for (id, file) in job.take(step, at)? {
            state.images.insert(id, Image { member: job.member.clone(), file });
        }
        state.debts.extend(job.debt());
        state.jobs.insert(job.id.clone(), job.clone());
        Ok(job)
    }

    async fn debts(&self) -> Result<Vec<Debt>, Problem> {
        Ok(self.state().debts.clone())
    }

    async fn settle(&self, debt: &Debt, refunded: i64) -> Result<(), Problem> {
        let mut state = self.state();
        state.debts.retain(|known| known != debt);
        if let Some(job) = state.jobs.get_mut(&debt.job) {
            job.refunded += refunded;
        }
        Ok(())
    }
}
