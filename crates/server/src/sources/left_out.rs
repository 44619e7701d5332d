//! Counts of what was left out, until they are reported.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use connectors::noise::Counts;
use ledger::name::TenantId;
use ledger::time::Micros;

/// Most pairs of rule and operation that are told apart for one source in an hour; the rest is counted together.
const PAIRS_MAX: usize = 300;

/// A source of a tenant, by its id.
pub(crate) type Key = (TenantId, String);

/// What each source left out since the last report. One entry for each source that left out anything.
#[derive(Debug, Default)]
pub(crate) struct LeftOut(Mutex<BTreeMap<Key, Hour>>);

/// What one source left out.
#[derive(Clone, Debug)]
pub(crate) struct Hour {
    /// Since when.
    pub(crate) since: Micros,
    /// By rule and operation.
    pub(crate) counts: Counts,
}

impl LeftOut {
    /// Whether something of the source was left out since the last report; then a record says that rules are at work.
    pub(crate) fn is_announced(&self, key: &Key) -> bool {
        self.held().contains_key(key)
    }

    /// Counts what was left out.
    pub(crate) fn add(&self, key: &Key, now: Micros, counts: &Counts) {
        if counts.is_empty() {
            return;
        }
        let mut held = self.held();
        let hour = held.entry(key.clone()).or_insert_with(|| Hour {
            since: now,
            counts: Counts::new(),
        });
        for ((rule, operation), count) in counts {
            let pair = (rule.clone(), operation.clone());
            let room = hour.counts.len() < PAIRS_MAX || hour.counts.contains_key(&pair);
            let pair = if room {
                pair
            } else {
                (rule.clone(), "other".to_owned())
            };
            *hour.counts.entry(pair).or_default() += count;
        }
    }

    /// Takes what gathered.
    pub(crate) fn take(&self) -> BTreeMap<Key, Hour> {
        std::mem::take(&mut *self.held())
    }

    /// Puts back what could not be reported.
    pub(crate) fn put_back(&self, key: &Key, hour: &Hour) {
        self.add(key, hour.since, &hour.counts);
        if let Some(held) = self.held().get_mut(key) {
            held.since = held.since.min(hour.since);
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Key, Hour>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
