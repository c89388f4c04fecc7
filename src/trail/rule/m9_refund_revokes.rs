//! M9. Refunded means revoked: the permission service is informed in time once all of the price came back, and not
//! before.
//!
//! Evidence: refunds, and revocation events between services. On a platform whose events say whether all was refunded,
//! partial refunds have to be reported as well. The answers after a revocation are the subject of
//! [G9](super::g9_revocation).

use std::collections::HashSet;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, Finding, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::purchases::Purchase;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M9,
    layer: Layer::Events,
    holds: "Refunded means revoked: once all of the price came back, and not before, the permission is taken back in \
            time.",
    basis: "Access is what the member paid for: when all of the payment is returned, the access ends.",
    consequence: "Members keep access that was refunded, or lose access that they paid for in part.",
    remedy: "Follow the refund's event: it was not sent, not accepted, or did not reach the service that decides.",
    classification: Classification::of(Class::Refused).when_missing(Class::NeverSent, &[EventKind::Revoked]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches(EventKind::Revoked) {
        return ruling.finish();
    }
    for purchase in evidence.purchases() {
        let events = evidence
            .between_services(EventKind::Revoked)
            .filter(|event| event.text(Fact::Purchase) == Some(purchase.id));
        let (partial, full): (Vec<_>, Vec<_>) = events.partition(|event| event.boolean(Fact::Full) == Some(false));
        judge_full_refund(&mut ruling, evidence, purchase, &full);
        // A platform that does not report parts has no event for them, and says “all” with every event.
        if evidence.watches_fact(EventKind::Revoked, Fact::Full) {
            judge_partial_refunds(&mut ruling, evidence, purchase, (&partial, &full));
        }
    }
    ruling.finish()
}

fn due(evidence: &Evidence<'_>, refund: Occurrence<'_>) -> u64 {
    refund.ended().saturating_add(evidence.bounds.revoke)
}

fn judge_full_refund(ruling: &mut Ruling, evidence: &Evidence<'_>, purchase: &Purchase<'_>, events: &[Occurrence<'_>]) {
    let Some(refund) = purchase.full_refund() else { return };
    let is_accepted = events.iter().any(|event| event.is_done());
    ruling.judge_by(due(evidence, refund), is_accepted, None, || {
        let what = format!("{} was given back, but the revocation", purchase.describe(evidence));
        not_accepted(evidence, events.last(), &what)
    });
}

fn judge_partial_refunds(
    ruling: &mut Ruling,
    evidence: &Evidence<'_>,
    purchase: &Purchase<'_>,
    (partial, full): (&[Occurrence<'_>], &[Occurrence<'_>]),
) {
    let refunds = purchase.partial_refunds();
    let Some(last) = refunds.last() else { return };
    let accepted = partial.iter().filter(|event| event.is_done());
    let reported = accepted.filter_map(|event| event.text(Fact::Event)).collect::<HashSet<_>>().len();
    ruling.judge_by(due(evidence, *last), reported >= refunds.len(), None, || {
        let what = format!("a part of {} was given back, but the event of it", purchase.describe(evidence));
        not_accepted(evidence, partial.iter().rfind(|event| !event.is_done()), &what)
    });
    let may_be_fully_refunded = purchase.full_refund().is_some() || !purchase.uncertain_refunds.is_empty();
    if let Some(too_much) = full.iter().find(|event| event.is_done())
        && !may_be_fully_refunded
    {
        let message = format!("a part of {} was given back, and all of it was revoked", purchase.describe(evidence));
        ruling.fail(evidence.finding(RULE.id, *too_much, message));
    }
}

/// Makes the finding that `what` was not accepted in time; `last` is the last try.
fn not_accepted(evidence: &Evidence<'_>, last: Option<&Occurrence<'_>>, what: &str) -> Finding {
    match last {
        Some(last) => evidence.finding(RULE.id, *last, format!("{what} {} until then", last.describe_answer())),
        None => evidence.missing(RULE.id, EventKind::Revoked, format!("{what} was never sent")),
    }
}
