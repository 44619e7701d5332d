//! Something bounded that tenants share: how much of it each holds, and no more than its share.
//!
//! Promises: nothing waits, everything is given back when dropped, and memory is one number for each tenant that holds
//! anything at the moment. What is shared fairly is never used up by one tenant: it may hold three times what is left
//! free, so one alone gets three quarters, two get three sevenths each, and whoever takes all that it can leaves a quarter
//! of what it found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::name::TenantId;

/// How many times what is left free one tenant may hold.
const FAIR_FACTOR: usize = 3;

/// How much there is.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// So much for all together.
    Fair(usize),
    /// So much for each, however many there are.
    Each(usize),
}

/// Who holds how much.
#[derive(Debug)]
pub(crate) struct TenantShares {
    bound: Bound,
    held: Mutex<Holdings>,
}

#[derive(Debug, Default)]
struct Holdings {
    all: usize,
    each: BTreeMap<TenantId, usize>,
}

/// What a tenant holds, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    shares: Arc<TenantShares>,
    tenant: TenantId,
    amount: usize,
}

impl TenantShares {
    /// `total` for all tenants together, shared fairly.
    pub(crate) fn fair(total: usize) -> Arc<Self> {
        Self::new(Bound::Fair(total))
    }

    /// `max` for each tenant.
    pub(crate) fn each(max: usize) -> Arc<Self> {
        Self::new(Bound::Each(max))
    }

    fn new(bound: Bound) -> Arc<Self> {
        Arc::new(Self {
            bound,
            held: Mutex::default(),
        })
    }

    /// Takes so much for a tenant; `None` when that is more than its share.
    pub(crate) fn take(self: &Arc<Self>, tenant: TenantId, amount: usize) -> Option<Held> {
        let mut held = Held {
            shares: Arc::clone(self),
            tenant,
            amount: 0,
        };
        held.grow(amount).then_some(held)
    }

    fn held(&self) -> MutexGuard<'_, Holdings> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn is_untouched(&self) -> bool {
        let held = self.held();
        held.all == 0 && held.each.is_empty()
    }
}

impl Bound {
    /// Whether a tenant that holds `own`, of `all` that is held, may hold `more` besides.
    fn allows(self, all: usize, own: usize, more: usize) -> bool {
        match self {
            Self::Each(max) => own.saturating_add(more) <= max,
            Self::Fair(total) => {
                let Some(free) = total.saturating_sub(all).checked_sub(more) else {
                    return false;
                };
                // Who holds nothing yet gets what is there.
                own == 0 || own.saturating_add(more) <= free.saturating_mul(FAIR_FACTOR)
            }
        }
    }
}

impl Held {
    /// Takes more; `false`, and nothing is taken, when that is more than the tenant's share.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        if more == 0 {
            return true;
        }
        let mut held = self.shares.held();
        let own = held.each.get(&self.tenant).copied().unwrap_or_default();
        if !self.shares.bound.allows(held.all, own, more) {
            return false;
        }
        held.all += more;
        held.each.insert(self.tenant, own + more);
        self.amount += more;
        true
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        held.all -= self.amount;
        if let Some(own) = held.each.get_mut(&self.tenant) {
            *own -= self.amount;
            if *own == 0 {
                held.each.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TenantId = TenantId([1; 16]);
    const B: TenantId = TenantId([2; 16]);

    /// Takes one by one until there is no more.
    fn storm(shares: &Arc<TenantShares>, tenant: TenantId) -> Vec<Held> {
        std::iter::from_fn(|| shares.take(tenant, 1)).collect()
    }

    #[test]
    fn one_tenant_alone_gets_three_quarters_and_leaves_the_rest() {
        let shares = TenantShares::fair(100);
        let held = storm(&shares, A);
        assert_eq!(held.len(), 75);
        assert!(shares.take(B, 1).is_some() && shares.take(A, 1).is_none());
        drop(held);
        assert!(shares.is_untouched());
    }

    #[test]
    fn a_newcomer_finds_something_however_many_storm() {
        let shares = TenantShares::fair(1 << 16);
        let mut held = Vec::new();
        for storming in 1..=6 {
            let tenant = TenantId([storming; 16]);
            // Each takes what it can and never gives back: the worst order.
            held.push(storm(&shares, tenant));
            assert!(shares.take(TenantId([99; 16]), 1).is_some(), "{storming}");
        }
    }

    #[test]
    fn who_holds_nothing_may_take_all_that_is_left_at_once() {
        let shares = TenantShares::fair(100);
        let _held = storm(&shares, A);
        assert!(shares.take(B, 26).is_none());
        assert!(shares.take(B, 25).is_some());
    }

    #[test]
    fn each_has_its_own_and_is_forgotten_when_it_holds_nothing() {
        let shares = TenantShares::each(2);
        let all: Vec<Held> = (0..10_000_u16)
            .filter_map(|number| {
                let mut id = [0; 16];
                id[..2].copy_from_slice(&number.to_be_bytes());
                shares.take(TenantId(id), 2)
            })
            .collect();
        assert_eq!(all.len(), 10_000);
        assert!(shares.take(TenantId([0; 16]), 1).is_none());
        drop(all);
        assert!(shares.is_untouched());
        assert!(shares.take(A, 3).is_none() && shares.is_untouched());
    }

    #[test]
    fn what_could_not_grow_keeps_what_it_had() {
        let shares = TenantShares::each(4);
        let mut held = shares.take(A, 3).unwrap();
        assert!(!held.grow(2) && held.grow(1) && !held.grow(1));
        drop(held);
        assert!(shares.is_untouched());
    }
}
