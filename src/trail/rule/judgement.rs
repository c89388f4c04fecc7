//! What a check says about one scenario, and how it comes to say it.

use crate::model::Finding;
use crate::trail::evidence::Evidence;

/// What a check says about one scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// There was nothing to judge.
    NotApplicable,
    /// The rule held, so many times.
    Holds {
        /// How many things were judged.
        measured: u64,
    },
    /// The rule was broken.
    Broken(Vec<Finding>),
    /// It cannot be said yet: something is still allowed to happen.
    Pending(Pending),
}

/// What a check waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// When it has to have happened: microseconds since the start of the run. A check that is asked later than this does not
    /// say [`Judgement::Pending`] any more.
    pub due: u64,
    /// What the platform could be asked meanwhile.
    pub questions: Vec<Question>,
}

/// Something that a member could ask the platform, so that there is something to judge.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// How is the job getting on?
    Job {
        /// The id of its member.
        member: String,
        /// Its id.
        job: String,
    },
    /// What may I do with this version?
    Access {
        /// The id of the member.
        member: String,
        /// The id of the version.
        version: String,
    },
    /// What is in my wallet?
    Wallet {
        /// The id of the member.
        member: String,
    },
    /// May I see my image?
    Image {
        /// The id of the member.
        member: String,
        /// The id of the image.
        image: String,
    },
}

/// Gathers what one check finds.
#[derive(Debug)]
pub struct Ruling {
    now: u64,
    measured: u64,
    findings: Vec<Finding>,
    pending: Option<Pending>,
}

impl Ruling {
    /// Nothing was judged yet.
    pub fn on(evidence: &Evidence<'_>) -> Self {
        Self { now: evidence.now, measured: 0, findings: Vec::new(), pending: None }
    }

    /// One thing was judged.
    pub fn judge(&mut self, holds: bool, otherwise: impl FnOnce() -> Finding) {
        self.measured += 1;
        if !holds {
            self.findings.push(otherwise());
        }
    }

    /// One thing was judged, and holds.
    pub fn hold(&mut self) {
        self.measured += 1;
    }

    /// One thing was judged that has time until `due`; asking `question` may help it along.
    pub fn judge_by(&mut self, due: u64, holds: bool, question: Option<Question>, otherwise: impl FnOnce() -> Finding) {
        if holds || self.now >= due {
            return self.judge(holds, otherwise);
        }
        self.wait(due, question);
    }

    /// Until `due` something may come that there is to judge.
    pub fn wait(&mut self, due: u64, question: Option<Question>) {
        if self.now < due {
            let pending = self.pending.get_or_insert(Pending { due, questions: Vec::new() });
            pending.due = pending.due.max(due);
            pending.questions.extend(question);
        }
    }

    /// What it comes to.
    pub fn end(self) -> Judgement {
        match (self.findings.is_empty(), self.pending, self.measured) {
            (false, _, _) => Judgement::Broken(self.findings),
            (true, Some(pending), _) => Judgement::Pending(pending),
            (true, None, 0) => Judgement::NotApplicable,
            (true, None, measured) => Judgement::Holds { measured },
        }
    }
}
