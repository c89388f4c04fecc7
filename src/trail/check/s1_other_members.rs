//! S1. One member's session on another member's order, job or image is refused: 403 or 404.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// S1.
pub struct OtherMembers;

impl Check for OtherMembers {
    fn id(&self) -> &'static str {
        "S1"
    }

    fn layer(&self) -> Layer {
        Layer::Gateway
    }

    fn means(&self) -> &'static str {
        "One member's session on another's order, job or image is refused with 403 or 404."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
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
                let what = ["image", "job"].into_iter().find(|name| seen.fact(name).is_some()).unwrap_or("purchase");
                let message = format!("{} asked for the {what} of {owner}, and that {}", person.name, seen.answer());
                evidence.finding(self.id(), seen, message)
            });
        }
        ruling.end()
    }
}

/// The member whose order, job or image it is.
fn owner<'a>(evidence: &Evidence<'a>, seen: Seen<'a>) -> Option<&'a str> {
    if let Some(purchase) = seen.text("purchase") {
        let charged = |charge: &Seen<'a>| charge.is_done() && charge.text("purchase") == Some(purchase);
        return evidence.member(evidence.seen(EventKind::Charged).find(charged)?);
    }
    let job = match (seen.text("job"), seen.text("image")) {
        (Some(job), _) => job,
        (None, Some(image)) => {
            let has = |state: &Seen<'a>| state.is_done() && state.list("image_ids").contains(&image);
            evidence.seen(EventKind::State).find(has)?.text("job")?
        }
        (None, None) => return None,
    };
    evidence.member(evidence.submit_of(job)?)
}
