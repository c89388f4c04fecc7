//! The parts that the PostgreSQL stores share: connection, words, remembered answers, outbox.
//!
//! All services may use one database: each has a schema of its own, made and brought up to date when it starts. A store
//! fails with a [`Problem`] like everything else here: a database that cannot be reached is the service's own
//! unavailability, and what the database refuses is a bug.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnectOptions, PgPoolOptions, PgTypeInfo, PgValueRef};
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{Connection as _, Decode, Encode, PgConnection, PgPool, Postgres, Transaction, Type};

use crate::clock::Time;
use crate::event::{Event, EventDraft};
use crate::idempotency::{IdempotentRequest, Replayable, recalled};
use crate::outbox::Outbox;
use crate::problem::{Code, Problem};
use crate::settings::ServiceName;

/// The time that a starting service waits for a database that is itself still starting.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// The time that a request waits for a connection: a database that is being restarted is back by then.
const PATIENCE: Duration = Duration::from_millis(1_500);
const CONNECTIONS: u32 = 10;
/// The time for which an event belongs to the relay that took it. Each look renews it; a relay that dies loses it.
const LEASE: Duration = Duration::from_secs(3);

/// The database of one service.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pool: PgPool,
    unavailable: Code,
    /// The name of this process among the relays of the same outbox.
    holder: String,
}

impl Database {
    /// Connects, makes the service's schema if there is none, and brings it up to date.
    pub(crate) async fn open(url: &str, service: ServiceName, migrations: &Migrator) -> Result<Self, sqlx::Error> {
        let schema = service.as_str();
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name(schema).options([("search_path", schema)]);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        // Lazily, so that no connection is made before the schema is there.
        let pool = pool.connect_lazy_with(options.clone());
        let mut connection = connect(&options).await?;
        // Two processes that start at once must not both make the schema; the name is one of ours, and no input.
        let make = format!(
            "SELECT pg_advisory_lock(hashtext('atelier')); CREATE SCHEMA IF NOT EXISTS {schema}; \
             SELECT pg_advisory_unlock(hashtext('atelier'));"
        );
        sqlx::raw_sql(&make).execute(&mut connection).await?;
        migrations.run(&mut connection).await?;
        connection.close().await?;
        let unavailable = match service {
            ServiceName::Storefront => Code::Internal,
            ServiceName::Billing => Code::BillingUnavailable,
            ServiceName::Entitlement => Code::EntitlementUnavailable,
            ServiceName::Generation => Code::GenerationUnavailable,
        };
        Ok(Self { pool, unavailable, holder: crate::ids::new("rel") })
    }

    /// Returns the pool, for queries that need no transaction.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction. If it is dropped, it is rolled back.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Problem> {
        self.pool.begin().await.map_err(self.failed())
    }

    pub(crate) async fn commit(&self, transaction: Transaction<'static, Postgres>) -> Result<(), Problem> {
        transaction.commit().await.map_err(self.failed())
    }

    /// Executes a query, and returns how many rows it changed.
    pub(crate) async fn execute(
        &self,
        connection: &mut PgConnection,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, Problem> {
        Ok(query.execute(connection).await.map_err(self.failed())?.rows_affected())
    }

    /// Returns the function that makes a problem of a database error.
    pub(crate) fn failed(&self) -> impl Fn(sqlx::Error) -> Problem + Copy + use<> {
        let unavailable = self.unavailable;
        move |error| {
            tracing::error!(%error, "the database");
            match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
                    unavailable.into()
                }
                sqlx::Error::Database(error) if error.code().is_some_and(|code| passing(&code)) => unavailable.into(),
                _ => Code::Internal.into(),
            }
        }
    }
}

fn passing(code: &str) -> bool {
    // 57P: shutting down or starting up; 40: wants another try; 53: out of resources; 08: the connection broke.
    code.starts_with("57P") || code.starts_with("40") || code.starts_with("53") || code.starts_with("08")
}

/// Opens the first connection, and waits until the database is up.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let deadline = tokio::time::Instant::now() + START_PATIENCE;
    loop {
        let error = match PgConnection::connect_with(options).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let starting = match &error {
            sqlx::Error::Io(_) => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| passing(&code)),
            _ => false,
        };
        if !starting || tokio::time::Instant::now() >= deadline {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The epoch of `timestamptz`, which counts microseconds since 2000.
const EPOCH_MILLIS: i64 = 946_684_800_000;

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("timestamptz")
    }
}

impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode((self.unix_millis() - EPOCH_MILLIS) * 1_000, buffer)
    }
}

impl Decode<'_, Postgres> for Time {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let micros = <i64 as Decode<'_, Postgres>>::decode(value)?;
        Ok(jiff::Timestamp::from_millisecond(micros / 1_000 + EPOCH_MILLIS)?.into())
    }
}

/// A value that is one word on the wire, such as a right or a status, and is kept as that text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T> Type<Postgres> for Word<T> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("text")
    }
}

impl<T: Serialize> Encode<'_, Postgres> for Word<T> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let word = serde_json::to_value(&self.0)?;
        Encode::<Postgres>::encode(word.as_str().ok_or("not a word")?, buffer)
    }
}

impl<T: DeserializeOwned> Decode<'_, Postgres> for Word<T> {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let word = <&str as Decode<'_, Postgres>>::decode(value)?;
        Ok(Self(serde_json::from_value(word.into())?))
    }
}

/// Returns the earlier answer to the same request, if there is one. The caller holds a lock that all requests with this key
/// take.
pub(crate) async fn recall<T: DeserializeOwned + Send + Unpin + 'static>(
    database: &Database,
    connection: &mut PgConnection,
    request: &IdempotentRequest,
) -> Result<Option<Replayable<T>>, Problem> {
    let known: Option<(String, Json<T>)> =
        sqlx::query_as("SELECT hash, answer FROM answers WHERE member = $1 AND route = $2 AND key = $3")
            .bind(&request.member)
            .bind(&request.route)
            .bind(&request.key)
            .fetch_optional(connection)
            .await
            .map_err(database.failed())?;
    recalled(known.map(|(hash, Json(answer))| (hash, answer)), request)
}

pub(crate) async fn remember<T: Serialize + Sync>(
    database: &Database,
    connection: &mut PgConnection,
    request: &IdempotentRequest,
    value: &T,
) -> Result<(), Problem> {
    let insert = sqlx::query("INSERT INTO answers (member, route, key, hash, answer) VALUES ($1, $2, $3, $4, $5)")
        .bind(&request.member)
        .bind(&request.route)
        .bind(&request.key)
        .bind(&request.hash)
        .bind(Json(value));
    database.execute(connection, insert).await?;
    Ok(())
}

/// Appends an event in the transaction of the change that it tells of. The subject's next number is taken under a lock that
/// lasts until the commit, so events of one subject are committed in their order.
pub(crate) async fn append(
    database: &Database,
    connection: &mut PgConnection,
    draft: EventDraft,
) -> Result<(), Problem> {
    let next = "INSERT INTO sequences (subject, last) VALUES ($1, 1) \
                ON CONFLICT (subject) DO UPDATE SET last = sequences.last + 1 RETURNING last";
    let number: i64 =
        sqlx::query_scalar(next).bind(draft.subject()).fetch_one(&mut *connection).await.map_err(database.failed())?;
    let event = draft.numbered(u64::try_from(number).expect("invariant: a sequence counts upwards"));
    let insert = sqlx::query("INSERT INTO outbox (id, subject, event) VALUES ($1, $2, $3)")
        .bind(&event.id)
        .bind(&event.subject)
        .bind(Json(&event));
    database.execute(connection, insert).await?;
    Ok(())
}

#[async_trait]
impl Outbox for Database {
    async fn subjects(&self) -> Result<Vec<String>, Problem> {
        let subjects = sqlx::query_scalar("SELECT DISTINCT subject FROM outbox").fetch_all(&self.pool);
        subjects.await.map_err(self.failed())
    }

    /// Leases the event, unless another relay has it or is just taking it.
    async fn next(&self, subject: &str) -> Result<Option<Event>, Problem> {
        let lease = "WITH oldest AS MATERIALIZED ( \
                         SELECT number FROM outbox WHERE number = (SELECT min(number) FROM outbox WHERE subject = $1) \
                         AND (leased_to = $2 OR leased_until IS NULL OR leased_until < now()) FOR UPDATE SKIP LOCKED) \
                     UPDATE outbox SET leased_to = $2, leased_until = now() + $3 FROM oldest \
                     WHERE outbox.number = oldest.number RETURNING event";
        let event: Option<Json<Event>> = sqlx::query_scalar(lease)
            .bind(subject)
            .bind(&self.holder)
            .bind(LEASE)
            .fetch_optional(&self.pool)
            .await
            .map_err(self.failed())?;
        Ok(event.map(|Json(event)| event))
    }

    async fn done(&self, id: &str) -> Result<(), Problem> {
        let delete = sqlx::query("DELETE FROM outbox WHERE id = $1").bind(id).execute(&self.pool);
        delete.await.map_err(self.failed())?;
        Ok(())
    }
}
