//! What readers, the writer and the packer share: the visible part of every log, the ids, the registry.
//!
//! The writer alone adds to a log's tail; the packer alone takes from it, in one step with making the same records
//! readable from packs, so that a reader finds every visible record at every moment.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use keys::durable::Disk;
use keys::master::{KeysDirectory, KeysError};
use ledger::entry::Kind;
use ledger::name::{InstanceId, LogId, TenantId};
use ledger::time::Micros;
use store::{ApiKey, Change, Instance, SignedHead, StoreError, Tenant, TenantRecord};

use crate::cache::PackReader;
use crate::ids::IdIndex;
use crate::index::Index;
use crate::layout::Layout;
use crate::run::Run;
use crate::state::State;

/// One log as readers see it.
#[derive(Debug)]
pub(crate) struct LogView {
    /// Its number in the state file, once something of it is packed.
    pub(crate) number: Option<u32>,
    pub(crate) tenant: TenantId,
    pub(crate) kind: Kind,
    /// Acknowledged entries.
    pub(crate) size: u64,
    /// Entries that are read from packs.
    pub(crate) packed: u64,
    /// Entries from `packed` to `size`.
    pub(crate) tail: VecDeque<Run>,
    pub(crate) signed: Option<SignedHead>,
    /// Size of the log when its head was last recorded in the instance log.
    pub(crate) recorded: u64,
}

/// Tenants and keys.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) tenants: BTreeMap<TenantId, Arc<Tenant>>,
    pub(crate) by_name: BTreeMap<String, TenantId>,
    pub(crate) api_keys: BTreeMap<String, ApiKey>,
}

/// Everything visible.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) logs: HashMap<LogId, LogView>,
    pub(crate) ids: IdIndex,
    pub(crate) registry: Registry,
}

impl Registry {
    /// Whether a change can be made.
    pub(crate) fn check(&self, change: &Change) -> Result<(), StoreError> {
        match change {
            Change::CreateTenant(tenant) if self.by_name.contains_key(&tenant.name) => {
                Err(StoreError::Exists {
                    what: "a tenant of this name",
                })
            }
            Change::CreateTenant(tenant) if self.tenants.contains_key(&tenant.id) => {
                Err(StoreError::Exists {
                    what: "a tenant with this id",
                })
            }
            Change::CreateKey(key) if self.api_keys.contains_key(&key.id) => {
                Err(StoreError::Exists {
                    what: "a key with this id",
                })
            }
            Change::CreateKey(key)
                if key
                    .scope
                    .tenant()
                    .is_some_and(|tenant| !self.tenants.contains_key(&tenant)) =>
            {
                Err(StoreError::NotFound)
            }
            Change::RevokeKey { id, .. } if !self.api_keys.contains_key(id) => {
                Err(StoreError::NotFound)
            }
            Change::UpdateTenant(newer) => match self.tenants.get(&newer.id) {
                None => Err(StoreError::NotFound),
                Some(known) if known.record.is_followed_by(newer) => Ok(()),
                Some(_) => Err(StoreError::Exists {
                    what: "a newer change of this tenant",
                }),
            },
            _ => Ok(()),
        }
    }

    /// Makes a change.
    pub(crate) fn apply(&mut self, change: &Change, keys: &KeysDirectory) -> Result<(), KeysError> {
        match change {
            Change::CreateTenant(record) | Change::UpdateTenant(record) => {
                self.add_tenant(record.clone(), keys)?;
            }
            Change::CreateKey(key) => drop(self.api_keys.insert(key.id.clone(), key.clone())),
            Change::RevokeKey { id, at } => {
                if let Some(key) = self.api_keys.get_mut(id) {
                    key.revoked_at.get_or_insert(*at);
                }
            }
        }
        Ok(())
    }

    /// Adds a tenant with its keys.
    pub(crate) fn add_tenant(
        &mut self,
        record: TenantRecord,
        keys: &KeysDirectory,
    ) -> Result<(), KeysError> {
        let tenant_keys = keys.tenant_keys(&record.salt, &record.kid, keys.current_kid())?;
        self.by_name.insert(record.name.clone(), record.id);
        self.tenants.insert(
            record.id,
            Arc::new(Tenant {
                record,
                keys: Arc::new(tenant_keys),
            }),
        );
        Ok(())
    }
}

/// Counters without a lock.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) acknowledged: AtomicU64,
    pub(crate) queued: AtomicU64,
    pub(crate) queued_bytes: AtomicU64,
    pub(crate) tail_bytes: AtomicU64,
    pub(crate) unsigned: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) signed_at: AtomicU64,
    pub(crate) poisoned: AtomicBool,
    pub(crate) closed: AtomicBool,
}

/// Shared by every task of a store. `view` is locked for short, never across I/O but for a look-up of an id.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) layout: Layout,
    pub(crate) instance: Instance,
    pub(crate) keys: KeysDirectory,
    pub(crate) state: State,
    pub(crate) packs: PackReader,
    pub(crate) index: Arc<Index>,
    view: RwLock<View>,
    pub(crate) counters: Counters,
    /// Ticks whenever something was signed, or the store stopped.
    pub(crate) signed: tokio::sync::watch::Sender<u64>,
    /// Ticks whenever a log grew, or the store stopped.
    pub(crate) grown: tokio::sync::watch::Sender<u64>,
    /// Why writes are refused at the moment.
    refusing: RwLock<Option<String>>,
}

impl Shared {
    #[expect(
        clippy::too_many_arguments,
        reason = "what recovery has gathered, moved in once"
    )]
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        layout: Layout,
        instance: Instance,
        keys: KeysDirectory,
        state: State,
        packs: PackReader,
        index: Arc<Index>,
        view: View,
    ) -> Self {
        Self {
            disk,
            layout,
            instance,
            keys,
            state,
            packs,
            index,
            view: RwLock::new(view),
            counters: Counters::default(),
            signed: tokio::sync::watch::Sender::new(0),
            grown: tokio::sync::watch::Sender::new(0),
            refusing: RwLock::new(None),
        }
    }

    /// The instance's id.
    pub(crate) fn instance_id(&self) -> InstanceId {
        self.instance.id
    }

    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops all writing until the store is opened again.
    pub(crate) fn poison(&self, why: &str) {
        self.counters.poisoned.store(true, Ordering::SeqCst);
        self.refuse(Some(why));
        self.signed.send_modify(|tick| *tick += 1);
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.counters.poisoned.load(Ordering::SeqCst)
    }

    /// Says why writes are refused, for health.
    pub(crate) fn refuse(&self, why: Option<&str>) {
        let mut refusing = self
            .refusing
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if self.is_poisoned() && why.is_none() {
            return;
        }
        if refusing.as_deref() != why {
            *refusing = why.map(str::to_owned);
        }
    }

    pub(crate) fn refusing(&self) -> Option<String> {
        self.refusing
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes the time of a signature.
    pub(crate) fn note_signed(&self, at: Micros) {
        let micros = u64::try_from(at.as_micros()).unwrap_or_default();
        self.counters.signed_at.store(micros, Ordering::Relaxed);
        self.signed.send_modify(|tick| *tick += 1);
    }
}
