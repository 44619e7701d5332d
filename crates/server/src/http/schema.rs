//! `GET /v1/schema/event.json`: the JSON Schema of an event, for whoever sends one.

mod event;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use serde_json::json;

use super::document::Document;

pub(super) use event::{definitions, event};

/// The media type of JSON Schema.
pub(super) const MEDIA_TYPE: &str = "application/schema+json";

static EVENT: LazyLock<Document> = LazyLock::new(|| {
    const AT: &str = "#/$defs/";
    let mut schema = event(AT);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!("urn:veritrail:schema:event:1");
    schema["$defs"] = definitions(AT).into_iter().collect();
    Document::new(&schema, MEDIA_TYPE)
});

pub(crate) async fn show(asked: HeaderMap) -> Response<Body> {
    EVENT.answer(&asked)
}

/// The schema as it is served and checked in.
pub fn event_schema() -> &'static str {
    EVENT.text()
}
