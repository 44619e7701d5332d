//! Where an event id is found: sorted runs of (64-bit key, seq) on disk behind a filter, and what is newer in memory.
//!
//! Promises: a key that was added is found; a key that was not is almost always dismissed without touching the disk. A
//! key is a hint only: whoever asks compares the stored id in full. Derived: packs hold every id.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy};
use ledger::hash::Hash;

const MAGIC: [u8; 8] = *b"VTIDRUN1";
/// Magic, count, SHA-256 of the rows.
const FILE_HEADER_BYTES: usize = 8 + 8 + 32;
const ROW_BYTES: usize = 16;
/// One key of so many is kept in memory, so that a look-up reads one piece of the file.
const FENCE_ROWS: usize = 256;
/// So many runs of one tier become one of the next.
pub(crate) const RUNS_PER_TIER: usize = 8;

/// A key and where it leads.
pub(crate) type Row = (u64, u64);

/// The path of run `number`.
pub(crate) fn path_of(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:08}.vti"))
}

/// Removes the runs that are not among `live`. One that can't be removed is in nobody's way.
pub(crate) fn remove_all_but(disk: &dyn Disk, directory: &Path, live: &[u64]) {
    for name in disk.list(directory).unwrap_or_default() {
        let number = name.strip_suffix(".vti").and_then(|name| name.parse().ok());
        if number.is_some_and(|number| !live.contains(&number)) {
            let _ = disk.remove(&directory.join(name));
        }
    }
}

/// A sorted run on disk.
#[derive(Debug)]
pub(crate) struct IdRun {
    /// Its number; part of its name.
    pub(crate) number: u64,
    /// How many rows.
    pub(crate) count: usize,
    file: Box<dyn DiskFile>,
    fences: Vec<u64>,
    filter: Filter,
}

impl IdRun {
    /// Writes a run of sorted rows, durably.
    pub(crate) fn write(
        disk: &dyn Disk,
        directory: &Path,
        number: u64,
        rows: &[Row],
    ) -> io::Result<Self> {
        debug_assert!(rows.is_sorted(), "a run is sorted");
        let path = path_of(directory, number);
        if disk.exists(&path)? {
            disk.remove(&path)?;
        }
        let file = disk.open(&path, OpenMode::Create, Secrecy::Secret)?;
        let mut bytes = vec![0; FILE_HEADER_BYTES];
        bytes.reserve(rows.len() * ROW_BYTES);
        for (key, seq) in rows {
            bytes.extend_from_slice(&key.to_be_bytes());
            bytes.extend_from_slice(&seq.to_be_bytes());
        }
        let digest = Hash::of(&bytes[FILE_HEADER_BYTES..]);
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&(rows.len() as u64).to_be_bytes());
        bytes[16..FILE_HEADER_BYTES].copy_from_slice(&digest.0);
        file.write_at(&bytes, 0)?;
        file.sync()?;
        disk.sync_dir(directory)?;
        Ok(Self::index(number, file, rows))
    }

    /// Opens a run; `None` when it is missing or damaged.
    pub(crate) fn open(disk: &dyn Disk, directory: &Path, number: u64) -> io::Result<Option<Self>> {
        let file = match disk.open(&path_of(directory, number), OpenMode::Read, Secrecy::Secret) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let rows = read_rows(&*file)?;
        Ok(rows.map(|rows| Self::index(number, file, &rows)))
    }

    fn index(number: u64, file: Box<dyn DiskFile>, rows: &[Row]) -> Self {
        let mut filter = Filter::for_keys(rows.len());
        for (key, _) in rows {
            filter.add(*key);
        }
        let fences = rows
            .iter()
            .step_by(FENCE_ROWS)
            .map(|(key, _)| *key)
            .collect();
        Self {
            number,
            count: rows.len(),
            file,
            fences,
            filter,
        }
    }

    /// Appends the places filed under `key`.
    fn find(&self, key: u64, found: &mut Vec<u64>) -> io::Result<()> {
        if !self.filter.may_have(key) {
            return Ok(());
        }
        // Rows of one key may lie on both sides of a fence.
        let mut fence = self
            .fences
            .partition_point(|fence| *fence < key)
            .saturating_sub(1);
        loop {
            let from = fence * FENCE_ROWS;
            let count = FENCE_ROWS.min(self.count.saturating_sub(from));
            if count == 0 {
                return Ok(());
            }
            let mut bytes = vec![0; count * ROW_BYTES];
            self.file
                .read_at(&mut bytes, (FILE_HEADER_BYTES + from * ROW_BYTES) as u64)?;
            for (found_key, seq) in bytes.chunks_exact(ROW_BYTES).map(row) {
                if found_key == key {
                    found.push(seq);
                } else if found_key > key {
                    return Ok(());
                }
            }
            fence += 1;
        }
    }

    /// Every row, for merging.
    fn rows(&self) -> io::Result<Vec<Row>> {
        read_rows(&*self.file)?
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a run of ids is damaged"))
    }
}

fn row(bytes: &[u8]) -> Row {
    let word = |half: &[u8]| {
        half.iter()
            .fold(0, |word, byte| (word << 8) | u64::from(*byte))
    };
    (word(&bytes[..8]), word(&bytes[8..]))
}

fn read_rows(file: &dyn DiskFile) -> io::Result<Option<Vec<Row>>> {
    let length = usize::try_from(file.len()?).unwrap_or(usize::MAX);
    if length < FILE_HEADER_BYTES {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    file.read_at(&mut bytes, 0)?;
    let (header, rows) = bytes.split_at(FILE_HEADER_BYTES);
    let count = row(&header[..16]).1;
    let whole = header[..8] == MAGIC
        && rows.len() as u64 == count.saturating_mul(ROW_BYTES as u64)
        && header[16..] == Hash::of(rows).0;
    Ok(whole.then(|| rows.chunks_exact(ROW_BYTES).map(row).collect()))
}

/// The ids of a store: runs, and what no run holds yet.
#[derive(Debug, Default)]
pub(crate) struct IdIndex {
    recent: HashMap<u64, u64, BuildHasherDefault<KeyHasher>>,
    /// Second and further places of a key in `recent`.
    more: Vec<Row>,
    runs: Vec<Arc<IdRun>>,
}

impl IdIndex {
    /// Starts from what is on disk.
    pub(crate) fn new(runs: Vec<Arc<IdRun>>, recent: impl Iterator<Item = Row>) -> Self {
        let mut index = Self {
            runs,
            ..Self::default()
        };
        recent.for_each(|row| index.add(row));
        index
    }

    /// Files a place under a key.
    pub(crate) fn add(&mut self, (key, seq): Row) {
        if let Some(other) = self.recent.insert(key, seq)
            && other != seq
        {
            self.more.push((key, other));
        }
    }

    /// The places filed under a key, in no order.
    pub(crate) fn find(&self, key: u64) -> io::Result<Vec<u64>> {
        let mut found = Vec::new();
        if let Some(seq) = self.recent.get(&key) {
            found.push(*seq);
            found.extend(
                self.more
                    .iter()
                    .filter(|(other, _)| *other == key)
                    .map(|(_, seq)| *seq),
            );
        }
        for run in &self.runs {
            run.find(key, &mut found)?;
        }
        Ok(found)
    }

    /// The runs, oldest first.
    pub(crate) fn runs(&self) -> &[Arc<IdRun>] {
        &self.runs
    }

    /// Takes rows out of memory that a run holds now, and the runs in place of those before.
    pub(crate) fn replace_runs(&mut self, runs: Vec<Arc<IdRun>>, moved: &[Row]) {
        for (key, seq) in moved {
            if self.recent.get(key) == Some(seq) {
                self.recent.remove(key);
            }
        }
        let runs_hold: std::collections::BTreeSet<&Row> = if self.more.is_empty() {
            <_>::default()
        } else {
            moved.iter().collect()
        };
        let more = std::mem::take(&mut self.more);
        for row in more {
            if !runs_hold.contains(&row) {
                // What was second may have become first.
                self.add(row);
            }
        }
        self.runs = runs;
    }
}

/// The runs that should become one, if any: the newest ones of a tier that is full.
pub(crate) fn to_merge(runs: &[Arc<IdRun>]) -> Vec<Arc<IdRun>> {
    let tier = |run: &IdRun| run.count.max(1).ilog(RUNS_PER_TIER);
    let mut by_tier: HashMap<u32, Vec<Arc<IdRun>>> = HashMap::new();
    for run in runs {
        by_tier.entry(tier(run)).or_default().push(Arc::clone(run));
    }
    by_tier
        .into_values()
        .find(|runs| runs.len() >= RUNS_PER_TIER)
        .unwrap_or_default()
}

/// All rows of some runs, sorted.
pub(crate) fn merged_rows(runs: &[Arc<IdRun>]) -> io::Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(runs.iter().map(|run| run.count).sum());
    for run in runs {
        rows.extend(run.rows()?);
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Keys are bits of a SHA-256 digest already.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A Bloom filter whose bits for one key lie in one cache line: 12 bits and 6 probes a key, about 1 % false alarms.
#[derive(Debug)]
struct Filter {
    lines: Vec<[u64; 8]>,
}

impl Filter {
    fn for_keys(keys: usize) -> Self {
        Self {
            lines: vec![[0; 8]; (keys * 12).div_ceil(512).max(1)],
        }
    }

    fn line(&self, key: u64) -> usize {
        // The upper bits choose the line, evenly, by multiplication instead of division.
        usize::try_from((u128::from(key) * self.lines.len() as u128) >> 64).unwrap_or_default()
    }

    fn probes(key: u64) -> impl Iterator<Item = (usize, u64)> {
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..6).map(move |probe| {
            let bit = (mixed >> (probe * 9 + 8)) & 511;
            ((bit >> 6) as usize, 1 << (bit & 63))
        })
    }

    fn add(&mut self, key: u64) {
        let line = self.line(key);
        for (word, bit) in Self::probes(key) {
            self.lines[line][word] |= bit;
        }
    }

    fn may_have(&self, key: u64) -> bool {
        let line = &self.lines[self.line(key)];
        Self::probes(key).all(|(word, bit)| line[word] & bit != 0)
    }
}

#[cfg(test)]
mod tests;
