//! The signer's memory: the last head of every log, in one file that only grows, until it is rewritten shorter.
//!
//! Promises: a head that [`HeadsFile::record`] returned `Ok` for is found by every later opening; a record group torn
//! by a crash, which nobody was told of, is cut off; anything else that is wrong with the file is refused. Must never:
//! forget a head because its record was damaged. The bytes are described in `text`.

mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::hash::Hash;
use ledger::name::LogId;

use crate::durable::{Disk, DiskFile, OpenMode, Secrecy, replace};

use text::{Flaw, Memory};

/// Longest heads file in bytes: room for some three million logs.
const HEADS_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// The file is rewritten when it holds more records than this many per log ...
const RECORDS_PER_LOG_MAX: u64 = 4;
/// ... and this many besides.
const RECORDS_SPARE: u64 = 1024;

/// The last head signed of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedHead {
    /// The log's origin.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root hash over them.
    pub root: Hash,
}

/// Why a heads file is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadsError {
    /// It is gone.
    #[error("{} is missing; restore the keys directory from its backup", path.display())]
    Missing { path: PathBuf },
    /// Something was changed that no crash explains.
    #[error(
        "{} is damaged at byte {offset} ({why}); restore the newest backup of the keys directory, and run verify before writing again",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        offset: u64,
        why: &'static str,
    },
    /// A later version wrote it.
    #[error("{} was written by a newer program; use that", path.display())]
    Newer { path: PathBuf },
    /// The disk failed.
    #[error("could not read {}", path.display())]
    Disk { path: PathBuf, source: io::Error },
}

/// Reads the heads without a lock, also while the signer runs: a group that is just being appended is left out.
pub fn read(disk: &dyn Disk, path: &Path) -> Result<BTreeMap<LogId, PinnedHead>, HeadsError> {
    let first = load(disk, path);
    // A signer whose disk was full takes a group back and writes another in its place; who reads across that sees a
    // mixture. It is gone at the second look.
    let memory = match first {
        Err(HeadsError::Damaged { .. }) => load(disk, path),
        other => other,
    }?;
    Ok(memory.heads)
}

/// The public key that the heads were signed with, also while the signer runs.
pub(crate) fn read_key(disk: &dyn Disk, path: &Path) -> Result<[u8; 32], HeadsError> {
    load(disk, path).map(|memory| memory.key)
}

/// Puts an empty memory in place, in one durable step. Only where nothing was ever signed.
pub(super) fn create(disk: &dyn Disk, path: &Path, key: [u8; 32]) -> io::Result<()> {
    write_whole(disk, path, key, BTreeMap::new()).map(|_| ())
}

/// Whether any head was ever recorded here, damaged or not.
pub(super) fn has_records(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    match disk.open(path, OpenMode::Read, Secrecy::Secret) {
        Ok(file) => Ok(file.len()? > text::HEADER_BYTES as u64),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The heads file of the process that signs, which holds the signer's lock.
#[derive(Debug)]
pub(super) struct HeadsFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    /// What is durable.
    memory: Memory,
    poisoned: bool,
}

impl HeadsFile {
    /// Reads the file and writes it anew, without a torn group and without dead records.
    ///
    /// Anew, because what is read may be in the page cache only: the process before this one may have died, or given
    /// up, between writing a group and syncing it. Signing such a head once more takes no record and no sync, so a
    /// power cut could still make us forget it. Syncing the same file would not help after a sync of it failed.
    pub(super) fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, HeadsError> {
        let memory = load(&*disk, path)?;
        let (file, memory) =
            write_whole(&*disk, path, memory.key, memory.heads).map_err(|source| {
                HeadsError::Disk {
                    path: path.to_path_buf(),
                    source,
                }
            })?;
        Ok(Self {
            disk,
            path: path.to_path_buf(),
            file,
            memory,
            poisoned: false,
        })
    }

    /// The public key the file was begun with.
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.memory.key
    }

    pub(super) fn heads(&self) -> &BTreeMap<LogId, PinnedHead> {
        &self.memory.heads
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether only opening the file anew can tell what it holds.
    pub(super) fn poisoned(&self) -> bool {
        self.poisoned
    }

    /// Makes new heads durable, all with one fsync. They take the place of older ones of the same logs.
    ///
    /// After an error either nothing changed and it may be tried again, or the file is in doubt and
    /// [`poisoned`](Self::poisoned) says so.
    pub(super) fn record(&mut self, changed: BTreeMap<LogId, PinnedHead>) -> io::Result<()> {
        let group = self.memory.group(&changed);
        let records = self.memory.records + changed.len() as u64;
        let known = &self.memory.heads;
        let new_logs = changed.keys().filter(|log| !known.contains_key(log));
        let logs = (known.len() + new_logs.count()) as u64;
        let end = self.memory.end + group.bytes.len() as u64;
        if records > RECORDS_PER_LOG_MAX * logs + RECORDS_SPARE || end > HEADS_BYTES_MAX {
            return self.rewrite(changed);
        }
        self.append(&group.bytes)?;
        self.memory.heads.extend(changed);
        self.memory.records = records;
        self.memory.groups += 1;
        self.memory.chain = group.chain;
        self.memory.end = end;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.memory.end;
        if let Err(error) = self.file.write_at(bytes, end) {
            // Most likely the disk is full. Take back what was written, durably: what is appended next must not be
            // mixed up with it by a crash.
            let undone = self.file.set_len(end).and_then(|()| self.file.sync());
            self.poisoned = undone.is_err();
            return Err(error);
        }
        let synced = self.file.sync();
        self.poisoned = synced.is_err();
        synced
    }

    /// Takes the new heads over by writing the whole file. A crash leaves the old file or the new one: the old one
    /// lacks the new heads, but nobody was told of them yet.
    fn rewrite(&mut self, changed: BTreeMap<LogId, PinnedHead>) -> io::Result<()> {
        let mut heads = self.memory.heads.clone();
        heads.extend(changed);
        // If this fails halfway, which file is in place is not known.
        self.poisoned = true;
        (self.file, self.memory) = write_whole(&*self.disk, &self.path, self.memory.key, heads)?;
        self.poisoned = false;
        Ok(())
    }
}

/// Puts a file of these heads, in one group, in the place of the old one, and opens it.
fn write_whole(
    disk: &dyn Disk,
    path: &Path,
    key: [u8; 32],
    heads: BTreeMap<LogId, PinnedHead>,
) -> io::Result<(Box<dyn DiskFile>, Memory)> {
    let mut memory = Memory::empty(key);
    let mut bytes = text::header(&key).into_bytes();
    if !heads.is_empty() {
        let group = memory.group(&heads);
        bytes.extend_from_slice(&group.bytes);
        memory = Memory {
            key,
            records: heads.len() as u64,
            heads,
            groups: 1,
            chain: group.chain,
            end: bytes.len() as u64,
        };
    }
    if memory.end > HEADS_BYTES_MAX {
        let why = "more logs than a heads file has room for";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    replace(disk, path, &bytes, Secrecy::Secret)?;
    let file = disk.open(path, OpenMode::ReadWrite, Secrecy::Secret)?;
    Ok((file, memory))
}

fn load(disk: &dyn Disk, path: &Path) -> Result<Memory, HeadsError> {
    let path = path.to_path_buf();
    let bytes = match disk.read(&path, HEADS_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(HeadsError::Missing { path });
        }
        Err(source) => return Err(HeadsError::Disk { path, source }),
    };
    text::parse(&bytes).map_err(|flaw| match flaw {
        Flaw::Newer => HeadsError::Newer { path },
        Flaw::Damaged { offset, why } => HeadsError::Damaged { path, offset, why },
    })
}
