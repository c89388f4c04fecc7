//! Reading what decides about a member and a version: from the store, each time.
//!
//! All else in this file is about defects: the caches and replicas that such a service might have, and how they go wrong.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::store::{Standing, Store};
use crate::context::Context;
use crate::problem::Problem;
use crate::session::Member;

/// The reader.
#[derive(Default)]
pub(super) struct Standings {
    /// What a cache holds and how often it was read; empty unless a defect is on.
    kept: Mutex<HashMap<(String, String), (Standing, u32)>>,
}

impl Standings {
    /// What decides, as of now.
    pub(super) async fn of(
        &self,
        store: &dyn Store,
        context: &Context,
        member: Option<&Member>,
        version: &str,
    ) -> Result<Standing, Problem> {
        let member = member.map(|member| member.id.as_str());
        let fresh = store.standing(member, version).await?;
        let stale = ["ent.negative-cache", "ent.revoke-no-bust", "ent.replica-lag"].map(|id| context.defect(id));
        match member {
            Some(member) if stale.contains(&true) => Ok(self.stale((member.into(), version.into()), stale, fresh)),
            Some(_) | None => Ok(fresh),
        }
    }

    fn stale(&self, key: (String, String), [negative, positive, replica]: [bool; 3], fresh: Standing) -> Standing {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, reads) = kept.entry(key).or_insert_with(|| (fresh.clone(), 0));
        let bought = |standing: &Standing| standing.grants.iter().any(|grant| !grant.revoked);
        if negative && !bought(first) {
            return first.clone(); // DEFECT: a no is kept, and the purchase does not throw it out
        }
        if positive && bought(first) {
            return first.clone(); // DEFECT: a yes is kept, and the refund does not throw it out
        }
        *reads += u32::from(bought(&fresh));
        if replica && *reads % 2 == 0 {
            return Standing { grants: Vec::new(), ..fresh }; // DEFECT: every other read is from a replica that is behind
        }
        *first = fresh.clone();
        fresh
    }
}
