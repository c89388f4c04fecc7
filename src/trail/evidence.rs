//! Everything that is known of one attempt, and the questions that rules and the diagnosis ask of it.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::answers::{self, AccessAnswer};
use super::mapping::{Mapping, Meaning};
use super::occurrence::{Interval, Occurrence};
use super::participants::{KnownMember, Participants};
use super::purchases::{self, Purchase};
use super::wallet::{self, Wallet};
use crate::model::{Edge, EventKind, Exchange, Fact, Finding, RuleId, Trail};

/// The time that the platform has for its promises, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBounds {
    /// From a charge to the first yes.
    pub sync: u64,
    /// From a refund to the first no.
    pub revoke: u64,
    /// From an accepted submit to a final state of the job.
    pub job: u64,
}

/// The records and settings that the evidence of one attempt consists of. Times are microseconds since the start of the
/// run.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceInputs<'a> {
    /// The target file's table of meanings.
    pub mapping: &'a Mapping,
    pub trail: &'a Trail,
    pub exchanges: &'a [Exchange],
    pub participants: &'a Participants,
    pub bounds: TimeBounds,
    /// The edges that have taps: nothing is recorded elsewhere.
    pub edges: &'a [Edge],
    /// The real time at which the run's clock was 0.
    pub epoch: jiff::Timestamp,
    /// The moment at which the records were copied.
    pub now: u64,
}

/// Everything that is known of one attempt.
pub struct Evidence<'a> {
    inputs: EvidenceInputs<'a>,
    by_id: HashMap<u64, &'a Exchange>,
    // Most rules need these three, and all of them see the same evidence: they are computed by the first that asks.
    purchases: OnceCell<Vec<Purchase<'a>>>,
    answers: OnceCell<Vec<AccessAnswer<'a>>>,
    wallets: OnceCell<Vec<Wallet<'a>>>,
}

impl<'a> std::ops::Deref for Evidence<'a> {
    type Target = EvidenceInputs<'a>;

    fn deref(&self) -> &EvidenceInputs<'a> {
        &self.inputs
    }
}

impl<'a> Evidence<'a> {
    pub fn new(inputs: EvidenceInputs<'a>) -> Self {
        Self {
            by_id: inputs.exchanges.iter().map(|exchange| (exchange.id, exchange)).collect(),
            inputs,
            purchases: OnceCell::new(),
            answers: OnceCell::new(),
            wallets: OnceCell::new(),
        }
    }

    /// Returns the purchases that were charged, in the order of their charges.
    pub fn purchases(&self) -> &[Purchase<'a>] {
        self.purchases.get_or_init(|| purchases::collect(self))
    }

    /// Returns the purchase with this id.
    pub fn purchase(&self, id: Option<&str>) -> Option<&Purchase<'a>> {
        self.purchases().iter().find(|purchase| Some(purchase.id) == id)
    }

    /// Returns the answers to “may I generate?”, ordered by the time at which they were complete.
    pub fn access_answers(&self) -> &[AccessAnswer<'a>] {
        self.answers.get_or_init(|| answers::collect(self))
    }

    /// Returns the access answers about one member and one version.
    pub fn answers_about<'s>(
        &'s self,
        member: &'s str,
        version: &'s str,
    ) -> impl DoubleEndedIterator<Item = AccessAnswer<'a>> + 's {
        self.access_answers().iter().copied().filter(move |answer| answer.is_about(member, version))
    }

    /// Returns every member's wallet; none where money moves on an edge without a tap.
    pub fn wallets(&self) -> &[Wallet<'a>] {
        self.wallets.get_or_init(|| wallet::collect(self))
    }

    /// Returns true if a tap between services sees events of this kind.
    pub fn watches(&self, kind: EventKind) -> bool {
        let mut edges = self.mapping.edges_of(kind).filter(|edge| edge.from != Edge::MEMBER);
        edges.any(|edge| self.edges.contains(edge))
    }

    /// Returns true if a tap between services sees events of this kind that carry this fact.
    pub fn watches_fact(&self, kind: EventKind, fact: Fact) -> bool {
        // One kind of event may occur at several places, not all of which carry the same facts.
        let meanings = self.mapping.events.iter().filter(|meaning| meaning.means == kind);
        let carrying = meanings.filter(|meaning| meaning.facts.contains_key(&fact));
        let mut edges = carrying.flat_map(|meaning| meaning.at.iter()).map(|pattern| &pattern.edge);
        edges.any(|edge| edge.from != Edge::MEMBER && self.edges.contains(edge))
    }

    /// Returns every event, ordered by the time at which its answer was complete.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = Occurrence<'a>> + '_ {
        let events = self.trail.events.iter();
        events.filter_map(move |event| self.by_id.get(&event.exchange).map(|exchange| Occurrence { event, exchange }))
    }

    pub fn of_kind(&self, kind: EventKind) -> impl DoubleEndedIterator<Item = Occurrence<'a>> + '_ {
        self.events().filter(move |event| event.kind() == kind)
    }

    /// Returns the events of one kind that were requests of members.
    pub fn by_members(&self, kind: EventKind) -> impl DoubleEndedIterator<Item = Occurrence<'a>> + '_ {
        self.of_kind(kind).filter(|event| event.is_from_member())
    }

    /// Returns the events of one kind that one service sent to another.
    pub fn between_services(&self, kind: EventKind) -> impl DoubleEndedIterator<Item = Occurrence<'a>> + '_ {
        self.of_kind(kind).filter(|event| !event.is_from_member())
    }

    /// Returns the events of one kind between services or, if no tap saw any there, those at the front door.
    pub fn innermost(&self, kind: EventKind) -> Vec<Occurrence<'a>> {
        let inner: Vec<_> = self.between_services(kind).collect();
        if inner.is_empty() { self.by_members(kind).collect() } else { inner }
    }

    /// Returns the first event that an exchange shows.
    pub fn event_of(&self, exchange: u64) -> Option<Occurrence<'a>> {
        self.events().find(|event| event.exchange.id == exchange)
    }

    pub fn exchange(&self, id: u64) -> Option<&'a Exchange> {
        self.by_id.get(&id).copied()
    }

    /// Returns true at a hop that requires the member's proof of purchase.
    pub fn requires_credential(&self, event: Occurrence<'_>) -> bool {
        self.carries(event, Fact::Credential)
    }

    /// Returns true if the target file reads this fact from events of this kind on this edge.
    pub fn carries(&self, event: Occurrence<'_>, fact: Fact) -> bool {
        self.meanings_of(event).any(|meaning| meaning.facts.contains_key(&fact))
    }

    /// Returns the meanings that the target file gives to events of this kind on this edge.
    pub fn meanings_of<'s>(&'s self, event: Occurrence<'s>) -> impl Iterator<Item = &'a Meaning> + 's {
        self.inputs.mapping.events.iter().filter(move |meaning| {
            meaning.means == event.kind() && meaning.at.iter().any(|pattern| pattern.edge == *event.edge())
        })
    }

    /// Returns the member in whose session the request was made.
    pub fn asker(&self, event: Occurrence<'_>) -> Option<&'a KnownMember> {
        self.inputs.participants.by_session(event.text(Fact::Who)?)
    }

    /// Returns the id of the member whom the event is about: the one it names, or else the one who asked.
    pub fn member_of(&self, event: Occurrence<'a>) -> Option<&'a str> {
        event.text(Fact::Member).or_else(|| self.asker(event).map(|member| member.id.as_str()))
    }

    /// Returns the version that the event is about. A purchase that names only its quote is about the version quoted.
    pub fn version_of(&self, event: Occurrence<'a>) -> Option<&'a str> {
        event.text(Fact::Version).or_else(|| self.quote_of(event)?.text(Fact::Version))
    }

    /// Returns the right that is bought. A purchase that names only its quote buys the right quoted.
    pub fn right_of(&self, event: Occurrence<'a>) -> Option<&'a str> {
        event.text(Fact::Right).or_else(|| self.quote_of(event)?.text(Fact::Right))
    }

    /// Returns the quote that a purchase names.
    pub fn quote_of(&self, purchase: Occurrence<'a>) -> Option<Occurrence<'a>> {
        let quote = purchase.text(Fact::Quote)?;
        self.of_kind(EventKind::Quoted).find(|event| event.is_done() && event.text(Fact::Quote) == Some(quote))
    }

    /// Returns the successful charge of the purchase that an event names.
    pub fn charge_of(&self, event: Occurrence<'_>) -> Option<Occurrence<'a>> {
        self.of_kind(EventKind::Charged).find(|charge| charge.is_done() && charge.shares(event, Fact::Purchase))
    }

    /// Returns every sighting of a job's state.
    pub fn states_of(&self, job: &str) -> impl DoubleEndedIterator<Item = Occurrence<'a>> + '_ {
        let job = job.to_owned();
        self.of_kind(EventKind::State)
            .filter(move |event| event.is_done() && event.text(Fact::Job) == Some(job.as_str()))
    }

    /// Returns the first sighting of a job in a final state.
    pub fn final_state_of(&self, job: &str) -> Option<Occurrence<'a>> {
        self.states_of(job).find(|event| event.text(Fact::State).is_some_and(|state| self.mapping.is_final(state)))
    }

    /// Returns the accepted submit that made a job, preferably the one that a service sent on.
    pub fn submit_of(&self, job: &str) -> Option<Occurrence<'a>> {
        let made_it = |event: &Occurrence<'a>| event.is_done() && event.text(Fact::Job) == Some(job);
        let inner = self.between_services(EventKind::Submitted).find(made_it);
        inner.or_else(|| self.by_members(EventKind::Submitted).find(made_it))
    }

    /// Returns true if the answer means “you may not”, and not merely “this did not work”.
    pub fn denies(&self, event: Occurrence<'_>) -> bool {
        if event.kind() == EventKind::Checked && event.boolean(Fact::Allowed) == Some(false) {
            return true;
        }
        if event.is_done() {
            return false;
        }
        match (event.code(), event.exchange.status()) {
            (_, None) => false,
            (Some(code), Some(_)) => self.mapping.codes.denied.iter().any(|denied| denied == code),
            // Without a stable code the status has to do.
            (None, Some(status)) => matches!(status, 401 | 403),
        }
    }

    /// Returns the earliest and the latest moment, on the scenario's own clock, of something that happened in an
    /// interval.
    pub fn moments(&self, interval: Interval) -> (jiff::Timestamp, jiff::Timestamp) {
        // The platform's clock and this machine's may differ a little, so both ends are moved outwards.
        let skew = i64::try_from(self.mapping.skew.0.as_micros()).unwrap_or(i64::MAX);
        let ahead = (interval.ahead * 1e6) as i64;
        let moment = |micros: u64, skew: i64| {
            // An open exchange has no end yet; what happened in it happened before the records were copied.
            let micros = i64::try_from(micros.min(self.now.max(interval.from))).unwrap_or(i64::MAX / 4);
            let span = jiff::SignedDuration::from_micros(micros.saturating_add(ahead).saturating_add(skew));
            self.epoch.saturating_add(span).expect("invariant: a signed duration is not a calendar span")
        };
        (moment(interval.from, -skew), moment(interval.to, skew))
    }

    /// Names a purchase in the words of the scenario: “Ann's purchase of generation access to Dusk”.
    pub fn describe_purchase(&self, member: Option<&str>, right: Option<&str>, version: Option<&str>) -> String {
        let who = member.map_or("somebody", |member| self.participants.member_name(member));
        let what = version.map_or("a model version", |version| self.participants.version_name(version));
        match right {
            Some(right) => format!("{who}'s purchase of {right} access to {what}"),
            None => format!("{who}'s purchase of access to {what}"),
        }
    }

    /// Makes a finding that an exchange shows.
    pub fn finding(&self, rule: RuleId, event: Occurrence<'_>, message: impl Into<String>) -> Finding {
        Finding {
            rule,
            message: message.into(),
            edge: Some(event.edge().clone()),
            exchange: Some(event.exchange.id),
            at: None,
            source: None,
        }
    }

    /// Makes a finding about an event that is missing on the edge where it belongs.
    pub fn missing(&self, rule: RuleId, kind: EventKind, message: impl Into<String>) -> Finding {
        let edge = self.mapping.edges_of(kind).find(|edge| edge.from != Edge::MEMBER && self.edges.contains(edge));
        Finding { rule, message: message.into(), edge: edge.cloned(), exchange: None, at: None, source: None }
    }
}
