//! S3. What a client says about prices, members and permissions is ignored or refused: the platform knows better.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S3,
    layer: Layer::Gateway,
    holds: "Price, member and permission sent by the client are ignored or refused.",
    basis: "OWASP API3:2023, broken object property level authorization (mass assignment).",
    consequence: "Members set their own price, or act for somebody else.",
    remedy: "Read only the fields that a client may send; take price and member from the quote and the session.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let asked = evidence.at_front(EventKind::Quoted).chain(evidence.at_front(EventKind::Charged));
    for seen in asked {
        let asker = evidence.person(seen);
        if let Some(claimed) = seen.number(Fact::ClaimedAmount) {
            let believed = effects(evidence, seen).iter().any(|effect| effect.number(Fact::Amount) == Some(claimed));
            let honest = price(evidence, seen) == Some(claimed);
            ruling.judge(!believed || honest, || {
                evidence.finding(RULE.id, seen, format!("the client named the price {claimed}, and was believed"))
            });
        }
        if let Some(claimed) = seen.text(Fact::ClaimedMember) {
            let honest = asker.is_some_and(|asker| asker.id == claimed);
            let believed = effects(evidence, seen).iter().any(|effect| effect.text(Fact::Member) == Some(claimed));
            ruling.judge(!believed || honest, || {
                let who = evidence.cast.name(claimed);
                evidence.finding(RULE.id, seen, format!("the client said it was {who}, and was believed"))
            });
        }
    }
    ruling.end()
}

/// What came of a request: its own answer, and those to what was asked for it between services.
fn effects<'a>(evidence: &Evidence<'a>, asked: Seen<'a>) -> Vec<Seen<'a>> {
    let behind = evidence.behind(asked.kind()).filter(|seen| seen.is_within(asked) && seen.shares(asked, Fact::Who));
    behind.chain([asked]).filter(|seen| seen.is_done()).collect()
}

/// The price that was shown last before.
fn price(evidence: &Evidence<'_>, asked: Seen<'_>) -> Option<i64> {
    let (version, right) = (evidence.version(asked)?, evidence.right(asked)?);
    let shown = evidence
        .at_front(EventKind::Offered)
        .filter(|seen| seen.is_before(asked) && seen.text(Fact::Version) == Some(version));
    shown.last()?.number(Fact::price_of(right)?)
}
