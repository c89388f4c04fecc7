//! S4. The credential is there, and the same, at every hop that needs it: from the answer that gave it to the member, through
//! the submit and its forwarding, to the question whether they may.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::answers::issued;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// S4.
pub struct Credential;

impl Check for Credential {
    fn id(&self) -> &'static str {
        "S4"
    }

    fn layer(&self) -> Layer {
        Layer::Gateway
    }

    fn means(&self) -> &'static str {
        "The purchase credential is there, and the same, at every hop that needs it."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        for submit in evidence.at_front(EventKind::Submitted).filter(|seen| evidence.wants_credential(*seen)) {
            let given = given(evidence, submit);
            if let Some(given) = given {
                self.compare(&mut ruling, evidence, submit, given, "the submit");
            }
            let Some(carried) = submit.text("credential") else { continue };
            if given.is_some_and(|given| given != carried) {
                continue;
            }
            for forwarded in evidence.behind(EventKind::Submitted).filter(|seen| is_forwarded(*seen, submit)) {
                self.compare(&mut ruling, evidence, forwarded, carried, "the submit");
                if forwarded.text("credential") != Some(carried) {
                    continue; // Whatever follows lacks it for the same reason.
                }
                let asked = evidence.behind(EventKind::Checked).filter(|seen| evidence.wants_credential(*seen));
                for asked in asked.filter(|seen| is_asked_for(*seen, forwarded)) {
                    self.compare(&mut ruling, evidence, asked, carried, "the question whether they may");
                }
            }
        }
        ruling.end()
    }
}

impl Credential {
    fn compare(&self, ruling: &mut Ruling, evidence: &Evidence<'_>, seen: Seen<'_>, expected: &str, what: &str) {
        let carried = seen.text("credential");
        ruling.judge(carried == Some(expected), || {
            let how = if carried.is_some() { "another purchase credential" } else { "no purchase credential" };
            let mut finding = evidence.finding(self.id(), seen, format!("{what} carried {how}"));
            finding.at = Some("request/headers".into());
            finding
        });
    }
}

/// What the platform had last given this member for this version.
fn given<'a>(evidence: &Evidence<'a>, submit: Seen<'a>) -> Option<&'a str> {
    let member = evidence.member(submit)?;
    let version = submit.text("version")?;
    let told = evidence.all().filter(|seen| {
        seen.at_front()
            && seen.is_before(submit)
            && matches!(seen.kind(), EventKind::Checked | EventKind::Granted)
            && seen.exchange.status().is_some_and(|status| status < 300)
            && evidence.member(*seen) == Some(member)
            && seen.text("version") == Some(version)
    });
    let last = told.last()?.event.exchange;
    issued(evidence).find(|(seen, _)| seen.event.exchange == last).map(|(_, credential)| credential)
}

/// Whether one service sent it on for this submit.
fn is_forwarded(seen: Seen<'_>, submit: Seen<'_>) -> bool {
    let same_key = seen.fact("key").is_none() || seen.shares(submit, "key");
    seen.is_within(submit) && same_key && seen.shares(submit, "version") && seen.fact("who") == submit.fact("who")
}

/// Whether it was asked about this submit, or about the job that came of it.
fn is_asked_for(seen: Seen<'_>, submit: Seen<'_>) -> bool {
    let same_job = seen.shares(submit, "job");
    let meanwhile = seen.is_within(submit) && !(seen.fact("job").is_some() && submit.fact("job").is_some());
    (same_job || meanwhile) && submit.list("versions").iter().any(|version| seen.text("version") == Some(version))
}
