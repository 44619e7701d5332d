//! Reading a log: the tail from memory, the rest from packs. The same answer whichever holds a record.

use std::collections::BTreeMap;
use std::ops::Range;

use ledger::entry::Entry;
use ledger::hash::Hash;
use ledger::name::LogId;
use store::{LogRef, Record, StoreError};

use crate::block::{Kind, Place, Records};
use crate::run::{Stored, id_key};
use crate::shared::Shared;
use crate::state::{BlockRow, StateError};

/// Most records of one call.
pub(crate) const RECORDS_MAX: u64 = 1_024;
/// Leaves under one stored inner node.
const TILE_LEAVES: u64 = 256;
/// Levels between stored inner nodes.
const TILE_LEVELS: u8 = 8;

impl From<StateError> for StoreError {
    fn from(error: StateError) -> Self {
        Self::engine("reading the state file", error)
    }
}

impl Shared {
    /// Whether the log exists and belongs to its tenant; its visible size.
    pub(crate) fn size_of(&self, log: LogRef) -> Result<u64, StoreError> {
        match self.view().logs.get(&log.log()) {
            Some(view) if view.tenant == log.tenant() => Ok(view.size),
            _ => Err(StoreError::NotFound),
        }
    }

    /// The records of a range that exist.
    pub(crate) fn records(&self, log: LogId, range: Range<u64>) -> Result<Vec<Record>, StoreError> {
        let mut out = Vec::new();
        let end = range.end.min(range.start.saturating_add(RECORDS_MAX));
        let (packed, size, number) = self.extent(log)?;
        let mut seq = range.start;
        if let Some(number) = number {
            while seq < end.min(packed) {
                let (first, row) = self.block_row(log, number, seq)?;
                let (entries, parts) = (
                    self.block(Kind::Entries, &row)?,
                    self.block(Kind::Parts, &row)?,
                );
                while seq < end.min(first + u64::from(row.count)) {
                    out.push(record_at(&entries, &parts, log, seq)?);
                    seq += 1;
                }
            }
        }
        if seq < end.min(size)
            && !self.tail(log, seq..end.min(size), |seq, record| {
                out.push(copy(seq, record));
            })
        {
            // The packer took what was asked for in between: it is in packs now.
            return self.records(log, range);
        }
        Ok(out)
    }

    /// One record.
    pub(crate) fn record(&self, log: LogId, seq: u64) -> Result<Option<Record>, StoreError> {
        Ok(self.records(log, seq..seq.saturating_add(1))?.pop())
    }

    /// Leaf hashes of a range, all of which must exist.
    pub(crate) fn leaf_hashes(
        &self,
        log: LogId,
        range: Range<u64>,
    ) -> Result<Vec<Hash>, StoreError> {
        let mut out =
            Vec::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
        let (packed, size, number) = self.extent(log)?;
        if range.end > size {
            return Err(StoreError::NotFound);
        }
        let mut seq = range.start;
        if let Some(number) = number {
            while seq < range.end.min(packed) {
                let (first, row) = self.block_row(log, number, seq)?;
                let entries = self.block(Kind::Entries, &row)?;
                while seq < range.end.min(first + u64::from(row.count)) {
                    let index = entries
                        .index_of(log, seq)
                        .ok_or_else(|| missing(log, seq))?;
                    out.push(Hash::leaf(entries.entry(index)));
                    seq += 1;
                }
            }
        }
        if seq < range.end && !self.tail(log, seq..range.end, |_, record| out.push(record.leaf)) {
            return self.leaf_hashes(log, range);
        }
        Ok(out)
    }

    /// Hashes of perfect subtrees.
    pub(crate) fn nodes(&self, log: LogId, nodes: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        let mut tiles: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
        nodes
            .iter()
            .map(|(level, index)| self.node(log, *level, *index, &mut tiles))
            .collect()
    }

    fn node(
        &self,
        log: LogId,
        level: u8,
        index: u64,
        tiles: &mut BTreeMap<u64, Vec<Hash>>,
    ) -> Result<Hash, StoreError> {
        let (packed, size, number) = self.extent(log)?;
        let end = 1_u64
            .checked_shl(level.into())
            .and_then(|leaves| leaves.checked_mul(index.checked_add(1)?));
        let Some(end) = end.filter(|end| *end <= size) else {
            return Err(StoreError::NotFound);
        };
        if level >= TILE_LEVELS {
            let stored = level.is_multiple_of(TILE_LEVELS) && end <= packed;
            if let Some(number) = number.filter(|_| stored)
                && let Some(hash) = self.state.node(number, level, index)?
            {
                return Ok(hash);
            }
            let left = self.node(log, level - 1, index * 2, tiles)?;
            let right = self.node(log, level - 1, index * 2 + 1, tiles)?;
            return Ok(Hash::node(&left, &right));
        }
        let start = index << level;
        let tile = start / TILE_LEAVES;
        if !tiles.contains_key(&tile) {
            let leaves =
                self.leaf_hashes(log, tile * TILE_LEAVES..size.min((tile + 1) * TILE_LEAVES))?;
            if tiles.len() >= 64 {
                tiles.clear();
            }
            tiles.insert(tile, leaves);
        }
        let from = usize::try_from(start % TILE_LEAVES).unwrap_or_default();
        let leaves = tiles
            .get(&tile)
            .and_then(|leaves| leaves.get(from..from + (1 << level)));
        let mut hashes = leaves.ok_or(StoreError::NotFound)?.to_vec();
        while hashes.len() > 1 {
            hashes = hashes
                .chunks_exact(2)
                .map(|pair| Hash::node(&pair[0], &pair[1]))
                .collect();
        }
        hashes.pop().ok_or(StoreError::NotFound)
    }

    /// Places of the entries with this id.
    pub(crate) fn find(&self, log: LogId, id: &str) -> Result<Vec<u64>, StoreError> {
        let candidates = self
            .view()
            .ids
            .find(id_key(log, id))
            .map_err(|error| StoreError::engine("reading ids", error))?;
        let mut found = Vec::new();
        for seq in candidates {
            let record = self.record(log, seq)?;
            let same = record.is_some_and(|record| {
                Entry::parse(&record.entry).is_ok_and(|entry| entry.id == id)
            });
            if same {
                found.push(seq);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Packed and visible size, and the number in the state file.
    fn extent(&self, log: LogId) -> Result<(u64, u64, Option<u32>), StoreError> {
        let view = self.view();
        view.logs
            .get(&log)
            .map(|view| (view.packed, view.size, view.number))
            .ok_or(StoreError::NotFound)
    }

    /// Visits records of the tail. `false` when the tail begins behind the range's start by now.
    fn tail(&self, log: LogId, range: Range<u64>, mut visit: impl FnMut(u64, &Stored)) -> bool {
        let view = self.view();
        let Some(log) = view.logs.get(&log) else {
            return true;
        };
        if log.packed > range.start {
            return false;
        }
        let before = log.tail.partition_point(|run| run.end() <= range.start);
        for run in log.tail.iter().skip(before) {
            if run.first >= range.end {
                break;
            }
            for (seq, record) in (run.first..).zip(run.records.iter()) {
                if range.contains(&seq) {
                    visit(seq, record);
                }
            }
        }
        true
    }

    fn block_row(&self, log: LogId, number: u32, seq: u64) -> Result<(u64, BlockRow), StoreError> {
        self.state
            .block_of(number, seq)?
            .ok_or_else(|| missing(log, seq))
    }

    fn block(&self, kind: Kind, row: &BlockRow) -> Result<std::sync::Arc<Records>, StoreError> {
        let offset = if kind == Kind::Parts {
            row.parts
        } else {
            row.entries
        };
        self.packs.block(
            kind,
            Place {
                pack: row.pack,
                offset,
            },
        )
    }
}

fn missing(log: LogId, seq: u64) -> StoreError {
    StoreError::Damaged(format!("log {log}: entry {seq} is in no block"))
}

fn copy(seq: u64, record: &Stored) -> Record {
    Record {
        seq,
        entry: record.entry.clone(),
        person: record.person.clone(),
        details: record.details.clone(),
    }
}

fn record_at(
    entries: &Records,
    parts: &Records,
    log: LogId,
    seq: u64,
) -> Result<Record, StoreError> {
    let index = entries
        .index_of(log, seq)
        .ok_or_else(|| missing(log, seq))?;
    let parts_index = parts.index_of(log, seq).ok_or_else(|| missing(log, seq))?;
    let (person, details) = parts.parts(parts_index);
    Ok(Record {
        seq,
        entry: entries.entry(index).to_vec(),
        person: person.map(<[u8]>::to_vec),
        details: details.map(<[u8]>::to_vec),
    })
}
