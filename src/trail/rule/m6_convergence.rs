//! M6. A purchase that was not answered converges: it is charged if and only if it is granted.
//!
//! Evidence: an order without a usable answer. A retry with the same key, the purchase event and the wallet show
//! whether it was charged. Both outcomes are legal.

use super::{Classification, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::wallet::Wallet;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M6,
    layer: Layer::Billing,
    holds: "A purchase that was not answered converges in time: it is charged if and only if it is granted.",
    basis: "A request without an answer has two legal outcomes; the platform has to settle on one of them.",
    consequence: "Money is taken without access, or access is given without payment, and nobody is told.",
    remedy: "Find which half happened: the charge without the grant, or the grant without the charge. An outbox makes \
             them one transaction.",
    classification: Classification::of(Class::MoneyWrong)
        .when_missing(Class::NeverSent, &[EventKind::Granted, EventKind::Synced]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if evidence.watches_fact(EventKind::Granted, Fact::Purchase) {
        for order in evidence.innermost(EventKind::Charged).into_iter().filter(|event| event.is_unsure()) {
            judge_order(&mut ruling, evidence, order);
        }
    }
    ruling.finish()
}

fn judge_order<'a>(ruling: &mut Ruling, evidence: &Evidence<'a>, order: Occurrence<'a>) {
    // After a successful retry it is a purchase like any other, and other rules judge it.
    let is_retry = |event: &Occurrence<'_>| event.shares(order, Fact::Key) || event.shares(order, Fact::Quote);
    if evidence.of_kind(EventKind::Charged).any(|event| event.is_done() && is_retry(&event)) {
        ruling.pass();
        return;
    }
    let member = evidence.member_of(order);
    let granted = grant_for(evidence, order);
    let wallet = evidence.wallets().iter().find(|wallet| Some(wallet.member) == member);
    let charged = wallet.and_then(|wallet| was_charged(wallet, order));
    let due = order.started().saturating_add(evidence.bounds.sync);
    let what = || evidence.describe_purchase(member, evidence.right_of(order), evidence.version_of(order));
    match (granted, charged) {
        (Some(grant), Some(false)) => {
            let message = format!("{} was never answered; it was granted, and not charged", what());
            ruling.fail(evidence.finding(RULE.id, grant, message));
        }
        (None, Some(true)) => ruling.judge_by(due, false, None, || {
            let message = format!("{} was never answered; it was charged, and not granted", what());
            evidence.missing(RULE.id, EventKind::Granted, message)
        }),
        (Some(_), Some(true)) | (None, Some(false)) => ruling.pass(),
        // The wallet does not tell, but the grant proves that billing knows of the purchase.
        (Some(_), None) if evidence.now >= due => ruling.pass(),
        (Some(_) | None, None) => {
            ruling.wait(due, member.map(|member| Question::Wallet { member: member.to_owned() }));
        }
    }
}

/// Returns the grant that may belong to an order without an answer.
fn grant_for<'a>(evidence: &Evidence<'a>, order: Occurrence<'a>) -> Option<Occurrence<'a>> {
    let (member, version) = (evidence.member_of(order), evidence.version_of(order));
    evidence.between_services(EventKind::Granted).find(|grant| {
        grant.is_done()
            && grant.ended() >= order.started()
            && grant.text(Fact::Purchase).is_some()
            && grant.text(Fact::Member) == member
            && grant.text(Fact::Version) == version
            // Another click of the member may have bought the same, and was answered.
            && evidence.charge_of(*grant).is_none()
    })
}

/// Returns whether the wallet shows that an order was charged; `None` if it does not tell.
fn was_charged(wallet: &Wallet<'_>, order: Occurrence<'_>) -> Option<bool> {
    let exchange = order.exchange.id;
    let before = wallet.readings.iter().rfind(|reading| reading.event.ended() <= order.started())?;
    // An order that is still open ends when it was last seen.
    let settled = order.ended().min(order.exchange.ended());
    let mut after_order = wallet.readings.iter().filter(|reading| reading.event.started() >= settled);
    let after = after_order.rfind(|reading| reading.event.exchange.id != exchange)?;
    let change = after.balance - before.balance;
    let fits =
        |happened| Some(wallet.legal_differences(*before, *after, Some((exchange, happened)))?.contains(&change));
    match (fits(true)?, fits(false)?) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) | (false, false) => None,
    }
}
