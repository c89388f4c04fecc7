//! S2. What only administrators may do is refused to everybody else.

use super::{Check, Judgement, Layer, Ruling};
use crate::trail::evidence::Evidence;

/// S2.
pub struct Administrators;

impl Check for Administrators {
    fn id(&self) -> &'static str {
        "S2"
    }

    fn layer(&self) -> Layer {
        Layer::Gateway
    }

    fn means(&self) -> &'static str {
        "A member on an administrator's route is refused."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        for seen in evidence.all().filter(|seen| seen.at_front() && seen.text("needs") == Some("moderator")) {
            let Some(person) = evidence.person(seen).filter(|person| !person.moderator) else { continue };
            ruling.judge(!seen.is_done(), || {
                let request = &seen.exchange.request;
                let message = format!(
                    "{} is no moderator, and {} {} {}",
                    person.name,
                    request.method,
                    request.path(),
                    seen.answer()
                );
                evidence.finding(self.id(), seen, message)
            });
        }
        ruling.end()
    }
}
