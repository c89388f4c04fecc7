//! Every answer that somebody was given to “may I?”, asked outright or by submitting.

use super::evidence::Evidence;
use super::seen::Seen;
use crate::model::{EventKind, Fact};

/// One answer: a yes, or a no that means “you may not”. What was not answered, or refused for another reason such as money,
/// is no answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Where it was given.
    pub seen: Seen<'a>,
    /// Who is to be let in.
    pub member: &'a str,
    /// To what.
    pub version: &'a str,
    /// Whether they may generate.
    pub yes: bool,
    /// Whether they came with the proof that this hop wants.
    pub proof: Proof,
}

/// The proof of a purchase that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// None is wanted here.
    NotWanted,
    /// What the platform had given this member for this version.
    Right,
    /// None, or another.
    Wrong,
}

/// The answers of a scenario, ordered by when they were given.
pub fn answers<'a>(evidence: &Evidence<'a>) -> Vec<Answer<'a>> {
    let mut answers = Vec::new();
    let asked = evidence.all().filter(|seen| matches!(seen.kind(), EventKind::Checked | EventKind::Submitted));
    for seen in asked {
        let yes = seen.is_done();
        let Some(member) = evidence.member(seen) else { continue };
        if !yes && !evidence.denies(seen) {
            continue;
        }
        let mut versions = seen.list(Fact::Versions);
        if versions.is_empty() {
            versions.extend(seen.text(Fact::Version));
        }
        // A refusal of several versions together does not say which one it is about.
        if !yes && versions.len() > 1 {
            continue;
        }
        for version in versions {
            answers.push(Answer { seen, member, version, yes, proof: proof(evidence, seen, member, version) });
        }
    }
    answers
}

fn proof(evidence: &Evidence<'_>, seen: Seen<'_>, member: &str, version: &str) -> Proof {
    if !evidence.wants_credential(seen) {
        return Proof::NotWanted;
    }
    let given = issued(evidence).any(|(issue, credential)| {
        issue.from() <= seen.to()
            && evidence.member(issue) == Some(member)
            && issue.text(Fact::Version) == Some(version)
            && seen.text(Fact::Credential) == Some(credential)
    });
    if given { Proof::Right } else { Proof::Wrong }
}

/// The credentials that the platform gave out, with the answers that gave them.
pub fn issued<'a, 'e>(evidence: &'e Evidence<'a>) -> impl Iterator<Item = (Seen<'a>, &'a str)> + 'e {
    evidence.all().filter_map(|seen| Some((seen, seen.text(Fact::Issued)?)))
}
