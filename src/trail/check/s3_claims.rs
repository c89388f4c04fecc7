//! S3. What a client says about prices, members and permissions is ignored or refused: the platform knows better.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// S3.
pub struct Claims;

impl Check for Claims {
    fn id(&self) -> &'static str {
        "S3"
    }

    fn layer(&self) -> Layer {
        Layer::Gateway
    }

    fn means(&self) -> &'static str {
        "Price, member and permission sent by the client are ignored or refused."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let asked = evidence.at_front(EventKind::Quoted).chain(evidence.at_front(EventKind::Charged));
        for seen in asked {
            let asker = evidence.person(seen);
            if let Some(claimed) = seen.number("claimed_amount") {
                let believed = effects(evidence, seen).iter().any(|effect| effect.number("amount") == Some(claimed));
                let honest = price(evidence, seen) == Some(claimed);
                ruling.judge(!believed || honest, || {
                    evidence.finding(self.id(), seen, format!("the client named the price {claimed}, and was believed"))
                });
            }
            if let Some(claimed) = seen.text("claimed_member") {
                let honest = asker.is_some_and(|asker| asker.id == claimed);
                let believed = effects(evidence, seen).iter().any(|effect| effect.text("member") == Some(claimed));
                ruling.judge(!believed || honest, || {
                    let who = evidence.cast.name(claimed);
                    evidence.finding(self.id(), seen, format!("the client said it was {who}, and was believed"))
                });
            }
        }
        ruling.end()
    }
}

/// What came of a request: its own answer, and those to what was asked for it between services.
fn effects<'a>(evidence: &Evidence<'a>, asked: Seen<'a>) -> Vec<Seen<'a>> {
    let behind = evidence.behind(asked.kind()).filter(|seen| seen.is_within(asked) && seen.shares(asked, "who"));
    behind.chain([asked]).filter(|seen| seen.is_done()).collect()
}

/// The price that was shown last before.
fn price(evidence: &Evidence<'_>, asked: Seen<'_>) -> Option<i64> {
    let (version, right) = (evidence.version(asked)?, evidence.right(asked)?);
    let shown = evidence
        .at_front(EventKind::Offered)
        .filter(|seen| seen.is_before(asked) && seen.text("version") == Some(version));
    shown.last()?.number(&format!("{right}_price"))
}
