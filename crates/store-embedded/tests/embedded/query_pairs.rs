//! Generated events and queries: what the store finds and counts is what the evaluator accepts, wherever the events are.
//!
//! Each pair of a data set and a query is asked in every place: with all events in memory, across segments and memory,
//! after a restart, after a rebuild, and after a power cut. A failure prints the seed, the place and the query; it is
//! checked in as a case of `tests/query` then.

use std::sync::Arc;
use std::time::Duration;

use ledger::entry::Entry;
use ledger::prepare::Prepared;
use ledger::time::Micros;
use query::evaluate::matches;
use query::{Document, Filter, Viewer};
use store::conformance::places::ExamplePlaces;
use store::index::{Counting, EventIndex, HITS_MAX, Order, Place, Search};
use store::{Batch, Change, LedgerStore, LogRef, Record};
use store_embedded::EmbeddedStore;
use testkit::queries::{NOW, Queries, SmallEvents};
use testkit::sim_disk::{Loss, SimDisk};

use crate::site::{Site, block_on, main_log, prepared, tenant_named};

/// Data sets; each has queries of its own.
const DATA_SETS: u64 = 40;
/// Queries of one data set: 10,000 pairs in all.
const QUERIES: usize = 250;
/// Events of one data set.
const EVENTS: usize = 60;
/// Hits of a page: few, so that pages are joined.
const PAGE: usize = 17;

/// A question and its answer.
struct Pair {
    text: String,
    filter: Filter,
    viewer: Viewer,
    order: Order,
    expect: Vec<Place>,
}

/// The same for every store that holds these events.
fn pairs(seed: u64, records: &[Record]) -> Vec<Pair> {
    let places = ExamplePlaces::default();
    let documents: Vec<Document<'_>> = records
        .iter()
        .skip(1)
        .map(|record| {
            let (person, details) = (record.person.as_deref(), record.details.as_deref());
            Document::read(&record.entry, person, details, &places).unwrap()
        })
        .collect();
    let now = Micros::parse(NOW).unwrap();
    let texts = Queries::new(seed).take(QUERIES);
    let pairs = texts.enumerate().map(|(number, text)| {
        let filter = query::parse(&text, now).unwrap_or_else(|error| panic!("`{text}`: {error}"));
        let viewer = if number % 4 == 0 {
            Viewer::WithoutPersons
        } else {
            Viewer::Whole
        };
        let order = if number % 3 == 0 {
            Order::Oldest
        } else {
            Order::Newest
        };
        let accepted = documents
            .iter()
            .filter(|document| matches(&filter, document, viewer));
        let mut expect: Vec<Place> = accepted
            .map(|document| Place {
                time: document.time,
                seq: document.seq,
            })
            .collect();
        expect.sort_unstable();
        if order == Order::Newest {
            expect.reverse();
        }
        Pair {
            text,
            filter,
            viewer,
            order,
            expect,
        }
    });
    pairs.collect()
}

/// Everything that the store finds, in order.
fn found(store: &EmbeddedStore, log: LogRef, pair: &Pair, size: u64, limit: usize) -> Vec<Place> {
    let mut search = Search {
        filter: pair.filter.clone(),
        viewer: pair.viewer,
        order: pair.order,
        after: None,
        size,
        limit,
    };
    let mut found = Vec::new();
    for _ in 0..2 * EVENTS {
        let page = block_on(store.search(log, &search)).unwrap();
        for hit in page.hits {
            // The record is the one of its place.
            let entry = Entry::parse(&hit.record.entry).unwrap();
            assert_eq!(
                (entry.place.seq, entry.place.log),
                (hit.place.seq, log.log())
            );
            found.push(hit.place);
        }
        search.after = page.next;
        if search.after.is_none() {
            return found;
        }
    }
    panic!("`{}` never ends", pair.text);
}

fn counted(store: &EmbeddedStore, log: LogRef, pair: &Pair, size: u64) -> u64 {
    let counting = Counting {
        filter: pair.filter.clone(),
        viewer: pair.viewer,
        size,
        histogram: None,
        top: Vec::new(),
        limit: 0,
    };
    block_on(store.statistics(log, &counting)).unwrap().total
}

/// Holds every pair against the store.
fn check(seed: u64, store: &EmbeddedStore, pairs: &[Pair], place: &str) {
    let log = main_log(store, "alpha");
    let size = block_on(store.head(log)).unwrap().size;
    for (number, pair) in pairs.iter().enumerate() {
        let limit = if number % 2 == 0 { PAGE } else { HITS_MAX };
        let found = found(store, log, pair, size, limit);
        assert_eq!(
            found, pair.expect,
            "seed {seed}, {place}, pages of {limit}, {:?}, {:?}: `{}` finds other events than the evaluator accepts",
            pair.viewer, pair.order, pair.text
        );
        let total = counted(store, log, pair, size);
        assert_eq!(
            total,
            pair.expect.len() as u64,
            "seed {seed}, {place}, {:?}: `{}` counts other events than the evaluator accepts",
            pair.viewer,
            pair.text
        );
    }
}

fn append(store: &EmbeddedStore, events: Vec<Prepared>) {
    let log = main_log(store, "alpha");
    let outcomes = block_on(store.append(Batch { log, events })).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.receipt().is_some()));
}

fn records(store: &EmbeddedStore) -> Vec<Record> {
    let log = main_log(store, "alpha");
    let records = block_on(store.records(log, 0..1_000)).unwrap();
    assert_eq!(records.len(), EVENTS + 1);
    records
}

fn close(store: Arc<EmbeddedStore>) {
    block_on(store.close()).unwrap();
    drop(store);
}

/// A store with a tenant, in which nothing is indexed before it ends; and the tenant's events.
fn opened(site: &Site, seed: u64) -> (Arc<EmbeddedStore>, Vec<Prepared>) {
    let store = site.open().unwrap();
    let record = site.tenant_record("alpha");
    block_on(store.administer(Change::CreateTenant(record), Vec::new())).unwrap();
    let tenant = tenant_named(&store, "alpha").unwrap();
    let texts = SmallEvents::new(seed).take(EVENTS);
    let events = texts.map(|text| prepared(&tenant, &text)).collect();
    (store, events)
}

fn site(seed: u64) -> (Site, SimDisk) {
    let (site, disk) = Site::simulated_from(seed + 1);
    let site = Site {
        search: true,
        checkpoint_interval: Duration::from_hours(1),
        ..site
    };
    (site, disk)
}

fn rebuild(store: &EmbeddedStore) {
    block_on(store.rebuild_index()).unwrap();
    store::conformance::index::await_rebuild(store).unwrap();
}

/// All events in one place at a time.
fn together(seed: u64) -> Vec<Pair> {
    let (site, _) = site(seed);
    let (store, events) = opened(&site, seed);
    append(&store, events);
    let pairs = pairs(seed, &records(&store));
    check(seed, &store, &pairs, "in memory");
    assert!(store.index_health().waiting >= EVENTS as u64);
    close(store);
    let store = site.open().unwrap();
    check(seed, &store, &pairs, "in segments after a restart");
    assert!(store.index_health().indexed >= EVENTS as u64);
    rebuild(&store);
    check(seed, &store, &pairs, "after a rebuild");
    close(store);
    pairs
}

/// Half of the events in segments, half in memory.
fn across(seed: u64, pairs: &[Pair]) {
    let (site, disk) = site(seed);
    let (store, events) = opened(&site, seed);
    let (first, second) = events.split_at(EVENTS / 2);
    append(&store, first.to_vec());
    // Who asks waits for the terms; an index that is closed before they are made reads them back from the log.
    let log = main_log(&store, "alpha");
    block_on(store.producers(log, Viewer::Whole)).unwrap();
    close(store);
    let store = site.open().unwrap();
    append(&store, second.to_vec());
    check(seed, &store, pairs, "across segments and memory");
    let health = store.index_health();
    assert!(health.waiting > 0 && health.indexed > 0, "{health:?}");
    // The store never learns of the cut.
    let cut = site.on(&disk.after_crash(Loss::Random(seed)));
    let reopened = cut.open().unwrap();
    check(seed, &reopened, pairs, "after a power cut");
    close(reopened);
    rebuild(&store);
    check(
        seed,
        &store,
        pairs,
        "across segments and memory, after a rebuild",
    );
    close(store);
    let store = site.open().unwrap();
    check(seed, &store, pairs, "in segments after restart and rebuild");
    close(store);
}

/// Asks every query of some data sets in every place.
fn data_sets(seeds: std::ops::Range<u64>) {
    let (mut asked, mut some, mut found) = (0, 0, 0);
    for seed in seeds {
        let pairs = together(seed);
        across(seed, &pairs);
        asked += pairs.len();
        found += pairs.iter().map(|pair| pair.expect.len()).sum::<usize>();
        let telling = |pair: &&Pair| (1..EVENTS).contains(&pair.expect.len());
        some += pairs.iter().filter(telling).count();
    }
    println!("{asked} pairs, of which {some} find some events and not all; {found} events found");
    assert!(
        some * 2 > asked,
        "most queries find nothing or everything: {some} of {asked} tell"
    );
}

/// Four tests, so that they can run side by side.
const QUARTER: u64 = DATA_SETS / 4;

#[test]
fn the_first_quarter_of_ten_thousand_pairs_agrees_with_the_evaluator_wherever_the_events_are() {
    data_sets(0..QUARTER);
}

#[test]
fn the_second_quarter_of_ten_thousand_pairs_agrees_with_the_evaluator_wherever_the_events_are() {
    data_sets(QUARTER..2 * QUARTER);
}

#[test]
fn the_third_quarter_of_ten_thousand_pairs_agrees_with_the_evaluator_wherever_the_events_are() {
    data_sets(2 * QUARTER..3 * QUARTER);
}

#[test]
fn the_last_quarter_of_ten_thousand_pairs_agrees_with_the_evaluator_wherever_the_events_are() {
    data_sets(3 * QUARTER..DATA_SETS);
}
