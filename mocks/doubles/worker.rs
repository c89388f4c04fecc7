//! The worker: renders real images, each with its prompt and seed in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub async fn mount(server: &MockServer) {
    Mock::given(method("POST"))
        .and(path("/v1/renders"))
        .respond_with(|request: &Request| match request.body_json::<Value>() {
            Ok(order) => ResponseTemplate::new(200).set_body_json(rendered(&order)),
            Err(_) => ResponseTemplate::new(400),
        })
        .mount(server)
        .await;
}

fn rendered(order: &Value) -> Value {
    // Defaults, because the double refuses no order that is JSON.
    let number = |name: &str, otherwise: u64| order.get(name).and_then(Value::as_u64).unwrap_or(otherwise);
    let size = |name: &str| u32::try_from(number(name, 256)).unwrap_or(256);
    let prompt = order.get("prompt").and_then(Value::as_str).unwrap_or_default();
    let images = (0..number("quantity", 1)).map(|index| {
        let seed = number("seed", 1) + index;
        let png = atelier::png(prompt, seed, size("width"), size("height"));
        json!({"seed": seed, "media_type": "image/png", "data": STANDARD.encode(png)})
    });
    json!({"images": images.collect::<Vec<_>>()})
}
