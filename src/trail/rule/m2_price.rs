//! M2. What is shown is what is quoted is what is charged: for access, and for jobs.

use std::collections::BTreeSet;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M2,
    layer: Layer::Billing,
    holds: "What is shown is what is quoted is what is charged.",
    basis: "Consumer law in most countries: the price that is shown binds. Quotes exist so that the price cannot change under way.",
    consequence: "A member pays another price than the one they agreed to.",
    remedy: "Look at the first exchange that names the other amount: the service behind it worked the price out again instead of keeping the quote.",
    departs: Departs::shown(Class::MoneyWrong).ranked(6),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for quote in evidence.seen(EventKind::Quoted).filter(|seen| seen.is_done()) {
        let (Some(quoted), Some(right)) = (quote.number(Fact::Amount), quote.text(Fact::Right)) else { continue };
        let shown = prices(evidence, quote, right);
        if !shown.is_empty() {
            ruling.judge(shown.contains(&quoted), || {
                let shown: Vec<_> = shown.iter().map(ToString::to_string).collect();
                let message = format!("{right} access is shown at {}, and quoted at {quoted}", shown.join(" or "));
                evidence.finding(RULE.id, quote, message)
            });
        }
    }
    // Who departs from what was said before is to blame, and not who keeps to it afterwards.
    let mut departed = BTreeSet::new();
    let movements = [
        (EventKind::Charged, EventKind::Quoted, Fact::Quote),
        (EventKind::Granted, EventKind::Charged, Fact::Purchase),
    ];
    for (kind, earlier, name) in movements {
        for seen in evidence.seen(kind).filter(|seen| seen.is_done()) {
            let said = evidence.seen(earlier).filter(|other| other.is_done() && other.shares(seen, name));
            for other in said.filter(|other| !departed.contains(&other.event.exchange)).collect::<Vec<_>>() {
                if !same(&mut ruling, evidence, other, seen) {
                    departed.insert(seen.event.exchange);
                }
            }
        }
    }
    for billed in evidence.behind(EventKind::Billed).filter(|seen| seen.is_done()) {
        let submits =
            evidence.seen(EventKind::Submitted).filter(|seen| seen.is_done() && seen.shares(billed, Fact::Job));
        for submit in submits {
            same(&mut ruling, evidence, submit, billed);
        }
    }
    for submit in evidence.at_front(EventKind::Submitted).filter(|seen| seen.is_done()) {
        let alike = |seen: &Seen<'_>| {
            seen.is_done()
                && seen.is_before(submit)
                && [Fact::Who, Fact::Versions, Fact::Quantity].into_iter().all(|name| seen.shares(submit, name))
        };
        if let Some(estimate) = evidence.at_front(EventKind::Quoted).filter(alike).last() {
            same(&mut ruling, evidence, estimate, submit);
        }
    }
    ruling.end()
}

/// Whether both say the same amount, as far as they say any.
fn same(ruling: &mut Ruling, evidence: &Evidence<'_>, one: Seen<'_>, other: Seen<'_>) -> bool {
    let (Some(before), Some(after)) = (one.number(Fact::Amount), other.number(Fact::Amount)) else { return true };
    ruling.judge(before == after, || {
        let message = format!("{} says {before}, and {} says {after}", place(one), place(other));
        evidence.finding(RULE.id, other, message)
    });
    before == after
}

fn place(seen: Seen<'_>) -> String {
    let what = match seen.kind() {
        EventKind::Quoted => "the quote",
        EventKind::Charged => "the purchase",
        EventKind::Granted => "the purchase event",
        EventKind::Submitted => "the job",
        EventKind::Billed => "the job's charge",
        EventKind::Offered
        | EventKind::Flagged
        | EventKind::ToppedUp
        | EventKind::Counted
        | EventKind::Refunded
        | EventKind::Revoked
        | EventKind::Synced
        | EventKind::Checked
        | EventKind::Repaid
        | EventKind::Rendered
        | EventKind::State
        | EventKind::Delivered
        | EventKind::Shown => "the answer",
    };
    format!("{what} on {}", seen.edge())
}

/// The prices that were in force at some moment of a quote: the last one shown before it, and those set meanwhile.
fn prices(evidence: &Evidence<'_>, quote: Seen<'_>, right: &str) -> Vec<i64> {
    let Some(price) = Fact::price_of(right) else { return Vec::new() };
    let mut prices = Vec::new();
    let offers =
        evidence.at_front(EventKind::Offered).filter(|seen| seen.shares(quote, Fact::Version) && !seen.is_refused());
    for offer in offers.filter(|offer| offer.from() < quote.to()) {
        if offer.is_before(quote) && offer.is_done() {
            prices.clear();
        }
        prices.extend(offer.number(price));
    }
    prices
}
