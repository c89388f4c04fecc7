//! What the doubles know, in one place for all of them: of each member what they have, bought, may do and ordered; of each
//! model version on what terms it is gated.
//!
//! So a purchase at the double of billing is a permission at the double of entitlement, and doubles tell each other nothing. A member
//! of whom nobody has heard has an account all the same: an empty one.

use std::collections::{BTreeMap, HashMap};

use atelier::billing::ledger::Kind;
use atelier::billing::store::{Charge, Entry, Purchase, Quote};
use atelier::clock::Time;
use atelier::entitlement::store::{Gate, Grant, Source, Standing};
use atelier::event::ACCESS_CHANGED;
use atelier::generation::store::Job;
use atelier::idempotency::Once;
use atelier::problem::{Code, Problem};
use serde::Serialize;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::telling::Telling;
use super::wire::{Asked, Desk, answer, new_id};

/// The books of one run.
#[derive(Default)]
pub struct Books {
    /// By member.
    accounts: BTreeMap<String, Account>,
    /// By model version.
    pub gates: HashMap<String, Gate>,
    /// Who has to be told of purchases: an entitlement that is no double.
    pub purchases_to: Option<Telling>,
    /// Who has to be told of permissions: a generation that is no double.
    pub access_to: Option<Telling>,
}

/// All about one member.
#[derive(Default)]
pub struct Account {
    /// What moved in the wallet, oldest first.
    pub entries: Vec<Entry>,
    /// Each with whether it was withdrawn.
    pub quotes: Vec<(Quote, bool)>,
    pub purchases: Vec<Purchase>,
    /// Each with what was given back of it.
    pub charges: Vec<(Charge, i64)>,
    pub grants: Vec<Grant>,
    /// Oldest first.
    pub jobs: Vec<Job>,
    /// What was answered to requests that are done once: by route and key, with the hash of what was asked.
    answers: HashMap<(String, String), (String, Value)>,
}

impl Books {
    /// A member's account.
    pub fn account(&mut self, member: &str) -> &mut Account {
        self.accounts.entry(member.to_owned()).or_default()
    }

    /// All accounts, for what is known by something else than its member.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Account> {
        self.accounts.values_mut()
    }

    /// All accounts of the ledger with what they hold: the wallets, and the two that money comes from and goes to.
    pub fn ledger(&self) -> BTreeMap<String, i64> {
        let mut ledger = BTreeMap::new();
        for (member, account) in self.accounts.iter().filter(|(_, account)| !account.entries.is_empty()) {
            ledger.insert(format!("wallet:{member}"), account.balance());
            for entry in &account.entries {
                let other = if entry.kind == Kind::TopUp { "platform:cash" } else { "platform:revenue" };
                *ledger.entry(other.to_owned()).or_default() -= entry.amount;
            }
        }
        ledger
    }

    /// What decides about a member, or nobody, and a version.
    pub fn standing(&self, member: Option<&str>, version: &str) -> Result<Standing, Problem> {
        let missing = || Problem::because(Code::NotFound, "There is no such model version.");
        let gate = self.gates.get(version).ok_or_else(missing)?.clone();
        let account = member.and_then(|member| self.accounts.get(member));
        let grants = account.into_iter().flat_map(|account| &account.grants);
        Ok(Standing { gate, grants: grants.filter(|grant| grant.version == version).cloned().collect() })
    }

    /// Gives a permission.
    pub fn grant(&mut self, desk: &Desk, asked: &Asked<'_>, grant: Grant) {
        let state = if matches!(grant.source, Source::Trial { .. }) { "trial" } else { "granted" };
        self.tell_access(desk, asked, &grant, state);
        self.account(&grant.member.clone()).grants.push(grant);
    }

    /// Takes back what came of a purchase; says whether there was anything.
    pub fn revoke(&mut self, desk: &Desk, asked: &Asked<'_>, member: &str, purchase: &str) -> bool {
        let grants = &mut self.account(member).grants;
        let Some(grant) = grants.iter_mut().find(|grant| bought_with(grant, purchase)) else { return false };
        grant.revoked = true;
        let grant = grant.clone();
        self.tell_access(desk, asked, &grant, "revoked");
        true
    }

    fn tell_access(&self, desk: &Desk, asked: &Asked<'_>, grant: &Grant, state: &str) {
        if let Some(telling) = &self.access_to {
            let data = json!({
                "member": grant.member, "version": grant.version, "rights": grant.rights, "grant": grant.id, "state": state,
            });
            telling.tell(desk, asked, "entitlement", ACCESS_CHANGED, data);
        }
    }

    /// Does a request, or repeats what came of it.
    pub fn once<T: Serialize>(
        &mut self,
        once: &Once,
        act: impl FnOnce(&mut Self) -> Result<T, Problem>,
    ) -> Result<Done, Problem> {
        let place = (once.route.clone(), once.key.clone());
        match self.account(&once.member).answers.get(&place) {
            Some((hash, _)) if *hash != once.hash => Err(Code::IdempotencyKeyReused.into()),
            Some((_, body)) => Ok(Done { body: body.clone(), replayed: true }),
            None => {
                let body = serde_json::to_value(act(self)?).expect("invariant: an answer is plain JSON");
                self.account(&once.member).answers.insert(place, (once.hash.clone(), body.clone()));
                Ok(Done { body, replayed: false })
            }
        }
    }
}

/// What has come of a request that is done once.
pub struct Done {
    pub body: Value,
    replayed: bool,
}

impl Done {
    /// The answer with this status; it says so if it is an earlier one.
    pub fn answer(&self, status: u16) -> ResponseTemplate {
        let answer = answer(status, &self.body);
        if self.replayed { answer.insert_header("idempotent-replayed", "true") } else { answer }
    }
}

impl Account {
    /// What the wallet holds.
    pub fn balance(&self) -> i64 {
        self.entries.last().map_or(0, |entry| entry.balance)
    }

    /// Moves credits into the wallet, or out of it where `amount` is negative; `reference` says for what.
    ///
    /// # Errors
    /// `insufficient-funds`; nothing has moved then.
    pub fn book(&mut self, amount: i64, kind: Kind, reference: &str, at: Time) -> Result<(), Problem> {
        let balance = self.balance() + amount;
        if balance < 0 {
            let short = Problem::new(Code::InsufficientFunds);
            return Err(short.with("balance", self.balance()).with("amount", -amount));
        }
        self.entries.push(Entry { id: new_id("txn"), at, kind, amount, reference: reference.to_owned(), balance });
        Ok(())
    }
}

/// Whether it came of this purchase.
pub fn bought_with(grant: &Grant, purchase: &str) -> bool {
    matches!(&grant.source, Source::Purchase { purchase: known } if known == purchase)
}
