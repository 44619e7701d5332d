//! `GET /metrics`: figures for Prometheus.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::http::json;
use crate::server::Server;
use crate::telemetry::Built;

pub(crate) async fn metrics(State(server): State<Arc<Server>>) -> Response<Body> {
    let places = Built {
        places: &**server.index.places(),
        now: server.clock.wall(),
    };
    let (store, index) = (server.store.health(), server.index.index_health());
    let text = server.metrics.text(&store, &index, &places);
    json::text(
        StatusCode::OK,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        text,
    )
}
