//! Exactly once where it is hardest: ids whose keys collide, runs of ids that are written and merged, and crashes in
//! between. In tests a run holds 32 ids.

use std::path::Path;
use std::time::Duration;

use keys::durable::Disk;
use keys::master::KeysDirectory;
use keys::signer::FileSigner;
use ledger::name::InstanceId;
use ledger::prepare::{Door, prepare};
use store::Receipt;
use store::index::Order;
use testkit::block_on::block_on;
use testkit::sim_disk::{CrashSide, Loss, SimDisk};
use testkit::sources::{TestClock, TestRng};

use super::*;
use crate::run::id_key;

/// Keys, clock and randomness of a store on a simulated disk.
struct Fixture {
    clock: Arc<TestClock>,
    rng: Arc<TestRng>,
    record: TenantRecord,
}

impl Fixture {
    fn new() -> (Self, SimDisk) {
        let disk = SimDisk::new(1);
        let rng = Arc::new(TestRng::new(1));
        let instance = InstanceId::random(&*rng);
        let made: Arc<dyn Disk> = Arc::new(disk.clone());
        let keys = KeysDirectory::create(made, Path::new("/keys"), &*rng, instance).unwrap();
        let record = TenantRecord {
            id: TenantId::random(&*rng),
            name: "alpha".to_owned(),
            salt: [7; 32],
            kid: keys.current_kid().to_owned(),
            created_at: Micros::default(),
            main: LogId::random(&*rng),
            access: LogId::random(&*rng),
            strict: false,
            mask_exceptions: Vec::new(),
            settings: TenantSettings::default(),
        };
        (
            Self {
                clock: Arc::default(),
                rng,
                record,
            },
            disk,
        )
    }

    fn try_open(&self, disk: &SimDisk) -> Option<Result<Arc<EmbeddedStore>, OpenError>> {
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let keys = KeysDirectory::open(Arc::clone(&disk), Path::new("/keys")).ok()?;
        let signer = Box::new(FileSigner::open(&keys).ok()?);
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        let options = Options::new(disk, "/data".into(), keys, signer, clock, rng);
        Some(EmbeddedStore::open(Options {
            reserve_bytes: 0,
            checkpoint_interval: Duration::ZERO,
            ..options
        }))
    }

    fn open(&self, disk: &SimDisk) -> Arc<EmbeddedStore> {
        let store = self
            .try_open(disk)
            .unwrap()
            .unwrap_or_else(|error| panic!("{error:?}"));
        if store.tenant_by_name("alpha").is_none() {
            block_on(store.administer(Change::CreateTenant(self.record.clone()), Vec::new()))
                .unwrap();
        }
        store
    }

    fn log(&self) -> LogRef {
        LogRef::of_record(&self.record, false)
    }
}

fn event(store: &EmbeddedStore, id: &str, what: &str) -> Prepared {
    let tenant = store.tenant_by_name("alpha").unwrap();
    let text = format!(
        r#"{{"id":"{id}","operation":"deployment.created","resource":{{"type":"deployment","id":"d1"}},"actor":{{"id":"7"}},"reason":"{what}"}}"#
    );
    let door = Door {
        keys: &tenant.keys,
        key: "k1",
        source: "api",
        mode: ledger::vocabulary::Mode::Open,
        additions: &ledger::vocabulary::NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    prepare(
        ledger::json::parse(text.as_bytes()).unwrap(),
        &door,
        &TestRng::new(5),
    )
    .unwrap()
}

fn append(store: &EmbeddedStore, log: LogRef, ids: &[String]) -> Result<Vec<Outcome>, StoreError> {
    let events = ids.iter().map(|id| event(store, id, "first")).collect();
    block_on(store.append(Batch { log, events }))
}

#[test]
fn ids_whose_keys_collide_are_told_apart_by_the_stored_entries() {
    let (fixture, disk) = Fixture::new();
    let (store, log) = (fixture.open(&disk), fixture.log());
    let known = append(&store, log, &["a".to_owned(), "b".to_owned()]).unwrap();
    // Every id of the test has, besides its own place, that of each other one, one in another log and one nowhere.
    for id in ["a", "b", "c"] {
        for seq in [0, 1, 2, 3, 900] {
            store
                .shared
                .view_mut()
                .ids
                .add((id_key(log.log(), id), seq));
        }
    }
    for (id, receipt) in [("a", &known[0]), ("b", &known[1])] {
        let again = append(&store, log, &[id.to_owned()]).unwrap();
        assert_eq!(
            again,
            [Outcome::Repeated(receipt.receipt().unwrap().clone())]
        );
        let other = vec![event(&store, id, "other")];
        assert_eq!(
            block_on(store.append(Batch { log, events: other })).unwrap(),
            [Outcome::Conflict]
        );
    }
    let fresh = append(&store, log, &["c".to_owned(), "c".to_owned()]).unwrap();
    assert!(
        matches!(&fresh[..], [Outcome::Stored(one), Outcome::Repeated(two)] if one == two),
        "{fresh:?}"
    );
    for (id, seq) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(block_on(store.find(log, id)).unwrap(), [seq], "{id}");
    }
}

/// Appends `batches` of 8 ids each, waiting for each to be packed, until the disk stops; answers the receipts.
fn fill(store: &EmbeddedStore, log: LogRef, batches: u32) -> (Vec<Receipt>, bool) {
    let mut receipts = Vec::new();
    for batch in 0..batches {
        let ids: Vec<String> = (0..8).map(|number| format!("b{batch}-{number}")).collect();
        let Ok(outcomes) = append(store, log, &ids) else {
            return (receipts, false);
        };
        receipts.extend(outcomes.iter().filter_map(Outcome::receipt).cloned());
        let last = receipts.last().map_or(0, |receipt| receipt.seq);
        if block_on(store.signed_past(log, last)).is_err() {
            return (receipts, false);
        }
    }
    (receipts, true)
}

fn all_known(fixture: &Fixture, store: &EmbeddedStore, receipts: &[Receipt], at: &str) {
    for chunk in receipts.chunks(64) {
        let ids: Vec<String> = chunk.iter().map(|receipt| receipt.id.clone()).collect();
        let again =
            append(store, fixture.log(), &ids).unwrap_or_else(|error| panic!("{at}: {error:?}"));
        let expect: Vec<_> = chunk.iter().cloned().map(Outcome::Repeated).collect();
        assert_eq!(again, expect, "{at}");
    }
}

fn runs(disk: &SimDisk) -> Vec<String> {
    disk.list(Path::new("/data/ids")).unwrap()
}

#[test]
fn every_id_is_found_through_runs_merges_and_restarts() {
    let (fixture, disk) = Fixture::new();
    let store = fixture.open(&disk);
    let (receipts, whole) = fill(&store, fixture.log(), 320);
    assert!(whole && receipts.len() == 2_560);
    all_known(&fixture, &store, &receipts, "before a restart");
    let numbers = runs(&disk);
    assert!(numbers.len() < 2 * 8, "80 runs were merged: {numbers:?}");
    assert!(
        numbers.last().unwrap().as_str() > "00000080.vti",
        "{numbers:?}"
    );
    drop(store);
    for _ in 0..2 {
        let store = fixture.open(&disk);
        all_known(&fixture, &store, &receipts, "after a restart");
    }
}

/// A store whose next ids make a run, which is merged with seven others; journal and packs roll over meanwhile.
struct Merging {
    fixture: Fixture,
    begun: SimDisk,
    before: Vec<Receipt>,
}

impl Merging {
    fn new() -> Self {
        let (fixture, begun) = Fixture::new();
        let store = fixture.open(&begun);
        let (before, _) = fill(&store, fixture.log(), 31);
        drop(store);
        Self {
            fixture,
            begun,
            before,
        }
    }

    /// Opens and writes on until the disk fails; answers every receipt.
    fn write_on(&self, disk: &SimDisk) -> Vec<Receipt> {
        let mut receipts = self.before.clone();
        let Some(Ok(store)) = self.fixture.try_open(disk) else {
            return receipts;
        };
        let ids: Vec<String> = (0..16).map(|number| format!("x-{number}")).collect();
        for ids in ids.chunks(4) {
            let Ok(outcomes) = append(&store, self.fixture.log(), ids) else {
                break;
            };
            receipts.extend(outcomes.iter().filter_map(Outcome::receipt).cloned());
            let last = receipts.last().map_or(0, |receipt| receipt.seq);
            if block_on(store.signed_past(self.fixture.log(), last)).is_err() {
                break;
            }
        }
        receipts
    }

    /// Opens what is left, twice.
    fn forgets_nothing(&self, left: &SimDisk, receipts: &[Receipt], at: &str) {
        for _ in 0..2 {
            let store = self.fixture.open(left);
            all_known(&self.fixture, &store, receipts, at);
        }
        assert!(
            runs(left).len() < 9,
            "{at}: dead runs are cleared away: {:?}",
            runs(left)
        );
    }
}

#[test]
fn a_crash_while_runs_packs_and_journal_files_follow_one_another_forgets_nothing() {
    let merging = Merging::new();
    let mut points = 0;
    for point in 1..1_000 {
        for side in [CrashSide::Before, CrashSide::After] {
            let disk = merging.begun.after_crash(Loss::Kept);
            disk.crash_at_sync(point, side);
            let receipts = merging.write_on(&disk);
            if !disk.crashed() {
                assert!(points > 80, "{points} sync points");
                println!("{points} crashes while files follow one another, nothing forgotten");
                return;
            }
            points += 1;
            let at = format!("crash {side:?} sync point {point}");
            merging.forgets_nothing(&disk.after_crash(Loss::Random(point)), &receipts, &at);
            // The process died, another one took over, then the power went.
            let killed = disk.after_kill();
            let mut again = merging.write_on(&killed);
            again.extend(receipts);
            merging.forgets_nothing(
                &killed.after_crash(Loss::All),
                &again,
                &format!("kill, then {at}"),
            );
        }
    }
    panic!("no end of sync points");
}

#[test]
fn a_failing_fsync_while_runs_packs_and_journal_files_follow_one_another_forgets_nothing() {
    let merging = Merging::new();
    for point in 1..1_000 {
        let disk = merging.begun.after_crash(Loss::Kept);
        disk.fail_sync(point);
        let mut receipts = merging.write_on(&disk);
        if disk.sync_points() < point {
            assert!(point > 40, "{point} sync points");
            println!("{point} failing fsyncs while files follow one another, nothing forgotten");
            return;
        }
        let at = format!("sync point {point} failed");
        merging.forgets_nothing(&disk.after_crash(Loss::All), &receipts, &at);
        let restarted = disk.after_kill();
        receipts.extend(merging.write_on(&restarted));
        merging.forgets_nothing(
            &restarted.after_crash(Loss::All),
            &receipts,
            &format!("{at}, a restart, a power cut"),
        );
    }
    panic!("no end of sync points");
}

#[test]
fn pages_that_run_out_of_their_budget_go_on_where_they_ended() {
    let (fixture, disk) = Fixture::new();
    let (store, log) = (fixture.open(&disk), fixture.log());
    for batch in 0..6 {
        let ids: Vec<String> = (0..50).map(|id| format!("e{batch}-{id}")).collect();
        append(&store, log, &ids).unwrap();
    }
    let size = block_on(store.head(log)).unwrap().size;
    // A condition that only the evaluator decides: each event has to be judged.
    for (text, expect) in [("\"created first\"", 0), ("-\"created first\"", 300)] {
        for order in [Order::Newest, Order::Oldest] {
            let mut search = Search {
                filter: query::parse(text, Micros::default()).unwrap(),
                viewer: query::Viewer::Whole,
                order,
                after: None,
                size,
                limit: 1_000,
            };
            let (mut seqs, mut pages, mut most) = (Vec::new(), 0, Duration::from_micros(200));
            loop {
                let budget = Budget::new(most, false);
                match store.shared.search(log.log(), &search, &budget) {
                    Ok(page) => {
                        pages += 1;
                        assert!(page.next != search.after || page.next.is_none());
                        seqs.extend(page.hits.iter().map(|hit| hit.record.seq));
                        search.after = page.next;
                        if page.next.is_none() {
                            break;
                        }
                    }
                    // Nothing could be judged: who may do more gets further.
                    Err(StoreError::TooBroad) => most *= 2,
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(seqs.len(), expect, "{text} {order:?}");
            let mut wanted: Vec<u64> = (1..=expect as u64).collect();
            if order == Order::Newest {
                wanted.reverse();
            }
            assert_eq!(seqs, wanted, "{text} {order:?}: none skipped, none doubled");
            if expect > 0 {
                assert!(pages > 1, "the budget was never over");
            }
        }
    }
    // In the quick lane nothing is answered in part.
    let search = Search {
        filter: query::parse("-\"created first\"", Micros::default()).unwrap(),
        viewer: query::Viewer::Whole,
        order: Order::Newest,
        after: None,
        size,
        limit: 1_000,
    };
    let budget = Budget::new(Duration::from_micros(200), true);
    let outcome = store.shared.search(log.log(), &search, &budget);
    assert!(matches!(outcome, Err(StoreError::TooBroad)), "{outcome:?}");
    assert!(budget.goes_on_elsewhere());
}
