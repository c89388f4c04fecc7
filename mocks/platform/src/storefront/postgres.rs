//! The catalogue in PostgreSQL.

use async_trait::async_trait;
use sqlx::types::Json;

use super::store::{Store, Version};
use crate::postgres::Database;
use crate::problem::Problem;

pub(super) struct Tables(pub(super) Database);

#[async_trait]
impl Store for Tables {
    async fn put(&self, version: Version) -> Result<(), Problem> {
        sqlx::query(
            "INSERT INTO versions (id, version) VALUES ($1, $2) \
             ON CONFLICT (id) DO UPDATE SET version = excluded.version",
        )
        .bind(&version.id)
        .bind(Json(&version))
        .execute(self.0.pool())
        .await
        .map_err(self.0.failed())?;
        Ok(())
    }

    async fn version(&self, id: &str) -> Result<Option<Version>, Problem> {
        let version: Option<Json<Version>> = sqlx::query_scalar("SELECT version FROM versions WHERE id = $1")
            .bind(id)
            .fetch_optional(self.0.pool())
            .await
            .map_err(self.0.failed())?;
        Ok(version.map(|Json(version)| version))
    }
}
