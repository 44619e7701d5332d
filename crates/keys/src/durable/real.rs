//! The disk of the operating system.
//!
//! Promises the contract of [`Disk`] on a local file system that honours fsync. Must never: follow a failed fsync with
//! another one on the same handle (see [`DiskFile`]).

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Disk, DiskFile, Lock, OpenMode, Secrecy, directory_of};

/// Most names a directory may hold before listing it is refused.
const DIRECTORY_NAMES_MAX: usize = 1_000_000;

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn open(&self, path: &Path, mode: OpenMode, secrecy: Secrecy) -> io::Result<Box<dyn DiskFile>> {
        let mut options = options(secrecy);
        match mode {
            OpenMode::Read => {}
            OpenMode::ReadWrite => {
                options.write(true);
            }
            OpenMode::Create => {
                options.write(true).create_new(true);
            }
            OpenMode::CreateOrOpen => {
                options.write(true).create(true);
            }
        }
        let file = options.open(path)?;
        if matches!(mode, OpenMode::ReadWrite | OpenMode::CreateOrOpen) {
            settle(&file)?;
        }
        Ok(Box::new(RealFile {
            file,
            poisoned: AtomicBool::new(false),
        }))
    }

    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One byte more than allowed, so that a file that grows meanwhile is noticed too.
        let mut limited = File::open(path)?.take(bytes_max.saturating_add(1));
        limited.read_to_end(&mut bytes)?;
        if limited.limit() == 0 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("longer than {bytes_max} bytes"),
            ));
        }
        Ok(bytes)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for found in directory.read_dir()? {
            if names.len() == DIRECTORY_NAMES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("a directory of more than {DIRECTORY_NAMES_MAX} names"),
                ));
            }
            names.push(found?.file_name().into_string().map_err(|name| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("a name that is not UTF-8: {}", name.display()),
                )
            })?);
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_dir_all(&self, directory: &Path, secrecy: Secrecy) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        if secrecy == Secrecy::Secret {
            builder.mode(0o700);
        }
        let mut levels: Vec<&Path> = directory.ancestors().collect();
        levels.reverse();
        for level in levels {
            let Ok(parent) = directory_of(level) else {
                continue; // The root, or the nothing before a relative path.
            };
            let created = match builder.create(level) {
                Ok(()) => true,
                Err(_) if level.is_dir() => false,
                Err(error) => return Err(error),
            };
            match self.sync_dir(parent) {
                // One that we found was most likely not made by us, and need not be ours to sync. It is tried all the
                // same, because a process before this one may have died between making it and syncing its name.
                Err(_) if !created => {}
                synced => synced?,
            }
        }
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module others are sent to"
    )]
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if directory_of(from)? != directory_of(to)? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a rename across directories",
            ));
        }
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module others are sent to"
    )]
    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }

    fn free_bytes(&self, directory: &Path) -> io::Result<u64> {
        let space = rustix::fs::statvfs(directory)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        let file = options(Secrecy::Secret)
            .write(true)
            .create(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(RealLock { _file: file })),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Makes what an earlier process left in the page cache durable, and forgets what never will be: after a failed fsync
/// the kernel calls pages clean that are not on the disk. Dropping clean pages makes reads tell the truth.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the module others are sent to"
)]
fn settle(file: &File) -> io::Result<()> {
    match file.sync_data() {
        // No file on a disk (a device, a pipe): nothing of it can be left behind.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(()),
        synced => synced?,
    }
    // Advice only: a file system without a page cache has nothing to forget.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    Ok(())
}

/// A file, and whether a sync of it ever failed.
#[derive(Debug)]
struct RealFile {
    file: File,
    poisoned: AtomicBool,
}

impl RealFile {
    fn check(&self) -> io::Result<()> {
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(io::Error::other(
                "an earlier sync of this file failed; it must be opened anew",
            ));
        }
        Ok(())
    }
}

impl DiskFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.check()?;
        self.file.write_all_at(bytes, offset)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.check()?;
        self.file.set_len(bytes)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module others are sent to"
    )]
    fn sync(&self) -> io::Result<()> {
        self.check()?;
        self.file
            .sync_data()
            .inspect_err(|_| self.poisoned.store(true, Ordering::SeqCst))
    }
}

/// The lock lives as long as the open file.
#[derive(Debug)]
struct RealLock {
    _file: File,
}

impl Lock for RealLock {}

fn options(secrecy: Secrecy) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    if secrecy == Secrecy::Secret {
        options.mode(0o600);
    }
    options
}
