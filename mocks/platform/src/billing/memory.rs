//! The ledger in memory, behind one lock: whoever holds it is a transaction. An error must come before the first change,
//! because nothing is rolled back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::decisions;
use super::ledger::{self, Ledger};
use super::store::{
    Account, Charge, ChargeRefund, Entry, Purchase, PurchaseOptions, PurchaseRefund, Quote, Store, TopUp,
};
use crate::clock::Time;
use crate::context::Propagated;
use crate::idempotency::{IdempotentRequest, RememberedAnswers, Replayable};
use crate::outbox::{MemoryOutbox, Outbox};
use crate::problem::{Code, Problem};

#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    ledger: Ledger,
    quotes: HashMap<String, Quote>,
    purchases: Vec<Purchase>,
    /// Each with the credits that were given back of it.
    charges: HashMap<String, (Charge, i64)>,
    answers: RememberedAnswers,
    outbox: MemoryOutbox,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn owned(&self, member: &str, version: &str) -> Vec<Purchase> {
        let owned = self.purchases.iter().filter(|known| known.member == member && known.version == version);
        owned.cloned().collect()
    }
}

#[async_trait]
impl Store for Memory {
    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.state().outbox.clone())
    }

    async fn balance(&self, member: &str) -> Result<i64, Problem> {
        Ok(self.state().ledger.balance(&ledger::wallet(member)))
    }

    async fn entries(&self, member: &str) -> Result<Vec<Entry>, Problem> {
        Ok(self.state().ledger.statement(&ledger::wallet(member)))
    }

    async fn accounts(&self) -> Result<Vec<Account>, Problem> {
        let account = |(account, balance): (&String, &i64)| Account { account: account.clone(), balance: *balance };
        Ok(self.state().ledger.accounts().iter().map(account).collect())
    }

    async fn top_up(&self, request: &IdempotentRequest, amount: i64, at: Time) -> Result<Replayable<TopUp>, Problem> {
        let mut state = self.state();
        if let Some(earlier) = state.answers.recall(request)? {
            return Ok(earlier);
        }
        let (top_up, payment) = decisions::top_up(&request.member, amount, at);
        let balance = state.ledger.apply(&payment)?;
        Ok(state.answers.remember(request, TopUp { balance, ..top_up }))
    }

    async fn open_quote(&self, quote: Quote, buyer: &str, at: Time) -> Result<(), Problem> {
        let mut state = self.state();
        decisions::check_not_owned(&state.owned(buyer, &quote.version), quote.right, at)?;
        state.quotes.insert(quote.id.clone(), quote);
        Ok(())
    }

    async fn withdraw_quotes(&self, version: &str) -> Result<(), Problem> {
        for quote in self.state().quotes.values_mut().filter(|quote| quote.version == version) {
            quote.withdrawn = true;
        }
        Ok(())
    }

    async fn purchase(
        &self,
        request: &IdempotentRequest,
        quote: &str,
        options: PurchaseOptions<'_>,
    ) -> Result<Replayable<Purchase>, Problem> {
        let mut state = self.state();
        if let Some(earlier) = state.answers.recall(request)? {
            return Ok(earlier);
        }
        let quote = state.quotes.get(quote).filter(|quote| quote.member == request.member).cloned();
        let quote = quote.ok_or_else(decisions::unknown_quote)?;
        let owned = state.owned(options.buyer, &quote.version);
        let sale = decisions::sell(quote, &owned, options)?;
        // First, because only this can still fail.
        if let Some(payment) = &sale.payment {
            state.ledger.apply(payment)?;
        }
        if let Some(event) = sale.event {
            state.outbox.append(event);
        }
        state.purchases.push(sale.purchase.clone());
        Ok(state.answers.remember(request, sale.purchase))
    }

    async fn purchases(&self, member: &str) -> Result<Vec<Purchase>, Problem> {
        Ok(self.state().purchases.iter().filter(|purchase| purchase.member == member).cloned().collect())
    }

    async fn find_purchase(&self, id: &str) -> Result<Option<Purchase>, Problem> {
        Ok(self.state().purchases.iter().find(|purchase| purchase.id == id).cloned())
    }

    async fn refund_purchase(
        &self,
        request: &IdempotentRequest,
        purchase: &str,
        amount: Option<i64>,
        at: Time,
        told: Option<&Propagated>,
    ) -> Result<Replayable<PurchaseRefund>, Problem> {
        let mut state = self.state();
        if let Some(earlier) = state.answers.recall(request)? {
            return Ok(earlier);
        }
        let place = state.purchases.iter().position(|known| known.id == purchase).ok_or(Code::NotFound)?;
        // A copy, so that a refund that cannot be paid changes nothing.
        let mut purchase = state.purchases[place].clone();
        let refunding = decisions::refund_purchase(&mut purchase, amount, at, told)?;
        state.ledger.apply(&refunding.payment)?;
        if let Some(event) = refunding.event {
            state.outbox.append(event);
        }
        state.purchases[place] = purchase;
        Ok(state.answers.remember(request, refunding.refund))
    }

    async fn charge(
        &self,
        request: &IdempotentRequest,
        job: &str,
        amount: i64,
        at: Time,
    ) -> Result<Replayable<Charge>, Problem> {
        let mut state = self.state();
        if let Some(earlier) = state.answers.recall(request)? {
            return Ok(earlier);
        }
        let (charge, payment) = decisions::charge(request, job, amount, at);
        state.ledger.apply(&payment)?;
        state.charges.insert(charge.id.clone(), (charge.clone(), 0));
        Ok(state.answers.remember(request, charge))
    }

    async fn refund_charge(
        &self,
        request: &IdempotentRequest,
        charge: &str,
        amount: i64,
        at: Time,
    ) -> Result<Replayable<ChargeRefund>, Problem> {
        let mut state = self.state();
        if let Some(earlier) = state.answers.recall(request)? {
            return Ok(earlier);
        }
        let (charge, refunded) = state.charges.get(charge).cloned().ok_or(Code::NotFound)?;
        let (refund, payment) = decisions::refund_charge(&charge, refunded, amount, at)?;
        state.ledger.apply(&payment)?;
        state.charges.insert(charge.id.clone(), (charge, refunded + refund.amount));
        Ok(state.answers.remember(request, refund))
    }
}
