//! Clocks that are set back, leap or stand still: writing stops and says why, and goes on when the clock is sane again
//! or an operator vouches for it. Times in a log never run back.

use std::sync::Arc;

use ledger::clock_guard::ClockFault;
use ledger::entry::Entry;
use ledger::source::Clock;
use ledger::time::Micros;
use store::{Batch, Change, LedgerStore, LogRef, Outcome, Receipt, StoreError, Tenant};
use store_embedded::EmbeddedStore;

use crate::site::{Site, block_on, event, tenant_named};

const SECOND: i64 = 1_000_000;

/// A store with one tenant, and its clock.
struct Clockwork {
    site: Site,
    store: Arc<EmbeddedStore>,
    tenant: Arc<Tenant>,
}

impl Clockwork {
    fn new() -> Self {
        let (site, _) = Site::simulated();
        let store = site.open().unwrap();
        let change = Change::CreateTenant(site.tenant_record("alpha"));
        block_on(store.administer(change, Vec::new())).unwrap();
        let tenant = tenant_named(&store, "alpha").unwrap();
        Self {
            site,
            store,
            tenant,
        }
    }

    fn append(&self, id: &str) -> Result<Receipt, StoreError> {
        let batch = Batch {
            log: LogRef::main(&self.tenant),
            events: vec![event(&self.tenant, id)],
        };
        match block_on(self.store.append(batch))?.remove(0) {
            Outcome::Stored(receipt) => Ok(receipt),
            other => panic!("{other:?}"),
        }
    }

    fn fault(&self, id: &str) -> ClockFault {
        let refused = self.append(id).unwrap_err();
        let refusing = self.store.health().refusing.unwrap();
        assert!(
            refusing.starts_with("the clock can't be trusted"),
            "{refusing}"
        );
        let StoreError::Clock(fault) = refused else {
            panic!("{refused:?}")
        };
        fault
    }

    fn step(&self, micros: i64) {
        self.site
            .clock
            .set_wall(self.site.clock.wall().plus(micros));
    }

    fn flags(&self, receipt: &Receipt) -> String {
        let log = LogRef::main(&self.tenant);
        let record = block_on(self.store.records(log, receipt.seq..receipt.seq + 1))
            .unwrap()
            .remove(0);
        let entry = String::from_utf8(record.entry).unwrap();
        entry
            .split_once("\"flags\":")
            .map(|(_, flags)| flags.to_owned())
            .unwrap_or_default()
    }

    fn times(&self) -> Vec<Micros> {
        let records = block_on(self.store.records(LogRef::main(&self.tenant), 1..1_000)).unwrap();
        records
            .iter()
            .map(|record| Entry::parse(&record.entry).unwrap().place.recorded_at)
            .collect()
    }
}

#[test]
fn a_clock_a_minute_back_stops_writes_until_it_is_sane() {
    let works = Clockwork::new();
    let before = works.append("a").unwrap();
    works.step(-61 * SECOND);
    assert_eq!(
        works.fault("b"),
        ClockFault::Behind {
            micros: 61 * SECOND
        }
    );
    let change = Change::CreateTenant(works.site.tenant_record("beta"));
    let refused = block_on(works.store.administer(change, Vec::new())).unwrap_err();
    assert!(
        matches!(refused, StoreError::Clock(ClockFault::Behind { .. })),
        "{refused:?}"
    );
    assert!(
        tenant_named(&works.store, "beta").is_none(),
        "nothing was done"
    );
    let refused = block_on(works.store.record_heads()).unwrap_err();
    assert!(
        matches!(refused, StoreError::Clock(ClockFault::Behind { .. })),
        "{refused:?}"
    );
    assert_eq!(
        block_on(works.store.find(LogRef::main(&works.tenant), "a")).unwrap(),
        [before.seq],
        "reads go on"
    );
    works.step(61 * SECOND);
    let after = works.append("b").unwrap();
    assert!(after.recorded_at >= before.recorded_at && after.seq == before.seq + 1);
    assert_eq!(works.store.health().refusing, None);
}

#[test]
fn a_confirmed_clock_goes_on_with_clamped_times_and_says_so() {
    let works = Clockwork::new();
    let before = works.append("a").unwrap();
    assert!(!works.flags(&before).contains("clock_clamped"));
    works.step(-100 * SECOND);
    assert_eq!(
        works.fault("b"),
        ClockFault::Behind {
            micros: 100 * SECOND
        }
    );
    block_on(works.store.confirm_clock()).unwrap();
    let clamped = works.append("b").unwrap();
    assert_eq!(clamped.recorded_at, before.recorded_at, "max(clock, last)");
    assert!(
        works.flags(&clamped).contains("clock_clamped"),
        "{}",
        works.flags(&clamped)
    );
    works.site.clock.advance(101 * SECOND);
    let after = works.append("c").unwrap();
    assert!(after.recorded_at > clamped.recorded_at);
    assert!(!works.flags(&after).contains("clock_clamped"));
    // A confirmation holds for what was confirmed, not for the next fault.
    works.step(-70 * SECOND);
    assert_eq!(
        works.fault("d"),
        ClockFault::Behind {
            micros: 70 * SECOND
        }
    );
}

#[test]
fn a_clock_a_little_back_is_clamped_without_asking() {
    let works = Clockwork::new();
    let before = works.append("a").unwrap();
    works.step(-60 * SECOND);
    let clamped = works.append("b").unwrap();
    assert_eq!(clamped.recorded_at, before.recorded_at);
    assert!(works.flags(&clamped).contains("clock_clamped"));
}

#[test]
fn a_leap_of_five_minutes_stops_writes_until_confirmed() {
    let works = Clockwork::new();
    let before = works.append("a").unwrap();
    works.step(301 * SECOND);
    assert_eq!(
        works.fault("b"),
        ClockFault::Leapt {
            micros: 301 * SECOND
        }
    );
    block_on(works.store.confirm_clock()).unwrap();
    let after = works.append("b").unwrap();
    assert_eq!(after.recorded_at, before.recorded_at.plus(301 * SECOND));
    works.step(300 * SECOND);
    works.append("c").unwrap();
}

#[test]
fn a_leap_that_is_taken_back_is_forgiven() {
    let works = Clockwork::new();
    works.append("a").unwrap();
    works.step(3_600 * SECOND);
    assert_eq!(
        works.fault("b"),
        ClockFault::Leapt {
            micros: 3_600 * SECOND
        }
    );
    works.step(-3_600 * SECOND);
    works.append("b").unwrap();
}

#[test]
fn a_frozen_clock_stops_writes() {
    let works = Clockwork::new();
    works.append("a").unwrap();
    works.site.clock.set_monotonic(300 * SECOND);
    works.append("b").unwrap();
    works.site.clock.set_monotonic(301 * SECOND);
    assert_eq!(
        works.fault("c"),
        ClockFault::Leapt {
            micros: -301 * SECOND
        }
    );
}

#[test]
fn an_earlier_clock_after_a_restart_stops_writes_and_times_never_run_back() {
    let mut works = Clockwork::new();
    let before = works.append("a").unwrap();
    for packed in [true, false] {
        if packed {
            block_on(works.store.close()).unwrap();
        }
        works.store = Arc::clone(&works.store);
        let site = works.site.clone();
        site.clock
            .set_wall(before.recorded_at.plus(-3_600 * SECOND));
        let Clockwork { store, tenant, .. } = works;
        drop(store);
        works = Clockwork {
            store: site.open().unwrap(),
            site,
            tenant,
        };
        assert_eq!(
            works.fault("b"),
            ClockFault::Behind {
                micros: 3_600 * SECOND
            }
        );
        assert_eq!(
            block_on(works.store.head(LogRef::main(&works.tenant)))
                .unwrap()
                .size,
            before.seq + 1
        );
    }
    block_on(works.store.confirm_clock()).unwrap();
    let after = works.append("b").unwrap();
    assert_eq!(after.recorded_at, before.recorded_at);
    assert!(works.times().is_sorted(), "{:?}", works.times());
    assert!(works.flags(&after).contains("clock_clamped"));
    block_on(works.store.close()).unwrap();
    let report = works.site.verify();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}
