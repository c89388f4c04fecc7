//! What was bought, and what became of it: each purchase with its charge and its refunds.

use super::evidence::Evidence;
use super::seen::Seen;
use crate::model::{EventKind, Fact};

/// One purchase that was charged.
#[derive(Debug, Clone)]
pub struct Purchase<'a> {
    /// The platform's id for it.
    pub id: &'a str,
    /// Who bought.
    pub member: Option<&'a str>,
    /// What for.
    pub version: Option<&'a str>,
    /// What.
    pub right: Option<&'a str>,
    /// For how much.
    pub amount: Option<i64>,
    /// When it ends, if it ends before early access does.
    pub expires_at: Option<jiff::Timestamp>,
    /// The first answer that said so.
    pub charge: Seen<'a>,
    /// The refunds that were paid, each once.
    pub refunds: Vec<Seen<'a>>,
    /// Refunds of which it is not known whether they were paid.
    pub perhaps_refunded: Vec<Seen<'a>>,
}

impl<'a> Purchase<'a> {
    /// How much came back.
    pub fn returned(&self) -> i64 {
        self.refunds.iter().filter_map(|refund| refund.number(Fact::Amount)).sum()
    }

    /// The refund with which all of the price had come back.
    pub fn fully_refunded(&self) -> Option<Seen<'a>> {
        self.last_refund().map(|index| self.refunds[index])
    }

    /// The refunds after which something of the price was left. None where the price is not known.
    pub fn refunds_in_part(&self) -> &[Seen<'a>] {
        let none_left = self.last_refund().unwrap_or(self.refunds.len());
        if self.amount.is_some() { &self.refunds[..none_left] } else { &[] }
    }

    fn last_refund(&self) -> Option<usize> {
        let mut left = self.amount?;
        self.refunds.iter().position(|refund| {
            left -= refund.number(Fact::Amount).unwrap_or_default();
            left <= 0
        })
    }
}

/// The purchases of a scenario, in the order of their charges.
pub fn purchases<'a>(evidence: &Evidence<'a>) -> Vec<Purchase<'a>> {
    let mut purchases: Vec<Purchase<'a>> = Vec::new();
    for charge in evidence.deepest(EventKind::Charged).into_iter().filter(|seen| seen.is_done()) {
        let Some(id) = charge.text(Fact::Purchase) else { continue };
        if purchases.iter().any(|known| known.id == id) {
            continue;
        }
        purchases.push(Purchase {
            id,
            member: evidence.member(charge),
            version: evidence.version(charge),
            right: evidence.right(charge),
            amount: charge.number(Fact::Amount),
            expires_at: charge.text(Fact::ExpiresAt).and_then(|text| text.parse().ok()),
            charge,
            refunds: Vec::new(),
            perhaps_refunded: Vec::new(),
        });
    }
    for refund in evidence.deepest(EventKind::Refunded) {
        let Some(purchase) = purchases.iter_mut().find(|known| refund.text(Fact::Purchase) == Some(known.id)) else {
            continue;
        };
        let again = purchase.refunds.iter().any(|known| known.shares(refund, Fact::Refund));
        if refund.is_unsure() {
            purchase.perhaps_refunded.push(refund);
        } else if refund.is_done() && !again {
            purchase.refunds.push(refund);
        }
    }
    purchases
}
