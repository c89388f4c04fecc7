//! M4. The same key with another body is an error, and has no effect.

use std::collections::BTreeMap;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

const KEYED: [EventKind; 4] = [EventKind::Charged, EventKind::Submitted, EventKind::ToppedUp, EventKind::Refunded];

pub(super) const RULE: Rule = Rule {
    id: RuleId::M4,
    layer: Layer::Billing,
    holds: "The same idempotency key with another body is an error, and has no effect.",
    basis: "The Idempotency-Key header (IETF draft): a key that comes with another payload is an error.",
    consequence: "A client's bug is answered with somebody else's result, and the second purchase is silently lost.",
    remedy: "Keep a digest of the body with the key, and refuse the key with any other body.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let mut by_key: BTreeMap<(&str, &str, &str), Vec<Seen<'_>>> = BTreeMap::new();
    for seen in KEYED.iter().flat_map(|kind| evidence.at_front(*kind)) {
        if let (Some(who), Some(key)) = (seen.text(Fact::Who), seen.text(Fact::Key)) {
            by_key.entry((who, key, seen.exchange.request.path())).or_default().push(seen);
        }
    }
    for same in by_key.values() {
        let body = |seen: &Seen<'_>| seen.exchange.request.body.content.clone();
        if same.iter().all(|seen| body(seen) == body(&same[0])) {
            continue;
        }
        let mut done = same.iter().filter(|seen| seen.is_done());
        let first = done.next().map(&body);
        let other = done.find(|seen| Some(body(seen)) != first);
        ruling.judge(other.is_none(), || {
            let other = other.copied().unwrap_or(same[0]);
            evidence.finding(RULE.id, other, "a key was used for another request, and that was accepted, too")
        });
    }
    ruling.end()
}
