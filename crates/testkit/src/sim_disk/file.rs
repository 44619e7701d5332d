//! The bytes of one file: what reads show, and what would survive a crash.

use std::collections::BTreeSet;
use std::io;

use super::chance::Chance;

/// What a disk writes whole or not at all, in bytes.
pub(super) const SECTOR_BYTES: usize = 512;

/// A file's bytes. `dirty` holds the sectors in which `current` may differ from `durable`, but for those that a failed
/// sync lost: those differ and are never written again, as in a kernel that marks them clean.
#[derive(Clone, Debug, Default)]
pub(super) struct FileNode {
    pub(super) current: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
    /// Lengths since the last sync, oldest first: from and to. What grows by writing may be found at any sector in
    /// between; setting a length is one step of the file system's journal, kept whole or lost whole.
    lengths: Vec<(usize, usize)>,
}

impl FileNode {
    pub(super) fn read_at(&self, bytes: &mut [u8], offset: usize) -> io::Result<()> {
        let end = offset.saturating_add(bytes.len());
        let found = self
            .current
            .get(offset..end)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    pub(super) fn write_at(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        let from = offset.min(self.current.len());
        if end > self.current.len() {
            self.lengths.push((self.current.len(), end));
            self.current.resize(end, 0);
        }
        self.current[offset..end].copy_from_slice(bytes);
        self.touch(from, end);
    }

    pub(super) fn set_len(&mut self, length: usize) {
        let (from, end) = (
            length.min(self.current.len()),
            length.max(self.current.len()),
        );
        self.current.resize(length, 0);
        self.lengths.push((length, length));
        self.touch(from, end);
    }

    /// Everything written becomes durable.
    pub(super) fn sync(&mut self) {
        self.settle(self.current.len(), || true);
    }

    /// Some of what was written becomes durable, by sectors; the rest never will.
    pub(super) fn settle_some(&mut self, chance: &mut Chance) {
        let length = match chance.number() % 3 {
            0 => self.durable.len(),
            1 => self.current.len(),
            _ if self.lengths.is_empty() => self.durable.len(),
            _ => {
                let (low, high) = self.lengths[chance.between(0, self.lengths.len() - 1)];
                match chance.between(low, high) {
                    found if found == low => low,
                    // Sectors are written whole: what lies behind a length on the same sector is there once the file
                    // is as long again, so a cut through the middle of a write would be no disk's doing.
                    found => found.next_multiple_of(SECTOR_BYTES).min(self.current.len()),
                }
            }
        };
        self.settle(length, || chance.coin());
    }

    /// Nothing written since the last sync ever becomes durable.
    pub(super) fn settle_none(&mut self) {
        self.dirty.clear();
        self.lengths.clear();
    }

    /// The file as it is found after a crash.
    pub(super) fn survivor(&self) -> Self {
        Self {
            current: self.durable.clone(),
            durable: self.durable.clone(),
            dirty: BTreeSet::new(),
            lengths: Vec::new(),
        }
    }

    /// Turns one bit over, behind the back of whoever wrote it. False if the file ends before.
    pub(super) fn flip_bit(&mut self, offset: usize, bit: u8) -> bool {
        if let Some(byte) = self.durable.get_mut(offset) {
            *byte ^= 1 << (bit & 7);
        }
        let found = self.current.get_mut(offset);
        found.map(|byte| *byte ^= 1 << (bit & 7)).is_some()
    }

    fn touch(&mut self, from: usize, end: usize) {
        if end > from {
            self.dirty
                .extend(from / SECTOR_BYTES..=(end - 1) / SECTOR_BYTES);
        }
    }

    /// Brings the durable bytes to `length`, with the dirty sectors that `keeps` picks.
    fn settle(&mut self, length: usize, mut keeps: impl FnMut() -> bool) {
        self.durable.resize(length, 0);
        self.lengths.clear();
        for sector in std::mem::take(&mut self.dirty) {
            let from = sector * SECTOR_BYTES;
            let end = (from + SECTOR_BYTES).min(length).min(self.current.len());
            if keeps() && from < end {
                self.durable[from..end].copy_from_slice(&self.current[from..end]);
            }
        }
    }
}
