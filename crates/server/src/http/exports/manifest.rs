//! `GET /v1/exports/{id}/manifest`: what an export that ended says of itself, signed.
//!
//! No read of its own: the export is recorded with the hash of its manifest.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::kept::ExportId;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::Segment;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn manifest(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(id): Segment,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::Export)?;
    let now = server.clock.monotonic();
    let id = ExportId::parse(&id).ok_or_else(HttpError::not_found)?;
    let note = server.exports.manifest(id, caller.tenant_id(), now);
    let note = note.ok_or_else(HttpError::not_found)?;
    Ok(json::text(
        StatusCode::OK,
        "text/plain; charset=utf-8",
        note.to_string(),
    ))
}
