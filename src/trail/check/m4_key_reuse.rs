//! M4. The same key with another body is an error, and has no effect.

use std::collections::BTreeMap;

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// M4.
pub struct KeyReuse;

const KEYED: [EventKind; 4] = [EventKind::Charged, EventKind::Submitted, EventKind::ToppedUp, EventKind::Refunded];

impl Check for KeyReuse {
    fn id(&self) -> &'static str {
        "M4"
    }

    fn layer(&self) -> Layer {
        Layer::Billing
    }

    fn means(&self) -> &'static str {
        "The same idempotency key with another body is an error, and has no effect."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let mut by_key: BTreeMap<(&str, &str, &str), Vec<Seen<'_>>> = BTreeMap::new();
        for seen in KEYED.iter().flat_map(|kind| evidence.at_front(*kind)) {
            if let (Some(who), Some(key)) = (seen.text("who"), seen.text("key")) {
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
                evidence.finding(self.id(), other, "a key was used for another request, and that was accepted, too")
            });
        }
        ruling.end()
    }
}
