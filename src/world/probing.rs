//! What the runner asks on behalf of a check, and who is in the scenario.

use super::World;
use crate::target::{Operation, Values};
use crate::trail::{Cast, Person, Question, Thing};

impl World {
    /// Who and what is in the scenario, for those who judge it.
    pub(crate) fn cast(&self) -> Cast {
        let redactor = &self.context.redactor;
        let members = self.members.iter().map(|(name, member)| Person {
            name: name.clone(),
            id: member.id.clone(),
            moderator: member.moderator,
            sessions: member.session.iter().map(|token| redactor.fingerprint(token)).collect(),
        });
        Cast {
            members: members.collect(),
            versions: self
                .models
                .iter()
                .map(|(name, model)| Thing { name: name.clone(), id: model.id.clone() })
                .collect(),
            forged: self.forged.iter().map(|token| redactor.fingerprint(token)).collect(),
            secrets: self.context.secrets.values().map(|secret| redactor.fingerprint(secret)).collect(),
        }
    }

    /// Asks as the member would. What comes of it is seen by the taps; that nobody answers is evidence, too.
    pub(crate) async fn probe(&self, question: &Question) {
        let (member, operation, values) = match question {
            Question::Job { member, job } => (member, Operation::Status, Values::new().with("job", job.as_str())),
            Question::Access { member, version } => {
                (member, Operation::Access, Values::new().with("version", version.as_str()))
            }
            Question::Wallet { member } => (member, Operation::Wallet, Values::new()),
            Question::Image { member, image } => {
                (member, Operation::Image, Values::new().with("image", image.as_str()))
            }
        };
        let session = self.members.values().find(|known| known.id == *member).and_then(|known| known.session.clone());
        if self.context.target.has(operation) {
            let _ = self.ask_with(session, operation, values).await;
        }
    }
}
