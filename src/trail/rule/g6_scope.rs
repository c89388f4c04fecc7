//! G6. A permission has the scope that was bought: A does not open B, generation does not open download, and buying takes no
//! right away.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{DOWNLOAD, GENERATE, May, Rights, Why};
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::G6,
    layer: Layer::Entitlement,
    holds: "Exact scope: buying A never opens B, buying generation never opens download, buying takes no right away.",
    basis: "Access is sold by version and by right.",
    consequence: "A purchase opens something that was not bought, or takes a right away.",
    remedy: "Check what the grant says: version and right must be those of the purchase.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    for grant in evidence.behind(EventKind::Granted).filter(|seen| seen.is_done()) {
        let bought =
            evidence.seen(EventKind::Charged).find(|seen| seen.is_done() && seen.shares(grant, Fact::Purchase));
        let right = bought.and_then(|bought| evidence.right(bought)).or(grant.text(Fact::Right));
        let sold = right.and_then(|right| evidence.mapping.rights.get(right));
        if let (Some(sold), Some(_)) = (sold, grant.fact(Fact::Rights)) {
            let (mut given, mut sold) = (grant.list(Fact::Rights), sold.iter().map(String::as_str).collect::<Vec<_>>());
            given.sort_unstable();
            sold.sort_unstable();
            ruling.judge(given == sold, || {
                let message =
                    format!("{} was bought, and what is granted is {}", right.unwrap_or_default(), given.join(", "));
                evidence.finding(RULE.id, grant, message)
            });
        }
    }
    let generate = evidence.all().filter(|seen| matches!(seen.kind(), EventKind::Checked | EventKind::Submitted));
    let generate = generate.filter_map(|seen| Some((seen, GENERATE, says(evidence, seen)?)));
    let shown =
        evidence.seen(EventKind::Checked).filter_map(|seen| Some((seen, DOWNLOAD, seen.truth(Fact::Download)?)));
    let taken = evidence.seen(EventKind::Delivered).filter(|seen| seen.text(Fact::Right) == Some(DOWNLOAD));
    let taken = taken.filter_map(|seen| Some((seen, DOWNLOAD, says(evidence, seen)?)));
    for (seen, action, yes) in generate.chain(shown).chain(taken) {
        let (Some(member), Some(version)) = (evidence.member(seen), seen.text(Fact::Version)) else { continue };
        let buyer = rights.purchases.iter().any(|purchase| purchase.member == Some(member));
        if !buyer && action == GENERATE {
            continue;
        }
        let holds = match rights.may(Some(member), version, action, seen.window(), evidence.bounds.sync) {
            May::MustNot(Why::NotBought) => !yes,
            // A no to generating is judged elsewhere, with whether it came with the proof it needs.
            May::Must(_) if action == DOWNLOAD => yes,
            May::MustNot(_) | May::Must(_) | May::Either => continue,
        };
        ruling.judge(holds, || {
            let (who, what) = (evidence.cast.name(member), evidence.cast.title(version));
            let message = match yes {
                true => format!("{who} may {action} {what}, and has not bought that"),
                false => format!("{who} may not {action} {what}, and has bought that"),
            };
            evidence.finding(RULE.id, seen, message)
        });
    }
    ruling.end()
}

fn says(evidence: &Evidence<'_>, seen: Seen<'_>) -> Option<bool> {
    if seen.is_done() { Some(true) } else { evidence.denies(seen).then_some(false) }
}
