//! Where index files lie: tantivy's directory over our disk.
//!
//! Promises: files are read by position, never mapped, so that one that is cut or damaged under our hands is an error
//! and not the end of the process; every write goes through [`Disk`], so that the tests' disk can stop it. Must never:
//! be used for anything that can't be built anew.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use keys::durable::{Disk, OpenMode, Secrecy, replace};
use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, WatchCallback, WatchHandle, WritePtr,
};

use super::checked::{CheckedFile, CheckedWriter, sealed};

/// Largest file that is read whole: meta files.
const META_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// One index's directory.
#[derive(Clone, Debug)]
pub(crate) struct DiskDirectory {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    /// The writer's lock is ours alone: the data directory is locked by the store.
    locks: Arc<Locks>,
}

/// Names that are held.
#[derive(Debug, Default)]
struct Locks {
    held: Mutex<Vec<PathBuf>>,
    released: Condvar,
}

/// How long a lock that is waited for may be held: as long as segments are opened or removed.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

impl DiskDirectory {
    /// The directory at `root`, which is made if it is missing.
    pub(crate) fn open(disk: Arc<dyn Disk>, root: PathBuf) -> io::Result<Self> {
        disk.create_dir_all(&root, Secrecy::Secret)?;
        Ok(Self {
            disk,
            root,
            locks: Arc::default(),
        })
    }
}

impl Directory for DiskDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let full = self.root.join(path);
        let open = || {
            let file = self.disk.open(&full, OpenMode::Read, Secrecy::Secret)?;
            Ok(Arc::new(CheckedFile::open(file)?))
        };
        match open() {
            Ok(file) => Ok(file),
            Err(error) => Err(read_error(error, path)),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.disk.remove(&self.root.join(path)).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                DeleteError::FileDoesNotExist(path.to_owned())
            } else {
                DeleteError::IoError {
                    io_error: Arc::new(error),
                    filepath: path.to_owned(),
                }
            }
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.disk
            .exists(&self.root.join(path))
            .map_err(|error| read_error(error, path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let full = self.root.join(path);
        let file = self
            .disk
            .open(&full, OpenMode::Create, Secrecy::Secret)
            .map_err(|error| {
                if error.kind() == io::ErrorKind::AlreadyExists {
                    OpenWriteError::FileAlreadyExists(path.to_owned())
                } else {
                    OpenWriteError::wrap_io_error(error, path.to_owned())
                }
            })?;
        Ok(BufWriter::with_capacity(
            128 * 1024,
            Box::new(CheckedWriter::new(file)),
        ))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let read = || {
            let file = self
                .disk
                .open(&self.root.join(path), OpenMode::Read, Secrecy::Secret)?;
            if file.len()? > META_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let file = CheckedFile::open(file)?;
            Ok(file.read(0..file.len())?.to_vec())
        };
        read().map_err(|error| read_error(error, path))
    }

    fn atomic_write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        replace(
            &*self.disk,
            &self.root.join(path),
            &sealed(bytes),
            Secrecy::Secret,
        )
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.disk.sync_dir(&self.root)
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let held = self
            .locks
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let patience = if lock.is_blocking {
            LOCK_PATIENCE
        } else {
            Duration::ZERO
        };
        let waited = self
            .locks
            .released
            .wait_timeout_while(held, patience, |held| held.contains(&lock.filepath));
        let (mut held, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() && held.contains(&lock.filepath) {
            return Err(LockError::LockBusy);
        }
        held.push(lock.filepath.clone());
        Ok(DirectoryLock::from(Box::new(Held {
            locks: Arc::clone(&self.locks),
            path: lock.filepath.clone(),
        })))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        // Whoever commits shows the new segments itself.
        Ok(WatchHandle::empty())
    }
}

/// A lock until it is dropped.
struct Held {
    locks: Arc<Locks>,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self
            .locks
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        held.retain(|path| *path != self.path);
        self.locks.released.notify_all();
    }
}

fn read_error(error: io::Error, path: &Path) -> OpenReadError {
    if error.kind() == io::ErrorKind::NotFound {
        OpenReadError::FileDoesNotExist(path.to_owned())
    } else {
        OpenReadError::wrap_io_error(error, path.to_owned())
    }
}
