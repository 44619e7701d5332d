//! The contract, as every store is held to it; and the same answers after a restart, wherever the records lie.

use std::sync::Arc;
use std::time::Duration;

use keys::durable::RealDisk;
use store::conformance::reopening::{self, Snapshot};
use store::{Batch, LedgerStore, LogRef};
use testkit::sim_disk::{Loss, SimDisk};

use crate::site::{Site, block_on, event, main_log};

fn holds(site: impl Fn() -> Site) {
    let made = async || {
        let store: Arc<dyn LedgerStore> = site().open().unwrap();
        store
    };
    if let Err(failed) = block_on(store::conformance::run(made)) {
        panic!("{failed}");
    }
}

#[test]
fn the_contract_holds_while_records_are_packed_at_once() {
    holds(|| Site::simulated().0);
}

#[test]
fn the_contract_holds_while_records_wait_in_the_tail() {
    holds(|| Site {
        checkpoint_interval: Duration::from_hours(1),
        ..Site::simulated().0
    });
}

#[test]
fn the_contract_holds_on_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    holds(|| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Site::new(
            Arc::new(RealDisk),
            &directory.path().join(number.to_string()),
        )
    });
}

/// Opens what a power cut leaves of a running store, and holds it against the snapshot.
fn same_after_power_cut(site: &Site, disk: &SimDisk, snapshot: &Snapshot) {
    let site = site.on(&disk.after_crash(Loss::All));
    let store = site.open().unwrap();
    block_on(snapshot.check(&*store)).unwrap_or_else(|broken| panic!("{broken}"));
}

/// Some more events in every log that is not the instance's.
fn append_more(store: &dyn LedgerStore) {
    for tenant in block_on(store.tenants()).unwrap() {
        if !tenant.is_instance() {
            let events = (0..40)
                .map(|number| event(&tenant, &format!("more{number}")))
                .collect();
            block_on(store.append(Batch {
                log: LogRef::main(&tenant),
                events,
            }))
            .unwrap();
        }
    }
}

#[test]
fn a_clean_end_changes_nothing_that_is_shown() {
    let (site, disk) = Site::simulated();
    let store = site.open().unwrap();
    let snapshot = block_on(reopening::populate(&*store)).unwrap();
    block_on(store.close()).unwrap();
    drop(store);
    for _ in 0..2 {
        let store = site.open().unwrap();
        block_on(snapshot.check(&*store)).unwrap_or_else(|broken| panic!("{broken}"));
    }
    same_after_power_cut(&site, &disk, &snapshot);
}

#[test]
fn a_power_cut_changes_nothing_that_was_shown_of_packs() {
    let (site, disk) = Site::simulated();
    let store = site.open().unwrap();
    let snapshot = block_on(reopening::populate(&*store)).unwrap();
    same_after_power_cut(&site, &disk, &snapshot);
}

#[test]
fn a_power_cut_changes_nothing_that_was_shown_of_packs_and_tail() {
    let (mut site, disk) = Site::simulated();
    site.checkpoint_interval = Duration::from_hours(1);
    let store = site.open().unwrap();
    block_on(reopening::populate(&*store)).unwrap();
    append_more(&*store);
    assert!(store.health().tail_bytes > 0, "some of it is in the tail");
    let snapshot = block_on(Snapshot::take(&*store)).unwrap();
    same_after_power_cut(&site, &disk, &snapshot);
}

#[test]
fn a_power_cut_changes_nothing_that_was_shown_of_the_tail() {
    let (mut site, disk) = Site::simulated();
    site.checkpoint_interval = Duration::from_hours(1);
    let store = site.open().unwrap();
    let record = site.tenant_record("alpha");
    block_on(store.administer(store::Change::CreateTenant(record), Vec::new())).unwrap();
    // What comes after a pause is packed at once; from there on everything waits.
    let instance = main_log(&store, "_instance");
    block_on(store.signed_past(instance, 0)).unwrap();
    append_more(&*store);
    let waiting = store.health().unsigned_entries;
    assert!(waiting >= 40, "{waiting} entries in the tail");
    let snapshot = block_on(Snapshot::take(&*store)).unwrap();
    same_after_power_cut(&site, &disk, &snapshot);
}
