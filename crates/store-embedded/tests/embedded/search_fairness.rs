//! One tenant's searches against another's: who asks for much waits for himself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use query::Viewer;
use store::index::{Counting, EventIndex, Order, Page, Search};
use store::{Batch, Change, LedgerStore, LogRef, StoreError};
use store_embedded::EmbeddedStore;

use crate::site::{Site, block_on, event, main_log, tenant_named};

/// Events of the tenant that asks for much.
const EVENTS: u32 = 6_000;
/// Its searches at once.
const STORM: usize = 8;

/// Short searches of the other tenant.
const ANSWERS: usize = 40;

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
    let (ended, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..STORM {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    match count_slowly(&store, heavy) {
                        Ok(count) => assert_eq!(count, 0),
                        Err(error) => assert!(matches!(error, StoreError::TooBroad), "{error}"),
                    }
                    ended.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        // Under way: all of them have been asked.
        while ended.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let before = ended.load(Ordering::SeqCst);
        for _ in 0..ANSWERS {
            assert_eq!(page(&store, light, "id:light3").unwrap().hits.len(), 1);
        }
        let meanwhile = ended.load(Ordering::SeqCst) - before;
        stop.store(true, Ordering::SeqCst);
        // Behind them in one queue, each answer would have waited for several of them.
        assert!(
            meanwhile <= ANSWERS,
            "{meanwhile} long searches ended before {ANSWERS} short ones"
        );
    });
}
