//! G2. No grant, no generation: whoever has not paid, or whose access is over, is not let in, whichever way they come.
//!
//! Who has bought something else is [G6](super::g6_scope)'s affair, who was given their money back [G9](super::g9_revocation)'s.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::answers;
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights, Why};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G2,
    layer: Layer::Generation,
    holds: "No grant, no generation: not for anonymous, unpaid or expired members, whichever way they come.",
    basis: "Access control denies by default.",
    consequence: "What is sold can be had for nothing.",
    remedy: "Find the way in that let the member through: the gate is missing there, or fails open.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
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
            evidence.finding(RULE.id, answer.seen, message)
        });
    }
    for submit in evidence.behind(EventKind::Submitted).filter(|seen| seen.fact(Fact::Who).is_none()) {
        let Some(version) = submit.text(Fact::Version) else { continue };
        if let May::MustNot(_) = rights.may(None, version, GENERATE, submit.window(), 0) {
            ruling.judge(!submit.is_done(), || {
                evidence.finding(RULE.id, submit, "somebody who is not signed in was let in to generate")
            });
        }
    }
    for rendered in evidence.behind(EventKind::Rendered).filter(|seen| seen.is_done()) {
        let Some(job) = rendered.text(Fact::Job) else { continue };
        let mut submits = evidence.behind(EventKind::Submitted);
        if evidence.watches(EventKind::Submitted) {
            let submitted = submits.any(|seen| seen.is_unsure() || seen.is_done() && seen.text(Fact::Job) == Some(job));
            ruling.judge(submitted, || {
                evidence.finding(RULE.id, rendered, "a job was rendered whose submit was not accepted")
            });
        }
    }
    ruling.end()
}
