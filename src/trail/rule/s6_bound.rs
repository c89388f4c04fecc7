//! S6. A credential is bound to its buyer: whoever presents somebody else's is refused.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, Fact, RuleId};
use crate::trail::answers::{answers, issued};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{Because, GENERATE, May, Rights};

pub(super) const RULE: Rule = Rule {
    id: RuleId::S6,
    layer: Layer::Generation,
    holds: "A credential is bound to its buyer: presented by somebody else it is refused.",
    basis: "A credential names its holder (RFC 9449 has the idea for tokens).",
    consequence: "A credential that was passed on lets strangers in.",
    remedy: "Compare the member in the credential with the member of the session.",
    departs: Departs::shown(Class::NotRefused).ranked(2),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    for answer in answers(evidence) {
        let Some(presented) = answer.seen.text(Fact::Credential) else { continue };
        let holders = || issued(evidence).filter(|(_, issued)| *issued == presented);
        let owner = holders().find_map(|(issue, _)| evidence.member(issue));
        let own = holders().any(|(issue, _)| evidence.member(issue) == Some(answer.member));
        let (Some(owner), false) = (owner, own) else { continue };
        // Who needs none is let in whatever they bring.
        if let May::Must(Because::Theirs | Because::Public) =
            rights.may(Some(answer.member), answer.version, GENERATE, answer.seen.window(), 0)
        {
            continue;
        }
        ruling.judge(!answer.yes, || {
            let (who, owner) = (evidence.cast.name(answer.member), evidence.cast.name(owner));
            let message = format!("{who} presented the purchase credential of {owner}, and was let in");
            evidence.finding(RULE.id, answer.seen, message)
        });
    }
    ruling.end()
}
