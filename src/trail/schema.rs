//! JSON Schemas of the values in the `[trail]` section that are written as one string.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::mapping::RequestPattern;
use super::source::Source;
use crate::base::schema::text;

impl JsonSchema for RequestPattern {
    fn schema_name() -> Cow<'static, str> {
        "RequestPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text(
            "An edge, a method and a path: `storefront -> billing POST /v1/purchases/{purchase}/refunds`. A segment or a \
             query parameter in braces is a fact.",
            r"^\S+ (->|→) \S+ [A-Z]+ /\S*$",
        )
    }
}

impl JsonSchema for Source {
    fn schema_name() -> Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text(
            "The place of a fact in an exchange: `response /id`, `request header Idempotency-Key`, `request cookie \
             session`, `request baggage app.clock`, `count response /images` or `is trial`; several of them with `or` \
             between them.",
            r"^(count )?(request|response|is) .+$",
        )
    }
}
