//! Disks that fill up, fail or lose files: nothing acknowledged is lost, and the error names what is wrong.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keys::durable::{Disk, Secrecy};
use keys::master::KeysDirectory;
use keys::signer::FileSigner;
use store::{Batch, Change, LedgerStore, LogRef, Outcome, Receipt, StoreError, Tenant};
use store_embedded::verify::{self, Inputs, KeptReceipt, Verdict, VerifyError};
use store_embedded::{EmbeddedStore, JournalError, LayoutError, OpenError};
use testkit::sim_disk::{Loss, SimDisk};

use crate::flips::Specimen;
use crate::site::{Site, block_on, event, main_log, tenant_named};
use crate::witness::Compared;

/// Bytes before the first frame of a journal file.
const JOURNAL_HEADER_BYTES: usize = 24;
/// Bytes of a frame before its payload; the payload's length stands at 12.
const FRAME_HEADER_BYTES: usize = 36;

/// Where the frames of a journal file begin, and where the last ends.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let mut at = JOURNAL_HEADER_BYTES;
    let mut edges = vec![at];
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at + 12..at + 16].try_into().unwrap());
        at += FRAME_HEADER_BYTES + length as usize;
        edges.push(at);
    }
    assert_eq!(at, bytes.len());
    edges
}

/// Opens a specimen whose last frame was never finished: only that frame's event may be missing.
fn recovers_without_the_last(specimen: &Specimen, site: &Site, at: &str) {
    let report = site.verify();
    assert!(report.problems.is_empty(), "{at}: {:?}", report.problems);
    let store = site
        .open()
        .unwrap_or_else(|error| panic!("{at}: {error:?}"));
    let alpha = tenant_named(&store, "alpha").unwrap();
    let log = LogRef::main(&alpha);
    let before = specimen.witness.records(log);
    let head = block_on(store.head(log)).unwrap();
    assert_eq!(head.size as usize, before.len() - 1, "{at}");
    assert_eq!(
        block_on(store.records(log, 0..head.size)).unwrap(),
        before[..before.len() - 1],
        "{at}"
    );
    let outcomes = block_on(store.append(Batch {
        log,
        events: vec![event(&alpha, "j3")],
    }))
    .unwrap();
    assert!(
        matches!(outcomes[0], Outcome::Stored(_)),
        "{at}: {outcomes:?}"
    );
    drop(store);
    assert_eq!(site.verify().verdict(), Verdict::Verified, "{at}");
}

#[test]
fn a_frame_cut_at_any_byte_is_dropped_and_nothing_before_it() {
    let specimen = Specimen::new(3);
    let path = specimen.only("journal", ".vtj");
    let bytes = specimen.site.read(&path);
    let edges = frames(&bytes);
    let (start, end) = (edges[edges.len() - 2], edges[edges.len() - 1]);
    for cut in start..end {
        let (site, _) = specimen.copy();
        site.overwrite(&path, &bytes[..cut]);
        recovers_without_the_last(
            &specimen,
            &site,
            &format!("cut at byte {} of the frame", cut - start),
        );
    }
    println!("{} cuts recovered", end - start);
}

#[test]
fn a_frame_with_sectors_that_never_arrived_is_dropped_and_nothing_before_it() {
    let specimen = Specimen::new(3);
    let path = specimen.only("journal", ".vtj");
    let bytes = specimen.site.read(&path);
    let edges = frames(&bytes);
    let (start, end) = (edges[edges.len() - 2], edges[edges.len() - 1]);
    let sectors: Vec<_> = (start / 512..=(end - 1) / 512).collect();
    assert!(sectors.len() > 1);
    for missing in 1_u32..1 << sectors.len() {
        let (site, _) = specimen.copy();
        let mut bytes = bytes.clone();
        for (index, sector) in sectors.iter().enumerate() {
            if missing >> index & 1 == 1 {
                bytes[(sector * 512).max(start)..((sector + 1) * 512).min(end)].fill(0);
            }
        }
        site.overwrite(&path, &bytes);
        recovers_without_the_last(&specimen, &site, &format!("sectors {missing:b}"));
    }
}

#[test]
fn a_journal_cut_between_frames_is_told_by_receipts() {
    let specimen = Specimen::new(3);
    let path = specimen.only("journal", ".vtj");
    let bytes = specimen.site.read(&path);
    let edges = frames(&bytes);
    let store = specimen.copy().0.open().unwrap();
    let log = main_log(&store, "alpha");
    let records = specimen.witness.records(log);
    let last = records.last().unwrap();
    let receipt = KeptReceipt {
        log: log.log(),
        seq: last.seq,
        leaf: ledger::hash::Hash::leaf(&last.entry),
    };
    let (site, _) = specimen.copy();
    let told = |site: &Site| {
        let (pinned, receipts) = (Some(site.pinned()), vec![receipt.clone()]);
        verify::run(&Inputs {
            pinned,
            receipts,
            ..site.inputs()
        })
        .unwrap()
    };
    assert!(told(&site).problems.is_empty());
    site.overwrite(&path, &bytes[..edges[edges.len() - 2]]);
    // It was acknowledged and not signed yet: only the producer knows.
    assert!(site.verify().problems.is_empty());
    let report = told(&site);
    assert_eq!(report.verdict(), Verdict::Tampered);
    assert_eq!(
        (report.problems[0].log, report.problems[0].seq),
        (Some(log.log()), Some(last.seq))
    );
}

/// What a damaged directory is refused with.
fn refusal(specimen: &Specimen, damage: impl FnOnce(&Site)) -> OpenError {
    let (site, _) = specimen.copy();
    damage(&site);
    match site.open() {
        Err(error) => error,
        Ok(store) => panic!("it opened: {:?}", specimen.witness.compare(&store)),
    }
}

#[test]
fn a_missing_file_of_each_kind_is_named() {
    let specimen = Specimen::new(3);
    let remove = |path: PathBuf| refusal(&specimen, |site| site.disk.remove(&path).unwrap());
    let error = remove(specimen.file("FORMAT"));
    assert!(
        matches!(
            error,
            OpenError::Layout(LayoutError::HalfInitialised { .. })
        ),
        "{error:?}"
    );
    let error = remove(specimen.file("state.redb"));
    assert!(matches!(error, OpenError::State { .. }), "{error:?}");
    let error = remove(specimen.only("journal", ".vtj"));
    assert!(
        matches!(error, OpenError::Journal(JournalError::Missing { .. })),
        "{error:?}"
    );
    for ending in [".vte", ".vtp"] {
        let error = remove(specimen.only("packs", ending));
        assert!(matches!(error, OpenError::Packs { .. }), "{error:?}");
    }
    let (site, _) = specimen.copy();
    site.disk.remove(&specimen.file("checkpoints")).unwrap();
    site.disk.remove(&specimen.file("LOCK")).unwrap();
    assert_eq!(
        specimen.witness.compare(&site.open().unwrap()),
        Compared::Same,
        "these are made again"
    );
}

#[test]
fn a_whole_missing_directory_is_told_from_a_new_one() {
    let specimen = Specimen::new(3);
    let site = Site {
        data: "/srv/elsewhere".into(),
        ..specimen.copy().0
    };
    let error = site.open().unwrap_err();
    assert!(
        matches!(error, OpenError::RolledBack { found: 0, .. }),
        "{error:?}"
    );
    assert!(
        !site.disk.exists(&site.data).unwrap(),
        "nothing was made there"
    );
    let error = verify::run(&site.inputs()).unwrap_err();
    assert!(
        matches!(error, VerifyError::Layout(LayoutError::Missing { .. })),
        "{error:?}"
    );
}

#[test]
fn a_shortened_file_of_each_kind_is_named() {
    let specimen = Specimen::new(40).ended();
    let shorten = |path: &Path, length: fn(usize) -> usize| {
        refusal(&specimen, |site| {
            let bytes = site.read(path);
            site.overwrite(path, &bytes[..length(bytes.len())]);
        })
    };
    let lengths: [fn(usize) -> usize; 4] = [|_| 0, |_| 1, |length| length / 2, |length| length - 1];
    for length in lengths {
        let error = shorten(&specimen.file("FORMAT"), length);
        assert!(
            matches!(error, OpenError::Layout(LayoutError::Foreign { .. })),
            "{error:?}"
        );
        let error = shorten(&specimen.file("state.redb"), length);
        assert!(matches!(error, OpenError::State { .. }), "{error:?}");
        let error = shorten(&specimen.only("journal", ".vtj"), length);
        assert!(
            matches!(error, OpenError::Journal(JournalError::Damaged { .. })),
            "{error:?}"
        );
        for ending in [".vte", ".vtp"] {
            let error = shorten(&specimen.only("packs", ending), length);
            assert!(matches!(error, OpenError::Packs { .. }), "{error:?}");
        }
    }
    for ending in [".vte", ".vtp"] {
        let (site, _) = specimen.copy();
        let path = specimen.only("packs", ending);
        let bytes = site.read(&path);
        site.overwrite(&path, &bytes[..bytes.len() - 1]);
        let report = site.verify();
        assert_eq!(report.verdict(), Verdict::Tampered, "{ending}");
        assert!(
            report
                .problems
                .iter()
                .any(|problem| problem.log.is_some() && problem.seq.is_some()),
            "{report:?}"
        );
    }
}

#[test]
fn files_of_another_store_are_told_apart() {
    let (ours, theirs) = (Specimen::new(3), Specimen::of(Site::simulated_from(99), 3));
    let exchange = |directory: &str, ending: &str| {
        refusal(&ours, |site| {
            let (to, from) = (ours.only(directory, ending), theirs.only(directory, ending));
            site.overwrite(&to, &theirs.site.read(&from));
        })
    };
    let error = exchange("", "FORMAT");
    assert!(matches!(error, OpenError::ForeignKeys { .. }), "{error:?}");
    let error = exchange("", "state.redb");
    // Their rows bear checks under their key.
    assert!(matches!(error, OpenError::Registry { .. }), "{error:?}");
    let error = exchange("journal", ".vtj");
    assert!(
        matches!(error, OpenError::Journal(JournalError::Damaged { .. })),
        "{error:?}"
    );
    let error = exchange("packs", ".vte");
    assert!(
        matches!(
            error,
            OpenError::Recovery(StoreError::Damaged(_)) | OpenError::Packs { .. }
        ),
        "{error:?}"
    );
    let site = Site {
        keys: "/srv/other-keys".into(),
        ..ours.copy().0
    };
    copy_directory(
        &*theirs.site.disk,
        &theirs.site.keys,
        &*site.disk,
        &site.keys,
    );
    let error = site.open().unwrap_err();
    assert!(matches!(error, OpenError::ForeignKeys { .. }), "{error:?}");
    let report = site.verify();
    assert_eq!(report.verdict(), Verdict::Tampered);
    assert_eq!(
        report.problems[0].file.as_deref(),
        Some(&*ours.file("FORMAT"))
    );
}

#[test]
fn halves_of_a_pack_that_change_places_are_refused() {
    let specimen = Specimen::new(3);
    let error = refusal(&specimen, |site| {
        let [entries, parts] = [".vte", ".vtp"].map(|ending| specimen.only("packs", ending));
        let (one, two) = (site.read(&entries), site.read(&parts));
        site.overwrite(&entries, &two);
        site.overwrite(&parts, &one);
    });
    assert!(
        matches!(
            error,
            OpenError::Recovery(StoreError::Damaged(_)) | OpenError::Packs { .. }
        ),
        "{error:?}"
    );
}

/// Copies the files of a keys directory.
fn copy_directory(from_disk: &dyn Disk, from: &Path, to_disk: &dyn Disk, to: &Path) {
    for directory in ["", "masters", "signer"] {
        to_disk
            .create_dir_all(&to.join(directory), Secrecy::Secret)
            .unwrap();
        for name in from_disk.list(&from.join(directory)).unwrap() {
            if let Ok(bytes) = from_disk.read(&from.join(directory).join(&name), 1 << 20) {
                let path = to.join(directory).join(&name);
                keys::durable::create_new(to_disk, &path, &bytes, Secrecy::Secret).unwrap();
            }
        }
    }
}

#[test]
fn directories_of_others_are_left_alone_and_named() {
    let (site, _) = Site::simulated();
    site.disk
        .create_dir_all(&site.data, Secrecy::Ordinary)
        .unwrap();
    let letter = site.data.join("letter.txt");
    site.overwrite(&letter, b"dear");
    let OpenError::Layout(LayoutError::Foreign { found, .. }) = site.open().unwrap_err() else {
        panic!()
    };
    assert_eq!(found, "letter.txt");
    assert_eq!(
        site.disk.list(&site.data).unwrap(),
        ["letter.txt"],
        "nothing was made there"
    );
    let specimen = Specimen::new(3);
    let error = refusal(&specimen, |site| {
        let text = String::from_utf8(site.read(&specimen.file("FORMAT"))).unwrap();
        site.overwrite(
            &specimen.file("FORMAT"),
            text.replace("veritrail-data 1", "veritrail-data 2")
                .as_bytes(),
        );
    });
    assert!(
        matches!(
            error,
            OpenError::Layout(LayoutError::Newer { found: 2, .. })
        ),
        "{error:?}"
    );
    let (site, _) = Site::simulated();
    site.disk
        .create_dir_all(&site.data.join("packs"), Secrecy::Ordinary)
        .unwrap();
    let error = site.open().unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Layout(LayoutError::HalfInitialised { .. })
        ),
        "{error:?}"
    );
}

#[test]
fn a_second_process_is_refused_while_the_first_works() {
    let (site, _) = Site::simulated();
    let store = site.open().unwrap();
    let second = Site {
        keys: "/srv/keys-copied".into(),
        ..site.clone()
    };
    copy_directory(&*site.disk, &site.keys, &*site.disk, &second.keys);
    let error = second.open().unwrap_err();
    assert!(
        matches!(error, OpenError::Layout(LayoutError::InUse { .. })),
        "{error:?}"
    );
    let keys = site.keys_directory();
    assert!(matches!(
        FileSigner::open(&keys),
        Err(keys::signer::SignerError::InUse { .. })
    ));
    block_on(store.record_heads()).unwrap();
    drop(store);
    site.open().unwrap();
    assert!(KeysDirectory::open(Arc::clone(&site.disk), &site.keys).is_ok());
}

/// A store with a tenant, and its disk.
fn with_tenant(site: &Site) -> (Arc<EmbeddedStore>, Arc<Tenant>) {
    let store = site.open().unwrap();
    if tenant_named(&store, "alpha").is_none() {
        block_on(store.administer(
            Change::CreateTenant(site.tenant_record("alpha")),
            Vec::new(),
        ))
        .unwrap();
    }
    let log = main_log(&store, "alpha");
    let size = block_on(store.head(log)).unwrap().size;
    block_on(store.signed_past(log, size - 1)).unwrap();
    let tenant = tenant_named(&store, "alpha").unwrap();
    (store, tenant)
}

fn append(
    store: &EmbeddedStore,
    log: LogRef,
    tenant: &Tenant,
    id: &str,
) -> Result<Receipt, StoreError> {
    let outcomes = block_on(store.append(Batch {
        log,
        events: vec![event(tenant, id)],
    }))?;
    Ok(outcomes[0].receipt().unwrap().clone())
}

#[test]
fn a_failed_fsync_of_the_journal_stops_every_write_until_a_restart_and_no_read() {
    let (site, disk) = Site::simulated();
    let (store, tenant) = with_tenant(&site);
    let log = LogRef::main(&tenant);
    let known = append(&store, log, &tenant, "a").unwrap();
    block_on(store.signed_past(log, known.seq)).unwrap();
    // Nothing is under way: the next sync is the journal's.
    disk.fail_sync(disk.sync_points() + 1);
    for id in ["b", "b", "c"] {
        let error = append(&store, log, &tenant, id).unwrap_err();
        assert!(matches!(error, StoreError::Poisoned), "{error:?}");
    }
    let change = Change::CreateTenant(site.tenant_record("beta"));
    let error = block_on(store.administer(change, Vec::new())).unwrap_err();
    assert!(matches!(error, StoreError::Poisoned), "{error:?}");
    assert!(matches!(
        block_on(store.record_heads()).unwrap_err(),
        StoreError::Poisoned
    ));
    assert!(
        store
            .health()
            .refusing
            .unwrap()
            .contains("failed sync of the journal")
    );
    assert_eq!(block_on(store.find(log, "a")).unwrap(), [known.seq]);
    assert_eq!(
        block_on(store.find(log, "b")).unwrap(),
        Vec::<u64>::new(),
        "what may be lost is not shown"
    );
    assert!(matches!(
        block_on(store.close()).unwrap_err(),
        StoreError::Poisoned
    ));
    drop(store);
    let (store, tenant) = with_tenant(&site);
    assert_eq!(append(&store, log, &tenant, "a").unwrap(), known);
    let again = append(&store, log, &tenant, "b").unwrap();
    assert_eq!(again.seq, known.seq + 1);
}

#[test]
fn a_failed_fsync_of_a_pack_stops_writes_and_keeps_what_was_acknowledged() {
    let (site, disk) = Site::simulated();
    let (store, tenant) = with_tenant(&site);
    let log = LogRef::main(&tenant);
    disk.fail_sync(disk.sync_points() + 2);
    let receipt = append(&store, log, &tenant, "a").unwrap();
    let error = block_on(store.signed_past(log, receipt.seq)).unwrap_err();
    assert!(matches!(error, StoreError::Poisoned), "{error:?}");
    assert!(matches!(
        append(&store, log, &tenant, "b").unwrap_err(),
        StoreError::Poisoned
    ));
    assert_eq!(block_on(store.find(log, "a")).unwrap(), [receipt.seq]);
    for left in [disk.after_kill(), disk.after_crash(Loss::All)] {
        let (store, tenant) = with_tenant(&site.on(&left));
        assert_eq!(append(&store, log, &tenant, "a").unwrap(), receipt);
    }
}

/// Fills a disk of so many bytes more until a write is refused; answers what was acknowledged and the refusal.
fn fill(store: &EmbeddedStore, site: &Site, tenant: &Tenant) -> (Vec<Receipt>, StoreError) {
    let log = LogRef::main(tenant);
    let mut receipts = Vec::new();
    for number in 0..200 {
        // Free space is looked at every quarter of a second.
        site.clock.advance(300_000);
        match append(store, log, tenant, &format!("f{number}")) {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => return (receipts, error),
        }
    }
    panic!("the disk never filled up");
}

#[test]
fn a_disk_that_runs_full_at_any_byte_loses_nothing_acknowledged() {
    let (mut site, disk) = Site::simulated();
    site.checkpoint_interval = Duration::from_hours(1);
    drop(with_tenant(&site));
    let mut filled = 0;
    for bytes in (0..12_000).step_by(173) {
        let at = format!("full after {bytes} bytes");
        let (site, disk) = site.copy(&disk);
        let (store, tenant) = with_tenant(&site);
        let log = LogRef::main(&tenant);
        // What comes after a pause is packed at once; from here on the journal is what meets the end of the disk.
        let first = append(&store, log, &tenant, "first").unwrap();
        // Asking for a checkpoint would hurry the packer.
        while block_on(store.head(log)).unwrap().signed.unwrap().size <= first.seq {
            std::thread::yield_now();
        }
        disk.full_after(bytes);
        let (receipts, error) = fill(&store, &site, &tenant);
        assert!(matches!(error, StoreError::DiskFull), "{at}: {error:?}");
        assert_eq!(
            store.health().refusing.as_deref(),
            Some("the journal could not be written")
        );
        let held = |store: &EmbeddedStore, tenant: &Tenant| {
            for receipt in &receipts {
                assert_eq!(
                    append(store, log, tenant, &receipt.id).unwrap(),
                    *receipt,
                    "{at}"
                );
            }
        };
        held(&store, &tenant);
        let full = [disk.after_crash(Loss::Random(bytes)), disk.after_kill()];
        disk.heal();
        append(&store, log, &tenant, "healed").unwrap();
        assert_eq!(store.health().refusing, None, "{at}");
        held(&store, &tenant);
        block_on(store.close()).unwrap();
        drop(store);
        for disk in full {
            let site = site.on(&disk);
            let (store, tenant) = with_tenant(&site);
            held(&store, &tenant);
            drop(store);
            assert_eq!(site.verify().verdict(), Verdict::Verified, "{at}");
        }
        filled += receipts.len();
    }
    println!("70 full disks: {filled} events acknowledged before, none lost");
    assert!(filled > 200, "{filled} events");
}

#[test]
fn a_disk_too_full_for_packs_stops_the_store_and_loses_nothing_acknowledged() {
    let (site, disk) = Site::simulated();
    drop(with_tenant(&site));
    let mut stopped = 0;
    for bytes in (0..12_000).step_by(491) {
        let (site, disk) = site.copy(&disk);
        let (store, tenant) = with_tenant(&site);
        disk.full_after(bytes);
        let (receipts, error) = fill(&store, &site, &tenant);
        assert!(
            matches!(error, StoreError::DiskFull | StoreError::Poisoned),
            "full after {bytes}: {error:?}"
        );
        // What waits can't be packed: the end is not a clean one, and says so.
        stopped += u32::from(block_on(store.close()).is_err());
        let left = [disk.after_crash(Loss::Random(bytes)), disk.after_kill()];
        drop(store);
        for disk in left {
            let site = site.on(&disk);
            let (store, tenant) = with_tenant(&site);
            for receipt in &receipts {
                let again = append(&store, LogRef::main(&tenant), &tenant, &receipt.id).unwrap();
                assert_eq!(again, *receipt, "full after {bytes}");
            }
            drop(store);
            assert_eq!(
                site.verify().verdict(),
                Verdict::Verified,
                "full after {bytes}"
            );
        }
    }
    assert!(
        stopped > 10,
        "packs met the end of the disk {stopped} times"
    );
}

#[test]
fn a_nearly_full_disk_refuses_producers_early_and_access_records_last() {
    let (mut site, disk) = Site::simulated();
    drop(with_tenant(&site));
    site.reserve_bytes = 400_000;
    let (store, tenant) = with_tenant(&site);
    disk.full_after(500_000);
    let (receipts, error) = fill(&store, &site, &tenant);
    assert!(matches!(error, StoreError::DiskFull), "{error:?}");
    assert!(receipts.len() > 5, "{}", receipts.len());
    let refusing = store.health().refusing.unwrap();
    assert_eq!(refusing, "the disk is nearly full");
    let access = append(&store, LogRef::access(&tenant), &tenant, "read").unwrap();
    block_on(store.signed_past(LogRef::access(&tenant), access.seq)).unwrap();
    block_on(store.record_heads()).unwrap();
    disk.heal();
    site.clock.advance(300_000);
    append(&store, LogRef::main(&tenant), &tenant, "healed").unwrap();
    assert_eq!(store.health().refusing, None);
}

#[test]
fn a_full_disk_at_start_is_refused_and_harms_nothing() {
    let specimen = Specimen::new(10);
    for bytes in [0, 100, 5_000, 60_000, 100_000, 150_000] {
        let (site, disk) = specimen.copy();
        disk.full_after(bytes);
        let opened = site
            .try_keys()
            .map(|(keys, signer)| site.open_with(keys, signer));
        drop(opened);
        disk.heal();
        let after: [SimDisk; 2] = [disk.after_kill(), disk.after_crash(Loss::Random(bytes))];
        for disk in after {
            let site = site.on(&disk);
            let store = site
                .open()
                .unwrap_or_else(|error| panic!("{bytes}: {error:?}"));
            assert_eq!(specimen.witness.compare(&store), Compared::Same, "{bytes}");
        }
    }
}
