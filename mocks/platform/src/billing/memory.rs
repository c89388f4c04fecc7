//! The books in memory, behind one lock: whoever holds it is a transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::json;

use super::ledger::{self, Kind, Ledger};
use super::store::{
    Account, Charge, ChargeRefund, Entry, Purchase, PurchaseRefund, Quote, Status, Store, Terms, TopUp, refundable,
};
use crate::clock::Time;
use crate::context::Carried;
use crate::event::{self, Draft, Event};
use crate::idempotency::{Answers, Once, Outcome};
use crate::outbox::{Outbox, Rows};
use crate::problem::{Code, Problem};
use crate::right::Right;

#[derive(Default)]
pub(super) struct Memory(Mutex<Books>);

#[derive(Default)]
struct Books {
    ledger: Ledger,
    quotes: HashMap<String, Quote>,
    withdrawn: HashSet<String>,
    purchases: Vec<Purchase>,
    /// Each with what was given back of it.
    charges: HashMap<String, (Charge, i64)>,
    answers: Answers,
    outbox: Rows,
}

impl Memory {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Refuses what the member has already: bought, not refunded, not over.
    fn not_yet_bought(&self, member: &str, version: &str, right: Right, at: Time) -> Result<(), Problem> {
        let bought = self.purchases.iter().find(|purchase| {
            purchase.member == member
                && purchase.version == version
                && purchase.right.includes(right)
                && purchase.status == Status::Charged
                && purchase.expires_at.is_none_or(|end| at < end)
        });
        match bought {
            Some(purchase) => Err(Problem::new(Code::AlreadyPurchased).with("purchase", purchase.id.clone())),
            None => Ok(()),
        }
    }

    fn quote(&self, id: &str, member: &str) -> Result<Quote, Problem> {
        let quote = self.quotes.get(id).filter(|quote| quote.member == member);
        Ok(quote.ok_or_else(|| Problem::because(Code::NotFound, "There is no such quote."))?.clone())
    }

    fn tell(
        &mut self,
        purchase: &Purchase,
        at: Time,
        told: Option<&Carried>,
        r#type: &'static str,
        data: serde_json::Value,
    ) {
        let Some(carried) = told else { return };
        self.outbox.append(Draft {
            source: "billing",
            r#type,
            member: purchase.member.clone(),
            version: purchase.version.clone(),
            time: at,
            carried: carried.clone(),
            data,
        });
    }
}

#[async_trait]
impl Store for Memory {
    async fn balance(&self, member: &str) -> Result<i64, Problem> {
        Ok(self.books().ledger.balance(&ledger::wallet(member)))
    }

    async fn entries(&self, member: &str) -> Result<Vec<Entry>, Problem> {
        let entry = |(transaction, posting): (&ledger::Transaction, &ledger::Posting)| Entry {
            id: transaction.id.clone(),
            at: transaction.at,
            kind: transaction.kind,
            amount: posting.amount,
            reference: transaction.reference.clone(),
            balance: posting.balance,
        };
        Ok(self.books().ledger.of(&ledger::wallet(member)).map(entry).collect())
    }

    async fn accounts(&self) -> Result<Vec<Account>, Problem> {
        let account = |(account, balance): (&String, &i64)| Account { account: account.clone(), balance: *balance };
        Ok(self.books().ledger.accounts().iter().map(account).collect())
    }

    async fn top_up(&self, once: &Once, amount: i64, at: Time) -> Result<Outcome<TopUp>, Problem> {
        let mut books = self.books();
        if let Some(earlier) = books.answers.recall(once)? {
            return Ok(earlier);
        }
        let (id, wallet) = (crate::ids::new("top"), ledger::wallet(&once.member));
        books.ledger.transfer(ledger::CASH, &wallet, amount, Kind::TopUp, &id, at)?;
        let balance = books.ledger.balance(&wallet);
        Ok(books.answers.remember(once, TopUp { id, amount, balance }))
    }

    async fn open_quote(&self, quote: Quote, buyer: &str, at: Time) -> Result<(), Problem> {
        let mut books = self.books();
        books.not_yet_bought(buyer, &quote.version, quote.right, at)?;
        books.quotes.insert(quote.id.clone(), quote);
        Ok(())
    }

    async fn withdraw_quotes(&self, version: &str) -> Result<(), Problem> {
        let mut books = self.books();
        let open = books.quotes.values().filter(|quote| quote.version == version).map(|quote| quote.id.clone());
        let open: Vec<_> = open.collect();
        books.withdrawn.extend(open);
        Ok(())
    }

    async fn purchase(
        &self,
        once: &Once,
        quote: &str,
        Terms { buyer, at, charged, told }: Terms<'_>,
    ) -> Result<Outcome<Purchase>, Problem> {
        let mut books = self.books();
        if let Some(earlier) = books.answers.recall(once)? {
            return Ok(earlier);
        }
        let quote = books.quote(quote, &once.member)?;
        books.not_yet_bought(buyer, &quote.version, quote.right, at)?;
        quote.check(books.withdrawn.contains(&quote.id), at)?;
        let ends_at = quote.ends_at;
        let purchase = quote.bought(at);
        let wallet = ledger::wallet(&purchase.member);
        if charged {
            books.ledger.transfer(&wallet, ledger::REVENUE, purchase.amount, Kind::Purchase, &purchase.id, at)?;
        }
        books.tell(&purchase, at, told, event::PURCHASE_COMPLETED, purchase.completed(ends_at));
        books.purchases.push(purchase.clone());
        Ok(books.answers.remember(once, purchase))
    }

    async fn purchases(&self, member: &str) -> Result<Vec<Purchase>, Problem> {
        Ok(self.books().purchases.iter().filter(|purchase| purchase.member == member).cloned().collect())
    }

    async fn find_purchase(&self, id: &str) -> Result<Option<Purchase>, Problem> {
        Ok(self.books().purchases.iter().find(|purchase| purchase.id == id).cloned())
    }

    async fn refund_purchase(
        &self,
        once: &Once,
        purchase: &str,
        amount: Option<i64>,
        at: Time,
        told: Option<&Carried>,
    ) -> Result<Outcome<PurchaseRefund>, Problem> {
        let mut books = self.books();
        if let Some(earlier) = books.answers.recall(once)? {
            return Ok(earlier);
        }
        let place = books.purchases.iter().position(|known| known.id == purchase).ok_or(Code::NotFound)?;
        let mut purchase = books.purchases[place].clone();
        let amount = refundable(amount, purchase.amount, purchase.refunded)?;
        let id = crate::ids::new("ref");
        let wallet = ledger::wallet(&purchase.member);
        books.ledger.transfer(ledger::REVENUE, &wallet, amount, Kind::PurchaseRefund, &purchase.id, at)?;
        let full = purchase.give_back(amount);
        let data = json!({
            "purchase": purchase.id, "member": purchase.member, "version": purchase.version, "amount": amount, "full": full,
        });
        books.tell(&purchase, at, told, event::PURCHASE_REFUNDED, data);
        let refund = PurchaseRefund { id, purchase: purchase.id.clone(), amount };
        books.purchases[place] = purchase;
        Ok(books.answers.remember(once, refund))
    }

    async fn charge(&self, once: &Once, job: &str, amount: i64, at: Time) -> Result<Outcome<Charge>, Problem> {
        let mut books = self.books();
        if let Some(earlier) = books.answers.recall(once)? {
            return Ok(earlier);
        }
        let charge = Charge { id: crate::ids::new("chg"), member: once.member.clone(), job: job.to_owned(), amount };
        books.ledger.transfer(&ledger::wallet(&charge.member), ledger::REVENUE, amount, Kind::Charge, job, at)?;
        books.charges.insert(charge.id.clone(), (charge.clone(), 0));
        Ok(books.answers.remember(once, charge))
    }

    async fn refund_charge(
        &self,
        once: &Once,
        charge: &str,
        amount: i64,
        at: Time,
    ) -> Result<Outcome<ChargeRefund>, Problem> {
        let mut books = self.books();
        if let Some(earlier) = books.answers.recall(once)? {
            return Ok(earlier);
        }
        let (charge, refunded) = books.charges.get(charge).cloned().ok_or(Code::NotFound)?;
        let amount = refundable(Some(amount), charge.amount, refunded)?;
        let wallet = ledger::wallet(&charge.member);
        books.ledger.transfer(ledger::REVENUE, &wallet, amount, Kind::ChargeRefund, &charge.job, at)?;
        let refund = ChargeRefund { id: crate::ids::new("ref"), charge: charge.id.clone(), amount };
        books.charges.insert(charge.id.clone(), (charge, refunded + amount));
        Ok(books.answers.remember(once, refund))
    }
}

#[async_trait]
impl Outbox for Memory {
    async fn subjects(&self) -> Result<Vec<String>, Problem> {
        Ok(self.books().outbox.subjects())
    }

    async fn next(&self, subject: &str) -> Result<Option<Event>, Problem> {
        Ok(self.books().outbox.next(subject))
    }

    async fn done(&self, id: &str) -> Result<(), Problem> {
        self.books().outbox.done(id);
        Ok(())
    }
}
