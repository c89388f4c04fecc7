//! G3. Paid means allowed in time: within the target's bound after the charge, the platform lets the buyer in.
//!
//! Where nobody has asked yet, the member is asked for: a rule that waits for somebody to ask never finds out.

use super::{Check, Judgement, Layer, Question, Ruling};
use crate::model::{EventKind, Finding};
use crate::trail::answers::{Answer, Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::Purchase;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::{Seen, Window};

/// G3.
pub struct AllowedInTime;

impl Check for AllowedInTime {
    fn id(&self) -> &'static str {
        "G3"
    }

    fn layer(&self) -> Layer {
        Layer::Entitlement
    }

    fn means(&self) -> &'static str {
        "Paid means allowed, in time: the buyer is let in within the bound after the charge."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
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
            let still =
                matches!(rights.may(Some(member), version, GENERATE, at_due, evidence.bounds.sync), May::Must(_));
            if yes.is_none() && !still {
                continue; // It was given back, or has ended, before anybody could use it.
            }
            let question = Question::Access { member: member.to_owned(), version: version.to_owned() };
            let no = answers
                .iter()
                .filter(about_it)
                .filter(|answer| !answer.yes && answer.proof != Proof::Wrong)
                .next_back();
            match yes {
                // Asked late and allowed is not allowed late: only a no after the bound shows that.
                Some(yes) => {
                    let refused = answers.iter().filter(about_it).any(|no| {
                        !no.yes && no.proof != Proof::Wrong && no.seen.from() >= due && no.seen.to() <= yes.seen.from()
                    });
                    ruling.judge(!refused, || self.late(evidence, purchase, no.map(|no| no.seen), Some(yes.seen)));
                }
                None => ruling
                    .judge_by(due, false, Some(question), || self.late(evidence, purchase, no.map(|no| no.seen), None)),
            }
        }
        ruling.end()
    }
}

impl AllowedInTime {
    /// The first hop at which the permission was late.
    fn late(
        &self,
        evidence: &Evidence<'_>,
        purchase: &Purchase<'_>,
        no: Option<Seen<'_>>,
        yes: Option<Seen<'_>>,
    ) -> Finding {
        let what = evidence.tell(purchase.member, purchase.right, purchase.version);
        let seconds = |micros: u64| format!("{:.1} s", micros as f64 / 1e6);
        let bound = seconds(evidence.bounds.sync);
        let due = purchase.charge.to().saturating_add(evidence.bounds.sync);
        let late = |kind: EventKind, name: &str| {
            if !evidence.watches(kind) {
                return None;
            }
            let sent: Vec<_> = evidence.behind(kind).filter(|seen| tells_of(*seen, purchase)).collect();
            if sent.iter().any(|seen| seen.is_done() && seen.to() <= due) {
                return None;
            }
            let Some(first) = sent.first() else {
                let message = format!("{what} was charged, and {name} was not sent within {bound}");
                return Some(evidence.missing(self.id(), kind, message));
            };
            let how = match sent.iter().find(|seen| seen.is_done()) {
                Some(taken) => {
                    format!("was taken only after {}", seconds(taken.to().saturating_sub(purchase.charge.to())))
                }
                None => first.answer(),
            };
            let message = format!("{what} was charged, and {name} {how}; it has {bound}");
            Some(evidence.finding(self.id(), *first, message))
        };
        late(EventKind::Granted, "the purchase event")
            .or_else(|| late(EventKind::Synced, "the change of access"))
            .unwrap_or_else(|| {
                let after = yes
                    .map(|yes| format!(" (allowed after {})", seconds(yes.to().saturating_sub(purchase.charge.to()))));
                let said = no.map_or("nobody was let in".to_owned(), |no| no.answer());
                let message =
                    format!("{what} was charged, and asking for it within {bound} {said}{}", after.unwrap_or_default());
                evidence.finding(self.id(), no.unwrap_or(purchase.charge), message)
            })
    }
}

/// Whether an event tells of this purchase, or of what it changed.
fn tells_of(seen: Seen<'_>, purchase: &Purchase<'_>) -> bool {
    match seen.text("purchase") {
        Some(id) => id == purchase.id,
        None => {
            seen.text("member") == purchase.member
                && seen.text("version") == purchase.version
                && seen.to() >= purchase.charge.from()
        }
    }
}
