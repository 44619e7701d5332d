//! The index half's contract, wherever the events are: in memory, in segments, on both sides of a restart.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keys::durable::RealDisk;
use store::LedgerStore;
use store::conformance::index::Searchable;
use store::index::EventIndex;

use crate::site::{Site, block_on, prepared, tenant_named};

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

#[test]
fn a_value_before_and_after_is_listed_once_an_event_wherever_it_is() {
    let (site, _) = Site::simulated();
    let site = Site {
        search: true,
        ..site
    };
    let store = site.open().unwrap();
    let change = store::Change::CreateTenant(site.tenant_record("alpha"));
    block_on(store.administer(change, Vec::new())).unwrap();
    let tenant = tenant_named(&store, "alpha").unwrap();
    let changes = [
        r#"{"field":"color","before":"red","after":"red"}"#,
        r#"{"field":"color","before":["red","blue"],"after":["blue","red"]}"#,
        r#"{"field":"color","after":"red"}"#,
    ];
    let events = changes.iter().map(|change| {
        prepared(
            &tenant,
            &format!(r#"{{"operation":"setting.updated","actor":{{}},"resource":{{"type":"setting"}},"changes":[{change}]}}"#),
        )
    });
    let log = store::LogRef::main(&tenant);
    let events = events.collect();
    block_on(store.append(store::Batch { log, events })).unwrap();
    let listed = |store: &store_embedded::EmbeddedStore| {
        let color = query::Field::parse("changes.color").unwrap();
        let listed = block_on(store.values(log, &color, "", query::Viewer::Whole, 10)).unwrap();
        let listed = listed.into_iter().map(|value| (value.value, value.count));
        listed.collect::<Vec<_>>()
    };
    let expect = [("red".to_owned(), 3), ("blue".to_owned(), 1)];
    assert_eq!(listed(&store), expect, "in memory");
    block_on(store.close()).unwrap();
    drop(store);
    let store = site.open().unwrap();
    assert_eq!(listed(&store), expect, "in segments");
    assert_eq!(store.index_health().waiting, 0);
}
