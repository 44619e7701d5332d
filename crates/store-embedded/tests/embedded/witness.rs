//! What a store answered once, to be held against what it answers later: a store may refuse, it may never be wrong.

use std::sync::Arc;

use ledger::entry::Entry;
use ledger::hash::Hash;
use ledger::tree::{CompactRange, root_plan};
use store::{ApiKey, LedgerStore, LogRef, Record, StoreError, TenantRecord};
use store_embedded::EmbeddedStore;

use crate::site::block_on;

/// Everything a store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    tenants: Vec<TenantRecord>,
    keys: Vec<ApiKey>,
    logs: Vec<(LogRef, Vec<Record>)>,
}

/// How a store compares with what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// Every answer is the same.
    Same,
    /// It refused some answers as damaged; the others are the same.
    Refuses(String),
    /// It gave a wrong answer.
    Wrong(String),
}

impl Witness {
    /// Asks a store for everything.
    pub(crate) fn of(store: &EmbeddedStore) -> Self {
        let tenants = block_on(store.tenants()).unwrap();
        let mut logs = Vec::new();
        let mut keys = block_on(store.platform_keys()).unwrap();
        for tenant in &tenants {
            keys.extend(block_on(store.api_keys(tenant.record.id)).unwrap());
            for log in [LogRef::main(tenant), LogRef::access(tenant)] {
                logs.push((log, read_all(store, log).unwrap()));
            }
        }
        let tenants = tenants.iter().map(|tenant| tenant.record.clone()).collect();
        Self {
            tenants,
            keys,
            logs,
        }
    }

    /// The records of a log.
    pub(crate) fn records(&self, log: LogRef) -> &[Record] {
        let found = self.logs.iter().find(|(known, _)| *known == log);
        found
            .map(|(_, records)| records.as_slice())
            .unwrap_or_default()
    }

    /// Holds a store against what it was.
    pub(crate) fn compare(&self, store: &Arc<EmbeddedStore>) -> Compared {
        match self.disagreement(store) {
            Ok(None) => Compared::Same,
            Ok(Some(what)) => Compared::Wrong(what),
            Err(error @ (StoreError::Damaged(_) | StoreError::Engine { .. })) => {
                Compared::Refuses(error.to_string())
            }
            Err(error) => Compared::Wrong(format!("{error:?}")),
        }
    }

    fn disagreement(&self, store: &EmbeddedStore) -> Result<Option<String>, StoreError> {
        let tenants = block_on(store.tenants())?;
        if !tenants
            .iter()
            .map(|tenant| &tenant.record)
            .eq(&self.tenants)
        {
            return Ok(Some("other tenants".into()));
        }
        let mut keys = block_on(store.platform_keys())?;
        for tenant in &tenants {
            keys.extend(block_on(store.api_keys(tenant.record.id))?);
        }
        if keys != self.keys {
            return Ok(Some(format!("other keys: {keys:?}")));
        }
        let mut refused = None;
        for (log, records) in &self.logs {
            match Self::log_disagreement(store, *log, records) {
                Ok(None) => {}
                Err(error) => refused = Some(error),
                wrong => return wrong,
            }
        }
        refused.map_or(Ok(None), Err)
    }

    fn log_disagreement(
        store: &EmbeddedStore,
        log: LogRef,
        records: &[Record],
    ) -> Result<Option<String>, StoreError> {
        let found = read_all(store, log)?;
        if found != records {
            let differs = found
                .iter()
                .zip(records)
                .position(|(one, other)| one != other);
            return Ok(Some(format!(
                "log {}: record {differs:?} of {}",
                log.log(),
                records.len()
            )));
        }
        let mut range = CompactRange::new();
        for record in records {
            range.push(Hash::leaf(&record.entry));
            let Ok(entry) = Entry::parse(&record.entry) else {
                continue;
            };
            if block_on(store.find(log, entry.id))? != [record.seq] {
                return Ok(Some(format!(
                    "log {}: id {} is not found",
                    log.log(),
                    entry.id
                )));
            }
        }
        let plan = root_plan(records.len() as u64);
        let nodes = block_on(store.nodes(log, plan.nodes()))?;
        let root = CompactRange::from_parts(records.len() as u64, nodes)
            .unwrap()
            .root();
        if root != range.root() {
            return Ok(Some(format!("log {}: a wrong node", log.log())));
        }
        let signed = block_on(store.head(log))?.signed;
        if signed.is_some_and(|signed| signed.size == records.len() as u64 && signed.root != root) {
            return Ok(Some(format!("log {}: a wrong checkpoint", log.log())));
        }
        Ok(None)
    }
}

/// All records of a log.
pub(crate) fn read_all(store: &EmbeddedStore, log: LogRef) -> Result<Vec<Record>, StoreError> {
    let size = block_on(store.head(log))?.size;
    let mut records = Vec::new();
    while (records.len() as u64) < size {
        let more = block_on(store.records(log, records.len() as u64..size))?;
        if more.is_empty() {
            return Err(StoreError::Damaged("records are missing".into()));
        }
        records.extend(more);
    }
    Ok(records)
}
