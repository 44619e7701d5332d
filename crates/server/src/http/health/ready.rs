//! `GET /readyz`: whether writes are taken.

use std::sync::Arc;

use api::PlaceDatabase;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use query::Places;

use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn ready(State(server): State<Arc<Server>>) -> Result<Response<Body>, HttpError> {
    let health = server.store.health();
    let ready = health.refusing.is_none();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let answer = api::Ready {
        ready,
        refusing: health.refusing,
        queue_batches: health.queue_batches,
        unsigned_entries: health.unsigned_entries,
        disk_free_bytes: health.disk_free_bytes,
        geolocation: databases(&**server.index.places()),
        index: crate::http::index::shown(&server.index.index_health()),
        anchors_failing: server.sinks.failing(),
        signed_at: health.signed_at.map(|at| at.to_string()),
    };
    json::answer(status, &answer)
}

/// What says where addresses are.
fn databases(places: &dyn Places) -> Vec<PlaceDatabase> {
    let shown = places.sources().iter().map(|source| PlaceDatabase {
        database: source.kind.clone(),
        built_at: source.built_at.to_string(),
    });
    shown.collect()
}
