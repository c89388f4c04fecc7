//! E6. A job that succeeded has as many images as were asked for, and each decodes and shows something.
//!
//! Images that nobody has looked at are asked for. Formats other than PNG are believed to be what they say.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Check, Judgement, Layer, Question, Ruling};
use crate::base::picture;
use crate::model::{Content, EventKind, Exchange};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// E6.
pub struct Image;

impl Check for Image {
    fn id(&self) -> &'static str {
        "E6"
    }

    fn layer(&self) -> Layer {
        Layer::Worker
    }

    fn means(&self) -> &'static str {
        "Succeeded means as many images as were asked for, each of which decodes and is not blank."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let mut ended: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
        let succeeded = |seen: &Seen<'_>| seen.is_done() && seen.text("state") == Some("succeeded");
        for state in evidence.seen(EventKind::State).filter(succeeded) {
            let Some(job) = state.text("job") else { continue };
            let submit = evidence.submit_of(job);
            let asked = submit.and_then(|submit| submit.number("quantity")).or(state.number("quantity"));
            // Whoever says something for the first time says it for everybody who passes it on.
            let news = ended.insert(job, state).is_none_or(|before| before.number("images") != state.number("images"));
            if let (Some(asked), Some(images), true) = (asked, state.number("images"), news) {
                ruling.judge(asked == images, || {
                    let message = format!("{asked} images were asked for, and the job has {images}");
                    evidence.finding(self.id(), state, message)
                });
            }
        }
        for (job, end) in ended {
            let submit = evidence.submit_of(job);
            let owner = submit.and_then(|submit| evidence.person(submit));
            for image in end.list("image_ids") {
                let about_it = |seen: &Seen<'_>| seen.text("image") == Some(image);
                let own = |seen: &Seen<'_>| {
                    owner.is_none() || evidence.person(*seen).map(|person| &person.id) == owner.map(|o| &o.id)
                };
                let got: Vec<_> = evidence.at_front(EventKind::Delivered).filter(about_it).filter(own).collect();
                match got.iter().find(|seen| seen.is_done()).or(got.iter().find(|seen| seen.is_refused())) {
                    Some(seen) => {
                        let flaw = if seen.is_done() { flaw(seen.exchange) } else { Some(seen.answer()) };
                        ruling.judge(flaw.is_none(), || {
                            evidence.finding(
                                self.id(),
                                *seen,
                                format!("an image of the job {}", flaw.unwrap_or_default()),
                            )
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
                .filter(|seen| seen.is_within(submit) && seen.shares(submit, "who") && seen.shares(submit, "key"));
            for sent_on in sent_on {
                if let (Some(asked), Some(ordered)) = (submit.number("quantity"), sent_on.number("quantity")) {
                    ruling.judge(asked == ordered, || {
                        let message = format!("{asked} images were asked for, and {ordered} were passed on");
                        evidence.finding(self.id(), sent_on, message)
                    });
                }
            }
        }
        for rendered in evidence.behind(EventKind::Rendered).filter(|seen| seen.is_done()) {
            if let (Some(asked), Some(images)) = (rendered.number("quantity"), rendered.number("images")) {
                ruling.judge(asked <= images, || {
                    evidence.finding(self.id(), rendered, format!("{asked} images were ordered, and {images} came"))
                });
            }
        }
        ruling.end()
    }
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
