//! G6. A permission has the scope that was bought: A does not open B, generation does not open download, and buying takes no
//! right away.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::rights::{DOWNLOAD, GENERATE, May, Rights, Why};
use crate::trail::seen::Seen;

/// G6.
pub struct Scope;

impl Check for Scope {
    fn id(&self) -> &'static str {
        "G6"
    }

    fn layer(&self) -> Layer {
        Layer::Entitlement
    }

    fn means(&self) -> &'static str {
        "Exact scope: buying A never opens B, buying generation never opens download, buying takes no right away."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        for grant in evidence.behind(EventKind::Granted).filter(|seen| seen.is_done()) {
            let bought =
                evidence.seen(EventKind::Charged).find(|seen| seen.is_done() && seen.shares(grant, "purchase"));
            let right = bought.and_then(|bought| evidence.right(bought)).or(grant.text("right"));
            let sold = right.and_then(|right| evidence.mapping.rights.get(right));
            if let (Some(sold), Some(_)) = (sold, grant.fact("rights")) {
                let (mut given, mut sold) = (grant.list("rights"), sold.iter().map(String::as_str).collect::<Vec<_>>());
                given.sort_unstable();
                sold.sort_unstable();
                ruling.judge(given == sold, || {
                    let message = format!(
                        "{} was bought, and what is granted is {}",
                        right.unwrap_or_default(),
                        given.join(", ")
                    );
                    evidence.finding(self.id(), grant, message)
                });
            }
        }
        let generate = evidence.all().filter(|seen| matches!(seen.kind(), EventKind::Checked | EventKind::Submitted));
        let generate = generate.filter_map(|seen| Some((seen, GENERATE, says(evidence, seen)?)));
        let shown =
            evidence.seen(EventKind::Checked).filter_map(|seen| Some((seen, DOWNLOAD, seen.truth("download")?)));
        let taken = evidence.seen(EventKind::Delivered).filter(|seen| seen.text("right") == Some(DOWNLOAD));
        let taken = taken.filter_map(|seen| Some((seen, DOWNLOAD, says(evidence, seen)?)));
        for (seen, action, yes) in generate.chain(shown).chain(taken) {
            let (Some(member), Some(version)) = (evidence.member(seen), seen.text("version")) else { continue };
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
                evidence.finding(self.id(), seen, message)
            });
        }
        ruling.end()
    }
}

fn says(evidence: &Evidence<'_>, seen: Seen<'_>) -> Option<bool> {
    if seen.is_done() { Some(true) } else { evidence.denies(seen).then_some(false) }
}
