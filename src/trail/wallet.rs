//! The wallets of the members: every movement of money that the taps saw, and every balance that the platform reported.
//!
//! A movement takes effect at some moment between its request and its answer; one without an answer may never take
//! effect. So several differences between two balances may be legal.

use std::collections::BTreeSet;

use super::evidence::Evidence;
use super::occurrence::Occurrence;
use super::participants::KnownMember;
use crate::model::{EventKind, Fact};

/// A movement of money into or out of a wallet.
#[derive(Debug, Clone)]
pub struct Movement<'a> {
    /// The first answer that confirmed it or, without one, the request.
    pub event: Occurrence<'a>,
    /// The identity of the movement: money moves once, however often that is confirmed.
    id: String,
    /// Positive into the wallet, negative out of it; `None` if no exchange says so.
    pub amount: Option<i64>,
    /// The earliest moment at which the money can have moved.
    pub from: u64,
    /// The moment by which the money has moved; `u64::MAX` if it may never move.
    pub to: u64,
}

/// A balance that the platform reported.
#[derive(Debug, Clone, Copy)]
pub struct BalanceReading<'a> {
    pub event: Occurrence<'a>,
    pub balance: i64,
}

#[derive(Debug, Clone)]
pub struct Wallet<'a> {
    pub member: &'a str,
    pub movements: Vec<Movement<'a>>,
    /// Ordered by the time at which the answer was complete.
    pub readings: Vec<BalanceReading<'a>>,
}

/// The most movements of uncertain effect between two readings: the legal differences double with each of them.
const MOST_UNCERTAIN: usize = 12;

/// The events that move money, with the fact that identifies the movement and the sign of its amount.
const MOVING: [(EventKind, Fact, i64); 5] = [
    (EventKind::ToppedUp, Fact::TopUp, 1),
    (EventKind::Charged, Fact::Purchase, -1),
    (EventKind::Refunded, Fact::Refund, 1),
    (EventKind::Billed, Fact::Charge, -1),
    (EventKind::Repaid, Fact::Refund, 1),
];

pub fn collect<'a>(evidence: &Evidence<'a>) -> Vec<Wallet<'a>> {
    // One movement that no tap sees would make every balance after it look wrong.
    let mut edges = MOVING.iter().flat_map(|(kind, ..)| evidence.mapping.edges_of(*kind));
    if edges.any(|edge| !evidence.edges.contains(edge)) {
        return Vec::new();
    }
    evidence.participants.members.iter().map(|member| Wallet::of(evidence, member)).collect()
}

impl<'a> Wallet<'a> {
    fn of(evidence: &Evidence<'a>, member: &'a KnownMember) -> Self {
        let mut wallet = Wallet { member: &member.id, movements: Vec::new(), readings: Vec::new() };
        for (kind, identity, sign) in MOVING {
            for event in evidence.innermost(kind) {
                wallet.add_movement(evidence, event, identity, sign);
            }
        }
        for event in evidence.innermost(EventKind::Counted).into_iter().chain(evidence.innermost(EventKind::ToppedUp)) {
            // A replayed answer repeats the balance of its first time.
            let is_current = event.is_done() && event.fact(Fact::Replayed).is_none();
            if let Some(balance) = event.number(Fact::Balance)
                && is_current
                && evidence.member_of(event) == Some(wallet.member)
            {
                wallet.readings.push(BalanceReading { event, balance });
            }
        }
        wallet.readings.sort_by_key(|reading| reading.event.ended());
        wallet
    }

    fn add_movement(&mut self, evidence: &Evidence<'a>, event: Occurrence<'a>, identity: Fact, sign: i64) {
        if event.is_refused() || owner_of(evidence, event) != Some(self.member) {
            return;
        }
        let amount = event.number(Fact::Amount).or_else(|| evidence.quote_of(event)?.number(Fact::Amount));
        let movement = Movement {
            event,
            id: format!("{:?} {}", event.kind(), event.text(identity).unwrap_or_default()),
            amount: amount.map(|amount| sign * amount),
            from: event.started(),
            to: if event.is_done() { event.ended() } else { u64::MAX },
        };
        match self.movements.iter_mut().find(|known| known.is_same(&movement)) {
            Some(known) => {
                let from = known.from.min(movement.from);
                if movement.to < known.to {
                    *known = movement;
                }
                known.from = from;
            }
            None => self.movements.push(movement),
        }
    }

    /// Returns every difference that may legally lie between two readings; `None` where too little is known.
    ///
    /// `assumed` names one uncertain movement and whether it is taken to have happened.
    pub fn legal_differences(
        &self,
        before: BalanceReading<'_>,
        after: BalanceReading<'_>,
        assumed: Option<(u64, bool)>,
    ) -> Option<BTreeSet<i64>> {
        let mut sums = BTreeSet::from([0]);
        let mut uncertain = 0;
        for movement in &self.movements {
            // The answer to a top-up reports the balance after it.
            let reported_by = |reading: BalanceReading<'_>| movement.event.exchange.id == reading.event.exchange.id;
            let surely_in = |reading| reported_by(reading) || movement.to <= reading.event.started();
            let perhaps_in = |reading| reported_by(reading) || movement.from < reading.event.ended();
            if surely_in(before) || !perhaps_in(after) {
                continue;
            }
            let amount = movement.amount?;
            let happened = if !perhaps_in(before) && surely_in(after) {
                Some(true)
            } else {
                assumed.filter(|(exchange, _)| *exchange == movement.event.exchange.id).map(|(_, happened)| happened)
            };
            match happened {
                Some(true) => sums = sums.iter().map(|sum| sum + amount).collect(),
                Some(false) => {}
                None => {
                    uncertain += 1;
                    sums = sums.iter().flat_map(|sum| [*sum, sum + amount]).collect();
                }
            }
        }
        if uncertain <= MOST_UNCERTAIN { Some(sums) } else { None }
    }
}

impl Movement<'_> {
    /// Returns true if two requests moved the same money.
    fn is_same(&self, other: &Self) -> bool {
        let both_answered = self.to != u64::MAX && other.to != u64::MAX;
        if both_answered {
            self.id == other.id
        } else {
            // A request whose answer got lost has no id yet: its retry is known by the key.
            self.event.shares(other.event, Fact::Key) && self.event.kind() == other.event.kind()
        }
    }
}

/// Returns the id of the member whose wallet the money enters or leaves.
fn owner_of<'a>(evidence: &Evidence<'a>, event: Occurrence<'a>) -> Option<&'a str> {
    if event.kind() == EventKind::Refunded {
        // A moderator may refund; the money goes to the buyer.
        evidence.purchase(event.text(Fact::Purchase))?.member
    } else if event.kind() == EventKind::Repaid {
        let of_job = |billed: &Occurrence<'a>| billed.shares(event, Fact::Job) || billed.shares(event, Fact::Charge);
        evidence.member_of(evidence.innermost(EventKind::Billed).into_iter().find(of_job)?)
    } else {
        evidence.member_of(event)
    }
}
