//! The rules of access: who may do what with a version, and what a purchase, a refund or a trial does to it. Pure: everything
//! is handed in, so that the page, the storefront and generation cannot get different answers, and every store keeps the same.

use serde::Serialize;
use serde_json::json;

use super::store::{AccessRecord, Gate, Grant, GrantSource, PurchaseCompleted, PurchaseRefunded};
use crate::clock::Time;
use crate::context::Propagated;
use crate::event::{ACCESS_CHANGED, EventDraft};
use crate::ids;
use crate::problem::{Code, Problem};
use crate::right::{Action, Right, VersionStatus};
use crate::session::{Member, Role};

/// The reason why somebody may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Basis {
    Owner,
    Moderator,
    Public,
    Purchase,
    Trial,
    /// There is none: access is refused.
    None,
}

/// The actions that somebody may do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccessDecision<'a> {
    pub(super) basis: Basis,
    pub(super) rights: Vec<Action>,
    /// The grant that the decision rests on, or that has ended.
    pub(super) grant: Option<&'a Grant>,
    /// The refusal of every action that is not among the rights.
    pub(super) refusal: Option<Code>,
}

impl AccessDecision<'_> {
    /// Returns why an action is refused; `None` if it is allowed.
    pub(super) fn refuses(&self, action: Action) -> Option<Code> {
        if self.rights.contains(&action) {
            return None;
        }
        let refusal = self.refusal.unwrap_or(Code::PurchaseRequired);
        Some(match (action, refusal) {
            // Whoever may generate and wants to download has to buy the download, whatever else is the matter.
            (Action::Download, Code::PurchaseRequired | Code::TrialExhausted) => Code::DownloadNotPurchased,
            (Action::Download | Action::Generate, refusal) => refusal,
        })
    }
}

/// Decides about access. A grant that holds outweighs one that has ended, a purchase outweighs a trial, and more rights
/// outweigh fewer. `job` is the job that the decision is for: the last use of a trial still counts for its own job.
pub(super) fn decide<'a>(
    record: &'a AccessRecord,
    member: Option<&Member>,
    now: Time,
    job: Option<&str>,
) -> AccessDecision<'a> {
    let free = |basis| AccessDecision { basis, rights: Right::Download.actions(), grant: None, refusal: None };
    if let Some(member) = member {
        if member.id == record.gate.owner {
            return free(Basis::Owner);
        }
        match member.role {
            Role::Moderator => return free(Basis::Moderator),
            Role::Member => {}
        }
    }
    let published = record.gate.status == VersionStatus::Published;
    if published && record.gate.ends_at.is_none_or(|end| now >= end) {
        return free(Basis::Public);
    }
    let live = record.grants.iter().filter(|grant| ended(grant, now, job).is_none());
    if let Some(grant) = live.max_by_key(|grant| weight(grant)) {
        let basis = if grant.is_trial() { Basis::Trial } else { Basis::Purchase };
        return AccessDecision { basis, rights: grant.rights.clone(), grant: Some(grant), refusal: None };
    }
    let none =
        |refusal, grant| AccessDecision { basis: Basis::None, rights: Vec::new(), grant, refusal: Some(refusal) };
    if member.is_none() {
        return none(Code::SignedOut, None);
    }
    // The latest grant says best why there is none: somebody whose purchase was refunded is told that, and not of a trial
    // long ago.
    match record.grants.iter().max_by_key(|grant| !grant.is_trial()) {
        Some(grant) => none(ended(grant, now, job).unwrap_or(Code::PurchaseRequired), Some(grant)),
        None if published => none(Code::PurchaseRequired, None),
        None => none(Code::NotPublished, None),
    }
}

/// Returns how a grant has ended; `None` while it holds. At the very moment of its expiry it has ended.
pub(super) fn ended(grant: &Grant, now: Time, job: Option<&str>) -> Option<Code> {
    if grant.revoked {
        return Some(Code::AccessRevoked);
    }
    if grant.expires_at.is_some_and(|end| now >= end) {
        return Some(Code::AccessExpired);
    }
    let counted = job.is_some_and(|job| grant.was_used_for(job));
    (grant.uses_left() == Some(0) && !counted).then_some(Code::TrialExhausted)
}

fn weight(grant: &Grant) -> (bool, usize, bool) {
    (!grant.is_trial(), grant.rights.len(), grant.expires_at.is_none())
}

/// Refuses a trial of a version that is not sold, or that the member may use anyway.
pub(super) fn check_trial(gate: &Gate, member: &str, now: Time) -> Result<(), Problem> {
    let gated = gate.ends_at.is_some_and(|end| now < end) && gate.owner != member;
    if !gated || gate.status != VersionStatus::Published || gate.trial_uses == 0 {
        return Err(Code::TrialUnavailable.into());
    }
    Ok(())
}

/// Says whether a job has to be counted as a use of this grant.
pub(super) fn counts_use(grant: &Grant, job: &str) -> Result<bool, Problem> {
    match grant.uses_left() {
        None => Ok(false),
        Some(_) if grant.was_used_for(job) => Ok(false),
        Some(0) => Err(Code::TrialExhausted.into()),
        Some(_) => Ok(true),
    }
}

pub(super) fn unknown_version() -> Problem {
    Problem::because(Code::NotFound, "There is no such model version.")
}

/// The change of access that generation is told of.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccessChange {
    Granted,
    Trial,
    Revoked,
}

impl Grant {
    pub(super) fn bought(bought: PurchaseCompleted) -> Self {
        let PurchaseCompleted { purchase, member, version, rights, expires_at } = bought;
        let source = GrantSource::Purchase { purchase };
        Self { id: ids::new("grt"), member, version, rights, expires_at, revoked: false, source }
    }

    /// Stands in for a purchase whose refund came first. Its completion will find that it is older; until then the member is
    /// told of the refund all the same.
    pub(super) fn refunded_before_granted(refunded: PurchaseRefunded) -> Self {
        let PurchaseRefunded { purchase, member, version, .. } = refunded;
        let bought = PurchaseCompleted { purchase, member, version, rights: Vec::new(), expires_at: None };
        Self { revoked: true, ..Self::bought(bought) }
    }

    pub(super) fn trial(member: &str, version: &str, allowed: u32) -> Self {
        Self {
            id: ids::new("grt"),
            member: member.to_owned(),
            version: version.to_owned(),
            rights: vec![Action::Generate],
            expires_at: None,
            revoked: false,
            source: GrantSource::Trial { allowed, used: Vec::new() },
        }
    }

    pub(super) fn is_trial(&self) -> bool {
        matches!(self.source, GrantSource::Trial { .. })
    }

    pub(super) fn is_from(&self, purchase: &str) -> bool {
        matches!(&self.source, GrantSource::Purchase { purchase: known } if known == purchase)
    }

    /// Returns how often a trial can still be used; `None` for a purchase.
    pub(super) fn uses_left(&self) -> Option<u32> {
        match &self.source {
            GrantSource::Purchase { .. } => None,
            GrantSource::Trial { allowed, used } => {
                Some(allowed.saturating_sub(u32::try_from(used.len()).unwrap_or(u32::MAX)))
            }
        }
    }

    fn was_used_for(&self, job: &str) -> bool {
        matches!(&self.source, GrantSource::Trial { used, .. } if used.iter().any(|known| known == job))
    }

    /// Returns the event that tells generation of a change.
    pub(super) fn changed(&self, change: AccessChange, at: Time, propagated: Propagated) -> EventDraft {
        EventDraft {
            source: "entitlement",
            r#type: ACCESS_CHANGED,
            member: self.member.clone(),
            version: self.version.clone(),
            time: at,
            propagated,
            data: json!({
                "member": self.member, "version": self.version, "rights": self.rights, "grant": self.id, "state": change,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn member(id: &str) -> Member {
        Member { id: id.into(), name: id.into(), role: Role::Member }
    }

    fn grant(rights: Vec<Action>, expires_at: Option<Time>) -> Grant {
        let source = GrantSource::Purchase { purchase: "pur_1".into() };
        Grant {
            id: "grt_1".into(),
            member: "b".into(),
            version: "v".into(),
            rights,
            expires_at,
            revoked: false,
            source,
        }
    }

    fn record(ends_at: Option<Time>, grants: Vec<Grant>) -> AccessRecord {
        let gate = Gate {
            owner: "o".into(),
            status: VersionStatus::Published,
            ends_at,
            generation: true,
            download: true,
            trial_uses: 0,
        };
        AccessRecord { gate, grants }
    }

    #[test]
    fn access_has_ended_at_the_very_moment_of_its_expiry() {
        let now = Time::wall();
        let next = now.after(Duration::from_millis(1));
        let record = record(Some(now.after(Duration::from_secs(9))), vec![grant(vec![Action::Generate], Some(next))]);
        assert_eq!(decide(&record, Some(&member("b")), now, None).refuses(Action::Generate), None);
        assert_eq!(
            decide(&record, Some(&member("b")), next, None).refuses(Action::Generate),
            Some(Code::AccessExpired)
        );
    }

    #[test]
    fn early_access_is_public_at_the_very_moment_of_its_end() {
        let now = Time::wall();
        let next = now.after(Duration::from_millis(1));
        let record = record(Some(next), vec![]);
        assert_eq!(decide(&record, Some(&member("b")), now, None).refusal, Some(Code::PurchaseRequired));
        assert_eq!(decide(&record, None, now, None).refusal, Some(Code::SignedOut));
        assert_eq!(decide(&record, None, next, None).basis, Basis::Public);
    }

    #[test]
    fn buying_generation_never_opens_the_download() {
        let now = Time::wall();
        let record = record(Some(now.after(Duration::from_secs(9))), vec![grant(vec![Action::Generate], None)]);
        let decision = decide(&record, Some(&member("b")), now, None);
        assert_eq!(decision.refuses(Action::Generate), None);
        assert_eq!(decision.refuses(Action::Download), Some(Code::DownloadNotPurchased));
    }

    #[test]
    fn a_purchase_that_holds_outweighs_one_that_was_refunded() {
        let now = Time::wall();
        let revoked = Grant { revoked: true, ..grant(vec![Action::Generate, Action::Download], None) };
        let record =
            record(Some(now.after(Duration::from_secs(9))), vec![grant(vec![Action::Generate], None), revoked]);
        assert_eq!(decide(&record, Some(&member("b")), now, None).basis, Basis::Purchase);
    }
}
