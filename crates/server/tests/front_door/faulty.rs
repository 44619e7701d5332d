//! A store that fails on request and counts what is read of it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ledger::hash::Hash;
use ledger::name::{LogId, TenantId};
use ledger::prepare::Prepared;
use query::{Field, Places, Viewer};
use store::index::{Counting, IndexHealth, Page, ProducerAccount, Search, Statistics, ValueCount};
use store::memory::MemoryStore;
use store::{
    Answer, ApiKey, Batch, Change, EventIndex, Health, Instance, LedgerStore, LogHead, LogRef,
    Outcome, Record, SignedHead, StoreError, Tenant,
};

/// Looks at what was found where nothing may be looked for.
const LEAK_LOOKS: usize = 3;

/// Wraps a store; appends fail while told to.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: Arc<dyn LedgerStore>,
    /// The same store, for what it does on request.
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) fault: Mutex<Option<Fault>>,
    /// Records that were read by their place.
    pub(crate) records_read: AtomicU64,
    /// A log into which every search looks, and again when it found something: what must never be.
    leak: Mutex<Option<LogRef>>,
    /// An entry that is read otherwise than it was written, and whether it is its details.
    tampered: Mutex<Option<(u64, bool)>>,
}

impl Faulty {
    pub(crate) fn new(store: MemoryStore) -> Self {
        let memory = Arc::new(store);
        Self {
            inner: Arc::clone(&memory) as Arc<dyn LedgerStore>,
            memory,
            fault: Mutex::default(),
            records_read: AtomicU64::new(0),
            leak: Mutex::default(),
            tampered: Mutex::default(),
        }
    }

    /// Makes an entry, or its details, read otherwise than it was written.
    pub(crate) fn tamper(&self, seq: u64, details: bool) {
        *self.tampered.lock().unwrap() = Some((seq, details));
    }

    /// Makes every search look at the events of another tenant, too.
    pub(crate) async fn leak_into(&self, tenant: &str) {
        let tenant = self.tenant_named(tenant).await.unwrap().unwrap();
        *self.leak.lock().unwrap() = Some(LogRef::main(&tenant));
    }
}

/// Which appends fail, and how.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Only to this log; to any when `None`.
    pub(crate) log: Option<LogId>,
    /// What they answer.
    pub(crate) error: fn() -> StoreError,
}

impl LedgerStore for Faulty {
    fn instance(&self) -> &Instance {
        self.inner.instance()
    }

    fn append(&self, batch: Batch) -> Answer<'_, Vec<Outcome>> {
        let fault = self.fault.lock().unwrap();
        match &*fault {
            Some(fault) if fault.log.is_none_or(|log| log == batch.log.log()) => {
                let error = (fault.error)();
                Box::pin(async move { Err(error) })
            }
            _ => self.inner.append(batch),
        }
    }

    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()> {
        self.inner.administer(change, records)
    }

    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>> {
        self.inner.tenants()
    }

    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>> {
        self.inner.tenant(id)
    }

    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>> {
        self.inner.tenant_named(name)
    }

    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>> {
        self.inner.api_keys(tenant)
    }

    fn platform_keys(&self) -> Answer<'_, Vec<ApiKey>> {
        self.inner.platform_keys()
    }

    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>> {
        self.inner.api_key(id)
    }

    fn head(&self, log: LogRef) -> Answer<'_, LogHead> {
        self.inner.head(log)
    }

    fn grown(&self, log: LogRef, size: u64) -> Answer<'_, u64> {
        self.inner.grown(log, size)
    }

    fn signed_past(&self, log: LogRef, seq: u64) -> Answer<'_, SignedHead> {
        self.inner.signed_past(log, seq)
    }

    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>> {
        self.inner.find(log, id)
    }

    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>> {
        self.records_read
            .fetch_add(range.end - range.start, Ordering::Relaxed);
        let tampered = *self.tampered.lock().unwrap();
        Box::pin(async move {
            let mut records = self.inner.records(log, range).await?;
            let changed = |record: &&mut Record| tampered.is_some_and(|(seq, _)| seq == record.seq);
            if let Some(record) = records.iter_mut().find(changed) {
                let (bytes, from, to) = match tampered {
                    Some((_, true)) => (record.details.as_mut().unwrap(), "dpl_1", "dpl_2"),
                    _ => (&mut record.entry, "deployment", "deploymemt"),
                };
                let text = String::from_utf8(std::mem::take(bytes)).unwrap();
                assert!(text.contains(from));
                *bytes = text.replace(from, to).into_bytes();
            }
            Ok(records)
        })
    }

    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>> {
        self.inner.nodes(log, nodes)
    }

    fn sign_export<'a>(&'a self, log: LogRef, text: &'a str) -> Answer<'a, String> {
        self.inner.sign_export(log, text)
    }

    fn record_heads(&self) -> Answer<'_, SignedHead> {
        self.inner.record_heads()
    }

    fn confirm_clock(&self) -> Answer<'_, ()> {
        self.inner.confirm_clock()
    }

    fn health(&self) -> Health {
        let mut health = self.inner.health();
        let fault = self.fault.lock().unwrap();
        health.refusing = fault.as_ref().map(|fault| (fault.error)().to_string());
        health
    }

    fn close(&self) -> Answer<'_, ()> {
        self.inner.close()
    }
}

impl EventIndex for Faulty {
    fn search<'a>(&'a self, log: LogRef, search: &'a Search) -> Answer<'a, Page> {
        let leak = *self.leak.lock().unwrap();
        Box::pin(async move {
            if let Some(other) = leak
                && !self.memory.search(other, search).await?.hits.is_empty()
            {
                for _ in 0..LEAK_LOOKS {
                    self.memory.search(other, search).await?;
                }
            }
            self.memory.search(log, search).await
        })
    }

    fn statistics<'a>(&'a self, log: LogRef, asked: &'a Counting) -> Answer<'a, Statistics> {
        self.memory.statistics(log, asked)
    }

    fn values<'a>(
        &'a self,
        log: LogRef,
        field: &'a Field,
        prefix: &'a str,
        viewer: Viewer,
        limit: usize,
    ) -> Answer<'a, Vec<ValueCount>> {
        self.memory.values(log, field, prefix, viewer, limit)
    }

    fn producers(&self, log: LogRef, viewer: Viewer) -> Answer<'_, Vec<ProducerAccount>> {
        self.memory.producers(log, viewer)
    }

    fn places(&self) -> &Arc<dyn Places> {
        self.memory.places()
    }

    fn index_health(&self) -> IndexHealth {
        self.memory.index_health()
    }

    fn rebuild_index(&self) -> Answer<'_, ()> {
        self.memory.rebuild_index()
    }
}
