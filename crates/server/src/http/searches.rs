//! How many searches of one tenant run at once: one that asks for much must not slow all others down.

use std::sync::Arc;

use api::code;
use ledger::name::TenantId;

use super::error::HttpError;
use super::rate_limit::RateLimit;
use crate::shares::{Held, TenantShares};

/// The searches that run.
#[derive(Debug)]
pub(crate) struct Searches {
    max: usize,
    running: Arc<TenantShares>,
}

impl Searches {
    /// At most `max` of each tenant.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            running: TenantShares::each(max),
        }
    }

    /// Lets a search of this tenant begin; it runs until the answer is dropped.
    ///
    /// # Errors
    /// 429 when the tenant has as many already.
    pub(crate) fn enter(&self, tenant: TenantId) -> Result<Held, HttpError> {
        self.running.take(tenant, 1).ok_or_else(|| {
            HttpError::new(
                code::TOO_MANY_SEARCHES,
                "nothing was searched; too many searches of this tenant are running (limits.tenant_searches)",
            )
            .retry_after(1)
            .with_rate_limit(RateLimit::of_concurrency("searches", self.max))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_waits_for_its_own_searches_and_for_nobody_elses() {
        let searches = Searches::new(2);
        let (a, b) = (TenantId([1; 16]), TenantId([2; 16]));
        let first = searches.enter(a).unwrap();
        let _second = searches.enter(a).unwrap();
        let refused = searches.enter(a).unwrap_err();
        assert_eq!(refused.status().as_u16(), 429);
        assert!(searches.enter(b).is_ok());
        drop(first);
        assert!(searches.enter(a).is_ok());
    }
}
