//! E2. Acknowledged means durable: what the permission service has accepted takes effect, and it tells the others.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::answers;
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::{Seen, Window};

pub(super) const RULE: Rule = Rule {
    id: RuleId::E2,
    layer: Layer::Events,
    holds: "Acknowledged means durable: an event that was accepted takes effect.",
    basis: "An acknowledgement is a promise: the sender will not send again.",
    consequence: "A purchase is forgotten by the service that said that it had it.",
    remedy: "Commit first, and acknowledge then.",
    departs: Departs::shown(Class::Refused).absent(Class::NeverSent, &[EventKind::Synced]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    let purchases = purchases(evidence);
    let changes = [
        (EventKind::Granted, "granted", evidence.bounds.sync),
        (EventKind::Revoked, "revoked", evidence.bounds.revoke),
    ];
    for (kind, state, bound) in changes {
        let accepted: Vec<_> =
            evidence.behind(kind).filter(|seen| seen.is_done() && seen.fact(Fact::Event).is_some()).collect();
        for (index, event) in accepted.iter().copied().enumerate() {
            if accepted[..index].iter().any(|earlier| earlier.shares(event, Fact::Event)) {
                continue; // It came again, and changes nothing.
            }
            let same = evidence.behind(kind).filter(|seen| seen.shares(event, Fact::Event));
            let since = same.map(Seen::from).min().unwrap_or_default();
            let purchase = purchases.iter().find(|known| event.text(Fact::Purchase) == Some(known.id));
            let revoked = purchase.is_some_and(|purchase| !purchase.refunds.is_empty());
            let told_before = evidence.behind(EventKind::Synced).any(|seen| {
                seen.shares(event, Fact::Member) && seen.shares(event, Fact::Version) && seen.from() <= event.to()
            });
            // A grant that was given back may never have been told, nor may that it was given back; part of a refund
            // changes nothing.
            if (kind == EventKind::Granted && revoked)
                || (kind == EventKind::Revoked && !told_before)
                || event.truth(Fact::Full) == Some(false)
                || came_too_late(evidence, event)
            {
                continue;
            }
            if evidence.watches(EventKind::Synced) {
                let told: Vec<_> = evidence
                    .behind(EventKind::Synced)
                    .filter(|seen| {
                        seen.shares(event, Fact::Member)
                            && seen.shares(event, Fact::Version)
                            && seen.text(Fact::State).is_none_or(|told| told == state)
                            && seen.to() >= since
                    })
                    .collect();
                let taken = told.iter().any(|seen| seen.is_done());
                ruling.judge_by(event.to().saturating_add(bound), taken, None, || {
                    let what = format!("a purchase event was accepted, and that access is {state}");
                    match told.first() {
                        Some(first) => {
                            let message = format!("{what} could not be told on: it {}", first.answer());
                            evidence.finding(RULE.id, *first, message)
                        }
                        None => evidence.missing(RULE.id, EventKind::Synced, format!("{what} was never told on")),
                    }
                });
            }
            let (Some(member), Some(version), EventKind::Granted) =
                (event.text(Fact::Member), event.text(Fact::Version), kind)
            else {
                continue;
            };
            let ignored = answers(evidence).into_iter().find(|answer| {
                !answer.yes
                    && (answer.member, answer.version) == (member, version)
                    && answer.seen.kind() == EventKind::Checked
                    && !evidence.wants_credential(answer.seen)
                    && answer.seen.from() >= event.to().saturating_add(bound)
                    && matches!(rights.may(Some(member), version, GENERATE, answer.seen.window(), bound), May::Must(_))
            });
            ruling.judge(ignored.is_none(), || {
                let seen = ignored.map_or(event, |answer| answer.seen);
                evidence.finding(RULE.id, seen, "a purchase event was accepted, and what it tells of is not known")
            });
        }
    }
    judge_revocations(&mut ruling, evidence, &rights);
    ruling.end()
}

/// Who was told that access is revoked, and has said that they know, lets nobody in by it any more.
fn judge_revocations(ruling: &mut Ruling, evidence: &Evidence<'_>, rights: &Rights<'_, '_>) {
    let changes: Vec<_> = evidence.behind(EventKind::Synced).collect();
    for told in changes.iter().filter(|seen| seen.is_done() && seen.text(Fact::State) == Some("revoked")) {
        let (Some(member), Some(version)) = (told.text(Fact::Member), told.text(Fact::Version)) else { continue };
        let since = changes.iter().filter(|seen| seen.shares(*told, Fact::Member) && seen.shares(*told, Fact::Version));
        if since.filter(|seen| seen.text(Fact::State) != Some("revoked")).any(|seen| seen.to() >= told.from()) {
            continue; // It was granted anew.
        }
        let ignored = answers(evidence).into_iter().find(|answer| {
            let window = answer.seen.window();
            let bound = evidence.bounds.revoke;
            let arrived =
                Window { from: window.from.saturating_add(bound), to: window.to.saturating_add(bound), ..window };
            answer.yes
                && (answer.member, answer.version) == (member, version)
                && answer.seen.kind() == EventKind::Submitted
                && !answer.seen.at_front()
                && told.is_before(answer.seen)
                && matches!(rights.may(Some(member), version, GENERATE, arrived, 0), May::MustNot(_))
        });
        ruling.judge(ignored.is_none(), || {
            let seen = ignored.map_or(*told, |answer| answer.seen);
            let message = "that access is revoked was told and accepted, and the member was let in all the same";
            evidence.finding(RULE.id, seen, message)
        });
    }
}

/// Whether a newer event of its subject had been accepted before: then it rightly changes nothing.
fn came_too_late(evidence: &Evidence<'_>, event: Seen<'_>) -> bool {
    let accepted =
        evidence.behind(EventKind::Granted).chain(evidence.behind(EventKind::Revoked)).filter(|seen| seen.is_done());
    accepted.filter(|seen| seen.shares(event, Fact::Subject) && seen.from() < event.to()).any(
        |seen| matches!((seen.text(Fact::Sequence), event.text(Fact::Sequence)), (Some(theirs), Some(own)) if theirs > own),
    )
}
