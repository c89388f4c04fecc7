//! The members and model versions of a scenario for the rules, and the questions that rules ask.

use super::World;
use crate::model::{Edge, EventKind, Fact};
use crate::target::{Operation, Slot, Values};
use crate::trail::{KnownMember, KnownVersion, Participants, Question};

impl World {
    /// Returns the members and model versions of the scenario. Secrets appear as fingerprints, as in recorded exchanges.
    pub(crate) fn participants(&self) -> Participants {
        let redactor = &self.context.redactor;
        let members = self.members.iter().map(|(name, member)| KnownMember {
            name: name.clone(),
            id: member.id.clone(),
            moderator: member.moderator,
            sessions: member.session.iter().map(|token| redactor.fingerprint(token)).collect(),
        });
        let versions =
            self.models.iter().map(|(name, model)| KnownVersion { name: name.clone(), id: model.id.clone() });
        Participants {
            members: members.collect(),
            versions: versions.collect(),
            forged: self.members.forged().iter().map(|token| redactor.fingerprint(token)).collect(),
            secrets: self.context.secrets.values().map(|secret| redactor.fingerprint(secret)).collect(),
        }
    }

    /// Asks a question of a rule on behalf of the member whom it concerns. The taps record the answer.
    pub(crate) async fn probe(&self, question: &Question) {
        let (member, operation, values) = match question {
            Question::Job { member, job } => (member, Operation::Status, Values::new().with(Slot::Job, job.as_str())),
            Question::Access { member, version } => {
                (member, Operation::Access, Values::new().with(Slot::Version, version.as_str()))
            }
            Question::Wallet { member } => (member, Operation::Wallet, Values::new()),
            Question::Image { member, image } => {
                (member, Operation::Image, Values::new().with(Slot::Image, image.as_str()))
            }
        };
        // The session of the sign-up, because the scenario may have signed the member out.
        let session =
            self.members.iter().find(|(_, known)| known.id == *member).and_then(|(_, known)| known.session.clone());
        if self.context.target.has(operation) {
            // No answer is evidence, too, and the taps have recorded it.
            let _ = self.client.ask(session, operation, values).await;
        }
    }

    /// Asks for the status of each job that a page submitted. A page may have read only the list of all jobs, which does not show
    /// the history that the rules need.
    pub(crate) async fn ask_for_jobs_of_pages(&self) {
        let (_, trail) = self.context.trail(self.client.trace());
        let participants = self.participants();
        let submitted = trail.events.iter().filter(|event| {
            event.kind == EventKind::Submitted && event.done == Some(true) && event.edge.from == Edge::MEMBER
        });
        for event in submitted {
            let fact = |fact: Fact| event.facts.get(&fact).and_then(serde_json::Value::as_str);
            let person = fact(Fact::Who).and_then(|who| participants.by_session(who));
            if let (Some(job), Some(person)) = (fact(Fact::Job), person) {
                self.probe(&Question::Job { member: person.id.clone(), job: job.to_owned() }).await;
            }
        }
    }
}
