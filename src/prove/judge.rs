//! How one scenario noticed one defect.

use super::baseline::Seen;
use super::defect::{Defect, How};
use crate::model::message::PickleStepType;
use crate::model::proof::{Cell, Notice};
use crate::model::{Cause, Exchange, RuleId, Verdict};
use crate::report::{Attempt, Scenario};

/// The rule that what another one finds counts as: a departure from a contract is a refusal or an answer that is not well formed.
pub fn counted_as(rule: RuleId) -> Option<RuleId> {
    (rule == RuleId::Contract).then_some(RuleId::U1)
}

/// What the scenario said under the defect; `None` if it did not run. `fired` is the header in which the platform says which
/// defects it had.
pub fn cell(defect: &Defect, index: usize, seen: &Seen, scenario: &Scenario, fired: Option<&str>) -> Option<Cell> {
    let attempt = scenario.last().filter(|_| scenario.verdict.verdict != Verdict::Skipped)?;
    let is_own = |rule: &RuleId| defect.rules.contains(rule);
    let (own, others): (Vec<_>, Vec<_>) = rules(attempt).into_iter().partition(is_own);
    let then = said_no(seen, scenario, attempt);
    let fired = fired_in(defect, &attempt.exchanges, fired);
    let notice = match scenario.verdict.verdict {
        Verdict::Passed | Verdict::Skipped => Notice::Missed,
        // Red although nothing was broken: that is another matter.
        Verdict::Failed | Verdict::Unknown if fired == Some(false) => Notice::Accident,
        Verdict::Failed if !own.is_empty() => Notice::Rule,
        Verdict::Failed if then.is_some() => Notice::Then,
        Verdict::Failed | Verdict::Unknown => Notice::Accident,
    };
    Some(Cell {
        scenario: index,
        notice,
        fired,
        rules: own.into_iter().chain(others).collect(),
        then,
        hop: attempt.diagnosis.as_ref().and_then(|diagnosis| diagnosis.edge.clone()),
        reason: scenario.why(),
        took_micros: u64::try_from(scenario.took().as_micros()).unwrap_or(u64::MAX),
    })
}

/// The rules that were found broken, each once.
fn rules(attempt: &Attempt) -> Vec<RuleId> {
    let mut rules = Vec::new();
    for finding in &attempt.findings {
        let rule = counted_as(finding.rule).unwrap_or(finding.rule);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

/// The Then that said no. One that was cut off by its deadline said nothing.
pub fn said_no(seen: &Seen, scenario: &Scenario, attempt: &Attempt) -> Option<String> {
    let steps = attempt.steps.iter().zip(&seen.planned.pickle.steps);
    let (_, said) = steps.clone().find(|(step, _)| step.is_bad())?;
    (said.kind == Some(PickleStepType::Outcome) && scenario.verdict.cause != Some(Cause::DeadlinePassed))
        .then(|| said.text.clone())
}

/// Whether the defect broke something; `None` where nobody says.
fn fired_in(defect: &Defect, exchanges: &[Exchange], header: Option<&str>) -> Option<bool> {
    match defect.how {
        How::Fault(words) => Some(exchanges.iter().any(|exchange| exchange.faults.iter().any(|fault| fault == words))),
        How::Baggage => {
            let header = header.filter(|_| defect.tag.is_none())?;
            Some(exchanges.iter().any(|exchange| named_in(exchange, header).any(|id| id == defect.id)))
        }
    }
}

/// The defects that an exchange names in this header; a page can only name them when it asks.
pub fn named_in<'e>(exchange: &'e Exchange, header: &str) -> impl Iterator<Item = &'e str> {
    let header = header.to_ascii_lowercase();
    let answered = exchange.response().map(|answer| answer.headers.as_slice()).unwrap_or_default();
    let headers = exchange.request.headers.iter().chain(answered);
    headers.filter(move |(name, _)| *name == header).flat_map(|(_, ids)| ids.split('+'))
}
