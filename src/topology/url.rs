//! The provider of services that run already.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Provider, ProviderKind, Running, StartError, StartRequest};

/// A provider of services by their URL. It neither starts nor stops them.
#[derive(Debug, Default)]
pub struct UrlProvider;

struct Remote {
    url: String,
}

#[async_trait]
impl Provider for UrlProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Url
    }

    async fn start(&self, order: StartRequest) -> Result<Arc<dyn Running>, StartError> {
        let url = order.spec.url.ok_or_else(|| StartError::Failed {
            service: order.service,
            reason: "its topology entry has no `url`".into(),
        })?;
        Ok(Arc::new(Remote { url: url.trim_end_matches('/').to_owned() }))
    }
}

#[async_trait]
impl Running for Remote {
    fn address(&self) -> &str {
        &self.url
    }

    async fn stop(&self) -> Result<(), String> {
        Ok(())
    }
}
