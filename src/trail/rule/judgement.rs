//! The judgement of one rule about one attempt, and the [`Ruling`] that collects it.

use crate::model::Finding;
use crate::trail::evidence::Evidence;

#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// The attempt has nothing that the rule is about.
    NotApplicable,
    /// Nothing breaks the rule.
    Holds {
        /// The number of things that were judged.
        measured: u64,
    },
    Broken(Vec<Finding>),
    /// The platform still has time for something that would keep the rule.
    Pending(Pending),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The end of the wait, in microseconds since the start of the run. From then on the rule is no longer pending.
    pub due: u64,
    /// The questions that a member may ask meanwhile, so that there is something to judge.
    pub questions: Vec<Question>,
}

/// A question that paidpath asks the platform in the name of a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Asks for the state of a job.
    Job { member: String, job: String },
    /// Asks for the member's access to a version.
    Access { member: String, version: String },
    /// Asks for the balance of the member's wallet.
    Wallet { member: String },
    /// Asks for an image.
    Image { member: String, image: String },
}

impl Question {
    pub fn access(member: &str, version: &str) -> Self {
        Self::Access { member: member.to_owned(), version: version.to_owned() }
    }
}

/// Collects what one rule finds in one attempt.
#[derive(Debug)]
pub struct Ruling {
    now: u64,
    measured: u64,
    findings: Vec<Finding>,
    pending: Option<Pending>,
}

impl Ruling {
    pub fn on(evidence: &Evidence<'_>) -> Self {
        Self { now: evidence.now, measured: 0, findings: Vec::new(), pending: None }
    }

    /// Counts one thing as judged, and adds the finding if it breaks the rule.
    pub fn judge(&mut self, holds: bool, otherwise: impl FnOnce() -> Finding) {
        self.measured += 1;
        if !holds {
            self.findings.push(otherwise());
        }
    }

    /// Counts one thing as judged and in order.
    pub fn pass(&mut self) {
        self.measured += 1;
    }

    /// Counts one thing as judged and as breaking the rule.
    pub fn fail(&mut self, finding: Finding) {
        self.measured += 1;
        self.findings.push(finding);
    }

    /// Judges one thing for which the platform has time until `due`; asking `question` may show it earlier.
    pub fn judge_by(&mut self, due: u64, holds: bool, question: Option<Question>, otherwise: impl FnOnce() -> Finding) {
        if holds || self.now >= due {
            return self.judge(holds, otherwise);
        }
        self.wait(due, question);
    }

    /// Waits until `due` for something to judge. After that there is nothing to judge.
    pub fn wait(&mut self, due: u64, question: Option<Question>) {
        if self.now < due {
            let pending = self.pending.get_or_insert(Pending { due, questions: Vec::new() });
            pending.due = pending.due.max(due);
            pending.questions.extend(question);
        }
    }

    pub fn finish(self) -> Judgement {
        // A rule that is broken stays broken: there is no need to wait for the rest.
        if !self.findings.is_empty() {
            return Judgement::Broken(self.findings);
        }
        match (self.pending, self.measured) {
            (Some(pending), _) => Judgement::Pending(pending),
            (None, 0) => Judgement::NotApplicable,
            (None, measured) => Judgement::Holds { measured },
        }
    }
}
