//! The grants in PostgreSQL. An event is taken by writing its id into the inbox: whoever comes second waits for the first,
//! and finds it there.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};

use super::rule::uses_left;
use super::store::{Bought, Gate, Grant, Refunded, Source, Standing, Store};
use crate::clock::Time;
use crate::context::Carried;
use crate::event::{self, Draft, Event, Receipt};
use crate::outbox::Outbox;
use crate::postgres::{self, Database};
use crate::problem::{Code, Problem};
use crate::right::Action;
use crate::settings::ServiceName;

pub(super) struct Rolls(Database);

const GRANT: &str = "SELECT id, member, version, rights, expires_at, revoked, purchase, allowed, \
                     ARRAY(SELECT job FROM trial_uses WHERE \"grant\" = grants.id ORDER BY trial_uses.number) AS used \
                     FROM grants";

impl Rolls {
    pub(super) async fn open(url: &str) -> Result<Self, sqlx::Error> {
        Database::open(url, ServiceName::Entitlement, &sqlx::migrate!("migrations/entitlement")).await.map(Self)
    }

    /// Takes an event in; says whether it is new.
    async fn take(&self, connection: &mut PgConnection, event: &Event) -> Result<bool, Problem> {
        let take = sqlx::query("INSERT INTO inbox (id) VALUES ($1) ON CONFLICT DO NOTHING").bind(&event.id);
        Ok(take.execute(connection).await.map_err(self.0.failed())?.rows_affected() == 1)
    }

    /// Whether an event is newer than all that was applied to this purchase; from now on it is the newest.
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

    /// Adds a grant; says whether there was none yet. Only a trial can be there before.
    async fn add(&self, connection: &mut PgConnection, grant: &Grant) -> Result<bool, Problem> {
        let (purchase, allowed) = match &grant.source {
            Source::Purchase { purchase } => (Some(purchase), None),
            Source::Trial { allowed, .. } => (None, Some(i64::from(*allowed))),
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

    async fn tell(
        &self,
        connection: &mut PgConnection,
        grant: &Grant,
        state: &str,
        at: Time,
        carried: Carried,
    ) -> Result<(), Problem> {
        let draft = Draft {
            source: "entitlement",
            r#type: event::ACCESS_CHANGED,
            member: grant.member.clone(),
            version: grant.version.clone(),
            time: at,
            carried,
            data: json!({
                "member": grant.member, "version": grant.version, "rights": grant.rights, "grant": grant.id, "state": state,
            }),
        };
        postgres::append(&self.0, connection, draft).await
    }

    fn read(&self, row: &PgRow) -> Result<Grant, Problem> {
        grant(row).map_err(self.0.failed())
    }
}

fn grant(row: &PgRow) -> Result<Grant, sqlx::Error> {
    let allowed: Option<i64> = row.try_get("allowed")?;
    let source = match row.try_get("purchase")? {
        Some(purchase) => Source::Purchase { purchase },
        None => Source::Trial {
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
impl Store for Rolls {
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

    async fn standing(&self, member: Option<&str>, version: &str) -> Result<Standing, Problem> {
        let gate: Option<Json<Gate>> = sqlx::query_scalar("SELECT gate FROM gates WHERE version = $1")
            .bind(version)
            .fetch_optional(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        let Json(gate) = gate.ok_or_else(|| Problem::because(Code::NotFound, "There is no such model version."))?;
        let select = format!("{GRANT} WHERE member = $1 AND version = $2 ORDER BY number");
        let rows = sqlx::query(&select).bind(member).bind(version).fetch_all(self.0.pool());
        let rows = rows.await.map_err(self.0.failed())?;
        let grants = rows.iter().map(|row| self.read(row)).collect::<Result<_, _>>()?;
        Ok(Standing { gate, grants })
    }

    async fn bought(&self, event: &Event, bought: Bought) -> Result<Receipt, Problem> {
        let mut rolls = self.0.begin().await?;
        if !self.take(&mut rolls, event).await? {
            return Ok(Receipt::Duplicate);
        }
        if self.advance(&mut rolls, &bought.purchase, event).await? {
            let grant = Grant {
                id: crate::ids::new("grt"),
                member: bought.member,
                version: bought.version,
                rights: bought.rights,
                expires_at: bought.expires_at,
                revoked: false,
                source: Source::Purchase { purchase: bought.purchase },
            };
            self.add(&mut rolls, &grant).await?;
            self.tell(&mut rolls, &grant, "granted", event.time, event.carried()).await?;
        }
        self.0.commit(rolls).await?;
        Ok(Receipt::Accepted)
    }

    async fn refunded(&self, event: &Event, refunded: Refunded) -> Result<Receipt, Problem> {
        let mut rolls = self.0.begin().await?;
        if !self.take(&mut rolls, event).await? {
            return Ok(Receipt::Duplicate);
        }
        // Part of the price given back takes nothing away, and must not count as newer than the purchase itself.
        if refunded.full && self.advance(&mut rolls, &refunded.purchase, event).await? {
            let select = format!("{GRANT} WHERE purchase = $1 FOR UPDATE");
            let known = sqlx::query(&select).bind(&refunded.purchase).fetch_optional(&mut *rolls);
            if let Some(row) = known.await.map_err(self.0.failed())? {
                let grant = Grant { revoked: true, ..self.read(&row)? };
                let revoke = sqlx::query("UPDATE grants SET revoked = true WHERE id = $1").bind(&grant.id);
                revoke.execute(&mut *rolls).await.map_err(self.0.failed())?;
                self.tell(&mut rolls, &grant, "revoked", event.time, event.carried()).await?;
            } else {
                // Its completion is still on the way, and will find that it is older. The member is told of the refund
                // all the same.
                let grant = Grant {
                    id: crate::ids::new("grt"),
                    member: refunded.member,
                    version: refunded.version,
                    rights: Vec::new(),
                    expires_at: None,
                    revoked: true,
                    source: Source::Purchase { purchase: refunded.purchase },
                };
                self.add(&mut rolls, &grant).await?;
            }
        }
        self.0.commit(rolls).await?;
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
        let mut rolls = self.0.begin().await?;
        let grant = Grant {
            id: crate::ids::new("grt"),
            member: member.to_owned(),
            version: version.to_owned(),
            rights: vec![Action::Generate],
            expires_at: None,
            revoked: false,
            source: Source::Trial { allowed: uses, used: Vec::new() },
        };
        if self.add(&mut rolls, &grant).await? {
            self.tell(&mut rolls, &grant, "trial", at, carried.clone()).await?;
            self.0.commit(rolls).await?;
            return Ok(grant);
        }
        let select = format!("{GRANT} WHERE member = $1 AND version = $2 AND purchase IS NULL");
        let begun = sqlx::query(&select).bind(member).bind(version).fetch_one(&mut *rolls);
        self.read(&begun.await.map_err(self.0.failed())?)
    }

    async fn use_trial(&self, grant: &str, job: &str) -> Result<(), Problem> {
        let mut rolls = self.0.begin().await?;
        // Locked first and read afterwards: what is read with the lock is from before one waited for it.
        let lock = sqlx::query("SELECT FROM grants WHERE id = $1 FOR UPDATE").bind(grant).execute(&mut *rolls);
        lock.await.map_err(self.0.failed())?;
        let select = format!("{GRANT} WHERE id = $1");
        let row = sqlx::query(&select).bind(grant).fetch_optional(&mut *rolls).await.map_err(self.0.failed())?;
        let grant = self.read(&row.ok_or(Code::NotFound)?)?;
        match &grant.source {
            Source::Purchase { .. } => return Ok(()),
            Source::Trial { used, .. } if used.iter().any(|known| known == job) => return Ok(()),
            Source::Trial { .. } if uses_left(&grant) == Some(0) => return Err(Code::TrialExhausted.into()),
            Source::Trial { .. } => {}
        }
        sqlx::query("INSERT INTO trial_uses (\"grant\", job) VALUES ($1, $2)")
            .bind(&grant.id)
            .bind(job)
            .execute(&mut *rolls)
            .await
            .map_err(self.0.failed())?;
        self.0.commit(rolls).await
    }
}

#[async_trait]
impl Outbox for Rolls {
    async fn subjects(&self) -> Result<Vec<String>, Problem> {
        postgres::subjects(&self.0).await
    }

    async fn next(&self, subject: &str) -> Result<Option<Event>, Problem> {
        postgres::next(&self.0, subject).await
    }

    async fn done(&self, id: &str) -> Result<(), Problem> {
        postgres::done(&self.0, id).await
    }
}
