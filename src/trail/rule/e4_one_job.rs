//! E4. One submit key makes one job and one charge, however often it is sent.
//!
//! Evidence: submits with the same session and key, the jobs that their answers name, and the charges of each job.

use std::collections::{BTreeMap, BTreeSet};

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E4,
    layer: Layer::Generation,
    holds: "One submit key, however often it is sent: one job, one charge.",
    basis: "The Idempotency-Key header (IETF draft), for jobs.",
    consequence: "A retry makes and charges a second job.",
    remedy: "Store the submit key with the job, and answer with that job again.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    judge_keys(&mut ruling, evidence);
    judge_members(&mut ruling, evidence);
    judge_charges(&mut ruling, evidence);
    ruling.finish()
}

fn judge_keys(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for submits in by_session_and_key(evidence.of_kind(EventKind::Submitted)).values() {
        // A submit and its forwarding carry the same key: only two on the same side are a retry.
        let from_members = submits.iter().filter(|event| event.is_from_member()).count();
        if from_members.max(submits.len() - from_members) < 2 {
            continue;
        }
        let made: Vec<_> = submits
            .iter()
            .filter(|event| event.is_done())
            .filter_map(|event| Some((event.text(Fact::Job)?, *event)))
            .collect();
        let jobs: BTreeSet<_> = made.iter().map(|(job, _)| job).collect();
        ruling.judge(jobs.len() <= 1, || {
            let (_, second) = made.iter().find(|(job, _)| *job != made[0].0).expect("there are two jobs");
            let message = format!("one key, sent several times, made {} jobs", jobs.len());
            evidence.finding(RULE.id, *second, message)
        });
    }
}

/// A member gets no more jobs than they have sent different keys, whichever keys the services use among themselves.
fn judge_members(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    let mut sent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (who, key) in by_session_and_key(evidence.by_members(EventKind::Submitted)).into_keys() {
        sent.entry(who).or_default().insert(key);
    }
    for (who, keys) in sent {
        let forwarded: Vec<_> = evidence
            .between_services(EventKind::Submitted)
            .filter(|event| event.text(Fact::Who) == Some(who) && event.text(Fact::Key).is_some())
            .collect();
        if forwarded.len() <= keys.len() {
            continue;
        }
        let jobs: BTreeSet<_> = evidence
            .between_services(EventKind::Billed)
            .filter(|event| event.is_done() && event.text(Fact::Who) == Some(who))
            .filter_map(|event| event.text(Fact::Job))
            .collect();
        ruling.judge(jobs.len() <= keys.len(), || {
            let is_strange = |event: &&Occurrence<'_>| event.text(Fact::Key).is_some_and(|key| !keys.contains(key));
            let shown_by = forwarded.iter().find(is_strange).unwrap_or(&forwarded[forwarded.len() - 1]);
            let message = format!("{} requests of a member made {} jobs", keys.len(), jobs.len());
            evidence.finding(RULE.id, *shown_by, message)
        });
    }
}

fn judge_charges(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    let mut by_job: BTreeMap<&str, Vec<Occurrence<'_>>> = BTreeMap::new();
    for billed in evidence.between_services(EventKind::Billed) {
        if let Some(job) = billed.text(Fact::Job) {
            by_job.entry(job).or_default().push(billed);
        }
    }
    for (job, tries) in by_job.iter().filter(|(_, tries)| tries.len() > 1) {
        let charged: BTreeMap<_, _> = tries
            .iter()
            .filter(|event| event.is_done())
            .filter_map(|event| Some((event.text(Fact::Charge)?, *event)))
            .collect();
        // Without any charge there is nothing to count.
        let Some(last) = charged.values().max_by_key(|event| event.ended()) else { continue };
        ruling.judge(charged.len() <= 1, || {
            evidence.finding(RULE.id, *last, format!("the job {job} was charged {} times", charged.len()))
        });
    }
}

fn by_session_and_key<'a>(
    submits: impl Iterator<Item = Occurrence<'a>>,
) -> BTreeMap<(&'a str, &'a str), Vec<Occurrence<'a>>> {
    let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in submits {
        if let (Some(who), Some(key)) = (event.text(Fact::Who), event.text(Fact::Key)) {
            by_key.entry((who, key)).or_default().push(event);
        }
    }
    by_key
}
