//! The contract's methods on the embedded store.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use keys::durable::Lock;
use ledger::entry::Kind;
use ledger::hash::Hash;
use ledger::name::{LogId, TenantId};
use ledger::prepare::Prepared;
use ledger::source::{Clock, Rng};
use ledger::time::Micros;
use store::index::{
    Counting, EventIndex, IndexHealth, Page, ProducerAccount, Search, Statistics, ValueCount,
};
use store::registry::INSTANCE_TENANT;
use store::{
    Answer, ApiKey, Batch, Change, Health, Instance, LedgerStore, LogHead, LogRef, Outcome, Record,
    SignedHead, StoreError, Tenant, TenantRecord, TenantSettings,
};
use tokio::sync::oneshot;

use crate::index::{self, Budget, SearchPool};
use crate::open::{OpenError, Options, open};
use crate::own;
use crate::packer::{Inbox, Packer};
use crate::queue::{Job, Queue};
use crate::shared::Shared;
use crate::signing::{self, SharedSigner};
use crate::writer::Writer;

/// Heads recorded in one append.
const RECORDED_AT_ONCE: usize = 1_000;

/// The embedded store.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    pool: SearchPool,
    queue: Arc<Queue>,
    inbox: Arc<Inbox>,
    rng: Arc<dyn Rng>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    instance: Instance,
    signer: SharedSigner,
    _lock: Box<dyn Lock>,
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("data", &self.shared.layout.root)
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens a data directory, or makes one where there is none; recovers what a crash left.
    pub fn open(options: Options) -> Result<Arc<Self>, OpenError> {
        let (clock, rng) = (Arc::clone(&options.clock), Arc::clone(&options.rng));
        let search = options.search;
        let opened = open(options)?;
        // After recovery: a tenant that was founded just before a crash stands in the journal only, not in the state.
        let known = opened
            .shared
            .view()
            .registry
            .by_name
            .get(INSTANCE_TENANT)
            .copied();
        let founding = match known {
            None => Some(instance_tenant(&opened.shared, &*clock, &*rng)),
            Some(_) => None,
        };
        let mut instance = opened.shared.instance.clone();
        if let Some(tenant) = known.or(founding.as_ref().map(|tenant| tenant.id)) {
            instance.tenant = tenant;
        }
        let threads = spawn(
            opened.writer,
            opened.packer,
            search.then_some(&opened.shared),
        );
        let threads = threads.map_err(|error| StoreError::engine("starting threads", error))?;
        if !search {
            opened
                .shared
                .index
                .set_unavailable(Some("it is switched off"));
        }
        let pool =
            SearchPool::start().map_err(|error| StoreError::engine("starting threads", error))?;
        let store = Self {
            shared: opened.shared,
            pool,
            queue: opened.queue,
            inbox: opened.inbox,
            rng,
            threads: Mutex::new(threads),
            instance,
            signer: opened.signer,
            _lock: opened.lock,
        };
        if let Some(tenant) = founding {
            store.found(tenant)?;
        }
        Ok(Arc::new(store))
    }

    /// Makes the instance's own tenant; its log begins by recording itself.
    fn found(&self, tenant: TenantRecord) -> Result<(), StoreError> {
        let keys =
            self.shared
                .keys
                .tenant_keys(&tenant.salt, &tenant.kid, self.shared.keys.current_kid());
        let keys = keys.map_err(|error| StoreError::engine("deriving keys", error))?;
        let mut records = Vec::new();
        for access in [false, true] {
            let log = LogRef::of_record(&tenant, access);
            let metadata = [
                ("kind", log.kind().name().to_owned()),
                ("tenant", tenant.id.to_string()),
            ];
            let id = log.log().to_string();
            let event = own::event(
                "veritrail.log.created",
                ("log", &id),
                &metadata,
                &keys,
                &*self.rng,
            )?;
            records.push((LogRef::of_record(&tenant, false), event));
        }
        let (reply, answer) = oneshot::channel();
        self.queue.submit(Job::Administer {
            change: Box::new(Change::CreateTenant(tenant)),
            records,
            reply,
        })?;
        answer.blocking_recv().unwrap_or(Err(StoreError::Closed))
    }

    async fn ask<T>(
        &self,
        job: Job,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.queue.submit(job)?;
        // A writer that ended without an answer was stopped in the middle of it.
        answer.await.unwrap_or(Err(StoreError::Poisoned))
    }

    async fn append_to(&self, batch: Batch) -> Result<Vec<Outcome>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Append { batch, reply }, answer).await
    }

    fn log_head(&self, log: LogRef) -> Result<LogHead, StoreError> {
        match self.shared.view().logs.get(&log.log()) {
            Some(view) if view.tenant == log.tenant() => Ok(LogHead {
                size: view.size,
                signed: view.signed.clone(),
            }),
            _ => Err(StoreError::NotFound),
        }
    }

    async fn wait_signed(&self, log: LogRef, seq: u64) -> Result<SignedHead, StoreError> {
        let mut ticks = self.shared.signed.subscribe();
        loop {
            let head = self.log_head(log)?;
            if head.size <= seq {
                return Err(StoreError::NotFound);
            }
            if let Some(signed) = head.signed.filter(|signed| signed.size > seq) {
                return Ok(signed);
            }
            if self.shared.is_poisoned() {
                return Err(StoreError::Poisoned);
            }
            self.inbox.hurry();
            if ticks.changed().await.is_err() {
                return Err(StoreError::Closed);
            }
        }
    }

    async fn wait_grown(&self, log: LogRef, size: u64) -> Result<u64, StoreError> {
        let mut ticks = self.shared.grown.subscribe();
        loop {
            let now = self.shared.size_of(log)?;
            if now > size {
                return Ok(now);
            }
            if self.shared.counters.closed.load(Ordering::SeqCst) || ticks.changed().await.is_err()
            {
                return Err(StoreError::Closed);
            }
        }
    }

    /// The heads that grew since they were last recorded: log, tenant, kind, head.
    fn unrecorded(&self) -> Vec<(LogId, TenantId, Kind, SignedHead)> {
        let view = self.shared.view();
        let mut heads: Vec<_> = view
            .logs
            .iter()
            .filter(|(_, log)| log.kind != Kind::Instance)
            .filter_map(|(id, log)| {
                Some((*id, log.tenant, log.kind, log.recorded, log.signed.clone()?))
            })
            .filter(|(_, _, _, recorded, signed)| signed.size > *recorded)
            .map(|(id, tenant, kind, _, signed)| (id, tenant, kind, signed))
            .collect();
        heads.sort_by_key(|(log, ..)| *log);
        heads
    }

    async fn record_all_heads(&self) -> Result<SignedHead, StoreError> {
        let tenant = self
            .tenant_by_name(INSTANCE_TENANT)
            .ok_or(StoreError::NotFound)?;
        let log = LogRef::main(&tenant);
        let heads = self.unrecorded();
        let mut events = Vec::new();
        for (id, owner, kind, head) in &heads {
            let metadata = [
                ("kind", kind.name().to_owned()),
                ("tenant", owner.to_string()),
                ("size", head.size.to_string()),
                ("root", head.root.to_hex()),
            ];
            let id = id.to_string();
            events.push(own::event(
                "veritrail.log.head_recorded",
                ("log", &id),
                &metadata,
                &tenant.keys,
                &*self.rng,
            )?);
        }
        if events.is_empty() {
            let id = self.instance.id.to_string();
            let operation = "veritrail.instance.heartbeat_recorded";
            events.push(own::event(
                operation,
                ("instance", &id),
                &[],
                &tenant.keys,
                &*self.rng,
            )?);
        }
        let mut last = 0;
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let events = events.by_ref().take(RECORDED_AT_ONCE).collect();
            let outcomes = self.append_to(Batch { log, events }).await?;
            let receipts = outcomes.iter().filter_map(Outcome::receipt);
            last = receipts.map(|receipt| receipt.seq).max().unwrap_or(last);
        }
        let sizes: Vec<(LogId, u64)> = heads
            .iter()
            .map(|(log, _, _, head)| (*log, head.size))
            .collect();
        self.note_recorded(sizes);
        self.wait_signed(log, last).await
    }

    fn note_recorded(&self, sizes: Vec<(LogId, u64)>) {
        let mut view = self.shared.view_mut();
        for (log, size) in &sizes {
            if let Some(log) = view.logs.get_mut(log) {
                log.recorded = *size;
            }
        }
        drop(view);
        self.inbox.push_recorded(sizes);
    }

    fn tenant_by_name(&self, name: &str) -> Option<Arc<Tenant>> {
        let view = self.shared.view();
        view.registry
            .tenants
            .get(view.registry.by_name.get(name)?)
            .map(Arc::clone)
    }

    /// Keys of a tenant, or those of platforms.
    fn keys_in(&self, tenant: Option<TenantId>) -> Vec<ApiKey> {
        let view = self.shared.view();
        let keys = view.registry.api_keys.values();
        keys.filter(|key| key.scope.tenant() == tenant)
            .cloned()
            .collect()
    }

    async fn shut(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        if self.shared.counters.closed.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        self.queue.submit_own(Job::Close { reply });
        let outcome = answer.await.unwrap_or(Err(StoreError::Poisoned));
        self.shared.grown.send_modify(|tick| *tick += 1);
        self.join();
        if self.shared.is_poisoned() {
            Err(StoreError::Poisoned)
        } else {
            outcome
        }
    }

    fn join(&self) {
        self.shared.index.close();
        self.pool.close();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }

    /// Runs a search of a tenant on a thread for it. One that panics met a damaged file: the index is built anew.
    async fn find_out<T: Send + 'static>(
        &self,
        tenant: TenantId,
        task: impl Fn(&Budget) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let guarded = move |budget: &Budget| {
            let attempt = std::panic::AssertUnwindSafe(|| task(budget));
            let caught = std::panic::catch_unwind(attempt);
            caught.unwrap_or_else(|_| Err(shared.index.damaged("a search panicked")))
        };
        self.pool.run(tenant, guarded).await
    }

    /// Answers at once: everything asked is in memory or in the page cache.
    fn now<'a, T: Send + 'a>(outcome: Result<T, StoreError>) -> Answer<'a, T> {
        Box::pin(std::future::ready(outcome))
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        if !self.shared.counters.closed.swap(true, Ordering::SeqCst) {
            let (reply, _) = oneshot::channel();
            self.queue.submit_own(Job::Close { reply });
        }
        self.join();
    }
}

/// Starts the store's threads; with `search`, those of the index.
fn spawn(
    writer: Writer,
    packer: Packer,
    search: Option<&Arc<Shared>>,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    // Acknowledgements come first when there are not enough cores for all.
    let start = |name: &str, nice: i32, work: Box<dyn FnOnce() + Send>| {
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                if nice > 0 {
                    let _ = rustix::process::setpriority_process(None, nice);
                }
                work();
            })
    };
    let mut threads = vec![
        start("writer", 0, Box::new(move || writer.run()))?,
        start("packer", 5, Box::new(move || packer.run()))?,
    ];
    if let Some(shared) = search {
        let (terms, commits) = (Arc::clone(shared), Arc::clone(shared));
        threads.push(start(
            "terms",
            5,
            Box::new(move || index::make_terms(terms)),
        )?);
        threads.push(start(
            "commit",
            7,
            Box::new(move || index::commit(&commits)),
        )?);
    }
    Ok(threads)
}

fn instance_tenant(shared: &Shared, clock: &dyn Clock, rng: &dyn Rng) -> TenantRecord {
    let mut salt = [0; 32];
    rng.fill(&mut salt);
    TenantRecord {
        id: TenantId::random(rng),
        name: INSTANCE_TENANT.to_owned(),
        salt,
        kid: shared.keys.current_kid().to_owned(),
        created_at: clock.wall(),
        main: LogId::random(rng),
        access: LogId::random(rng),
        strict: false,
        mask_exceptions: Vec::new(),
        settings: TenantSettings::default(),
    }
}

impl LedgerStore for EmbeddedStore {
    fn instance(&self) -> &Instance {
        &self.instance
    }

    fn append(&self, batch: Batch) -> Answer<'_, Vec<Outcome>> {
        Box::pin(self.append_to(batch))
    }

    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()> {
        let (reply, answer) = oneshot::channel();
        Box::pin(self.ask(
            Job::Administer {
                change: Box::new(change),
                records,
                reply,
            },
            answer,
        ))
    }

    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>> {
        let view = self.shared.view();
        let named = view
            .registry
            .by_name
            .values()
            .filter_map(|id| view.registry.tenants.get(id));
        Self::now(Ok(named.map(Arc::clone).collect()))
    }

    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>> {
        Self::now(Ok(self
            .shared
            .view()
            .registry
            .tenants
            .get(&id)
            .map(Arc::clone)))
    }

    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>> {
        Self::now(Ok(self.tenant_by_name(name)))
    }

    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>> {
        Self::now(Ok(self.keys_in(Some(tenant))))
    }

    fn platform_keys(&self) -> Answer<'_, Vec<ApiKey>> {
        Self::now(Ok(self.keys_in(None)))
    }

    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>> {
        Self::now(Ok(self.shared.view().registry.api_keys.get(id).cloned()))
    }

    fn head(&self, log: LogRef) -> Answer<'_, LogHead> {
        Self::now(self.log_head(log))
    }

    fn grown(&self, log: LogRef, size: u64) -> Answer<'_, u64> {
        Box::pin(self.wait_grown(log, size))
    }

    fn signed_past(&self, log: LogRef, seq: u64) -> Answer<'_, SignedHead> {
        Box::pin(self.wait_signed(log, seq))
    }

    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>> {
        Self::now(
            self.shared
                .size_of(log)
                .and_then(|_| self.shared.find(log.log(), id)),
        )
    }

    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>> {
        Self::now(
            self.shared
                .size_of(log)
                .and_then(|_| self.shared.records(log.log(), range)),
        )
    }

    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>> {
        Self::now(
            self.shared
                .size_of(log)
                .and_then(|_| self.shared.nodes(log.log(), nodes)),
        )
    }

    fn sign_export<'a>(&'a self, log: LogRef, text: &'a str) -> Answer<'a, String> {
        Self::now(self.shared.size_of(log).and_then(|_| {
            let signed = signing::lock(&self.signer).sign_export(&log.log(), text);
            signed.map_err(|refusal| StoreError::engine("signing a manifest", refusal))
        }))
    }

    fn record_heads(&self) -> Answer<'_, SignedHead> {
        Box::pin(self.record_all_heads())
    }

    fn confirm_clock(&self) -> Answer<'_, ()> {
        let (reply, answer) = oneshot::channel();
        Box::pin(self.ask(Job::ConfirmClock { reply }, answer))
    }

    fn health(&self) -> Health {
        let counters = &self.shared.counters;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let signed_at = i64::try_from(read(&counters.signed_at)).unwrap_or_default();
        Health {
            refusing: self.shared.refusing(),
            events_acknowledged: read(&counters.acknowledged),
            queue_batches: read(&counters.queued),
            tail_bytes: read(&counters.tail_bytes),
            unsigned_entries: read(&counters.unsigned),
            journal_syncs: read(&counters.syncs),
            disk_free_bytes: self
                .shared
                .disk
                .free_bytes(&self.shared.layout.root)
                .unwrap_or_default(),
            signed_at: (signed_at > 0).then(|| Micros::from_micros(signed_at)),
            logs: self.shared.view().logs.len() as u64,
        }
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(self.shut())
    }
}

impl EventIndex for EmbeddedStore {
    fn search<'a>(&'a self, log: LogRef, search: &'a Search) -> Answer<'a, Page> {
        let (shared, search) = (Arc::clone(&self.shared), search.clone());
        Box::pin(self.find_out(log.tenant(), move |budget| {
            shared.size_of(log)?;
            shared.search(log.log(), &search, budget)
        }))
    }

    fn statistics<'a>(&'a self, log: LogRef, asked: &'a Counting) -> Answer<'a, Statistics> {
        let (shared, asked) = (Arc::clone(&self.shared), asked.clone());
        Box::pin(self.find_out(log.tenant(), move |budget| {
            shared.size_of(log)?;
            shared.statistics(log.log(), &asked, budget)
        }))
    }

    fn values<'a>(
        &'a self,
        log: LogRef,
        field: &'a query::Field,
        prefix: &'a str,
        viewer: query::Viewer,
        limit: usize,
    ) -> Answer<'a, Vec<ValueCount>> {
        let (shared, field, prefix) = (Arc::clone(&self.shared), field.clone(), prefix.to_owned());
        Box::pin(self.find_out(log.tenant(), move |budget| {
            shared.size_of(log)?;
            shared.values(log.log(), &field, &prefix, viewer, limit, budget)
        }))
    }

    fn producers(&self, log: LogRef, viewer: query::Viewer) -> Answer<'_, Vec<ProducerAccount>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(self.find_out(log.tenant(), move |budget| {
            shared.size_of(log)?;
            shared.producers(log.log(), viewer, budget)
        }))
    }

    fn places(&self) -> &Arc<dyn query::Places> {
        self.shared.index.places()
    }

    fn index_health(&self) -> IndexHealth {
        self.shared.index.health()
    }

    fn rebuild_index(&self) -> Answer<'_, ()> {
        self.shared.index.rebuild();
        Self::now(Ok(()))
    }
}

#[cfg(test)]
mod tests;
