//! E6. A job that succeeded has as many images as were requested, and each of them decodes and is not blank.
//!
//! Evidence: quantities in submits, renderings and job states, and the bytes of the images. paidpath downloads images
//! that nobody has looked at. It decodes PNG only; other formats are taken at their word.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Classification, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::base::picture;
use crate::model::{Class, Content, EventKind, Exchange, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E6,
    layer: Layer::Worker,
    holds: "Succeeded means as many images as were asked for, each of which decodes and is not blank.",
    basis: "A member who reads “succeeded” expects the images that they asked for.",
    consequence: "A member pays for images that are missing, broken or blank.",
    remedy: "Check what the worker returned before the job succeeds.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for (job, state) in judge_succeeded(&mut ruling, evidence) {
        judge_images(&mut ruling, evidence, job, state);
    }
    judge_forwarded(&mut ruling, evidence);
    judge_rendered(&mut ruling, evidence);
    ruling.finish()
}

/// Judges the number of images of each job that succeeded, and returns the last sighting of each such job.
fn judge_succeeded<'a>(ruling: &mut Ruling, evidence: &Evidence<'a>) -> BTreeMap<&'a str, Occurrence<'a>> {
    let mut succeeded: BTreeMap<&str, Occurrence<'_>> = BTreeMap::new();
    let states = evidence.of_kind(EventKind::State).filter(|event| event.is_done());
    for state in states.filter(|event| event.text(Fact::State) == Some("succeeded")) {
        let Some(job) = state.text(Fact::Job) else { continue };
        let submit = evidence.submit_of(job);
        let asked = submit.and_then(|submit| submit.number(Fact::Quantity)).or(state.number(Fact::Quantity));
        let images = state.number(Fact::Images);
        // Services pass a wrong number on; only the one that says it first is to blame.
        let is_news = succeeded.insert(job, state).is_none_or(|before| before.number(Fact::Images) != images);
        if let (Some(asked), Some(images)) = (asked, images)
            && is_news
        {
            ruling.judge(asked == images, || {
                let message = format!("{asked} images were asked for, and the job has {images}");
                evidence.finding(RULE.id, state, message)
            });
        }
    }
    succeeded
}

fn judge_images(ruling: &mut Ruling, evidence: &Evidence<'_>, job: &str, state: Occurrence<'_>) {
    let owner = evidence.submit_of(job).and_then(|submit| evidence.asker(submit));
    for image in state.list(Fact::ImageIds) {
        let downloads: Vec<_> = evidence
            .by_members(EventKind::Delivered)
            .filter(|event| event.text(Fact::Image) == Some(image))
            // Somebody else may rightly be refused: only the owner's downloads count.
            .filter(|event| owner.is_none() || evidence.asker(*event) == owner)
            .collect();
        let successful = downloads.iter().find(|event| event.is_done());
        match successful.or_else(|| downloads.iter().find(|event| event.is_refused())) {
            Some(download) => {
                let flaw = match successful {
                    Some(download) => flaw(download.exchange),
                    None => Some(download.describe_answer()),
                };
                ruling.judge(flaw.is_none(), || {
                    evidence.finding(RULE.id, *download, format!("an image of the job {}", flaw.unwrap_or_default()))
                });
            }
            None => {
                let question = owner.map(|owner| Question::Image { member: owner.id.clone(), image: image.to_owned() });
                ruling.wait(state.ended().saturating_add(evidence.bounds.sync), question);
            }
        }
    }
}

fn judge_forwarded(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for submit in evidence.by_members(EventKind::Submitted) {
        let forwarded = evidence.between_services(EventKind::Submitted).filter(|event| {
            event.is_during(submit) && event.shares(submit, Fact::Who) && event.shares(submit, Fact::Key)
        });
        for forwarded in forwarded {
            if let (Some(asked), Some(ordered)) = (submit.number(Fact::Quantity), forwarded.number(Fact::Quantity)) {
                ruling.judge(asked == ordered, || {
                    let message = format!("{asked} images were asked for, and {ordered} were passed on");
                    evidence.finding(RULE.id, forwarded, message)
                });
            }
        }
    }
}

fn judge_rendered(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for rendered in evidence.between_services(EventKind::Rendered).filter(|event| event.is_done()) {
        if let (Some(asked), Some(images)) = (rendered.number(Fact::Quantity), rendered.number(Fact::Images)) {
            ruling.judge(asked <= images, || {
                evidence.finding(RULE.id, rendered, format!("{asked} images were ordered, and {images} came"))
            });
        }
    }
}

/// Returns words for what is wrong with an image that was handed out.
fn flaw(exchange: &Exchange) -> Option<String> {
    let answer = exchange.response()?;
    let kind = answer.header("content-type").unwrap_or_default();
    let bytes = match &answer.body.content {
        Content::Base64(text) => STANDARD.decode(text).ok()?,
        Content::Empty => return Some("is empty".into()),
        Content::Json(_) | Content::Text(_) => return Some(format!("is no image but {kind}")),
    };
    if answer.body.truncated {
        // Taps keep only the beginning of a large body.
        picture::flaw_of_beginning(kind, &bytes)
    } else {
        picture::flaw(kind, &bytes)
    }
}
