//! The kind of departure from the path that a broken rule is reported as. The diagnosis reads it to name hop and class.

use crate::model::{Class, EventKind};

/// The class of a broken rule, which may depend on the evidence for it.
#[derive(Debug, Clone, Copy)]
pub struct Classification {
    other: Class,
    refused: Class,
    permission_event: Class,
    missing: Class,
    /// The events of which one is missing when no exchange shows the broken rule.
    pub missing_events: &'static [EventKind],
    /// Of several findings about one exchange, the one with the lowest rank explains the others.
    pub rank: usize,
    /// True for a rule that is broken only when the time for something is up.
    pub at_deadline: bool,
}

/// The rank of rules that explain no other.
const UNRANKED: usize = 9;

impl Classification {
    /// The rank of a departure that only a failed step points at: below every rule.
    pub const GUESS: usize = UNRANKED + 1;

    /// Starts with the class for every kind of evidence.
    pub const fn of(class: Class) -> Self {
        Self {
            other: class,
            refused: class,
            permission_event: class,
            missing: class,
            missing_events: &[],
            rank: UNRANKED,
            at_deadline: false,
        }
    }

    /// Sets the class for a refused exchange.
    pub const fn when_refused(self, class: Class) -> Self {
        Self { refused: class, ..self }
    }

    /// Sets the class for an event that informs another service about a permission.
    pub const fn when_permission_event(self, class: Class) -> Self {
        Self { permission_event: class, ..self }
    }

    /// Sets the class for the case that one of these events is missing.
    pub const fn when_missing(self, class: Class, events: &'static [EventKind]) -> Self {
        Self { missing: class, missing_events: events, ..self }
    }

    pub const fn ranked(self, rank: usize) -> Self {
        Self { rank, ..self }
    }

    pub const fn at_the_deadline(self) -> Self {
        Self { at_deadline: true, ..self }
    }

    pub fn class(&self, evidence: EvidenceKind) -> Class {
        match evidence {
            EvidenceKind::Missing => self.missing,
            EvidenceKind::PermissionEvent => self.permission_event,
            EvidenceKind::Refused => self.refused,
            EvidenceKind::Other => self.other,
        }
    }
}

/// The evidence for a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// No exchange with a meaning shows it.
    Missing,
    /// An event that informs another service about a permission.
    PermissionEvent,
    /// A refused exchange.
    Refused,
    /// Any other exchange.
    Other,
}
