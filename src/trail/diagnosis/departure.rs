//! A departure from the paid path, and the choice of the one that explains a failed scenario.
//!
//! A failed scenario usually breaks several rules at once, and its failed step points at one more place. [`first`]
//! chooses:
//!
//! 1. Every finding becomes a departure, with the moment at which it showed (`broken_rule`).
//! 2. A departure that says “no such event was sent on this edge” is dropped if another departure shows an exchange on
//!    the same edge: the event was sent, but it was wrong.
//! 3. The failed step becomes a guess: the innermost exchange that made its last request fail (`failed_step`). A guess
//!    carries no rule. If a rule about the page is broken, there is no guess: the page already explains why the step
//!    failed.
//! 4. A step that expected a certain refusal may have got another code because a service on the way replaced the code.
//!    If a departure shows in an exchange around the guess, and that exchange has another code than the guess, it is
//!    chosen.
//! 5. Otherwise the earliest departure is chosen, because everything after it may follow from it. A broken rule at the
//!    hop of the guess is preferred to the guess: it says the same, with a reason.

use super::{FailedStep, broken_rule, failed_step, hops::HOPS};
use crate::model::{Class, Edge, EventKind, Exchange, Finding, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::rule::Classification;

/// A place where the trail departs from the paid path.
#[derive(Debug, Clone)]
pub struct Departure {
    pub class: Class,
    pub edge: Option<Edge>,
    /// The exchange that shows it; `None` for something that did not happen.
    pub exchange: Option<u64>,
    /// The index of the hop in [`HOPS`].
    pub position: Option<usize>,
    pub message: String,
    /// The moment at which it showed, in microseconds since the start of the run.
    pub at: u64,
    /// Of several departures at the same moment, the one with the lowest rank explains the others.
    pub rank: usize,
    /// True for a departure that a person sees on a page.
    pub on_page: bool,
}

impl Departure {
    /// Returns the words that the diagnosis begins with.
    pub fn opening(&self) -> &'static str {
        let is_of_permission = self.position.is_none_or(|position| {
            matches!(
                HOPS[position].kind,
                EventKind::Granted | EventKind::Synced | EventKind::Checked | EventKind::Submitted
            )
        });
        match self.class {
            Class::NeverSent if self.on_page => "nothing was sent",
            Class::NotShown if self.on_page => "not shown",
            Class::NotCarried | Class::NeverSent => "permission lost",
            Class::Refused if is_of_permission => "permission lost",
            Class::Refused => "refused",
            // A step that expected a refusal does not prove that the member had no right.
            Class::NotRefused if self.is_guess() => "not refused",
            Class::NotRefused => "let in without a right",
            Class::NotSyncedInTime => "permission late",
            Class::WrongCode => "wrong answer",
            Class::NotShown => "nothing to show",
            Class::MoneyWrong => "money wrong",
            Class::Environment => "no answer",
            Class::Unexplained => "unexplained",
        }
    }

    /// Returns true if only a failed step points at it, and no broken rule.
    fn is_guess(&self) -> bool {
        self.rank == Classification::GUESS
    }

    /// Returns the rules that were broken here, each of them once.
    pub fn rules(&self, findings: &[Finding]) -> Vec<RuleId> {
        let here = findings.iter().filter(|finding| match self.exchange {
            Some(exchange) => finding.exchange == Some(exchange),
            None => finding.exchange.is_none() && finding.edge == self.edge,
        });
        let mut rules: Vec<RuleId> = Vec::new();
        for finding in here {
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule);
            }
        }
        rules
    }

    fn exchange<'a>(&self, evidence: &Evidence<'a>) -> Option<&'a Exchange> {
        evidence.exchange(self.exchange?)
    }

    fn refusal_code<'a>(&self, evidence: &Evidence<'a>) -> Option<&'a str> {
        evidence.event_of(self.exchange?)?.code()
    }
}

/// Returns the departure that explains the failure. The module docs describe the steps.
pub fn first(evidence: &Evidence<'_>, findings: &[Finding], step: Option<FailedStep<'_>>) -> Option<Departure> {
    let found = findings.iter().map(|finding| broken_rule::departure(evidence, finding)).collect();
    let found = without_explained_absences(found);
    let is_on_page = found.iter().any(|departure| departure.on_page);
    let guess = match step {
        Some(step) if !is_on_page => failed_step::departure(evidence, step, findings.is_empty()),
        Some(_) | None => None,
    };
    let (Some(guess), Some(step)) = (guess, step) else { return earliest(&found).cloned() };
    if step.expected_code().is_some()
        && let Some(replacing) = replaced_code(evidence, &found, &guess)
    {
        return Some(replacing.clone());
    }
    Some(earlier_of(&found, guess))
}

/// Drops departures about a missing event on an edge on which another departure shows an exchange.
fn without_explained_absences(mut found: Vec<Departure>) -> Vec<Departure> {
    // Time cannot decide between the two: they lie milliseconds apart, in either order.
    let shown: Vec<_> = found.iter().filter(|each| each.exchange.is_some()).map(|each| each.edge.clone()).collect();
    found.retain(|each| each.exchange.is_some() || each.on_page || !shown.contains(&each.edge));
    found
}

fn earliest<'d>(departures: impl IntoIterator<Item = &'d Departure>) -> Option<&'d Departure> {
    departures.into_iter().min_by_key(|each| (each.at, each.rank))
}

/// Returns the departure of the service that replaced the code of a refusal: the innermost one around the guess.
fn replaced_code<'d>(evidence: &Evidence<'_>, found: &'d [Departure], guess: &Departure) -> Option<&'d Departure> {
    // A request that was accepted has no code that anybody could replace.
    if guess.class == Class::NotRefused {
        return None;
    }
    let code = guess.refusal_code(evidence);
    // A service that passes the inner code on unchanged is not to blame.
    let passes_on = |outer: &Departure| code.is_some() && outer.refusal_code(evidence) == code;
    let around = found.iter().filter(|outer| encloses(evidence, outer, guess) && !passes_on(outer));
    around.max_by_key(|outer| outer.exchange(evidence).map(|exchange| exchange.at_micros))
}

/// Chooses between the earliest broken rule and the guess of the failed step.
fn earlier_of(found: &[Departure], guess: Departure) -> Departure {
    let Some(first) = earliest(found) else { return guess };
    if first.at < guess.at {
        return first.clone();
    }
    let is_at_hop_of_guess = |each: &&Departure| each.edge == guess.edge && each.position == guess.position;
    if let Some(explanation) = earliest(found.iter().filter(is_at_hop_of_guess)) {
        return explanation.clone();
    }
    // At the same moment a rule has a reason, and a guess has none.
    if first.at == guess.at { first.clone() } else { guess }
}

/// Returns true if the exchange of one departure lies within that of the other.
fn encloses(evidence: &Evidence<'_>, outer: &Departure, inner: &Departure) -> bool {
    let (Some(outer), Some(inner)) = (outer.exchange(evidence), inner.exchange(evidence)) else { return false };
    outer.id != inner.id && outer.at_micros <= inner.at_micros && outer.ended() >= inner.ended()
}
