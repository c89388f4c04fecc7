//! The grants in PostgreSQL. An event is taken by writing its id into the inbox: whoever comes second waits for the first,
//! and finds it there.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};

use super::decisions::{AccessChange, counts_use, unknown_version};
use super::store::{AccessRecord, Gate, Grant, GrantSource, PurchaseCompleted, PurchaseRefunded, Store};
use crate::clock::Time;
use crate::context::Propagated;
use crate::event::{Event, Receipt};
use crate::outbox::Outbox;
use crate::postgres::{self, Database};
use crate::problem::{Code, Problem};

pub(super) struct Tables(pub(super) Database);

const GRANT: &str = "SELECT id, member, version, rights, expires_at, revoked, purchase, allowed, \
                     ARRAY(SELECT job FROM trial_uses WHERE \"grant\" = grants.id ORDER BY trial_uses.number) AS used \
                     FROM grants";

impl Tables {
    /// Takes an event into the inbox, and says whether it is new.
    async fn take(&self, connection: &mut PgConnection, event: &Event) -> Result<bool, Problem> {
        let take = sqlx::query("INSERT INTO inbox (id) VALUES ($1) ON CONFLICT DO NOTHING").bind(&event.id);
        Ok(take.execute(connection).await.map_err(self.0.failed())?.rows_affected() == 1)
    }

    /// Says whether an event is newer than all that was applied to its purchase; from now on it is the newest.
    async fn advance(&self, connection: &mut PgConnection, purchase: &str, event: &Event) -> Result<bool, Problem> {
        let newest = sqlx::query(
            "INSERT INTO applied (purchase, sequence) VALUES ($1, $2) ON CONFLICT (purchase) \
             DO UPDATE SET sequence = excluded.sequence WHERE applied.sequence < excluded.sequence",
        )
        .bind(purchase)
        .bind(&event.sequence)
        .execute(connection)
        .await
        .map_err(self.0.failed())?;
        Ok(newest.rows_affected() == 1)
    }

    /// Adds a grant, and says whether there was none yet. Only a trial can be there before.
    async fn add(&self, connection: &mut PgConnection, grant: &Grant) -> Result<bool, Problem> {
        let (purchase, allowed) = match &grant.source {
            GrantSource::Purchase { purchase } => (Some(purchase), None),
            GrantSource::Trial { allowed, .. } => (None, Some(i64::from(*allowed))),
        };
        let added = sqlx::query(
            "INSERT INTO grants (id, member, version, rights, expires_at, revoked, purchase, allowed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (member, version) WHERE purchase IS NULL DO NOTHING",
        )
        .bind(&grant.id)
        .bind(&grant.member)
        .bind(&grant.version)
        .bind(Json(&grant.rights))
        .bind(grant.expires_at)
        .bind(grant.revoked)
        .bind(purchase)
        .bind(allowed)
        .execute(connection)
        .await
        .map_err(self.0.failed())?;
        Ok(added.rows_affected() == 1)
    }

    fn read(&self, row: &PgRow) -> Result<Grant, Problem> {
        grant(row).map_err(self.0.failed())
    }
}

fn grant(row: &PgRow) -> Result<Grant, sqlx::Error> {
    let allowed: Option<i64> = row.try_get("allowed")?;
    let source = match row.try_get("purchase")? {
        Some(purchase) => GrantSource::Purchase { purchase },
        None => GrantSource::Trial {
            allowed: allowed.and_then(|allowed| u32::try_from(allowed).ok()).unwrap_or_default(),
            used: row.try_get("used")?,
        },
    };
    Ok(Grant {
        id: row.try_get("id")?,
        member: row.try_get("member")?,
        version: row.try_get("version")?,
        rights: row.try_get::<Json<_>, _>("rights")?.0,
        expires_at: row.try_get("expires_at")?,
        revoked: row.try_get("revoked")?,
        source,
    })
}

#[async_trait]
impl Store for Tables {
    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.0.clone())
    }

    async fn set_gate(&self, version: &str, gate: Gate) -> Result<(), Problem> {
        sqlx::query(
            "INSERT INTO gates (version, gate) VALUES ($1, $2) ON CONFLICT (version) DO UPDATE SET gate = excluded.gate",
        )
        .bind(version)
        .bind(Json(gate))
        .execute(self.0.pool())
        .await
        .map_err(self.0.failed())?;
        Ok(())
    }

    async fn access_record(&self, member: Option<&str>, version: &str) -> Result<AccessRecord, Problem> {
        let gate: Option<Json<Gate>> = sqlx::query_scalar("SELECT gate FROM gates WHERE version = $1")
            .bind(version)
            .fetch_optional(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        let Json(gate) = gate.ok_or_else(unknown_version)?;
        let select = format!("{GRANT} WHERE member = $1 AND version = $2 ORDER BY number");
        let rows = sqlx::query(&select).bind(member).bind(version).fetch_all(self.0.pool());
        let rows = rows.await.map_err(self.0.failed())?;
        let grants = rows.iter().map(|row| self.read(row)).collect::<Result<_, _>>()?;
        Ok(AccessRecord { gate, grants })
    }

    async fn purchase_completed(&self, event: &Event, bought: PurchaseCompleted) -> Result<Receipt, Problem> {
        let mut transaction = self.0.begin().await?;
        if !self.take(&mut transaction, event).await? {
            return Ok(Receipt::Duplicate);
        }
        if self.advance(&mut transaction, &bought.purchase, event).await? {
            let grant = Grant::bought(bought);
            self.add(&mut transaction, &grant).await?;
            let granted = grant.changed(AccessChange::Granted, event.time, event.propagated());
            postgres::append(&self.0, &mut transaction, granted).await?;
        }
        self.0.commit(transaction).await?;
        Ok(Receipt::Accepted)
    }

    async fn purchase_refunded(&self, event: &Event, refunded: PurchaseRefunded) -> Result<Receipt, Problem> {
        let mut transaction = self.0.begin().await?;
        if !self.take(&mut transaction, event).await? {
            return Ok(Receipt::Duplicate);
        }
        // Part of the price given back takes nothing away, and must not count as newer than the purchase itself.
        if refunded.full && self.advance(&mut transaction, &refunded.purchase, event).await? {
            let select = format!("{GRANT} WHERE purchase = $1 FOR UPDATE");
            let known = sqlx::query(&select).bind(&refunded.purchase).fetch_optional(&mut *transaction);
            if let Some(row) = known.await.map_err(self.0.failed())? {
                let grant = self.read(&row)?;
                let revoke = sqlx::query("UPDATE grants SET revoked = true WHERE id = $1").bind(&grant.id);
                self.0.execute(&mut transaction, revoke).await?;
                let revoked = grant.changed(AccessChange::Revoked, event.time, event.propagated());
                postgres::append(&self.0, &mut transaction, revoked).await?;
            } else {
                self.add(&mut transaction, &Grant::refunded_before_granted(refunded)).await?;
            }
        }
        self.0.commit(transaction).await?;
        Ok(Receipt::Accepted)
    }

    async fn begin_trial(&self, trial: Grant, at: Time, propagated: &Propagated) -> Result<Grant, Problem> {
        let mut transaction = self.0.begin().await?;
        if self.add(&mut transaction, &trial).await? {
            let begun = trial.changed(AccessChange::Trial, at, propagated.clone());
            postgres::append(&self.0, &mut transaction, begun).await?;
            self.0.commit(transaction).await?;
            return Ok(trial);
        }
        let select = format!("{GRANT} WHERE member = $1 AND version = $2 AND purchase IS NULL");
        let begun = sqlx::query(&select).bind(&trial.member).bind(&trial.version).fetch_one(&mut *transaction);
        self.read(&begun.await.map_err(self.0.failed())?)
    }

    async fn use_trial(&self, grant: &str, job: &str) -> Result<(), Problem> {
        let mut transaction = self.0.begin().await?;
        // Locked first and read afterwards: what is read with the lock is from before one waited for it.
        let lock = sqlx::query("SELECT FROM grants WHERE id = $1 FOR UPDATE").bind(grant);
        self.0.execute(&mut transaction, lock).await?;
        let select = format!("{GRANT} WHERE id = $1");
        let row = sqlx::query(&select).bind(grant).fetch_optional(&mut *transaction).await.map_err(self.0.failed())?;
        if counts_use(&self.read(&row.ok_or(Code::NotFound)?)?, job)? {
            let insert = sqlx::query("INSERT INTO trial_uses (\"grant\", job) VALUES ($1, $2)").bind(grant).bind(job);
            self.0.execute(&mut transaction, insert).await?;
        }
        self.0.commit(transaction).await
    }
}
