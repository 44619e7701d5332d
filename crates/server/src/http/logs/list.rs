//! `GET /v1/logs`: the logs of the key's tenant.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use ledger::entry::{Entry, Opening};
use ledger::time::Micros;
use store::{LogRef, StoreError};

use super::opening;
use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    let mut logs = Vec::new();
    for log in caller.logs_to_list()? {
        let head = server.store.head(log).await?;
        let signed_size = head.signed.map_or(0, |signed| signed.size);
        let recorded_at = recorded_last(&server, log, head.size).await?;
        let signed_to = if signed_size == head.size {
            recorded_at
        } else {
            recorded_last(&server, log, signed_size).await?
        };
        logs.push(api::Log {
            id: log.log().to_string(),
            kind: log.kind().name().to_owned(),
            size: head.size,
            signed_size,
            origin: opening(&server, log).await?.origin,
            recorded_at: recorded_at.map(|at| at.to_string()),
            signed_to: signed_to.map(|at| at.to_string()),
        });
    }
    json::answer(StatusCode::OK, &api::Logs { logs })
}

/// When the last of the first `size` entries was recorded.
async fn recorded_last(
    server: &Server,
    log: LogRef,
    size: u64,
) -> Result<Option<Micros>, HttpError> {
    let Some(last) = size.checked_sub(1) else {
        return Ok(None);
    };
    let records = server.store.records(log, last..size).await?;
    let record = records.first().ok_or(StoreError::NotFound)?;
    let read = if last == 0 {
        Opening::parse(&record.entry).map(|opening| opening.recorded_at)
    } else {
        Entry::parse(&record.entry).map(|entry| entry.place.recorded_at)
    };
    read.map(Some)
        .map_err(|error| StoreError::Damaged(format!("entry {last}: {error}")).into())
}
