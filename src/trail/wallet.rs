//! A member's wallet, reckoned from what was seen of every movement of money, and held against what the platform says is in
//! it.
//!
//! A movement counts from some moment between its request and its answer on; one that was never answered may or may not have
//! happened. So between two looks into a wallet there may be several legal differences.

use std::collections::BTreeSet;

use super::evidence::Evidence;
use super::purchases::purchases;
use super::seen::Seen;
use crate::model::{EventKind, Fact};

/// One movement of money into or out of a wallet.
#[derive(Debug, Clone)]
pub struct Movement<'a> {
    /// What shows it, last.
    pub seen: Seen<'a>,
    /// What identifies it: it is moved once, however often it is answered.
    id: String,
    /// Into the wallet, or, negative, out of it. `None` where the exchange does not tell.
    pub amount: Option<i64>,
    /// The earliest moment at which it can have happened.
    pub from: u64,
    /// The moment from which on it has; `u64::MAX` where that is not known.
    pub to: u64,
}

/// One look into a wallet.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// What shows it.
    pub seen: Seen<'a>,
    /// What was in it.
    pub balance: i64,
}

/// The wallet of one member.
#[derive(Debug, Clone)]
pub struct Wallet<'a> {
    /// Whose.
    pub member: &'a str,
    /// Every movement.
    pub movements: Vec<Movement<'a>>,
    /// Every look, ordered by when it was taken.
    pub looks: Vec<Look<'a>>,
}

/// More open questions than this between two looks, and nothing is said.
const MOST_OPEN: usize = 12;

const MOVING: [EventKind; 5] =
    [EventKind::ToppedUp, EventKind::Charged, EventKind::Refunded, EventKind::Billed, EventKind::Repaid];

/// The wallets of all members of a scenario; none where money moves on an edge that has no tap.
pub fn wallets<'a>(evidence: &Evidence<'a>) -> Vec<Wallet<'a>> {
    let untapped = |kind: &EventKind| evidence.mapping.edges_of(*kind).any(|edge| !evidence.edges.contains(edge));
    if MOVING.iter().any(untapped) {
        return Vec::new();
    }
    let of_member = |person: &'a super::cast::Person| {
        let member = person.id.as_str();
        let mut wallet = Wallet { member, movements: Vec::new(), looks: Vec::new() };
        for kind in MOVING {
            for seen in evidence.deepest(kind) {
                wallet.add(evidence, kind, seen);
            }
        }
        for seen in evidence.deepest(EventKind::Counted).into_iter().chain(evidence.deepest(EventKind::ToppedUp)) {
            let own = evidence.member(seen) == Some(member);
            if let (true, true, None, Some(balance)) =
                (own, seen.is_done(), seen.fact(Fact::Replayed), seen.number(Fact::Balance))
            {
                wallet.looks.push(Look { seen, balance });
            }
        }
        wallet.looks.sort_by_key(|look| look.seen.to());
        wallet
    };
    evidence.cast.members.iter().map(of_member).collect()
}

impl<'a> Wallet<'a> {
    fn add(&mut self, evidence: &Evidence<'a>, kind: EventKind, seen: Seen<'a>) {
        if seen.is_refused() {
            return;
        }
        let (id, owner, sign) = match kind {
            EventKind::ToppedUp => (seen.text(Fact::TopUp), evidence.member(seen), 1),
            EventKind::Charged => (seen.text(Fact::Purchase), evidence.member(seen), -1),
            EventKind::Refunded => {
                let bought =
                    purchases(evidence).into_iter().find(|purchase| seen.text(Fact::Purchase) == Some(purchase.id));
                (seen.text(Fact::Refund), bought.and_then(|purchase| purchase.member), 1)
            }
            EventKind::Billed => (seen.text(Fact::Charge), evidence.member(seen), -1),
            EventKind::Repaid => {
                let of_job = |billed: &Seen<'a>| billed.shares(seen, Fact::Job) || billed.shares(seen, Fact::Charge);
                let billed = evidence.deepest(EventKind::Billed).into_iter().find(of_job);
                (seen.text(Fact::Refund), billed.and_then(|billed| evidence.member(billed)), 1)
            }
            EventKind::Offered
            | EventKind::Flagged
            | EventKind::Counted
            | EventKind::Quoted
            | EventKind::Granted
            | EventKind::Revoked
            | EventKind::Synced
            | EventKind::Checked
            | EventKind::Submitted
            | EventKind::Rendered
            | EventKind::State
            | EventKind::Delivered
            | EventKind::Shown => return,
        };
        if owner != Some(self.member) {
            return;
        }
        let amount = seen
            .number(Fact::Amount)
            .or_else(|| evidence.quoted(seen)?.number(Fact::Amount))
            .map(|amount| sign * amount);
        let to = if seen.is_done() { seen.to() } else { u64::MAX };
        // An answer that got lost and the one that was asked for again with the same key are one movement.
        let key = |known: &Movement<'a>| known.seen.shares(seen, Fact::Key) && known.seen.kind() == kind;
        let id = format!("{kind:?} {}", id.unwrap_or_default());
        let same = self.movements.iter_mut().find(|known| {
            let told = known.to != u64::MAX && to != u64::MAX;
            if told { known.id == id } else { key(known) }
        });
        match same {
            Some(known) => {
                known.from = known.from.min(seen.from());
                if to < known.to {
                    (known.to, known.seen, known.id, known.amount) = (to, seen, id, amount);
                }
            }
            None => self.movements.push(Movement { seen, id, amount, from: seen.from(), to }),
        }
    }

    /// By how much the balance may legally differ between two looks; `None` where too little is known. `settled` fixes one
    /// movement that is open: it happened, or it did not.
    pub fn differences(
        &self,
        before: Look<'_>,
        after: Look<'_>,
        settled: Option<(u64, bool)>,
    ) -> Option<BTreeSet<i64>> {
        let mut sums = BTreeSet::from([0]);
        let mut open = 0;
        for movement in &self.movements {
            let own = |look: Look<'_>| movement.seen.event.exchange == look.seen.event.exchange;
            let surely = |look: Look<'_>| own(look) || movement.to <= look.seen.from();
            let perhaps = |look: Look<'_>| own(look) || movement.from < look.seen.to();
            if surely(before) || !perhaps(after) {
                continue;
            }
            let amount = movement.amount?;
            let fixed =
                settled.filter(|(exchange, _)| *exchange == movement.seen.event.exchange).map(|(_, happened)| happened);
            let certain = !perhaps(before) && surely(after);
            match (certain, fixed) {
                (true, _) | (false, Some(true)) => sums = sums.iter().map(|sum| sum + amount).collect(),
                (false, Some(false)) => {}
                (false, None) => {
                    open += 1;
                    sums = sums.iter().flat_map(|sum| [*sum, sum + amount]).collect();
                }
            }
        }
        (open <= MOST_OPEN).then_some(sums)
    }
}
