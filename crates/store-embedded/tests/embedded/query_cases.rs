//! The shared query cases, wherever the events are: in memory, in segments, on both sides of a restart, and in an index
//! that was built anew.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keys::durable::RealDisk;
use store::conformance::query_cases::{self, CaseFile};
use store::index::EventIndex;
use store::{LedgerStore, StoreError};
use store_embedded::EmbeddedStore;
use testkit::sim_disk::Loss;

use crate::site::{Site, block_on};

fn files() -> Vec<CaseFile> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/query");
    query_cases::read_all(&directory).unwrap_or_else(|broken| panic!("{broken}"))
}

/// A site at the time of a file, where nothing is packed or indexed before the store ends.
fn site_of(file: &CaseFile, site: Site) -> Site {
    site.clock.set_wall(file.now());
    Site {
        search: true,
        checkpoint_interval: Duration::from_hours(1),
        ..site
    }
}

fn check(file: &CaseFile, store: &EmbeddedStore, where_they_are: &str) {
    block_on(file.check(store)).unwrap_or_else(|broken| panic!("{where_they_are}: {broken}"));
}

fn close(store: Arc<EmbeddedStore>) {
    block_on(store.close()).unwrap();
    drop(store);
}

/// Waits until searches are answered again.
fn rebuild(store: &EmbeddedStore) {
    block_on(store.rebuild_index()).unwrap();
    store::conformance::index::await_rebuild(store).unwrap_or_else(|broken| panic!("{broken}"));
}

#[test]
fn every_query_case_holds_in_memory_in_segments_and_after_a_rebuild() {
    for file in files() {
        let site = site_of(&file, Site::simulated().0);
        let store = site.open().unwrap();
        block_on(file.write(&*store, 0..file.events())).unwrap();
        check(&file, &store, "in memory");
        let health = store.index_health();
        assert!(health.waiting >= file.events() as u64, "{health:?}");
        close(store);
        let store = site.open().unwrap();
        check(&file, &store, "in segments after a restart");
        let health = store.index_health();
        assert!(health.indexed >= file.events() as u64, "{health:?}");
        rebuild(&store);
        check(&file, &store, "after a rebuild");
        close(store);
        let store = site.open().unwrap();
        check(&file, &store, "after a rebuild and a restart");
    }
}

#[test]
fn every_query_case_holds_across_segments_and_memory() {
    for file in files() {
        let site = site_of(&file, Site::simulated().0);
        let half = file.events() / 2;
        let store = site.open().unwrap();
        block_on(file.write(&*store, 0..half)).unwrap();
        // Who asks waits for the terms; an index that is closed before they are made reads them back from the log.
        let log = crate::site::main_log(&store, file.name());
        block_on(store.producers(log, query::Viewer::Whole)).unwrap();
        close(store);
        let store = site.open().unwrap();
        block_on(file.write(&*store, half..file.events())).unwrap();
        check(&file, &store, "half before and half after a restart");
        let health = store.index_health();
        assert!(
            health.indexed >= half as u64 && health.waiting > 0,
            "{health:?}"
        );
        rebuild(&store);
        check(
            &file,
            &store,
            "half before and half after a restart, and a rebuild",
        );
        close(store);
        let store = site.open().unwrap();
        check(&file, &store, "in two segments");
    }
}

#[test]
fn every_query_case_holds_after_a_power_cut() {
    for file in files() {
        let (site, disk) = Site::simulated();
        let site = site_of(&file, site);
        let half = file.events() / 2;
        let store = site.open().unwrap();
        block_on(file.write(&*store, 0..half)).unwrap();
        // Who asks waits for the terms; an index that is closed before they are made reads them back from the log.
        let log = crate::site::main_log(&store, file.name());
        block_on(store.producers(log, query::Viewer::Whole)).unwrap();
        close(store);
        let store = site.open().unwrap();
        block_on(file.write(&*store, half..file.events())).unwrap();
        // The store never learns of the cut.
        let cut = site.on(&disk.after_crash(Loss::All));
        let reopened = cut.open().unwrap();
        check(&file, &reopened, "after a power cut");
        close(reopened);
        close(store);
    }
}

#[test]
fn every_query_case_holds_on_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    for file in files() {
        let root = directory.path().join(file.name());
        let site = site_of(&file, Site::new(Arc::new(RealDisk), &root));
        let store = site.open().unwrap();
        block_on(file.write(&*store, 0..file.events())).unwrap();
        close(store);
        let store = site.open().unwrap();
        check(&file, &store, "on a real disk");
        close(store);
    }
}

#[test]
fn a_search_without_an_index_says_so() {
    // Nothing of the cases would fail loudly if the store just found nothing.
    let file = files().remove(0);
    let site = Site {
        search: false,
        ..site_of(&file, Site::simulated().0)
    };
    let store = site.open().unwrap();
    block_on(file.write(&*store, 0..1)).unwrap();
    let log = crate::site::main_log(&store, file.name());
    let answer = block_on(store.producers(log, query::Viewer::Whole));
    assert!(
        matches!(answer, Err(StoreError::IndexUnavailable { .. })),
        "{answer:?}"
    );
}
