//! The hops of a paid path, and how each of them went in one attempt.

use super::departure::Departure;
use crate::model::{Edge, EventKind, Fact, Hop, HopState};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

/// A hop of the path, and how to recognize it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopSpec {
    /// The name, with the hop's number in the drawing of the path.
    pub name: &'static str,
    pub kind: EventKind,
    /// True for a member's request, false for one between services.
    pub from_member: bool,
    /// Of two hops of the same kind: true for the one that requires proof of the purchase.
    pub requires_proof: Option<bool>,
    /// True for a hop of every paid path; any other hop is listed only where it was walked.
    pub always: bool,
}

const fn front(name: &'static str, kind: EventKind) -> HopSpec {
    HopSpec { name, kind, from_member: true, requires_proof: None, always: true }
}

const fn behind(name: &'static str, kind: EventKind) -> HopSpec {
    HopSpec { from_member: false, ..front(name, kind) }
}

const fn aside(spec: HopSpec) -> HopSpec {
    HopSpec { always: false, ..spec }
}

/// The hops in the order in which a paid path takes them.
pub const HOPS: &[HopSpec] = &[
    aside(front("⓪ money in", EventKind::ToppedUp)),
    aside(behind("⓪ money in", EventKind::ToppedUp)),
    aside(front("⓪ offer", EventKind::Offered)),
    aside(behind("⓪ offer", EventKind::Offered)),
    aside(behind("⓪ flag", EventKind::Flagged)),
    front("① quote", EventKind::Quoted),
    behind("① quote", EventKind::Quoted),
    front("② buy", EventKind::Charged),
    behind("② charge", EventKind::Charged),
    behind("③ purchase event", EventKind::Granted),
    behind("④ access changed", EventKind::Synced),
    front("⑤ what may I do?", EventKind::Checked),
    HopSpec { requires_proof: Some(false), ..behind("⑤ what may they do?", EventKind::Checked) },
    front("⑥ submit", EventKind::Submitted),
    behind("⑥ submit", EventKind::Submitted),
    HopSpec { requires_proof: Some(true), ..behind("⑦ may they?", EventKind::Checked) },
    behind("⑦ charge for the job", EventKind::Billed),
    behind("⑧ render", EventKind::Rendered),
    front("⑨ see the job", EventKind::State),
    aside(behind("⑨ see the job", EventKind::State)),
    front("⑨ get the image", EventKind::Delivered),
    aside(behind("⑨ get the image", EventKind::Delivered)),
    aside(front("refund", EventKind::Refunded)),
    aside(behind("refund", EventKind::Refunded)),
    aside(behind("refund event", EventKind::Revoked)),
    aside(behind("refund of the job", EventKind::Repaid)),
    aside(front("look into the wallet", EventKind::Counted)),
    aside(behind("look into the wallet", EventKind::Counted)),
];

impl HopSpec {
    pub fn is_shown_by(&self, evidence: &Evidence<'_>, event: Occurrence<'_>) -> bool {
        self.kind == event.kind()
            && self.from_member == event.is_from_member()
            && self.requires_proof.is_none_or(|proof| proof == evidence.requires_credential(event))
    }

    /// Returns the name without its number.
    pub fn plain_name(&self) -> &'static str {
        self.name.trim_start_matches(|letter: char| !letter.is_ascii()).trim()
    }

    /// Returns the edge on which the target file expects this hop, preferably one with a tap.
    fn edge<'e>(&self, evidence: &'e Evidence<'_>) -> Option<&'e Edge> {
        let meanings = evidence.mapping.events.iter().filter(|meaning| {
            let has_proof = meaning.facts.contains_key(&Fact::Credential);
            meaning.means == self.kind && self.requires_proof.is_none_or(|proof| proof == has_proof)
        });
        let edges = meanings.flat_map(|meaning| meaning.at.iter().map(|pattern| &pattern.edge));
        let own: Vec<_> = edges.filter(|edge| (edge.from == Edge::MEMBER) == self.from_member).collect();
        own.iter().find(|edge| evidence.edges.contains(edge)).or(own.first()).copied()
    }
}

/// Returns the index of the hop that an event belongs to.
pub fn position(evidence: &Evidence<'_>, event: Occurrence<'_>) -> Option<usize> {
    HOPS.iter().position(|hop| hop.is_shown_by(evidence, event))
}

/// Returns the next hop at which a member makes a request: the first one behind every hop that was walked.
pub fn next_from_member(evidence: &Evidence<'_>) -> Option<usize> {
    let is_walked = |hop: &HopSpec| evidence.events().any(|event| event.is_done() && hop.is_shown_by(evidence, event));
    let last = HOPS.iter().rposition(|hop| hop.always && is_walked(hop));
    let rest = last.map_or(0, |last| last + 1);
    // A platform need not have every hop: the target file says which ones it has.
    let is_known = |hop: &HopSpec| evidence.mapping.edges_of(hop.kind).next().is_some();
    let next = HOPS[rest..].iter().position(|hop| hop.always && hop.from_member && is_known(hop));
    next.map(|place| rest + place)
}

/// Describes each hop, for the member and the version that the departure is about.
pub fn walk<'a>(evidence: &Evidence<'a>, departure: Option<&Departure>) -> Vec<Hop> {
    let about = departure.and_then(|departure| evidence.event_of(departure.exchange?));
    let member = about.and_then(|event| evidence.member_of(event));
    let version = about.and_then(|event| evidence.version_of(event));
    // Events that name no member or no version, such as looks at a job, belong to everybody.
    let fits = |wanted: Option<&str>, own: Option<&str>| wanted.is_none() || own.is_none() || wanted == own;
    let events: Vec<_> = evidence
        .events()
        .filter(|event| fits(member, evidence.member_of(*event)) && fits(version, evidence.version_of(*event)))
        .collect();
    let hop = |(position, spec): (usize, &HopSpec)| {
        let walked: Vec<_> = events.iter().copied().filter(|event| spec.is_shown_by(evidence, *event)).collect();
        let left_here = departure.filter(|departure| departure.position == Some(position));
        describe(evidence, spec, &walked, left_here)
    };
    HOPS.iter().enumerate().filter_map(hop).collect()
}

/// Describes one hop; `departure` is given if the path was left here.
fn describe(
    evidence: &Evidence<'_>,
    spec: &HopSpec,
    walked: &[Occurrence<'_>],
    departure: Option<&Departure>,
) -> Option<Hop> {
    if walked.is_empty() && departure.is_none() && !spec.always {
        return None;
    }
    let edge = match departure {
        Some(departure) => departure.edge.clone(),
        None => walked.last().map(|event| event.edge().clone()),
    };
    // A retry that succeeded in the end makes the hop a kept one.
    let last = walked.iter().rfind(|event| event.is_done()).or(walked.last());
    let expected = spec.edge(evidence);
    let is_watched = expected.is_some_and(|edge| evidence.edges.contains(edge));
    let (state, note) = match (departure, last) {
        (Some(departure), _) => (HopState::Broken, departure.message.clone()),
        (None, Some(last)) if last.is_done() => (HopState::Kept, last.describe_answer()),
        (None, Some(last)) => (HopState::Absent, last.describe_answer()),
        (None, None) if !is_watched => (HopState::Absent, "not watched: what happens here cannot be seen".into()),
        (None, None) => (HopState::Absent, "not reached, or not asked for".into()),
    };
    Some(Hop {
        name: spec.name.into(),
        edge: edge.or_else(|| expected.cloned())?,
        state,
        note,
        exchanges: walked.iter().map(|event| event.exchange.id).collect(),
    })
}
