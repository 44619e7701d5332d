//! One frame of the journal: everything that becomes durable with one fsync. docs/formats/journal.md has the bytes.
//!
//! ```text
//! "VTF1"  number u64  payload length u32  header check 4  mac 16  payload
//! payload = { 1, log 16, first u64, count u32, { entry, person?, details? } × count
//!           | 2, registry change } …  255
//! ```
//! Both checks are over the file's number and the frame's number too, so that a frame can't stand elsewhere. The
//! header's own check tells a length that was changed from one whose bytes never arrived; the last byte is never
//! zero, so a frame that ends in a zero was cut short.

use std::sync::Arc;

use ledger::name::LogId;
use store::Change;

use crate::codec::{Cursor, Malformed, length, push_optional, push_sized};
use crate::mac::{FrameKey, MAC_BYTES};
use crate::registry_text;
use crate::run::{Run, Stored};

/// First bytes of every frame.
pub(crate) const MAGIC: [u8; 4] = *b"VTF1";
/// Bytes before the payload.
pub(crate) const HEADER_BYTES: usize = 4 + 8 + 4 + CHECK_BYTES + MAC_BYTES;
const CHECK_BYTES: usize = 4;

/// What one fsync makes durable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// Counts up from 1, over all journal files.
    pub(crate) number: u64,
    /// Registry changes.
    pub(crate) changes: Vec<Change>,
    /// Records, in the order they were sealed.
    pub(crate) runs: Vec<Run>,
}

impl Frame {
    /// Bytes held by the records.
    pub(crate) fn size(&self) -> usize {
        self.runs.iter().map(Run::size).sum()
    }

    /// Appends the frame as it stands in journal file `file`.
    pub(crate) fn encode(&self, file: u64, key: &FrameKey, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + HEADER_BYTES, 0);
        for change in &self.changes {
            out.push(OP_CHANGE);
            push_sized(out, &registry_text::encode(change));
        }
        for run in &self.runs {
            out.push(OP_RECORDS);
            out.extend_from_slice(&run.log.0);
            out.extend_from_slice(&run.first.to_be_bytes());
            out.extend_from_slice(&length(run.records.len()).to_be_bytes());
            for record in run.records.iter() {
                push_sized(out, &record.entry);
                push_optional(out, record.person.as_deref());
                push_optional(out, record.details.as_deref());
            }
        }
        out.push(OP_END);
        let payload = &out[start + HEADER_BYTES..];
        let size = length(payload.len()).to_be_bytes();
        let place = Place {
            file,
            number: self.number,
        };
        let check = key.mac(&[&place.header(), &size]);
        let mac = key.mac(&[&place.payload(), payload]);
        let header = &mut out[start..start + HEADER_BYTES];
        header[..4].copy_from_slice(&MAGIC);
        header[4..12].copy_from_slice(&self.number.to_be_bytes());
        header[12..16].copy_from_slice(&size);
        header[16..20].copy_from_slice(&check[..CHECK_BYTES]);
        header[20..].copy_from_slice(&mac);
    }

    /// Reads a payload whose check was found right.
    fn decode(number: u64, payload: &[u8]) -> Result<Self, Malformed> {
        let mut frame = Self {
            number,
            ..Self::default()
        };
        let mut cursor = Cursor::new(payload);
        loop {
            match cursor.u8("an operation")? {
                OP_END if cursor.is_done() => return Ok(frame),
                OP_CHANGE => match registry_text::decode(cursor.sized("a registry change")?) {
                    Some(change) => frame.changes.push(change),
                    None => return cursor.fail("a registry change of this version"),
                },
                OP_RECORDS => {
                    let log = LogId(cursor.array("a log id")?);
                    let first = cursor.u64("a seq")?;
                    let count = cursor.u32("a count")?;
                    let mut records = Vec::new();
                    for _ in 0..count {
                        let entry = cursor.sized("an entry")?;
                        let person = cursor.optional("a person part")?;
                        let details = cursor.optional("a details part")?;
                        records.push(Stored::from_bytes(log, entry, person, details));
                    }
                    frame.runs.push(Run {
                        log,
                        first,
                        records: Arc::new(records),
                    });
                }
                _ => return cursor.fail("an operation of this version"),
            }
        }
    }
}

const OP_RECORDS: u8 = 1;
const OP_CHANGE: u8 = 2;
const OP_END: u8 = 255;

/// Where a frame stands; part of both checks.
struct Place {
    file: u64,
    number: u64,
}

impl Place {
    fn header(&self) -> [u8; 32] {
        self.text(*b"veritrail/header")
    }

    fn payload(&self) -> [u8; 32] {
        self.text(*b"veritrail/frame\0")
    }

    fn text(&self, name: [u8; 16]) -> [u8; 32] {
        let mut text = [0; 32];
        text[..16].copy_from_slice(&name);
        text[16..24].copy_from_slice(&self.file.to_be_bytes());
        text[24..].copy_from_slice(&self.number.to_be_bytes());
        text
    }
}

/// What stands at a place in a journal file.
#[derive(Debug)]
pub(crate) enum Found {
    /// A whole frame and the bytes it takes.
    Frame(Frame, usize),
    /// Nothing follows.
    End,
    /// A frame that was being written when the machine stopped: bytes are missing or still zero. It was never
    /// acknowledged.
    Torn,
    /// Bytes that were written whole and are not what was written.
    Damaged(&'static str),
}

/// Reads what stands at the beginning of `bytes`, the rest of journal file `file`.
pub(crate) fn read(bytes: &[u8], file: u64, key: &FrameKey) -> Found {
    match bytes.first() {
        None => return Found::End,
        Some(0) => return Found::Torn,
        Some(_) => {}
    }
    let Some(header) = bytes.get(..HEADER_BYTES) else {
        return Found::Torn;
    };
    let mut number = [0; 8];
    number.copy_from_slice(&header[4..12]);
    let mut size = [0; 4];
    size.copy_from_slice(&header[12..16]);
    let place = Place {
        file,
        number: u64::from_be_bytes(number),
    };
    if header[..4] != MAGIC || !key.verify(&[&place.header(), &size], &header[16..20]) {
        // The sector with the rest of the header never arrived: the mac is all zeros then, as no mac is.
        let torn = header[20..] == [0; MAC_BYTES];
        return if torn {
            Found::Torn
        } else {
            Found::Damaged("a frame's header is wrong")
        };
    }
    let whole = HEADER_BYTES + u32::from_be_bytes(size) as usize;
    let Some(payload) = bytes.get(HEADER_BYTES..whole) else {
        return Found::Torn;
    };
    if !key.verify(&[&place.payload(), payload], &header[20..HEADER_BYTES]) {
        // A write that was cut short leaves sectors that still read as zeros; a changed byte does not.
        let torn = has_zero_sector(&bytes[..whole])
            || payload.last() == Some(&0)
            || header[20..] == [0; MAC_BYTES];
        return if torn {
            Found::Torn
        } else {
            Found::Damaged("a frame's check is wrong")
        };
    }
    match Frame::decode(place.number, payload) {
        Ok(frame) => Found::Frame(frame, whole),
        Err(_) => Found::Damaged("a frame of another version"),
    }
}

/// Whether a run of zeros as long as a disk's smallest unit of writing lies in the bytes. Half a sector is looked for,
/// because a frame need not begin on a sector's edge.
fn has_zero_sector(bytes: &[u8]) -> bool {
    bytes
        .chunks_exact(256)
        .any(|chunk| chunk.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
mod tests;
