//! Several requests released at the same moment.

use futures::future::join_all;

use super::{Job, Purchase, Right, StepError, StepResult, World};
use crate::target::PlatformAnswer;

impl World {
    /// Buys with so many clients released at once, each with a quote and a key of its own.
    ///
    /// # Errors
    /// If there is no answer to one of them.
    pub async fn buy_at_once(&mut self, member: &str, right: Right, model: &str, clients: usize) -> StepResult {
        self.buy_all_at_once(member, right, &vec![model; clients]).await
    }

    /// Buys access to each of these model versions, all at the same moment.
    ///
    /// # Errors
    /// If there is no answer to one of them.
    pub async fn buy_all_at_once(&mut self, member: &str, right: Right, models: &[&str]) -> StepResult {
        let mut prepared = Vec::with_capacity(models.len());
        for model in models {
            prepared.push(self.quoted(member, right, model).await?);
        }
        let answers = join_all(prepared.iter().map(|purchase| self.send_purchase(member, purchase))).await;
        self.keep_purchases(member, prepared, answers)
    }

    /// Sends one purchase, with one key, so many times at the same moment.
    ///
    /// # Errors
    /// If there is no answer to one of them.
    pub async fn send_purchase_at_once(&mut self, member: &str, right: Right, model: &str, times: usize) -> StepResult {
        let purchase = self.quoted(member, right, model).await?;
        let answers = join_all((0..times).map(|_| self.send_purchase(member, &purchase))).await;
        self.keep_purchases(member, vec![purchase; times], answers)
    }

    /// Generates with so many clients released at once, each with a key of its own.
    ///
    /// # Errors
    /// If there is no answer to one of them.
    pub async fn generate_at_once(&mut self, member: &str, model: &str, clients: usize) -> StepResult {
        self.look_up_access(member, model).await?;
        let jobs = (0..clients).map(|_| self.new_job(member, model, 1)).collect::<Result<Vec<_>, _>>()?;
        self.send_jobs(member, model, jobs).await
    }

    /// Sends one generation, with one key, so many times at the same moment.
    ///
    /// # Errors
    /// If there is no answer to one of them.
    pub async fn submit_at_once(&mut self, member: &str, model: &str, times: usize) -> StepResult {
        self.look_up_access(member, model).await?;
        let job = self.new_job(member, model, 1)?;
        self.send_jobs(member, model, vec![job; times]).await
    }

    pub(super) fn keep_purchases(
        &mut self,
        member: &str,
        sent: Vec<Purchase>,
        answers: Vec<Result<PlatformAnswer, StepError>>,
    ) -> StepResult {
        self.at_once = answers.into_iter().collect::<Result<_, _>>()?;
        for (purchase, answer) in sent.into_iter().zip(self.at_once.clone()) {
            if answer.ok {
                let id = answer.text("purchase");
                self.member_mut(member)?.purchases.push(Purchase { id, ..purchase });
                self.last = Some(answer);
            }
        }
        Ok(())
    }

    async fn send_jobs(&mut self, member: &str, model: &str, jobs: Vec<Job>) -> StepResult {
        let credential = self.member(member)?.credentials.get(&self.model(model)?.id).cloned();
        let answers = join_all(jobs.iter().map(|job| self.send_job(job, credential.clone()))).await;
        self.at_once = answers.into_iter().collect::<Result<_, _>>()?;
        // One that was accepted is kept last: that is the one that is spoken of.
        let mut sent: Vec<_> = jobs.into_iter().zip(self.at_once.clone()).collect();
        sent.sort_by_key(|(_, answer)| answer.ok);
        for (job, answer) in sent {
            self.keep_job(job, answer);
        }
        Ok(())
    }
}
