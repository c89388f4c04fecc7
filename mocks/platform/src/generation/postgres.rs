//! The jobs in PostgreSQL: each as one document, beside what it is looked up by.

use async_trait::async_trait;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};

use super::store::{Debt, Image, Job, Reservation, ReservationState, Step, Store, reserve};
use crate::clock::Time;
use crate::idempotency::{IdempotentRequest, Replayable};
use crate::postgres::{Database, Word};
use crate::problem::{Code, Problem};

pub(super) struct Tables(pub(super) Database);

impl Tables {
    async fn put(&self, connection: &mut PgConnection, job: &Job) -> Result<(), Problem> {
        let query = sqlx::query(
            "INSERT INTO jobs (id, member, finished, job) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET finished = excluded.finished, job = excluded.job",
        )
        .bind(&job.id)
        .bind(&job.member)
        .bind(job.status().is_terminal())
        .bind(Json(job));
        self.0.execute(connection, query).await?;
        Ok(())
    }

    async fn lock(&self, connection: &mut PgConnection, id: &str) -> Result<Option<Job>, Problem> {
        let job: Option<Json<Job>> = sqlx::query_scalar("SELECT job FROM jobs WHERE id = $1 FOR UPDATE")
            .bind(id)
            .fetch_optional(connection)
            .await
            .map_err(self.0.failed())?;
        Ok(job.map(|Json(job)| job))
    }

    async fn add_debt(&self, connection: &mut PgConnection, debt: &Debt) -> Result<(), Problem> {
        let query = sqlx::query("INSERT INTO debts (job, debt) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&debt.job)
            .bind(Json(debt));
        self.0.execute(connection, query).await?;
        Ok(())
    }

    async fn vacate(&self, connection: &mut PgConnection, request: &IdempotentRequest) -> Result<(), Problem> {
        let delete = sqlx::query("DELETE FROM places WHERE member = $1 AND key = $2");
        delete.bind(&request.member).bind(&request.key).execute(connection).await.map_err(self.0.failed())?;
        Ok(())
    }

    async fn set_state(
        &self,
        connection: &mut PgConnection,
        request: &IdempotentRequest,
        state: ReservationState,
    ) -> Result<(), Problem> {
        let query = sqlx::query("UPDATE places SET state = $3, stake = NULL WHERE member = $1 AND key = $2")
            .bind(&request.member)
            .bind(&request.key)
            .bind(Word(state));
        self.0.execute(connection, query).await?;
        Ok(())
    }
}

#[async_trait]
impl Store for Tables {
    async fn reserve(&self, request: &IdempotentRequest, places: usize) -> Result<Replayable<String>, Problem> {
        let mut transaction = self.0.begin().await?;
        // One request of a member after the other: the places counted below must not change meanwhile.
        let query = sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(&request.member);
        self.0.execute(&mut transaction, query).await?;
        let known: Option<(String, String, Word<ReservationState>)> =
            sqlx::query_as("SELECT hash, job, state FROM places WHERE member = $1 AND key = $2")
                .bind(&request.member)
                .bind(&request.key)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(self.0.failed())?;
        let known = known.map(|(hash, job, Word(state))| Reservation { hash, job, state });
        let taken: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM jobs WHERE member = $1 AND NOT finished) \
             + (SELECT count(*) FROM places WHERE member = $1 AND state = 'held')",
        )
        .bind(&request.member)
        .fetch_one(&mut *transaction)
        .await
        .map_err(self.0.failed())?;
        let job = reserve(known.as_ref(), request, usize::try_from(taken).unwrap_or_default(), places)?;
        if job.replayed {
            return Ok(job);
        }
        let query = sqlx::query(
            "INSERT INTO places (member, key, hash, job, state) VALUES ($1, $2, $3, $4, 'held') \
             ON CONFLICT (member, key) DO UPDATE SET hash = excluded.hash, state = 'held'",
        )
        .bind(&request.member)
        .bind(&request.key)
        .bind(&request.hash)
        .bind(&job.value);
        self.0.execute(&mut transaction, query).await?;
        self.0.commit(transaction).await?;
        Ok(job)
    }

    async fn secure_refund(&self, request: &IdempotentRequest, debt: &Debt) -> Result<(), Problem> {
        sqlx::query("UPDATE places SET stake = $3 WHERE member = $1 AND key = $2")
            .bind(&request.member)
            .bind(&request.key)
            .bind(Json(debt))
            .execute(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(())
    }

    async fn release(&self, request: &IdempotentRequest) -> Result<(), Problem> {
        let mut transaction = self.0.begin().await?;
        self.set_state(&mut transaction, request, ReservationState::Free).await?;
        self.0.commit(transaction).await
    }

    async fn abandon(&self, request: &IdempotentRequest, debt: Debt) -> Result<(), Problem> {
        let mut transaction = self.0.begin().await?;
        self.vacate(&mut transaction, request).await?;
        self.add_debt(&mut transaction, &debt).await?;
        self.0.commit(transaction).await
    }

    async fn create(&self, request: &IdempotentRequest, job: Job) -> Result<(), Problem> {
        let mut transaction = self.0.begin().await?;
        self.set_state(&mut transaction, request, ReservationState::Filled).await?;
        self.put(&mut transaction, &job).await?;
        self.0.commit(transaction).await
    }

    async fn resume(&self) -> Result<Vec<String>, Problem> {
        let mut transaction = self.0.begin().await?;
        let held = sqlx::query("DELETE FROM places WHERE state = 'held' AND stake IS NOT NULL RETURNING stake");
        for row in held.fetch_all(&mut *transaction).await.map_err(self.0.failed())? {
            let Json(debt): Json<Debt> = row.try_get("stake").map_err(self.0.failed())?;
            self.add_debt(&mut transaction, &debt).await?;
        }
        let free = sqlx::query("UPDATE places SET state = 'free' WHERE state = 'held'");
        free.execute(&mut *transaction).await.map_err(self.0.failed())?;
        let unfinished = sqlx::query_scalar("SELECT id FROM jobs WHERE NOT finished ORDER BY number");
        let unfinished = unfinished.fetch_all(&mut *transaction).await.map_err(self.0.failed())?;
        self.0.commit(transaction).await?;
        Ok(unfinished)
    }

    async fn job(&self, id: &str) -> Result<Option<Job>, Problem> {
        let job: Option<Json<Job>> = sqlx::query_scalar("SELECT job FROM jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(job.map(|Json(job)| job))
    }

    async fn jobs(&self, member: &str) -> Result<Vec<Job>, Problem> {
        let jobs: Vec<Json<Job>> = sqlx::query_scalar("SELECT job FROM jobs WHERE member = $1 ORDER BY number DESC")
            .bind(member)
            .fetch_all(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(jobs.into_iter().map(|Json(job)| job).collect())
    }

    async fn image(&self, id: &str) -> Result<Option<Image>, Problem> {
        let image: Option<(String, Vec<u8>)> = sqlx::query_as("SELECT member, file FROM images WHERE id = $1")
            .bind(id)
            .fetch_optional(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(image.map(|(member, file)| Image { member, file }))
    }

    async fn advance(&self, id: &str, step: Step, at: Time) -> Result<Job, Problem> {
        let mut transaction = self.0.begin().await?;
        let mut job = self.lock(&mut transaction, id).await?.ok_or(Code::NotFound)?;
        for (id, file) in job.take(step, at)? {
            let query = sqlx::query("INSERT INTO images (id, member, file) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(&job.member)
                .bind(file);
            self.0.execute(&mut transaction, query).await?;
        }
        if let Some(debt) = job.debt() {
            self.add_debt(&mut transaction, &debt).await?;
        }
        self.put(&mut transaction, &job).await?;
        self.0.commit(transaction).await?;
        Ok(job)
    }

    async fn debts(&self) -> Result<Vec<Debt>, Problem> {
        let debts: Vec<Json<Debt>> = sqlx::query_scalar("SELECT debt FROM debts ORDER BY number")
            .fetch_all(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(debts.into_iter().map(|Json(debt)| debt).collect())
    }

    async fn settle(&self, debt: &Debt, refunded: i64) -> Result<(), Problem> {
        let mut transaction = self.0.begin().await?;
        let paid = sqlx::query("DELETE FROM debts WHERE job = $1").bind(&debt.job).execute(&mut *transaction).await;
        let owed = paid.map_err(self.0.failed())?.rows_affected() > 0;
        if owed && let Some(mut job) = self.lock(&mut transaction, &debt.job).await? {
            job.refunded += refunded;
            self.put(&mut transaction, &job).await?;
        }
        self.0.commit(transaction).await
    }
}
