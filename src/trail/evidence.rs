//! What checks and the diagnosis go by: everything that is known of one attempt, and how to ask it.

use std::collections::HashMap;

use super::cast::{Cast, Person};
use super::mapping::Mapping;
use super::seen::{Seen, Window};
use crate::model::{Edge, EventKind, Exchange, Fact, Finding, RuleId, Trail};

/// How long the platform may take for what it promises; microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From charged to allowed.
    pub sync: u64,
    /// From refunded to refused.
    pub revoke: u64,
    /// From submitted to a final state.
    pub job: u64,
}

/// What is given of one attempt. Times are microseconds since the start of the run.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Which exchange means what.
    pub mapping: &'a Mapping,
    /// What the exchanges meant.
    pub trail: &'a Trail,
    /// What the taps saw.
    pub exchanges: &'a [Exchange],
    /// Who and what is in it.
    pub cast: &'a Cast,
    /// How long things may take.
    pub bounds: Bounds,
    /// The edges that have taps: what happens elsewhere is not seen.
    pub edges: &'a [Edge],
    /// The moment that the run's clock calls 0.
    pub epoch: jiff::Timestamp,
    /// When the evidence was gathered.
    pub now: u64,
}

/// Everything that is known of one attempt.
pub struct Evidence<'a> {
    given: Given<'a>,
    by_id: HashMap<u64, &'a Exchange>,
}

impl<'a> std::ops::Deref for Evidence<'a> {
    type Target = Given<'a>;

    fn deref(&self) -> &Given<'a> {
        &self.given
    }
}

impl<'a> Evidence<'a> {
    /// Makes it ready to be asked.
    pub fn new(given: Given<'a>) -> Self {
        Self { by_id: given.exchanges.iter().map(|exchange| (exchange.id, exchange)).collect(), given }
    }

    /// Whether something of this kind would be seen between services.
    pub fn watches(&self, kind: EventKind) -> bool {
        let mut edges = self.mapping.edges_of(kind).filter(|edge| edge.from != Edge::MEMBER);
        edges.any(|edge| self.edges.contains(edge))
    }

    /// Whether something of this kind would be seen between services and say this: of a kind that is seen in several places
    /// not every place says the same.
    pub fn watches_fact(&self, kind: EventKind, fact: Fact) -> bool {
        let saying =
            self.mapping.events.iter().filter(|meaning| meaning.means == kind && meaning.facts.contains_key(&fact));
        let mut places = saying.flat_map(|meaning| meaning.at.iter()).filter(|place| place.edge.from != Edge::MEMBER);
        places.any(|place| self.edges.contains(&place.edge))
    }

    /// Everything that happened, ordered by when it was answered.
    pub fn all(&self) -> impl Iterator<Item = Seen<'a>> + '_ {
        let by_id = &self.by_id;
        self.trail
            .events
            .iter()
            .filter_map(move |event| by_id.get(&event.exchange).map(|exchange| Seen { event, exchange }))
    }

    /// What happened of one kind.
    pub fn seen(&self, kind: EventKind) -> impl Iterator<Item = Seen<'a>> + '_ {
        self.all().filter(move |seen| seen.kind() == kind)
    }

    /// What members asked for, of one kind.
    pub fn at_front(&self, kind: EventKind) -> impl Iterator<Item = Seen<'a>> + '_ {
        self.seen(kind).filter(|seen| seen.at_front())
    }

    /// What happened between services, of one kind.
    pub fn behind(&self, kind: EventKind) -> impl Iterator<Item = Seen<'a>> + '_ {
        self.seen(kind).filter(|seen| !seen.at_front())
    }

    /// What happened between services; where that is not seen, what members asked for.
    pub fn deepest(&self, kind: EventKind) -> Vec<Seen<'a>> {
        let behind: Vec<_> = self.behind(kind).collect();
        if behind.is_empty() { self.at_front(kind).collect() } else { behind }
    }

    /// Whether this is a hop at which a member's proof of purchase has to be presented.
    pub fn wants_credential(&self, seen: Seen<'_>) -> bool {
        self.mapping.events.iter().any(|meaning| {
            meaning.means == seen.kind()
                && meaning.facts.contains_key(&Fact::Credential)
                && meaning.at.iter().any(|place| place.edge == *seen.edge())
        })
    }

    /// Who asked.
    pub fn person(&self, seen: Seen<'_>) -> Option<&'a Person> {
        self.given.cast.by_session(seen.text(Fact::Who)?)
    }

    /// Whom it is about: the member it names, else whoever asked.
    pub fn member(&self, seen: Seen<'a>) -> Option<&'a str> {
        seen.text(Fact::Member).or_else(|| self.person(seen).map(|person| person.id.as_str()))
    }

    /// Which version it is about; a purchase that only names its quote is about what was quoted.
    pub fn version(&self, seen: Seen<'a>) -> Option<&'a str> {
        seen.text(Fact::Version).or_else(|| self.quoted(seen)?.text(Fact::Version))
    }

    /// What is bought; a purchase that only names its quote buys what was quoted.
    pub fn right(&self, seen: Seen<'a>) -> Option<&'a str> {
        seen.text(Fact::Right).or_else(|| self.quoted(seen)?.text(Fact::Right))
    }

    /// The quote that a purchase names.
    pub fn quoted(&self, purchase: Seen<'a>) -> Option<Seen<'a>> {
        let quote = purchase.text(Fact::Quote)?;
        self.seen(EventKind::Quoted).find(|seen| seen.is_done() && seen.text(Fact::Quote) == Some(quote))
    }

    /// The states that a job was seen in, as often as it was looked at.
    pub fn states(&self, job: &str) -> impl Iterator<Item = Seen<'a>> + '_ {
        let job = job.to_owned();
        self.seen(EventKind::State).filter(move |seen| seen.is_done() && seen.text(Fact::Job) == Some(job.as_str()))
    }

    /// The final state of a job, once it was seen in one.
    pub fn end_of(&self, job: &str) -> Option<Seen<'a>> {
        self.states(job).find(|seen| seen.text(Fact::State).is_some_and(|state| self.mapping.is_final(state)))
    }

    /// The accepted submit that made a job; the one nearest to where jobs are made.
    pub fn submit_of(&self, job: &str) -> Option<Seen<'a>> {
        let accepted = |seen: &Seen<'a>| seen.is_done() && seen.text(Fact::Job) == Some(job);
        self.behind(EventKind::Submitted).find(accepted).or_else(|| self.at_front(EventKind::Submitted).find(accepted))
    }

    /// Whether an answer tells somebody that they may not.
    pub fn denies(&self, seen: Seen<'_>) -> bool {
        if seen.kind() == EventKind::Checked && seen.truth(Fact::Allowed) == Some(false) {
            return true;
        }
        match (seen.event.done, seen.event.code.as_deref(), seen.exchange.status()) {
            (Some(true), _, _) | (_, _, None) => false,
            (_, Some(code), Some(_)) => self.mapping.codes.denied.iter().any(|denied| denied == code),
            (_, None, Some(status)) => matches!(status, 401 | 403),
        }
    }

    /// The earliest and latest moment on the scenario's own clock at which something in this stretch can have happened.
    pub fn moments(&self, window: Window) -> (jiff::Timestamp, jiff::Timestamp) {
        let skew = i64::try_from(self.mapping.skew.0.as_micros()).unwrap_or(i64::MAX);
        let ahead = (window.ahead * 1e6) as i64;
        let at = |micros: u64, skew: i64| {
            let micros = i64::try_from(micros.min(self.now.max(window.from))).unwrap_or(i64::MAX / 4);
            let span = jiff::SignedDuration::from_micros(micros.saturating_add(ahead).saturating_add(skew));
            self.epoch.saturating_add(span).expect("invariant: a signed duration is not a calendar span")
        };
        (at(window.from, -skew), at(window.to, skew))
    }

    /// Ann's purchase of generation access to Dusk, in the names of the scenario.
    pub fn tell(&self, member: Option<&str>, right: Option<&str>, version: Option<&str>) -> String {
        let who = member.map_or("somebody", |member| self.cast.name(member));
        let what = version.map_or("a model version", |version| self.cast.title(version));
        match right {
            Some(right) => format!("{who}'s purchase of {right} access to {what}"),
            None => format!("{who}'s purchase of access to {what}"),
        }
    }

    /// A finding with its place.
    pub fn finding(&self, rule: RuleId, seen: Seen<'_>, message: impl Into<String>) -> Finding {
        Finding {
            rule,
            message: message.into(),
            edge: Some(seen.edge().clone()),
            exchange: Some(seen.event.exchange),
            at: None,
            source: None,
        }
    }

    /// A finding about something that did not happen on an edge where it should have.
    pub fn missing(&self, rule: RuleId, kind: EventKind, message: impl Into<String>) -> Finding {
        let edge = self.mapping.edges_of(kind).find(|edge| edge.from != Edge::MEMBER && self.edges.contains(edge));
        Finding { rule, message: message.into(), edge: edge.cloned(), exchange: None, at: None, source: None }
    }
}
