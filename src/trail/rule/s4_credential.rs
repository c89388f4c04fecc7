//! S4. The purchase credential is present, and the same, at every hop that requires it: from the answer that issued it,
//! through the submit and its forwarding, to the question whether the member may generate.
//!
//! Evidence: the credentials in these requests, compared hop by hop, so that the finding is at the hop that lost it.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::issued_credentials;
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S4,
    layer: Layer::Gateway,
    holds: "The purchase credential is there, and the same, at every hop that needs it.",
    basis: "The service that decides needs the proof. In the first incident on record the page dropped it before it \
            sent the request.",
    consequence: "The service that decides has no proof of the purchase, and refuses somebody who paid.",
    remedy: "Compare the request before and after the hop that the finding names: the credential was lost or replaced \
             there.",
    classification: Classification::of(Class::NotCarried).ranked(0),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let submits = evidence.by_members(EventKind::Submitted).filter(|event| evidence.requires_credential(*event));
    for submit in submits {
        let issued = last_issued(evidence, submit);
        if let Some(issued) = issued {
            judge_carried(&mut ruling, evidence, submit, issued, "the submit");
        }
        let Some(carried) = submit.text(Fact::Credential) else { continue };
        // The hops behind a wrong credential lack the right one for the same reason.
        if issued.is_none_or(|issued| issued == carried) {
            judge_forwarded(&mut ruling, evidence, submit, carried);
        }
    }
    ruling.finish()
}

fn judge_forwarded(ruling: &mut Ruling, evidence: &Evidence<'_>, submit: Occurrence<'_>, credential: &str) {
    for forwarded in evidence.between_services(EventKind::Submitted).filter(|event| is_forwarding(*event, submit)) {
        judge_carried(ruling, evidence, forwarded, credential, "the submit");
        if forwarded.text(Fact::Credential) != Some(credential) {
            continue;
        }
        let questions =
            evidence.between_services(EventKind::Checked).filter(|event| evidence.requires_credential(*event));
        for question in questions.filter(|event| is_asked_for(*event, forwarded)) {
            judge_carried(ruling, evidence, question, credential, "the question whether they may");
        }
    }
}

fn judge_carried(ruling: &mut Ruling, evidence: &Evidence<'_>, event: Occurrence<'_>, expected: &str, what: &str) {
    let carried = event.text(Fact::Credential);
    ruling.judge(carried == Some(expected), || {
        let instead = if carried.is_some() { "another purchase credential" } else { "no purchase credential" };
        let mut finding = evidence.finding(RULE.id, event, format!("{what} carried {instead}"));
        finding.at = Some("request/headers".into());
        finding
    });
}

/// Returns the credential in the last answer that this member got about this version.
fn last_issued<'a>(evidence: &Evidence<'a>, submit: Occurrence<'a>) -> Option<&'a str> {
    let member = evidence.member_of(submit)?;
    let version = submit.text(Fact::Version)?;
    let last = evidence.events().rfind(|event| {
        event.is_from_member()
            && event.is_before(submit)
            && matches!(event.kind(), EventKind::Checked | EventKind::Granted)
            && event.exchange.status().is_some_and(|status| status < 300)
            && evidence.member_of(*event) == Some(member)
            && event.text(Fact::Version) == Some(version)
    })?;
    // A later answer without a credential takes an earlier one back.
    let mut issued = issued_credentials(evidence);
    issued.find(|(event, _)| event.exchange.id == last.exchange.id).map(|(_, credential)| credential)
}

/// Returns true if a service sent the event on for this submit.
fn is_forwarding(event: Occurrence<'_>, submit: Occurrence<'_>) -> bool {
    let same_key = event.fact(Fact::Key).is_none() || event.shares(submit, Fact::Key);
    event.is_during(submit)
        && same_key
        && event.shares(submit, Fact::Version)
        && event.fact(Fact::Who) == submit.fact(Fact::Who)
}

/// Returns true if the question was asked about this submit, or about the job that came of it.
fn is_asked_for(question: Occurrence<'_>, submit: Occurrence<'_>) -> bool {
    let same_job = question.shares(submit, Fact::Job);
    // Where one of the two names no job, only the time connects them.
    let both_name_a_job = question.fact(Fact::Job).is_some() && submit.fact(Fact::Job).is_some();
    let meanwhile = question.is_during(submit) && !both_name_a_job;
    (same_job || meanwhile)
        && submit.list(Fact::Versions).iter().any(|version| question.text(Fact::Version) == Some(version))
}
