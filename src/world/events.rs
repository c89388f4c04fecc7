//! Faults on the events that services send each other, and on the answers of flags.
//!
//! The target file says where an event is sent and where in it each fact stands. So the sentences contain no path, no header and
//! no field.

use std::str::FromStr;

use super::faults::Faults;
use super::{StepError, StepResult};
use crate::model::{Edge, EventKind, Fact};
use crate::trail::Source;
use crate::trail::mapping::Meaning;

/// An event that one service sends another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceEvent {
    /// Access was bought.
    Purchase,
    /// A purchase was refunded.
    Refund,
    /// The rights of a member changed.
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
        let known = [Self::Purchase, Self::Refund, Self::Access].into_iter().find(|event| event.word() == text);
        known.ok_or_else(|| format!("`{text}` is not an event: purchase event, refund event or access event"))
    }
}

impl Faults {
    /// Arms a fault on an event, in the words of `--fault`.
    pub fn arm_on_event(&self, event: ServiceEvent, fault: &str) -> StepResult {
        let place = self.place_of(event)?;
        self.arm(&format!("{place}: {fault}"))
    }

    /// Removes the signature from the first delivery of an event.
    pub fn leave_unsigned(&self, event: ServiceEvent) -> StepResult {
        let signature = self.meaning_of(event)?.facts.get(&Fact::Signature).and_then(|source| source.request_header());
        let unknown = || StepError::scenario("the target's file does not say in which header its events are signed");
        let header = signature.ok_or_else(unknown)?;
        // Only once: the platform has to deliver the event again, this time with its signature.
        self.arm_on_event(event, &format!("strip header {header} once"))
    }

    /// Replaces the member in the first delivery of an event by the member with this id.
    pub(super) fn rewrite_member(&self, event: ServiceEvent, id: &str) -> StepResult {
        let member = self.meaning_of(event)?.facts.get(&Fact::Member).and_then(|source| source.request_field());
        let unknown = || StepError::scenario("the target's file does not say where its events name the member");
        let pointer = member.ok_or_else(unknown)?;
        self.arm_on_event(event, &format!("set request {pointer} to {id:?} once"))
    }

    /// Arms a fault on every event that one service sends another, in the words of `--fault`.
    pub fn arm_on_events(&self, from: &str, to: &str, fault: &str) -> StepResult {
        let edge = Edge::new(from, to);
        let context = self.client.context();
        let sent = context.rules.mapping.events.iter().filter(|meaning| meaning.facts.contains_key(&Fact::Event));
        let place = sent.flat_map(|meaning| meaning.at.iter()).find(|place| place.edge == edge);
        let none =
            || StepError::scenario(format!("{from} tells {to} of nothing: the target's file has no event there"));
        let place = place.ok_or_else(none)?.pattern(|_| None);
        self.arm(&format!("{place}: {fault}"))
    }

    /// Switches a flag off after it was read `reads` times.
    pub fn switch_off(&self, flag: &str, reads: u32) -> StepResult {
        let unknown = || StepError::scenario("the target's file does not say where flags are read");
        let mut read = self.client.context().rules.mapping.events.iter();
        let meaning = read.find(|meaning| meaning.means == EventKind::Flagged).ok_or_else(unknown)?;
        let value = meaning.facts.get(&Fact::Value).and_then(|source| source.answer_field()).ok_or_else(unknown)?;
        let place = meaning.at.iter().next().ok_or_else(unknown)?;
        let pattern = place.pattern(|fact| if fact == Fact::Flag { Some(flag) } else { None });
        let from = if reads == 0 { String::new() } else { format!(" from the {}th", reads + 1) };
        self.arm(&format!("{pattern}: set response {value} to false{from}"))
    }

    fn meaning_of(&self, event: ServiceEvent) -> Result<&Meaning, StepError> {
        // Requests of a member can mean the same as an event, for example a trial that is begun. Only events have an event id.
        let is_event = |meaning: &&Meaning| meaning.means == event.kind() && meaning.facts.contains_key(&Fact::Event);
        self.client.context().rules.mapping.events.iter().find(is_event).ok_or_else(|| {
            StepError::scenario(format!("the target's file does not say where the {} is told", event.word()))
        })
    }

    fn place_of(&self, event: ServiceEvent) -> Result<String, StepError> {
        let meaning = self.meaning_of(event)?;
        let place = meaning.at.iter().next().map(|place| place.pattern(|_| None)).unwrap_or_default();
        // Events of several kinds may be sent to one place. Their type tells them apart.
        let is_in_request = |source: &Source| source.request_field().or(source.request_header()).is_some();
        Ok(match meaning.only.iter().find(|(source, _)| is_in_request(source)) {
            Some((_, kind)) => format!("{place} event {kind}"),
            None => place,
        })
    }
}
