//! U9. With the flags as they are, nothing is sold that cannot be used: in doubt, nothing is sold.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// U9.
pub struct Flags;

impl Check for Flags {
    fn id(&self) -> &'static str {
        "U9"
    }

    fn layer(&self) -> Layer {
        Layer::Flags
    }

    fn means(&self) -> &'static str {
        "Flags on, off, failing or flipped: nothing is sold that cannot be used."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let sells = |seen: &Seen<'_>| {
            seen.text("flag").is_some_and(|flag| evidence.mapping.sells.iter().any(|known| known == flag))
        };
        let flags: Vec<_> = evidence.seen(EventKind::Flagged).filter(sells).collect();
        let offers = evidence.at_front(EventKind::Quoted).chain(evidence.at_front(EventKind::Charged));
        for sale in offers.filter(|seen| evidence.right(*seen).is_none_or(|right| right != "job")) {
            let meanwhile: Vec<_> = flags.iter().filter(|flag| flag.is_within(sale)).collect();
            let before = flags.iter().rfind(|flag| flag.is_before(sale));
            let doubts = |flag: &&Seen<'_>| !(flag.is_done() && flag.truth("value") == Some(true));
            let doubt = match meanwhile.is_empty() {
                false => meanwhile.into_iter().find(doubts),
                true => before.filter(doubts),
            };
            if flags.is_empty() {
                continue;
            }
            ruling.judge(doubt.is_none() || !sale.is_done(), || {
                let flag = doubt.expect("there is a doubt");
                let name = flag.text("flag").unwrap_or_default();
                let how = if flag.is_done() { "is off".to_owned() } else { flag.answer() };
                evidence.finding(self.id(), sale, format!("access was sold although the flag {name} {how}"))
            });
        }
        ruling.end()
    }
}
