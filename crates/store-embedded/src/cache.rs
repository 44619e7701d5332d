//! Reading packs: open files and unpacked blocks, kept within a bound.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy};
use store::StoreError;

use crate::block::{Kind, Place, Records};
use crate::mac::FrameKey;
use crate::pack::{self, Half};

/// Unpacked blocks held at most.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Pack files held open at most.
const FILES_MAX: usize = 64;

type BlockKey = (u32, u64, Kind);

/// Reads blocks of packs.
#[derive(Debug)]
pub(crate) struct PackReader {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    key: FrameKey,
    cached: Mutex<Cached>,
}

#[derive(Debug, Default)]
struct Cached {
    files: HashMap<(u32, &'static str), Arc<dyn DiskFile>>,
    blocks: HashMap<BlockKey, Arc<Records>>,
    order: VecDeque<BlockKey>,
    bytes: usize,
}

impl PackReader {
    pub(crate) fn new(disk: Arc<dyn Disk>, directory: PathBuf, key: FrameKey) -> Self {
        Self {
            disk,
            directory,
            key,
            cached: Mutex::default(),
        }
    }

    /// The records of a block.
    pub(crate) fn block(&self, kind: Kind, place: Place) -> Result<Arc<Records>, StoreError> {
        let half = if kind == Kind::Parts {
            Half::Parts
        } else {
            Half::Entries
        };
        let block_key = (place.pack, place.offset, kind);
        if let Some(records) = self.lock().blocks.get(&block_key) {
            return Ok(Arc::clone(records));
        }
        let path = pack::path_of(&self.directory, place.pack, half);
        let damaged = |what: String| {
            StoreError::Damaged(format!(
                "{} at byte {}: {what}",
                path.display(),
                place.offset
            ))
        };
        let file = self
            .file(place.pack, half)
            .map_err(|error| StoreError::engine("opening a pack", error))?;
        let payload =
            pack::read_block(&*file, place, kind, Some(&self.key)).map_err(
                |error| match error {
                    pack::ReadError::Disk(error)
                        if error.kind() != io::ErrorKind::UnexpectedEof =>
                    {
                        StoreError::engine("reading a pack", error)
                    }
                    other => damaged(other.to_string()),
                },
            )?;
        let records =
            Arc::new(Records::parse(kind, payload).map_err(|error| damaged(error.to_string()))?);
        self.lock().keep(block_key, &records);
        Ok(records)
    }

    fn file(&self, number: u32, half: Half) -> io::Result<Arc<dyn DiskFile>> {
        let key = (number, half.extension());
        if let Some(file) = self.lock().files.get(&key) {
            return Ok(Arc::clone(file));
        }
        let path = pack::path_of(&self.directory, number, half);
        let file: Arc<dyn DiskFile> =
            Arc::from(self.disk.open(&path, OpenMode::Read, Secrecy::Secret)?);
        let mut cached = self.lock();
        if cached.files.len() >= FILES_MAX {
            cached.files.clear();
        }
        cached.files.insert(key, Arc::clone(&file));
        Ok(file)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cached {
    fn keep(&mut self, key: BlockKey, records: &Arc<Records>) {
        if self.blocks.insert(key, Arc::clone(records)).is_some() {
            return;
        }
        self.order.push_back(key);
        self.bytes += records.size();
        while self.bytes > CACHE_BYTES {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            if let Some(records) = self.blocks.remove(&oldest) {
                self.bytes -= records.size();
            }
        }
    }
}
