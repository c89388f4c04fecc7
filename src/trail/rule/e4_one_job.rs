//! E4. One submit key, however often it is sent: one job, and one charge.

use std::collections::{BTreeMap, BTreeSet};

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E4,
    layer: Layer::Generation,
    holds: "One submit key, however often it is sent: one job, one charge.",
    basis: "The Idempotency-Key header (IETF draft), for jobs.",
    consequence: "A retry makes and charges a second job.",
    remedy: "Store the submit key with the job, and answer with that job again.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let mut by_key: BTreeMap<(&str, &str), Vec<Seen<'_>>> = BTreeMap::new();
    for seen in evidence.seen(EventKind::Submitted) {
        if let (Some(who), Some(key)) = (seen.text(Fact::Who), seen.text(Fact::Key)) {
            by_key.entry((who, key)).or_default().push(seen);
        }
    }
    for sent in by_key.values() {
        let times = |front: bool| sent.iter().filter(|seen| seen.at_front() == front).count();
        if times(true).max(times(false)) < 2 {
            continue;
        }
        let made: Vec<_> = sent.iter().filter(|seen| seen.is_done() && seen.text(Fact::Job).is_some()).collect();
        let jobs: BTreeSet<_> = made.iter().filter_map(|seen| seen.text(Fact::Job)).collect();
        ruling.judge(jobs.len() <= 1, || {
            let other = |seen: &&&Seen<'_>| seen.text(Fact::Job) != made[0].text(Fact::Job);
            let message = format!("one key, sent several times, made {} jobs", jobs.len());
            evidence.finding(RULE.id, **made.iter().find(other).expect("there are two"), message)
        });
    }
    judge_members(&mut ruling, evidence);
    let mut charges: BTreeMap<&str, BTreeMap<&str, Seen<'_>>> = BTreeMap::new();
    let mut tries: BTreeMap<&str, usize> = BTreeMap::new();
    for billed in evidence.behind(EventKind::Billed) {
        let Some(job) = billed.text(Fact::Job) else { continue };
        *tries.entry(job).or_default() += 1;
        if let (true, Some(charge)) = (billed.is_done(), billed.text(Fact::Charge)) {
            charges.entry(job).or_default().insert(charge, billed);
        }
    }
    for (job, charges) in charges.iter().filter(|(job, _)| tries[*job] > 1) {
        ruling.judge(charges.len() <= 1, || {
            let last = charges.values().max_by_key(|seen| seen.to()).expect("there are two");
            evidence.finding(RULE.id, *last, format!("the job {job} was charged {} times", charges.len()))
        });
    }
    ruling.end()
}

/// Whatever keys the services use among themselves: a member gets no more jobs than they have sent requests.
fn judge_members(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    let mut sent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for seen in evidence.at_front(EventKind::Submitted) {
        if let (Some(who), Some(key)) = (seen.text(Fact::Who), seen.text(Fact::Key)) {
            sent.entry(who).or_default().insert(key);
        }
    }
    for (who, keys) in sent {
        let made: Vec<_> = evidence
            .behind(EventKind::Submitted)
            .filter(|seen| seen.text(Fact::Who) == Some(who) && seen.text(Fact::Key).is_some())
            .collect();
        if made.len() <= keys.len() {
            continue;
        }
        let jobs: BTreeSet<_> = evidence
            .behind(EventKind::Billed)
            .filter(|seen| seen.is_done() && seen.text(Fact::Who) == Some(who))
            .filter_map(|seen| seen.text(Fact::Job))
            .collect();
        ruling.judge(jobs.len() <= keys.len(), || {
            let strange = made.iter().find(|seen| seen.text(Fact::Key).is_some_and(|key| !keys.contains(key)));
            let message = format!("{} requests of a member made {} jobs", keys.len(), jobs.len());
            evidence.finding(RULE.id, *strange.unwrap_or(&made[made.len() - 1]), message)
        });
    }
}
