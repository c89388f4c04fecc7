//! M6. A purchase that was not answered converges: charged if and only if granted.
//!
//! Either is legal. Whether it was charged shows when it is asked for again with the same key, when the purchase event comes,
//! or in the wallet.

use super::{Check, Judgement, Layer, Question, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;
use crate::trail::wallet::{Wallet, wallets};

/// M6.
pub struct Convergence;

impl Check for Convergence {
    fn id(&self) -> &'static str {
        "M6"
    }

    fn layer(&self) -> Layer {
        Layer::Billing
    }

    fn means(&self) -> &'static str {
        "A purchase that was not answered converges in time: it is charged if and only if it is granted."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if !evidence.watches_fact(EventKind::Granted, "purchase") {
            return ruling.end();
        }
        let wallets = wallets(evidence);
        for order in evidence.deepest(EventKind::Charged).into_iter().filter(|seen| seen.is_unsure()) {
            let told = |seen: Seen<'_>| seen.is_done() && (seen.shares(order, "key") || seen.shares(order, "quote"));
            if evidence.seen(EventKind::Charged).any(told) {
                ruling.hold(); // It was asked for again, and is a purchase like any other.
                continue;
            }
            let (member, version) = (evidence.member(order), evidence.version(order));
            // The same member may have bought the same thing with another click, which was answered.
            let is_of_another = |grant: &Seen<'_>| {
                evidence.seen(EventKind::Charged).any(|seen| seen.is_done() && seen.shares(*grant, "purchase"))
            };
            let about_it = |seen: &Seen<'_>| {
                seen.is_done()
                    && !is_of_another(seen)
                    && seen.to() >= order.from()
                    && seen.text("purchase").is_some()
                    && seen.text("member") == member
                    && seen.text("version") == version
            };
            let granted = evidence.behind(EventKind::Granted).find(about_it);
            let wallet = wallets.iter().find(|wallet| Some(wallet.member) == member);
            let charged = wallet.and_then(|wallet| was_charged(wallet, order));
            let due = order.from().saturating_add(evidence.bounds.sync);
            let what = evidence.tell(member, evidence.right(order), version);
            match (granted, charged) {
                (Some(grant), Some(false)) => ruling.judge(false, || {
                    let message = format!("{what} was never answered; it was granted, and not charged");
                    evidence.finding(self.id(), grant, message)
                }),
                (None, Some(true)) => ruling.judge_by(due, false, None, || {
                    let message = format!("{what} was never answered; it was charged, and not granted");
                    evidence.missing(self.id(), EventKind::Granted, message)
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
