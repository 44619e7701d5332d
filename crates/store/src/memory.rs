//! The in-memory store: the contract with nothing else in the way. For tests, and to read what a store has to do.
//!
//! Promises: every line of [`crate::contract`] but durability, with real sealing, trees and signatures; it fails on
//! request ([`MemoryStore::fail_next`]), leaves signing undone on request ([`MemoryStore::hold_signing`]) and has no
//! index on request ([`MemoryStore::make_index_unavailable`]); it polices its callers (an entry that does not say what
//! its event says is a bug of ours and stops the process). Must never: be used for anything that has to survive, or be
//! taken for a model of key derivation (see `keys`).

mod index;
mod keys;
mod log;
mod own;
mod state;
mod waiting;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ed25519_dalek::SigningKey;
use ledger::hash::Hash;
use ledger::name::{InstanceId, LogId, TenantId};
use ledger::prepare::Prepared;
use ledger::source::{Clock, Rng};
use query::{Field, Nowhere, Places, Viewer};

use crate::batch::{Batch, Outcome};
use crate::contract::{Answer, LedgerStore};
use crate::error::StoreError;
use crate::health::Health;
use crate::index::{
    Counting, EventIndex, IndexHealth, Page, ProducerAccount, Search, Statistics, ValueCount,
};
use crate::record::{LogHead, LogRef, Record, SignedHead};
use crate::registry::{
    ApiKey, Change, INSTANCE_TENANT, Instance, Tenant, TenantRecord, TenantSettings,
};

use keys::Master;
use state::State;
use waiting::{Grown, SignedPast};

/// Most records of one call of [`LedgerStore::records`].
const RECORDS_MAX: u64 = 1_024;

/// A store that forgets everything when it is dropped.
pub struct MemoryStore {
    instance: Instance,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    places: Arc<dyn Places>,
    state: Mutex<State>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("instance", &self.instance.id)
            .finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// A new installation: the tenant [`INSTANCE_TENANT`], its instance and access logs, and the entries that record
    /// their beginning.
    ///
    /// # Errors
    /// None that a sane clock does not rule out.
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, StoreError> {
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        let master = Master::new(secret);
        let mut salt = [0; 32];
        rng.fill(&mut salt);
        let tenant = TenantRecord {
            id: TenantId::random(&*rng),
            name: INSTANCE_TENANT.to_owned(),
            salt,
            kid: master.kid().to_owned(),
            created_at: clock.wall(),
            main: LogId::random(&*rng),
            access: LogId::random(&*rng),
            strict: false,
            mask_exceptions: Vec::new(),
            settings: TenantSettings::default(),
        };
        let id = InstanceId::random(&*rng);
        let instance = Instance {
            id,
            origin: format!("veritrail.invalid/{id}"),
            tenant: tenant.id,
        };
        let keys = master.tenant_keys(&tenant.salt);
        let main = LogRef::of_record(&tenant, false);
        let mut records = Vec::new();
        for log in [main, LogRef::of_record(&tenant, true)] {
            records.push((main, own::log_created(log, &keys, &*rng)?));
        }
        let signing_key = SigningKey::from_bytes(&seed);
        let now = (clock.wall(), clock.monotonic());
        let mut state = State::new(instance.clone(), master, signing_key, now);
        state.administer(Change::CreateTenant(tenant), &records, now)?;
        Ok(Self {
            instance,
            clock,
            rng,
            places: Arc::new(Nowhere),
            state: Mutex::new(state),
        })
    }

    /// The store with what knows where addresses are.
    #[must_use]
    pub fn with_places(mut self, places: Arc<dyn Places>) -> Self {
        self.places = places;
        self
    }

    /// Makes the next writing call answer this and do nothing. [`StoreError::Poisoned`] stays until the store is
    /// dropped.
    pub fn fail_next(&self, error: StoreError) {
        self.state().fail_next(error);
    }

    /// Leaves checkpoints unsigned while `hold` is true; signs what waits when it is false again.
    pub fn hold_signing(&self, hold: bool) {
        let now = self.clock.wall();
        self.state().hold_signing(hold, now);
    }

    /// Has every question to the index answered [`StoreError::IndexUnavailable`] while `unavailable` is true.
    pub fn make_index_unavailable(&self, unavailable: bool) {
        self.state().make_index_unavailable(unavailable);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both clocks, read together.
    fn now(&self) -> (ledger::time::Micros, i64) {
        (self.clock.wall(), self.clock.monotonic())
    }

    async fn record_all_heads(&self) -> Result<SignedHead, StoreError> {
        let (log, seq) = {
            let mut state = self.state();
            state.record_heads(self.now(), &*self.rng)?
        };
        SignedPast::new(&self.state, log, seq).await
    }
}

/// Answers when it is asked for, not before.
fn lazy<'a, T: Send + 'a>(
    answer: impl FnOnce() -> Result<T, StoreError> + Send + 'a,
) -> Answer<'a, T> {
    Box::pin(async move { answer() })
}

impl LedgerStore for MemoryStore {
    fn instance(&self) -> &Instance {
        &self.instance
    }

    fn append(&self, batch: Batch) -> Answer<'_, Vec<Outcome>> {
        lazy(move || self.state().append(&batch, self.now()))
    }

    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()> {
        lazy(move || self.state().administer(change, &records, self.now()))
    }

    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>> {
        lazy(move || Ok(self.state().tenants()))
    }

    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>> {
        lazy(move || Ok(self.state().tenant(id)))
    }

    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>> {
        lazy(move || {
            let tenants = self.state().tenants();
            Ok(tenants
                .into_iter()
                .find(|tenant| tenant.record.name == name))
        })
    }

    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>> {
        lazy(move || Ok(self.state().api_keys(tenant)))
    }

    fn platform_keys(&self) -> Answer<'_, Vec<ApiKey>> {
        lazy(move || Ok(self.state().platform_keys()))
    }

    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>> {
        lazy(move || Ok(self.state().api_key(id)))
    }

    fn head(&self, log: LogRef) -> Answer<'_, LogHead> {
        lazy(move || Ok(self.state().log(log)?.head()))
    }

    fn grown(&self, log: LogRef, size: u64) -> Answer<'_, u64> {
        Box::pin(Grown::new(&self.state, log, size))
    }

    fn signed_past(&self, log: LogRef, seq: u64) -> Answer<'_, SignedHead> {
        Box::pin(SignedPast::new(&self.state, log, seq))
    }

    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>> {
        lazy(move || Ok(self.state().log(log)?.find(id)))
    }

    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>> {
        lazy(move || Ok(self.state().log(log)?.records(range, RECORDS_MAX)))
    }

    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>> {
        lazy(move || {
            let state = self.state();
            let log = state.log(log)?;
            let found = nodes
                .iter()
                .map(|(level, index)| log.node(*level, *index).ok_or(StoreError::NotFound));
            found.collect()
        })
    }

    fn sign_export<'a>(&'a self, log: LogRef, text: &'a str) -> Answer<'a, String> {
        lazy(move || self.state().sign_export(log, text))
    }

    fn record_heads(&self) -> Answer<'_, SignedHead> {
        Box::pin(self.record_all_heads())
    }

    fn confirm_clock(&self) -> Answer<'_, ()> {
        lazy(move || self.state().confirm_clock(self.now()))
    }

    fn health(&self) -> Health {
        self.state().health()
    }

    fn close(&self) -> Answer<'_, ()> {
        lazy(move || {
            self.state().close(self.clock.wall());
            Ok(())
        })
    }
}

impl EventIndex for MemoryStore {
    fn search<'a>(&'a self, log: LogRef, search: &'a Search) -> Answer<'a, Page> {
        lazy(move || index::search(self.state().indexed(log)?, search, &*self.places))
    }

    fn statistics<'a>(&'a self, log: LogRef, asked: &'a Counting) -> Answer<'a, Statistics> {
        lazy(move || index::statistics(self.state().indexed(log)?, asked, &*self.places))
    }

    fn values<'a>(
        &'a self,
        log: LogRef,
        field: &'a Field,
        prefix: &'a str,
        viewer: Viewer,
        limit: usize,
    ) -> Answer<'a, Vec<ValueCount>> {
        lazy(move || {
            let state = self.state();
            index::values(
                state.indexed(log)?,
                field,
                prefix,
                viewer,
                limit,
                &*self.places,
            )
        })
    }

    fn producers(&self, log: LogRef, viewer: Viewer) -> Answer<'_, Vec<ProducerAccount>> {
        lazy(move || index::producers(self.state().indexed(log)?, viewer))
    }

    fn places(&self) -> &Arc<dyn Places> {
        &self.places
    }

    fn index_health(&self) -> IndexHealth {
        self.state().index_health()
    }

    /// There is nothing to build: every question reads the ledger.
    fn rebuild_index(&self) -> Answer<'_, ()> {
        lazy(|| Ok(()))
    }
}
