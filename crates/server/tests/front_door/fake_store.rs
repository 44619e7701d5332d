//! A store in memory for the tests of the front door, until `store::memory` is there.

use std::collections::BTreeMap;
use std::future::ready;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use ledger::content::{Repetition, compare};
use ledger::entry::{Entry, Opening};
use ledger::hash::Hash;
use ledger::keyring::TenantKeys;
use ledger::name::{InstanceId, LogId, TenantId};
use ledger::part::Label;
use ledger::prepare::Prepared;
use ledger::seal::Head;
use ledger::source::Clock;
use ledger::tree::{Node, root_plan};
use store::registry::INSTANCE_TENANT;
use store::{
    Answer, ApiKey, Batch, Change, Health, Instance, LedgerStore, LogHead, LogRef, Outcome,
    Receipt, Record, SignedHead, StoreError, Tenant, TenantRecord,
};

#[derive(Debug)]
pub(crate) struct FakeStore {
    instance: Instance,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    tenants: Vec<Arc<Tenant>>,
    keys: Vec<ApiKey>,
    logs: BTreeMap<LogId, Log>,
}

#[derive(Debug)]
struct Log {
    head: Head,
    origin: String,
    records: Vec<Record>,
}

impl FakeStore {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let record = TenantRecord {
            id: TenantId([1; 16]),
            name: INSTANCE_TENANT.into(),
            salt: [0; 32],
            kid: "0011aabb".into(),
            created_at: clock.wall(),
            main: LogId([2; 16]),
            access: LogId([3; 16]),
            strict: true,
            mask_exceptions: vec![],
        };
        let store = Self {
            instance: Instance {
                id: InstanceId([4; 16]),
                origin: "veritrail.invalid/04".into(),
                tenant: record.id,
            },
            clock,
            inner: Mutex::default(),
        };
        store.open_tenant(record);
        store
    }

    fn open_tenant(&self, record: TenantRecord) {
        let byte = record.id.0[0];
        let keys = TenantKeys::new("0011aabb", [byte; 32], [2; 32], [3; 32], [4; 32]);
        let mut inner = self.inner.lock().unwrap();
        for access in [false, true] {
            let log = LogRef::of_record(&record, access);
            let mut head = Head::new(log.log());
            let origin = format!("{}/{}", self.instance.origin, log.log());
            let opening = Opening {
                log: log.log(),
                kind: log.kind(),
                tenant: record.id,
                origin: origin.clone(),
                vkey: format!("{origin}+00000000+AAAA"),
                recorded_at: self.clock.wall(),
                predecessor: None,
            };
            let sealed = head.open(&opening);
            let records = vec![Record {
                seq: 0,
                entry: sealed.entry,
                person: None,
                details: None,
            }];
            inner.logs.insert(
                log.log(),
                Log {
                    head,
                    origin,
                    records,
                },
            );
        }
        inner.tenants.push(Arc::new(Tenant {
            record,
            keys: Arc::new(keys),
        }));
    }

    fn put(&self, log: LogRef, event: &Prepared) -> Outcome {
        let mut inner = self.inner.lock().unwrap();
        let tenant = inner
            .tenants
            .iter()
            .find(|tenant| tenant.record.id == log.tenant());
        let keys = Arc::clone(&tenant.unwrap().keys);
        let found = inner.logs.get_mut(&log.log()).unwrap();
        for record in found.records.iter().skip(1) {
            let entry = Entry::parse(&record.entry).unwrap();
            if entry.id != event.id || entry.source != event.source {
                continue;
            }
            let parts = [
                (Label::Details, record.details.as_deref()),
                (Label::Person, record.person.as_deref()),
            ];
            if compare(&entry, &parts, event, &keys) != Repetition::Same {
                return Outcome::Conflict;
            }
            return Outcome::Repeated(Receipt {
                log: log.log(),
                seq: record.seq,
                id: event.id.clone(),
                leaf: Hash::leaf(&record.entry),
                recorded_at: entry.place.recorded_at,
            });
        }
        let sealed = found.head.seal(event, self.clock.wall());
        found.records.push(Record {
            seq: sealed.seq,
            entry: sealed.entry,
            person: event.person.as_ref().map(|part| part.bytes.clone()),
            details: event.details.as_ref().map(|part| part.bytes.clone()),
        });
        Outcome::Stored(Receipt {
            log: log.log(),
            seq: sealed.seq,
            id: event.id.clone(),
            leaf: sealed.leaf,
            recorded_at: sealed.recorded_at,
        })
    }

    fn hash(&self, log: LogRef, (level, index): Node) -> Hash {
        if level == 0 {
            let inner = self.inner.lock().unwrap();
            return Hash::leaf(
                &inner.logs[&log.log()].records[usize::try_from(index).unwrap()].entry,
            );
        }
        let (left, right) = (
            self.hash(log, (level - 1, index * 2)),
            self.hash(log, (level - 1, index * 2 + 1)),
        );
        Hash::node(&left, &right)
    }

    fn signed(&self, log: LogRef) -> SignedHead {
        let (size, origin) = {
            let inner = self.inner.lock().unwrap();
            let log = &inner.logs[&log.log()];
            (log.records.len() as u64, log.origin.clone())
        };
        let plan = root_plan(size);
        let hashes: Vec<Hash> = plan
            .nodes()
            .iter()
            .map(|node| self.hash(log, *node))
            .collect();
        let root = plan.assemble(&hashes).unwrap()[0];
        let checkpoint = ledger::checkpoint::Checkpoint::new(&origin, size, root).unwrap();
        let note = format!("{checkpoint}\n\u{2014} {origin} {}=\n", "A".repeat(91));
        SignedHead { size, root, note }
    }
}

fn answer<'a, T: Send + 'a>(value: Result<T, StoreError>) -> Answer<'a, T> {
    Box::pin(ready(value))
}

impl LedgerStore for FakeStore {
    fn instance(&self) -> &Instance {
        &self.instance
    }

    fn append(&self, batch: Batch) -> Answer<'_, Vec<Outcome>> {
        answer(Ok(batch
            .events
            .iter()
            .map(|event| self.put(batch.log, event))
            .collect()))
    }

    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()> {
        match change {
            Change::CreateTenant(record) => {
                if self
                    .inner
                    .lock()
                    .unwrap()
                    .tenants
                    .iter()
                    .any(|tenant| tenant.record.name == record.name)
                {
                    return answer(Err(StoreError::Exists {
                        what: "a tenant of this name",
                    }));
                }
                self.open_tenant(record);
            }
            Change::CreateKey(key) => self.inner.lock().unwrap().keys.push(key),
            Change::RevokeKey { id, at } => {
                let mut inner = self.inner.lock().unwrap();
                inner
                    .keys
                    .iter_mut()
                    .find(|key| key.id == id)
                    .unwrap()
                    .revoked_at = Some(at);
            }
        }
        for (log, event) in records {
            self.put(log, &event);
        }
        answer(Ok(()))
    }

    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>> {
        answer(Ok(self.inner.lock().unwrap().tenants.clone()))
    }

    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>> {
        let inner = self.inner.lock().unwrap();
        answer(Ok(inner
            .tenants
            .iter()
            .find(|tenant| tenant.record.id == id)
            .cloned()))
    }

    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>> {
        let inner = self.inner.lock().unwrap();
        answer(Ok(inner
            .tenants
            .iter()
            .find(|tenant| tenant.record.name == name)
            .cloned()))
    }

    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>> {
        let inner = self.inner.lock().unwrap();
        answer(Ok(inner
            .keys
            .iter()
            .filter(|key| key.tenant == tenant)
            .cloned()
            .collect()))
    }

    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>> {
        let inner = self.inner.lock().unwrap();
        answer(Ok(inner.keys.iter().find(|key| key.id == id).cloned()))
    }

    fn head(&self, log: LogRef) -> Answer<'_, LogHead> {
        let signed = self.signed(log);
        answer(Ok(LogHead {
            size: signed.size,
            signed: Some(signed),
        }))
    }

    fn signed_past(&self, log: LogRef, _seq: u64) -> Answer<'_, SignedHead> {
        answer(Ok(self.signed(log)))
    }

    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>> {
        let inner = self.inner.lock().unwrap();
        let records = inner.logs[&log.log()].records.iter().skip(1);
        let found = records.filter(|record| Entry::parse(&record.entry).unwrap().id == id);
        answer(Ok(found.map(|record| record.seq).collect()))
    }

    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>> {
        let inner = self.inner.lock().unwrap();
        let records = inner.logs[&log.log()].records.iter();
        answer(Ok(records
            .filter(|record| range.contains(&record.seq))
            .cloned()
            .collect()))
    }

    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>> {
        answer(Ok(nodes.iter().map(|node| self.hash(log, *node)).collect()))
    }

    fn record_heads(&self) -> Answer<'_, SignedHead> {
        let instance = Arc::clone(&self.inner.lock().unwrap().tenants[0]);
        answer(Ok(self.signed(LogRef::main(&instance))))
    }

    fn confirm_clock(&self) -> Answer<'_, ()> {
        answer(Ok(()))
    }

    fn health(&self) -> Health {
        Health::default()
    }

    fn close(&self) -> Answer<'_, ()> {
        answer(Ok(()))
    }
}
