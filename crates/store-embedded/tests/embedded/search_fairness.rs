//! One tenant's searches against another's: who asks for much waits for himself.

use std::sync::atomic::{AtomicUsize, Ordering};

use query::Viewer;
use store::index::{Counting, EventIndex, Order, Page, Search};
use store::{Batch, Change, LedgerStore, LogRef, StoreError};
use store_embedded::EmbeddedStore;

use crate::site::{Site, block_on, event, main_log, tenant_named};

/// Events of the tenant that asks for much.
const EVENTS: u32 = 6_000;
/// Its searches at once.
const STORM: usize = 8;

fn filter(text: &str) -> query::Filter {
    query::parse(text, ledger::time::Micros::default()).unwrap()
}

fn fill(store: &EmbeddedStore, site: &Site, name: &str, events: u32) -> LogRef {
    let change = Change::CreateTenant(site.tenant_record(name));
    block_on(store.administer(change, Vec::new())).unwrap();
    let tenant = tenant_named(store, name).unwrap();
    for first in (0..events).step_by(500) {
        let numbers = first..events.min(first + 500);
        let events = numbers
            .map(|number| event(&tenant, &format!("{name}{number}")))
            .collect();
        let log = LogRef::main(&tenant);
        block_on(store.append(Batch { log, events })).unwrap();
    }
    main_log(store, name)
}

fn page(store: &EmbeddedStore, log: LogRef, text: &str) -> Result<Page, StoreError> {
    block_on(store.search(
        log,
        &Search {
            filter: filter(text),
            viewer: Viewer::Whole,
            order: Order::Newest,
            after: None,
            size: block_on(store.head(log))?.size,
            limit: 50,
        },
    ))
}

/// Counts by judging every event: the words of the query are in all of them, side by side in none.
fn count_slowly(store: &EmbeddedStore, log: LogRef) -> Result<u64, StoreError> {
    let counting = Counting {
        filter: filter("\"created deployment\""),
        viewer: Viewer::Whole,
        size: block_on(store.head(log))?.size,
        histogram: None,
        top: Vec::new(),
        limit: 10,
    };
    Ok(block_on(store.statistics(log, &counting))?.total)
}

#[test]
fn a_storm_of_long_searches_keeps_no_other_tenant_waiting() {
    let (site, _) = Site::simulated();
    let site = Site {
        search: true,
        ..site
    };
    let store = site.open().unwrap();
    let heavy = fill(&store, &site, "heavy", EVENTS);
    let light = fill(&store, &site, "light", 20);
    // Terms are made, records are packed.
    assert_eq!(page(&store, light, "id:light3").unwrap().hits.len(), 1);
    assert_eq!(count_slowly(&store, heavy).unwrap(), 0);
    let running = AtomicUsize::new(STORM);
    std::thread::scope(|scope| {
        for _ in 0..STORM {
            scope.spawn(|| {
                for _ in 0..4 {
                    match count_slowly(&store, heavy) {
                        Ok(count) => assert_eq!(count, 0),
                        Err(error) => assert!(matches!(error, StoreError::TooBroad), "{error}"),
                    }
                }
                running.fetch_sub(1, Ordering::SeqCst);
            });
        }
        // The heavy tenant's own short searches go before its long ones, too.
        let mut answered = [0_u32; 2];
        while running.load(Ordering::SeqCst) == STORM {
            for (count, log, text) in [(0, light, "id:light3"), (1, heavy, "id:heavy3")] {
                assert_eq!(page(&store, log, text).unwrap().hits.len(), 1);
                answered[count] += 1;
            }
        }
        assert!(
            answered.iter().all(|count| *count >= 5),
            "{answered:?} answers beside the storm"
        );
    });
}
