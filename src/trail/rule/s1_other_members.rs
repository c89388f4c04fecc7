//! S1. One member's session on another member's order, job or image is refused: 403 or 404.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S1,
    layer: Layer::Gateway,
    holds: "One member's session on another's order, job or image is refused with 403 or 404.",
    basis: "OWASP API1:2023, broken object level authorization.",
    consequence: "Members read the orders, jobs or images of others.",
    remedy: "Filter by the session's member, and not by the id in the path alone.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let asked = evidence.at_front(EventKind::State).chain(evidence.at_front(EventKind::Delivered));
    for seen in asked {
        let (Some(person), Some(owner)) = (evidence.person(seen), owner(evidence, seen)) else { continue };
        if person.moderator || person.id == owner || seen.exchange.status().is_none_or(|status| status >= 500) {
            continue;
        }
        let hidden = seen.exchange.status().is_some_and(|status| matches!(status, 401 | 403 | 404));
        ruling.judge(hidden, || {
            let owner = evidence.cast.name(owner);
            let what = [Fact::Image, Fact::Job].into_iter().find(|fact| seen.fact(*fact).is_some());
            let what = what.unwrap_or(Fact::Purchase);
            let message = format!("{} asked for the {what} of {owner}, and that {}", person.name, seen.answer());
            evidence.finding(RULE.id, seen, message)
        });
    }
    ruling.end()
}

/// The member whose order, job or image it is.
fn owner<'a>(evidence: &Evidence<'a>, seen: Seen<'a>) -> Option<&'a str> {
    if let Some(purchase) = seen.text(Fact::Purchase) {
        let charged = |charge: &Seen<'a>| charge.is_done() && charge.text(Fact::Purchase) == Some(purchase);
        return evidence.member(evidence.seen(EventKind::Charged).find(charged)?);
    }
    let job = match (seen.text(Fact::Job), seen.text(Fact::Image)) {
        (Some(job), _) => job,
        (None, Some(image)) => {
            let has = |state: &Seen<'a>| state.is_done() && state.list(Fact::ImageIds).contains(&image);
            evidence.seen(EventKind::State).find(has)?.text(Fact::Job)?
        }
        (None, None) => return None,
    };
    evidence.member(evidence.submit_of(job)?)
}
