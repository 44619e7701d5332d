//! Blocks of a pack: a header that describes itself, and a compressed payload of many records. docs/formats/pack.md.
//!
//! ```text
//! header  "VTB1" kind u8, codec u8, 0 u16, encryption key id u32 (0), payload length u32, stored length u32,
//!         header check 4, mac 16
//! payload of entries and parts: runs u32, { log 16, first u64, count u32 } …, lengths …, bytes
//! payload of a registry block: { length u32, registry change } …
//! ```
//! The lengths are u32 each: one per entry; of parts person and details, each plus one, 0 for what is absent.

use std::cell::RefCell;
use std::io;

use ledger::name::LogId;

use crate::codec::{Cursor, Malformed, length};
use crate::mac::{FrameKey, MAC_BYTES};
use crate::run::Stored;

const MAGIC: [u8; 4] = *b"VTB1";
/// Bytes before the stored payload.
pub(crate) const HEADER_BYTES: usize = 4 + 2 + 2 + 4 + 4 + 4 + CHECK_BYTES + MAC_BYTES;
const CHECK_BYTES: usize = 4;
const CODEC_ZSTD: u8 = 1;
/// Level 3 is slower and no smaller on these blocks (docs/adr/0004).
const ZSTD_LEVEL: i32 = 1;
/// Largest payload that is ever unpacked: one event with two full parts, or a full block, with room to spare.
const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Entries,
    Parts,
    Registry,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Entries => 1,
            Self::Parts => 2,
            Self::Registry => 3,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Entries, Self::Parts, Self::Registry]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// Where a block stands; part of its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the pack.
    pub(crate) pack: u32,
    /// Byte offset in its file.
    pub(crate) offset: u64,
}

/// Records of consecutive runs, gathered until a block is full.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    runs: Vec<(LogId, u64, u32)>,
    entry_lengths: Vec<u8>,
    part_lengths: Vec<u8>,
    entries: Vec<u8>,
    parts: Vec<u8>,
}

/// A block is closed beyond this many bytes of entries. Larger ones take less room, smaller ones are read faster, and a
/// search reads fifty (docs/adr/0004).
const ENTRY_BYTES: usize = 32 * 1024;
/// A block is closed beyond this many bytes of parts.
const PART_BYTES: usize = 32 * 1024;

impl Builder {
    /// Adds one record.
    pub(crate) fn push(&mut self, log: LogId, seq: u64, record: &Stored) {
        match self.runs.last_mut() {
            Some((last, first, count)) if *last == log && *first + u64::from(*count) == seq => {
                *count += 1;
            }
            _ => self.runs.push((log, seq, 1)),
        }
        self.entry_lengths
            .extend_from_slice(&length(record.entry.len()).to_be_bytes());
        self.entries.extend_from_slice(&record.entry);
        for part in [&record.person, &record.details] {
            let size = part.as_ref().map_or(0, |part| length(part.len()) + 1);
            self.part_lengths.extend_from_slice(&size.to_be_bytes());
            self.parts
                .extend_from_slice(part.as_deref().unwrap_or_default());
        }
    }

    /// Whether the next record belongs into another block.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= ENTRY_BYTES || self.parts.len() >= PART_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs so far: log, first seq, count.
    pub(crate) fn runs(&self) -> &[(LogId, u64, u32)] {
        &self.runs
    }

    /// The payloads of the two blocks, entries and parts; the builder is empty afterwards.
    pub(crate) fn finish(&mut self) -> (Vec<u8>, Vec<u8>) {
        let mut head = Vec::new();
        head.extend_from_slice(&length(self.runs.len()).to_be_bytes());
        for (log, first, count) in self.runs.drain(..) {
            head.extend_from_slice(&log.0);
            head.extend_from_slice(&first.to_be_bytes());
            head.extend_from_slice(&count.to_be_bytes());
        }
        let join = |lengths: &mut Vec<u8>, bytes: &mut Vec<u8>| {
            let mut payload = Vec::with_capacity(head.len() + lengths.len() + bytes.len());
            payload.extend_from_slice(&head);
            payload.append(lengths);
            payload.append(bytes);
            payload
        };
        let entries = join(&mut self.entry_lengths, &mut self.entries);
        (entries, join(&mut self.part_lengths, &mut self.parts))
    }
}

/// Compresses a payload and appends the block as it stands at `place`.
pub(crate) fn encode(
    kind: Kind,
    payload: &[u8],
    place: Place,
    key: &FrameKey,
    compressor: &mut Compressor,
    out: &mut Vec<u8>,
) {
    let stored = compressor.compress(payload);
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = kind.code();
    header[5] = CODEC_ZSTD;
    header[12..16].copy_from_slice(&length(payload.len()).to_be_bytes());
    header[16..20].copy_from_slice(&length(stored.len()).to_be_bytes());
    let position = position(place);
    let check = key.mac(&[b"veritrail/block-header", &position, &header[..20]]);
    header[20..24].copy_from_slice(&check[..CHECK_BYTES]);
    let mac = key.mac(&[b"veritrail/block", &position, &header[..24], &stored]);
    header[24..].copy_from_slice(&mac);
    out.extend_from_slice(&header);
    out.extend_from_slice(&stored);
}

fn position(place: Place) -> [u8; 12] {
    let mut out = [0; 12];
    out[..4].copy_from_slice(&place.pack.to_be_bytes());
    out[4..].copy_from_slice(&place.offset.to_be_bytes());
    out
}

/// A compressor that keeps its tables between blocks.
pub(crate) struct Compressor(zstd::bulk::Compressor<'static>);

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressor")
    }
}

impl Compressor {
    pub(crate) fn new() -> Self {
        Self(zstd::bulk::Compressor::new(ZSTD_LEVEL).expect("zstd's tables are allocated at start"))
    }

    fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        self.0
            .compress(payload)
            .expect("zstd compresses any bytes into a buffer of its own bound")
    }
}

thread_local! {
    /// Making one costs as much as unpacking a small block.
    static DECOMPRESSOR: RefCell<io::Result<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new());
}

/// A block's header, read from its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// What it holds.
    pub(crate) kind: Kind,
    payload_bytes: usize,
    /// Bytes behind the header.
    pub(crate) stored_bytes: usize,
    bytes: [u8; HEADER_BYTES],
}

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BlockError {
    #[error("a block's header is wrong")]
    Header,
    #[error("a block's check is wrong")]
    Check,
    #[error("a block can't be unpacked")]
    Packed,
    #[error("a block's payload is malformed: {0}")]
    Payload(#[from] Malformed),
}

impl Header {
    /// Reads a header. Without a key its own check is left out.
    pub(crate) fn parse(
        bytes: &[u8],
        place: Place,
        key: Option<&FrameKey>,
    ) -> Result<Self, BlockError> {
        let bytes: [u8; HEADER_BYTES] = bytes
            .get(..HEADER_BYTES)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(BlockError::Header)?;
        let word = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
        };
        let kind = Kind::of(bytes[4]).ok_or(BlockError::Header)?;
        let known = bytes[..4] == MAGIC && bytes[5] == CODEC_ZSTD && bytes[6..12] == [0; 6];
        let pieces: [&[u8]; 3] = [b"veritrail/block-header", &position(place), &bytes[..20]];
        let genuine = key.is_none_or(|key| key.verify(&pieces, &bytes[20..24]));
        if !known || !genuine || word(12) > PAYLOAD_BYTES_MAX || word(16) > PAYLOAD_BYTES_MAX {
            return Err(BlockError::Header);
        }
        Ok(Self {
            kind,
            payload_bytes: word(12),
            stored_bytes: word(16),
            bytes,
        })
    }

    /// Checks and unpacks what is stored behind the header.
    pub(crate) fn open(
        &self,
        stored: &[u8],
        place: Place,
        key: Option<&FrameKey>,
    ) -> Result<Vec<u8>, BlockError> {
        let pieces: [&[u8]; 4] = [
            b"veritrail/block",
            &position(place),
            &self.bytes[..24],
            stored,
        ];
        if key.is_some_and(|key| !key.verify(&pieces, &self.bytes[24..])) {
            return Err(BlockError::Check);
        }
        let payload = DECOMPRESSOR.with_borrow_mut(|decompressor| {
            let decompressor = decompressor.as_mut().map_err(|_| BlockError::Packed)?;
            decompressor
                .decompress(stored, self.payload_bytes)
                .map_err(|_| BlockError::Packed)
        })?;
        if payload.len() == self.payload_bytes {
            Ok(payload)
        } else {
            Err(BlockError::Packed)
        }
    }
}

/// A payload of entries or parts, with the places of its records.
#[derive(Debug)]
pub(crate) struct Records {
    payload: Vec<u8>,
    /// Log, first seq, count, index of the first record.
    runs: Vec<(LogId, u64, u32, usize)>,
    /// Start of each piece in the payload, and the end of the last. Absent parts are empty here.
    offsets: Vec<u32>,
    /// Which pieces are absent; empty for entries.
    absent: Vec<bool>,
    kind: Kind,
}

impl Records {
    /// Reads the structure of a payload.
    pub(crate) fn parse(kind: Kind, payload: Vec<u8>) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(&payload);
        let count = cursor.u32("a count of runs")?;
        let mut runs = Vec::new();
        let mut records = 0_usize;
        for _ in 0..count {
            let log = LogId(cursor.array("a log id")?);
            let (first, length) = (cursor.u64("a seq")?, cursor.u32("a count of records")?);
            runs.push((log, first, length, records));
            records += length as usize;
        }
        let pieces = if kind == Kind::Parts {
            records * 2
        } else {
            records
        };
        let table = cursor.take(pieces.saturating_mul(4), "a table of lengths")?;
        let mut at = 4 + runs.len() * 28 + table.len();
        let mut offsets = Vec::with_capacity(pieces + 1);
        let mut absent = Vec::new();
        for word in table.chunks_exact(4) {
            let mut size = u32::from_be_bytes([word[0], word[1], word[2], word[3]]);
            if kind == Kind::Parts {
                absent.push(size == 0);
                size = size.saturating_sub(1);
            }
            offsets.push(length(at));
            at += size as usize;
            if at > payload.len() {
                return cursor.fail("records of the lengths given");
            }
        }
        offsets.push(length(at));
        if at != payload.len() {
            return cursor.fail("records of the lengths given");
        }
        Ok(Self {
            payload,
            runs,
            offsets,
            absent,
            kind,
        })
    }

    /// The runs: log, first seq, count, index of the first record.
    pub(crate) fn runs(&self) -> &[(LogId, u64, u32, usize)] {
        &self.runs
    }

    /// The index of a record.
    pub(crate) fn index_of(&self, log: LogId, seq: u64) -> Option<usize> {
        // The packer writes runs in order of log and seq.
        let after = self
            .runs
            .partition_point(|(other, first, _, _)| (*other, *first) <= (log, seq));
        let (found, first, count, index) = self.runs.get(after.checked_sub(1)?)?;
        if *found != log || seq - first >= u64::from(*count) {
            return None;
        }
        index.checked_add(usize::try_from(seq - first).ok()?)
    }

    fn piece(&self, index: usize) -> &[u8] {
        let bounds = self.offsets.get(index).zip(self.offsets.get(index + 1));
        bounds
            .and_then(|(from, to)| self.payload.get(*from as usize..*to as usize))
            .unwrap_or_default()
    }

    /// The entry of a record.
    pub(crate) fn entry(&self, index: usize) -> &[u8] {
        debug_assert_eq!(
            self.kind,
            Kind::Entries,
            "only a block of entries is asked for entries"
        );
        self.piece(index)
    }

    /// The parts of a record: person, details.
    pub(crate) fn parts(&self, index: usize) -> (Option<&[u8]>, Option<&[u8]>) {
        let part = |piece: usize| {
            let is_absent = self.absent.get(piece).copied().unwrap_or(true);
            (!is_absent).then(|| self.piece(piece))
        };
        (part(index * 2), part(index * 2 + 1))
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.payload.len() + self.offsets.len() * 4
    }
}

#[cfg(test)]
mod tests;
