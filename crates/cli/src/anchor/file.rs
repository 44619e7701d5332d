//! Publishing anchors to a file: one line for each, appended and durable.
//!
//! Promises: a line that was published survives a power cut; one that a crash tore is closed off, never joined with the
//! next. Must never cut or overwrite what is there: older anchors are what a rewrite is held against.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use keys::durable::{Disk, OpenMode, RealDisk, Secrecy};
use server::{Anchor, AnchorSink, Publishing};

/// A file of anchors. Opened for each line, so that it may be rotated or mounted meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct AnchorFile(Arc<Place>);

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// One line at a time.
    writing: Mutex<()>,
}

impl AnchorFile {
    /// Appends to `path`, which is made with its first line.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Place {
            path,
            writing: Mutex::new(()),
        }))
    }
}

impl AnchorSink for AnchorFile {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn publish<'a>(&'a self, anchor: &'a Anchor) -> Publishing<'a> {
        let (place, line) = (Arc::clone(&self.0), anchor.line.clone());
        Box::pin(async move { tokio::task::spawn_blocking(move || place.append(&line)).await? })
    }
}

impl Place {
    fn append(&self, line: &str) -> io::Result<()> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !RealDisk.exists(&self.path)?;
        let file = RealDisk.open(&self.path, OpenMode::CreateOrOpen, Secrecy::Ordinary)?;
        let end = file.len()?;
        let mut text = String::with_capacity(line.len() + 2);
        if end > 0 {
            let mut last = [0];
            file.read_at(&mut last, end - 1)?;
            if last != *b"\n" {
                text.push('\n');
            }
        }
        text.push_str(line);
        text.push('\n');
        file.write_at(text.as_bytes(), end)?;
        file.sync()?;
        if new {
            RealDisk.sync_dir(directory_of(&self.path))?;
        }
        Ok(())
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_and_a_torn_one_is_closed_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("anchors");
        let anchors = AnchorFile::new(path.clone());
        anchors.0.append("{\"a\":1}").unwrap();
        let file = RealDisk
            .open(&path, OpenMode::ReadWrite, Secrecy::Ordinary)
            .unwrap();
        file.write_at(b"{\"to", 8).unwrap();
        anchors.0.append("{\"b\":2}").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"to\n{\"b\":2}\n");
    }
}
