//! The answers that the platform gave to “may this member generate with this version?”: to the question itself, and to
//! a submit, which asks it implicitly.

use super::evidence::Evidence;
use super::occurrence::Occurrence;
use super::rights::RefusalReason;
use crate::model::{EventKind, Fact, Finding, RuleId};

/// One yes, or one no that means “you may not”. A missing answer is neither, nor is a refusal for another reason, such
/// as money.
#[derive(Debug, Clone, Copy)]
pub struct AccessAnswer<'a> {
    pub event: Occurrence<'a>,
    pub member: &'a str,
    pub version: &'a str,
    pub allowed: bool,
    pub proof: PresentedProof,
}

/// The proof of purchase in the request, held against the one that this hop requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentedProof {
    NotRequired,
    /// The platform had issued it to this member for this version.
    Correct,
    /// A missing proof, or one that was issued for something else.
    Wrong,
}

impl AccessAnswer<'_> {
    pub fn is_about(&self, member: &str, version: &str) -> bool {
        self.member == member && self.version == version
    }

    /// Makes the finding about a yes to somebody who had to be refused.
    pub fn let_in_wrongly(&self, evidence: &Evidence<'_>, rule: RuleId, reason: RefusalReason) -> Finding {
        let who = evidence.participants.member_name(self.member);
        let what = evidence.participants.version_name(self.version);
        let message = format!("{who} was let in to generate with {what}, and {}", reason.words());
        evidence.finding(rule, self.event, message)
    }
}

pub fn collect<'a>(evidence: &Evidence<'a>) -> Vec<AccessAnswer<'a>> {
    let mut answers = Vec::new();
    let asked = evidence.events().filter(|event| matches!(event.kind(), EventKind::Checked | EventKind::Submitted));
    for event in asked {
        let Some(member) = evidence.member_of(event) else { continue };
        let Some(allowed) = allows(evidence, event) else { continue };
        let mut versions = event.list(Fact::Versions);
        if versions.is_empty() {
            versions.extend(event.text(Fact::Version));
        }
        // A refusal of several versions together does not say which one it is about.
        if !allowed && versions.len() > 1 {
            continue;
        }
        for version in versions {
            let proof = presented_proof(evidence, event, member, version);
            answers.push(AccessAnswer { event, member, version, allowed, proof });
        }
    }
    answers
}

/// Returns true for a yes, false for “you may not”, and nothing for any other answer.
pub fn allows(evidence: &Evidence<'_>, event: Occurrence<'_>) -> Option<bool> {
    if event.is_done() {
        Some(true)
    } else if evidence.denies(event) {
        Some(false)
    } else {
        None
    }
}

fn presented_proof(evidence: &Evidence<'_>, event: Occurrence<'_>, member: &str, version: &str) -> PresentedProof {
    if !evidence.requires_credential(event) {
        return PresentedProof::NotRequired;
    }
    let is_own = issued_credentials(evidence).any(|(issue, credential)| {
        issue.started() <= event.ended()
            && evidence.member_of(issue) == Some(member)
            && issue.text(Fact::Version) == Some(version)
            && event.text(Fact::Credential) == Some(credential)
    });
    if is_own { PresentedProof::Correct } else { PresentedProof::Wrong }
}

/// Returns the credentials that the platform issued, each with the answer that carried it.
pub fn issued_credentials<'a, 'e>(evidence: &'e Evidence<'a>) -> impl Iterator<Item = (Occurrence<'a>, &'a str)> + 'e {
    evidence.events().filter_map(|event| Some((event, event.text(Fact::Issued)?)))
}
