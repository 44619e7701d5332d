//! `GET /services/collector/health`: whether events are taken.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::said;
use crate::server::Server;

pub(crate) async fn health(State(server): State<Arc<Server>>) -> Response<Body> {
    if server.store.health().refusing.is_some() {
        said(StatusCode::SERVICE_UNAVAILABLE, "HEC is unhealthy", 18)
    } else {
        said(StatusCode::OK, "HEC is healthy", 17)
    }
}
