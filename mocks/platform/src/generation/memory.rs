//! The jobs in memory, behind one lock: whoever holds it is a transaction.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::store::{Debt, Image, Job, Step, Store};
use crate::clock::Time;
use crate::idempotency::{Once, Outcome};
use crate::problem::{Code, Problem};

#[derive(Default)]
pub(super) struct Memory(Mutex<Shelves>);

#[derive(Default)]
struct Shelves {
    jobs: HashMap<String, Job>,
    /// Newest last.
    order: Vec<String>,
    images: HashMap<String, Image>,
    places: HashMap<(String, String), Place>,
    debts: Vec<Debt>,
}

/// What has become of a request.
struct Place {
    hash: String,
    job: String,
    state: Taken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It is being worked on.
    Held,
    /// It was refused.
    Free,
    /// There is a job.
    Filled,
}

impl Memory {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(once: &Once) -> (String, String) {
    (once.member.clone(), once.key.clone())
}

#[async_trait]
impl Store for Memory {
    async fn reserve(&self, once: &Once, places: usize) -> Result<Outcome<String>, Problem> {
        let mut shelves = self.shelves();
        let mut job = crate::ids::new("job");
        if let Some(place) = shelves.places.get(&name(once)) {
            match place.state {
                Taken::Held | Taken::Filled if place.hash != once.hash => return Err(Code::IdempotencyKeyReused.into()),
                Taken::Held => return Err(Code::RequestInProgress.into()),
                Taken::Filled => return Ok(Outcome::replayed(place.job.clone())),
                Taken::Free => job.clone_from(&place.job),
            }
        }
        let unfinished =
            shelves.jobs.values().filter(|job| job.member == once.member && !job.status().is_terminal()).count();
        let held =
            shelves.places.iter().filter(|((member, _), place)| *member == once.member && place.state == Taken::Held);
        if unfinished + held.count() >= places {
            return Err(Code::QueueFull.into());
        }
        let place = Place { hash: once.hash.clone(), job: job.clone(), state: Taken::Held };
        shelves.places.insert(name(once), place);
        Ok(Outcome::fresh(job))
    }

    /// What dies with the process is not at stake.
    async fn stake(&self, _: &Once, _: &Debt) -> Result<(), Problem> {
        Ok(())
    }

    async fn resume(&self) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }

    async fn release(&self, once: &Once) -> Result<(), Problem> {
        if let Some(place) = self.shelves().places.get_mut(&name(once)) {
            place.state = Taken::Free;
        }
        Ok(())
    }

    async fn abandon(&self, once: &Once, debt: Debt) -> Result<(), Problem> {
        let mut shelves = self.shelves();
        shelves.places.remove(&name(once));
        shelves.debts.push(debt);
        Ok(())
    }

    async fn create(&self, once: &Once, job: Job) -> Result<(), Problem> {
        let mut shelves = self.shelves();
        if let Some(place) = shelves.places.get_mut(&name(once)) {
            place.state = Taken::Filled;
        }
        shelves.order.push(job.id.clone());
        shelves.jobs.insert(job.id.clone(), job);
        Ok(())
    }

    async fn job(&self, id: &str) -> Result<Option<Job>, Problem> {
        Ok(self.shelves().jobs.get(id).cloned())
    }

    async fn jobs(&self, member: &str) -> Result<Vec<Job>, Problem> {
        let shelves = self.shelves();
        let newest_first = shelves.order.iter().rev().filter_map(|id| shelves.jobs.get(id));
        Ok(newest_first.filter(|job| job.member == member).cloned().collect())
    }

    async fn image(&self, id: &str) -> Result<Option<Image>, Problem> {
        Ok(self.shelves().images.get(id).cloned())
    }

    async fn advance(&self, id: &str, step: Step, at: Time) -> Result<Job, Problem> {
        let mut shelves = self.shelves();
        let mut job = shelves.jobs.get(id).ok_or(Code::NotFound)?.clone();
        for (id, file) in job.take(step, at)? {
            shelves.images.insert(id, Image { member: job.member.clone(), file });
        }
        shelves.debts.extend(job.debt());
        shelves.jobs.insert(job.id.clone(), job.clone());
        Ok(job)
    }

    async fn debts(&self) -> Result<Vec<Debt>, Problem> {
        Ok(self.shelves().debts.clone())
    }

    async fn settle(&self, debt: &Debt, refunded: i64) -> Result<(), Problem> {
        let mut shelves = self.shelves();
        shelves.debts.retain(|known| known != debt);
        if let Some(job) = shelves.jobs.get_mut(&debt.job) {
            job.refunded += refunded;
        }
        Ok(())
    }
}
