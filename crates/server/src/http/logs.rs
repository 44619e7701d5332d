//! Logs as C2SP tlog-tiles serves them, computed from the store.

pub(super) mod checkpoint;
pub(super) mod list;
pub(super) mod tile;
pub(super) mod verify;
pub(super) mod vkey;

use ledger::entry::Opening;
use store::{LogRef, StoreError};

use super::error::HttpError;
use crate::server::Server;

/// Entry 0 of a log: its origin and key.
pub(super) async fn opening(server: &Server, log: LogRef) -> Result<Opening, HttpError> {
    let records = server.store.records(log, 0..1).await?;
    let record = records.first().ok_or(StoreError::NotFound)?;
    Opening::parse(&record.entry)
        .map_err(|error| StoreError::Damaged(format!("entry 0: {error}")).into())
}
