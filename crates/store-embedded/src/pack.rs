//! Pack files: append-only, shared by all logs, entries apart from parts so that parts can be removed.
//!
//! `packs/NNNNNNNN.vte` holds entries and registry changes, `packs/NNNNNNNN.vtp` the parts of the same records. Blocks
//! describe themselves: everything else in the data directory can be made again from these files.

use std::io;
use std::path::{Path, PathBuf};

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy};
use ledger::name::InstanceId;

use crate::block::{self, BlockError, Header, Kind, Place};
use crate::mac::FrameKey;

const MAGIC: [u8; 8] = *b"VTPACK1\n";
/// Bytes before the first block: magic, number of the pack, which file, instance.
pub(crate) const FILE_HEADER_BYTES: usize = 8 + 4 + 4 + 16;
/// A pack is closed beyond this many bytes of either file.
pub(crate) const PACK_BYTES: u64 = if cfg!(test) {
    8 * 1024
} else {
    128 * 1024 * 1024
};

/// Which of a pack's two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Entries,
    Parts,
}

impl Half {
    pub(crate) const BOTH: [Self; 2] = [Self::Entries, Self::Parts];

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Entries => "vte",
            Self::Parts => "vtp",
        }
    }
}

/// The path of a half of pack `number`.
pub(crate) fn path_of(directory: &Path, number: u32, half: Half) -> PathBuf {
    directory.join(format!("{number:08}.{}", half.extension()))
}

/// The numbers of the packs in a directory, ascending.
pub(crate) fn numbers(disk: &dyn Disk, directory: &Path) -> io::Result<Vec<u32>> {
    let names = disk.list(directory)?;
    let mut numbers: Vec<u32> = names
        .iter()
        .filter_map(|name| {
            name.strip_suffix(".vte")
                .or_else(|| name.strip_suffix(".vtp"))
        })
        .filter_map(|number| number.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// The first bytes of a file.
pub(crate) fn file_header(
    instance: InstanceId,
    number: u32,
    half: Half,
) -> [u8; FILE_HEADER_BYTES] {
    let mut header = [0; FILE_HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&number.to_be_bytes());
    header[12..15].copy_from_slice(half.extension().as_bytes());
    header[16..].copy_from_slice(&instance.0);
    header
}

/// One half of the newest pack, open for appending.
#[derive(Debug)]
pub(crate) struct Appender {
    file: Box<dyn DiskFile>,
    /// Bytes that are safe or about to be.
    pub(crate) end: u64,
}

impl Appender {
    /// Makes the file of a new pack. One left by a crash before it was used is replaced.
    pub(crate) fn create(
        disk: &dyn Disk,
        directory: &Path,
        instance: InstanceId,
        number: u32,
        half: Half,
    ) -> io::Result<Self> {
        let path = path_of(directory, number, half);
        if disk.exists(&path)? {
            disk.remove(&path)?;
        }
        let file = disk.open(&path, OpenMode::Create, Secrecy::Secret)?;
        file.write_at(&file_header(instance, number, half), 0)?;
        file.sync()?;
        disk.sync_dir(directory)?;
        Ok(Self {
            file,
            end: FILE_HEADER_BYTES as u64,
        })
    }

    /// Opens the newest pack and cuts what a crash left behind `end`.
    pub(crate) fn resume(
        disk: &dyn Disk,
        directory: &Path,
        number: u32,
        half: Half,
        end: u64,
    ) -> io::Result<Self> {
        let file = disk.open(
            &path_of(directory, number, half),
            OpenMode::ReadWrite,
            Secrecy::Secret,
        )?;
        let length = file.len()?;
        if length < end {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the pack is shorter than the state says",
            ));
        }
        if length > end {
            file.set_len(end)?;
        }
        file.sync()?;
        Ok(Self { file, end })
    }

    /// Writes blocks at the end. They are not safe before [`sync`](Self::sync).
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

/// Why a block could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the file can't be read")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// Reads and unpacks one block.
pub(crate) fn read_block(
    file: &dyn DiskFile,
    place: Place,
    kind: Kind,
    key: Option<&FrameKey>,
) -> Result<Vec<u8>, ReadError> {
    let mut header = [0; block::HEADER_BYTES];
    file.read_at(&mut header, place.offset)?;
    let header = Header::parse(&header, place, key)?;
    if header.kind != kind {
        return Err(BlockError::Header.into());
    }
    let mut stored = vec![0; header.stored_bytes];
    file.read_at(&mut stored, place.offset + block::HEADER_BYTES as u64)?;
    Ok(header.open(&stored, place, key)?)
}
