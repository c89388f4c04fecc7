//! Measures the time that a permission takes to arrive: charged → granted → synced → first allowed → first accepted
//! submit.
//!
//! For each member and version the first event of each stage gets the fact [`Fact::SinceCharge`], so that a report can
//! show the distribution over a run. The rules judge whether it took too long.

use std::collections::{HashMap, HashSet};

use crate::model::{EventKind, Fact, Trail};

const STAGES: &[EventKind] = &[EventKind::Granted, EventKind::Synced, EventKind::Checked, EventKind::Submitted];

pub(super) fn measure(trail: &mut Trail) {
    let mut charged: HashMap<(String, String), u64> = HashMap::new();
    let mut measured = HashSet::new();
    // A charge names the member; requests at the front door name only the session.
    let mut members: HashMap<String, String> = HashMap::new();
    for event in &mut trail.events {
        // Only events that took effect move the permission on.
        if event.done != Some(true) {
            continue;
        }
        let text = |fact: Fact| event.facts.get(&fact).and_then(|value| value.as_str()).map(str::to_owned);
        if let (Some(who), Some(member)) = (text(Fact::Who), text(Fact::Member)) {
            members.insert(who, member);
        }
        let member = text(Fact::Member).or_else(|| members.get(&text(Fact::Who)?).cloned());
        let (Some(member), Some(version)) = (member, text(Fact::Version)) else { continue };
        let subject = (member, version);
        if event.kind == EventKind::Charged {
            charged.entry(subject).or_insert(event.at_micros);
        } else if STAGES.contains(&event.kind)
            && let Some(since) = charged.get(&subject)
            && measured.insert((subject, event.kind))
        {
            event.facts.insert(Fact::SinceCharge, event.at_micros.saturating_sub(*since).into());
        }
    }
}
