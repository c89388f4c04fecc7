//! The rules of money: who may buy, for how much, and how much of it can be given back. Pure: a store loads the records,
//! asks here, and saves the result in the same transaction.

use serde_json::json;

use super::ledger::{self, Movement, MovementKind};
use super::store::{Charge, ChargeRefund, Purchase, PurchaseOptions, PurchaseRefund, PurchaseStatus, Quote, TopUp};
use crate::clock::Time;
use crate::context::Propagated;
use crate::event::{EventDraft, PURCHASE_COMPLETED, PURCHASE_REFUNDED};
use crate::idempotency::IdempotentRequest;
use crate::ids;
use crate::problem::{Code, Problem};
use crate::right::Right;

/// The only currency.
pub(crate) const CURRENCY: &str = "credits";

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Refuses a right that the buyer has already. `owned` are the buyer's purchases of the same version.
pub(super) fn check_not_owned(owned: &[Purchase], right: Right, at: Time) -> Result<(), Problem> {
    let holds = |purchase: &&Purchase| {
        purchase.right.includes(right)
            && purchase.status == PurchaseStatus::Charged
            && purchase.expires_at.is_none_or(|end| at < end)
    };
    match owned.iter().find(holds) {
        Some(purchase) => Err(Problem::new(Code::AlreadyPurchased).with("purchase", purchase.id.clone())),
        None => Ok(()),
    }
}

pub(super) fn unknown_quote() -> Problem {
    Problem::because(Code::NotFound, "There is no such quote.")
}

/// The records that a purchase adds.
pub(super) struct Sale {
    pub(super) purchase: Purchase,
    /// `None` if the purchase is not charged for.
    pub(super) payment: Option<Movement>,
    /// `None` if entitlement is not told.
    pub(super) event: Option<EventDraft>,
}

/// Sells at a quote. `owned` are the purchases of the same version by whoever must not own it yet.
pub(super) fn sell(quote: Quote, owned: &[Purchase], options: PurchaseOptions<'_>) -> Result<Sale, Problem> {
    let PurchaseOptions { at, charged, told, .. } = options;
    // First: whoever sends a purchase again in other words must hear that it is bought, not that its quote has expired.
    check_not_owned(owned, quote.right, at)?;
    if quote.ends_at.is_some_and(|end| at >= end) {
        return Err(Code::EarlyAccessEnded.into());
    }
    if quote.withdrawn {
        return Err(Code::QuoteChanged.into());
    }
    if at >= quote.expires_at {
        return Err(Code::QuoteExpired.into());
    }
    let purchase = Purchase {
        id: ids::new("pur"),
        quote: quote.id,
        member: quote.member,
        version: quote.version,
        right: quote.right,
        amount: quote.amount,
        currency: CURRENCY.into(),
        status: PurchaseStatus::Charged,
        refunded: 0,
        purchased_at: at,
        expires_at: quote.access_days.map(|days| at.after(DAY * days)),
    };
    let completed = json!({
        "purchase": purchase.id, "member": purchase.member, "version": purchase.version, "right": purchase.right,
        "rights": purchase.right.actions(), "amount": purchase.amount, "ends_at": quote.ends_at,
        "expires_at": purchase.expires_at,
    });
    let event = told.map(|propagated| event(&purchase, PURCHASE_COMPLETED, completed, at, propagated));
    let payment = Movement::to_platform(&purchase.member, purchase.amount, MovementKind::Purchase, &purchase.id, at);
    Ok(Sale { purchase, payment: charged.then_some(payment), event })
}

/// The records that a refund of a purchase adds.
pub(super) struct Refunding {
    pub(super) refund: PurchaseRefund,
    pub(super) payment: Movement,
    /// `None` if entitlement is not told.
    pub(super) event: Option<EventDraft>,
}

/// Gives back part of a purchase, or without an `amount` all that is left, and notes it on the purchase.
pub(super) fn refund_purchase(
    purchase: &mut Purchase,
    amount: Option<i64>,
    at: Time,
    told: Option<&Propagated>,
) -> Result<Refunding, Problem> {
    let amount = refundable(amount, purchase.amount, purchase.refunded)?;
    purchase.refunded += amount;
    let full = purchase.refunded == purchase.amount;
    if full {
        purchase.status = PurchaseStatus::Refunded;
    }
    let refunded = json!({
        "purchase": purchase.id, "member": purchase.member, "version": purchase.version, "amount": amount, "full": full,
    });
    Ok(Refunding {
        event: told.map(|propagated| event(purchase, PURCHASE_REFUNDED, refunded, at, propagated)),
        payment: Movement::to_wallet(&purchase.member, amount, MovementKind::PurchaseRefund, &purchase.id, at),
        refund: PurchaseRefund { id: ids::new("ref"), purchase: purchase.id.clone(), amount },
    })
}

fn event(
    purchase: &Purchase,
    r#type: &'static str,
    data: serde_json::Value,
    at: Time,
    propagated: &Propagated,
) -> EventDraft {
    let (member, version) = (purchase.member.clone(), purchase.version.clone());
    EventDraft { source: "billing", r#type, member, version, time: at, propagated: propagated.clone(), data }
}

/// Sells credits by card. The balance in the answer is known only after the movement.
pub(super) fn top_up(member: &str, amount: i64, at: Time) -> (TopUp, Movement) {
    let top_up = TopUp { id: ids::new("top"), amount, balance: 0 };
    let payment = Movement::new(member, ledger::CASH, amount, MovementKind::TopUp, &top_up.id, at);
    (top_up, payment)
}

/// Has a member pay for a job.
pub(super) fn charge(request: &IdempotentRequest, job: &str, amount: i64, at: Time) -> (Charge, Movement) {
    let member = &request.member;
    let charge = Charge { id: ids::new("chg"), member: member.clone(), job: job.to_owned(), amount };
    (charge, Movement::to_platform(member, amount, MovementKind::Charge, job, at))
}

/// Gives back part of a charge, of which `refunded` credits were given back before.
pub(super) fn refund_charge(
    charge: &Charge,
    refunded: i64,
    amount: i64,
    at: Time,
) -> Result<(ChargeRefund, Movement), Problem> {
    let amount = refundable(Some(amount), charge.amount, refunded)?;
    let refund = ChargeRefund { id: ids::new("ref"), charge: charge.id.clone(), amount };
    Ok((refund, Movement::to_wallet(&charge.member, amount, MovementKind::ChargeRefund, &charge.job, at)))
}

fn refundable(amount: Option<i64>, charged: i64, refunded: i64) -> Result<i64, Problem> {
    let left = charged - refunded;
    // A charge of nothing (a defect makes some) has nothing left from the start, and is not refunded for that.
    if left == 0 && charged > 0 {
        return Err(Code::AlreadyRefunded.into());
    }
    let amount = amount.unwrap_or(left);
    if amount > left {
        return Err(Problem::new(Code::RefundTooLarge).with("left", left));
    }
    Ok(amount)
}
