//! M2. What is shown is what is quoted is what is charged: for access, and for jobs.

use std::collections::BTreeSet;

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// M2.
pub struct OnePrice;

impl Check for OnePrice {
    fn id(&self) -> &'static str {
        "M2"
    }

    fn layer(&self) -> Layer {
        Layer::Billing
    }

    fn means(&self) -> &'static str {
        "What is shown is what is quoted is what is charged."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        for quote in evidence.seen(EventKind::Quoted).filter(|seen| seen.is_done()) {
            let (Some(quoted), Some(right)) = (quote.number("amount"), quote.text("right")) else { continue };
            let shown = prices(evidence, quote, right);
            if !shown.is_empty() {
                ruling.judge(shown.contains(&quoted), || {
                    let shown: Vec<_> = shown.iter().map(ToString::to_string).collect();
                    let message = format!("{right} access is shown at {}, and quoted at {quoted}", shown.join(" or "));
                    evidence.finding(self.id(), quote, message)
                });
            }
        }
        // Who departs from what was said before is to blame, and not who keeps to it afterwards.
        let mut departed = BTreeSet::new();
        let movements =
            [(EventKind::Charged, EventKind::Quoted, "quote"), (EventKind::Granted, EventKind::Charged, "purchase")];
        for (kind, earlier, name) in movements {
            for seen in evidence.seen(kind).filter(|seen| seen.is_done()) {
                let said = evidence.seen(earlier).filter(|other| other.is_done() && other.shares(seen, name));
                for other in said.filter(|other| !departed.contains(&other.event.exchange)).collect::<Vec<_>>() {
                    if !self.same(&mut ruling, evidence, other, seen) {
                        departed.insert(seen.event.exchange);
                    }
                }
            }
        }
        for billed in evidence.behind(EventKind::Billed).filter(|seen| seen.is_done()) {
            let submits =
                evidence.seen(EventKind::Submitted).filter(|seen| seen.is_done() && seen.shares(billed, "job"));
            for submit in submits {
                self.same(&mut ruling, evidence, submit, billed);
            }
        }
        for submit in evidence.at_front(EventKind::Submitted).filter(|seen| seen.is_done()) {
            let alike = |seen: &Seen<'_>| {
                seen.is_done()
                    && seen.is_before(submit)
                    && ["who", "versions", "quantity"].iter().all(|name| seen.shares(submit, name))
            };
            if let Some(estimate) = evidence.at_front(EventKind::Quoted).filter(alike).last() {
                self.same(&mut ruling, evidence, estimate, submit);
            }
        }
        ruling.end()
    }
}

impl OnePrice {
    /// Whether both say the same amount, as far as they say any.
    fn same(&self, ruling: &mut Ruling, evidence: &Evidence<'_>, one: Seen<'_>, other: Seen<'_>) -> bool {
        let (Some(before), Some(after)) = (one.number("amount"), other.number("amount")) else { return true };
        ruling.judge(before == after, || {
            let message = format!("{} says {before}, and {} says {after}", place(one), place(other));
            evidence.finding(self.id(), other, message)
        });
        before == after
    }
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
    let name = format!("{right}_price");
    let mut prices = Vec::new();
    let offers =
        evidence.at_front(EventKind::Offered).filter(|seen| seen.shares(quote, "version") && !seen.is_refused());
    for offer in offers.filter(|offer| offer.from() < quote.to()) {
        if offer.is_before(quote) && offer.is_done() {
            prices.clear();
        }
        prices.extend(offer.number(&name));
    }
    prices
}
