//! Everything the in-memory store knows, behind one lock: that is what makes its calls atomic and its reads see
//! every write acknowledged before.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use ed25519_dalek::SigningKey;
use ledger::clock_guard::ClockGuard;
use ledger::entry::Kind;
use ledger::limits::BATCH_EVENTS_MAX;
use ledger::name::{LogId, TenantId};
use ledger::prepare::Prepared;
use ledger::source::Rng;
use ledger::time::Micros;

use super::keys::Master;
use super::log::Log;
use super::own;
use crate::batch::{Batch, Outcome};
use crate::error::StoreError;
use crate::health::Health;
use crate::index::IndexHealth;
use crate::record::{LogRef, SignedHead};
use crate::registry::{ApiKey, Change, INSTANCE_TENANT, Instance, Tenant, TenantRecord};

/// Wall and monotonic time, read together.
type Now = (Micros, i64);

/// Why nothing is found, on request.
const UNINDEXED: &str = "a test asked for it";

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that tests turn, each on its own"
)]
pub(super) struct State {
    instance: Instance,
    master: Master,
    signing_key: SigningKey,
    clock: ClockGuard,
    tenants: BTreeMap<TenantId, Arc<Tenant>>,
    api_keys: BTreeMap<String, ApiKey>,
    logs: BTreeMap<LogId, Log>,
    failing: VecDeque<StoreError>,
    poisoned: bool,
    closed: bool,
    holding: bool,
    waiting: Vec<Waker>,
    /// Who waits for a log to grow.
    growing: Vec<Waker>,
    unindexed: bool,
    acknowledged: u64,
    signed_at: Option<Micros>,
}

impl State {
    pub(super) fn new(
        instance: Instance,
        master: Master,
        signing_key: SigningKey,
        (wall, monotonic): Now,
    ) -> Self {
        Self {
            instance,
            master,
            signing_key,
            clock: ClockGuard::new(wall, monotonic),
            tenants: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            logs: BTreeMap::new(),
            failing: VecDeque::new(),
            poisoned: false,
            closed: false,
            holding: false,
            waiting: Vec::new(),
            growing: Vec::new(),
            unindexed: false,
            acknowledged: 0,
            signed_at: None,
        }
    }

    pub(super) fn fail_next(&mut self, error: StoreError) {
        self.failing.push_back(error);
    }

    /// The log, if it is that tenant's.
    pub(super) fn log(&self, log: LogRef) -> Result<&Log, StoreError> {
        let found = self.logs.get(&log.log()).filter(|found| found.place == log);
        found.ok_or(StoreError::NotFound)
    }

    /// The manifest of an export as a signed note.
    pub(super) fn sign_export(&self, log: LogRef, text: &str) -> Result<String, StoreError> {
        self.log(log)?.sign_export(text, &self.signing_key)
    }

    /// Whether a write may begin; nothing was done when it may not.
    fn admit(&mut self, (wall, monotonic): Now) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Closed);
        }
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        if let Some(error) = self.failing.pop_front() {
            self.poisoned = matches!(error, StoreError::Poisoned);
            return Err(error);
        }
        let newest = self.logs.values().map(Log::last).max().unwrap_or_default();
        Ok(self.clock.check(wall, monotonic, newest)?)
    }

    pub(super) fn append(&mut self, batch: &Batch, now: Now) -> Result<Vec<Outcome>, StoreError> {
        assert!(
            batch.events.len() <= BATCH_EVENTS_MAX,
            "the front door bounds batches"
        );
        self.log(batch.log)?;
        self.admit(now)?;
        let mut outcomes = Vec::with_capacity(batch.events.len());
        for event in &batch.events {
            outcomes.push(self.append_one(batch.log, event, now.0)?);
        }
        self.settle(now.0)?;
        Ok(outcomes)
    }

    fn append_one(
        &mut self,
        place: LogRef,
        event: &Prepared,
        now: Micros,
    ) -> Result<Outcome, StoreError> {
        let tenant = self
            .tenants
            .get(&place.tenant())
            .ok_or(StoreError::NotFound)?;
        let log = self
            .logs
            .get_mut(&place.log())
            .ok_or(StoreError::NotFound)?;
        let outcome = log.append(event, &tenant.keys, now);
        self.acknowledged += u64::from(matches!(outcome, Outcome::Stored(_)));
        Ok(outcome)
    }

    /// Wakes whoever waits for growth; signs what grew and wakes whoever waits for that.
    fn settle(&mut self, now: Micros) -> Result<(), StoreError> {
        self.growing.drain(..).for_each(Waker::wake);
        if self.holding {
            return Ok(());
        }
        for log in self.logs.values_mut() {
            log.sign(&self.signing_key)?;
        }
        self.signed_at = Some(now);
        self.waiting.drain(..).for_each(Waker::wake);
        Ok(())
    }

    pub(super) fn hold_signing(&mut self, hold: bool, now: Micros) {
        self.holding = hold;
        // A failure to sign is found again, and answered, by the next write.
        drop(self.settle(now));
    }

    pub(super) fn make_index_unavailable(&mut self, unavailable: bool) {
        self.unindexed = unavailable;
    }

    /// The log, to be searched.
    pub(super) fn indexed(&self, log: LogRef) -> Result<&Log, StoreError> {
        let found = self.log(log)?;
        if self.unindexed {
            return Err(StoreError::IndexUnavailable {
                why: UNINDEXED.to_owned(),
                retry_after_ms: 1_000,
            });
        }
        Ok(found)
    }

    pub(super) fn index_health(&self) -> IndexHealth {
        IndexHealth {
            unavailable: self.unindexed.then(|| UNINDEXED.to_owned()),
            // Entry 0 is no event.
            indexed: self.logs.values().map(|log| log.size() - 1).sum(),
            ..IndexHealth::default()
        }
    }

    /// Waits for a log to grow beyond a size: answers how large it is, or leaves a waker.
    pub(super) fn grown(
        &mut self,
        place: LogRef,
        size: u64,
        waker: &Waker,
    ) -> Option<Result<u64, StoreError>> {
        match self.log(place).map(Log::size) {
            Ok(now) if now <= size && self.closed => Some(Err(StoreError::Closed)),
            Ok(now) if now <= size => {
                self.growing.push(waker.clone());
                None
            }
            answer => Some(answer),
        }
    }

    /// Waits for a checkpoint: answers it, or leaves a waker.
    pub(super) fn signed_past(
        &mut self,
        place: LogRef,
        seq: u64,
        waker: &Waker,
    ) -> Option<Result<SignedHead, StoreError>> {
        let log = match self.log(place) {
            Ok(log) => log,
            Err(error) => return Some(Err(error)),
        };
        if log.size() <= seq {
            return Some(Err(StoreError::NotFound));
        }
        if let Some(signed) = log.signed().filter(|signed| signed.size > seq) {
            return Some(Ok(signed.clone()));
        }
        if self.closed {
            return Some(Err(StoreError::Closed));
        }
        self.waiting.push(waker.clone());
        None
    }

    pub(super) fn administer(
        &mut self,
        change: Change,
        records: &[(LogRef, Prepared)],
        now: Now,
    ) -> Result<(), StoreError> {
        self.admit(now)?;
        // Everything that can be refused is looked at before anything is done.
        let made = match &change {
            Change::CreateTenant(record) => self.made(record, now.0)?,
            Change::CreateKey(key) if self.api_keys.contains_key(&key.id) => {
                return Err(StoreError::Exists { what: "a key" });
            }
            Change::CreateKey(key) if !self.has_tenant_of(key) => {
                return Err(StoreError::NotFound);
            }
            Change::UpdateTenant(record) => {
                self.check_update(record)?;
                Vec::new()
            }
            Change::RevokeKey { id, .. } if !self.api_keys.contains_key(id) => {
                return Err(StoreError::NotFound);
            }
            Change::CreateKey(_) | Change::RevokeKey { .. } => Vec::new(),
        };
        for (place, _) in records {
            let known = self.log(*place).is_ok() || made.iter().any(|log| log.place == *place);
            if !known {
                return Err(StoreError::NotFound);
            }
        }
        self.logs
            .extend(made.into_iter().map(|log| (log.place.log(), log)));
        match change {
            Change::CreateTenant(record) | Change::UpdateTenant(record) => {
                let keys = Arc::new(self.master.tenant_keys(&record.salt));
                self.tenants
                    .insert(record.id, Arc::new(Tenant { record, keys }));
            }
            Change::CreateKey(key) => drop(self.api_keys.insert(key.id.clone(), key)),
            Change::RevokeKey { id, at } => {
                if let Some(key) = self.api_keys.get_mut(&id) {
                    key.revoked_at.get_or_insert(at);
                }
            }
        }
        for (place, event) in records {
            self.append_one(*place, event, now.0)?;
        }
        self.settle(now.0)
    }

    fn check_update(&self, record: &TenantRecord) -> Result<(), StoreError> {
        let known = self.tenants.get(&record.id).ok_or(StoreError::NotFound)?;
        if known.record.is_followed_by(record) {
            Ok(())
        } else {
            Err(StoreError::Exists {
                what: "a newer change of this tenant",
            })
        }
    }

    /// The logs of a new tenant.
    fn made(&self, record: &TenantRecord, now: Micros) -> Result<Vec<Log>, StoreError> {
        assert!(
            record.main != record.access && is_tenant_name(&record.name),
            "the front door makes sound tenants"
        );
        let mut known = self.tenants.values().map(|tenant| &tenant.record);
        if known.any(|known| known.name == record.name || known.id == record.id)
            || self.logs.contains_key(&record.main)
            || self.logs.contains_key(&record.access)
        {
            return Err(StoreError::Exists { what: "a tenant" });
        }
        [false, true]
            .into_iter()
            .map(|access| {
                let place = LogRef::of_record(record, access);
                Log::open(place, &self.instance.origin, &self.signing_key, now)
            })
            .collect()
    }

    pub(super) fn tenants(&self) -> Vec<Arc<Tenant>> {
        let mut tenants: Vec<_> = self.tenants.values().map(Arc::clone).collect();
        tenants.sort_by(|left, right| left.record.name.cmp(&right.record.name));
        tenants
    }

    pub(super) fn tenant(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.tenants.get(&id).map(Arc::clone)
    }

    pub(super) fn api_keys(&self, tenant: TenantId) -> Vec<ApiKey> {
        let keys = self.api_keys.values();
        keys.filter(|key| key.scope.tenant() == Some(tenant))
            .cloned()
            .collect()
    }

    pub(super) fn platform_keys(&self) -> Vec<ApiKey> {
        let keys = self.api_keys.values();
        keys.filter(|key| key.scope.tenant().is_none())
            .cloned()
            .collect()
    }

    fn has_tenant_of(&self, key: &ApiKey) -> bool {
        let tenant = key.scope.tenant();
        tenant.is_none_or(|tenant| self.tenants.contains_key(&tenant))
    }

    pub(super) fn api_key(&self, id: &str) -> Option<ApiKey> {
        self.api_keys.get(id).cloned()
    }

    /// Records the heads that grew; answers where the last of those entries stands.
    pub(super) fn record_heads(
        &mut self,
        now: Now,
        rng: &dyn Rng,
    ) -> Result<(LogRef, u64), StoreError> {
        self.admit(now)?;
        let tenant = self
            .tenant(self.instance.tenant)
            .ok_or(StoreError::NotFound)?;
        let mut events = Vec::new();
        for log in self.logs.values_mut() {
            let head = log
                .signed()
                .filter(|signed| signed.size > log.recorded)
                .cloned();
            if let Some(head) = head.filter(|_| log.place.kind() != Kind::Instance) {
                events.push(own::head_recorded(log.place, &head, &tenant.keys, rng)?);
                log.recorded = head.size;
            }
        }
        if events.is_empty() {
            events.push(own::heartbeat(self.instance.id, &tenant.keys, rng)?);
        }
        let place = LogRef::main(&tenant);
        let mut last = 0;
        for event in &events {
            let outcome = self.append_one(place, event, now.0)?;
            last = outcome.receipt().map_or(last, |receipt| receipt.seq);
        }
        self.settle(now.0)?;
        Ok((place, last))
    }

    pub(super) fn confirm_clock(&mut self, (wall, monotonic): Now) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Closed);
        }
        self.clock.confirm(wall, monotonic);
        Ok(())
    }

    pub(super) fn close(&mut self, now: Micros) {
        self.hold_signing(false, now);
        self.closed = true;
        self.growing.drain(..).for_each(Waker::wake);
    }

    pub(super) fn health(&self) -> Health {
        let unsigned = self.logs.values().map(|log| {
            let signed = log.signed().map_or(0, |signed| signed.size);
            log.size() - signed
        });
        Health {
            refusing: self.poisoned.then(|| StoreError::Poisoned.to_string()),
            events_acknowledged: self.acknowledged,
            unsigned_entries: unsigned.sum(),
            signed_at: self.signed_at,
            logs: self.logs.len() as u64,
            ..Health::default()
        }
    }
}

/// `[a-z0-9][a-z0-9-]{0,62}`, or the instance's own.
fn is_tenant_name(name: &str) -> bool {
    name == INSTANCE_TENANT
        || ((1..=63).contains(&name.len())
            && !name.starts_with('-')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
}
