//! The ledger in PostgreSQL.
//!
//! Whoever moves a member's money first locks that member's wallet, or the purchase or charge that is given back, and only
//! then looks at anything. So what one request has read is still true when it writes, and no two wait for each other in a
//! circle: purchase or charge, then wallet, then the subject of an event, then the platform's own account.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::decisions::{self, Refunding, Sale};
use super::ledger::{self, Movement};
use super::store::{
    Account, Charge, ChargeRefund, Entry, Purchase, PurchaseOptions, PurchaseRefund, Quote, Store, TopUp,
};
use crate::clock::Time;
use crate::context::Propagated;
use crate::idempotency::{IdempotentRequest, Replayable};
use crate::outbox::Outbox;
use crate::postgres::{self, Database, Word};
use crate::problem::{Code, Problem};

pub(super) struct Tables(pub(super) Database);

const PURCHASE: &str = "SELECT id, quote, member, version, \"right\", amount, currency, status, refunded, purchased_at, \
                        expires_at FROM purchases";

impl Tables {
    /// Opens accounts that are not there yet.
    async fn accounts_exist(&self, connection: &mut PgConnection, accounts: &[&str]) -> Result<(), Problem> {
        let open = sqlx::query("INSERT INTO accounts (account) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING");
        self.0.execute(connection, open.bind(accounts)).await?;
        Ok(())
    }

    /// Returns the balance of a wallet, which nobody else changes until the end of the transaction.
    async fn lock_wallet(&self, connection: &mut PgConnection, wallet: &str) -> Result<i64, Problem> {
        self.accounts_exist(connection, &[wallet]).await?;
        let balance = sqlx::query_scalar("SELECT balance FROM accounts WHERE account = $1 FOR UPDATE").bind(wallet);
        balance.fetch_one(connection).await.map_err(self.0.failed())
    }

    /// Moves credits, and returns the balance of the wallet afterwards.
    async fn apply(&self, connection: &mut PgConnection, movement: &Movement) -> Result<i64, Problem> {
        let balance = self.lock_wallet(connection, &movement.wallet).await?;
        let after = movement.applied_to(balance)?;
        self.accounts_exist(connection, &[movement.platform]).await?;
        let id = crate::ids::new("txn");
        let insert = sqlx::query("INSERT INTO transactions (id, at, kind, reference) VALUES ($1, $2, $3, $4)")
            .bind(&id)
            .bind(movement.at)
            .bind(Word(movement.kind))
            .bind(&movement.reference);
        self.0.execute(connection, insert).await?;
        let post = "WITH moved AS (UPDATE accounts SET balance = balance + $3 WHERE account = $2 RETURNING balance) \
                    INSERT INTO postings (transaction, account, amount, balance) SELECT $1, $2, $3, balance FROM moved";
        for (account, amount) in movement.postings() {
            self.0.execute(connection, sqlx::query(post).bind(&id).bind(account).bind(amount)).await?;
        }
        Ok(after)
    }

    async fn owned(
        &self,
        connection: &mut PgConnection,
        member: &str,
        version: &str,
    ) -> Result<Vec<Purchase>, Problem> {
        let select = format!("{PURCHASE} WHERE member = $1 AND version = $2 ORDER BY number");
        let rows = sqlx::query(&select).bind(member).bind(version).fetch_all(connection);
        let rows = rows.await.map_err(self.0.failed())?;
        rows.iter().map(purchase).collect::<Result<_, _>>().map_err(self.0.failed())
    }

    async fn purchases_where(&self, condition: &str, value: &str) -> Result<Vec<Purchase>, Problem> {
        let select = format!("{PURCHASE} WHERE {condition} = $1 ORDER BY number");
        let rows = sqlx::query(&select).bind(value).fetch_all(self.0.pool()).await.map_err(self.0.failed())?;
        rows.iter().map(purchase).collect::<Result<_, _>>().map_err(self.0.failed())
    }
}

fn purchase(row: &PgRow) -> Result<Purchase, sqlx::Error> {
    Ok(Purchase {
        id: row.try_get("id")?,
        quote: row.try_get("quote")?,
        member: row.try_get("member")?,
        version: row.try_get("version")?,
        right: row.try_get::<Word<_>, _>("right")?.0,
        amount: row.try_get("amount")?,
        currency: row.try_get("currency")?,
        status: row.try_get::<Word<_>, _>("status")?.0,
        refunded: row.try_get("refunded")?,
        purchased_at: row.try_get("purchased_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}

fn quote(row: &PgRow) -> Result<Quote, sqlx::Error> {
    let days: Option<i64> = row.try_get("access_days")?;
    Ok(Quote {
        id: row.try_get("id")?,
        member: row.try_get("member")?,
        version: row.try_get("version")?,
        right: row.try_get::<Word<_>, _>("right")?.0,
        amount: row.try_get("amount")?,
        ends_at: row.try_get("ends_at")?,
        access_days: days.and_then(|days| u32::try_from(days).ok()),
        expires_at: row.try_get("expires_at")?,
        withdrawn: row.try_get("withdrawn")?,
    })
}

#[async_trait]
impl Store for Tables {
    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.0.clone())
    }

    async fn balance(&self, member: &str) -> Result<i64, Problem> {
        let balance: Option<i64> = sqlx::query_scalar("SELECT balance FROM accounts WHERE account = $1")
            .bind(ledger::wallet(member))
            .fetch_optional(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(balance.unwrap_or_default())
    }

    async fn entries(&self, member: &str) -> Result<Vec<Entry>, Problem> {
        let entry = |row: PgRow| {
            Ok(Entry {
                id: row.try_get("id")?,
                at: row.try_get("at")?,
                kind: row.try_get::<Word<_>, _>("kind")?.0,
                amount: row.try_get("amount")?,
                reference: row.try_get("reference")?,
                balance: row.try_get("balance")?,
            })
        };
        let rows = sqlx::query(
            "SELECT id, at, kind, amount, reference, balance FROM postings JOIN transactions ON transaction = id \
             WHERE account = $1 ORDER BY number",
        )
        .bind(ledger::wallet(member))
        .fetch_all(self.0.pool())
        .await
        .map_err(self.0.failed())?;
        rows.into_iter().map(entry).collect::<Result<_, sqlx::Error>>().map_err(self.0.failed())
    }

    async fn accounts(&self) -> Result<Vec<Account>, Problem> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT account, balance FROM accounts ORDER BY account")
            .fetch_all(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(rows.into_iter().map(|(account, balance)| Account { account, balance }).collect())
    }

    async fn top_up(&self, request: &IdempotentRequest, amount: i64, at: Time) -> Result<Replayable<TopUp>, Problem> {
        let mut transaction = self.0.begin().await?;
        self.lock_wallet(&mut transaction, &ledger::wallet(&request.member)).await?;
        if let Some(earlier) = postgres::recall(&self.0, &mut transaction, request).await? {
            return Ok(earlier);
        }
        let (top_up, payment) = decisions::top_up(&request.member, amount, at);
        let balance = self.apply(&mut transaction, &payment).await?;
        let top_up = TopUp { balance, ..top_up };
        postgres::remember(&self.0, &mut transaction, request, &top_up).await?;
        self.0.commit(transaction).await?;
        Ok(Replayable::fresh(top_up))
    }

    async fn open_quote(&self, quote: Quote, buyer: &str, at: Time) -> Result<(), Problem> {
        let mut transaction = self.0.begin().await?;
        let owned = self.owned(&mut transaction, buyer, &quote.version).await?;
        decisions::check_not_owned(&owned, quote.right, at)?;
        let insert = sqlx::query(
            "INSERT INTO quotes (id, member, version, \"right\", amount, ends_at, access_days, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&quote.id)
        .bind(&quote.member)
        .bind(&quote.version)
        .bind(Word(quote.right))
        .bind(quote.amount)
        .bind(quote.ends_at)
        .bind(quote.access_days.map(i64::from))
        .bind(quote.expires_at);
        self.0.execute(&mut transaction, insert).await?;
        self.0.commit(transaction).await
    }

    async fn withdraw_quotes(&self, version: &str) -> Result<(), Problem> {
        let withdraw = sqlx::query("UPDATE quotes SET withdrawn = true WHERE version = $1 AND NOT withdrawn");
        withdraw.bind(version).execute(self.0.pool()).await.map_err(self.0.failed())?;
        Ok(())
    }

    async fn purchase(
        &self,
        request: &IdempotentRequest,
        quote_id: &str,
        options: PurchaseOptions<'_>,
    ) -> Result<Replayable<Purchase>, Problem> {
        let mut transaction = self.0.begin().await?;
        self.lock_wallet(&mut transaction, &ledger::wallet(&request.member)).await?;
        if let Some(earlier) = postgres::recall(&self.0, &mut transaction, request).await? {
            return Ok(earlier);
        }
        // Shared with other buyers of nothing, but not with a withdrawal: one of the two comes first.
        let row = sqlx::query("SELECT * FROM quotes WHERE id = $1 AND member = $2 FOR SHARE")
            .bind(quote_id)
            .bind(&request.member)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(self.0.failed())?;
        let quote = quote(&row.ok_or_else(decisions::unknown_quote)?).map_err(self.0.failed())?;
        let owned = self.owned(&mut transaction, options.buyer, &quote.version).await?;
        let Sale { purchase, payment, event } = decisions::sell(quote, &owned, options)?;
        let insert = sqlx::query(
            "INSERT INTO purchases (id, quote, member, version, \"right\", amount, currency, status, purchased_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&purchase.id)
        .bind(&purchase.quote)
        .bind(&purchase.member)
        .bind(&purchase.version)
        .bind(Word(purchase.right))
        .bind(purchase.amount)
        .bind(&purchase.currency)
        .bind(Word(purchase.status))
        .bind(purchase.purchased_at)
        .bind(purchase.expires_at);
        self.0.execute(&mut transaction, insert).await?;
        if let Some(event) = event {
            postgres::append(&self.0, &mut transaction, event).await?;
        }
        postgres::remember(&self.0, &mut transaction, request, &purchase).await?;
        // Last, because everybody waits for the platform's account.
        if let Some(payment) = payment {
            self.apply(&mut transaction, &payment).await?;
        }
        self.0.commit(transaction).await?;
        Ok(Replayable::fresh(purchase))
    }

    async fn purchases(&self, member: &str) -> Result<Vec<Purchase>, Problem> {
        self.purchases_where("member", member).await
    }

    async fn find_purchase(&self, id: &str) -> Result<Option<Purchase>, Problem> {
        Ok(self.purchases_where("id", id).await?.pop())
    }

    async fn refund_purchase(
        &self,
        request: &IdempotentRequest,
        id: &str,
        amount: Option<i64>,
        at: Time,
        told: Option<&Propagated>,
    ) -> Result<Replayable<PurchaseRefund>, Problem> {
        let mut transaction = self.0.begin().await?;
        let select = format!("{PURCHASE} WHERE id = $1 FOR UPDATE");
        let row = sqlx::query(&select).bind(id).fetch_optional(&mut *transaction).await.map_err(self.0.failed())?;
        let mut purchase = purchase(&row.ok_or(Code::NotFound)?).map_err(self.0.failed())?;
        if let Some(earlier) = postgres::recall(&self.0, &mut transaction, request).await? {
            return Ok(earlier);
        }
        let Refunding { refund, payment, event } = decisions::refund_purchase(&mut purchase, amount, at, told)?;
        // Before the event, as everywhere: a wallet is locked before the subject of an event.
        self.lock_wallet(&mut transaction, &payment.wallet).await?;
        let update = sqlx::query("UPDATE purchases SET refunded = $2, status = $3 WHERE id = $1")
            .bind(id)
            .bind(purchase.refunded)
            .bind(Word(purchase.status));
        self.0.execute(&mut transaction, update).await?;
        if let Some(event) = event {
            postgres::append(&self.0, &mut transaction, event).await?;
        }
        postgres::remember(&self.0, &mut transaction, request, &refund).await?;
        self.apply(&mut transaction, &payment).await?;
        self.0.commit(transaction).await?;
        Ok(Replayable::fresh(refund))
    }

    async fn charge(
        &self,
        request: &IdempotentRequest,
        job: &str,
        amount: i64,
        at: Time,
    ) -> Result<Replayable<Charge>, Problem> {
        let mut transaction = self.0.begin().await?;
        self.lock_wallet(&mut transaction, &ledger::wallet(&request.member)).await?;
        if let Some(earlier) = postgres::recall(&self.0, &mut transaction, request).await? {
            return Ok(earlier);
        }
        let (charge, payment) = decisions::charge(request, job, amount, at);
        let insert = sqlx::query("INSERT INTO charges (id, member, job, amount) VALUES ($1, $2, $3, $4)")
            .bind(&charge.id)
            .bind(&charge.member)
            .bind(job)
            .bind(amount);
        self.0.execute(&mut transaction, insert).await?;
        postgres::remember(&self.0, &mut transaction, request, &charge).await?;
        self.apply(&mut transaction, &payment).await?;
        self.0.commit(transaction).await?;
        Ok(Replayable::fresh(charge))
    }

    async fn refund_charge(
        &self,
        request: &IdempotentRequest,
        id: &str,
        amount: i64,
        at: Time,
    ) -> Result<Replayable<ChargeRefund>, Problem> {
        let mut transaction = self.0.begin().await?;
        let row: Option<(String, String, i64, i64)> =
            sqlx::query_as("SELECT member, job, amount, refunded FROM charges WHERE id = $1 FOR UPDATE")
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(self.0.failed())?;
        let (member, job, charged, refunded) = row.ok_or(Code::NotFound)?;
        if let Some(earlier) = postgres::recall(&self.0, &mut transaction, request).await? {
            return Ok(earlier);
        }
        let charge = Charge { id: id.to_owned(), member, job, amount: charged };
        let (refund, payment) = decisions::refund_charge(&charge, refunded, amount, at)?;
        let update = sqlx::query("UPDATE charges SET refunded = refunded + $2 WHERE id = $1").bind(id).bind(amount);
        self.0.execute(&mut transaction, update).await?;
        postgres::remember(&self.0, &mut transaction, request, &refund).await?;
        self.apply(&mut transaction, &payment).await?;
        self.0.commit(transaction).await?;
        Ok(Replayable::fresh(refund))
    }
}
