//! What must be the same when a store is opened again: for stores that keep anything.
//!
//! [`populate`] fills a store and remembers everything it shows; after a restart, orderly or not,
//! [`Snapshot::check`] holds the reopened store against it.

use std::sync::Arc;

use ledger::prepare::Prepared;
use ledger::tree::{consistency_plan, verify_consistency};

use super::fixture::{
    all_records, append, check_signature, event, events, instance, new_key, root_of, store_all,
    tenant,
};
use super::{Broken, Verdict, ensure};
use crate::batch::{Outcome, Receipt};
use crate::contract::LedgerStore;
use crate::record::{LogRef, Record, SignedHead};
use crate::registry::{ApiKey, Change, Instance, Scope, Tenant};
use ledger::entry::Kind;
use ledger::time::Micros;

/// Everything a store shows of one log.
#[derive(Clone, Debug)]
struct LogSnapshot {
    log: LogRef,
    records: Vec<Record>,
    signed: Option<SignedHead>,
}

/// Events and what they were answered.
#[derive(Clone, Debug)]
struct Written {
    log: LogRef,
    events: Vec<Prepared>,
    receipts: Vec<Receipt>,
}

/// Everything a store showed before it was closed or killed.
#[derive(Clone, Debug)]
pub struct Snapshot {
    instance: Instance,
    tenants: Vec<Arc<Tenant>>,
    api_keys: Vec<ApiKey>,
    logs: Vec<LogSnapshot>,
    written: Vec<Written>,
}

/// Writes two tenants, keys, a revocation and some hundred events into a fresh store, and takes its snapshot.
pub async fn populate(store: &dyn LedgerStore) -> Result<Snapshot, Broken> {
    let mut written = Vec::new();
    for name in ["reopened-one", "reopened-two"] {
        let tenant = tenant(store, name).await?;
        let key = new_key(&format!("key-{name}"), tenant.record.id);
        store
            .administer(Change::CreateKey(key.clone()), Vec::new())
            .await?;
        let platform = ApiKey {
            id: format!("platform-{name}"),
            scope: Scope::Platform {
                creates_tenants: name.ends_with("two"),
            },
            ..key.clone()
        };
        store
            .administer(Change::CreateKey(platform), Vec::new())
            .await?;
        let ended = Change::RevokeKey {
            id: key.id,
            at: Micros::from_micros(1_800_000_000_000_001),
        };
        store.administer(ended, Vec::new()).await?;
        for (log, count) in [(LogRef::main(&tenant), 150), (LogRef::access(&tenant), 5)] {
            for first in [0, count] {
                let events = events(&tenant, first, count)?;
                let receipts = store_all(store, log, events.clone()).await?;
                written.push(Written {
                    log,
                    events,
                    receipts,
                });
            }
        }
    }
    store.record_heads().await?;
    let mut snapshot = Snapshot::take(store).await?;
    snapshot.written = written;
    Ok(snapshot)
}

impl Snapshot {
    /// Reads everything a store shows: nothing is left out.
    pub async fn take(store: &dyn LedgerStore) -> Result<Self, Broken> {
        let tenants = store.tenants().await?;
        let (mut api_keys, mut logs) = (store.platform_keys().await?, Vec::new());
        for tenant in &tenants {
            api_keys.extend(store.api_keys(tenant.record.id).await?);
            for log in [LogRef::main(tenant), LogRef::access(tenant)] {
                let records = all_records(store, log).await?;
                let signed = store.head(log).await?.signed;
                logs.push(LogSnapshot {
                    log,
                    records,
                    signed,
                });
            }
        }
        api_keys.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(Self {
            instance: store.instance().clone(),
            tenants,
            api_keys,
            logs,
            written: Vec::new(),
        })
    }

    /// Holds a reopened store against what it was. The instance log may have grown meanwhile; no other log may.
    ///
    /// Also sends again what [`populate`] wrote: the same events answer their receipts, other ones conflict.
    pub async fn check(&self, store: &dyn LedgerStore) -> Verdict {
        ensure!(
            *store.instance() == self.instance,
            "another instance was opened: {:?}",
            store.instance().id
        );
        let now = Self::take(store).await?;
        self.check_registry(&now)?;
        for (before, after) in self.logs.iter().zip(&now.logs) {
            check_log(store, before, after).await?;
        }
        for written in &self.written {
            self.check_written(store, written).await?;
        }
        instance(store).await.map(drop)
    }

    fn check_registry(&self, now: &Self) -> Verdict {
        ensure!(
            now.tenants.len() == self.tenants.len() && now.logs.len() == self.logs.len(),
            "{} tenants became {}",
            self.tenants.len(),
            now.tenants.len()
        );
        for (before, after) in self.tenants.iter().zip(&now.tenants) {
            ensure!(
                before.record == after.record,
                "tenant {} was changed",
                before.record.name
            );
            let (old, new) = (&before.keys, &after.keys);
            ensure!(
                old.kid() == new.kid()
                    && old.reference("user", "42") == new.reference("user", "42")
                    && old.event_id("id", "api", "x") == new.event_id("id", "api", "x")
                    && old.masked("a", "b", "c", "d") == new.masked("a", "b", "c", "d"),
                "tenant {} has other keys",
                before.record.name
            );
        }
        ensure!(now.api_keys == self.api_keys, "keys were lost or changed");
        Ok(())
    }

    async fn check_written(&self, store: &dyn LedgerStore, written: &Written) -> Verdict {
        let again = append(store, written.log, written.events.clone()).await?;
        let receipts = written.receipts.iter().cloned();
        let expect: Vec<Outcome> = receipts.map(Outcome::Repeated).collect();
        ensure!(
            again == expect,
            "events sent again after a restart were not known"
        );
        let owner = self
            .tenants
            .iter()
            .find(|it| it.record.id == written.log.tenant());
        let (Some(owner), Some(first)) = (owner, written.receipts.first()) else {
            return Err(Broken::new("nothing was written"));
        };
        let other = event(owner, "api", &first.id, "other content")?;
        let outcomes = append(store, written.log, vec![other]).await?;
        ensure!(
            outcomes == [Outcome::Conflict],
            "another content under an id from before a restart: {outcomes:?}"
        );
        Ok(())
    }
}

async fn check_log(store: &dyn LedgerStore, before: &LogSnapshot, after: &LogSnapshot) -> Verdict {
    let kind = before.log.kind();
    let may_grow = kind == Kind::Instance;
    ensure!(
        before.log == after.log
            && after.records.starts_with(&before.records)
            && (may_grow || after.records.len() == before.records.len()),
        "the {kind} log of {} records became another one of {}",
        before.records.len(),
        after.records.len()
    );
    let last = before.records.len() as u64 - 1;
    let head = store.signed_past(before.log, last).await?;
    check_signature(store, before.log, &head).await?;
    let records = all_records(store, before.log).await?;
    ensure!(
        root_of(&records, head.size)? == head.root,
        "the {kind} log's checkpoint has another root than its records"
    );
    let Some(old) = &before.signed else {
        return Ok(());
    };
    let failed = |error: &dyn std::error::Error| {
        Broken::new(format!(
            "the {kind} log's checkpoint does not extend the old one: {error}"
        ))
    };
    let plan = consistency_plan(old.size, head.size).map_err(|error| failed(&error))?;
    let nodes = store.nodes(before.log, plan.nodes()).await?;
    let proof = plan.assemble(&nodes).map_err(|error| failed(&error))?;
    verify_consistency(old.size, head.size, &old.root, &head.root, &proof)
        .map_err(|error| failed(&error))
}
