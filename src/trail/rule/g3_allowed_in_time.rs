//! G3. Paid means allowed in time: within the target's bound after the charge, the platform lets the buyer in.
//!
//! Where nobody has asked yet, the member is asked for: a rule that waits for somebody to ask never finds out.

use super::{Departs, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, Finding, RuleId};
use crate::trail::answers::{Answer, Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::Purchase;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::{Seen, Window};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G3,
    layer: Layer::Entitlement,
    holds: "Paid means allowed, in time: the buyer is let in within the bound after the charge.",
    basis: "The promise of the sale, and the cause of the first incident on record: bought, and refused.",
    consequence: "Somebody who paid cannot use what they bought.",
    remedy: "Read the path from the charge on: the first hop without a sign of the purchase is the one to mend. Caches from before the purchase are a common cause.",
    departs: Departs::shown(Class::Refused)
        .late(Class::NotSyncedInTime)
        .absent(Class::NeverSent, &[EventKind::Granted, EventKind::Synced])
        .ranked(4),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    let answers = answers(evidence);
    for purchase in &rights.purchases {
        let (Some(member), Some(version)) = (purchase.member, purchase.version) else { continue };
        if !rights.bought(member, version, GENERATE).any(|bought| bought.id == purchase.id) {
            continue;
        }
        let about_it = |answer: &&Answer<'_>| {
            answer.member == member && answer.version == version && answer.seen.to() >= purchase.charge.from()
        };
        let yes = answers.iter().filter(about_it).find(|answer| answer.yes);
        let due = purchase.charge.to().saturating_add(evidence.bounds.sync);
        let at_due = Window { from: due, to: due, ahead: purchase.charge.window().ahead };
        let still = matches!(rights.may(Some(member), version, GENERATE, at_due, evidence.bounds.sync), May::Must(_));
        if yes.is_none() && !still {
            continue; // It was given back, or has ended, before anybody could use it.
        }
        let question = Question::Access { member: member.to_owned(), version: version.to_owned() };
        let refused = |from: u64| {
            answers
                .iter()
                .filter(about_it)
                .filter(move |no| !no.yes && no.proof != Proof::Wrong && no.seen.from() >= from)
        };
        // Who says no because somebody else told them so is not to blame.
        let innermost = |no: Seen<'_>| {
            refused(0).map(|inner| inner.seen).filter(|inner| inner.is_within(no)).max_by_key(|inner| inner.from())
        };
        let blame = |answer| refusal(evidence, purchase, innermost(answer).unwrap_or(answer));
        let late = || late_event(evidence, purchase);
        match yes {
            // Asked late and allowed is not allowed late: only a no after the bound shows that.
            Some(yes) => match refused(due).find(|no| no.seen.to() <= yes.seen.from()) {
                Some(no) => ruling.judge(false, || late().unwrap_or_else(|| blame(no.seen))),
                None => ruling.hold(),
            },
            None if evidence.now < due => ruling.wait(due, Some(question)),
            None => {
                let no = refused(0).next_back().map(|no| no.seen).or_else(|| unanswered(evidence, purchase));
                let finding = late().or_else(|| no.map(blame));
                if let Some(finding) = finding {
                    ruling.judge(false, || finding);
                }
            }
        }
    }
    ruling.end()
}

/// The first event on the way that was not taken in time.
fn late_event(evidence: &Evidence<'_>, purchase: &Purchase<'_>) -> Option<Finding> {
    let what = evidence.tell(purchase.member, purchase.right, purchase.version);
    let bound = seconds(evidence.bounds.sync);
    let due = purchase.charge.to().saturating_add(evidence.bounds.sync);
    let events = [(EventKind::Granted, "the purchase event"), (EventKind::Synced, "the change of access")];
    events.into_iter().filter(|(kind, _)| evidence.watches(*kind)).find_map(|(kind, name)| {
        let sent: Vec<_> = evidence.behind(kind).filter(|seen| tells_of(*seen, purchase)).collect();
        if sent.iter().any(|seen| seen.is_done() && seen.to() <= due) {
            return None;
        }
        let Some(first) = sent.first() else {
            let message = format!("{what} was charged, and {name} was not sent within {bound}");
            return Some(evidence.missing(RULE.id, kind, message));
        };
        let how = match sent.iter().find(|seen| seen.is_done()) {
            Some(taken) => {
                format!("was taken only after {}", seconds(taken.to().saturating_sub(purchase.charge.to())))
            }
            None => first.answer(),
        };
        Some(evidence.finding(RULE.id, *first, format!("{what} was charged, and {name} {how}; it has {bound}")))
    })
}

/// Every event was in time, and the answer is no all the same.
fn refusal(evidence: &Evidence<'_>, purchase: &Purchase<'_>, no: Seen<'_>) -> Finding {
    let what = evidence.tell(purchase.member, purchase.right, purchase.version);
    let late = seconds(no.to().saturating_sub(purchase.charge.to()));
    let message = format!("{what} was charged, and {late} later asking for it {}", no.answer());
    evidence.finding(RULE.id, no, message)
}

fn seconds(micros: u64) -> String {
    format!("{:.1} s", micros as f64 / 1e6)
}

/// The last question about a purchase that got no answer at all.
fn unanswered<'a>(evidence: &Evidence<'a>, purchase: &Purchase<'a>) -> Option<Seen<'a>> {
    let about_it = |seen: &Seen<'a>| {
        seen.is_unsure()
            && evidence.member(*seen) == purchase.member
            && seen.text(Fact::Version) == purchase.version
            && seen.from() >= purchase.charge.from()
    };
    evidence.seen(EventKind::Checked).filter(about_it).last()
}

/// Whether an event tells of this purchase, or of what it changed.
fn tells_of(seen: Seen<'_>, purchase: &Purchase<'_>) -> bool {
    match seen.text(Fact::Purchase) {
        Some(id) => id == purchase.id,
        None => {
            seen.text(Fact::Member) == purchase.member
                && seen.text(Fact::Version) == purchase.version
                && seen.to() >= purchase.charge.from()
        }
    }
}
