//! How a store is doing, for `/readyz` and `/metrics`.

use ledger::time::Micros;

/// A snapshot; every figure is cheap to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why writes are refused; `None` when they are not.
    pub refusing: Option<String>,
    /// Acknowledged events since start.
    pub events_acknowledged: u64,
    /// Batches waiting for the writer.
    pub queue_batches: u64,
    /// Bytes acknowledged but not packed yet.
    pub tail_bytes: u64,
    /// Entries acknowledged but not covered by a checkpoint yet.
    pub unsigned_entries: u64,
    /// Fsyncs of the journal since start.
    pub journal_syncs: u64,
    /// Bytes free where the data lies.
    pub disk_free_bytes: u64,
    /// When the newest checkpoint was signed.
    pub signed_at: Option<Micros>,
    /// Logs that exist.
    pub logs: u64,
}
