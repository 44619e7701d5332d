//! Ways in for vendors: their credentials, their noise rules, and what was left out.
//!
//! Promises: a delivery finds its source by what it names and bears, never by trying tenants; one source that floods
//! takes no more than its own places; nothing is left out that is not counted, and before the first thing of an hour is
//! left out a durable record says that rules are at work.

pub(crate) mod credential;
pub(crate) mod left_out;
pub(crate) mod rules;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::hash::Hash;
use ledger::name::TenantId;
use store::{SourceRecord, Tenant};

use crate::shares::{Held, TenantShares};
use left_out::LeftOut;

/// Most sources of one tenant, closed ones among them.
pub(crate) const SOURCES_MAX: usize = 200;
/// Deliveries of one source that are read at once.
const DELIVERIES_MAX: usize = 8;
/// Most sources whose refused deliveries are told apart until the next summary.
const REFUSED_SOURCES_MAX: usize = 1_000;

/// What is shared by all deliveries.
#[derive(Debug)]
pub(crate) struct Sources {
    places: Arc<TenantShares>,
    refused: Mutex<BTreeMap<(TenantId, String), u64>>,
    pub(crate) left_out: LeftOut,
}

impl Sources {
    pub(crate) fn new() -> Self {
        Self {
            places: TenantShares::each(DELIVERIES_MAX),
            refused: Mutex::default(),
            left_out: LeftOut::default(),
        }
    }

    /// A place among the source's deliveries; those that name no source share the places of one.
    pub(crate) fn place(&self, found: Option<(&Tenant, &SourceRecord)>) -> Option<Held> {
        let key = found.map_or([0; 16], |(tenant, source)| {
            let Hash(digest) = Hash::of(&[&tenant.record.id.0, source.id.as_bytes()].concat());
            let mut key = [0; 16];
            key.copy_from_slice(&digest[..16]);
            key
        });
        self.places.take(TenantId(key), 1)
    }

    /// Counts a delivery to a known source that was not signed with its secret.
    pub(crate) fn count_refused(&self, tenant: TenantId, source: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant, source.to_owned());
        if refused.len() < REFUSED_SOURCES_MAX || refused.contains_key(&key) {
            *refused.entry(key).or_default() += 1;
        }
    }

    /// Takes the counts of refused deliveries.
    pub(crate) fn take_refused(&self) -> BTreeMap<(TenantId, String), u64> {
        std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be recorded.
    pub(crate) fn put_back_refused(&self, key: (TenantId, String), count: u64) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused.entry(key).or_default() += count;
    }
}

/// The open source of that name.
pub(crate) fn named<'t>(tenant: &'t Tenant, name: &str) -> Option<&'t SourceRecord> {
    let mut sources = tenant.record.settings.sources.iter();
    sources.find(|source| source.name == name && source.closed_at.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flooding_source_leaves_the_others_their_places() {
        let sources = Sources::new();
        let nobodys: Vec<_> = (0..=DELIVERIES_MAX).map(|_| sources.place(None)).collect();
        assert_eq!(nobodys.iter().flatten().count(), DELIVERIES_MAX);
        // A source of any name has places of its own all the same, and those come back.
        let other = sources.places.take(TenantId([7; 16]), DELIVERIES_MAX);
        assert!(other.is_some());
        drop(nobodys);
        assert!(sources.place(None).is_some());
    }

    #[test]
    fn refused_deliveries_of_ever_new_sources_do_not_grow_without_end() {
        let sources = Sources::new();
        for number in 0..REFUSED_SOURCES_MAX + 10 {
            sources.count_refused(TenantId([1; 16]), &number.to_string());
        }
        sources.count_refused(TenantId([1; 16]), "0");
        let counts = sources.take_refused();
        assert_eq!(counts.len(), REFUSED_SOURCES_MAX);
        assert_eq!(counts[&(TenantId([1; 16]), "0".to_owned())], 2);
    }
}
