//! `GET /v1/logs/{log}/tile/{path}`: hash tiles and entry bundles up to the signed size, computed from the store.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use ledger::tile::{TileKind, TilePath, bundle_encode, tile_encode};
use store::{LogRef, StoreError};

use crate::access::BulkKind;
use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::extract::Segments;
use crate::http::json;
use crate::server::Server;

/// A tile never changes; only who may see it may.
const CACHE: HeaderValue = HeaderValue::from_static("private, max-age=604800, immutable");

pub(crate) async fn tile(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(log, path): Segments,
) -> Result<Response<Body>, HttpError> {
    let log = caller.log_to_prove(&log)?;
    let path = TilePath::parse(&path).map_err(|_| HttpError::not_found())?;
    let kind = match path.kind() {
        TileKind::Hashes { .. } => BulkKind::Tile,
        TileKind::Entries => BulkKind::Bundle,
    };
    server.record_bulk_read(&caller, log, kind).await?;
    let signed = server.store.head(log).await?.signed;
    if !path.is_within(signed.map_or(0, |head| head.size)) {
        return Err(HttpError::not_found());
    }
    let bytes = match path.kind() {
        TileKind::Hashes { .. } => hashes(&server, log, path).await?,
        TileKind::Entries => entries(&server, log, path).await?,
    };
    let mut response = json::text(StatusCode::OK, "application/octet-stream", bytes);
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE);
    Ok(response)
}

async fn hashes(server: &Server, log: LogRef, path: TilePath) -> Result<Vec<u8>, HttpError> {
    let nodes: Vec<(u8, u64)> = path.nodes().collect();
    let hashes = server.store.nodes(log, &nodes).await?;
    if hashes.len() != nodes.len() {
        return Err(StoreError::Damaged(format!("tile {path} has too few hashes")).into());
    }
    tile_encode(&hashes).map_err(|error| HttpError::internal(format!("tile {path}: {error}")))
}

async fn entries(server: &Server, log: LogRef, path: TilePath) -> Result<Vec<u8>, HttpError> {
    let range = path.range();
    let records = server.store.records(log, range.clone()).await?;
    if !records.iter().map(|record| record.seq).eq(range) {
        return Err(StoreError::Damaged(format!("bundle {path} has too few entries")).into());
    }
    bundle_encode(records.iter().map(|record| record.entry.as_slice()))
        .map_err(|error| HttpError::internal(format!("bundle {path}: {error}")))
}
