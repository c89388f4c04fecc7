//! The judgement of one defect in one scenario: which rule or Then noticed it.

use super::baseline::BaselineScenario;
use super::defect::{Defect, How, named_in};
use crate::model::message::PickleStepType;
use crate::model::proof::{Cell, Detection};
use crate::model::{Cause, Exchange, RuleId, Verdict};
use crate::report::{AttemptRecord, ScenarioRecord};

/// Returns the rule as which findings of another rule count: a departure from a contract is a refusal or an answer that is
/// not well formed.
pub fn counted_as(rule: RuleId) -> Option<RuleId> {
    (rule == RuleId::Contract).then_some(RuleId::U1)
}

/// Returns the result of the scenario under the defect; `None` if the scenario did not run. `fired` is the header in which
/// the platform names the defects that fired.
pub fn cell(
    defect: &Defect,
    index: usize,
    seen: &BaselineScenario,
    scenario: &ScenarioRecord,
    fired: Option<&str>,
) -> Option<Cell> {
    if scenario.verdict.verdict == Verdict::Skipped {
        return None;
    }
    let attempt = scenario.last()?;
    let is_own = |rule: &RuleId| defect.rules.contains(rule);
    let (own, others): (Vec<_>, Vec<_>) = rules(attempt).into_iter().partition(is_own);
    let then = said_no(seen, scenario, attempt);
    let fired = fired_in(defect, &attempt.exchanges, fired);
    let notice = match scenario.verdict.verdict {
        Verdict::Passed | Verdict::Skipped => Detection::Missed,
        // The scenario failed although the defect broke nothing, so the failure says nothing about the defect.
        Verdict::Failed | Verdict::Unknown if fired == Some(false) => Detection::Accident,
        // A rule says what is wrong more exactly than a Then, so it counts first.
        Verdict::Failed if !own.is_empty() => Detection::Rule,
        Verdict::Failed if then.is_some() => Detection::Then,
        Verdict::Failed | Verdict::Unknown => Detection::Accident,
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

/// Returns the rules that were broken, each once.
fn rules(attempt: &AttemptRecord) -> Vec<RuleId> {
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
pub fn said_no(seen: &BaselineScenario, scenario: &ScenarioRecord, attempt: &AttemptRecord) -> Option<String> {
    let steps = attempt.steps.iter().zip(&seen.planned.pickle.steps);
    let (_, said) = steps.clone().find(|(step, _)| step.is_bad())?;
    (said.kind == Some(PickleStepType::Outcome) && scenario.verdict.cause != Some(Cause::DeadlinePassed))
        .then(|| said.text.clone())
}

/// Says whether the defect broke something; `None` where the platform does not report it.
fn fired_in(defect: &Defect, exchanges: &[Exchange], header: Option<&str>) -> Option<bool> {
    match defect.how {
        How::Fault(words) => Some(exchanges.iter().any(|exchange| exchange.faults.iter().any(|fault| fault == words))),
        // No service holds a defect with a tag, so none reports it.
        How::Baggage if defect.tag.is_some() => None,
        How::Baggage => {
            let header = header?;
            Some(exchanges.iter().any(|exchange| named_in(exchange, header).any(|id| id == defect.id)))
        }
    }
}
