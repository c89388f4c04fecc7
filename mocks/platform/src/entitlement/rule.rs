//! The one rule of who may do what. Pure: everything it needs is handed in, so the page, the storefront and generation
//! cannot get different answers.

use serde::Serialize;

use super::store::{Grant, Source, Standing, Status};
use crate::clock::Time;
use crate::problem::Code;
use crate::right::Action;
use crate::session::{Member, Role};

/// Why somebody may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It is theirs.
    Owner,
    /// They keep order.
    Moderator,
    /// Everybody may.
    Public,
    /// They bought it.
    Purchase,
    /// They are trying it.
    Trial,
    /// They may not.
    None,
}

/// What somebody may do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// Why, or that not.
    pub basis: Basis,
    /// What they may do.
    pub rights: Vec<Action>,
    /// The grant that it rests on, or that is over.
    pub grant: Option<&'a Grant>,
    /// What they are told about what they may not do.
    pub refusal: Option<Code>,
}

impl Ruling<'_> {
    /// Why this cannot be done; `None` if it can.
    #[must_use]
    pub fn refuses(&self, action: Action) -> Option<Code> {
        if self.rights.contains(&action) {
            return None;
        }
        let refusal = self.refusal.unwrap_or(Code::PurchaseRequired);
        Some(match (action, refusal) {
            // Who may generate and wants to download has to buy the download, whatever else is the matter.
            (Action::Download, Code::PurchaseRequired | Code::TrialExhausted) => Code::DownloadNotPurchased,
            (Action::Download | Action::Generate, refusal) => refusal,
        })
    }
}

/// Rules. A grant that holds weighs more than one that is over; what was bought more than a trial; more rights more than
/// fewer. `job` is what the answer is for, if it is for one: a trial's last use is not yet over for the job that it was.
#[must_use]
pub fn rule<'a>(standing: &'a Standing, member: Option<&Member>, now: Time, job: Option<&str>) -> Ruling<'a> {
    let all = vec![Action::Generate, Action::Download];
    let free = |basis| Ruling { basis, rights: all.clone(), grant: None, refusal: None };
    if let Some(member) = member {
        if member.id == standing.gate.owner {
            return free(Basis::Owner);
        }
        match member.role {
            Role::Moderator => return free(Basis::Moderator),
            Role::Member => {}
        }
    }
    let published = standing.gate.status == Status::Published;
    if published && standing.gate.ends_at.is_none_or(|end| now >= end) {
        return free(Basis::Public);
    }
    if let Some(grant) =
        standing.grants.iter().filter(|grant| over(grant, now, job).is_none()).max_by_key(|grant| weight(grant))
    {
        let basis = match grant.source {
            Source::Purchase { .. } => Basis::Purchase,
            Source::Trial { .. } => Basis::Trial,
        };
        return Ruling { basis, rights: grant.rights.clone(), grant: Some(grant), refusal: None };
    }
    let none = |refusal, grant| Ruling { basis: Basis::None, rights: Vec::new(), grant, refusal: Some(refusal) };
    if member.is_none() {
        return none(Code::SignedOut, None);
    }
    // The latest grant says best why there is none: somebody whose purchase was refunded is told that, and not of a trial
    // long ago.
    match standing.grants.iter().max_by_key(|grant| matches!(grant.source, Source::Purchase { .. })) {
        Some(grant) => none(over(grant, now, job).unwrap_or(Code::PurchaseRequired), Some(grant)),
        None if published => none(Code::PurchaseRequired, None),
        None => none(Code::NotPublished, None),
    }
}

/// How a grant has ended; `None` while it holds. At the very moment of its expiry it has.
#[must_use]
pub fn over(grant: &Grant, now: Time, job: Option<&str>) -> Option<Code> {
    if grant.revoked {
        return Some(Code::AccessRevoked);
    }
    if grant.expires_at.is_some_and(|end| now >= end) {
        return Some(Code::AccessExpired);
    }
    match &grant.source {
        Source::Purchase { .. } => None,
        Source::Trial { used, .. } => {
            let counted = job.is_some_and(|job| used.iter().any(|used| used == job));
            (uses_left(grant) == Some(0) && !counted).then_some(Code::TrialExhausted)
        }
    }
}

/// How often a trial can still be used; `None` for what was bought.
#[must_use]
pub fn uses_left(grant: &Grant) -> Option<u32> {
    match &grant.source {
        Source::Purchase { .. } => None,
        Source::Trial { allowed, used } => Some(allowed.saturating_sub(u32::try_from(used.len()).unwrap_or(u32::MAX))),
    }
}

/// Whether it came of this purchase.
#[must_use]
pub fn bought_with(grant: &Grant, purchase: &str) -> bool {
    matches!(&grant.source, Source::Purchase { purchase: known } if known == purchase)
}

fn weight(grant: &Grant) -> (bool, usize, bool) {
    (matches!(grant.source, Source::Purchase { .. }), grant.rights.len(), grant.expires_at.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entitlement::store::Gate;
    use std::time::Duration;

    fn member(id: &str) -> Member {
        Member { id: id.into(), name: id.into(), role: Role::Member }
    }

    fn grant(rights: Vec<Action>, expires_at: Option<Time>) -> Grant {
        let source = Source::Purchase { purchase: "pur_1".into() };
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

    fn standing(ends_at: Option<Time>, grants: Vec<Grant>) -> Standing {
        let gate = Gate {
            owner: "o".into(),
            status: Status::Published,
            ends_at,
            generation: true,
            download: true,
            trial_uses: 0,
        };
        Standing { gate, grants }
    }

    #[test]
    fn access_has_ended_at_the_very_moment_of_its_expiry() {
        let now = Time::wall();
        let next = now.after(Duration::from_millis(1));
        let standing =
            standing(Some(now.after(Duration::from_secs(9))), vec![grant(vec![Action::Generate], Some(next))]);
        assert_eq!(rule(&standing, Some(&member("b")), now, None).refuses(Action::Generate), None);
        assert_eq!(
            rule(&standing, Some(&member("b")), next, None).refuses(Action::Generate),
            Some(Code::AccessExpired)
        );
    }

    #[test]
    fn early_access_is_public_at_the_very_moment_of_its_end() {
        let now = Time::wall();
        let next = now.after(Duration::from_millis(1));
        let standing = standing(Some(next), vec![]);
        assert_eq!(rule(&standing, Some(&member("b")), now, None).refusal, Some(Code::PurchaseRequired));
        assert_eq!(rule(&standing, None, now, None).refusal, Some(Code::SignedOut));
        assert_eq!(rule(&standing, None, next, None).basis, Basis::Public);
    }

    #[test]
    fn buying_generation_never_opens_the_download() {
        let now = Time::wall();
        let standing = standing(Some(now.after(Duration::from_secs(9))), vec![grant(vec![Action::Generate], None)]);
        let ruling = rule(&standing, Some(&member("b")), now, None);
        assert_eq!(ruling.refuses(Action::Generate), None);
        assert_eq!(ruling.refuses(Action::Download), Some(Code::DownloadNotPurchased));
    }

    #[test]
    fn a_purchase_that_holds_outweighs_one_that_was_refunded() {
        let now = Time::wall();
        let revoked = Grant { revoked: true, ..grant(vec![Action::Generate, Action::Download], None) };
        let standing =
            standing(Some(now.after(Duration::from_secs(9))), vec![grant(vec![Action::Generate], None), revoked]);
        assert_eq!(rule(&standing, Some(&member("b")), now, None).basis, Basis::Purchase);
    }
}
