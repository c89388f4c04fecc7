//! The books in PostgreSQL.
//!
//! Whoever moves a member's money first locks that member's wallet, or the purchase or charge that is given back, and only
//! then looks at anything. So what one request has read is still true when it writes, and no two wait for each other in a
//! circle: purchase or charge, then wallet, then the subject of an event, then the platform's own account.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::ledger::{self, Kind};
use super::store::{
    Account, Charge, ChargeRefund, Entry, Purchase, PurchaseRefund, Quote, Status, Store, Terms, TopUp, refundable,
};
use crate::clock::Time;
use crate::context::Carried;
use crate::event::{self, Draft, Event};
use crate::idempotency::{Once, Outcome};
use crate::outbox::Outbox;
use crate::postgres::{self, Database, Word};
use crate::problem::{Code, Problem};
use crate::right::Right;
use crate::settings::ServiceName;

pub(super) struct Books(Database);

const PURCHASE: &str = "SELECT id, quote, member, version, \"right\", amount, currency, status, refunded, purchased_at, \
                        expires_at FROM purchases";

impl Books {
    pub(super) async fn open(url: &str) -> Result<Self, sqlx::Error> {
        Database::open(url, ServiceName::Billing, &sqlx::migrate!("migrations/billing")).await.map(Self)
    }

    /// Opens accounts that are not there yet.
    async fn accounts_exist(&self, connection: &mut PgConnection, accounts: &[&str]) -> Result<(), Problem> {
        sqlx::query("INSERT INTO accounts (account) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")
            .bind(accounts)
            .execute(connection)
            .await
            .map_err(self.0.failed())?;
        Ok(())
    }

    /// What the wallet holds, and nobody else moves until the end of the transaction.
    async fn lock_wallet(&self, connection: &mut PgConnection, wallet: &str) -> Result<i64, Problem> {
        self.accounts_exist(connection, &[wallet]).await?;
        sqlx::query_scalar("SELECT balance FROM accounts WHERE account = $1 FOR UPDATE")
            .bind(wallet)
            .fetch_one(connection)
            .await
            .map_err(self.0.failed())
    }

    /// Moves `amount` credits, which is not negative; answers what the wallet holds afterwards. The wallet is locked.
    async fn transfer(&self, connection: &mut PgConnection, movement: Movement<'_>) -> Result<i64, Problem> {
        let Movement { wallet, platform, into_wallet, kind, reference, at } = movement;
        let balance = self.lock_wallet(connection, wallet).await?;
        if balance + into_wallet < 0 {
            return Err(ledger::insufficient(balance, -into_wallet));
        }
        self.accounts_exist(connection, &[platform]).await?;
        let id = crate::ids::new("txn");
        sqlx::query("INSERT INTO transactions (id, at, kind, reference) VALUES ($1, $2, $3, $4)")
            .bind(&id)
            .bind(at)
            .bind(Word(kind))
            .bind(reference)
            .execute(&mut *connection)
            .await
            .map_err(self.0.failed())?;
        let post = "WITH moved AS (UPDATE accounts SET balance = balance + $3 WHERE account = $2 RETURNING balance) \
                    INSERT INTO postings (transaction, account, amount, balance) SELECT $1, $2, $3, balance FROM moved \
                    RETURNING balance";
        let mut after = balance;
        for (account, amount) in [(platform, -into_wallet), (wallet, into_wallet)] {
            after = sqlx::query_scalar(post)
                .bind(&id)
                .bind(account)
                .bind(amount)
                .fetch_one(&mut *connection)
                .await
                .map_err(self.0.failed())?;
        }
        Ok(after)
    }

    /// Refuses what the member has already: bought, not refunded, not over.
    async fn not_yet_bought(
        &self,
        connection: &mut PgConnection,
        member: &str,
        version: &str,
        right: Right,
        at: Time,
    ) -> Result<(), Problem> {
        let bought: Vec<(String, Word<Right>)> = sqlx::query_as(
            "SELECT id, \"right\" FROM purchases WHERE member = $1 AND version = $2 AND status = $3 \
             AND (expires_at IS NULL OR $4 < expires_at) ORDER BY number",
        )
        .bind(member)
        .bind(version)
        .bind(Word(Status::Charged))
        .bind(at)
        .fetch_all(connection)
        .await
        .map_err(self.0.failed())?;
        match bought.into_iter().find(|(_, Word(bought))| bought.includes(right)) {
            Some((purchase, _)) => Err(Problem::new(Code::AlreadyPurchased).with("purchase", purchase)),
            None => Ok(()),
        }
    }

    async fn purchases_where(&self, condition: &str, value: &str) -> Result<Vec<Purchase>, Problem> {
        let select = format!("{PURCHASE} WHERE {condition} = $1 ORDER BY number");
        let rows = sqlx::query(&select).bind(value).fetch_all(self.0.pool()).await.map_err(self.0.failed())?;
        rows.iter().map(purchase).collect::<Result<_, _>>().map_err(self.0.failed())
    }
}

/// Money on its way between a member and the platform.
struct Movement<'a> {
    wallet: &'a str,
    platform: &'a str,
    /// Credits; negative leaves the wallet.
    into_wallet: i64,
    kind: Kind,
    reference: &'a str,
    at: Time,
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
    })
}

fn draft(purchase: &Purchase, at: Time, carried: &Carried, r#type: &'static str, data: serde_json::Value) -> Draft {
    let (member, version) = (purchase.member.clone(), purchase.version.clone());
    Draft { source: "billing", r#type, member, version, time: at, carried: carried.clone(), data }
}

#[async_trait]
impl Store for Books {
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

    async fn top_up(&self, once: &Once, amount: i64, at: Time) -> Result<Outcome<TopUp>, Problem> {
        let mut books = self.0.begin().await?;
        let (id, wallet) = (crate::ids::new("top"), ledger::wallet(&once.member));
        self.lock_wallet(&mut books, &wallet).await?;
        if let Some(earlier) = postgres::recall(&self.0, &mut books, once).await? {
            return Ok(earlier);
        }
        let movement = Movement {
            wallet: &wallet,
            platform: ledger::CASH,
            into_wallet: amount,
            kind: Kind::TopUp,
            reference: &id,
            at,
        };
        let balance = self.transfer(&mut books, movement).await?;
        let top_up = TopUp { id, amount, balance };
        postgres::remember(&self.0, &mut books, once, &top_up).await?;
        self.0.commit(books).await?;
        Ok(Outcome::fresh(top_up))
    }

    async fn open_quote(&self, quote: Quote, buyer: &str, at: Time) -> Result<(), Problem> {
        let mut books = self.0.begin().await?;
        self.not_yet_bought(&mut books, buyer, &quote.version, quote.right, at).await?;
        sqlx::query(
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
        .bind(quote.expires_at)
        .execute(&mut *books)
        .await
        .map_err(self.0.failed())?;
        self.0.commit(books).await
    }

    async fn withdraw_quotes(&self, version: &str) -> Result<(), Problem> {
        let withdraw = sqlx::query("UPDATE quotes SET withdrawn = true WHERE version = $1 AND NOT withdrawn");
        withdraw.bind(version).execute(self.0.pool()).await.map_err(self.0.failed())?;
        Ok(())
    }

    async fn purchase(
        &self,
        once: &Once,
        quote_id: &str,
        Terms { buyer, at, charged, told }: Terms<'_>,
    ) -> Result<Outcome<Purchase>, Problem> {
        let mut books = self.0.begin().await?;
        let wallet = ledger::wallet(&once.member);
        self.lock_wallet(&mut books, &wallet).await?;
        if let Some(earlier) = postgres::recall(&self.0, &mut books, once).await? {
            return Ok(earlier);
        }
        // Shared with other buyers of nothing, but not with a withdrawal: one of the two comes first.
        let row = sqlx::query("SELECT * FROM quotes WHERE id = $1 AND member = $2 FOR SHARE")
            .bind(quote_id)
            .bind(&once.member)
            .fetch_optional(&mut *books)
            .await
            .map_err(self.0.failed())?;
        let row = row.ok_or_else(|| Problem::because(Code::NotFound, "There is no such quote."))?;
        let withdrawn = row.try_get("withdrawn").map_err(self.0.failed())?;
        let quote = quote(&row).map_err(self.0.failed())?;
        self.not_yet_bought(&mut books, buyer, &quote.version, quote.right, at).await?;
        quote.check(withdrawn, at)?;
        let ends_at = quote.ends_at;
        let purchase = quote.bought(at);
        sqlx::query(
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
        .bind(purchase.expires_at)
        .execute(&mut *books)
        .await
        .map_err(self.0.failed())?;
        if let Some(carried) = told {
            let draft = draft(&purchase, at, carried, event::PURCHASE_COMPLETED, purchase.completed(ends_at));
            postgres::append(&self.0, &mut books, draft).await?;
        }
        postgres::remember(&self.0, &mut books, once, &purchase).await?;
        let movement = Movement {
            wallet: &wallet,
            platform: ledger::REVENUE,
            into_wallet: -purchase.amount,
            kind: Kind::Purchase,
            reference: &purchase.id,
            at,
        };
        // Last, because everybody waits for the platform's account.
        if charged {
            self.transfer(&mut books, movement).await?;
        }
        self.0.commit(books).await?;
        Ok(Outcome::fresh(purchase))
    }

    async fn purchases(&self, member: &str) -> Result<Vec<Purchase>, Problem> {
        self.purchases_where("member", member).await
    }

    async fn find_purchase(&self, id: &str) -> Result<Option<Purchase>, Problem> {
        Ok(self.purchases_where("id", id).await?.pop())
    }

    async fn refund_purchase(
        &self,
        once: &Once,
        id: &str,
        amount: Option<i64>,
        at: Time,
        told: Option<&Carried>,
    ) -> Result<Outcome<PurchaseRefund>, Problem> {
        let mut books = self.0.begin().await?;
        let select = format!("{PURCHASE} WHERE id = $1 FOR UPDATE");
        let row = sqlx::query(&select).bind(id).fetch_optional(&mut *books).await.map_err(self.0.failed())?;
        let mut purchase = purchase(&row.ok_or(Code::NotFound)?).map_err(self.0.failed())?;
        if let Some(earlier) = postgres::recall(&self.0, &mut books, once).await? {
            return Ok(earlier);
        }
        let amount = refundable(amount, purchase.amount, purchase.refunded)?;
        let wallet = ledger::wallet(&purchase.member);
        self.lock_wallet(&mut books, &wallet).await?;
        let full = purchase.give_back(amount);
        sqlx::query("UPDATE purchases SET refunded = $2, status = $3 WHERE id = $1")
            .bind(id)
            .bind(purchase.refunded)
            .bind(Word(purchase.status))
            .execute(&mut *books)
            .await
            .map_err(self.0.failed())?;
        let data = json!({
            "purchase": purchase.id, "member": purchase.member, "version": purchase.version, "amount": amount, "full": full,
        });
        if let Some(carried) = told {
            let draft = draft(&purchase, at, carried, event::PURCHASE_REFUNDED, data);
            postgres::append(&self.0, &mut books, draft).await?;
        }
        let refund = PurchaseRefund { id: crate::ids::new("ref"), purchase: purchase.id.clone(), amount };
        postgres::remember(&self.0, &mut books, once, &refund).await?;
        let movement = Movement {
            wallet: &wallet,
            platform: ledger::REVENUE,
            into_wallet: amount,
            kind: Kind::PurchaseRefund,
            reference: &purchase.id,
            at,
        };
        self.transfer(&mut books, movement).await?;
        self.0.commit(books).await?;
        Ok(Outcome::fresh(refund))
    }

    async fn charge(&self, once: &Once, job: &str, amount: i64, at: Time) -> Result<Outcome<Charge>, Problem> {
        let mut books = self.0.begin().await?;
        let wallet = ledger::wallet(&once.member);
        self.lock_wallet(&mut books, &wallet).await?;
        if let Some(earlier) = postgres::recall(&self.0, &mut books, once).await? {
            return Ok(earlier);
        }
        let charge = Charge { id: crate::ids::new("chg"), member: once.member.clone(), job: job.to_owned(), amount };
        sqlx::query("INSERT INTO charges (id, member, job, amount) VALUES ($1, $2, $3, $4)")
            .bind(&charge.id)
            .bind(&charge.member)
            .bind(job)
            .bind(amount)
            .execute(&mut *books)
            .await
            .map_err(self.0.failed())?;
        postgres::remember(&self.0, &mut books, once, &charge).await?;
        let movement = Movement {
            wallet: &wallet,
            platform: ledger::REVENUE,
            into_wallet: -amount,
            kind: Kind::Charge,
            reference: job,
            at,
        };
        self.transfer(&mut books, movement).await?;
        self.0.commit(books).await?;
        Ok(Outcome::fresh(charge))
    }

    async fn refund_charge(
        &self,
        once: &Once,
        charge: &str,
        amount: i64,
        at: Time,
    ) -> Result<Outcome<ChargeRefund>, Problem> {
        let mut books = self.0.begin().await?;
        let row: Option<(String, String, i64, i64)> =
            sqlx::query_as("SELECT member, job, amount, refunded FROM charges WHERE id = $1 FOR UPDATE")
                .bind(charge)
                .fetch_optional(&mut *books)
                .await
                .map_err(self.0.failed())?;
        let (member, job, charged, refunded) = row.ok_or(Code::NotFound)?;
        if let Some(earlier) = postgres::recall(&self.0, &mut books, once).await? {
            return Ok(earlier);
        }
        let amount = refundable(Some(amount), charged, refunded)?;
        sqlx::query("UPDATE charges SET refunded = refunded + $2 WHERE id = $1")
            .bind(charge)
            .bind(amount)
            .execute(&mut *books)
            .await
            .map_err(self.0.failed())?;
        let refund = ChargeRefund { id: crate::ids::new("ref"), charge: charge.to_owned(), amount };
        postgres::remember(&self.0, &mut books, once, &refund).await?;
        let movement = Movement {
            wallet: &ledger::wallet(&member),
            platform: ledger::REVENUE,
            into_wallet: amount,
            kind: Kind::ChargeRefund,
            reference: &job,
            at,
        };
        self.transfer(&mut books, movement).await?;
        self.0.commit(books).await?;
        Ok(Outcome::fresh(refund))
    }
}

#[async_trait]
impl Outbox for Books {
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
