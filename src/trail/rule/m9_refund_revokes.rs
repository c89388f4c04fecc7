//! M9. Refunded means revoked: once all of the price came back, the permission service is told so, and not before. Where a
//! platform tells whether it was all, it tells of each part, too.
//!
//! That the permission then really ends is [G9](super::g9_revocation).

use std::collections::HashSet;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, Finding, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M9,
    layer: Layer::Events,
    holds: "Refunded means revoked: once all of the price came back, and not before, the permission is taken back in time.",
    basis: "Access is what was paid for: without the payment it ends.",
    consequence: "Members keep what they were given the money back for.",
    remedy: "Follow the refund's event: it was not sent, not taken, or did not reach the service that decides.",
    departs: Departs::shown(Class::Refused).absent(Class::NeverSent, &[EventKind::Revoked]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches(EventKind::Revoked) {
        return ruling.end();
    }
    let tells_parts = evidence.watches_fact(EventKind::Revoked, Fact::Full);
    let due = |refund: &Seen<'_>| refund.to().saturating_add(evidence.bounds.revoke);
    for purchase in purchases(evidence) {
        let what = evidence.tell(purchase.member, purchase.right, purchase.version);
        let events = evidence.behind(EventKind::Revoked).filter(|seen| seen.text(Fact::Purchase) == Some(purchase.id));
        let (of_parts, of_all): (Vec<_>, Vec<_>) = events.partition(|seen| seen.truth(Fact::Full) == Some(false));
        let whole = purchase.fully_refunded();
        if let Some(whole) = &whole {
            ruling.judge_by(due(whole), of_all.iter().any(|seen| seen.is_done()), None, || {
                untold(evidence, of_all.last(), &format!("{what} was given back, but the revocation"))
            });
        }
        let parts = purchase.refunds_in_part();
        if let Some(last) = parts.last().filter(|_| tells_parts) {
            let told = of_parts.iter().filter(|seen| seen.is_done()).filter_map(|seen| seen.text(Fact::Event));
            let told = told.collect::<HashSet<_>>().len();
            ruling.judge_by(due(last), told >= parts.len(), None, || {
                let refused = of_parts.iter().rfind(|seen| !seen.is_done());
                untold(evidence, refused, &format!("a part of {what} was given back, but the event of it"))
            });
            let wrong = of_all.iter().find(|seen| seen.is_done());
            let wrong = wrong.filter(|_| whole.is_none() && purchase.perhaps_refunded.is_empty());
            if let Some(wrong) = wrong {
                let message = format!("a part of {what} was given back, and all of it was revoked");
                ruling.judge(false, || evidence.finding(RULE.id, *wrong, message));
            }
        }
    }
    ruling.end()
}

/// `what` has not arrived in time; `last` is the last try.
fn untold(evidence: &Evidence<'_>, last: Option<&Seen<'_>>, what: &str) -> Finding {
    match last {
        Some(last) => evidence.finding(RULE.id, *last, format!("{what} {} until then", last.answer())),
        None => evidence.missing(RULE.id, EventKind::Revoked, format!("{what} was never sent")),
    }
}
