//! S3. Prices, members and permissions that a client sends are ignored or refused: the platform has its own.
//!
//! Evidence: quotes and purchases whose request claims a price or a member, and what came of them behind the front
//! door.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S3,
    layer: Layer::Gateway,
    holds: "Price, member and permission sent by the client are ignored or refused.",
    basis: "OWASP API3:2023, broken object property level authorization (it includes mass assignment).",
    consequence: "Members set their own price, or act for somebody else.",
    remedy: "Read only the fields that a client may send; take price and member from the quote and the session.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for request in evidence.by_members(EventKind::Quoted).chain(evidence.by_members(EventKind::Charged)) {
        // A claim that happens to be true proves nothing, whether it was believed or not.
        if let Some(claimed) = request.number(Fact::ClaimedAmount) {
            let was_believed = effects(evidence, request).iter().any(|it| it.number(Fact::Amount) == Some(claimed));
            let is_true = shown_price(evidence, request) == Some(claimed);
            ruling.judge(!was_believed || is_true, || {
                evidence.finding(RULE.id, request, format!("the client named the price {claimed}, and was believed"))
            });
        }
        if let Some(claimed) = request.text(Fact::ClaimedMember) {
            let was_believed = effects(evidence, request).iter().any(|it| it.text(Fact::Member) == Some(claimed));
            let is_true = evidence.asker(request).is_some_and(|asker| asker.id == claimed);
            ruling.judge(!was_believed || is_true, || {
                let who = evidence.participants.member_name(claimed);
                evidence.finding(RULE.id, request, format!("the client said it was {who}, and was believed"))
            });
        }
    }
    ruling.finish()
}

/// Returns the successful answers to a request: its own, and those to the requests that services sent for it.
fn effects<'a>(evidence: &Evidence<'a>, request: Occurrence<'a>) -> Vec<Occurrence<'a>> {
    let inner = evidence
        .between_services(request.kind())
        .filter(|event| event.is_during(request) && event.shares(request, Fact::Who));
    inner.chain([request]).filter(|event| event.is_done()).collect()
}

/// Returns the price that was shown last before the request.
fn shown_price<'a>(evidence: &Evidence<'a>, request: Occurrence<'a>) -> Option<i64> {
    let (version, right) = (evidence.version_of(request)?, evidence.right_of(request)?);
    let shown = evidence
        .by_members(EventKind::Offered)
        .rfind(|event| event.is_before(request) && event.text(Fact::Version) == Some(version));
    shown?.number(Fact::price_of(right)?)
}
