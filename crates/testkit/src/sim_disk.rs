//! A disk in memory that forgets what was not synced, and breaks on request.
//!
//! Promises: it keeps no more than the contract of [`keys::durable::Disk`] makes durable, and the same seeds and calls
//! give the same disk. Must never: be kinder than a real disk where code could come to rely on it.

mod chance;
mod directory;
mod faults;
mod file;
mod tree;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keys::durable::{Disk, DiskFile, Lock, OpenMode, Secrecy};

use directory::Change;
use faults::{SyncOutcome, crashed, input_output};
use tree::Tree;

/// A simulated disk. Clones are the same disk; [`after_crash`](Self::after_crash) makes another one.
///
/// Sync points are counted from 1: every `DiskFile::sync` and `Disk::sync_dir`, those inside `create_dir_all` too.
#[derive(Clone)]
pub struct SimDisk {
    tree: Arc<Mutex<Tree>>,
}

/// On which side of a sync point the machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashSide {
    /// The sync had no effect yet.
    Before,
    /// The sync was done, but its caller never hears of it.
    After,
}

/// What a crash does to what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it is lost.
    All,
    /// A part chosen by this seed is kept: sectors of 512 bytes (a lost one reads as before, or as zeros beyond the
    /// old length), file lengths (a length that was set, or any that writing grew through), and single directory
    /// operations whatever their order.
    Random(u64),
    /// All of it is kept, and durable from then on.
    Kept,
}

impl SimDisk {
    /// An empty disk. The seed decides what a failed sync loses.
    pub fn new(seed: u64) -> Self {
        Self::of(Tree::new(seed))
    }

    /// Stops the machine at the `point`-th sync point: that call and every later operation fail.
    pub fn crash_at_sync(&self, point: u64, side: CrashSide) {
        self.tree().faults.crash_at = Some((point, side));
    }

    /// Stops the machine now.
    pub fn crash(&self) {
        self.tree().faults.crashed = true;
    }

    /// Whether the machine has stopped.
    pub fn crashed(&self) -> bool {
        self.tree().faults.crashed
    }

    /// Sync points so far.
    pub fn sync_points(&self) -> u64 {
        self.tree().faults.sync_points
    }

    /// Writes so far.
    pub fn writes(&self) -> u64 {
        self.tree().faults.writes
    }

    /// The disk as it is found when the machine starts again, without faults and with counters at zero. This disk is
    /// left as it is, so one crash can be survived in many ways.
    #[must_use]
    pub fn after_crash(&self, loss: Loss) -> Self {
        Self::of(self.tree().survivor(loss))
    }

    /// The disk as the next process finds it when only the process died: everything is seen, and what was not synced
    /// still is not. Without faults and locks, counters at zero; this disk is left as it is.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        Self::of(self.tree().after_kill())
    }

    /// Fails the `point`-th sync point, once, with an input/output error. A part of what it should have made durable
    /// is; the rest is seen by reads and lost by the next crash, whatever is synced later.
    pub fn fail_sync(&self, point: u64) {
        self.tree().faults.failing_syncs.insert(point);
    }

    /// Fails the `number`-th write (from 1) after `bytes` of it were written.
    pub fn tear_write(&self, number: u64, bytes: usize) {
        self.tree().faults.torn_writes.insert(number, bytes);
    }

    /// Lets files grow by `bytes` more in all; then writes stop short with `StorageFull`.
    pub fn full_after(&self, bytes: u64) {
        let mut tree = self.tree();
        tree.faults.capacity = Some(tree.used_bytes().saturating_add(bytes));
    }

    /// Turns one bit of a file over, as rot or an intruder would. The file must reach that far.
    pub fn flip_bit(&self, path: &Path, offset: u64, bit: u8) -> io::Result<()> {
        let mut tree = self.tree();
        let node = tree.find(path)?;
        if tree.file_mut(node)?.flip_bit(index(offset)?, bit) {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Makes every read of this file fail.
    pub fn fail_reads(&self, path: &Path) -> io::Result<()> {
        let mut tree = self.tree();
        let node = tree.find(path)?;
        tree.faults.unreadable.insert(node);
        Ok(())
    }

    /// Ends the faults asked for. A machine that has stopped stays so.
    pub fn heal(&self) {
        let mut tree = self.tree();
        tree.faults = faults::Faults {
            crashed: tree.faults.crashed,
            sync_points: tree.faults.sync_points,
            writes: tree.faults.writes,
            ..faults::Faults::default()
        };
    }

    fn of(tree: Tree) -> Self {
        Self {
            tree: Arc::new(Mutex::new(tree)),
        }
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tree of a machine that runs.
    fn running(&self) -> io::Result<MutexGuard<'_, Tree>> {
        let tree = self.tree();
        tree.faults.check()?;
        Ok(tree)
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimDisk")
            .field("faults", &self.tree().faults)
            .finish_non_exhaustive()
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode, _: Secrecy) -> io::Result<Box<dyn DiskFile>> {
        let mut tree = self.running()?;
        let (directory, name) = tree.place(path)?;
        let found = tree.directory(directory)?.current.get(&name).copied();
        let node = match (found, mode) {
            (Some(_), OpenMode::Create) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(node), _) => node,
            (None, OpenMode::Read | OpenMode::ReadWrite) => {
                return Err(io::ErrorKind::NotFound.into());
            }
            (None, OpenMode::Create | OpenMode::CreateOrOpen) => {
                tree.create_file(directory, name)?
            }
        };
        tree.file(node)?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            node,
            writable: mode != OpenMode::Read,
            poisoned: AtomicBool::new(false),
        }))
    }

    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let tree = self.running()?;
        let node = tree.find(path)?;
        if tree.faults.unreadable.contains(&node) {
            return Err(input_output("reading"));
        }
        let bytes = &tree.file(node)?.current;
        if bytes.len() as u64 > bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.clone())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        match self.running()?.find(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let tree = self.running()?;
        let names = tree.directory(tree.find(directory)?)?;
        Ok(names.current.keys().cloned().collect())
    }

    fn create_dir_all(&self, directory: &Path, _: Secrecy) -> io::Result<()> {
        let mut path = PathBuf::new();
        for name in tree::names(directory)? {
            let parent = path.clone();
            path.push(&name);
            if !self.exists(&path)? {
                let mut tree = self.running()?;
                let node = tree.find(&parent)?;
                tree.create_directory(node, name)?;
            }
            self.sync_dir(&parent)?;
        }
        let tree = self.running()?;
        tree.directory(tree.find(&path)?).map(|_| ())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut tree = self.running()?;
        let node = tree.find(from)?;
        tree.file(node)?;
        let (directory, from) = tree.place(from)?;
        if let Ok(replaced) = tree.find(to) {
            tree.file(replaced)?;
        }
        let (other, to) = tree.place(to)?;
        if directory != other {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let names = tree.directory_mut(directory)?;
        names.change(Change::Rename { from, to, node });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut tree = self.running()?;
        let node = tree.find(path)?;
        tree.file(node)?;
        let (directory, name) = tree.place(path)?;
        let names = tree.directory_mut(directory)?;
        names.change(Change::Unlink { name, node });
        Ok(())
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        let mut tree = self.running()?;
        let node = tree.find(directory)?;
        tree.directory(node)?;
        match tree.faults.at_sync()? {
            SyncOutcome::Done => tree.directory_mut(node)?.sync(),
            SyncOutcome::DoneThenCrash => {
                tree.directory_mut(node)?.sync();
                return Err(crashed());
            }
            SyncOutcome::Lost => {
                tree.lose(node);
                return Err(input_output("syncing a directory"));
            }
        }
        Ok(())
    }

    fn free_bytes(&self, directory: &Path) -> io::Result<u64> {
        let tree = self.running()?;
        tree.directory(tree.find(directory)?)?;
        let capacity = tree.faults.capacity.unwrap_or(u64::MAX);
        Ok(capacity.saturating_sub(tree.used_bytes()))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        drop(self.open(path, OpenMode::CreateOrOpen, Secrecy::Secret)?);
        let path: PathBuf = tree::names(path)?.iter().collect();
        if !self.running()?.locks.insert(path.clone()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimLock {
            disk: self.clone(),
            path,
        }))
    }
}

/// An open file of the simulated disk.
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    node: u64,
    writable: bool,
    poisoned: AtomicBool,
}

impl SimFile {
    fn tree_for_writing(&self) -> io::Result<MutexGuard<'_, Tree>> {
        let tree = self.disk.running()?;
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(io::Error::other(
                "an earlier sync of this file failed; it must be opened anew",
            ));
        }
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(tree)
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        let tree = self.disk.running()?;
        Ok(tree.file(self.node)?.current.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let tree = self.disk.running()?;
        if tree.faults.unreadable.contains(&self.node) {
            return Err(input_output("reading"));
        }
        tree.file(self.node)?.read_at(bytes, index(offset)?)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut tree = self.tree_for_writing()?;
        tree.faults.writes += 1;
        let number = tree.faults.writes;
        if let Some(kept) = tree.faults.torn_writes.remove(&number) {
            let landed = &bytes[..kept.min(bytes.len())];
            tree.file_mut(self.node)?.write_at(landed, index(offset)?);
            return Err(input_output("writing"));
        }
        let landed = room(&tree, self.node, offset, bytes.len())?;
        tree.file_mut(self.node)?
            .write_at(&bytes[..landed], index(offset)?);
        if landed < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut tree = self.tree_for_writing()?;
        tree.file_mut(self.node)?.set_len(index(bytes)?);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut tree = self.tree_for_writing()?;
        match tree.faults.at_sync()? {
            SyncOutcome::Done => tree.file_mut(self.node)?.sync(),
            SyncOutcome::DoneThenCrash => {
                tree.file_mut(self.node)?.sync();
                return Err(crashed());
            }
            SyncOutcome::Lost => {
                tree.lose(self.node);
                self.poisoned.store(true, Ordering::SeqCst);
                return Err(input_output("syncing a file"));
            }
        }
        Ok(())
    }
}

/// A held lock of the simulated disk.
#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
    path: PathBuf,
}

impl Lock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.tree().locks.remove(&self.path);
    }
}

/// How many of `length` bytes fit at `offset` before the disk is full.
fn room(tree: &Tree, node: u64, offset: u64, length: usize) -> io::Result<usize> {
    let Some(capacity) = tree.faults.capacity else {
        return Ok(length);
    };
    let free = capacity.saturating_sub(tree.used_bytes());
    let end_max = (tree.file(node)?.current.len() as u64).saturating_add(free);
    Ok(index(end_max.saturating_sub(offset))?.min(length))
}

fn index(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}
