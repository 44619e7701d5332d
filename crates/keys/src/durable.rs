//! The one place in the product that fsyncs, renames and locks files, behind a trait so that tests can stop the
//! machine at any sync point.
//!
//! Promises: what a method calls durable survives a power cut. Must never: report a sync that failed as done, or let
//! a file whose sync failed be written again through the same handle.
//!
//! What is durable when: bytes after [`DiskFile::sync`]; the names of files (created, renamed, removed) after
//! [`Disk::sync_dir`] of their directory; directories when [`Disk::create_dir_all`] returns. Until then a crash may
//! keep all, some or none of it, in any order, by sectors of 512 bytes; a rename is kept whole or not at all.

mod real;

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

pub use real::RealDisk;

/// Where bytes are kept. Two implementations: [`RealDisk`], and the simulated disk of the test kit.
///
/// All methods take `&self` and may be called from several threads. Errors are those of the operating system;
/// nothing is retried. After an error of [`sync_dir`](Self::sync_dir) the names changed in that directory may be lost
/// although they are still seen: stop, and let recovery decide.
///
/// What is read need not be durable: a process that was killed leaves bytes and names that are seen by the next one and
/// lost by a power cut. Whoever builds on what it found when it started must make that durable first: sync the
/// directory, and sync the file; or write it anew, where a sync of it may have failed.
pub trait Disk: Send + Sync + Debug {
    /// Opens a file for positioned reads and writes. `secrecy` matters only if the file is created here.
    fn open(&self, path: &Path, mode: OpenMode, secrecy: Secrecy) -> io::Result<Box<dyn DiskFile>>;

    /// The whole of a file. `FileTooLarge` if it is longer than `bytes_max`.
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>>;

    /// Whether a file or directory has this name.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// The names in a directory, sorted. `InvalidData` if one is not UTF-8.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Makes a directory and those above it that are missing. All are durable on return, also those that an earlier
    /// process made and died before it could sync them. One that exists is kept as it is.
    fn create_dir_all(&self, directory: &Path, secrecy: Secrecy) -> io::Result<()>;

    /// Renames a file within its directory, replacing a file already named `to`, in one step. `InvalidInput` across
    /// directories, because one `sync_dir` could not make that durable.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes the name of a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes durable what was created, renamed and removed in a directory.
    fn sync_dir(&self, directory: &Path) -> io::Result<()>;

    /// Bytes that this process may still write to the file system of `directory`.
    fn free_bytes(&self, directory: &Path) -> io::Result<u64>;

    /// Takes the exclusive lock of a file, which is created if missing and stays. Held until the answer is dropped or
    /// the process ends. `WouldBlock` if anybody, this process included, holds it.
    fn try_lock(&self, path: &Path) -> io::Result<Box<dyn Lock>>;
}

/// An open file. Reads and writes name their place, so threads may share it; overlapping writes are the caller's fault.
///
/// After a failed [`sync`](Self::sync) every write, resize and sync of this handle fails, and the bytes written since
/// the last good sync may be lost *although reads still show them*: the kernel marks the pages clean and may forget
/// the failure, so a second fsync would answer success for bytes that never reached the disk. Only opening the file
/// anew, and believing nothing but what its checksums prove, is safe.
#[expect(clippy::len_without_is_empty, reason = "a length that needs I/O")]
pub trait DiskFile: Send + Sync + Debug {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset`. `UnexpectedEof` if the file ends before.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`; a gap behind the old end reads as zeros. After an error any prefix of the
    /// bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file, or lengthens it with zeros.
    fn set_len(&self, bytes: u64) -> io::Result<()>;

    /// Makes bytes and length durable (fdatasync). The name becomes so by [`Disk::sync_dir`].
    fn sync(&self) -> io::Result<()>;
}

/// An exclusive lock, released when dropped.
pub trait Lock: Send + Sync + Debug {}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// It must exist; writes fail.
    Read,
    /// It must exist.
    ReadWrite,
    /// It must not exist.
    Create,
    /// It is created if missing, and kept as it is otherwise.
    CreateOrOpen,
}

/// Who may read what is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Whoever the umask allows.
    Ordinary,
    /// Its owner alone: files 0600, directories 0700.
    Secret,
}

/// Puts a file with these bytes in the place of `path`, which need not exist, durably and in one step.
///
/// A crash leaves the old file or the new one, whole, and perhaps a temporary `<name>.new` beside it that the next
/// call removes. Two callers must not replace the same file at once: hold a lock. After an error either file may be
/// in place.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8], secrecy: Secrecy) -> io::Result<()> {
    let directory = directory_of(path)?;
    let temporary = temporary_of(path)?;
    if disk.exists(&temporary)? {
        disk.remove(&temporary)?;
    }
    let file = disk.open(&temporary, OpenMode::Create, secrecy)?;
    file.write_at(bytes, 0)?;
    // The bytes before the name: else a crash could leave the name on an empty file.
    file.sync()?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(directory)
}

/// Puts a copy of the first `length` bytes of a file in its place, as [`replace`] does.
///
/// For files that are found at start and built on: what is read of them may be in the page cache only, and where a sync
/// of the old file failed, no later one of it would make the bytes durable.
pub fn renew(disk: &dyn Disk, path: &Path, length: u64, secrecy: Secrecy) -> io::Result<()> {
    let directory = directory_of(path)?;
    let temporary = temporary_of(path)?;
    if disk.exists(&temporary)? {
        disk.remove(&temporary)?;
    }
    let from = disk.open(path, OpenMode::Read, secrecy)?;
    let to = disk.open(&temporary, OpenMode::Create, secrecy)?;
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < length {
        let size = (length - at).min(COPIED_BYTES);
        bytes.resize(usize::try_from(size).map_err(io::Error::other)?, 0);
        from.read_at(&mut bytes, at)?;
        to.write_at(&bytes, at)?;
        at += size;
    }
    to.sync()?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(directory)
}

/// Bytes copied at once.
const COPIED_BYTES: u64 = 1024 * 1024;

/// Makes a new file with these bytes, durably. `AlreadyExists` if the name is taken: nothing is ever overwritten.
///
/// A crash leaves no file, the whole file, or *part of it under its final name* (perhaps with zeros for bytes): what is
/// written must show by itself whether it is whole. The same goes for an error.
pub fn create_new(disk: &dyn Disk, path: &Path, bytes: &[u8], secrecy: Secrecy) -> io::Result<()> {
    let directory = directory_of(path)?;
    let file = disk.open(path, OpenMode::Create, secrecy)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.sync_dir(directory)
}

/// The name under which [`replace`] prepares the new file.
fn temporary_of(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or_else(no_directory)?.to_owned();
    name.push(".new");
    Ok(path.with_file_name(name))
}

/// The directory that holds `path`; the current one for a bare name.
fn directory_of(path: &Path) -> io::Result<&Path> {
    let directory = path.parent().ok_or_else(no_directory)?;
    if directory.as_os_str().is_empty() {
        Ok(Path::new("."))
    } else {
        Ok(directory)
    }
}

fn no_directory() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a path that names no file")
}
