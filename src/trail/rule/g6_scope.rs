//! G6. A permission has exactly the scope that was bought: version A does not open B, generation does not open
//! download, and no purchase takes a right away.
//!
//! Evidence: the rights in a grant, and the answers about generation and download.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::allows;
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::rights::{DOWNLOAD, GENERATE, Obligation, RefusalReason};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G6,
    layer: Layer::Entitlement,
    holds: "Exact scope: buying A never opens B, buying generation never opens download, buying takes no right away.",
    basis: "Access is sold by version and by right.",
    consequence: "A purchase opens something that was not bought, or takes a right away.",
    remedy: "Check the grant: its version and its rights must be those of the purchase.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for grant in evidence.between_services(EventKind::Granted).filter(|event| event.is_done()) {
        judge_grant(&mut ruling, evidence, grant);
    }
    for (event, action, yes) in answers_about_actions(evidence) {
        judge_answer(&mut ruling, evidence, event, action, yes);
    }
    ruling.finish()
}

fn judge_grant(ruling: &mut Ruling, evidence: &Evidence<'_>, grant: Occurrence<'_>) {
    // The charge says what was bought; the grant itself may name another right.
    let bought = evidence.charge_of(grant).and_then(|charge| evidence.right_of(charge));
    let Some(right) = bought.or(grant.text(Fact::Right)) else { return };
    let Some(actions) = evidence.mapping.rights.get(right) else { return };
    if grant.fact(Fact::Rights).is_none() {
        return;
    }
    let mut sold: Vec<_> = actions.iter().map(String::as_str).collect();
    let mut given = grant.list(Fact::Rights);
    sold.sort_unstable();
    given.sort_unstable();
    ruling.judge(given == sold, || {
        let message = format!("{right} was bought, and what is granted is {}", given.join(", "));
        evidence.finding(RULE.id, grant, message)
    });
}

/// Returns every answer that says whether a member may do something, with the action and the answer.
fn answers_about_actions<'a>(evidence: &Evidence<'a>) -> Vec<(Occurrence<'a>, &'static str, bool)> {
    let generation = evidence
        .events()
        .filter(|event| matches!(event.kind(), EventKind::Checked | EventKind::Submitted))
        .filter_map(|event| Some((event, GENERATE, allows(evidence, event)?)));
    let download_offered = evidence
        .of_kind(EventKind::Checked)
        .filter_map(|event| Some((event, DOWNLOAD, event.boolean(Fact::Download)?)));
    let downloaded = evidence
        .of_kind(EventKind::Delivered)
        .filter(|event| event.text(Fact::Right) == Some(DOWNLOAD))
        .filter_map(|event| Some((event, DOWNLOAD, allows(evidence, event)?)));
    generation.chain(download_offered).chain(downloaded).collect()
}

fn judge_answer<'a>(ruling: &mut Ruling, evidence: &Evidence<'a>, event: Occurrence<'a>, action: &str, yes: bool) {
    let (Some(member), Some(version)) = (evidence.member_of(event), event.text(Fact::Version)) else { return };
    // A member without any purchase is G2's subject.
    let is_buyer = evidence.purchases().iter().any(|purchase| purchase.member == Some(member));
    if !is_buyer && action == GENERATE {
        return;
    }
    let holds = match evidence.obligation(Some(member), version, action, event.interval(), evidence.bounds.sync) {
        Obligation::Refuse(RefusalReason::NotBought) => !yes,
        // A no to generation is judged by G3 and G4, which know whether the request carried its proof.
        Obligation::Allow(_) if action == DOWNLOAD => yes,
        Obligation::Refuse(_) | Obligation::Allow(_) | Obligation::Either => return,
    };
    ruling.judge(holds, || {
        let who = evidence.participants.member_name(member);
        let what = evidence.participants.version_name(version);
        let message = if yes {
            format!("{who} may {action} {what}, and has not bought that")
        } else {
            format!("{who} may not {action} {what}, and has bought that")
        };
        evidence.finding(RULE.id, event, message)
    });
}
