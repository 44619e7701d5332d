//! Files with a checksum for every 4 KiB, checked at every read: an index file that was changed, cut or exchanged under
//! our hands is an error and never a wrong answer. docs/formats/index.md.
//!
//! ```text
//! bytes ‖ CRC-32 of each 4 KiB of them, u32 … ‖ length of bytes u64 ‖ CRC-32 of all between u32 ‖ "VTIX"
//! ```
//! Against accidents and clumsy hands; who writes checksums can write these. What a search answers is read from the
//! ledger, whose bytes are signed for.

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;

use keys::durable::DiskFile;
use tantivy::HasLen;
use tantivy::directory::{AntiCallToken, FileHandle, OwnedBytes, TerminatingWrite};

const MAGIC: [u8; 4] = *b"VTIX";
const CHUNK: usize = 4_096;
/// Bytes of the trailer behind the sums.
const TRAILER_BYTES: usize = 8 + 4 + 4;

/// An open file.
pub(crate) struct CheckedFile {
    file: Box<dyn DiskFile>,
    length: usize,
    sums: Box<[u32]>,
}

impl fmt::Debug for CheckedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedFile")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl CheckedFile {
    /// Reads and checks the sums.
    pub(crate) fn open(file: Box<dyn DiskFile>) -> io::Result<Self> {
        let whole = usize::try_from(file.len()?).map_err(io::Error::other)?;
        let trailer_at = whole.checked_sub(TRAILER_BYTES).ok_or_else(damaged)?;
        let mut trailer = [0; TRAILER_BYTES];
        file.read_at(&mut trailer, trailer_at as u64)?;
        let (length_bytes, rest) = trailer.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (sum, magic) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length =
            usize::try_from(u64::from_be_bytes(*length_bytes)).map_err(io::Error::other)?;
        let sums_length = length.div_ceil(CHUNK) * 4;
        if magic != MAGIC || length.checked_add(sums_length) != Some(trailer_at) {
            return Err(damaged());
        }
        let mut bytes = vec![0; sums_length];
        file.read_at(&mut bytes, length as u64)?;
        if sum_of(&[&bytes, length_bytes]) != u32::from_be_bytes(*sum) {
            return Err(damaged());
        }
        let sums = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|sum| u32::from_be_bytes(*sum));
        Ok(Self {
            file,
            length,
            sums: sums.collect(),
        })
    }

    /// Bytes of a range, checked.
    pub(crate) fn read(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start > range.end || range.end > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if range.is_empty() {
            return Ok(OwnedBytes::empty());
        }
        let first = range.start / CHUNK;
        let start = first * CHUNK;
        let end = (range.end.div_ceil(CHUNK) * CHUNK).min(self.length);
        let mut bytes = vec![0; end - start];
        self.file.read_at(&mut bytes, start as u64)?;
        for (chunk, sum) in bytes.chunks(CHUNK).zip(self.sums.iter().skip(first)) {
            if crc32fast::hash(chunk) != *sum {
                return Err(damaged());
            }
        }
        Ok(OwnedBytes::new(bytes).slice(range.start - start..range.end - start))
    }
}

impl HasLen for CheckedFile {
    fn len(&self) -> usize {
        self.length
    }
}

impl FileHandle for CheckedFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        self.read(range)
    }
}

/// A file that is being written from beginning to end.
pub(crate) struct CheckedWriter {
    file: Box<dyn DiskFile>,
    end: u64,
    sums: Vec<u8>,
    chunk: crc32fast::Hasher,
    in_chunk: usize,
}

impl CheckedWriter {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> Self {
        Self {
            file,
            end: 0,
            sums: Vec::new(),
            chunk: crc32fast::Hasher::new(),
            in_chunk: 0,
        }
    }

    fn end_chunk(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        self.sums.extend_from_slice(&chunk.finalize().to_be_bytes());
        self.in_chunk = 0;
    }
}

impl Write for CheckedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(CHUNK - self.in_chunk));
            self.chunk.update(now);
            self.in_chunk += now.len();
            if self.in_chunk == CHUNK {
                self.end_chunk();
            }
            rest = later;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for CheckedWriter {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        if self.in_chunk > 0 {
            self.end_chunk();
        }
        let trailer = trailer(&self.sums, self.end);
        self.file.write_at(&self.sums, self.end)?;
        self.file
            .write_at(&trailer, self.end + self.sums.len() as u64)?;
        self.file.sync()
    }
}

/// A small file whole, with its sums.
pub(crate) fn sealed(bytes: &[u8]) -> Vec<u8> {
    let sums: Vec<u8> = bytes
        .chunks(CHUNK)
        .flat_map(|chunk| crc32fast::hash(chunk).to_be_bytes())
        .collect();
    let trailer = trailer(&sums, bytes.len() as u64);
    [bytes, &sums, &trailer].concat()
}

fn trailer(sums: &[u8], length: u64) -> Vec<u8> {
    let length = length.to_be_bytes();
    let sum = sum_of(&[sums, &length]).to_be_bytes();
    [&length[..], &sum, &MAGIC].concat()
}

fn sum_of(pieces: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize()
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "an index file is not what was written",
    )
}
