//! U9. With the flags as they are, nothing is sold that cannot be used: in doubt, nothing is sold.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::U9,
    layer: Layer::Flags,
    holds: "Flags on, off, failing or flipped: nothing is sold that cannot be used.",
    basis: "A switch turns off the sale and the use together.",
    consequence: "Something is sold that cannot be used, because one side has the switch on and the other off.",
    remedy: "Ask the flag where the sale is made, and treat an unreachable provider as off.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let sells = |seen: &Seen<'_>| {
        seen.text(Fact::Flag).is_some_and(|flag| evidence.mapping.sells.iter().any(|known| known == flag))
    };
    let flags: Vec<_> = evidence.seen(EventKind::Flagged).filter(sells).collect();
    let offers = evidence.at_front(EventKind::Quoted).chain(evidence.at_front(EventKind::Charged));
    for sale in offers.filter(|seen| evidence.right(*seen).is_none_or(|right| right != "job")) {
        let meanwhile: Vec<_> = flags.iter().filter(|flag| flag.is_within(sale)).collect();
        let before = flags.iter().rfind(|flag| flag.is_before(sale));
        let doubts = |flag: &&Seen<'_>| !(flag.is_done() && flag.truth(Fact::Value) == Some(true));
        let doubt = match meanwhile.is_empty() {
            false => meanwhile.into_iter().find(doubts),
            true => before.filter(doubts),
        };
        if flags.is_empty() {
            continue;
        }
        ruling.judge(doubt.is_none() || !sale.is_done(), || {
            let flag = doubt.expect("there is a doubt");
            let name = flag.text(Fact::Flag).unwrap_or_default();
            let how = if flag.is_done() { "is off".to_owned() } else { flag.answer() };
            evidence.finding(RULE.id, sale, format!("access was sold although the flag {name} {how}"))
        });
    }
    ruling.end()
}
