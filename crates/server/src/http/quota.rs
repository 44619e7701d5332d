//! How many events a tenant may send: a bucket of so many that fills again at a rate.
//!
//! Promises: decided by a monotonic clock and nothing else; a request is let in whole or not at all, and one that is
//! larger than the bucket is let in when the bucket is full, and is paid for afterwards; what was not stored is given
//! back. Memory is bounded, and a full bucket is not remembered.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use api::code;
use ledger::name::TenantId;

use super::error::HttpError;
use super::rate_limit::RateLimit;
use crate::config::LimitsConfig;

/// Most tenants remembered; the one that is nearest to full makes room.
const TENANTS_MAX: usize = 100_000;
/// Parts of an event that buckets count in, so that a microsecond's share is a whole number at any rate.
const PARTS: i64 = 1_000_000;

/// What every tenant has left.
#[derive(Debug)]
pub(crate) struct EventQuota {
    /// Events a second; none means that there is no quota.
    rate: i64,
    /// Events at once.
    burst: i64,
    buckets: Mutex<BTreeMap<TenantId, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Parts of events; below zero after a request that was larger than the bucket.
    left: i64,
    /// When that was, in monotonic microseconds.
    at: i64,
}

impl EventQuota {
    /// The quota of these settings.
    pub(crate) fn new(limits: &LimitsConfig) -> Self {
        let count = |events: u64| i64::try_from(events).unwrap_or(i64::MAX / PARTS);
        Self {
            rate: count(limits.tenant_events_per_second),
            burst: count(limits.tenant_burst_events),
            buckets: Mutex::default(),
        }
    }

    /// Refuses a tenant that may not send a single event now: before its body is read. `now` is monotonic, in
    /// microseconds.
    pub(crate) fn check(&self, tenant: TenantId, now: i64) -> Result<(), HttpError> {
        if self.rate == 0 {
            return Ok(());
        }
        let left = self.left(&self.buckets(), tenant, now);
        self.admit(left, 1)
    }

    /// Takes so many events, or refuses them all. Answers what to tell the client, if there is a quota.
    pub(crate) fn spend(
        &self,
        tenant: TenantId,
        events: usize,
        now: i64,
    ) -> Result<Option<RateLimit>, HttpError> {
        if self.rate == 0 {
            return Ok(None);
        }
        let events = i64::try_from(events).unwrap_or(i64::MAX / PARTS);
        let mut buckets = self.buckets();
        let left = self.left(&buckets, tenant, now);
        self.admit(left, events)?;
        let left = left.saturating_sub(events.saturating_mul(PARTS));
        self.put(&mut buckets, tenant, Bucket { left, at: now });
        Ok(Some(self.told(left, self.seconds_to(left, self.burst))))
    }

    /// Gives back events that were not stored after all.
    pub(crate) fn give_back(&self, tenant: TenantId, events: usize, now: i64) {
        if self.rate == 0 {
            return;
        }
        let parts = i64::try_from(events)
            .unwrap_or_default()
            .saturating_mul(PARTS);
        let mut buckets = self.buckets();
        let left = self.left(&buckets, tenant, now).saturating_add(parts);
        self.put(&mut buckets, tenant, Bucket { left, at: now });
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<TenantId, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn full(&self) -> i64 {
        self.burst.saturating_mul(PARTS)
    }

    fn refilled(&self, bucket: Bucket, now: i64) -> i64 {
        let gained = (now - bucket.at).max(0).saturating_mul(self.rate);
        bucket.left.saturating_add(gained).min(self.full())
    }

    fn left(&self, buckets: &BTreeMap<TenantId, Bucket>, tenant: TenantId, now: i64) -> i64 {
        let bucket = buckets.get(&tenant);
        bucket.map_or(self.full(), |bucket| self.refilled(*bucket, now))
    }

    /// Whether so many events may come now.
    fn admit(&self, left: i64, events: i64) -> Result<(), HttpError> {
        let needed = events.min(self.burst);
        if left >= needed.saturating_mul(PARTS) {
            return Ok(());
        }
        let seconds = self.seconds_to(left, needed);
        Err(HttpError::new(
            code::QUOTA_EXCEEDED,
            "nothing of the request was done; this tenant sends more events than it may (limits.tenant_events_per_second)",
        )
        .retry_after(seconds)
        .with_rate_limit(self.told(left, seconds)))
    }

    /// Seconds until so many events are there, rounded up.
    fn seconds_to(&self, left: i64, events: i64) -> u64 {
        let missing = events.saturating_mul(PARTS).saturating_sub(left).max(0);
        let a_second = self.rate.saturating_mul(PARTS).max(1);
        u64::try_from(missing)
            .unwrap_or(u64::MAX)
            .div_ceil(a_second.unsigned_abs())
    }

    fn told(&self, left: i64, seconds: u64) -> RateLimit {
        let whole = u64::try_from(left / PARTS).unwrap_or_default();
        let policy = (
            self.burst.unsigned_abs(),
            self.seconds_to(0, self.burst).max(1),
        );
        RateLimit::of_rate("events", policy, (whole, seconds))
    }

    fn put(&self, buckets: &mut BTreeMap<TenantId, Bucket>, tenant: TenantId, bucket: Bucket) {
        let now = bucket.at;
        if bucket.left >= self.full() {
            buckets.remove(&tenant);
            return;
        }
        if buckets.len() >= TENANTS_MAX && !buckets.contains_key(&tenant) {
            buckets.retain(|_, bucket| self.refilled(*bucket, now) < self.full());
            if buckets.len() >= TENANTS_MAX {
                let nearest = buckets
                    .iter()
                    .max_by_key(|(_, bucket)| self.refilled(**bucket, now))
                    .map(|(tenant, _)| *tenant);
                nearest.and_then(|tenant| buckets.remove(&tenant));
            }
        }
        buckets.insert(tenant, bucket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TenantId = TenantId([1; 16]);
    const SECOND: i64 = 1_000_000;

    fn quota(rate: u64, burst: u64) -> EventQuota {
        EventQuota::new(&LimitsConfig {
            tenant_events_per_second: rate,
            tenant_burst_events: burst,
            ..LimitsConfig::default()
        })
    }

    #[test]
    fn a_bucket_empties_at_once_and_fills_at_its_rate() {
        let quota = quota(10, 100);
        assert!(quota.spend(A, 100, 0).is_ok() && quota.check(A, 0).is_err());
        assert!(quota.spend(A, 1, SECOND / 10 - 1).is_err());
        assert!(quota.spend(A, 1, SECOND / 10).is_ok());
        assert!(quota.spend(A, 10, SECOND).is_err());
        assert!(quota.spend(A, 9, SECOND).is_ok());
        assert!(quota.spend(TenantId([2; 16]), 100, SECOND).is_ok());
    }

    #[test]
    fn a_request_larger_than_the_bucket_waits_until_it_is_full_and_is_paid_for() {
        let quota = quota(10, 100);
        assert!(quota.spend(A, 1, 0).is_ok());
        assert!(quota.spend(A, 1_000, 0).is_err());
        assert!(quota.spend(A, 1_000, SECOND / 10).is_ok());
        // 900 events in debt: a minute and a half.
        assert!(quota.spend(A, 1, 90 * SECOND).is_err());
        assert!(quota.spend(A, 1, 91 * SECOND).is_ok());
    }

    #[test]
    fn what_is_given_back_is_there_and_a_full_bucket_is_forgotten() {
        let quota = quota(1, 10);
        assert!(quota.spend(A, 10, 0).is_ok());
        quota.give_back(A, 10, 0);
        assert!(quota.buckets().is_empty() && quota.spend(A, 10, 0).is_ok());
    }

    #[test]
    fn a_refusal_says_when_and_how_much() {
        let quota = quota(2, 10);
        let told = quota.spend(A, 7, 0).unwrap().unwrap();
        let expect = RateLimit::of_rate("events", (10, 5), (3, 4));
        assert_eq!(told, expect);
        let refused = quota.spend(A, 6, 0).unwrap_err();
        assert_eq!(
            (refused.status().as_u16(), refused.problem().code.as_str()),
            (429, code::QUOTA_EXCEEDED)
        );
    }

    #[test]
    fn without_a_rate_there_is_no_quota_and_no_memory() {
        let quota = quota(0, 1);
        assert_eq!(quota.spend(A, 1_000_000, 0).unwrap(), None);
        assert!(quota.check(A, 0).is_ok() && quota.buckets().is_empty());
    }

    #[test]
    fn memory_is_bounded_and_clocks_of_any_age_do_not_overflow() {
        let quota = quota(1, 1);
        for number in 0..u32::try_from(TENANTS_MAX).unwrap() + 10 {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            assert!(quota.spend(TenantId(id), 1, 0).is_ok());
        }
        assert!(quota.buckets().len() <= TENANTS_MAX);
        let largest = EventQuota {
            rate: 1_000_000,
            ..quota
        };
        assert!(largest.check(A, i64::MAX).is_ok());
    }
}
