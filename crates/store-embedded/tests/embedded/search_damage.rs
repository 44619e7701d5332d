//! The index on bad days: the machine stops while it is written, its files are cut, flipped, removed or exchanged while
//! it is searched. Whatever happens, an answer is right or there is none, acknowledgements go on, and it heals itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keys::durable::{Disk, OpenMode, RealDisk, Secrecy};
use query::{Document, Filter, Viewer};
use store::index::{Counting, EventIndex, Order, Search};
use store::{Batch, Change, LedgerStore, LogRef, Record, StoreError, TenantRecord};
use store_embedded::EmbeddedStore;
use testkit::sim_disk::{CrashSide, Loss};

use crate::site::{Site, block_on, event, main_log, tenant_named};

const QUERIES: [&str; 6] = [
    "",
    "operation:deployment.*",
    "resource.id:dpl_n1*",
    "\"abc n12\"",
    "-resource.id:dpl_n3 actor:u7",
    "id:n7",
];
/// How often it is asked until it has healed, on a busy machine.
const ATTEMPTS: u32 = 60;

/// What the evaluator says of a log: ids in order, newest first.
fn judged(records: &[Record], filter: &Filter) -> Vec<u64> {
    let mut found = Vec::new();
    for record in records {
        let document = Document::read(
            &record.entry,
            record.person.as_deref(),
            record.details.as_deref(),
            &query::Nowhere,
        );
        let Ok(document) = document else { continue };
        if query::evaluate::matches(filter, &document, Viewer::Whole) {
            found.push((document.time, document.seq));
        }
    }
    found.sort_unstable_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, seq)| seq).collect()
}

/// Asks everything once: `Ok` when every answer is right, `Err` when there is none; a wrong one fails the test.
fn ask(store: &EmbeddedStore, log: LogRef, at: &str) -> Result<(), StoreError> {
    let size = block_on(store.head(log)).unwrap().size;
    let mut records = Vec::new();
    while (records.len() as u64) < size {
        let from = records.len() as u64;
        records.extend(block_on(store.records(log, from..size)).unwrap());
    }
    for text in QUERIES {
        let filter = query::parse(text, ledger::time::Micros::default()).unwrap();
        let expect = judged(&records, &filter);
        let page = block_on(store.search(
            log,
            &Search {
                filter: filter.clone(),
                viewer: Viewer::Whole,
                order: Order::Newest,
                after: None,
                size,
                limit: 1_000,
            },
        ))?;
        let found: Vec<u64> = page.hits.iter().map(|hit| hit.record.seq).collect();
        assert_eq!(found, expect, "{at}: {text:?}");
        let counted = block_on(store.statistics(
            log,
            &Counting {
                filter,
                viewer: Viewer::Whole,
                size,
                histogram: None,
                top: Vec::new(),
                limit: 10,
            },
        ))?;
        assert_eq!(counted.total, expect.len() as u64, "{at}: {text:?} counted");
    }
    Ok(())
}

/// Asks until there are answers.
fn heals(store: &EmbeddedStore, log: LogRef, at: &str) {
    let mut attempts = 0;
    while let Err(error) = ask(store, log, at) {
        assert!(
            matches!(error, StoreError::IndexUnavailable { .. }),
            "{at}: {error}"
        );
        // An attempt waits for a second before it gives up.
        attempts += 1;
        assert!(attempts < ATTEMPTS, "{at}: it does not heal: {error}");
    }
}

fn found(store: &EmbeddedStore, site: &Site) -> LogRef {
    named(store, site, "alpha")
}

fn named(store: &EmbeddedStore, site: &Site, name: &str) -> LogRef {
    if tenant_named(store, name).is_none() {
        let made = Change::CreateTenant(site.tenant_record(name));
        block_on(store.administer(made, Vec::new())).unwrap();
    }
    main_log(store, name)
}

fn write(store: &EmbeddedStore, numbers: std::ops::Range<u32>) -> Result<(), StoreError> {
    write_of(store, "alpha", numbers)
}

fn write_of(
    store: &EmbeddedStore,
    name: &str,
    numbers: std::ops::Range<u32>,
) -> Result<(), StoreError> {
    let tenant = tenant_named(store, name).unwrap();
    let events = numbers
        .map(|number| event(&tenant, &format!("n{number}")))
        .collect();
    block_on(store.append(Batch {
        log: LogRef::main(&tenant),
        events,
    }))?;
    Ok(())
}

/// A life with several commits of the index.
fn live(site: &Site, record: &TenantRecord) -> Result<(), StoreError> {
    for round in 0..3 {
        let opened = site
            .try_keys()
            .map(|(keys, signer)| site.open_with(keys, signer));
        let Some(Ok(store)) = opened else {
            return Err(StoreError::Poisoned);
        };
        if tenant_named(&store, "alpha").is_none() {
            block_on(store.administer(Change::CreateTenant(record.clone()), Vec::new()))?;
        }
        write(&store, round * 30..round * 30 + 25)?;
        block_on(store.close())?;
    }
    Ok(())
}

#[test]
fn a_crash_at_any_point_of_a_commit_leaves_every_event_to_be_found_once() {
    let (site, disk) = Site::simulated();
    let site = Site {
        search: true,
        ..site
    };
    let record = site.tenant_record("alpha");
    let mut crashes = 0;
    // Every point would take minutes; a prime step meets every kind of point over the runs.
    for point in (1..4_000).step_by(7) {
        for (side, loss) in [
            (CrashSide::Before, Loss::All),
            (CrashSide::After, Loss::All),
            (CrashSide::After, Loss::Kept),
        ] {
            let (life, copy) = site.copy(&disk);
            copy.crash_at_sync(point, side);
            let ended = live(&life, &record);
            if !copy.crashed() {
                assert!(ended.is_ok());
                println!(
                    "{crashes} crashes of a life with {} sync points",
                    copy.sync_points()
                );
                assert!(crashes > 40, "{crashes} crashes are too few");
                return;
            }
            crashes += 1;
            let at = format!("crash {side:?} sync point {point}, {loss:?} lost");
            let after = copy.after_crash(loss);
            let site = life.on(&after);
            // It may have stopped before there was a store.
            let Ok(store) = site.open() else { continue };
            let log = found(&store, &site);
            heals(&store, log, &at);
            write(&store, 100..110).unwrap();
            heals(&store, log, &at);
            block_on(store.close()).unwrap();
        }
    }
    panic!("no end of sync points");
}

#[test]
fn a_store_that_is_closed_while_its_index_is_built_leaves_every_event_to_be_found() {
    let (site, _) = Site::simulated();
    let site = Site {
        search: true,
        ..site
    };
    let store = site.open().unwrap();
    let mut names: Vec<_> = (0..6).map(|number| format!("tenant-{number}")).collect();
    // Logs are read in the order of their ids: the first is long, so that the last is reached late.
    names.sort_by_key(|name| named(&store, &site, name).log());
    let (first, last) = (&names[0], &names[5]);
    for batch in 0..15 {
        write_of(&store, first, batch * 200..batch * 200 + 200).unwrap();
    }
    write_of(&store, last, 0..20).unwrap();
    block_on(store.close()).unwrap();
    drop(store);
    for (round, millis) in [0, 2, 5, 10, 20, 40].into_iter().enumerate() {
        for file in files(&site) {
            site.disk.remove(&file).unwrap();
        }
        let store = site.open().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(millis));
        let number = 100 + u32::try_from(round).unwrap();
        write_of(&store, last, number..number + 1).unwrap();
        block_on(store.close()).unwrap();
        drop(store);
        let store = site.open().unwrap();
        let log = main_log(&store, last);
        heals(&store, log, &format!("closed after {millis} ms"));
        block_on(store.close()).unwrap();
    }
}

fn real() -> (tempfile::TempDir, Site) {
    let directory = tempfile::tempdir().unwrap();
    let site = Site {
        search: true,
        ..Site::new(Arc::new(RealDisk), directory.path())
    };
    (directory, site)
}

/// Every file under the index.
fn files(site: &Site) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let root = site.data.join("index");
    for name in site.disk.list(&root).unwrap() {
        let path = root.join(&name);
        match site.disk.list(&path) {
            Ok(names) => files.extend(names.into_iter().map(|name| path.join(name))),
            Err(_) => files.push(path),
        }
    }
    files
}

type Harm = fn(&Path, u64);

fn flip(path: &Path, length: u64) {
    let file = RealDisk
        .open(path, OpenMode::ReadWrite, Secrecy::Secret)
        .unwrap();
    for at in (0..length).step_by(usize::try_from(length / 40 + 1).unwrap()) {
        let mut byte = [0];
        file.read_at(&mut byte, at).unwrap();
        file.write_at(&[byte[0] ^ 0x55], at).unwrap();
    }
}

fn cut(path: &Path, length: u64) {
    let file = RealDisk
        .open(path, OpenMode::ReadWrite, Secrecy::Secret)
        .unwrap();
    file.set_len(length / 2).unwrap();
}

fn remove(path: &Path, _: u64) {
    RealDisk.remove(path).unwrap();
}

const HARMS: [(&str, Harm); 3] = [("flipped", flip), ("cut", cut), ("removed", remove)];

/// A store with some of its events in segments and some in memory.
fn indexed() -> (tempfile::TempDir, Site, Arc<EmbeddedStore>, LogRef) {
    let (directory, site) = real();
    let store = site.open().unwrap();
    let log = found(&store, &site);
    write(&store, 0..40).unwrap();
    block_on(store.close()).unwrap();
    drop(store);
    let store = site.open().unwrap();
    write(&store, 40..60).unwrap();
    (directory, site, store, log)
}

#[test]
fn files_harmed_while_they_are_searched_never_make_a_wrong_answer() {
    for (name, harm) in HARMS {
        let (_directory, site, store, log) = indexed();
        heals(&store, log, "before");
        for path in files(&site) {
            let length = RealDisk
                .open(&path, OpenMode::Read, Secrecy::Secret)
                .and_then(|file| file.len())
                .unwrap();
            harm(&path, length);
        }
        // Acknowledgements don't care.
        write(&store, 60..70).unwrap();
        heals(&store, log, &format!("{name} while searched"));
        write(&store, 70..80).unwrap();
        heals(&store, log, &format!("{name} while searched, later"));
        block_on(store.close()).unwrap();
        drop(store);
        let store = site.open().unwrap();
        heals(
            &store,
            log,
            &format!("{name} while searched, after a restart"),
        );
        assert!(
            site.verify().problems.is_empty(),
            "the ledger is not touched"
        );
    }
}

#[test]
fn a_directory_removed_while_it_is_searched_is_made_anew() {
    let (_directory, site, store, log) = indexed();
    heals(&store, log, "before");
    std::fs::remove_dir_all(site.data.join("index")).unwrap();
    write(&store, 60..70).unwrap();
    heals(&store, log, "directory removed");
    block_on(store.rebuild_index()).unwrap();
    heals(&store, log, "rebuilt without a directory");
    write(&store, 70..80).unwrap();
    block_on(store.close()).unwrap();
    drop(store);
    assert!(site.data.join("index").join("progress").exists());
    let store = site.open().unwrap();
    heals(&store, log, "after a restart");
}

#[test]
fn each_file_harmed_between_two_starts_is_found_out_or_does_not_matter() {
    let (directory, site, store, log) = indexed();
    block_on(store.close()).unwrap();
    drop(store);
    let names: Vec<PathBuf> = files(&site);
    assert!(names.len() > 5, "{names:?}");
    for path in names {
        for (name, harm) in HARMS {
            let copy = tempfile::tempdir().unwrap();
            let copied = std::process::Command::new("cp")
                .arg("-a")
                .arg(directory.path().join("."))
                .arg(copy.path())
                .status()
                .unwrap();
            assert!(copied.success());
            let site = Site {
                keys: copy.path().join("keys"),
                data: copy.path().join("data"),
                ..site.clone()
            };
            let path = copy
                .path()
                .join(path.strip_prefix(directory.path()).unwrap());
            let length = RealDisk
                .open(&path, OpenMode::Read, Secrecy::Secret)
                .and_then(|file| file.len())
                .unwrap();
            harm(&path, length);
            let store = site.open().unwrap();
            heals(&store, log, &format!("{} {name}", path.display()));
            block_on(store.close()).unwrap();
        }
    }
}

#[test]
fn an_index_of_another_history_is_built_anew() {
    let (_directory, site, store, log) = indexed();
    block_on(store.close()).unwrap();
    drop(store);
    // The index of a store that has gone further, under a ledger that has not.
    let copy = tempfile::tempdir().unwrap();
    let other = Site {
        keys: copy.path().join("keys"),
        data: copy.path().join("data"),
        ..site.clone()
    };
    let run = |from: &Path, to: &Path| {
        let status = std::process::Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(to)
            .status()
            .unwrap();
        assert!(status.success());
    };
    run(&site.keys, &other.keys);
    run(&site.data, &other.data);
    let store = other.open().unwrap();
    write(&store, 60..90).unwrap();
    block_on(store.close()).unwrap();
    drop(store);
    std::fs::remove_dir_all(site.data.join("index")).unwrap();
    run(&other.data.join("index"), &site.data.join("index"));
    let store = site.open().unwrap();
    heals(&store, log, "an index newer than the ledger");
    write(&store, 200..210).unwrap();
    heals(&store, log, "an index newer than the ledger, later");
}

#[test]
fn an_index_is_rebuilt_while_writing_goes_on() {
    let (_directory, _site, store, log) = indexed();
    for round in 0..3 {
        block_on(store.rebuild_index()).unwrap();
        write(&store, 300 + round * 10..310 + round * 10).unwrap();
        heals(&store, log, "rebuilt");
    }
}
