//! S4. The credential is there, and the same, at every hop that needs it: from the answer that gave it to the member, through
//! the submit and its forwarding, to the question whether they may.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::issued;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S4,
    layer: Layer::Gateway,
    holds: "The purchase credential is there, and the same, at every hop that needs it.",
    basis: "Whoever decides needs the proof. The page of the first incident dropped it before the request left.",
    consequence: "The service that decides has no proof of the purchase, and refuses somebody who paid.",
    remedy: "Compare the request before and after the hop that the finding names: the credential got lost or was replaced there.",
    departs: Departs::shown(Class::NotCarried).ranked(0),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for submit in evidence.at_front(EventKind::Submitted).filter(|seen| evidence.wants_credential(*seen)) {
        let given = given(evidence, submit);
        if let Some(given) = given {
            compare(&mut ruling, evidence, submit, given, "the submit");
        }
        let Some(carried) = submit.text(Fact::Credential) else { continue };
        if given.is_some_and(|given| given != carried) {
            continue;
        }
        for forwarded in evidence.behind(EventKind::Submitted).filter(|seen| is_forwarded(*seen, submit)) {
            compare(&mut ruling, evidence, forwarded, carried, "the submit");
            if forwarded.text(Fact::Credential) != Some(carried) {
                continue; // Whatever follows lacks it for the same reason.
            }
            let asked = evidence.behind(EventKind::Checked).filter(|seen| evidence.wants_credential(*seen));
            for asked in asked.filter(|seen| is_asked_for(*seen, forwarded)) {
                compare(&mut ruling, evidence, asked, carried, "the question whether they may");
            }
        }
    }
    ruling.end()
}

fn compare(ruling: &mut Ruling, evidence: &Evidence<'_>, seen: Seen<'_>, expected: &str, what: &str) {
    let carried = seen.text(Fact::Credential);
    ruling.judge(carried == Some(expected), || {
        let how = if carried.is_some() { "another purchase credential" } else { "no purchase credential" };
        let mut finding = evidence.finding(RULE.id, seen, format!("{what} carried {how}"));
        finding.at = Some("request/headers".into());
        finding
    });
}

/// What the platform had last given this member for this version.
fn given<'a>(evidence: &Evidence<'a>, submit: Seen<'a>) -> Option<&'a str> {
    let member = evidence.member(submit)?;
    let version = submit.text(Fact::Version)?;
    let told = evidence.all().filter(|seen| {
        seen.at_front()
            && seen.is_before(submit)
            && matches!(seen.kind(), EventKind::Checked | EventKind::Granted)
            && seen.exchange.status().is_some_and(|status| status < 300)
            && evidence.member(*seen) == Some(member)
            && seen.text(Fact::Version) == Some(version)
    });
    let last = told.last()?.event.exchange;
    issued(evidence).find(|(seen, _)| seen.event.exchange == last).map(|(_, credential)| credential)
}

/// Whether one service sent it on for this submit.
fn is_forwarded(seen: Seen<'_>, submit: Seen<'_>) -> bool {
    let same_key = seen.fact(Fact::Key).is_none() || seen.shares(submit, Fact::Key);
    seen.is_within(submit)
        && same_key
        && seen.shares(submit, Fact::Version)
        && seen.fact(Fact::Who) == submit.fact(Fact::Who)
}

/// Whether it was asked about this submit, or about the job that came of it.
fn is_asked_for(seen: Seen<'_>, submit: Seen<'_>) -> bool {
    let same_job = seen.shares(submit, Fact::Job);
    let meanwhile = seen.is_within(submit) && !(seen.fact(Fact::Job).is_some() && submit.fact(Fact::Job).is_some());
    (same_job || meanwhile)
        && submit.list(Fact::Versions).iter().any(|version| seen.text(Fact::Version) == Some(version))
}
