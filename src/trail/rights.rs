//! Who must be let in, who must not, and when either is legal: the rule that the platform is held against, worked out from
//! what was charged, refunded and published, and from nothing that the platform says about permissions.

use super::evidence::Evidence;
use super::purchases::{Purchase, purchases};
use super::seen::{Seen, Window};
use crate::model::{EventKind, Fact};

/// Generating images.
pub const GENERATE: &str = "generate";
/// Downloading the model's file.
pub const DOWNLOAD: &str = "download";

/// What the rule says of one member, one version, one action and one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// They must be let in.
    Must(Because),
    /// They must not.
    MustNot(Why),
    /// Either is legal: it is changing just then, or not enough is known.
    Either,
}

/// Why somebody must be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It is theirs, or they keep order.
    Theirs,
    /// Everybody may.
    Public,
    /// They paid.
    Paid,
}

/// Why somebody must not be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing was bought that allows it.
    NotBought,
    /// What was bought has ended.
    Expired,
    /// What was bought was given back.
    Revoked,
}

impl Why {
    /// In a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotBought => "had not bought it",
            Self::Expired => "had access that was over",
            Self::Revoked => "had been given the money back",
        }
    }
}

/// The rule, for one scenario.
pub struct Rights<'e, 'a> {
    evidence: &'e Evidence<'a>,
    /// What was bought.
    pub purchases: Vec<Purchase<'a>>,
}

/// Whether a version is in early access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Closed,
    Changing,
}

impl<'e, 'a> Rights<'e, 'a> {
    /// Works it out.
    pub fn of(evidence: &'e Evidence<'a>) -> Self {
        Self { evidence, purchases: purchases(evidence) }
    }

    /// What the rule says, when a purchase has `sync` microseconds to arrive.
    pub fn may(&self, member: Option<&str>, version: &str, action: &str, window: Window, sync: u64) -> May {
        let owners = self.owners(version);
        let person = member.and_then(|member| self.evidence.cast.by_id(member));
        if person.is_some_and(|person| person.moderator) || member.is_some_and(|member| owners.contains(&member)) {
            return May::Must(Because::Theirs);
        }
        if member.is_some() && person.is_none() {
            return May::Either; // Somebody from outside the scenario: an administrator, perhaps.
        }
        let gate = self.gate(version, window);
        if gate == Gate::Open {
            return May::Must(Because::Public);
        }
        let mine: Vec<_> = match member {
            Some(member) => self.bought(member, version, action).collect(),
            None => Vec::new(),
        };
        let holds: Vec<_> = mine.iter().map(|purchase| self.holds(purchase, window, sync)).collect();
        if holds.contains(&Hold::Surely) {
            return May::Must(Because::Paid);
        }
        let tries = member.is_some_and(|member| self.is_trying(member, version, window));
        let unsure = member.is_some_and(|member| self.may_have_bought(member, version, window));
        if gate == Gate::Changing || tries || unsure || holds.contains(&Hold::Perhaps) {
            return May::Either;
        }
        May::MustNot(match () {
            () if holds.contains(&Hold::Revoked) => Why::Revoked,
            () if holds.contains(&Hold::Expired) => Why::Expired,
            () => Why::NotBought,
        })
    }

    /// Since when somebody has had what they must be let in for because they paid: a purchase that is over by then, and what
    /// was answered while it lasted, say nothing about the one that followed.
    pub fn paid_since(&self, member: &str, version: &str, action: &str, window: Window) -> Option<u64> {
        let holding =
            self.bought(member, version, action).filter(|bought| self.holds(bought, window, 0) == Hold::Surely);
        holding.map(|purchase| purchase.charge.from()).min()
    }

    /// A member's purchases that allow an action.
    pub fn bought<'s>(
        &'s self,
        member: &'s str,
        version: &'s str,
        action: &'s str,
    ) -> impl Iterator<Item = &'s Purchase<'a>> + 's {
        let allows = move |right: &str| {
            self.evidence.mapping.rights.get(right).is_some_and(|to| to.iter().any(|to| to == action))
        };
        self.purchases.iter().filter(move |purchase| {
            purchase.member == Some(member) && purchase.version == Some(version) && purchase.right.is_some_and(allows)
        })
    }

    /// When a purchase ends: what it says, or the end of early access.
    pub fn boundaries(&self, version: &str) -> Vec<jiff::Timestamp> {
        let ends = self.offers(version).filter_map(|offer| offer.text(Fact::EndsAt)?.parse().ok());
        let bought = self.purchases.iter().filter(|purchase| purchase.version == Some(version));
        ends.chain(bought.filter_map(|purchase| purchase.expires_at)).collect()
    }

    fn offers<'s>(&'s self, version: &'s str) -> impl Iterator<Item = Seen<'a>> + 's {
        let offers = self.evidence.behind(EventKind::Offered).filter(|seen| !seen.is_refused());
        offers.filter(move |seen| seen.text(Fact::Version) == Some(version))
    }

    fn owners(&self, version: &str) -> Vec<&'a str> {
        self.offers(version).filter_map(|offer| offer.text(Fact::Owner)).collect()
    }

    fn gate(&self, version: &str, window: Window) -> Gate {
        let mut gate = None;
        for offer in self.offers(version) {
            if offer.from() >= window.to {
                break;
            }
            let settled = offer.is_done() && offer.to().saturating_add(self.evidence.bounds.sync) <= window.from;
            let state = self.gate_of(offer, window);
            gate = match (gate, settled || offer.is_done() && gate.is_none()) {
                (None, _) | (Some(_), true) => Some(state),
                (Some(before), false) if before == state => Some(state),
                (Some(_), false) => Some(Gate::Changing),
            };
        }
        gate.unwrap_or(Gate::Changing)
    }

    fn gate_of(&self, offer: Seen<'_>, window: Window) -> Gate {
        if offer.text(Fact::Status).is_some_and(|status| status != "published") {
            return Gate::Changing;
        }
        let Some(ends_at) = offer.text(Fact::EndsAt).and_then(|text| text.parse::<jiff::Timestamp>().ok()) else {
            return Gate::Open;
        };
        let (earliest, latest) = self.evidence.moments(window);
        match () {
            () if latest < ends_at => Gate::Closed,
            () if earliest >= ends_at => Gate::Open,
            () => Gate::Changing,
        }
    }

    fn holds(&self, purchase: &Purchase<'_>, window: Window, sync: u64) -> Hold {
        if purchase.charge.from() >= window.to {
            return Hold::NotYet;
        }
        if let Some(refund) = purchase.fully_refunded()
            && refund.to().saturating_add(self.evidence.bounds.revoke) <= window.from
        {
            return Hold::Revoked;
        }
        let (earliest, latest) = self.evidence.moments(window);
        if purchase.expires_at.is_some_and(|end| earliest >= end) {
            return Hold::Expired;
        }
        let giving_back =
            purchase.refunds.iter().chain(&purchase.perhaps_refunded).any(|refund| refund.from() <= window.to)
                && (purchase.fully_refunded().is_some() || !purchase.perhaps_refunded.is_empty());
        let ending = purchase.expires_at.is_some_and(|end| latest >= end);
        let arrived = purchase.charge.to().saturating_add(sync) <= window.from;
        if arrived && !giving_back && !ending { Hold::Surely } else { Hold::Perhaps }
    }

    fn is_trying(&self, member: &str, version: &str, window: Window) -> bool {
        let mut trials = self.evidence.seen(EventKind::Granted).filter(|seen| seen.text(Fact::Basis) == Some("trial"));
        trials.any(|trial| {
            !trial.is_refused()
                && trial.from() <= window.to
                && trial.text(Fact::Version) == Some(version)
                && self.evidence.member(trial) == Some(member)
        })
    }

    /// Whether a purchase was asked for of which nobody knows what came of it.
    fn may_have_bought(&self, member: &str, version: &str, window: Window) -> bool {
        let mut charges = self.evidence.seen(EventKind::Charged).filter(|seen| seen.is_unsure());
        charges.any(|charge| {
            charge.from() <= window.to
                && self.evidence.member(charge) == Some(member)
                && self.evidence.version(charge).is_none_or(|bought| bought == version)
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    NotYet,
    Surely,
    Perhaps,
    Expired,
    Revoked,
}
