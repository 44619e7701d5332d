//! What the cases work with: tenants, events, and readings of what a store answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::checkpoint;
use ledger::entry::{Entry, Opening};
use ledger::hash::Hash;
use ledger::json::{self, Value, write_string};
use ledger::name::{LogId, TenantId};
use ledger::note::VerifierKey;
use ledger::part::{self, Label};
use ledger::prepare::{Door, Prepared, prepare, prepare_own};
use ledger::source::Rng;
use ledger::time::Micros;
use ledger::tree::CompactRange;
use ledger::vocabulary::{Mode, NO_ADDITIONS};

use super::{Broken, Verdict, ensure};
use crate::batch::{Batch, Outcome, Receipt};
use crate::contract::LedgerStore;
use crate::record::{LogRef, Record, SignedHead};
use crate::registry::{ApiKey, Change, Role, Roles, Scope, Tenant, TenantRecord, TenantSettings};

/// Most records asked for at once.
const RECORDS_AT_ONCE: u64 = 1_000;

/// Bytes that look random and are the same on every run.
#[derive(Debug)]
pub(super) struct Noise {
    seed: String,
    drawn: AtomicU64,
}

impl Noise {
    pub(super) fn new(seed: &str) -> Self {
        Self {
            seed: seed.to_owned(),
            drawn: AtomicU64::new(0),
        }
    }
}

impl Rng for Noise {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
            let noise = Hash::of(format!("{} {drawn}", self.seed).as_bytes()).0;
            for (to, from) in chunk.iter_mut().zip(noise) {
                *to = from;
            }
        }
    }
}

/// A tenant that nobody made yet.
pub(super) async fn new_tenant(
    store: &dyn LedgerStore,
    name: &str,
) -> Result<TenantRecord, Broken> {
    let noise = Noise::new(name);
    let mut salt = [0; 32];
    noise.fill(&mut salt);
    let instance = instance(store).await?;
    Ok(TenantRecord {
        id: TenantId::random(&noise),
        name: name.to_owned(),
        salt,
        kid: instance.keys.kid().to_owned(),
        created_at: Micros::from_micros(1_773_325_927_123_456),
        main: LogId::random(&noise),
        access: LogId::random(&noise),
        strict: name.len() % 2 == 1,
        mask_exceptions: vec!["/metadata/*/kept".to_owned()],
        settings: TenantSettings::default(),
    })
}

/// Makes a tenant.
pub(super) async fn tenant(store: &dyn LedgerStore, name: &str) -> Result<Arc<Tenant>, Broken> {
    let record = new_tenant(store, name).await?;
    let id = record.id;
    store
        .administer(Change::CreateTenant(record), Vec::new())
        .await?;
    existing(store, id).await
}

/// A tenant that was made.
pub(super) async fn existing(store: &dyn LedgerStore, id: TenantId) -> Result<Arc<Tenant>, Broken> {
    let found = store.tenant(id).await?;
    found.ok_or_else(|| Broken::new("a tenant that was made is not there"))
}

/// The instance's own tenant.
pub(super) async fn instance(store: &dyn LedgerStore) -> Result<Arc<Tenant>, Broken> {
    existing(store, store.instance().tenant).await
}

/// A key of a tenant.
pub(super) fn new_key(id: &str, tenant: TenantId) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        scope: Scope::Tenant(tenant),
        roles: Roles::of(&[Role::Writer, Role::Auditor]),
        source: "ci".to_owned(),
        owner: "Ann \"Ops\" Müller".to_owned(),
        hash: Hash::of(id.as_bytes()).0,
        created_at: Micros::from_micros(1_773_325_927_000_001),
        expires_at: Some(Micros::from_micros(1_873_325_927_000_001)),
        revoked_at: None,
    }
}

/// An event with an id from a source; `reason` makes its content.
pub(super) fn event(
    tenant: &Tenant,
    source: &str,
    id: &str,
    reason: &str,
) -> Result<Prepared, Broken> {
    let mut quoted = String::new();
    write_string(reason, &mut quoted);
    let text = format!(
        r#"{{"id":"{id}","timestamp":"2026-03-12T14:32:07.123Z","operation":"deployment.created","actor":{{"id":"42","email":"dev@example.com"}},"resource":{{"type":"deployment","id":"dpl_{id}"}},"reason":{quoted}}}"#
    );
    prepared(tenant, source, &text, reason)
}

/// An event without an id.
pub(super) fn event_without_id(tenant: &Tenant, seed: &str) -> Result<Prepared, Broken> {
    let text = r#"{"operation":"deployment.created","actor":{"type":"system"},"resource":{"type":"deployment"}}"#;
    prepared(tenant, "api", text, seed)
}

/// Any event of a producer.
pub(super) fn prepared(
    tenant: &Tenant,
    source: &str,
    text: &str,
    seed: &str,
) -> Result<Prepared, Broken> {
    let door = door(tenant, source);
    let value = json::parse(text.as_bytes()).map_err(|error| Broken::new(error.to_string()))?;
    prepare(value, &door, &fresh_noise(seed)).map_err(|error| Broken::new(error.to_string()))
}

/// An event of the server's own, about a change.
pub(super) fn own_event(tenant: &Tenant, operation: &str) -> Result<Prepared, Broken> {
    let text = format!(
        r#"{{"operation":"{operation}","actor":{{"type":"system"}},"resource":{{"type":"tenant"}}}}"#
    );
    let value = json::parse(text.as_bytes()).map_err(|error| Broken::new(error.to_string()))?;
    prepare_own(value, &door(tenant, "veritrail"), &fresh_noise(operation))
        .map_err(|error| Broken::new(error.to_string()))
}

/// Noise that no other preparation has: every event gets salts of its own, as in life.
fn fresh_noise(seed: &str) -> Noise {
    static PREPARED: AtomicU64 = AtomicU64::new(0);
    let number = PREPARED.fetch_add(1, Ordering::Relaxed);
    Noise::new(&format!("{seed} {number}"))
}

fn door<'a>(tenant: &'a Tenant, source: &'a str) -> Door<'a> {
    Door {
        keys: &tenant.keys,
        key: "vtk_conformance",
        source,
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    }
}

/// Events `first..first + count` of source `api`.
pub(super) fn events(tenant: &Tenant, first: u64, count: u64) -> Result<Vec<Prepared>, Broken> {
    (first..first + count)
        .map(|number| {
            event(
                tenant,
                "api",
                &format!("e{number}"),
                &format!("reason {number}"),
            )
        })
        .collect()
}

/// Appends, wants one outcome for each event.
pub(super) async fn append(
    store: &dyn LedgerStore,
    log: LogRef,
    events: Vec<Prepared>,
) -> Result<Vec<Outcome>, Broken> {
    let count = events.len();
    let outcomes = store.append(Batch { log, events }).await?;
    ensure!(
        outcomes.len() == count,
        "{count} events got {} outcomes",
        outcomes.len()
    );
    Ok(outcomes)
}

/// Appends, wants every event stored.
pub(super) async fn store_all(
    store: &dyn LedgerStore,
    log: LogRef,
    events: Vec<Prepared>,
) -> Result<Vec<Receipt>, Broken> {
    let mut receipts = Vec::new();
    for outcome in append(store, log, events).await? {
        match outcome {
            Outcome::Stored(receipt) => receipts.push(receipt),
            other => {
                return Err(Broken::new(format!(
                    "a new event was not stored: {other:?}"
                )));
            }
        }
    }
    Ok(receipts)
}

/// Acknowledged entries of a log.
pub(super) async fn size(store: &dyn LedgerStore, log: LogRef) -> Result<u64, Broken> {
    Ok(store.head(log).await?.size)
}

/// Every record of a log, from 0 to its present size, with nothing missing.
pub(super) async fn all_records(
    store: &dyn LedgerStore,
    log: LogRef,
) -> Result<Vec<Record>, Broken> {
    let size = size(store, log).await?;
    let mut records: Vec<Record> = Vec::new();
    while (records.len() as u64) < size {
        let start = records.len() as u64;
        let end = size.min(start + RECORDS_AT_ONCE);
        let found = store.records(log, start..end).await?;
        ensure!(
            found.len() as u64 == end - start,
            "records {start}..{end} of {size} gave {}",
            found.len()
        );
        records.extend(found);
    }
    for (seq, record) in records.iter().enumerate() {
        ensure!(
            record.seq == seq as u64,
            "the record at place {seq} says {}",
            record.seq
        );
    }
    Ok(records)
}

/// The one record at a place.
pub(super) async fn record(
    store: &dyn LedgerStore,
    log: LogRef,
    seq: u64,
) -> Result<Record, Broken> {
    let mut found = store.records(log, seq..seq + 1).await?;
    match (found.pop(), found.is_empty()) {
        (Some(record), true) if record.seq == seq => Ok(record),
        _ => Err(Broken::new(format!("no record at {seq}"))),
    }
}

/// Reads an entry.
pub(super) fn entry(record: &Record) -> Result<Entry<'_>, Broken> {
    let read = Entry::parse(&record.entry);
    read.map_err(|error| Broken::new(format!("entry {}: {error}", record.seq)))
}

/// Reads entry 0.
pub(super) async fn opening(store: &dyn LedgerStore, log: LogRef) -> Result<Opening, Broken> {
    let first = record(store, log, 0).await?;
    Opening::parse(&first.entry).map_err(|error| Broken::new(format!("entry 0: {error}")))
}

/// What a `veritrail.log.…` entry of the instance log is about, and what its metadata says.
pub(super) fn statement(record: &Record) -> Result<(String, impl Fn(&str) -> String), Broken> {
    let bytes = record.details.clone().unwrap_or_default();
    let read = part::value_of(Label::Details, &bytes).map(Value::into_owned);
    let value = read.map_err(|error| Broken::new(format!("details of {}: {error}", record.seq)))?;
    let text =
        |value: Option<&Value<'_>>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let about = text(value.member("resource").and_then(|it| it.member("id")));
    let said = move |name: &str| text(value.member("metadata").and_then(|it| it.member(name)));
    Ok((about, said))
}

/// The root over the first `size` records.
pub(super) fn root_of(records: &[Record], size: u64) -> Result<Hash, Broken> {
    let count = usize::try_from(size).unwrap_or(usize::MAX);
    let covered = records.get(..count);
    let covered = covered.ok_or_else(|| Broken::new(format!("no {size} records")))?;
    let mut range = CompactRange::new();
    for record in covered {
        range.push(Hash::leaf(&record.entry));
    }
    Ok(range.root())
}

/// A checkpoint is signed by the key of entry 0, under the log's origin, over size and root.
pub(super) async fn check_signature(
    store: &dyn LedgerStore,
    log: LogRef,
    head: &SignedHead,
) -> Verdict {
    let opening = opening(store, log).await?;
    let key = VerifierKey::parse(&opening.vkey)
        .map_err(|error| Broken::new(format!("the vkey of entry 0: {error}")))?;
    let checkpoint = checkpoint::open(&head.note, &key, &opening.origin)
        .map_err(|error| Broken::new(format!("a checkpoint does not verify: {error}")))?;
    ensure!(
        checkpoint.size() == head.size && *checkpoint.root() == head.root,
        "a checkpoint of size {} was answered as {}",
        checkpoint.size(),
        head.size
    );
    Ok(())
}
