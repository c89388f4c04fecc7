//! M2. The price shown is the price quoted, and the price quoted is the amount charged: for access and for jobs.
//!
//! Evidence: the amounts in offers, quotes, charges, purchase events and jobs that belong together.

use std::collections::BTreeSet;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M2,
    layer: Layer::Billing,
    holds: "What is shown is what is quoted is what is charged.",
    basis: "A buyer agrees to the price that they are shown. A quote exists so that this price cannot change before \
            the charge.",
    consequence: "A member pays another price than the one they agreed to.",
    remedy: "Look at the first exchange that names the other amount: the service behind it may have computed the price \
             again instead of keeping to the quote.",
    classification: Classification::of(Class::MoneyWrong).ranked(6),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    judge_quotes(&mut ruling, evidence);
    judge_purchases(&mut ruling, evidence);
    judge_jobs(&mut ruling, evidence);
    ruling.finish()
}

fn judge_quotes(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for quote in evidence.of_kind(EventKind::Quoted).filter(|event| event.is_done()) {
        let (Some(quoted), Some(right)) = (quote.number(Fact::Amount), quote.text(Fact::Right)) else { continue };
        let shown = prices_in_force(evidence, quote, right);
        if !shown.is_empty() {
            ruling.judge(shown.contains(&quoted), || {
                let shown: Vec<_> = shown.iter().map(ToString::to_string).collect();
                let message = format!("{right} access is shown at {}, and quoted at {quoted}", shown.join(" or "));
                evidence.finding(RULE.id, quote, message)
            });
        }
    }
}

fn judge_purchases(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    // Only the first exchange with another amount is to blame, and not those that keep to it afterwards.
    let mut to_blame = BTreeSet::new();
    let steps = [
        (EventKind::Charged, EventKind::Quoted, Fact::Quote),
        (EventKind::Granted, EventKind::Charged, Fact::Purchase),
    ];
    for (kind, earlier_kind, link) in steps {
        for event in evidence.of_kind(kind).filter(|event| event.is_done()) {
            let linked = evidence.of_kind(earlier_kind).filter(|other| other.is_done() && other.shares(event, link));
            let mut is_to_blame = false;
            for earlier in linked.filter(|earlier| !to_blame.contains(&earlier.exchange.id)) {
                is_to_blame |= !judge_same_amount(ruling, evidence, earlier, event);
            }
            if is_to_blame {
                to_blame.insert(event.exchange.id);
            }
        }
    }
}

fn judge_jobs(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for billed in evidence.between_services(EventKind::Billed).filter(|event| event.is_done()) {
        let submits = evidence.of_kind(EventKind::Submitted);
        for submit in submits.filter(|event| event.is_done() && event.shares(billed, Fact::Job)) {
            judge_same_amount(ruling, evidence, submit, billed);
        }
    }
    for submit in evidence.by_members(EventKind::Submitted).filter(|event| event.is_done()) {
        // A submit names no estimate; the last one for the same request is the price that the member agreed to.
        let estimate = evidence.by_members(EventKind::Quoted).rfind(|event| {
            event.is_done()
                && event.is_before(submit)
                && [Fact::Who, Fact::Versions, Fact::Quantity].into_iter().all(|fact| event.shares(submit, fact))
        });
        if let Some(estimate) = estimate {
            judge_same_amount(ruling, evidence, estimate, submit);
        }
    }
}

/// Judges whether both name the same amount, and returns false if they do not. An event without an amount agrees with
/// any.
fn judge_same_amount(
    ruling: &mut Ruling,
    evidence: &Evidence<'_>,
    earlier: Occurrence<'_>,
    later: Occurrence<'_>,
) -> bool {
    let (Some(before), Some(after)) = (earlier.number(Fact::Amount), later.number(Fact::Amount)) else { return true };
    ruling.judge(before == after, || {
        let message = format!("{} says {before}, and {} says {after}", describe(earlier), describe(later));
        evidence.finding(RULE.id, later, message)
    });
    before == after
}

fn describe(event: Occurrence<'_>) -> String {
    let what = match event.kind() {
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
    format!("{what} on {}", event.edge())
}

/// Returns the prices that were in force at some moment of a quote: the last one shown before it, and those set
/// meanwhile.
fn prices_in_force(evidence: &Evidence<'_>, quote: Occurrence<'_>, right: &str) -> Vec<i64> {
    let Some(price) = Fact::price_of(right) else { return Vec::new() };
    let mut prices = Vec::new();
    let offers = evidence
        .by_members(EventKind::Offered)
        .filter(|event| event.shares(quote, Fact::Version) && !event.is_refused());
    for offer in offers.filter(|offer| offer.started() < quote.ended()) {
        // A confirmed offer replaces the earlier ones; one without an answer only adds a possible price.
        if offer.is_before(quote) && offer.is_done() {
            prices.clear();
        }
        prices.extend(offer.number(price));
    }
    prices
}
