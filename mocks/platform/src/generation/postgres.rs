//! The jobs in PostgreSQL: each as one document, beside what it is looked up by.

use async_trait::async_trait;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};

use super::store::{Debt, Image, Job, Step, Store};
use crate::clock::Time;
use crate::idempotency::{Once, Outcome};
use crate::postgres::Database;
use crate::problem::{Code, Problem};
use crate::settings::ServiceName;

pub(super) struct Shelves(Database);

impl Shelves {
    pub(super) async fn open(url: &str) -> Result<Self, sqlx::Error> {
        Database::open(url, ServiceName::Generation, &sqlx::migrate!("migrations/generation")).await.map(Self)
    }

    async fn put(&self, connection: &mut PgConnection, job: &Job) -> Result<(), Problem> {
        sqlx::query(
            "INSERT INTO jobs (id, member, finished, job) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET finished = excluded.finished, job = excluded.job",
        )
        .bind(&job.id)
        .bind(&job.member)
        .bind(job.status().is_terminal())
        .bind(Json(job))
        .execute(connection)
        .await
        .map_err(self.0.failed())?;
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

    async fn owe(&self, connection: &mut PgConnection, debt: &Debt) -> Result<(), Problem> {
        sqlx::query("INSERT INTO debts (job, debt) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&debt.job)
            .bind(Json(debt))
            .execute(connection)
            .await
            .map_err(self.0.failed())?;
        Ok(())
    }

    async fn vacate(&self, connection: &mut PgConnection, once: &Once) -> Result<(), Problem> {
        let delete = sqlx::query("DELETE FROM places WHERE member = $1 AND key = $2");
        delete.bind(&once.member).bind(&once.key).execute(connection).await.map_err(self.0.failed())?;
        Ok(())
    }

    async fn set_state(&self, connection: &mut PgConnection, once: &Once, state: &str) -> Result<(), Problem> {
        sqlx::query("UPDATE places SET state = $3, stake = NULL WHERE member = $1 AND key = $2")
            .bind(&once.member)
            .bind(&once.key)
            .bind(state)
            .execute(connection)
            .await
            .map_err(self.0.failed())?;
        Ok(())
    }
}

#[async_trait]
impl Store for Shelves {
    async fn reserve(&self, once: &Once, places: usize) -> Result<Outcome<String>, Problem> {
        let mut shelves = self.0.begin().await?;
        // One request of a member after the other: what is counted below must not change meanwhile.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(&once.member)
            .execute(&mut *shelves)
            .await
            .map_err(self.0.failed())?;
        let known: Option<(String, String, String)> =
            sqlx::query_as("SELECT hash, job, state FROM places WHERE member = $1 AND key = $2")
                .bind(&once.member)
                .bind(&once.key)
                .fetch_optional(&mut *shelves)
                .await
                .map_err(self.0.failed())?;
        let job = match known {
            Some((hash, _, state)) if state != "free" && hash != once.hash => {
                return Err(Code::IdempotencyKeyReused.into());
            }
            Some((_, _, state)) if state == "held" => return Err(Code::RequestInProgress.into()),
            Some((_, job, state)) if state == "filled" => return Ok(Outcome::replayed(job)),
            Some((_, job, _)) => job,
            None => crate::ids::new("job"),
        };
        let taken: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM jobs WHERE member = $1 AND NOT finished) \
             + (SELECT count(*) FROM places WHERE member = $1 AND state = 'held')",
        )
        .bind(&once.member)
        .fetch_one(&mut *shelves)
        .await
        .map_err(self.0.failed())?;
        if usize::try_from(taken).is_ok_and(|taken| taken >= places) {
            return Err(Code::QueueFull.into());
        }
        sqlx::query(
            "INSERT INTO places (member, key, hash, job, state) VALUES ($1, $2, $3, $4, 'held') \
             ON CONFLICT (member, key) DO UPDATE SET hash = excluded.hash, state = 'held'",
        )
        .bind(&once.member)
        .bind(&once.key)
        .bind(&once.hash)
        .bind(&job)
        .execute(&mut *shelves)
        .await
        .map_err(self.0.failed())?;
        self.0.commit(shelves).await?;
        Ok(Outcome::fresh(job))
    }

    async fn stake(&self, once: &Once, debt: &Debt) -> Result<(), Problem> {
        sqlx::query("UPDATE places SET stake = $3 WHERE member = $1 AND key = $2")
            .bind(&once.member)
            .bind(&once.key)
            .bind(Json(debt))
            .execute(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(())
    }

    async fn release(&self, once: &Once) -> Result<(), Problem> {
        let mut shelves = self.0.begin().await?;
        self.set_state(&mut shelves, once, "free").await?;
        self.0.commit(shelves).await
    }

    async fn abandon(&self, once: &Once, debt: Debt) -> Result<(), Problem> {
        let mut shelves = self.0.begin().await?;
        self.vacate(&mut shelves, once).await?;
        self.owe(&mut shelves, &debt).await?;
        self.0.commit(shelves).await
    }

    async fn create(&self, once: &Once, job: Job) -> Result<(), Problem> {
        let mut shelves = self.0.begin().await?;
        self.set_state(&mut shelves, once, "filled").await?;
        self.put(&mut shelves, &job).await?;
        self.0.commit(shelves).await
    }

    async fn resume(&self) -> Result<Vec<String>, Problem> {
        let mut shelves = self.0.begin().await?;
        let held = sqlx::query("DELETE FROM places WHERE state = 'held' AND stake IS NOT NULL RETURNING stake");
        for row in held.fetch_all(&mut *shelves).await.map_err(self.0.failed())? {
            let Json(debt): Json<Debt> = row.try_get("stake").map_err(self.0.failed())?;
            self.owe(&mut shelves, &debt).await?;
        }
        let free = sqlx::query("UPDATE places SET state = 'free' WHERE state = 'held'");
        free.execute(&mut *shelves).await.map_err(self.0.failed())?;
        let unfinished = sqlx::query_scalar("SELECT id FROM jobs WHERE NOT finished ORDER BY number");
        let unfinished = unfinished.fetch_all(&mut *shelves).await.map_err(self.0.failed())?;
        self.0.commit(shelves).await?;
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
        let mut shelves = self.0.begin().await?;
        let mut job = self.lock(&mut shelves, id).await?.ok_or(Code::NotFound)?;
        for (id, file) in job.take(step, at)? {
            sqlx::query("INSERT INTO images (id, member, file) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(&job.member)
                .bind(file)
                .execute(&mut *shelves)
                .await
                .map_err(self.0.failed())?;
        }
        if let Some(debt) = job.debt() {
            self.owe(&mut shelves, &debt).await?;
        }
        self.put(&mut shelves, &job).await?;
        self.0.commit(shelves).await?;
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
        let mut shelves = self.0.begin().await?;
        let paid = sqlx::query("DELETE FROM debts WHERE job = $1").bind(&debt.job).execute(&mut *shelves).await;
        let owed = paid.map_err(self.0.failed())?.rows_affected() > 0;
        if owed && let Some(mut job) = self.lock(&mut shelves, &debt.job).await? {
            job.refunded += refunded;
            self.put(&mut shelves, &job).await?;
        }
        self.0.commit(shelves).await
    }
}
