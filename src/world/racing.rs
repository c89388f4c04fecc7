//! Requests that are released at the same moment.

use futures::future::join_all;

use super::jobs::Job;
use super::members::Purchase;
use super::{Right, StepError, StepResult, World};
use crate::target::{PlatformAnswer, Slot};

impl World {
    /// Buys with several clients at once, each with a quote and a key of its own.
    pub async fn buy_at_once(&mut self, member: &str, right: Right, model: &str, clients: usize) -> StepResult {
        self.buy_all_at_once(member, right, &vec![model; clients]).await
    }

    /// Buys access to several model versions at once.
    pub async fn buy_all_at_once(&mut self, member: &str, right: Right, models: &[&str]) -> StepResult {
        // The quotes come first: only the purchases themselves are released at the same moment.
        let mut prepared = Vec::with_capacity(models.len());
        for model in models {
            prepared.push(self.quoted(member, right, model).await?);
        }
        let answers = join_all(prepared.iter().map(|purchase| self.send_purchase(member, purchase))).await;
        self.keep_purchases(member, prepared, answers)
    }

    /// Sends one purchase, with one key, several times at once.
    pub async fn send_purchase_at_once(&mut self, member: &str, right: Right, model: &str, times: usize) -> StepResult {
        let purchase = self.quoted(member, right, model).await?;
        let answers = join_all((0..times).map(|_| self.send_purchase(member, &purchase))).await;
        self.keep_purchases(member, vec![purchase; times], answers)
    }

    /// Generates with several clients at once, each with a key of its own.
    pub async fn generate_at_once(&mut self, member: &str, model: &str, clients: usize) -> StepResult {
        self.look_up_access(member, model).await?;
        let jobs = (0..clients).map(|_| self.new_job(member, model, 1)).collect::<Result<Vec<_>, _>>()?;
        self.send_jobs(member, model, jobs).await
    }

    /// Sends one generation, with one key, several times at once.
    pub async fn submit_at_once(&mut self, member: &str, model: &str, times: usize) -> StepResult {
        self.look_up_access(member, model).await?;
        // One job, and so one key: the platform has to take the copies for one request.
        let job = self.new_job(member, model, 1)?;
        self.send_jobs(member, model, vec![job; times]).await
    }

    /// Keeps the answers to purchases that were sent at once, and each purchase that was accepted.
    pub(super) fn keep_purchases(
        &mut self,
        member: &str,
        sent: Vec<Purchase>,
        answers: Vec<Result<PlatformAnswer, StepError>>,
    ) -> StepResult {
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.answers.keep_all_at_once(answers.clone());
        for (purchase, answer) in sent.into_iter().zip(answers) {
            if answer.ok {
                let id = answer.text(Slot::Purchase);
                self.members.get_mut(member)?.purchases.push(Purchase { id, ..purchase });
                self.answers.keep(answer);
            }
        }
        Ok(())
    }

    async fn send_jobs(&mut self, member: &str, model: &str, jobs: Vec<Job>) -> StepResult {
        let credential = self.members.get(member)?.credentials.get(&self.models.get(model)?.id).cloned();
        let answers = join_all(jobs.iter().map(|job| self.send_job(job, credential.clone()))).await;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.answers.keep_all_at_once(answers.clone());
        // Later sentences speak of the latest job. So the accepted ones are kept last.
        let mut sent: Vec<_> = jobs.into_iter().zip(answers).collect();
        sent.sort_by_key(|(_, answer)| answer.ok);
        for (job, answer) in sent {
            self.keep_job(job, answer);
        }
        Ok(())
    }
}
