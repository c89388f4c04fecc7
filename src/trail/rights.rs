//! Who must be let in, who must be refused, and when either is legal.
//!
//! This is what the platform is held against. It follows from charges, refunds and offers alone, and from nothing that
//! the platform says about permissions.

use super::evidence::Evidence;
use super::occurrence::{Interval, Occurrence};
use super::purchases::Purchase;
use crate::model::{EventKind, Fact};

/// The action of generating images.
pub const GENERATE: &str = "generate";
/// The action of downloading a model's file.
pub const DOWNLOAD: &str = "download";

/// The answer that the platform owes to one member, for one version, one action and one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obligation {
    Allow(AllowReason),
    Refuse(RefusalReason),
    /// Both are legal: the right is changing just then, or too little is known.
    Either,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowReason {
    /// The member owns the version, or is a moderator.
    OwnerOrModerator,
    /// The version is open to everybody.
    Public,
    Paid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// No purchase allows the action.
    NotBought,
    /// The access that was bought has ended.
    Expired,
    /// The purchase was refunded.
    Revoked,
}

impl RefusalReason {
    /// Returns words that continue a sentence about the member.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotBought => "had not bought it",
            Self::Expired => "had access that was over",
            Self::Revoked => "had been given the money back",
        }
    }
}

impl Obligation {
    /// Returns the answer that is owed, if only one is legal.
    pub fn expected(self) -> Option<bool> {
        match self {
            Self::Allow(_) => Some(true),
            Self::Refuse(_) => Some(false),
            Self::Either => None,
        }
    }
}

/// The access to a version that nobody has to pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Early access is over: everybody may generate.
    Open,
    /// The version is in early access: only buyers may.
    Closed,
    /// One turns into the other during the interval, or too little is known.
    Changing,
}

/// The right that one purchase gives during an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PurchaseState {
    NotYet,
    Valid,
    Uncertain,
    Expired,
    Revoked,
}

impl<'a> Evidence<'a> {
    /// Returns the answer that the platform owes, when a purchase has `sync` microseconds to take effect.
    pub fn obligation(
        &self,
        member: Option<&str>,
        version: &str,
        action: &str,
        interval: Interval,
        sync: u64,
    ) -> Obligation {
        let known = member.and_then(|member| self.participants.by_id(member));
        let is_moderator = known.is_some_and(|member| member.moderator);
        if is_moderator || member.is_some_and(|member| self.owners(version).contains(&member)) {
            return Obligation::Allow(AllowReason::OwnerOrModerator);
        }
        // Somebody whom the scenario did not create may be an administrator, or have rights from before.
        if member.is_some() && known.is_none() {
            return Obligation::Either;
        }
        let gate = self.gate(version, interval);
        if gate == Gate::Open {
            return Obligation::Allow(AllowReason::Public);
        }
        let states: Vec<_> = match member {
            Some(member) => self
                .purchases_allowing(member, version, action)
                .map(|purchase| self.purchase_state(purchase, interval, sync))
                .collect(),
            None => Vec::new(),
        };
        if states.contains(&PurchaseState::Valid) {
            return Obligation::Allow(AllowReason::Paid);
        }
        let may_have_a_right = !self.sees_how_rights_are_got()
            || member.is_some_and(|member| {
                self.is_on_trial(member, version, interval) || self.may_have_bought(member, version, interval)
            });
        if gate == Gate::Changing || may_have_a_right || states.contains(&PurchaseState::Uncertain) {
            return Obligation::Either;
        }
        Obligation::Refuse(if states.contains(&PurchaseState::Revoked) {
            RefusalReason::Revoked
        } else if states.contains(&PurchaseState::Expired) {
            RefusalReason::Expired
        } else {
            RefusalReason::NotBought
        })
    }

    /// Returns the start of the purchase that must be honoured during the interval.
    ///
    /// An earlier purchase that is over by then says nothing about this one, nor do the answers given while it lasted.
    pub fn paid_since(&self, member: &str, version: &str, action: &str, interval: Interval) -> Option<u64> {
        self.purchases_allowing(member, version, action)
            .filter(|purchase| self.purchase_state(purchase, interval, 0) == PurchaseState::Valid)
            .map(|purchase| purchase.charge.started())
            .min()
    }

    /// Returns the purchases of a member that allow an action.
    pub fn purchases_allowing<'s>(
        &'s self,
        member: &'s str,
        version: &'s str,
        action: &'s str,
    ) -> impl Iterator<Item = &'s Purchase<'a>> + 's {
        let allows = move |right: &str| {
            self.mapping.rights.get(right).is_some_and(|actions| actions.iter().any(|to| to == action))
        };
        self.purchases().iter().filter(move |purchase| {
            purchase.member == Some(member) && purchase.version == Some(version) && purchase.right.is_some_and(allows)
        })
    }

    /// Returns the moments at which access to a version ends: those in its offers and those in its purchases.
    pub fn ends_of_access(&self, version: &str) -> Vec<jiff::Timestamp> {
        let ends = self.offers(version).filter_map(|offer| offer.text(Fact::EndsAt)?.parse().ok());
        let bought = self.purchases().iter().filter(|purchase| purchase.version == Some(version));
        ends.chain(bought.filter_map(|purchase| purchase.expires_at)).collect()
    }

    fn offers<'s>(&'s self, version: &'s str) -> impl Iterator<Item = Occurrence<'a>> + 's {
        // Where no tap between services sees offers, those of the front door have to do.
        let is_inner = self.watches(EventKind::Offered);
        let offers = self.of_kind(EventKind::Offered).filter(move |event| event.is_from_member() != is_inner);
        // An offer without an answer may hold, so only refused ones are left out.
        offers.filter(move |event| !event.is_refused() && event.text(Fact::Version) == Some(version))
    }

    fn owners(&self, version: &str) -> Vec<&'a str> {
        let owner = |offer: Occurrence<'a>| {
            // Whoever sets the terms at the front door is the owner; whoever only looks at them need not be.
            let is_set = offer.is_from_member() && offer.exchange.request.method != "GET";
            offer.text(Fact::Owner).or_else(|| self.asker(offer).filter(|_| is_set).map(|owner| owner.id.as_str()))
        };
        self.offers(version).filter_map(owner).collect()
    }

    fn gate(&self, version: &str, interval: Interval) -> Gate {
        let mut gate = None;
        for offer in self.offers(version) {
            if offer.started() >= interval.to {
                break;
            }
            let in_force = offer.is_done() && offer.ended().saturating_add(self.bounds.sync) <= interval.from;
            let state = self.gate_of(offer, interval);
            gate = match gate {
                Some(before) if !in_force && before != state => Some(Gate::Changing),
                Some(_) | None => Some(state),
            };
        }
        // Without an offer on record nobody knows whether the version is sold at all.
        gate.unwrap_or(Gate::Changing)
    }

    fn gate_of(&self, offer: Occurrence<'_>, interval: Interval) -> Gate {
        // Before it is published, and after it is withdrawn, a platform may treat a version as it likes.
        if offer.text(Fact::Status).is_some_and(|status| status != "published") {
            return Gate::Changing;
        }
        // A target file that does not say where the end stands says nothing about early access.
        if !self.carries(offer, Fact::EndsAt) {
            return Gate::Changing;
        }
        let Some(ends_at) = offer.text(Fact::EndsAt).and_then(|text| text.parse::<jiff::Timestamp>().ok()) else {
            // A sale need not have an end.
            let is_sold = offer.number(Fact::GenerationPrice).is_some_and(|price| price > 0);
            return if is_sold { Gate::Closed } else { Gate::Open };
        };
        let (earliest, latest) = self.moments(interval);
        if latest < ends_at {
            Gate::Closed
        } else if earliest >= ends_at {
            Gate::Open
        } else {
            Gate::Changing
        }
    }

    fn purchase_state(&self, purchase: &Purchase<'_>, interval: Interval, sync: u64) -> PurchaseState {
        if purchase.charge.started() >= interval.to {
            return PurchaseState::NotYet;
        }
        let full_refund = purchase.full_refund();
        if full_refund.is_some_and(|refund| refund.ended().saturating_add(self.bounds.revoke) <= interval.from) {
            return PurchaseState::Revoked;
        }
        let (earliest, latest) = self.moments(interval);
        if purchase.expires_at.is_some_and(|end| earliest >= end) {
            return PurchaseState::Expired;
        }
        // A refund of a part leaves the right alone. One that may have been paid may have been the last part.
        let may_end_by_refund = (full_refund.is_some() || !purchase.uncertain_refunds.is_empty())
            && purchase.possible_refunds().any(|refund| refund.started() <= interval.to);
        let may_have_expired = purchase.expires_at.is_some_and(|end| latest >= end);
        let had_time_to_arrive = purchase.charge.ended().saturating_add(sync) <= interval.from;
        if had_time_to_arrive && !may_end_by_refund && !may_have_expired {
            PurchaseState::Valid
        } else {
            PurchaseState::Uncertain
        }
    }

    fn is_on_trial(&self, member: &str, version: &str, interval: Interval) -> bool {
        let mut trials = self.of_kind(EventKind::Granted).filter(|event| event.text(Fact::Basis) == Some("trial"));
        trials.any(|trial| {
            !trial.is_refused()
                && trial.started() <= interval.to
                && trial.text(Fact::Version) == Some(version)
                && self.member_of(trial) == Some(member)
        })
    }

    /// Returns true if every purchase and every trial would be seen.
    fn sees_how_rights_are_got(&self) -> bool {
        let sees = |kind| self.mapping.edges_of(kind).any(|edge| self.edges.contains(edge));
        sees(EventKind::Charged) && (sees(EventKind::Granted) || !self.mapping.has_operation("trial"))
    }

    /// Returns true if an order may have bought the version: one without a usable answer, or without the id of a purchase.
    fn may_have_bought(&self, member: &str, version: &str, interval: Interval) -> bool {
        let is_known = |charge: &Occurrence<'_>| charge.is_done() && charge.text(Fact::Purchase).is_some();
        self.of_kind(EventKind::Charged).filter(|event| !event.is_refused() && !is_known(event)).any(|charge| {
            charge.started() <= interval.to
                && self.member_of(charge) == Some(member)
                && self.version_of(charge).is_none_or(|bought| bought == version)
        })
    }
}
