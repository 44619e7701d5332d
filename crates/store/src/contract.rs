//! The contract of a ledger store. Every line here is proved by [`crate::conformance`] for every store.
//!
//! * **Durability.** [`LedgerStore::append`] and [`LedgerStore::administer`] answer after their bytes would survive a
//!   power cut. A call that answers `Busy`, `DiskFull` or `Clock` did nothing. After an error that leaves a write's
//!   fate open, the store answers `Poisoned` to every write until it is opened again; recovery decides.
//! * **Visibility.** What was acknowledged is found by every read that begins afterwards.
//! * **Order.** Events of one batch get consecutive places in the order given; a log's `recorded_at` never decreases.
//! * **Exactly once** per (log, source, id), for ever: the same content answers the stored receipt, other content
//!   answers [`Outcome::Conflict`], within a batch, across batches, at once or after a restart. Items of a batch
//!   succeed or fail alone.
//! * **Isolation.** A call names one log of one tenant and sees nothing of any other.
//! * **Signing.** A checkpoint covers only entries that are packed and durable; each extends the one before. Beside
//!   checkpoints only manifests of exports are signed, of which none can be read as a checkpoint.
//! * **Concurrency.** Any number of calls at once, from any thread. Dropping a pending answer does not undo the call.

use std::fmt::Debug;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use ledger::hash::Hash;
use ledger::name::TenantId;
use ledger::prepare::Prepared;

use crate::batch::{Batch, Outcome};
use crate::error::StoreError;
use crate::health::Health;
use crate::record::{LogHead, LogRef, Record, SignedHead};
use crate::registry::{ApiKey, Change, Instance, Tenant};

/// An answer in the making.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The ledger half of a store: what is true.
pub trait LedgerStore: Send + Sync + Debug {
    /// This installation.
    fn instance(&self) -> &Instance;

    /// Appends events to one log; outcomes in order.
    fn append(&self, batch: Batch) -> Answer<'_, Vec<Outcome>>;

    /// Changes the registry and appends `records` to their logs, all in one atomic step.
    /// `Exists` when a tenant's name or a key's id is taken, or when a tenant was changed since its record was read;
    /// `NotFound` when a key to revoke or a tenant is not there.
    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()>;

    /// Every tenant, by name; the instance's own among them.
    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>>;

    /// One tenant.
    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>>;

    /// One tenant by its readable name.
    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>>;

    /// A tenant's keys, revoked and expired ones too; those of platforms are not among them.
    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>>;

    /// The keys of platforms, revoked and expired ones too; by id.
    fn platform_keys(&self) -> Answer<'_, Vec<ApiKey>>;

    /// One key by its id, whosever it is: for authentication only.
    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>>;

    /// How far a log goes.
    fn head(&self, log: LogRef) -> Answer<'_, LogHead>;

    /// Waits until a log is larger than `size`, and answers how large it is. `Closed` when the store ends.
    fn grown(&self, log: LogRef, size: u64) -> Answer<'_, u64>;

    /// Waits until a checkpoint covers `seq`, and answers it.
    fn signed_past(&self, log: LogRef, seq: u64) -> Answer<'_, SignedHead>;

    /// Places of the entries with this id, one for each source that used it; ascending.
    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>>;

    /// The records of a range; what lies beyond the end is left out. At most 1,024 a call.
    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>>;

    /// Hashes of perfect subtrees `(level, index)` in the order asked. `NotFound` when one isn't complete.
    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>>;

    /// Signs the manifest of an export of a log with the log's key, and answers the whole note. `Engine` for a text that
    /// [`ledger::export::is_manifest`] does not take for one: nothing else but checkpoints is ever signed.
    fn sign_export<'a>(&'a self, log: LogRef, text: &'a str) -> Answer<'a, String>;

    /// Appends `veritrail.log.head_recorded` to the instance log for every head that changed since the last time (a
    /// heartbeat when none did), waits until a checkpoint of the instance log covers them, and answers it.
    fn record_heads(&self) -> Answer<'_, SignedHead>;

    /// An operator vouches for the clock's present time.
    fn confirm_clock(&self) -> Answer<'_, ()>;

    /// How the store is doing.
    fn health(&self) -> Health;

    /// Finishes everything that waits: packs, signs, syncs. Later writes answer `Closed`.
    fn close(&self) -> Answer<'_, ()>;
}
