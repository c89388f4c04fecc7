//! M3. One idempotency key has one effect, however often the request is sent.
//!
//! Evidence: requests of a member with the same key, and the requests that services send on for them. The ids in their
//! answers are the effects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

/// The movements of money that take a key, with the fact that identifies their effect.
const MOVEMENTS: &[(EventKind, Fact)] =
    &[(EventKind::Charged, Fact::Purchase), (EventKind::ToppedUp, Fact::TopUp), (EventKind::Refunded, Fact::Refund)];

pub(super) const RULE: Rule = Rule {
    id: RuleId::M3,
    layer: Layer::Billing,
    holds: "One idempotency key, however many tries: one charge, one grant.",
    basis: "The Idempotency-Key header (IETF draft), which payment providers offer for the same purpose.",
    consequence: "A retry after a lost answer charges the member a second time.",
    remedy: "Store the key with the first answer in the same transaction as the charge, and replay that answer.",
    classification: Classification::of(Class::MoneyWrong).ranked(7),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for (kind, effect) in MOVEMENTS {
        let mut by_key: BTreeMap<(&str, &str), Vec<Occurrence<'_>>> = BTreeMap::new();
        for event in evidence.by_members(*kind) {
            if let (Some(who), Some(key)) = (event.text(Fact::Who), event.text(Fact::Key)) {
                by_key.entry((who, key)).or_default().push(event);
            }
        }
        for tries in by_key.values() {
            judge_tries(&mut ruling, evidence, (*kind, *effect), tries);
        }
    }
    ruling.finish()
}

fn judge_tries(
    ruling: &mut Ruling,
    evidence: &Evidence<'_>,
    (kind, effect): (EventKind, Fact),
    tries: &[Occurrence<'_>],
) {
    // A service may retry by itself, so one request of the member can become several behind the front door.
    let forwarded: Vec<_> = evidence.between_services(kind).filter(|event| is_forwarded(*event, tries)).collect();
    if tries.len() < 2 && forwarded.len() < 2 {
        return;
    }
    let successful = tries.iter().chain(&forwarded).filter(|event| event.is_done());
    let effects: BTreeSet<_> = successful.filter_map(|event| event.text(effect)).collect();
    ruling.judge(effects.len() <= 1, || {
        let last = forwarded.last().or(tries.last()).copied().expect("there are at least two");
        let sent = tries.len().max(forwarded.len());
        let list = effects.iter().copied().collect::<Vec<_>>().join(", ");
        let message = format!("one key, sent {sent} times, had {} effects: {list}", effects.len());
        evidence.finding(RULE.id, last, message)
    });
}

/// Returns true if a service sent the request on for one of the member's tries.
fn is_forwarded(event: Occurrence<'_>, tries: &[Occurrence<'_>]) -> bool {
    tries.iter().any(|one| {
        let same_key = event.shares(*one, Fact::Key);
        // Services that do not pass the key on still name the quote or the purchase.
        let same_thing =
            event.text(Fact::Key).is_none() && (event.shares(*one, Fact::Quote) || event.shares(*one, Fact::Purchase));
        event.is_during(*one) && event.shares(*one, Fact::Who) && (same_key || same_thing)
    })
}
