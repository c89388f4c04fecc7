//! The purchases of an attempt, each with its charge and its refunds.

use super::evidence::Evidence;
use super::occurrence::Occurrence;
use crate::model::{EventKind, Fact};

/// A purchase that was charged.
#[derive(Debug, Clone)]
pub struct Purchase<'a> {
    pub id: &'a str,
    pub member: Option<&'a str>,
    pub version: Option<&'a str>,
    pub right: Option<&'a str>,
    pub amount: Option<i64>,
    /// The end of the access that was bought, if it is earlier than the end of early access.
    pub expires_at: Option<jiff::Timestamp>,
    /// The first answer that reported the purchase.
    pub charge: Occurrence<'a>,
    /// The refunds that were paid, each of them once.
    pub refunds: Vec<Occurrence<'a>>,
    /// Refunds without a usable answer, which may or may not have been paid.
    pub uncertain_refunds: Vec<Occurrence<'a>>,
}

impl<'a> Purchase<'a> {
    pub fn refunded_amount(&self) -> i64 {
        self.refunds.iter().filter_map(|refund| refund.number(Fact::Amount)).sum()
    }

    /// Returns the refund that made the sum of the refunds reach the price.
    pub fn full_refund(&self) -> Option<Occurrence<'a>> {
        self.full_refund_index().map(|index| self.refunds[index])
    }

    /// Returns the refunds that left a part of the price with the platform. Without a known price there are none.
    pub fn partial_refunds(&self) -> &[Occurrence<'a>] {
        let partial = self.full_refund_index().unwrap_or(self.refunds.len());
        if self.amount.is_some() { &self.refunds[..partial] } else { &[] }
    }

    /// Returns every refund that was paid or may have been paid.
    pub fn possible_refunds(&self) -> impl Iterator<Item = &Occurrence<'a>> {
        self.refunds.iter().chain(&self.uncertain_refunds)
    }

    /// Names the purchase in the words of the scenario.
    pub fn describe(&self, evidence: &Evidence<'_>) -> String {
        evidence.describe_purchase(self.member, self.right, self.version)
    }

    fn full_refund_index(&self) -> Option<usize> {
        let mut left = self.amount?;
        self.refunds.iter().position(|refund| {
            left -= refund.number(Fact::Amount).unwrap_or_default();
            left <= 0
        })
    }
}

pub fn collect<'a>(evidence: &Evidence<'a>) -> Vec<Purchase<'a>> {
    let mut purchases: Vec<Purchase<'a>> = Vec::new();
    for charge in evidence.innermost(EventKind::Charged).into_iter().filter(|event| event.is_done()) {
        let Some(id) = charge.text(Fact::Purchase) else { continue };
        // A retry with the same key is answered with the same purchase, which was charged once.
        if purchases.iter().any(|known| known.id == id) {
            continue;
        }
        purchases.push(Purchase {
            id,
            member: evidence.member_of(charge),
            version: evidence.version_of(charge),
            right: evidence.right_of(charge),
            amount: charge.number(Fact::Amount),
            expires_at: charge.text(Fact::ExpiresAt).and_then(|text| text.parse().ok()),
            charge,
            refunds: Vec::new(),
            uncertain_refunds: Vec::new(),
        });
    }
    for refund in evidence.innermost(EventKind::Refunded) {
        let Some(purchase) = purchases.iter_mut().find(|known| refund.text(Fact::Purchase) == Some(known.id)) else {
            continue;
        };
        let is_known = purchase.refunds.iter().any(|known| known.shares(refund, Fact::Refund));
        if refund.is_unsure() {
            purchase.uncertain_refunds.push(refund);
        } else if refund.is_done() && !is_known {
            purchase.refunds.push(refund);
        }
    }
    purchases
}
