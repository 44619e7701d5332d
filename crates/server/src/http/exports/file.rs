//! The file of an export as it is written: rows in, pieces out, and what the manifest has to say of them all.
//!
//! Promises: stored bytes leave as they are; memory is a piece and a row. Must never: read anything.

use std::borrow::Cow;

use axum::body::Bytes;
use jiff::tz::TimeZone;
use ledger::export::row::{PartText, Row, push_hex};
use ledger::export::{Format, Kind, csv};
use ledger::hash::{Hash, Hashing};
use ledger::tree::{CompactRange, TreeError};
use store::{Record, StoreError};

use super::table;

/// Bytes from which on a piece is sent.
const PIECE_BYTES: usize = 256 * 1024;

/// A file under way.
#[derive(Debug)]
pub(super) struct File {
    kind: Kind,
    format: Format,
    zone: TimeZone,
    buffer: String,
    hash: Hashing,
    /// Bytes of the pieces that were taken.
    pub(super) bytes: u64,
    /// Rows written.
    pub(super) rows: u64,
    /// The lowest and the highest seq written.
    pub(super) seqs: Option<(u64, u64)>,
    /// The tree up to the last row; of whole exports.
    pub(super) edge: CompactRange,
    /// The derived chain at the last row, where rows have it.
    pub(super) chain: Option<Hash>,
    /// Level of `subtrees`.
    pub(super) level: u8,
    /// The subtrees of that level within the range.
    pub(super) subtrees: Vec<Hash>,
    begin: u64,
}

impl File {
    /// Begins with the tree left of the first row; that of no leaves for what a query finds.
    pub(super) fn new(kind: Kind, format: Format, zone: TimeZone, left: CompactRange) -> Self {
        let begin = left.size();
        let chain = (kind == Kind::Whole && begin == 0).then(Hash::default);
        let mut file = Self {
            kind,
            format,
            zone,
            buffer: String::with_capacity(PIECE_BYTES + PIECE_BYTES / 4),
            hash: Hashing::new(),
            bytes: 0,
            rows: 0,
            seqs: None,
            edge: left,
            chain,
            level: 0,
            subtrees: Vec::new(),
            begin,
        };
        if format == Format::Csv {
            csv::write_columns(&csv::columns(kind, chain.is_some()), &mut file.buffer);
        }
        file
    }

    /// Adds a row.
    pub(super) fn push(
        &mut self,
        record: &Record,
        proof: Option<Vec<Hash>>,
    ) -> Result<(), StoreError> {
        let leaf = Hash::leaf(&record.entry);
        self.chain = self.chain.map(|chain| chain.chain(&leaf));
        self.rows += 1;
        let seq = record.seq;
        let (low, high) = self.seqs.unwrap_or((seq, seq));
        self.seqs = Some((low.min(seq), high.max(seq)));
        if self.kind == Kind::Whole {
            self.grow(leaf);
        }
        let number = (self.kind == Kind::Filtered).then_some(self.rows);
        if self.format == Format::Csv {
            return self.record(record, leaf, number);
        }
        let entry = text(seq, &record.entry)?;
        let row = Row {
            row: number,
            seq,
            leaf,
            chain: self.chain,
            entry: Cow::Borrowed(entry),
            person: part(seq, entry, "\"person\":\"", record.person.as_deref())?,
            details: part(seq, entry, "\"details\":\"", record.details.as_deref())?,
            proof,
        };
        row.write(&mut self.buffer);
        Ok(())
    }

    /// Writes a row for people.
    fn record(
        &mut self,
        record: &Record,
        leaf: Hash,
        number: Option<u64>,
    ) -> Result<(), StoreError> {
        for cell in table::cells(record, &self.zone)? {
            csv::write_cell(&cell, &mut self.buffer);
            self.buffer.push(',');
        }
        self.buffer.push_str(&record.seq.to_string());
        self.buffer.push(',');
        push_hex(&leaf, &mut self.buffer);
        if let Some(chain) = &self.chain {
            self.buffer.push(',');
            push_hex(chain, &mut self.buffer);
        }
        if let Some(number) = number {
            self.buffer.push(',');
            self.buffer.push_str(&number.to_string());
        }
        self.buffer.push_str("\r\n");
        Ok(())
    }

    fn grow(&mut self, leaf: Hash) {
        let level = self.level;
        let mut met = None;
        self.edge.push_with(leaf, |at, index, hash| {
            if at == level {
                met = Some((index, hash));
            }
        });
        if let Some((index, hash)) = met
            && index << level >= self.begin
        {
            self.subtrees.push(hash);
        }
    }

    /// The next piece, when there is enough for one.
    pub(super) fn piece(&mut self) -> Option<Bytes> {
        (self.buffer.len() >= PIECE_BYTES).then(|| self.take())
    }

    /// What is left, if anything is.
    pub(super) fn rest(&mut self) -> Option<Bytes> {
        (!self.buffer.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Bytes {
        let empty = String::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        let piece = Bytes::from(std::mem::replace(&mut self.buffer, empty));
        self.hash.update(&piece);
        self.bytes += piece.len() as u64;
        piece
    }

    /// SHA-256 of all pieces that were taken.
    pub(super) fn sha256(&self) -> Hash {
        self.hash.clone().finish()
    }

    /// Root of the tree that the rows make with what is left and right of them.
    pub(super) fn root(&self, right: &[(u8, Hash)]) -> Result<Hash, TreeError> {
        let mut edge = self.edge.clone();
        for (level, hash) in right {
            edge.push_subtree(*level, *hash)?;
        }
        Ok(edge.root())
    }
}

fn text(seq: u64, bytes: &[u8]) -> Result<&str, StoreError> {
    str::from_utf8(bytes)
        .map_err(|_| StoreError::Damaged(format!("seq {seq}: stored text is not UTF-8")))
}

/// A part, or whether the entry commits to it: `name` is how the member begins.
fn part<'a>(
    seq: u64,
    entry: &str,
    name: &str,
    bytes: Option<&'a [u8]>,
) -> Result<PartText<'a>, StoreError> {
    match bytes {
        Some(bytes) => Ok(PartText::Here(Cow::Borrowed(text(seq, bytes)?))),
        // Values of entries hold no quotes, so this is the member and nothing else.
        None if entry.contains(name) => Ok(PartText::Absent),
        None => Ok(PartText::NotSent),
    }
}
