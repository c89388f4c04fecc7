//! What happens on their way to the events that services tell each other, and to the answers of flags.
//!
//! Where an event is told, and where in it which fact stands, is read from the target's file; so the sentences know no path,
//! no header and no field.

use std::str::FromStr;
use std::time::Duration;

use super::{StepError, StepResult, World};
use crate::model::{Edge, EventKind, Fact};
use crate::target::{Operation, Values};
use crate::trail::Source;
use crate::trail::mapping::Meaning;

/// An event that one service tells another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceEvent {
    /// Something was bought.
    Purchase,
    /// It was given back.
    Refund,
    /// What a member may do has changed.
    Access,
}

impl ServiceEvent {
    fn kind(self) -> EventKind {
        match self {
            Self::Purchase => EventKind::Granted,
            Self::Refund => EventKind::Revoked,
            Self::Access => EventKind::Synced,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Purchase => "purchase event",
            Self::Refund => "refund event",
            Self::Access => "access event",
        }
    }
}

impl FromStr for ServiceEvent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Purchase, Self::Refund, Self::Access]
            .into_iter()
            .find(|notice| notice.word() == text)
            .ok_or_else(|| format!("`{text}` is not an event: purchase event, refund event or access event"))
    }
}

impl World {
    /// Disturbs an event on its way; `fault` in the words of `--fault`.
    ///
    /// # Errors
    /// If the target's file does not say where it is told.
    pub fn disturb_event(&mut self, notice: ServiceEvent, fault: &str) -> StepResult {
        let place = self.place_of(notice)?;
        self.disturb(&format!("{place}: {fault}"))
    }

    /// The first time an event comes, it has no signature.
    ///
    /// # Errors
    /// If the target's file does not say where it is told, or with what it is signed.
    pub fn leave_unsigned(&mut self, notice: ServiceEvent) -> StepResult {
        let signature = self.meaning_of(notice)?.facts.get(&Fact::Signature).and_then(|source| source.request_header());
        let unknown = || StepError::scenario("the target's file does not say in which header its events are signed");
        let header = signature.ok_or_else(unknown)?.to_owned();
        self.disturb_event(notice, &format!("strip header {header} once"))
    }

    /// The first time an event comes, it was changed on its way, and names another member.
    ///
    /// # Errors
    /// If the target's file does not say where it is told, or where it names the member.
    pub fn rewrite_member(&mut self, notice: ServiceEvent, member: &str) -> StepResult {
        let id = self.member(member)?.id.clone();
        let named = self.meaning_of(notice)?.facts.get(&Fact::Member).and_then(|source| source.request_field());
        let unknown = || StepError::scenario("the target's file does not say where its events name the member");
        let pointer = named.ok_or_else(unknown)?.to_owned();
        self.disturb_event(notice, &format!("set request {pointer} to {id:?} once"))
    }

    /// The first time an event comes, so much time has passed on the receiver's clock since it was signed.
    ///
    /// # Errors
    /// If the target's file does not say where it is told, or names no test clock.
    pub fn age(&mut self, notice: ServiceEvent, by: Duration) -> StepResult {
        let (name, ahead) = self.clock(by)?;
        let mut baggage = self.baggage.lock().expect("nothing panics while it holds this lock").clone();
        baggage.set(&name, ahead);
        self.disturb_event(notice, &format!("set header baggage to {:?} once", baggage.to_string()))
    }

    /// Disturbs whatever one service tells another; `fault` in the words of `--fault`.
    ///
    /// # Errors
    /// If no event is told there.
    pub fn disturb_events(&mut self, from: &str, to: &str, fault: &str) -> StepResult {
        let edge = Edge::new(from, to);
        let told = self.context.rules.mapping.events.iter().filter(|meaning| meaning.facts.contains_key(&Fact::Event));
        let place = told.flat_map(|meaning| meaning.at.iter()).find(|place| place.edge == edge);
        let none =
            || StepError::scenario(format!("{from} tells {to} of nothing: the target's file has no event there"));
        let place = place.ok_or_else(none)?.pattern(|_| None);
        self.disturb(&format!("{place}: {fault}"))
    }

    /// A flag is off, from the look after `looks` on.
    ///
    /// # Errors
    /// If the target's file does not say where flags are read.
    pub fn switch_off(&mut self, flag: &str, looks: u32) -> StepResult {
        let unknown = || StepError::scenario("the target's file does not say where flags are read");
        let mut read = self.context.rules.mapping.events.iter().filter(|meaning| meaning.means == EventKind::Flagged);
        let meaning = read.next().ok_or_else(unknown)?;
        let value = meaning.facts.get(&Fact::Value).and_then(|source| source.answer_field()).ok_or_else(unknown)?;
        let place = meaning.at.iter().next().ok_or_else(unknown)?;
        let place = place.pattern(|fact| (fact == Fact::Flag).then_some(flag));
        let from = if looks == 0 { String::new() } else { format!(" from the {}th", looks + 1) };
        self.disturb(&format!("{place}: set response {value} to false{from}"))
    }

    /// Disturbs what a member asks for, on the member's own way to the platform.
    pub(super) fn disturb_operation(&mut self, operation: Operation, values: &Values, fault: &str) -> StepResult {
        let call =
            self.context.target.call(operation, values).map_err(|error| StepError::scenario(error.to_string()))?;
        let path = call.path.split('?').next().unwrap_or_default().to_owned();
        let entry = self.context.edges.iter().find(|edge| edge.from == Edge::MEMBER).cloned();
        let edge = entry.ok_or_else(|| StepError::scenario("the topology has no edge at which members ask"))?;
        self.disturb(&format!("{edge} {} {path}: {fault}", call.method))
    }

    fn meaning_of(&self, notice: ServiceEvent) -> Result<&Meaning, StepError> {
        let told = |meaning: &&Meaning| meaning.means == notice.kind() && meaning.facts.contains_key(&Fact::Event);
        self.context.rules.mapping.events.iter().find(told).ok_or_else(|| {
            StepError::scenario(format!("the target's file does not say where the {} is told", notice.word()))
        })
    }

    fn place_of(&self, notice: ServiceEvent) -> Result<String, StepError> {
        let meaning = self.meaning_of(notice)?;
        let place = meaning.at.iter().next().map(|place| place.pattern(|_| None)).unwrap_or_default();
        // Several kinds of events may be told at one place; what tells them apart is their type.
        let is_in_request = |source: &Source| source.request_field().or(source.request_header()).is_some();
        let kind = meaning.only.iter().find(|(source, _)| is_in_request(source)).map(|(_, kind)| kind);
        Ok(kind.map_or(place.clone(), |kind| format!("{place} event {kind}")))
    }
}
