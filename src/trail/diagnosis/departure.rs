//! Everything that departs from a paid path, and which of it came first.

use super::FailedStep;
use super::culprit::{self, Failure};
use super::hops::{self, HOPS};
use crate::model::{Class, Edge, EventKind, Exchange, Expected, Fact, Finding, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::rule::{Departs, Evident, Rule, rule};
use crate::trail::seen::Seen;

/// One departure from the path.
#[derive(Debug, Clone)]
pub struct Departure {
    pub class: Class,
    pub edge: Option<Edge>,
    /// The exchange that shows it; none where something did not happen.
    pub exchange: Option<u64>,
    /// Which of [`HOPS`].
    pub position: Option<usize>,
    pub message: String,
    /// When it showed: microseconds since the start of the run.
    at: u64,
    /// Of several that show in the same exchange the lowest explains the others.
    rank: usize,
    /// Whether it is about what a person sees.
    on_page: bool,
}

impl Departure {
    /// How the sentence begins.
    pub fn opening(&self) -> &'static str {
        let of_permission = self.position.is_none_or(|place| {
            matches!(
                HOPS[place].kind,
                EventKind::Granted | EventKind::Synced | EventKind::Checked | EventKind::Submitted
            )
        });
        match self.class {
            Class::NeverSent if self.on_page => "nothing was sent",
            Class::NotShown if self.on_page => "not shown",
            Class::NotCarried | Class::NeverSent => "permission lost",
            Class::Refused if of_permission => "permission lost",
            Class::Refused => "refused",
            // That a step expected otherwise does not say that there was no right.
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

    /// No rule was broken: a failed step points at it.
    fn is_guess(&self) -> bool {
        self.rank == Departs::GUESS
    }

    /// The rules that were broken here.
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
}

/// The first departure of a scenario.
pub fn first(evidence: &Evidence<'_>, findings: &[Finding], step: Option<FailedStep<'_>>) -> Option<Departure> {
    let mut departures: Vec<_> = findings.iter().map(|finding| of_finding(evidence, finding)).collect();
    // What was sent wrongly explains that nothing of the kind was seen. Which of the two comes first hangs on milliseconds.
    let shown: Vec<_> =
        departures.iter().filter(|each| each.exchange.is_some()).map(|each| each.edge.clone()).collect();
    departures.retain(|each| each.exchange.is_some() || each.on_page || !shown.contains(&each.edge));
    let earliest = |departures: Vec<Departure>| departures.into_iter().min_by_key(|each| (each.at, each.rank));
    // What a rule says is evidence. A failed step only says where to look, and without any finding it is what there is. What a
    // page should have shown explains by itself why a step that looked for it failed.
    let on_page = departures.iter().any(|departure| departure.on_page);
    let guessed = step.filter(|_| !on_page);
    let guessed = guessed.and_then(|step| of_failed_step(evidence, step, findings.is_empty()));
    let explained = guessed.as_ref().and_then(|guess| {
        let same_hop = |each: &&Departure| each.edge == guess.edge && each.position == guess.position;
        earliest(departures.iter().filter(same_hop).cloned().collect())
    });
    // Where a certain refusal was expected, trouble further in may be what it was expected of; who then says something else,
    // and breaks a rule with it, is to blame. Who only hands on what was said further in is not.
    let is_expected = step.is_some_and(|step| expected_code(step).is_some());
    let refused = guessed.as_ref().filter(|guess| is_expected && guess.class != Class::NotRefused);
    let reworded = refused.and_then(|guess| {
        let said = code_of(evidence, guess);
        let hands_on = |outer: &Departure| said.is_some() && code_of(evidence, outer) == said;
        let around = departures.iter().filter(|each| encloses(evidence, each, guess) && !hands_on(each));
        around.max_by_key(|each| exchange_of(evidence, each).map(|exchange| exchange.at_micros)).cloned()
    });
    if reworded.is_some() {
        return reworded;
    }
    match (explained, guessed, earliest(departures)) {
        (Some(explained), Some(guess), Some(first)) if first.at >= guess.at => Some(explained),
        (_, Some(guess), Some(first)) => Some(if first.at <= guess.at { first } else { guess }),
        (_, guess, first) => first.or(guess),
    }
}

fn exchange_of<'a>(evidence: &Evidence<'a>, departure: &Departure) -> Option<&'a Exchange> {
    evidence.exchanges.iter().find(|exchange| Some(exchange.id) == departure.exchange)
}

/// The code of the refusal that a departure shows in.
fn code_of<'a>(evidence: &Evidence<'a>, departure: &Departure) -> Option<&'a str> {
    let seen = evidence.all().find(|seen| Some(seen.event.exchange) == departure.exchange)?;
    seen.event.code.as_deref()
}

/// Whether one departure shows in an exchange during which that of the other one was made.
fn encloses(evidence: &Evidence<'_>, outer: &Departure, inner: &Departure) -> bool {
    let (Some(outer), Some(inner)) = (exchange_of(evidence, outer), exchange_of(evidence, inner)) else { return false };
    outer.id != inner.id
        && outer.at_micros <= inner.at_micros
        && outer.at_micros + outer.took_micros >= inner.at_micros + inner.took_micros
}

fn of_finding(evidence: &Evidence<'_>, finding: &Finding) -> Departure {
    let seen = finding.exchange.and_then(|id| evidence.all().find(|seen| seen.event.exchange == id));
    let departs = &rule(finding.rule).departs;
    let tells = |kind: EventKind| matches!(kind, EventKind::Granted | EventKind::Revoked | EventKind::Synced);
    let class = departs.class(match seen {
        None => Evident::Missing,
        Some(seen) if tells(seen.kind()) => Evident::Telling,
        Some(seen) if seen.is_refused() => Evident::Refused,
        Some(_) => Evident::Shown,
    });
    let position = match seen {
        Some(seen) => hops::position(evidence, seen),
        None => position_of_missing(evidence, rule(finding.rule), finding.edge.as_ref()),
    };
    // What a request lacks shows when it is sent, what an answer says when it is complete; what has to be told is late from
    // the moment at which it was first tried.
    let at = match seen {
        Some(seen) if class == Class::NotCarried || tells(seen.kind()) => seen.from(),
        // That something does not end shows when the time for it is up.
        Some(_) if departs.at_deadline => evidence.now,
        Some(seen) => seen.to(),
        None => match finding.exchange.and_then(|id| evidence.exchanges.iter().find(|exchange| exchange.id == id)) {
            Some(exchange) => exchange.at_micros + exchange.took_micros,
            None if departs.at_deadline => evidence.now,
            None => before(evidence, position),
        },
    };
    Departure {
        class,
        edge: finding.edge.clone(),
        exchange: finding.exchange,
        position,
        message: finding.message.clone(),
        at,
        rank: departs.rank,
        on_page: rule(finding.rule).is_of_page(),
    }
}

/// The hop that a rule misses something at.
fn position_of_missing(evidence: &Evidence<'_>, rule: &Rule, edge: Option<&Edge>) -> Option<usize> {
    if rule.is_of_page() {
        return hops::next_at_front(evidence);
    }
    let on_edge = |kind: &EventKind| evidence.mapping.edges_of(*kind).any(|own| Some(own) == edge);
    let kind = rule.departs.missing.iter().find(|kind| on_edge(kind))?;
    HOPS.iter().position(|spec| spec.kind == *kind && !spec.at_front)
}

/// When the hop before this one was over.
fn before(evidence: &Evidence<'_>, position: Option<usize>) -> u64 {
    let Some(position) = position else { return evidence.now };
    let leads_there = |place: usize| match HOPS[position].kind == EventKind::Revoked {
        true => HOPS[place].kind == EventKind::Refunded,
        false => place < position && HOPS[place].always,
    };
    let done = evidence.all().filter(|seen| seen.is_done() && hops::position(evidence, *seen).is_some_and(leads_there));
    done.map(|seen| seen.to()).max().unwrap_or(evidence.now)
}

/// What a failed step points at: the last thing that a member asked for, or else, where `anything` will do, an exchange that
/// failed for good.
fn of_failed_step(evidence: &Evidence<'_>, step: FailedStep<'_>, anything: bool) -> Option<Departure> {
    let expected = expected_code(step);
    let last = culprit::last_request(evidence, step.at);
    let failed = last.filter(|last| culprit::failure(evidence, last.exchange).is_some());
    let accepted = last.filter(|last| last.is_done() && expected.is_some());
    let exchange = match (failed, accepted) {
        (Some(failed), _) => culprit::innermost(evidence, failed.exchange, expected),
        (None, Some(accepted)) => {
            // Who may generate is decided further in: whoever let them in there is to blame.
            let decides =
                |seen: &Seen<'_>| seen.is_done() && seen.is_within(accepted) && seen.shares(accepted, Fact::Who);
            let inner = evidence.behind(EventKind::Submitted).find(decides);
            let inner = inner.filter(|_| accepted.kind() == EventKind::Submitted).unwrap_or(accepted);
            let message = format!("`{}` was accepted", name_of(evidence, inner.exchange));
            return Some(departure(evidence, inner.exchange, Class::NotRefused, message));
        }
        (None, None) if anything => culprit::never_made_good(evidence).next()?,
        (None, None) => return None,
    };
    let class = match culprit::failure(evidence, exchange)? {
        Failure::NoAnswer => Class::Environment,
        Failure::Unreadable => Class::WrongCode,
        Failure::Refused if expected.is_some() => Class::WrongCode,
        Failure::Refused => Class::Refused,
    };
    let answer = match seen_of(evidence, exchange) {
        Some(flag) if culprit::is_off(flag) => format!("{} is off", flag.text(Fact::Flag).unwrap_or_default()),
        Some(seen) => seen.answer(),
        None => describe(exchange),
    };
    Some(departure(evidence, exchange, class, format!("`{}` {answer}", name_of(evidence, exchange))))
}

/// What an exchange is called in the path, or else its request.
fn name_of(evidence: &Evidence<'_>, exchange: &Exchange) -> String {
    let hop = seen_of(evidence, exchange).and_then(|seen| hops::position(evidence, seen));
    match hop {
        Some(place) => HOPS[place].name.trim_start_matches(|letter: char| !letter.is_ascii()).trim().to_owned(),
        None => format!("{} {}", exchange.request.method, exchange.request.path()),
    }
}

/// The code of the refusal that a step expected.
fn expected_code(step: FailedStep<'_>) -> Option<&str> {
    match step.expected {
        Expected::Refusal { code } => Some(code),
        Expected::Success => None,
    }
}

fn departure(evidence: &Evidence<'_>, exchange: &Exchange, class: Class, message: String) -> Departure {
    Departure {
        class,
        edge: Some(exchange.edge.clone()),
        exchange: Some(exchange.id),
        position: seen_of(evidence, exchange).and_then(|seen| hops::position(evidence, seen)),
        message,
        at: exchange.at_micros + exchange.took_micros,
        rank: Departs::GUESS,
        on_page: false,
    }
}

fn seen_of<'a>(evidence: &Evidence<'a>, exchange: &Exchange) -> Option<Seen<'a>> {
    evidence.all().find(|seen| seen.event.exchange == exchange.id)
}

/// An exchange that the target's file gives no meaning to.
fn describe(exchange: &Exchange) -> String {
    match exchange.status() {
        Some(status) => format!("was answered with {status}"),
        None => "was not answered".into(),
    }
}
