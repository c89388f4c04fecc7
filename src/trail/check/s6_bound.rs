//! S6. A credential is bound to its buyer: whoever presents somebody else's is refused.

use super::{Check, Judgement, Layer, Ruling};
use crate::trail::answers::{answers, issued};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{Because, GENERATE, May, Rights};

/// S6.
pub struct Bound;

impl Check for Bound {
    fn id(&self) -> &'static str {
        "S6"
    }

    fn layer(&self) -> Layer {
        Layer::Generation
    }

    fn means(&self) -> &'static str {
        "A credential is bound to its buyer: presented by somebody else it is refused."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        for answer in answers(evidence) {
            let Some(presented) = answer.seen.text("credential") else { continue };
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
                evidence.finding(self.id(), answer.seen, message)
            });
        }
        ruling.end()
    }
}
