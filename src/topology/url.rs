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
        let failed = |reason: String| StartError::Failed { service: order.service.clone(), reason };
        let url = order.spec.url.as_deref().ok_or_else(|| failed("its topology entry has no `url`".into()))?;
        // What is connected to is what the check of the topology has read, not what another parser makes of the text.
        let url = reqwest::Url::parse(url).map_err(|error| failed(format!("its `url` is none: {error}")))?;
        Ok(Arc::new(Remote { url: url.as_str().trim_end_matches('/').to_owned() }))
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
