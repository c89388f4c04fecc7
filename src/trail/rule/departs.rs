//! How a broken rule departs from the path: what the diagnosis needs to know to name the hop and the kind.

use crate::model::{Class, EventKind};

/// The kind of departure that a broken rule shows, by the evidence for it.
#[derive(Debug, Clone, Copy)]
pub struct Departs {
    shown: Class,
    refused: Class,
    late: Class,
    absent: Class,
    /// The events of which one is missing where no exchange shows the broken rule.
    pub missing: &'static [EventKind],
    /// Of several findings in one exchange, the one with the lowest rank explains the others.
    pub rank: usize,
    /// Shows only when the time for it is up.
    pub at_deadline: bool,
}

/// The rank of rules that explain no other.
const UNRANKED: usize = 9;

impl Departs {
    /// The rank of what only a failed step points at: below every rule.
    pub const GUESS: usize = UNRANKED + 1;

    /// The class wherever nothing more precise is said.
    pub const fn shown(class: Class) -> Self {
        Self {
            shown: class,
            refused: class,
            late: class,
            absent: class,
            missing: &[],
            rank: UNRANKED,
            at_deadline: false,
        }
    }

    /// The class where the exchange that shows it was refused.
    pub const fn refused(self, class: Class) -> Self {
        Self { refused: class, ..self }
    }

    /// The class where the exchange that shows it tells another service of a permission.
    pub const fn late(self, class: Class) -> Self {
        Self { late: class, ..self }
    }

    /// The class where one of these events is missing.
    pub const fn absent(self, class: Class, missing: &'static [EventKind]) -> Self {
        Self { absent: class, missing, ..self }
    }

    /// Explains other findings in the same exchange that have a higher rank.
    pub const fn ranked(self, rank: usize) -> Self {
        Self { rank, ..self }
    }

    /// Shows only when the time for it is up.
    pub const fn at_the_deadline(self) -> Self {
        Self { at_deadline: true, ..self }
    }

    /// The class of a finding, given the exchange that shows it.
    pub fn class(&self, by: Evident) -> Class {
        match by {
            Evident::Missing => self.absent,
            Evident::Telling => self.late,
            Evident::Refused => self.refused,
            Evident::Shown => self.shown,
        }
    }
}

/// The kind of evidence for a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evident {
    /// No exchange with a meaning shows it.
    Missing,
    /// An exchange that tells another service of a permission.
    Telling,
    /// A refused exchange.
    Refused,
    /// Any other exchange.
    Shown,
}
