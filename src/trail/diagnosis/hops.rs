//! The path, hop by hop.

use super::departure::Departure;
use crate::model::{Edge, EventKind, Fact, Hop, HopState};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// One hop of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// What the path does here, with its number in the picture of the path.
    pub name: &'static str,
    /// What is seen here.
    pub kind: EventKind,
    /// Whether a member asks, or one service another.
    pub at_front: bool,
    /// Of two hops of the same kind: whether this is the one that wants proof of the purchase.
    pub proof: Option<bool>,
    /// Whether it belongs to every paid path, or only shows where it was walked.
    pub always: bool,
}

const fn front(name: &'static str, kind: EventKind) -> Spec {
    Spec { name, kind, at_front: true, proof: None, always: true }
}

const fn behind(name: &'static str, kind: EventKind) -> Spec {
    Spec { at_front: false, ..front(name, kind) }
}

const fn aside(spec: Spec) -> Spec {
    Spec { always: false, ..spec }
}

/// The hops in the order in which a paid path takes them.
pub const HOPS: &[Spec] = &[
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
    Spec { proof: Some(false), ..behind("⑤ what may they do?", EventKind::Checked) },
    front("⑥ submit", EventKind::Submitted),
    behind("⑥ submit", EventKind::Submitted),
    Spec { proof: Some(true), ..behind("⑦ may they?", EventKind::Checked) },
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

impl Spec {
    /// Whether something that was seen is this hop.
    pub fn is(&self, evidence: &Evidence<'_>, seen: Seen<'_>) -> bool {
        self.kind == seen.kind()
            && self.at_front == seen.at_front()
            && self.proof.is_none_or(|proof| proof == evidence.wants_credential(seen))
    }

    fn edge(&self, evidence: &Evidence<'_>) -> Option<Edge> {
        let meanings = evidence.mapping.events.iter().filter(|meaning| meaning.means == self.kind);
        let proven = meanings
            .filter(|meaning| self.proof.is_none_or(|proof| proof == meaning.facts.contains_key(&Fact::Credential)));
        let mut edges = proven.flat_map(|meaning| meaning.at.iter().map(|place| &place.edge));
        edges.find(|edge| (edge.from == Edge::MEMBER) == self.at_front && evidence.edges.contains(edge)).cloned()
    }
}

/// The hop that something is, by its place in the path.
pub fn position(evidence: &Evidence<'_>, seen: Seen<'_>) -> Option<usize> {
    HOPS.iter().position(|spec| spec.is(evidence, seen))
}

/// The next thing that a member would ask for, of what the target's file knows: the first such hop behind everything that was
/// walked.
pub fn next_at_front(evidence: &Evidence<'_>) -> Option<usize> {
    let walked = |spec: &Spec| evidence.all().any(|seen| seen.is_done() && spec.is(evidence, seen));
    let last = HOPS.iter().rposition(|spec| spec.always && walked(spec));
    let rest = last.map_or(0, |last| last + 1);
    let is_known = |spec: &Spec| evidence.mapping.edges_of(spec.kind).next().is_some();
    HOPS[rest..].iter().position(|spec| spec.always && spec.at_front && is_known(spec)).map(|place| rest + place)
}

/// How each hop went, for whom and what the departure is about.
pub fn walk(evidence: &Evidence<'_>, departure: Option<&Departure>) -> Vec<Hop> {
    let about = departure.and_then(|departure| departure.exchange);
    let about = about.and_then(|exchange| evidence.all().find(|seen| seen.event.exchange == exchange));
    let (member, version) =
        (about.and_then(|seen| evidence.member(seen)), about.and_then(|seen| evidence.version(seen)));
    let fits = |wanted: Option<&str>, own: Option<&str>| wanted.is_none() || own.is_none() || wanted == own;
    let concerned = |seen: &Seen<'_>| fits(member, evidence.member(*seen)) && fits(version, evidence.version(*seen));
    let left_at = departure.and_then(|departure| departure.position);
    let hop = |(place, spec): (usize, &Spec)| {
        let seen: Vec<_> = evidence.all().filter(|seen| spec.is(evidence, *seen)).filter(concerned).collect();
        let broken = left_at == Some(place);
        if seen.is_empty() && !broken && !spec.always {
            return None;
        }
        let edge = match departure {
            Some(departure) if broken => departure.edge.clone(),
            Some(_) | None => seen.last().map(|seen| seen.edge().clone()),
        };
        let edge = edge.or_else(|| spec.edge(evidence))?;
        let last = seen.iter().rfind(|seen| seen.is_done()).or(seen.last());
        let (state, note) = match (broken, last) {
            (true, _) => (HopState::Broken, departure.map(|departure| departure.message.clone()).unwrap_or_default()),
            (false, Some(last)) if last.is_done() => (HopState::Kept, last.answer()),
            (false, Some(last)) => (HopState::Absent, last.answer()),
            (false, None) => (HopState::Absent, "not reached, or not asked for".into()),
        };
        let exchanges = seen.iter().map(|seen| seen.event.exchange).collect();
        Some(Hop { name: spec.name.into(), edge, state, note, exchanges })
    };
    HOPS.iter().enumerate().filter_map(hop).collect()
}
