//! E4. One submit key, however often it is sent: one job, and one charge.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// E4.
pub struct OneJob;

impl Check for OneJob {
    fn id(&self) -> &'static str {
        "E4"
    }

    fn layer(&self) -> Layer {
        Layer::Generation
    }

    fn means(&self) -> &'static str {
        "One submit key, however often it is sent: one job, one charge."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let mut by_key: BTreeMap<(&str, &str), Vec<Seen<'_>>> = BTreeMap::new();
        for seen in evidence.seen(EventKind::Submitted) {
            if let (Some(who), Some(key)) = (seen.text("who"), seen.text("key")) {
                by_key.entry((who, key)).or_default().push(seen);
            }
        }
        for sent in by_key.values() {
            let times = |front: bool| sent.iter().filter(|seen| seen.at_front() == front).count();
            if times(true).max(times(false)) < 2 {
                continue;
            }
            let made: Vec<_> = sent.iter().filter(|seen| seen.is_done() && seen.text("job").is_some()).collect();
            let jobs: BTreeSet<_> = made.iter().filter_map(|seen| seen.text("job")).collect();
            ruling.judge(jobs.len() <= 1, || {
                let other = |seen: &&&Seen<'_>| seen.text("job") != made[0].text("job");
                let message = format!("one key, sent several times, made {} jobs", jobs.len());
                evidence.finding(self.id(), **made.iter().find(other).expect("there are two"), message)
            });
        }
        self.judge_members(&mut ruling, evidence);
        let mut charges: BTreeMap<&str, BTreeMap<&str, Seen<'_>>> = BTreeMap::new();
        let mut tries: BTreeMap<&str, usize> = BTreeMap::new();
        for billed in evidence.behind(EventKind::Billed) {
            let Some(job) = billed.text("job") else { continue };
            *tries.entry(job).or_default() += 1;
            if let (true, Some(charge)) = (billed.is_done(), billed.text("charge")) {
                charges.entry(job).or_default().insert(charge, billed);
            }
        }
        for (job, charges) in charges.iter().filter(|(job, _)| tries[*job] > 1) {
            ruling.judge(charges.len() <= 1, || {
                let last = charges.values().max_by_key(|seen| seen.to()).expect("there are two");
                evidence.finding(self.id(), *last, format!("the job {job} was charged {} times", charges.len()))
            });
        }
        ruling.end()
    }
}

impl OneJob {
    /// Whatever keys the services use among themselves: a member gets no more jobs than they have sent requests.
    fn judge_members(&self, ruling: &mut Ruling, evidence: &Evidence<'_>) {
        let mut sent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for seen in evidence.at_front(EventKind::Submitted) {
            if let (Some(who), Some(key)) = (seen.text("who"), seen.text("key")) {
                sent.entry(who).or_default().insert(key);
            }
        }
        for (who, keys) in sent {
            let made: Vec<_> = evidence
                .behind(EventKind::Submitted)
                .filter(|seen| seen.text("who") == Some(who) && seen.text("key").is_some())
                .collect();
            if made.len() <= keys.len() {
                continue;
            }
            let jobs: BTreeSet<_> = evidence
                .behind(EventKind::Billed)
                .filter(|seen| seen.is_done() && seen.text("who") == Some(who))
                .filter_map(|seen| seen.text("job"))
                .collect();
            ruling.judge(jobs.len() <= keys.len(), || {
                let strange = made.iter().find(|seen| seen.text("key").is_some_and(|key| !keys.contains(key)));
                let message = format!("{} requests of a member made {} jobs", keys.len(), jobs.len());
                evidence.finding(self.id(), *strange.unwrap_or(&made[made.len() - 1]), message)
            });
        }
    }
}
