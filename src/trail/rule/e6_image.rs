//! E6. A job that succeeded has as many images as were asked for, and each decodes and shows something.
//!
//! Images that nobody has looked at are asked for. Formats other than PNG are believed to be what they say.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Departs, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::base::picture;
use crate::model::{Class, Content, EventKind, Exchange, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E6,
    layer: Layer::Worker,
    holds: "Succeeded means as many images as were asked for, each of which decodes and is not blank.",
    basis: "Success means that the image is there.",
    consequence: "A member pays for an empty, blank or foreign image.",
    remedy: "Check what the worker returned before the job succeeds.",
    departs: Departs::shown(Class::NotShown),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let mut ended: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    let succeeded = |seen: &Seen<'_>| seen.is_done() && seen.text(Fact::State) == Some("succeeded");
    for state in evidence.seen(EventKind::State).filter(succeeded) {
        let Some(job) = state.text(Fact::Job) else { continue };
        let submit = evidence.submit_of(job);
        let asked = submit.and_then(|submit| submit.number(Fact::Quantity)).or(state.number(Fact::Quantity));
        // Whoever says something for the first time says it for everybody who passes it on.
        let news =
            ended.insert(job, state).is_none_or(|before| before.number(Fact::Images) != state.number(Fact::Images));
        if let (Some(asked), Some(images), true) = (asked, state.number(Fact::Images), news) {
            ruling.judge(asked == images, || {
                let message = format!("{asked} images were asked for, and the job has {images}");
                evidence.finding(RULE.id, state, message)
            });
        }
    }
    for (job, end) in ended {
        let submit = evidence.submit_of(job);
        let owner = submit.and_then(|submit| evidence.person(submit));
        for image in end.list(Fact::ImageIds) {
            let about_it = |seen: &Seen<'_>| seen.text(Fact::Image) == Some(image);
            let own = |seen: &Seen<'_>| {
                owner.is_none() || evidence.person(*seen).map(|person| &person.id) == owner.map(|o| &o.id)
            };
            let got: Vec<_> = evidence.at_front(EventKind::Delivered).filter(about_it).filter(own).collect();
            match got.iter().find(|seen| seen.is_done()).or(got.iter().find(|seen| seen.is_refused())) {
                Some(seen) => {
                    let flaw = if seen.is_done() { flaw(seen.exchange) } else { Some(seen.answer()) };
                    ruling.judge(flaw.is_none(), || {
                        evidence.finding(RULE.id, *seen, format!("an image of the job {}", flaw.unwrap_or_default()))
                    });
                }
                None => {
                    let question =
                        owner.map(|owner| Question::Image { member: owner.id.clone(), image: image.to_owned() });
                    ruling.wait(end.to().saturating_add(evidence.bounds.sync), question);
                }
            }
        }
    }
    for submit in evidence.at_front(EventKind::Submitted) {
        let sent_on = evidence
            .behind(EventKind::Submitted)
            .filter(|seen| seen.is_within(submit) && seen.shares(submit, Fact::Who) && seen.shares(submit, Fact::Key));
        for sent_on in sent_on {
            if let (Some(asked), Some(ordered)) = (submit.number(Fact::Quantity), sent_on.number(Fact::Quantity)) {
                ruling.judge(asked == ordered, || {
                    let message = format!("{asked} images were asked for, and {ordered} were passed on");
                    evidence.finding(RULE.id, sent_on, message)
                });
            }
        }
    }
    for rendered in evidence.behind(EventKind::Rendered).filter(|seen| seen.is_done()) {
        if let (Some(asked), Some(images)) = (rendered.number(Fact::Quantity), rendered.number(Fact::Images)) {
            ruling.judge(asked <= images, || {
                evidence.finding(RULE.id, rendered, format!("{asked} images were ordered, and {images} came"))
            });
        }
    }
    ruling.end()
}

/// What is wrong with an image that was handed out.
fn flaw(exchange: &Exchange) -> Option<String> {
    let answer = exchange.response()?;
    let kind = answer.header("content-type").unwrap_or_default();
    let bytes = match &answer.body.content {
        Content::Base64(text) => STANDARD.decode(text).ok()?,
        Content::Empty => return Some("is empty".into()),
        Content::Json(_) | Content::Text(_) => return Some(format!("is no image but {kind}")),
    };
    match answer.body.truncated {
        true => picture::flaw_of_beginning(kind, &bytes), // of a large one no more is kept
        false => picture::flaw(kind, &bytes),
    }
}
