//! A bit turns over in a file of each kind: the store refuses with the error that names the file, or proves that it
//! does not matter. It never answers anything else than before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keys::master::KeysDirectory;
use keys::signer::FileSigner;
use ledger::time::Micros;
use store::{ApiKey, Batch, Change, LedgerStore, LogRef, Role, Roles, Scope, StoreError};
use store_embedded::verify::Verdict;
use store_embedded::{JournalError, LayoutError, OpenError};
use testkit::sim_disk::{Loss, SimDisk};

use crate::blocks::{REGISTRY, blocks};
use crate::site::{Site, block_on, event, tenant_named};
use crate::witness::{Compared, Witness};

/// A store with something in every file: packs, state, checkpoints, and a journal of frames that are not packed.
pub(crate) struct Specimen {
    pub(crate) site: Site,
    pub(crate) disk: SimDisk,
    pub(crate) witness: Witness,
}

impl Specimen {
    /// `packed` events are packed and signed, in several blocks; three groups of one more event stand in the journal.
    pub(crate) fn new(packed: usize) -> Self {
        Self::of(Site::simulated(), packed)
    }

    /// On a site of its own.
    pub(crate) fn of((mut site, disk): (Site, SimDisk), packed: usize) -> Self {
        let store = site.open().unwrap();
        for name in ["alpha", "beta"] {
            block_on(store.administer(Change::CreateTenant(site.tenant_record(name)), Vec::new()))
                .unwrap();
        }
        let alpha = tenant_named(&store, "alpha").unwrap();
        let key = ApiKey {
            id: "key1".into(),
            scope: Scope::Tenant(alpha.record.id),
            roles: Roles::of(&[Role::Reader]),
            source: "api".into(),
            owner: "owner".into(),
            hash: [9; 32],
            created_at: Micros::from_micros(1),
            expires_at: None,
            revoked_at: None,
        };
        block_on(store.administer(Change::CreateKey(key), Vec::new())).unwrap();
        for name in ["alpha", "beta"] {
            let tenant = tenant_named(&store, name).unwrap();
            let events = (0..packed)
                .map(|number| event(&tenant, &format!("e{number}")))
                .collect();
            block_on(store.append(Batch {
                log: LogRef::main(&tenant),
                events,
            }))
            .unwrap();
        }
        block_on(store.record_heads()).unwrap();
        block_on(store.close()).unwrap();
        drop(store);
        site.checkpoint_interval = Duration::from_hours(1);
        let store = site.open().unwrap();
        let alpha = tenant_named(&store, "alpha").unwrap();
        let log = LogRef::main(&alpha);
        for id in ["j1", "j2", "j3"] {
            let events = vec![event(&alpha, id)];
            let outcomes = block_on(store.append(Batch { log, events })).unwrap();
            if id == "j1" {
                // What comes after a pause is packed at once; from there on everything waits.
                let seq = outcomes[0].receipt().unwrap().seq;
                block_on(store.signed_past(log, seq)).unwrap();
            }
        }
        let witness = Witness::of(&store);
        let left = disk.after_crash(Loss::All);
        drop(store);
        site.checkpoint_interval = Duration::ZERO;
        let site = site.on(&left);
        Self {
            site,
            disk: left,
            witness,
        }
    }

    /// The same store after a clean end.
    pub(crate) fn ended(&self) -> Self {
        let (site, disk) = self.copy();
        drop(site.open().unwrap());
        Self {
            site,
            disk,
            witness: self.witness.clone(),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.site.data.join(name)
    }

    /// A copy to be damaged.
    pub(crate) fn copy(&self) -> (Site, SimDisk) {
        self.site.copy(&self.disk)
    }

    /// The only file of journal or packs with this ending.
    pub(crate) fn only(&self, directory: &str, ending: &str) -> PathBuf {
        let directory = self.file(directory);
        let names = self.site.disk.list(&directory).unwrap();
        let mut names = names.iter().filter(|name| name.ends_with(ending));
        let found = directory.join(names.next().unwrap());
        assert_eq!(names.next(), None, "one file of the kind");
        found
    }
}

/// What came of a damaged file.
#[derive(Debug)]
enum Found {
    Refused(OpenError),
    Opened(Compared),
}

impl Found {
    /// Opens a damaged copy and closes it again.
    fn of(specimen: &Specimen, site: &Site) -> Self {
        let Some((keys, signer)) = site.try_keys() else {
            panic!("the keys were not damaged")
        };
        match site.open_with(keys, signer) {
            Err(error) => Self::Refused(error),
            Ok(store) => Self::Opened(specimen.witness.compare(&store)),
        }
    }
}

/// Flips a bit of each of these bytes in turn and holds what comes of it against `allowed`; answers how often the store
/// opened and answered everything as before.
fn flip_each(
    specimen: &Specimen,
    path: &Path,
    offsets: impl Iterator<Item = usize>,
    allowed: impl Fn(&Found) -> bool,
) -> (usize, usize) {
    let (mut flips, mut harmless) = (0, 0);
    for at in offsets {
        let (site, disk) = specimen.copy();
        disk.flip_bit(path, at as u64, (at % 7) as u8).unwrap();
        let found = Found::of(specimen, &site);
        let same = matches!(found, Found::Opened(Compared::Same));
        assert!(
            same || allowed(&found),
            "{} at {at}: {found:?}",
            path.display()
        );
        if same {
            // What does not matter does not matter for good: nothing was built on it.
            let report = site.verify();
            assert!(
                report.problems.is_empty(),
                "{} at {at}: {:?}",
                path.display(),
                report.problems
            );
        }
        flips += 1;
        harmless += usize::from(same);
    }
    println!(
        "{}: {flips} bits flipped, {harmless} harmless",
        path.display()
    );
    (flips, harmless)
}

#[test]
fn a_flipped_bit_anywhere_in_the_journal_is_refused_by_name_and_found_by_verify() {
    let specimen = Specimen::new(3);
    let path = specimen.only("journal", ".vtj");
    let length = specimen.site.read(&path).len();
    let (flips, harmless) = flip_each(
        &specimen,
        &path,
        (0..24).chain((24..length).step_by(7)),
        |found| {
            let Found::Refused(OpenError::Journal(error)) = found else {
                return false;
            };
            match error {
                JournalError::Damaged { path: named, .. } => *named == path,
                // The number of the first frame.
                JournalError::Missing { .. } => true,
                _ => false,
            }
        },
    );
    assert!(
        flips > 300 && harmless == 0,
        "{harmless} of {flips} flips went unnoticed"
    );
    for at in (0..24).chain((24..length).step_by(29)) {
        let (site, disk) = specimen.copy();
        disk.flip_bit(&path, at as u64, 2).unwrap();
        let report = site.verify();
        assert_eq!(report.verdict(), Verdict::Tampered, "byte {at}");
        assert_eq!(report.problems[0].file.as_ref(), Some(&path), "byte {at}");
    }
}

#[test]
fn a_flipped_bit_in_a_pack_is_never_read_as_if_it_were_right() {
    let specimen = Specimen::new(200);
    for ending in [".vte", ".vtp"] {
        let path = specimen.only("packs", ending);
        let blocks = blocks(&specimen.site.read(&path));
        // The registry's blocks are read when the state file is made again, and by verify.
        let read = blocks.iter().filter(|block| block.kind != REGISTRY);
        let read = read.flat_map(|block| block.offset..block.offset + block.bytes.len());
        let (flips, harmless) = flip_each_unverified(&specimen, &path, read.step_by(97));
        assert_eq!(harmless, 0, "{flips} flips");
    }
}

/// Like [`flip_each`], for files that the store reads when it is asked only: `verify` finds every flip.
fn flip_each_unverified(
    specimen: &Specimen,
    path: &Path,
    offsets: impl Iterator<Item = usize>,
) -> (usize, usize) {
    let (mut flips, mut harmless) = (0, 0);
    for at in offsets {
        let (site, disk) = specimen.copy();
        disk.flip_bit(path, at as u64, (at % 7) as u8).unwrap();
        let found = Found::of(specimen, &site);
        match &found {
            Found::Refused(OpenError::Recovery(StoreError::Damaged(what))) => {
                assert!(what.contains("byte"), "{what}");
            }
            Found::Opened(Compared::Refuses(what)) => {
                assert!(what.starts_with("damaged: "), "{what}");
            }
            Found::Opened(Compared::Same) => harmless += 1,
            found => panic!("{} at {at}: {found:?}", path.display()),
        }
        flips += 1;
        let (site, disk) = specimen.copy();
        disk.flip_bit(path, at as u64, (at % 7) as u8).unwrap();
        let report = site.verify();
        assert_eq!(
            report.verdict(),
            Verdict::Tampered,
            "{} at {at}",
            path.display()
        );
        assert!(
            report
                .problems
                .iter()
                .any(|problem| problem.file.as_deref() == Some(path)),
            "{:?}",
            report.problems
        );
    }
    println!(
        "{}: {flips} bits flipped, {harmless} harmless",
        path.display()
    );
    (flips, harmless)
}

#[test]
fn a_flipped_bit_in_the_state_file_is_refused_or_does_not_matter() {
    let specimen = Specimen::new(3);
    // As a crash left it, and as a clean end leaves it: redb reads the two differently.
    let ended = specimen.ended();
    for specimen in [specimen, ended] {
        let path = specimen.file("state.redb");
        let bytes = specimen.site.read(&path);
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let step = used.len() / 250 + 1;
        let (flips, harmless) =
            flip_each(&specimen, &path, used.into_iter().step_by(step), |found| {
                matches!(
                    found,
                    Found::Refused(OpenError::State { .. } | OpenError::Registry { .. })
                )
            });
        assert!(harmless < flips, "no flip at all was found");
    }
}

#[test]
fn a_flipped_bit_in_format_is_refused_by_name() {
    let specimen = Specimen::new(3);
    let path = specimen.file("FORMAT");
    let text = specimen.site.read(&path);
    for bit in 0..8 {
        for at in 0..text.len() {
            let (site, disk) = specimen.copy();
            disk.flip_bit(&path, at as u64, bit).unwrap();
            let flipped = String::from_utf8_lossy(&site.read(&path)).into_owned();
            let found = Found::of(&specimen, &site);
            match found {
                Found::Refused(
                    OpenError::Layout(
                        LayoutError::Newer { .. }
                        | LayoutError::Foreign { .. }
                        | LayoutError::OtherOrigin { .. },
                    )
                    | OpenError::ForeignKeys { .. },
                ) => {}
                found => panic!("{flipped:?}: {found:?}"),
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_the_checkpoints_is_found_by_verify_and_does_not_stop_the_store() {
    let specimen = Specimen::new(3).ended();
    let path = specimen.file("checkpoints");
    let length = specimen.site.read(&path).len();
    let (flips, harmless) = flip_each(&specimen, &path, (0..length).step_by(29), |_| false);
    assert_eq!(flips, harmless, "checkpoints are written anew");
    let mut found = 0;
    for at in (0..length).step_by(3) {
        let (site, disk) = specimen.copy();
        disk.flip_bit(&path, at as u64, 1).unwrap();
        let report = site.verify();
        assert!(
            report
                .problems
                .iter()
                .all(|problem| problem.file.as_ref() == Some(&path)),
            "{report:?}"
        );
        found += usize::from(!report.problems.is_empty());
    }
    assert!(
        found > length / 4,
        "{found} of {} flips were found",
        length / 3
    );
}

#[test]
fn a_flipped_bit_in_the_keys_is_refused_by_name_or_only_changes_an_explanation() {
    let specimen = Specimen::new(3);
    let directory = specimen.site.keys.clone();
    let masters = specimen.site.disk.list(&directory.join("masters")).unwrap();
    let mut files: Vec<PathBuf> = masters
        .iter()
        .map(|name| directory.join("masters").join(name))
        .collect();
    files.extend(["FORMAT", "signer/key", "signer/heads"].map(|name| directory.join(name)));
    let mut refused = 0;
    for path in &files {
        let bytes = specimen.site.read(path);
        for at in (0..bytes.len()).step_by(5) {
            let (site, disk) = specimen.copy();
            disk.flip_bit(path, at as u64, (at % 7) as u8).unwrap();
            let opened = match KeysDirectory::open(Arc::clone(&site.disk), &site.keys) {
                Err(error) => Err(format!("{error:?}")),
                Ok(keys) => match FileSigner::open(&keys) {
                    Err(error) => Err(format!("{error:?}")),
                    Ok(signer) => match site.open_with(keys, Box::new(signer)) {
                        Err(error @ OpenError::ForeignKeys { .. }) => Err(format!("{error:?}")),
                        Err(error) => panic!("{} at {at}: {error:?}", path.display()),
                        Ok(store) => Ok(store),
                    },
                },
            };
            match opened {
                Ok(store) => {
                    assert_eq!(
                        specimen.witness.compare(&store),
                        Compared::Same,
                        "{} at {at}",
                        path.display()
                    );
                    let explained = bytes
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .unwrap_or_default();
                    let is_explanation =
                        at < explained && !path.ends_with("FORMAT") && !path.ends_with("heads");
                    assert!(
                        is_explanation || bytes[at].is_ascii_whitespace(),
                        "{} at {at}",
                        path.display()
                    );
                }
                Err(error) => {
                    let names = ["Damaged", "Newer", "Foreign", "OtherKey", "Heads", "Half"];
                    assert!(
                        names.iter().any(|name| error.contains(name)),
                        "{} at {at}: {error}",
                        path.display()
                    );
                    refused += 1;
                }
            }
        }
    }
    println!("keys: {refused} flips refused");
    assert!(refused > 100, "{refused} flips were refused");
}
