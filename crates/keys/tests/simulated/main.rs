//! The keys crate on the simulated disk: every guarantee against every crash.
//!
//! These stand outside the crate because the test kit is built against the crate itself, not against its test build.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

mod keys_directory;
mod signing;
mod signing_through_crashes;
mod toy_log;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keys::durable::Disk;
use keys::master::{KeysDirectory, KeysError};
use keys::signer::{FileSigner, SignerError};
use ledger::hash::Hash;
use ledger::name::InstanceId;
use ledger::source::Rng;
use testkit::sim_disk::{Loss, SimDisk};

const KEYS: &str = "/var/keys";
const HEADS: &str = "/var/keys/signer/heads";
const INSTANCE: InstanceId = InstanceId([0xab; 16]);

/// Numbers that repeat from test to test, and never within one.
#[derive(Debug)]
struct CountingRng(AtomicU64);

impl CountingRng {
    fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed << 32))
    }
}

impl Rng for CountingRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&Hash::of(&number.to_be_bytes()).0[..chunk.len()]);
        }
    }
}

fn arc(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn create(disk: &SimDisk, seed: u64) -> Result<KeysDirectory, KeysError> {
    KeysDirectory::create(
        arc(disk),
        Path::new(KEYS),
        &CountingRng::new(seed),
        INSTANCE,
    )
}

fn open(disk: &SimDisk) -> Result<KeysDirectory, KeysError> {
    KeysDirectory::open(arc(disk), Path::new(KEYS))
}

/// A disk with an initialised keys directory, and its counters at zero.
fn initialised() -> SimDisk {
    let disk = SimDisk::new(1);
    create(&disk, 1).unwrap();
    disk.after_crash(Loss::All)
}

fn signer(disk: &SimDisk) -> Result<FileSigner, SignerError> {
    FileSigner::open(&open(disk).unwrap())
}

/// All losses worth trying after a crash.
fn losses() -> impl Iterator<Item = Loss> {
    [Loss::All, Loss::Kept]
        .into_iter()
        .chain((0..12).map(Loss::Random))
}
