//! M6. A purchase that was not answered converges: charged if and only if granted.
//!
//! Either is legal. Whether it was charged shows when it is asked for again with the same key, when the purchase event comes,
//! or in the wallet.

use super::{Departs, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;
use crate::trail::wallet::{Wallet, wallets};

pub(super) const RULE: Rule = Rule {
    id: RuleId::M6,
    layer: Layer::Billing,
    holds: "A purchase that was not answered converges in time: it is charged if and only if it is granted.",
    basis: "A request without an answer has two legal outcomes; the platform has to settle on one of them.",
    consequence: "Money is taken and no access follows, and nobody is told.",
    remedy: "Find which half happened: the charge without the grant, or the grant without the charge. An outbox makes them one transaction.",
    departs: Departs::shown(Class::MoneyWrong).absent(Class::NeverSent, &[EventKind::Granted, EventKind::Synced]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches_fact(EventKind::Granted, Fact::Purchase) {
        return ruling.end();
    }
    let wallets = wallets(evidence);
    for order in evidence.deepest(EventKind::Charged).into_iter().filter(|seen| seen.is_unsure()) {
        let told =
            |seen: Seen<'_>| seen.is_done() && (seen.shares(order, Fact::Key) || seen.shares(order, Fact::Quote));
        if evidence.seen(EventKind::Charged).any(told) {
            ruling.hold(); // It was asked for again, and is a purchase like any other.
            continue;
        }
        let (member, version) = (evidence.member(order), evidence.version(order));
        // The same member may have bought the same thing with another click, which was answered.
        let is_of_another = |grant: &Seen<'_>| {
            evidence.seen(EventKind::Charged).any(|seen| seen.is_done() && seen.shares(*grant, Fact::Purchase))
        };
        let about_it = |seen: &Seen<'_>| {
            seen.is_done()
                && !is_of_another(seen)
                && seen.to() >= order.from()
                && seen.text(Fact::Purchase).is_some()
                && seen.text(Fact::Member) == member
                && seen.text(Fact::Version) == version
        };
        let granted = evidence.behind(EventKind::Granted).find(about_it);
        let wallet = wallets.iter().find(|wallet| Some(wallet.member) == member);
        let charged = wallet.and_then(|wallet| was_charged(wallet, order));
        let due = order.from().saturating_add(evidence.bounds.sync);
        let what = evidence.tell(member, evidence.right(order), version);
        match (granted, charged) {
            (Some(grant), Some(false)) => ruling.judge(false, || {
                let message = format!("{what} was never answered; it was granted, and not charged");
                evidence.finding(RULE.id, grant, message)
            }),
            (None, Some(true)) => ruling.judge_by(due, false, None, || {
                let message = format!("{what} was never answered; it was charged, and not granted");
                evidence.missing(RULE.id, EventKind::Granted, message)
            }),
            (Some(_), Some(true)) | (None, Some(false)) => ruling.hold(),
            (Some(_), None) if evidence.now >= due => ruling.hold(),
            (Some(_) | None, None) => {
                ruling.wait(due, member.map(|member| Question::Wallet { member: member.to_owned() }));
            }
        }
    }
    ruling.end()
}

/// What the wallet says about an order that was not answered: it was charged, it was not, or that cannot be told.
fn was_charged(wallet: &Wallet<'_>, order: Seen<'_>) -> Option<bool> {
    let exchange = order.event.exchange;
    let before = wallet.looks.iter().rfind(|look| look.seen.to() <= order.from())?;
    let settled = order.to().min(order.from().saturating_add(order.exchange.took_micros));
    let after =
        wallet.looks.iter().rfind(|look| look.seen.from() >= settled && look.seen.event.exchange != exchange)?;
    let seen = after.balance - before.balance;
    let fits = |happened| Some(wallet.differences(*before, *after, Some((exchange, happened)))?.contains(&seen));
    match (fits(true)?, fits(false)?) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) | (false, false) => None,
    }
}
