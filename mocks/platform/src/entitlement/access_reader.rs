//! Reads the records that decide about a member and a version: from the store, each time.
//!
//! All else in this file is about defects: the caches and replicas that such a service might have, and how they go wrong.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::store::{AccessRecord, Store};
use crate::context::Context;
use crate::problem::Problem;
use crate::session::Member;

#[derive(Default)]
pub(super) struct AccessReader {
    /// The cached records and how often each was read; empty unless a defect is on.
    kept: Mutex<HashMap<(String, String), (AccessRecord, u32)>>,
}

impl AccessReader {
    pub(super) async fn read(
        &self,
        store: &dyn Store,
        context: &Context,
        member: Option<&Member>,
        version: &str,
    ) -> Result<AccessRecord, Problem> {
        let member = member.map(|member| member.id.as_str());
        let fresh = store.access_record(member, version).await?;
        let stale = ["ent.negative-cache", "ent.revoke-no-bust", "ent.replica-lag"].map(|id| context.defect(id));
        match member {
            Some(member) if stale.contains(&true) => Ok(self.stale((member.into(), version.into()), stale, fresh)),
            Some(_) | None => Ok(fresh),
        }
    }

    fn stale(
        &self,
        key: (String, String),
        [negative, positive, replica]: [bool; 3],
        fresh: AccessRecord,
    ) -> AccessRecord {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, reads) = kept.entry(key).or_insert_with(|| (fresh.clone(), 0));
        let bought = |record: &AccessRecord| record.grants.iter().any(|grant| !grant.revoked);
        if negative && !bought(first) {
            return first.clone(); // DEFECT: a no is kept, and the purchase does not throw it out
        }
        if positive && bought(first) {
            return first.clone(); // DEFECT: a yes is kept, and the refund does not throw it out
        }
        *reads += u32::from(bought(&fresh));
        if replica && *reads % 2 == 0 {
            return AccessRecord { grants: Vec::new(), ..fresh }; // DEFECT: every other read is from a replica that is behind
        }
        *first = fresh.clone();
        fresh
    }
}
