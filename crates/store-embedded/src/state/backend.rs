//! The state file's bytes through [`keys::durable`], so that the simulated disk of the tests sees them too.

use std::io;

use keys::durable::DiskFile;
use redb::StorageBackend;

/// A file as redb wants it.
#[derive(Debug)]
pub(super) struct Backend(Box<dyn DiskFile>);

impl Backend {
    pub(super) fn new(file: Box<dyn DiskFile>) -> Self {
        Self(file)
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(data, offset)
    }
}
