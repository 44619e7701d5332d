//! Rows of the state file: big-endian, fixed layouts.

use ledger::entry::Kind;
use ledger::hash::Hash;
use ledger::name::TenantId;
use ledger::time::Micros;
use ledger::tree::CompactRange;

use crate::codec::{Cursor, Malformed};

/// How far packing has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The last journal frame that is in packs.
    pub(crate) frame: u64,
    /// The newest pack.
    pub(crate) pack: u32,
    /// Its length, entries.
    pub(crate) entries_end: u64,
    /// Its length, parts.
    pub(crate) parts_end: u64,
    /// The number the next log will get.
    pub(crate) next_log: u32,
    /// The number the next run of ids will get.
    pub(crate) next_run: u64,
}

/// A log as far as it is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRow {
    /// A short name for keys of other tables.
    pub(crate) number: u32,
    pub(crate) tenant: TenantId,
    pub(crate) kind: Kind,
    /// The right edge.
    pub(crate) range: CompactRange,
    /// Time of the last entry.
    pub(crate) last: Micros,
}

/// Where the records of a run of one log lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockRow {
    pub(crate) count: u32,
    pub(crate) pack: u32,
    pub(crate) entries: u64,
    pub(crate) parts: u64,
}

pub(super) fn progress(row: &Progress) -> Vec<u8> {
    let Progress {
        frame,
        pack,
        entries_end,
        parts_end,
        next_log,
        next_run,
    } = row;
    let mut out = Vec::with_capacity(40);
    out.extend_from_slice(&frame.to_be_bytes());
    out.extend_from_slice(&pack.to_be_bytes());
    out.extend_from_slice(&entries_end.to_be_bytes());
    out.extend_from_slice(&parts_end.to_be_bytes());
    out.extend_from_slice(&next_log.to_be_bytes());
    out.extend_from_slice(&next_run.to_be_bytes());
    out
}

pub(super) fn read_progress(bytes: &[u8]) -> Option<Progress> {
    let mut cursor = Cursor::new(bytes);
    let row = (|| {
        Ok::<_, Malformed>(Progress {
            frame: cursor.u64("frame")?,
            pack: cursor.u32("pack")?,
            entries_end: cursor.u64("entries")?,
            parts_end: cursor.u64("parts")?,
            next_log: cursor.u32("log")?,
            next_run: cursor.u64("run")?,
        })
    })();
    row.ok().filter(|_| cursor.is_done())
}

pub(super) fn log(row: &LogRow) -> Vec<u8> {
    let LogRow {
        number,
        tenant,
        kind,
        range,
        last,
    } = row;
    let mut out = Vec::with_capacity(64 + range.hashes().len() * 32);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&tenant.0);
    out.push(match kind {
        Kind::Main => 1,
        Kind::Access => 2,
        Kind::Instance => 3,
    });
    out.extend_from_slice(&last.as_micros().to_be_bytes());
    out.extend_from_slice(&range.size().to_be_bytes());
    for hash in range.hashes() {
        out.extend_from_slice(&hash.0);
    }
    out
}

pub(super) fn read_log(bytes: &[u8]) -> Option<LogRow> {
    let mut cursor = Cursor::new(bytes);
    let number = cursor.u32("number").ok()?;
    let tenant = TenantId(cursor.array("tenant").ok()?);
    let kind = match cursor.u8("kind").ok()? {
        1 => Kind::Main,
        2 => Kind::Access,
        3 => Kind::Instance,
        _ => return None,
    };
    let last = Micros::from_micros(i64::from_be_bytes(cursor.array("time").ok()?));
    let size = cursor.u64("size").ok()?;
    let mut hashes = Vec::new();
    while !cursor.is_done() {
        hashes.push(Hash(cursor.array("hash").ok()?));
    }
    Some(LogRow {
        number,
        tenant,
        kind,
        range: CompactRange::from_parts(size, hashes).ok()?,
        last,
    })
}

pub(super) fn block_key(log: u32, first: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&log.to_be_bytes());
    key[4..].copy_from_slice(&first.to_be_bytes());
    key
}

pub(super) fn first_of(key: &[u8]) -> Option<u64> {
    key.get(4..12)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u64::from_be_bytes)
}

pub(super) fn block(row: &BlockRow) -> [u8; 24] {
    let mut out = [0; 24];
    out[..4].copy_from_slice(&row.count.to_be_bytes());
    out[4..8].copy_from_slice(&row.pack.to_be_bytes());
    out[8..16].copy_from_slice(&row.entries.to_be_bytes());
    out[16..].copy_from_slice(&row.parts.to_be_bytes());
    out
}

pub(super) fn read_block(bytes: &[u8]) -> Option<BlockRow> {
    let mut cursor = Cursor::new(bytes);
    let row = (|| {
        Ok::<_, Malformed>(BlockRow {
            count: cursor.u32("count")?,
            pack: cursor.u32("pack")?,
            entries: cursor.u64("entries")?,
            parts: cursor.u64("parts")?,
        })
    })();
    row.ok().filter(|_| cursor.is_done())
}

pub(super) fn node_key(log: u32, level: u8, index: u64) -> [u8; 13] {
    let mut key = [0; 13];
    key[..4].copy_from_slice(&log.to_be_bytes());
    key[4] = level;
    key[5..].copy_from_slice(&index.to_be_bytes());
    key
}
