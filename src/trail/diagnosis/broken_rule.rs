//! The departure that a broken rule shows: its class, its hop, and the moment at which it showed.

use super::departure::Departure;
use super::hops::{self, HOPS};
use crate::model::{Class, Edge, EventKind, Finding};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::rule::{EvidenceKind, Rule, rule};

pub fn departure(evidence: &Evidence<'_>, finding: &Finding) -> Departure {
    let rule = rule(finding.rule);
    let event = finding.exchange.and_then(|id| evidence.event_of(id));
    let class = rule.classification.class(kind_of_evidence(event));
    let position = match event {
        Some(event) => hops::position(evidence, event),
        None => missing_hop(evidence, rule, finding.edge.as_ref()),
    };
    Departure {
        class,
        edge: finding.edge.clone(),
        exchange: finding.exchange,
        position,
        message: finding.message.clone(),
        at: shown_at(evidence, finding, event, class, position),
        rank: rule.classification.rank,
        on_page: rule.is_of_page(),
    }
}

fn kind_of_evidence(event: Option<Occurrence<'_>>) -> EvidenceKind {
    match event {
        None => EvidenceKind::Missing,
        Some(event) if is_permission_event(event) => EvidenceKind::PermissionEvent,
        Some(event) if event.is_refused() => EvidenceKind::Refused,
        Some(_) => EvidenceKind::Other,
    }
}

fn is_permission_event(event: Occurrence<'_>) -> bool {
    matches!(event.kind(), EventKind::Granted | EventKind::Revoked | EventKind::Synced)
}

/// Returns the moment at which a broken rule showed.
fn shown_at(
    evidence: &Evidence<'_>,
    finding: &Finding,
    event: Option<Occurrence<'_>>,
    class: Class,
    position: Option<usize>,
) -> u64 {
    let at_deadline = rule(finding.rule).classification.at_deadline;
    match event {
        // A request shows what it lacks when it is sent, and an event counts as late from its first delivery.
        Some(event) if class == Class::NotCarried || is_permission_event(event) => event.started(),
        // Something that never ends shows when the time for it is over.
        Some(_) if at_deadline => evidence.now,
        Some(event) => event.ended(),
        // The target file gives no meaning to this exchange, but it still has an end.
        None => match finding.exchange.and_then(|id| evidence.exchange(id)) {
            Some(exchange) => exchange.ended(),
            None if at_deadline => evidence.now,
            None => end_of_hop_before(evidence, position),
        },
    }
}

/// Returns the hop that lacks the event which a rule misses.
fn missing_hop(evidence: &Evidence<'_>, rule: &Rule, edge: Option<&Edge>) -> Option<usize> {
    // A page that sends nothing stops the path before the member's next request.
    if rule.is_of_page() {
        return hops::next_from_member(evidence);
    }
    let is_on_edge = |kind: &&EventKind| evidence.mapping.edges_of(**kind).any(|own| Some(own) == edge);
    let kind = rule.classification.missing_events.iter().find(is_on_edge)?;
    HOPS.iter().position(|hop| hop.kind == *kind && !hop.from_member)
}

/// Returns the end of the hop that leads to this one: from then on the missing event was due.
fn end_of_hop_before(evidence: &Evidence<'_>, position: Option<usize>) -> u64 {
    let Some(position) = position else { return evidence.now };
    let leads_here = |before: usize| {
        // A revocation follows from a refund, which is not a hop of every path.
        if HOPS[position].kind == EventKind::Revoked {
            HOPS[before].kind == EventKind::Refunded
        } else {
            before < position && HOPS[before].always
        }
    };
    let done = evidence.events().filter(|event| event.is_done());
    let leading = done.filter(|event| hops::position(evidence, *event).is_some_and(leads_here));
    leading.map(Occurrence::ended).max().unwrap_or(evidence.now)
}
