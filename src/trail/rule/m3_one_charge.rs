//! M3. One idempotency key, however many tries: one effect. That holds for what a member sends, and for what a service sends
//! on for them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// What moves money once, and the name of what it makes.
const MOVEMENTS: &[(EventKind, Fact)] =
    &[(EventKind::Charged, Fact::Purchase), (EventKind::ToppedUp, Fact::TopUp), (EventKind::Refunded, Fact::Refund)];

pub(super) const RULE: Rule = Rule {
    id: RuleId::M3,
    layer: Layer::Billing,
    holds: "One idempotency key, however many tries: one charge, one grant.",
    basis: "The Idempotency-Key header (IETF draft), as payment providers implement it.",
    consequence: "A retry after a lost answer charges the member a second time.",
    remedy: "Store the key with the first answer in the same transaction as the charge, and replay that answer.",
    departs: Departs::shown(Class::MoneyWrong).ranked(7),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for (kind, made) in MOVEMENTS {
        let mut tries: BTreeMap<(&str, &str), Vec<Seen<'_>>> = BTreeMap::new();
        for seen in evidence.at_front(*kind) {
            if let (Some(who), Some(key)) = (seen.text(Fact::Who), seen.text(Fact::Key)) {
                tries.entry((who, key)).or_default().push(seen);
            }
        }
        for tries in tries.values() {
            let sent_on: Vec<_> = evidence.behind(*kind).filter(|seen| is_sent_on(*seen, tries)).collect();
            if tries.len() < 2 && sent_on.len() < 2 {
                continue;
            }
            let all = tries.iter().chain(&sent_on).filter(|seen| seen.is_done());
            let effects: BTreeSet<_> = all.filter_map(|seen| seen.text(*made)).collect();
            ruling.judge(effects.len() <= 1, || {
                let last = sent_on.last().or(tries.last()).copied().expect("there are at least two");
                let sent = tries.len().max(sent_on.len());
                let message = format!("one key, sent {sent} times, had {} effects: {}", effects.len(), join(&effects));
                evidence.finding(RULE.id, last, message)
            });
        }
    }
    ruling.end()
}

/// Whether a service sent it for one of these: meanwhile, for the same member, and for the same thing.
fn is_sent_on(seen: Seen<'_>, tries: &[Seen<'_>]) -> bool {
    tries.iter().any(|one| {
        let same_key = seen.shares(*one, Fact::Key);
        let same_thing =
            seen.text(Fact::Key).is_none() && (seen.shares(*one, Fact::Quote) || seen.shares(*one, Fact::Purchase));
        seen.is_within(*one) && seen.shares(*one, Fact::Who) && (same_key || same_thing)
    })
}

fn join(effects: &BTreeSet<&str>) -> String {
    effects.iter().copied().collect::<Vec<_>>().join(", ")
}
