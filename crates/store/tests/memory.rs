//! The in-memory store passes the suite, and the suite can fail: a store that breaks one promise fails the case that
//! is named for it.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper functions fail loudly, too"
)]

#[path = "memory/breaking.rs"]
mod breaking;
#[path = "memory/breaking_index.rs"]
mod breaking_index;

use std::sync::Arc;

use ledger::clock_guard::ClockFault;
use ledger::json;
use ledger::prepare::{Door, Prepared, prepare};
use ledger::time::Micros;
use ledger::vocabulary::{Mode, NO_ADDITIONS};
use query::{Field, Viewer};
use store::conformance::index::Searchable;
use store::conformance::places::ExamplePlaces;
use store::conformance::{self, CASES, Failed, reopening};
use store::index::EventIndex;
use store::memory::MemoryStore;
use store::{Batch, LedgerStore, LogRef, Outcome, StoreError, Tenant};
use testkit::block_on::block_on;
use testkit::sources::{TestClock, TestRng};

use breaking::{Break, Breaking};
use breaking_index::{BreakingIndex, IndexBreak};

fn memory() -> MemoryStore {
    let clock = Arc::new(TestClock::default());
    let store = MemoryStore::new(clock, Arc::new(TestRng::new(1))).unwrap();
    store.with_places(Arc::new(ExamplePlaces::default()))
}

fn with_clock() -> (MemoryStore, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    let theirs: Arc<TestClock> = Arc::clone(&clock);
    (
        MemoryStore::new(theirs, Arc::new(TestRng::new(1))).unwrap(),
        clock,
    )
}

#[test]
fn the_memory_store_passes_the_suite() {
    let outcome = block_on(conformance::run(async || {
        Arc::new(memory()) as Arc<dyn LedgerStore>
    }));
    assert_eq!(outcome, Ok(()), "{}", outcome.clone().unwrap_err());
}

#[test]
fn the_memory_store_passes_the_index_suite() {
    let outcome = block_on(conformance::index::run(async || {
        Arc::new(memory()) as Arc<dyn Searchable>
    }));
    assert_eq!(outcome, Ok(()), "{}", outcome.clone().unwrap_err());
}

#[test]
fn a_store_that_breaks_a_promise_fails_the_case_that_is_named_for_it() {
    let mut shown: Vec<&str> = Vec::new();
    for (how, expect) in Break::ALL {
        let make = async || Arc::new(Breaking::new(memory(), how)) as Arc<dyn LedgerStore>;
        let failed = match block_on(conformance::run(make)) {
            Ok(()) => Vec::new(),
            Err(Failed(failed)) => failed.into_iter().map(|(name, _)| name).collect(),
        };
        for case in expect {
            assert!(
                failed.contains(case),
                "{how:?} passes {case}; it fails {failed:?}"
            );
        }
        shown.extend(failed);
    }
    let never: Vec<&str> = CASES
        .iter()
        .map(|case| case.name)
        .filter(|name| !shown.contains(name))
        .collect();
    assert!(never.is_empty(), "nothing here makes these fail: {never:?}");
}

#[test]
fn an_index_that_breaks_a_promise_fails_the_case_that_is_named_for_it() {
    let mut shown: Vec<&str> = Vec::new();
    for (how, expect) in IndexBreak::ALL {
        let make = async || Arc::new(BreakingIndex::new(memory(), how)) as Arc<dyn Searchable>;
        let failed = match block_on(conformance::index::run(make)) {
            Ok(()) => Vec::new(),
            Err(Failed(failed)) => failed.into_iter().map(|(name, _)| name).collect(),
        };
        for case in expect {
            assert!(
                failed.contains(case),
                "{how:?} passes {case}; it fails {failed:?}"
            );
        }
        shown.extend(failed);
    }
    let never: Vec<&str> = conformance::index::CASES
        .iter()
        .map(|case| case.name)
        .filter(|name| !shown.contains(name))
        .collect();
    assert!(never.is_empty(), "nothing here makes these fail: {never:?}");
}

#[test]
fn an_index_that_is_unavailable_on_request_says_so_and_the_ledger_goes_on() {
    let store = memory();
    let tenant = instance(&store);
    let log = LogRef::main(&tenant);
    store.make_index_unavailable(true);
    append(&store, "a").unwrap();
    let answer = block_on(store.values(log, &Field::Operation, "", Viewer::Whole, 10));
    assert!(
        matches!(answer, Err(StoreError::IndexUnavailable { .. })),
        "{answer:?}"
    );
    let producers = block_on(store.producers(log, Viewer::Whole));
    assert!(
        matches!(producers, Err(StoreError::IndexUnavailable { .. })),
        "{producers:?}"
    );
    assert!(store.index_health().unavailable.is_some());
    store.make_index_unavailable(false);
    assert!(store.index_health().unavailable.is_none());
    let answer = block_on(store.values(log, &Field::Operation, "", Viewer::Whole, 10)).unwrap();
    assert!(!answer.is_empty());
}

#[test]
fn what_changed_behind_a_restart_is_found() {
    let fresh = || -> Arc<dyn LedgerStore> { Arc::new(memory()) };
    let store = fresh();
    let snapshot = block_on(reopening::populate(&*store)).unwrap();
    assert_eq!(block_on(snapshot.check(&*store)), Ok(()));
    // Another life of the same installation, in which nothing was written.
    let lost = block_on(snapshot.check(&*fresh())).unwrap_err();
    assert!(lost.to_string().contains("tenants became"), "{lost}");
    for (how, words) in [
        (Break::LosesTheLastRecord, "records"),
        (Break::StoresAgain, "not known"),
        (Break::ForgetsConflicts, "another content"),
        (Break::SignsAnotherRoot, "checkpoint"),
        (Break::ChangesKeys, "keys were lost"),
    ] {
        let inner = memory();
        let snapshot = block_on(reopening::populate(&inner)).unwrap();
        let changed = Breaking::new(inner, how);
        let broken = block_on(snapshot.check(&changed)).expect_err("what was broken");
        assert!(broken.to_string().contains(words), "{how:?}: {broken}");
    }
}

fn instance(store: &dyn LedgerStore) -> Arc<Tenant> {
    block_on(store.tenant(store.instance().tenant))
        .unwrap()
        .unwrap()
}

fn event(tenant: &Tenant, id: &str) -> Prepared {
    let text = format!(
        r#"{{"id":"{id}","operation":"deployment.created","actor":{{}},"resource":{{"type":"deployment"}}}}"#
    );
    let door = Door {
        keys: &tenant.keys,
        key: "vtk_1",
        source: "api",
        mode: Mode::Strict,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    prepare(
        json::parse(text.as_bytes()).unwrap(),
        &door,
        &TestRng::new(5),
    )
    .unwrap()
}

fn append(store: &MemoryStore, id: &str) -> Result<Vec<Outcome>, StoreError> {
    let tenant = instance(store);
    let log = LogRef::access(&tenant);
    let events = vec![event(&tenant, id)];
    block_on(store.append(Batch { log, events }))
}

#[test]
fn a_failure_on_request_comes_once_and_nothing_was_done() {
    let store = memory();
    let log = LogRef::access(&instance(&store));
    store.fail_next(StoreError::Busy { retry_after_ms: 7 });
    store.fail_next(StoreError::DiskFull);
    assert!(matches!(
        append(&store, "a"),
        Err(StoreError::Busy { retry_after_ms: 7 })
    ));
    assert!(matches!(append(&store, "a"), Err(StoreError::DiskFull)));
    assert_eq!(block_on(store.head(log)).unwrap().size, 1);
    assert!(matches!(
        append(&store, "a").unwrap()[..],
        [Outcome::Stored(_)]
    ));
}

#[test]
fn a_poisoned_store_refuses_writes_for_good_and_reads_on() {
    let store = memory();
    let log = LogRef::access(&instance(&store));
    append(&store, "a").unwrap();
    store.fail_next(StoreError::Poisoned);
    for _ in 0..3 {
        assert!(matches!(append(&store, "b"), Err(StoreError::Poisoned)));
    }
    assert!(matches!(
        block_on(store.record_heads()),
        Err(StoreError::Poisoned)
    ));
    assert_eq!(block_on(store.records(log, 0..9)).unwrap().len(), 2);
    assert!(store.health().refusing.is_some());
}

#[test]
fn held_signing_makes_checkpoints_wait_and_release_wakes_them() {
    let store = Arc::new(memory());
    let log = LogRef::access(&instance(&*store));
    store.hold_signing(true);
    append(&store, "a").unwrap();
    let head = block_on(store.head(log)).unwrap();
    assert_eq!((head.size, head.signed.unwrap().size), (2, 1));
    assert_eq!(store.health().unsigned_entries, 1);
    let theirs = Arc::clone(&store);
    let waiter = std::thread::spawn(move || block_on(theirs.signed_past(log, 1)));
    // The waiter may ask before or after the release; it is answered either way.
    store.hold_signing(false);
    assert_eq!(waiter.join().unwrap().unwrap().size, 2);
}

#[test]
fn a_clock_that_cannot_be_believed_stops_writes_until_it_is_confirmed() {
    let (store, clock) = with_clock();
    append(&store, "a").unwrap();
    clock.advance(10_000_000);
    append(&store, "b").unwrap();
    let back = Micros::from_micros(1_773_325_927_123_000 - 90_000_000);
    clock.set_wall(back);
    for _ in 0..2 {
        assert!(matches!(
            append(&store, "c"),
            Err(StoreError::Clock(ClockFault::Behind {
                micros: 100_000_000
            }))
        ));
    }
    block_on(store.confirm_clock()).unwrap();
    let outcomes = append(&store, "c").unwrap();
    let receipt = outcomes[0].receipt().unwrap();
    assert_eq!(
        receipt.recorded_at,
        Micros::from_micros(1_773_325_937_123_000)
    );
    clock.set_wall(back.plus(3_600_000_000));
    assert!(matches!(
        append(&store, "d"),
        Err(StoreError::Clock(ClockFault::Leapt { .. }))
    ));
}
