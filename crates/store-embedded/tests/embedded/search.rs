//! The index half's contract, wherever the events are: in memory, in segments, on both sides of a restart.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keys::durable::RealDisk;
use store::conformance::index::Searchable;

use crate::site::{Site, block_on};

fn holds(site: impl Fn() -> Site) {
    let made = async || {
        let store: Arc<dyn Searchable> = site().open().unwrap();
        store
    };
    if let Err(failed) = block_on(store::conformance::index::run(made)) {
        panic!("{failed}");
    }
}

#[test]
fn the_index_contract_holds_while_events_wait_in_memory() {
    holds(|| Site {
        search: true,
        checkpoint_interval: Duration::from_hours(1),
        ..Site::simulated().0
    });
}

#[test]
fn the_index_contract_holds_on_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    holds(|| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let root: &Path = &directory.path().join(number.to_string());
        Site {
            search: true,
            ..Site::new(Arc::new(RealDisk), root)
        }
    });
}
