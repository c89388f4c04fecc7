//! G2. No grant, no generation: whoever has not paid, or whose access is over, is not let in, whichever way they come.
//!
//! Who has bought something else is [G6](super::g6_scope)'s affair, who was given their money back [G9](super::g9_revocation)'s.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::answers::answers;
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights, Why};

/// G2.
pub struct NoGrant;

impl Check for NoGrant {
    fn id(&self) -> &'static str {
        "G2"
    }

    fn layer(&self) -> Layer {
        Layer::Generation
    }

    fn means(&self) -> &'static str {
        "No grant, no generation: not for anonymous, unpaid or expired members, whichever way they come."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        for answer in answers(evidence) {
            let bought_other = rights.purchases.iter().any(|purchase| purchase.member == Some(answer.member));
            let why = match rights.may(Some(answer.member), answer.version, GENERATE, answer.seen.window(), 0) {
                May::MustNot(Why::NotBought) if bought_other => continue,
                May::MustNot(why @ (Why::NotBought | Why::Expired)) => why,
                May::MustNot(Why::Revoked) | May::Must(_) | May::Either => continue,
            };
            ruling.judge(!answer.yes, || {
                let (who, what) = (evidence.cast.name(answer.member), evidence.cast.title(answer.version));
                let message = format!("{who} was let in to generate with {what}, and {}", why.words());
                evidence.finding(self.id(), answer.seen, message)
            });
        }
        for submit in evidence.behind(EventKind::Submitted).filter(|seen| seen.fact("who").is_none()) {
            let Some(version) = submit.text("version") else { continue };
            if let May::MustNot(_) = rights.may(None, version, GENERATE, submit.window(), 0) {
                ruling.judge(!submit.is_done(), || {
                    evidence.finding(self.id(), submit, "somebody who is not signed in was let in to generate")
                });
            }
        }
        for rendered in evidence.behind(EventKind::Rendered).filter(|seen| seen.is_done()) {
            let Some(job) = rendered.text("job") else { continue };
            let mut submits = evidence.behind(EventKind::Submitted);
            if evidence.watches(EventKind::Submitted) {
                let submitted = submits.any(|seen| seen.is_unsure() || seen.is_done() && seen.text("job") == Some(job));
                ruling.judge(submitted, || {
                    evidence.finding(self.id(), rendered, "a job was rendered whose submit was not accepted")
                });
            }
        }
        ruling.end()
    }
}
