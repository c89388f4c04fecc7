//! U9. While a flag that a sale depends on is off or cannot be read, nothing is sold.
//!
//! Evidence: the flag's value during a quote or purchase or, if it was not read then, the last value before.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::U9,
    layer: Layer::Flags,
    holds: "Flags on, off, failing or flipped: nothing is sold that cannot be used.",
    basis: "A switch has to turn off the sale together with the use.",
    consequence: "Something is sold that cannot be used, because one service reads the flag as on and another as off.",
    remedy: "Ask the flag where the sale is made, and treat an unreachable provider as off.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let is_needed_for_sales = |event: &Occurrence<'_>| {
        event.text(Fact::Flag).is_some_and(|flag| evidence.mapping.sells.iter().any(|it| it == flag))
    };
    let flags: Vec<_> = evidence.of_kind(EventKind::Flagged).filter(is_needed_for_sales).collect();
    if flags.is_empty() {
        return ruling.finish();
    }
    let offers = evidence.by_members(EventKind::Quoted).chain(evidence.by_members(EventKind::Charged));
    // An estimate for a job sells no access.
    for sale in offers.filter(|event| evidence.right_of(*event).is_none_or(|right| right != "job")) {
        match flag_in_doubt(&flags, sale).filter(|_| sale.is_done()) {
            Some(flag) => {
                let name = flag.text(Fact::Flag).unwrap_or_default();
                let how = if flag.is_done() { "is off".to_owned() } else { flag.describe_answer() };
                let message = format!("access was sold although the flag {name} {how}");
                ruling.fail(evidence.finding(RULE.id, sale, message));
            }
            None => ruling.pass(),
        }
    }
    ruling.finish()
}

/// Returns a flag that did not clearly say yes to a sale.
fn flag_in_doubt<'a>(flags: &[Occurrence<'a>], sale: Occurrence<'a>) -> Option<Occurrence<'a>> {
    let is_in_doubt = |flag: &Occurrence<'_>| !flag.is_done() || flag.boolean(Fact::Value) != Some(true);
    let mut during = flags.iter().copied().filter(|flag| flag.is_during(sale)).peekable();
    // Only a sale that reads no flag itself relies on the last value.
    if during.peek().is_some() {
        during.find(is_in_doubt)
    } else {
        flags.iter().copied().rfind(|flag| flag.is_before(sale)).filter(is_in_doubt)
    }
}
