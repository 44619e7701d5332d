//! The place where a store of a test lives: a disk, a keys directory, a data directory, a clock and random numbers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keys::durable::{Disk, OpenMode, Secrecy};
use keys::master::KeysDirectory;
use keys::signer::FileSigner;
use ledger::name::{InstanceId, LogId, TenantId};
use ledger::prepare::{Door, Prepared, prepare};
use ledger::source::{Clock, Rng};
use query::Places;
use store::conformance::places::ExamplePlaces;
use store::{LedgerStore, LogRef, Tenant, TenantRecord, TenantSettings};
use store_embedded::verify::{self, Inputs, Pinned, Report};
use store_embedded::{EmbeddedStore, OpenError, Options};
pub(crate) use testkit::block_on::block_on;
use testkit::sim_disk::{Loss, SimDisk};
use testkit::sources::{TestClock, TestRng};

/// Where a simulated disk has its keys and data.
const ROOT: &str = "/srv";

/// Disk, directories, clock, randomness.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) keys: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) rng: Arc<TestRng>,
    pub(crate) reserve_bytes: u64,
    pub(crate) checkpoint_interval: Duration,
    /// Most tests are about the ledger and do without the index, which syncs files of its own.
    pub(crate) search: bool,
    pub(crate) places: Arc<dyn Places>,
}

impl Site {
    /// A site with keys and no data yet.
    pub(crate) fn new(disk: Arc<dyn Disk>, root: &Path) -> Self {
        Self::from_seed(disk, root, 1)
    }

    fn from_seed(disk: Arc<dyn Disk>, root: &Path, seed: u64) -> Self {
        let site = Self {
            disk,
            keys: root.join("keys"),
            data: root.join("data"),
            clock: Arc::default(),
            rng: Arc::new(TestRng::new(seed)),
            reserve_bytes: 0,
            checkpoint_interval: Duration::ZERO,
            search: false,
            places: Arc::new(ExamplePlaces::default()),
        };
        let instance = InstanceId::random(&*site.rng);
        KeysDirectory::create(Arc::clone(&site.disk), &site.keys, &*site.rng, instance).unwrap();
        site
    }

    /// A site on a simulated disk.
    pub(crate) fn simulated() -> (Self, SimDisk) {
        Self::simulated_from(1)
    }

    /// Another site: other keys, other ids.
    pub(crate) fn simulated_from(seed: u64) -> (Self, SimDisk) {
        let disk = SimDisk::new(seed);
        (
            Self::from_seed(Arc::new(disk.clone()), Path::new(ROOT), seed),
            disk,
        )
    }

    /// The same site on another disk.
    pub(crate) fn on(&self, disk: &SimDisk) -> Self {
        Self {
            disk: Arc::new(disk.clone()),
            ..self.clone()
        }
    }

    /// A copy of a site on a simulated disk, everything on it durable.
    pub(crate) fn copy(&self, disk: &SimDisk) -> (Self, SimDisk) {
        let copy = disk.after_crash(Loss::Kept);
        (self.on(&copy), copy)
    }

    /// The keys, opened.
    pub(crate) fn keys_directory(&self) -> KeysDirectory {
        KeysDirectory::open(Arc::clone(&self.disk), &self.keys).unwrap()
    }

    /// Keys and signer, unless the disk fails.
    pub(crate) fn try_keys(&self) -> Option<(KeysDirectory, Box<FileSigner>)> {
        let keys = KeysDirectory::open(Arc::clone(&self.disk), &self.keys).ok()?;
        let signer = FileSigner::open(&keys).ok()?;
        Some((keys, Box::new(signer)))
    }

    /// Opens the store.
    pub(crate) fn open(&self) -> Result<Arc<EmbeddedStore>, OpenError> {
        let keys = self.keys_directory();
        let signer = Box::new(FileSigner::open(&keys).unwrap());
        self.open_with(keys, signer)
    }

    /// Opens the store with keys and a signer at hand.
    pub(crate) fn open_with(
        &self,
        keys: KeysDirectory,
        signer: Box<FileSigner>,
    ) -> Result<Arc<EmbeddedStore>, OpenError> {
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        EmbeddedStore::open(Options {
            reserve_bytes: self.reserve_bytes,
            search: self.search,
            places: Arc::clone(&self.places),
            checkpoint_interval: self.checkpoint_interval,
            ..Options::new(
                Arc::clone(&self.disk),
                self.data.clone(),
                keys,
                signer,
                clock,
                rng,
            )
        })
    }

    /// What the keys directory says.
    pub(crate) fn pinned(&self) -> Pinned {
        let keys = self.keys_directory();
        Pinned {
            instance: keys.instance(),
            public_key: keys.public_key().unwrap(),
            frame_key: *keys.frame_key(keys.instance()),
            heads: keys.pinned_heads().unwrap(),
        }
    }

    /// Nothing to verify against yet.
    pub(crate) fn inputs(&self) -> Inputs {
        Inputs {
            disk: Arc::clone(&self.disk),
            data: self.data.clone(),
            pinned: None,
            anchors: Vec::new(),
            checkpoints: Vec::new(),
            receipts: Vec::new(),
            progress: None,
        }
    }

    /// Verifies the data against the keys directory.
    pub(crate) fn verify(&self) -> Report {
        verify::run(&Inputs {
            pinned: Some(self.pinned()),
            ..self.inputs()
        })
        .unwrap()
    }

    /// Reads a file whole.
    pub(crate) fn read(&self, path: &Path) -> Vec<u8> {
        self.disk.read(path, 1 << 30).unwrap()
    }

    /// Puts other bytes in the place of a file's.
    pub(crate) fn overwrite(&self, path: &Path, bytes: &[u8]) {
        let file = self
            .disk
            .open(path, OpenMode::CreateOrOpen, Secrecy::Secret)
            .unwrap();
        file.set_len(0).unwrap();
        file.write_at(bytes, 0).unwrap();
        file.sync().unwrap();
        self.disk.sync_dir(path.parent().unwrap()).unwrap();
    }

    /// A tenant to be made.
    pub(crate) fn tenant_record(&self, name: &str) -> TenantRecord {
        let mut salt = [0; 32];
        self.rng.fill(&mut salt);
        TenantRecord {
            id: TenantId::random(&*self.rng),
            name: name.to_owned(),
            salt,
            kid: self.keys_directory().current_kid().to_owned(),
            created_at: self.clock.wall(),
            main: LogId::random(&*self.rng),
            access: LogId::random(&*self.rng),
            strict: false,
            mask_exceptions: Vec::new(),
            settings: TenantSettings::default(),
        }
    }
}

/// A producer's event with this id.
pub(crate) fn event(tenant: &Tenant, id: &str) -> Prepared {
    let text = format!(
        r#"{{"id":"{id}","operation":"deployment.created","actor":{{"id":"u7","email":"dev@example.com"}},"resource":{{"type":"deployment","id":"dpl_{id}","project_id":"p1"}},"metadata":{{"commit":"abc {id}"}}}}"#
    );
    prepared(tenant, &text)
}

/// Any event of a producer.
pub(crate) fn prepared(tenant: &Tenant, text: &str) -> Prepared {
    let door = Door {
        keys: &tenant.keys,
        key: "k1",
        source: "api",
        mode: ledger::vocabulary::Mode::default(),
        additions: &ledger::vocabulary::NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    // Salts need not be secret here; equal ones in two events would show as equal digests, which nothing compares.
    let rng = TestRng::new(text.len() as u64);
    prepare(ledger::json::parse(text.as_bytes()).unwrap(), &door, &rng).unwrap()
}

/// A tenant by its name.
pub(crate) fn tenant_named(store: &EmbeddedStore, name: &str) -> Option<Arc<Tenant>> {
    block_on(store.tenant_named(name)).unwrap()
}

/// A tenant's main log.
pub(crate) fn main_log(store: &EmbeddedStore, name: &str) -> LogRef {
    LogRef::main(&tenant_named(store, name).unwrap())
}
