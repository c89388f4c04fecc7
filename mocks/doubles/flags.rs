//! The flag provider: every flag is on, as the OpenFeature Remote Evaluation Protocol says it.

use serde_json::json;
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub async fn mount(server: &MockServer) {
    Mock::given(method("POST"))
        .and(path_regex("^/ofrep/v1/evaluate/flags/[^/]+$"))
        .respond_with(|request: &Request| {
            let key = request.url.path().rsplit('/').next().unwrap_or_default();
            ResponseTemplate::new(200)
                .set_body_json(json!({"key": key, "value": true, "variant": "on", "reason": "STATIC"}))
        })
        .mount(server)
        .await;
}
