//! M4. An idempotency key that comes with another body is an error, and has no effect.
//!
//! Evidence: requests of a member to the same path with the same key and different bodies.

use std::collections::BTreeMap;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

const KEYED: [EventKind; 4] = [EventKind::Charged, EventKind::Submitted, EventKind::ToppedUp, EventKind::Refunded];

pub(super) const RULE: Rule = Rule {
    id: RuleId::M4,
    layer: Layer::Billing,
    holds: "The same idempotency key with another body is an error, and has no effect.",
    basis: "The Idempotency-Key header (IETF draft): a key that is reused with another payload is an error.",
    consequence: "A client that reuses a key by mistake gets the result of another request, and its own request is \
                  lost.",
    remedy: "Keep a digest of the body with the key, and refuse the key with any other body.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let mut by_key: BTreeMap<(&str, &str, &str), Vec<Occurrence<'_>>> = BTreeMap::new();
    for event in KEYED.iter().flat_map(|kind| evidence.by_members(*kind)) {
        if let (Some(who), Some(key)) = (event.text(Fact::Who), event.text(Fact::Key)) {
            // A key counts for one operation: clients may use it for another one.
            by_key.entry((who, key, event.exchange.request.path())).or_default().push(event);
        }
    }
    for requests in by_key.values() {
        let body = |event: &Occurrence<'_>| event.exchange.request.body.content.clone();
        if requests.iter().all(|event| body(event) == body(&requests[0])) {
            continue;
        }
        let mut accepted = requests.iter().filter(|event| event.is_done());
        let first = accepted.next().map(&body);
        let other = accepted.find(|event| Some(body(event)) != first);
        ruling.judge(other.is_none(), || {
            let other = other.copied().unwrap_or(requests[0]);
            evidence.finding(RULE.id, other, "a key was used for another request, and that was accepted, too")
        });
    }
    ruling.finish()
}
