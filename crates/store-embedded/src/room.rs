//! Room on the disk: producers are refused early, so that access records can still be written.

use std::path::PathBuf;
use std::sync::Arc;

use keys::durable::Disk;
use ledger::entry::Kind;
use store::StoreError;

/// How long a reading holds, in microseconds.
const READING_MICROS: i64 = 250_000;

/// The last reading of free space.
#[derive(Debug)]
pub(crate) struct Room {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    reserve_bytes: u64,
    read_at: Option<i64>,
    free_bytes: u64,
}

impl Room {
    /// Producers leave `reserve_bytes` free; the access and instance logs may use three quarters of them.
    pub(crate) fn new(disk: Arc<dyn Disk>, directory: PathBuf, reserve_bytes: u64) -> Self {
        Self {
            disk,
            directory,
            reserve_bytes,
            read_at: None,
            free_bytes: u64::MAX,
        }
    }

    /// Whether a log of this kind may be written to.
    pub(crate) fn check(&mut self, monotonic: i64, kind: Kind) -> Result<(), StoreError> {
        if self
            .read_at
            .is_none_or(|at| monotonic.saturating_sub(at) >= READING_MICROS)
        {
            self.read_at = Some(monotonic);
            // A file system that does not tell is treated as having room: writes fail by themselves.
            self.free_bytes = self.disk.free_bytes(&self.directory).unwrap_or(u64::MAX);
        }
        let reserve = if kind == Kind::Main {
            self.reserve_bytes
        } else {
            self.reserve_bytes / 4
        };
        if self.free_bytes < reserve {
            Err(StoreError::DiskFull)
        } else {
            Ok(())
        }
    }
}
