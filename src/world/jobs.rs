//! The jobs of a scenario that the platform accepted.

/// A generation job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// The platform's id for the job; empty before the platform accepts it.
    pub id: String,
    /// The member who asked for it, by name in the scenario.
    pub member: String,
    pub prompt: String,
    pub quantity: u64,
    pub seed: u64,
    /// The idempotency key.
    pub key: String,
    /// The model version, by its name in the scenario.
    pub model: String,
}

/// The accepted jobs, oldest first.
#[derive(Debug, Default)]
pub(super) struct Jobs(Vec<Job>);

impl Jobs {
    pub fn add(&mut self, job: Job) {
        self.0.push(job);
    }

    pub fn latest(&self) -> Option<&Job> {
        self.0.last()
    }

    pub fn latest_of(&self, member: &str) -> Option<&Job> {
        self.0.iter().rev().find(|job| job.member == member)
    }
}
