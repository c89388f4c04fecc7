//! M3. One idempotency key, however many tries: one effect. That holds for what a member sends, and for what a service sends
//! on for them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// M3.
pub struct OneCharge;

/// What moves money once, and the name of what it makes.
const MOVEMENTS: &[(EventKind, &str)] =
    &[(EventKind::Charged, "purchase"), (EventKind::ToppedUp, "top_up"), (EventKind::Refunded, "refund")];

impl Check for OneCharge {
    fn id(&self) -> &'static str {
        "M3"
    }

    fn layer(&self) -> Layer {
        Layer::Billing
    }

    fn means(&self) -> &'static str {
        "One idempotency key, however many tries: one charge, one grant."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        for (kind, made) in MOVEMENTS {
            let mut tries: BTreeMap<(&str, &str), Vec<Seen<'_>>> = BTreeMap::new();
            for seen in evidence.at_front(*kind) {
                if let (Some(who), Some(key)) = (seen.text("who"), seen.text("key")) {
                    tries.entry((who, key)).or_default().push(seen);
                }
            }
            for tries in tries.values() {
                let sent_on: Vec<_> = evidence.behind(*kind).filter(|seen| is_sent_on(*seen, tries)).collect();
                if tries.len() < 2 && sent_on.len() < 2 {
                    continue;
                }
                let all = tries.iter().chain(&sent_on).filter(|seen| seen.is_done());
                let effects: BTreeSet<_> = all.filter_map(|seen| seen.text(made)).collect();
                ruling.judge(effects.len() <= 1, || {
                    let last = sent_on.last().or(tries.last()).copied().expect("there are at least two");
                    let sent = tries.len().max(sent_on.len());
                    let message =
                        format!("one key, sent {sent} times, had {} effects: {}", effects.len(), join(&effects));
                    evidence.finding(self.id(), last, message)
                });
            }
        }
        ruling.end()
    }
}

/// Whether a service sent it for one of these: meanwhile, for the same member, and for the same thing.
fn is_sent_on(seen: Seen<'_>, tries: &[Seen<'_>]) -> bool {
    tries.iter().any(|one| {
        let same_key = seen.shares(*one, "key");
        let same_thing = seen.text("key").is_none() && (seen.shares(*one, "quote") || seen.shares(*one, "purchase"));
        seen.is_within(*one) && seen.shares(*one, "who") && (same_key || same_thing)
    })
}

fn join(effects: &BTreeSet<&str>) -> String {
    effects.iter().copied().collect::<Vec<_>>().join(", ")
}
