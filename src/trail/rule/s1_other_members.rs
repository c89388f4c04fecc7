//! S1. A member's session is refused with 401, 403 or 404 at another member's order, job or image.
//!
//! Evidence: the front door's answers about orders, jobs and images whose owner is known.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S1,
    layer: Layer::Gateway,
    holds: "One member's session on another's order, job or image is refused with 403 or 404.",
    basis: "OWASP API1:2023, broken object level authorization.",
    consequence: "Members read the orders, jobs or images of others.",
    remedy: "Filter by the session's member, and not by the id in the path alone.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let looked_at = evidence.by_members(EventKind::State).chain(evidence.by_members(EventKind::Delivered));
    for event in looked_at {
        let (Some(asker), Some(owner)) = (evidence.asker(event), owner(evidence, event)) else { continue };
        // A failing server shows nothing, and says nothing about what it would have shown.
        let Some(status) = event.exchange.status().filter(|status| *status < 500) else { continue };
        if asker.moderator || asker.id == owner {
            continue;
        }
        ruling.judge(matches!(status, 401 | 403 | 404), || {
            let owner = evidence.participants.member_name(owner);
            let named = [Fact::Image, Fact::Job].into_iter().find(|fact| event.fact(*fact).is_some());
            let what = named.unwrap_or(Fact::Purchase);
            let message =
                format!("{} asked for the {what} of {owner}, and that {}", asker.name, event.describe_answer());
            evidence.finding(RULE.id, event, message)
        });
    }
    ruling.finish()
}

/// Returns the member who made the order, job or image.
fn owner<'a>(evidence: &Evidence<'a>, event: Occurrence<'a>) -> Option<&'a str> {
    if event.text(Fact::Purchase).is_some() {
        return evidence.member_of(evidence.charge_of(event)?);
    }
    let job = match (event.text(Fact::Job), event.text(Fact::Image)) {
        (Some(job), _) => job,
        (None, Some(image)) => {
            let mut states = evidence.of_kind(EventKind::State).filter(|event| event.is_done());
            states.find(|state| state.list(Fact::ImageIds).contains(&image))?.text(Fact::Job)?
        }
        (None, None) => return None,
    };
    evidence.member_of(evidence.submit_of(job)?)
}
