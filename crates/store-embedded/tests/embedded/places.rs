//! Databases of places that come, go and change: the index answers by those of today, and is built anew for them.

use std::net::IpAddr;
use std::sync::Arc;

use ledger::time::Micros;
use query::place::PlaceSource;
use query::{Location, Nowhere, Places, Viewer};
use store::conformance::index::await_rebuild;
use store::conformance::places::ExamplePlaces;
use store::index::{Counting, EventIndex, Order, Search};
use store::{Batch, LedgerStore, LogRef};
use store_embedded::EmbeddedStore;
use testkit::sim_disk::Loss;

use crate::site::{Site, block_on, main_log, prepared, tenant_named};

/// Every address is in one country, whichever its database says.
#[derive(Debug)]
struct OneCountry(&'static str);

impl Places for OneCountry {
    fn locate(&self, address: IpAddr) -> Option<Arc<Location>> {
        let mut location = Location::clone(&*ExamplePlaces::default().locate(address)?);
        location.country = Some(self.0.to_owned());
        Some(Arc::new(location))
    }

    fn mark(&self) -> &str {
        self.0
    }

    fn sources(&self) -> &[Arc<PlaceSource>] {
        &[]
    }
}

fn site() -> Site {
    Site {
        search: true,
        ..Site::simulated().0
    }
}

fn open(site: &Site, places: impl Places + 'static) -> Arc<EmbeddedStore> {
    let site = Site {
        places: Arc::new(places),
        ..site.clone()
    };
    let store = site.open().unwrap();
    await_rebuild(&*store).unwrap_or_else(|broken| panic!("{broken}"));
    store
}

fn close(store: Arc<EmbeddedStore>) {
    block_on(store.close()).unwrap();
    drop(store);
}

/// Events from an address whose place is known, and from one whose is not.
fn write(site: &Site, store: &EmbeddedStore, ids: std::ops::Range<usize>) {
    if tenant_named(store, "alpha").is_none() {
        let change = store::Change::CreateTenant(site.tenant_record("alpha"));
        block_on(store.administer(change, Vec::new())).unwrap();
    }
    let tenant = tenant_named(store, "alpha").unwrap();
    let events = ids.map(|id| {
        let ip = if id % 2 == 0 { "198.51.100.7" } else { "10.0.0.1" };
        prepared(
            &tenant,
            &format!(
                r#"{{"id":"e{id}","operation":"deployment.created","actor":{{"id":"u7"}},"origin":{{"ip":"{ip}"}},"resource":{{"type":"deployment"}}}}"#
            ),
        )
    });
    let batch = Batch {
        log: LogRef::main(&tenant),
        events: events.collect(),
    };
    block_on(store.append(batch)).unwrap();
}

/// How many events a query finds, and counts.
fn found(store: &EmbeddedStore, text: &str) -> usize {
    let filter = query::parse(text, Micros::default()).unwrap();
    let log = main_log(store, "alpha");
    let search = Search {
        filter: filter.clone(),
        viewer: Viewer::Whole,
        order: Order::Newest,
        after: None,
        size: u64::MAX,
        limit: 1_000,
    };
    let page = block_on(store.search(log, &search)).unwrap();
    let counting = Counting {
        filter,
        viewer: Viewer::Whole,
        size: u64::MAX,
        histogram: None,
        top: Vec::new(),
        limit: 0,
    };
    let counted = block_on(store.statistics(log, &counting)).unwrap();
    assert_eq!(counted.total, page.hits.len() as u64, "{text}");
    page.hits.len()
}

fn progress(site: &Site) -> String {
    let bytes = site.read(&site.data.join("index/progress"));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn generation(site: &Site) -> u64 {
    let text = progress(site);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("generation "));
    line.unwrap().parse().unwrap()
}

#[test]
fn other_databases_build_the_index_anew_and_the_same_do_not() {
    let site = site();
    let store = open(&site, OneCountry("DE"));
    write(&site, &store, 0..20);
    assert_eq!(
        (found(&store, "country:DE"), found(&store, "country:*")),
        (10, 10)
    );
    close(store);
    assert!(
        progress(&site).contains("\nplaces DE\n"),
        "{}",
        progress(&site)
    );

    let store = open(&site, OneCountry("FR"));
    assert_eq!(
        (found(&store, "country:DE"), found(&store, "country:FR")),
        (0, 10)
    );
    write(&site, &store, 20..30);
    assert_eq!(found(&store, "country:FR city:Berlin"), 15);
    close(store);
    assert!(progress(&site).contains("\nplaces FR\n"));

    let before = generation(&site);
    let store = open(&site, OneCountry("FR"));
    write(&site, &store, 30..40);
    assert_eq!(found(&store, "country:FR"), 20);
    close(store);
    assert!(
        generation(&site) > before,
        "the index was built anew for nothing"
    );

    let store = open(&site, Nowhere);
    assert_eq!(
        (found(&store, "country:*"), found(&store, "-country:*")),
        (0, 40)
    );
    assert_eq!(found(&store, "ip:198.51.100.0/24"), 20);
    close(store);
    assert!(!progress(&site).contains("places"));
}

#[test]
fn an_index_of_before_there_were_places_is_kept_until_a_database_comes() {
    let site = site();
    let store = open(&site, Nowhere);
    write(&site, &store, 0..10);
    close(store);
    let before = generation(&site);
    let store = open(&site, Nowhere);
    write(&site, &store, 10..12);
    close(store);
    assert!(generation(&site) > before);
    let store = open(&site, OneCountry("DE"));
    assert_eq!(found(&store, "country:DE"), 6);
    close(store);
}

#[test]
fn a_power_cut_while_the_index_is_built_for_other_databases_leaves_no_old_answer() {
    let (simulated, disk) = Site::simulated();
    let site = Site {
        search: true,
        ..simulated
    };
    let store = open(&site, OneCountry("DE"));
    write(&site, &store, 0..20);
    close(store);
    for loss in [Loss::All, Loss::Kept] {
        let disk = disk.after_crash(Loss::Kept);
        let site = site.on(&disk);
        let other = Site {
            places: Arc::new(OneCountry("FR")),
            ..site.clone()
        };
        // Whatever the rebuild has done by now.
        let store = other.open().unwrap();
        let site = site.on(&disk.after_crash(loss));
        drop(store);
        let store = open(&site, OneCountry("FR"));
        assert_eq!(
            (found(&store, "country:DE"), found(&store, "country:FR")),
            (0, 10)
        );
        close(store);
        let store = open(&site, OneCountry("DE"));
        assert_eq!(
            (found(&store, "country:DE"), found(&store, "country:FR")),
            (10, 0)
        );
        close(store);
    }
}
