//! The directory of one server: its data and its keys.
//!
//! Promises: it is gone when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};

use super::Error;

/// A directory of its own, removed when dropped.
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        let path =
            std::env::temp_dir().join(format!("veritrail-load-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// A file beside both.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Bytes of everything the server keeps, keys aside.
    pub(crate) fn data_bytes(&self) -> Result<u64, Error> {
        let mut bytes = 0;
        for path in files(&self.data())? {
            bytes += path.metadata()?.len();
        }
        Ok(bytes)
    }

    /// Reads every file, so that it is in the operating system's cache.
    pub(crate) fn heat(&self) -> Result<(), Error> {
        for path in files(&self.0)? {
            std::io::copy(&mut File::open(path)?, &mut std::io::sink())?;
        }
        Ok(())
    }

    /// Drops every page of its files from the operating system's cache. Nobody may have them open.
    pub(crate) fn chill(&self) -> Result<(), Error> {
        rustix::fs::sync();
        for path in files(&self.0)? {
            fadvise(&File::open(path)?, 0, None, Advice::DontNeed)?;
        }
        Ok(())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
