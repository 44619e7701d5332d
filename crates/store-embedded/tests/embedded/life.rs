//! A day in the life of a store, small enough to be stopped at every sync point, and what must be left of it after.
//!
//! [`live`] keeps account of every acknowledgement; [`check`] holds a recovered store against the account, makes it
//! write on, and verifies it. Both panic with the place they were told.

use std::sync::Arc;

use ledger::entry::Entry;
use ledger::hash::Hash;
use ledger::time::Micros;
use store::{
    ApiKey, Batch, Change, LedgerStore, LogRef, Outcome, Receipt, Role, Roles, Scope, SourceRecord,
    StoreError, Tenant, TenantRecord,
};
use store_embedded::verify::{self, Inputs, KeptReceipt, Verdict, VerifyError};
use store_embedded::{EmbeddedStore, LayoutError, OpenError};

use crate::site::{Site, block_on, event, tenant_named};

/// An event that was sent, and its receipt if it was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    tenant: &'static str,
    access: bool,
    id: String,
    receipt: Option<Receipt>,
}

/// Everything that was acknowledged, and what was asked for besides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    tenants: Vec<TenantRecord>,
    /// Changes of tenants that were asked for and may have landed.
    asked: Vec<TenantRecord>,
    keys: Vec<ApiKey>,
    revoked: Vec<String>,
    pub(crate) events: Vec<Sent>,
    /// Checkpoints that were handed out.
    notes: Vec<String>,
}

/// The store stopped answering.
#[derive(Debug)]
pub(crate) struct Stopped;

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        // A machine that stops must not be taken for one whose data are wrong.
        assert!(!matches!(error, StoreError::Damaged(_)), "{error}");
        Self
    }
}

impl From<OpenError> for Stopped {
    fn from(_: OpenError) -> Self {
        Self
    }
}

impl Account {
    /// Every receipt given.
    pub(crate) fn receipts(&self) -> Vec<KeptReceipt> {
        let receipts = self.events.iter().filter_map(|sent| sent.receipt.as_ref());
        receipts
            .map(|receipt| KeptReceipt {
                log: receipt.log,
                seq: receipt.seq,
                leaf: receipt.leaf,
            })
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tenants.is_empty() && self.events.iter().all(|sent| sent.receipt.is_none())
    }

    fn create_tenant(
        &mut self,
        store: &EmbeddedStore,
        record: TenantRecord,
    ) -> Result<(), Stopped> {
        let instance = tenant_named(store, "_instance").unwrap();
        let noted = event(&instance, &format!("made-{}", record.name));
        let records = vec![(LogRef::main(&instance), noted)];
        block_on(store.administer(Change::CreateTenant(record.clone()), records))?;
        self.tenants.push(record);
        Ok(())
    }

    /// Changes a tenant's settings; without an answer, both the old and the new ones are right.
    fn change_tenant(&mut self, store: &EmbeddedStore, name: &str) -> Result<(), Stopped> {
        let known = self.tenants.iter_mut().find(|known| known.name == name);
        let known = known.unwrap();
        let mut record = known.clone();
        record.strict = !record.strict;
        record.settings.revision += 1;
        record.settings.sources.push(SourceRecord {
            id: format!("source-{}", record.settings.revision),
            name: "acme".into(),
            vendor: "github".into(),
            secrets: Vec::new(),
            rules: String::new(),
            created_at: Micros::from_micros(4),
            closed_at: None,
        });
        self.asked.push(record.clone());
        let instance = tenant_named(store, "_instance").unwrap();
        let noted = event(&instance, &format!("changed-{}", record.settings.revision));
        let records = vec![(LogRef::main(&instance), noted)];
        block_on(store.administer(Change::UpdateTenant(record.clone()), records))?;
        *known = record;
        Ok(())
    }

    fn create_key(&mut self, store: &EmbeddedStore, id: &str) -> Result<(), Stopped> {
        let tenant = tenant_named(store, "alpha").unwrap();
        // Every other one is a platform's.
        let scope = if self.keys.len().is_multiple_of(2) {
            Scope::Tenant(tenant.record.id)
        } else {
            Scope::Platform {
                creates_tenants: true,
            }
        };
        let key = ApiKey {
            id: id.to_owned(),
            scope,
            roles: Roles::of(&[Role::Writer, Role::Auditor]),
            source: "api".into(),
            owner: "Öwner \"of\" the key".into(),
            hash: [9; 32],
            created_at: Micros::from_micros(1),
            expires_at: Some(Micros::from_micros(2)),
            revoked_at: None,
        };
        block_on(store.administer(Change::CreateKey(key.clone()), Vec::new()))?;
        self.keys.push(key);
        Ok(())
    }

    fn revoke_key(&mut self, store: &EmbeddedStore, id: &str) -> Result<(), Stopped> {
        let change = Change::RevokeKey {
            id: id.to_owned(),
            at: Micros::from_micros(3),
        };
        block_on(store.administer(change, Vec::new()))?;
        self.revoked.push(id.to_owned());
        Ok(())
    }

    /// Sends one batch and keeps its receipts.
    pub(crate) fn append(
        &mut self,
        store: &EmbeddedStore,
        (tenant, access): (&'static str, bool),
        ids: &[&str],
    ) -> Result<Vec<Outcome>, Stopped> {
        let found = tenant_named(store, tenant).unwrap();
        let log = log_of(&found, access);
        let events = ids.iter().map(|id| event(&found, id)).collect();
        let known = self.events.len();
        let sent = ids.iter().map(|id| Sent {
            tenant,
            access,
            id: (*id).to_owned(),
            receipt: None,
        });
        self.events.extend(sent);
        let outcomes = block_on(store.append(Batch { log, events }))?;
        for (sent, outcome) in self.events[known..].iter_mut().zip(&outcomes) {
            sent.receipt = outcome.receipt().cloned();
        }
        Ok(outcomes)
    }

    fn wait_signed(&mut self, store: &EmbeddedStore, tenant: &str) -> Result<(), Stopped> {
        let log = LogRef::main(&tenant_named(store, tenant).unwrap());
        let size = block_on(store.head(log))?.size;
        let head = block_on(store.signed_past(log, size - 1))?;
        self.notes.push(head.note);
        Ok(())
    }
}

/// What is done before and after a clean close: two lives of a store.
pub(crate) fn live(
    site: &Site,
    records: &[TenantRecord; 2],
    account: &mut Account,
) -> Result<(), Stopped> {
    let store = try_open(site)?;
    let [alpha, beta] = records.clone();
    account.create_tenant(&store, alpha)?;
    account.append(&store, ("alpha", false), &["a1", "a2", "a3"])?;
    account.create_tenant(&store, beta)?;
    account.append(&store, ("beta", false), &["b1"])?;
    account.wait_signed(&store, "alpha")?;
    account.append(&store, ("alpha", true), &["x1"])?;
    // Inside one batch, across batches; both kinds of log.
    let repeated = account.append(&store, ("alpha", false), &["a2", "a4", "a4"])?;
    assert!(matches!(
        repeated[..],
        [
            Outcome::Repeated(_),
            Outcome::Stored(_),
            Outcome::Repeated(_)
        ]
    ));
    account.create_key(&store, "key1")?;
    account.notes.push(block_on(store.record_heads())?.note);
    account.revoke_key(&store, "key1")?;
    account.change_tenant(&store, "alpha")?;
    account.append(&store, ("beta", false), &["b2", "b3"])?;
    block_on(store.close())?;
    drop(store);
    let store = try_open(site)?;
    account.append(&store, ("alpha", false), &["a1", "a5"])?;
    account.change_tenant(&store, "alpha")?;
    account.create_key(&store, "key2")?;
    account.append(&store, ("beta", false), &["b4"])?;
    block_on(store.close())?;
    Ok(())
}

/// Opens what a dead process left; `None` when it had not made a store yet.
pub(crate) fn reopen(site: &Site, account: &Account, at: &str) -> Option<Arc<EmbeddedStore>> {
    match site.open() {
        Ok(store) => Some(store),
        Err(OpenError::Layout(LayoutError::HalfInitialised { .. })) if account.is_empty() => None,
        Err(error) => panic!("{at}: {error}: {error:?}"),
    }
}

/// Makes a tenant on a disk that works.
pub(crate) fn make_tenant(store: &EmbeddedStore, record: TenantRecord, account: &mut Account) {
    account.create_tenant(store, record).unwrap();
}

/// Writes a little and leaves the store as it is.
pub(crate) fn write_unclosed(store: &EmbeddedStore, account: &mut Account) {
    for tenant in ["alpha", "beta"] {
        if tenant_named(store, tenant).is_some() {
            account
                .append(store, (tenant, false), &["r1", "r2"])
                .unwrap();
        }
    }
}

/// Closes a store on a disk that works.
pub(crate) fn close(store: &EmbeddedStore) {
    block_on(store.close()).unwrap();
}

/// Opens and closes on a disk that may stop.
pub(crate) fn recover_and_close(site: &Site) -> Result<(), Stopped> {
    let store = try_open(site)?;
    block_on(store.close())?;
    Ok(())
}

fn try_open(site: &Site) -> Result<Arc<EmbeddedStore>, Stopped> {
    let (keys, signer) = site.try_keys().ok_or(Stopped)?;
    Ok(site.open_with(keys, signer)?)
}

fn log_of(tenant: &Tenant, access: bool) -> LogRef {
    if access {
        LogRef::access(tenant)
    } else {
        LogRef::main(tenant)
    }
}

/// Verifies before anything is recovered: what a power cut leaves is not tampering.
pub(crate) fn verify_found(site: &Site, account: &Account, at: &str) {
    let inputs = Inputs {
        pinned: Some(site.pinned()),
        checkpoints: account.notes.clone(),
        receipts: account.receipts(),
        ..site.inputs()
    };
    match verify::run(&inputs) {
        Ok(report) => assert!(
            report.problems.is_empty(),
            "{at}, before opening: {:#?}",
            report.problems
        ),
        Err(VerifyError::Layout(
            LayoutError::Missing { .. } | LayoutError::HalfInitialised { .. },
        )) => {
            assert!(account.is_empty(), "{at}: the data directory is gone");
        }
        Err(error) => panic!("{at}, before opening: {error}"),
    }
}

/// Opens what a crash left and holds it against the account. `false` when the crash came before there was a store.
pub(crate) fn check(site: &Site, account: &Account, at: &str) -> bool {
    let Some(store) = reopen(site, account, at) else {
        return false;
    };
    check_registry(&store, account, at);
    check_events(&store, account, at);
    check_order(&store, at);
    resend(&store, account, at);
    write_on(&store, at);
    block_on(store.close()).unwrap_or_else(|error| panic!("{at}: closing: {error}"));
    drop(store);
    let inputs = Inputs {
        pinned: Some(site.pinned()),
        checkpoints: account.notes.clone(),
        receipts: account.receipts(),
        ..site.inputs()
    };
    let report = verify::run(&inputs).unwrap();
    assert!(report.problems.is_empty(), "{at}: {:#?}", report.problems);
    assert_eq!(report.verdict(), Verdict::Verified, "{at}");
    assert_eq!(
        (report.unsigned, report.journal_entries),
        (0, 0),
        "{at}: everything is packed and signed"
    );
    assert!(
        report.logs.iter().all(|log| log.vouched == log.size),
        "{at}: {:?}",
        report.logs
    );
    true
}

fn check_registry(store: &EmbeddedStore, account: &Account, at: &str) {
    assert!(
        tenant_named(store, "_instance").is_some(),
        "{at}: no instance tenant"
    );
    for record in &account.tenants {
        let found = tenant_named(store, &record.name).unwrap();
        // Nothing before what was acknowledged, and nothing that was never asked for.
        let landed = account.asked.iter().find(|asked| {
            asked.name == record.name && asked.settings.revision == record.settings.revision + 1
        });
        let sound = found.record == *record || Some(&found.record) == landed;
        assert!(
            sound,
            "{at}: a tenant is {:?}, not {record:?}",
            found.record
        );
    }
    for key in &account.keys {
        let found = block_on(store.api_key(&key.id)).unwrap();
        let found = found.unwrap_or_else(|| panic!("{at}: key {} is lost", key.id));
        if account.revoked.contains(&key.id) {
            assert_eq!(
                found.revoked_at,
                Some(Micros::from_micros(3)),
                "{at}: the revocation is lost"
            );
        }
        assert_eq!(
            ApiKey {
                revoked_at: None,
                ..found
            },
            *key,
            "{at}"
        );
    }
}

fn check_events(store: &EmbeddedStore, account: &Account, at: &str) {
    for sent in &account.events {
        let Some(receipt) = &sent.receipt else {
            continue;
        };
        let log = log_of(&tenant_named(store, sent.tenant).unwrap(), sent.access);
        let found = block_on(store.find(log, &sent.id)).unwrap();
        assert_eq!(found, [receipt.seq], "{at}: acknowledged event {}", sent.id);
        let records = block_on(store.records(log, receipt.seq..receipt.seq + 1)).unwrap();
        assert_eq!(
            Hash::leaf(&records[0].entry),
            receipt.leaf,
            "{at}: acknowledged event {}",
            sent.id
        );
        let entry = Entry::parse(&records[0].entry).unwrap();
        for (digest, part) in [
            (entry.person, &records[0].person),
            (entry.details, &records[0].details),
        ] {
            let stored = part.as_deref().map(ledger::part::digest);
            assert_eq!(stored.as_deref(), digest, "{at}: a part of {}", sent.id);
        }
    }
}

/// Times never run back, and no id stands twice.
fn check_order(store: &EmbeddedStore, at: &str) {
    for tenant in block_on(store.tenants()).unwrap() {
        for log in [LogRef::main(&tenant), LogRef::access(&tenant)] {
            let size = block_on(store.head(log)).unwrap().size;
            let records = block_on(store.records(log, 0..size)).unwrap();
            assert_eq!(records.len() as u64, size, "{at}");
            let entries = records[1..]
                .iter()
                .map(|record| Entry::parse(&record.entry).unwrap());
            let entries: Vec<_> = entries.map(|entry| (entry.place, entry.id)).collect();
            assert!(
                entries.is_sorted_by_key(|(place, _)| place.recorded_at),
                "{at}: times run back"
            );
            let mut ids: Vec<_> = entries.iter().map(|(_, id)| id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), entries.len(), "{at}: an id stands twice");
        }
    }
}

/// Producers that got no answer send again: what was acknowledged is answered with its receipt, the rest is stored now.
fn resend(store: &EmbeddedStore, account: &Account, at: &str) {
    for sent in &account.events {
        let Some(tenant) = tenant_named(store, sent.tenant) else {
            continue;
        };
        let log = log_of(&tenant, sent.access);
        let events = vec![event(&tenant, &sent.id)];
        let outcomes = block_on(store.append(Batch { log, events })).unwrap();
        match (&sent.receipt, &outcomes[0]) {
            (Some(receipt), Outcome::Repeated(again)) => assert_eq!(again, receipt, "{at}"),
            (None, Outcome::Stored(_) | Outcome::Repeated(_)) => {}
            (_, outcome) => panic!("{at}: {} was answered {outcome:?}", sent.id),
        }
    }
}

fn write_on(store: &EmbeddedStore, at: &str) {
    for tenant in block_on(store.tenants()).unwrap() {
        let log = LogRef::main(&tenant);
        let outcomes = block_on(store.append(Batch {
            log,
            events: vec![event(&tenant, "afterwards")],
        }))
        .unwrap();
        assert!(
            matches!(outcomes[0], Outcome::Stored(_)),
            "{at}: {outcomes:?}"
        );
    }
    block_on(store.record_heads()).unwrap_or_else(|error| panic!("{at}: {error}"));
}
