//! A bit turns over in a file of each kind: the store refuses with the error that names the file, or proves that it
//! does not matter. It never answers anything else than before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ledger::time::Micros;
use store::{ApiKey, Batch, Change, LedgerStore, LogRef, Role, Roles};
use store_embedded::verify::Verdict;
use store_embedded::{JournalError, LayoutError, OpenError};
use testkit::sim_disk::{Loss, SimDisk};

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
        let (mut site, disk) = Site::simulated();
        let store = site.open().unwrap();
        for name in ["alpha", "beta"] {
            block_on(store.administer(Change::CreateTenant(site.tenant_record(name)), Vec::new())).unwrap();
        }
        let alpha = tenant_named(&store, "alpha").unwrap();
        let key = ApiKey {
            id: "key1".into(),
            tenant: alpha.record.id,
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
            let events = (0..packed).map(|number| event(&tenant, &format!("e{number}"))).collect();
            block_on(store.append(Batch { log: LogRef::main(&tenant), events })).unwrap();
        }
        block_on(store.record_heads()).unwrap();
        block_on(store.close()).unwrap();
        drop(store);
        site.checkpoint_interval = Duration::from_secs(3_600);
        let store = site.open().unwrap();
        let alpha = tenant_named(&store, "alpha").unwrap();
        for id in ["j1", "j2", "j3"] {
            let events = vec![event(&alpha, id)];
            block_on(store.append(Batch { log: LogRef::main(&alpha), events })).unwrap();
        }
        let witness = Witness::of(&store);
        let left = disk.after_crash(Loss::All);
        drop(store);
        site.checkpoint_interval = Duration::ZERO;
        let site = site.on(&left);
        Self { site, disk: left, witness }
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

/// Opens a damaged copy, closes it again, and says what came of it.
fn open(specimen: &Specimen, site: &Site) -> Found {
    match site.open() {
        Err(error) => Found::Refused(error),
        Ok(store) => Found::Opened(specimen.witness.compare(&store)),
    }
}

#[test]
fn state() {
    let specimen = Specimen::new(300);
    drop(specimen.site.open().unwrap());
    let path = specimen.file("state.redb");
    let bytes = specimen.site.read(&path);
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    println!("{} of {} used", used.len(), bytes.len());
    let mut tally = std::collections::BTreeMap::<String, usize>::new();
    for (index, at) in used.iter().enumerate().filter(|(index, _)| index % 97 == 0) {
        let (site, disk) = specimen.copy();
        disk.flip_bit(&path, *at as u64, (index % 8) as u8).unwrap();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| open(&specimen, &site)));
        let what = match found { Err(_) => format!("panic at {at}"), Ok(Found::Refused(error)) => format!("{error:?}").chars().take(30).collect(), Ok(Found::Opened(found)) => format!("{found:?}").chars().take(60).collect() };
        *tally.entry(what).or_default() += 1;
    }
    for (what, count) in tally { println!("{count:5} {what}"); }
}
