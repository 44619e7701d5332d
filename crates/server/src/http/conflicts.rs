//! How many conflicts a key may see in one tenant. A 409 tells that stored content differs, so too many of them would be an oracle
//! for guessing it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use api::code;
use ledger::name::TenantId;

use super::error::HttpError;

/// Conflicts a key may see in a row.
const BURST: i64 = 100;
/// A conflict is forgiven each so many microseconds.
const REFILL_MICROS: i64 = 1_000_000;
/// Deepest debt that one batch leaves: ten minutes.
const DEBT_MAX: i64 = 600;
/// Most keys remembered; the one nearest to forgiven makes room.
const KEYS_MAX: usize = 10_000;

/// Each key's conflicts of late, in each tenant: what one customer of a platform does wrong holds up no other.
#[derive(Debug, Default)]
pub(crate) struct ConflictBudget(Mutex<BTreeMap<Place, Bucket>>);

/// A key's id, and the tenant it was used in.
type Place = (String, TenantId);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: i64,
    at: i64,
}

impl Bucket {
    fn at(self, now: i64) -> Self {
        let refilled = (now - self.at).max(0) / REFILL_MICROS;
        Self {
            left: (self.left.saturating_add(refilled)).min(BURST),
            at: self.at + refilled * REFILL_MICROS,
        }
    }
}

impl ConflictBudget {
    /// Refuses a key that saw too many conflicts. `now` is monotonic, in microseconds.
    pub(crate) fn check(&self, key: &str, tenant: TenantId, now: i64) -> Result<(), HttpError> {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match buckets
            .get(&(key.to_owned(), tenant))
            .map(|bucket| bucket.at(now).left)
        {
            Some(left) if left <= 0 => {
                let seconds = u64::try_from(1 - left).unwrap_or(1);
                Err(HttpError::new(
                    code::TOO_MANY_CONFLICTS,
                    "nothing of the request was done; too many events with known ids and other content came with this key",
                )
                .retry_after(seconds))
            }
            _ => Ok(()),
        }
    }

    /// Counts conflicts that a key has seen.
    pub(crate) fn count(&self, key: &str, tenant: TenantId, conflicts: u64, now: i64) {
        if conflicts == 0 {
            return;
        }
        let key = (key.to_owned(), tenant);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| bucket.at(now).left < BURST);
            if buckets.len() >= KEYS_MAX {
                let nearest = buckets.iter().max_by_key(|(_, bucket)| bucket.at(now).left);
                let nearest = nearest.map(|(key, _)| key.clone());
                nearest.and_then(|key| buckets.remove(&key));
            }
        }
        let fresh = Bucket {
            left: BURST,
            at: now,
        };
        let bucket = buckets.entry(key).or_insert(fresh);
        let spent = i64::try_from(conflicts).unwrap_or(i64::MAX);
        let Bucket { left, at } = bucket.at(now);
        *bucket = Bucket {
            left: left.saturating_sub(spent).max(-DEBT_MAX),
            at,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: TenantId = TenantId([1; 16]);

    #[test]
    fn a_key_waits_once_its_budget_is_spent_and_others_do_not() {
        let budget = ConflictBudget::default();
        budget.count("a", T, 99, 0);
        assert!(budget.check("a", T, 0).is_ok());
        budget.count("a", T, 1, 0);
        assert_eq!(
            budget.check("a", T, 0).unwrap_err().problem().code,
            code::TOO_MANY_CONFLICTS
        );
        assert!(budget.check("b", T, 0).is_ok());
        assert!(budget.check("a", TenantId([2; 16]), 0).is_ok());
        assert!(budget.check("a", T, REFILL_MICROS).is_ok());
    }

    #[test]
    fn one_large_batch_costs_minutes_not_hours() {
        let budget = ConflictBudget::default();
        budget.count("a", T, 10_000, 0);
        assert!(budget.check("a", T, DEBT_MAX * REFILL_MICROS).is_err());
        assert!(budget.check("a", T, (DEBT_MAX + 1) * REFILL_MICROS).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let budget = ConflictBudget::default();
        for key in 0..KEYS_MAX + 10 {
            budget.count(&format!("{key}"), T, 200, 0);
        }
        assert!(budget.0.lock().unwrap().len() <= KEYS_MAX);
    }
}
