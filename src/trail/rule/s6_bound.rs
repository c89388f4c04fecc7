//! S6. A credential is bound to its buyer: a member who presents somebody else's is refused.
//!
//! Evidence: access answers to requests with a credential that the platform issued to another member only.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, Fact, RuleId};
use crate::trail::answers::issued_credentials;
use crate::trail::evidence::Evidence;
use crate::trail::rights::{AllowReason, GENERATE, Obligation};

pub(super) const RULE: Rule = Rule {
    id: RuleId::S6,
    layer: Layer::Generation,
    holds: "A credential is bound to its buyer: presented by somebody else it is refused.",
    basis: "A proof of purchase is for its buyer. RFC 9449 (DPoP) binds access tokens to their holder for the same \
            reason.",
    consequence: "A credential that was passed on lets strangers in.",
    remedy: "Compare the member in the credential with the member of the session.",
    classification: Classification::of(Class::NotRefused).ranked(2),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for answer in evidence.access_answers() {
        let Some(presented) = answer.event.text(Fact::Credential) else { continue };
        let holders: Vec<_> = issued_credentials(evidence)
            .filter(|(_, issued)| *issued == presented)
            .filter_map(|(issue, _)| evidence.member_of(issue))
            .collect();
        let Some(owner) = holders.first() else { continue };
        if holders.contains(&answer.member) {
            continue;
        }
        // A member who needs no credential is let in with any.
        let interval = answer.event.interval();
        if let Obligation::Allow(AllowReason::OwnerOrModerator | AllowReason::Public) =
            evidence.obligation(Some(answer.member), answer.version, GENERATE, interval, 0)
        {
            continue;
        }
        ruling.judge(!answer.allowed, || {
            let who = evidence.participants.member_name(answer.member);
            let owner = evidence.participants.member_name(owner);
            let message = format!("{who} presented the purchase credential of {owner}, and was let in");
            evidence.finding(RULE.id, answer.event, message)
        });
    }
    ruling.finish()
}
