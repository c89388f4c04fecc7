//! The catalogue in memory.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use super::store::{Store, Version};
use crate::problem::Problem;

#[derive(Default)]
pub(super) struct Memory(RwLock<HashMap<String, Version>>);

#[async_trait]
impl Store for Memory {
    async fn put(&self, version: Version) -> Result<(), Problem> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(version.id.clone(), version);
        Ok(())
    }

    async fn version(&self, id: &str) -> Result<Option<Version>, Problem> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }
}
