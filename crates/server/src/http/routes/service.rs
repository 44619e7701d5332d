//! Routes of the server itself.

use super::ANY;
use crate::http::route::{Content, Route, json, reads};
use crate::http::{health, openapi, schema};

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes() -> Vec<Route> {
    vec![
        described(reads("/openapi.json", openapi::show), "application/json").named(
            "openapi",
            "This document",
            "OpenAPI 3.1, made of the same table as the routes.",
        ),
        described(reads("/v1/schema/event.json", schema::show), schema::MEDIA_TYPE).named(
            "event_schema",
            "The schema of events",
            "JSON Schema 2020-12 of one event as producers send it, with every other name that is accepted.",
        ),
        reads("/healthz", health::live::live)
            .named("healthz", "Whether the process answers", "Nothing else is asked.")
            .answers(200, "It does.", TEXT, Content::Text),
        reads("/readyz", health::ready::ready)
            .named("readyz", "Whether writes are taken", "Searching may be unavailable all the same.")
            .answers(200, "They are.", "application/json", json::<api::Ready>())
            .answers(503, "They are not.", "application/json", json::<api::Ready>()),
        reads("/metrics", health::metrics::metrics)
            .named("metrics", "Figures for Prometheus", "In the OpenMetrics text format.")
            .answers(200, "The figures.", METRICS, Content::Text),
    ]
}

fn described(route: Route, media_type: &'static str) -> Route {
    route
        .answers(200, "The document.", media_type, Content::Object)
        .tells("ETag", "Names this version of it, for `If-None-Match`.")
        .answer(304, "It has not changed.", Vec::new())
        .refuses(ANY)
}
