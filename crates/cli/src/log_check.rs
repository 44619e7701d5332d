//! Checking one log from its public view: every entry, every tile, every root that is known of it.
//!
//! Promises: nothing is believed that was not recomputed from the entries' bytes; memory stays at a few tiles whatever
//! the log's size; the first thing that does not hold is named by log, seq and path. Must never: take a size, a root or
//! a key from anywhere but the checkpoint and pins that were handed in, or call something verified that it did not read.

use std::fmt;

use ledger::entry::{Entry, Kind, Opening};
use ledger::hash::Hash;
use ledger::limits::ENTRY_BYTES_MAX;
use ledger::name::LogId;
use ledger::tile::{TILE_WIDTH, TileKind, TilePath, bundle_decode, entry_bundles, tile_decode};
use ledger::time::Micros;
use ledger::tree::CompactRange;

use crate::failure::{Failure, Kind as FailureKind};
use crate::pins::PinnedCheckpoint;

/// Longest entry bundle in bytes.
pub(crate) const BUNDLE_BYTES_MAX: u64 = TILE_WIDTH as u64 * (2 + ENTRY_BYTES_MAX as u64);

/// What a log is expected to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// Which log.
    pub(crate) log: LogId,
    /// Its origin.
    pub(crate) origin: &'a str,
    /// Its verifier key as text: entry 0 names it.
    pub(crate) vkey: &'a str,
    /// Entries that its newest checkpoint covers; the signature has been checked.
    pub(crate) size: u64,
    /// Root that the checkpoint claims.
    pub(crate) root: Hash,
    /// Older checkpoints that it must continue, smallest first.
    pub(crate) pinned: &'a [PinnedCheckpoint],
}

/// What a log that holds turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// What it is for.
    pub(crate) kind: Kind,
    /// When its last entry was recorded.
    pub(crate) recorded_at: Micros,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which log, if it is one.
    pub(crate) log: Option<String>,
    /// Which entry, if it is one.
    pub(crate) seq: Option<u64>,
    /// Which file or path, if it is one.
    pub(crate) file: Option<String>,
    /// What was found.
    pub(crate) what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(log) = &self.log {
            write!(f, "log {log}")?;
            if let Some(seq) = self.seq {
                write!(f, ", entry {seq}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.what)?;
        if let Some(file) = &self.file {
            write!(f, " ({file})")?;
        }
        Ok(())
    }
}

/// Why a log is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CheckError {
    /// It does not hold.
    Fault(Fault),
    /// It could not be read.
    Failed(Failure),
}

/// Reads one tile or bundle.
pub(crate) type Fetch<'a> = dyn FnMut(&TilePath) -> Result<Vec<u8>, Failure> + 'a;

/// Reads all of a log and checks it.
pub(crate) fn check(subject: &Subject<'_>, fetch: &mut Fetch<'_>) -> Result<Checked, CheckError> {
    if let Some(larger) = subject.pinned.iter().find(|pin| pin.size > subject.size) {
        return Err(subject.fault(
            None,
            None,
            format!(
                "it has {} entries, but {} vouches for {}: its end was cut off",
                subject.size, larger.place, larger.size
            ),
        ));
    }
    let mut walk = Walk::new(subject);
    for path in entry_bundles(subject.size) {
        let bytes = fetched(subject, &path, fetch)?;
        let broken = |what: String| subject.fault(None, Some(&path), what);
        let entries = bundle_decode(&bytes).map_err(|error| broken(error.to_string()))?;
        if entries.len() != usize::from(path.width()) {
            return Err(broken(format!(
                "expected {} entries, found {}",
                path.width(),
                entries.len()
            )));
        }
        for (seq, entry) in path.range().zip(entries) {
            walk.entry(seq, entry, &path)?;
        }
        for (tile, hashes) in walk.full_tiles.drain(..) {
            compare_tile(subject, &tile, &hashes, fetch)?;
        }
    }
    for (tile, hashes) in walk.partial_tiles() {
        compare_tile(subject, &tile, &hashes, fetch)?;
    }
    if walk.range.root() != subject.root {
        return Err(subject.fault(
            None,
            None,
            format!(
                "its {} entries have the root {}, but its checkpoint says {}",
                subject.size,
                walk.range.root(),
                subject.root
            ),
        ));
    }
    let kind = walk.kind.ok_or_else(|| {
        subject.fault(
            None,
            None,
            "it has no entries, not even the one that opens it".into(),
        )
    })?;
    Ok(Checked {
        kind,
        recorded_at: walk.recorded_at,
    })
}

impl Subject<'_> {
    fn fault(&self, seq: Option<u64>, path: Option<&TilePath>, what: String) -> CheckError {
        CheckError::Fault(Fault {
            log: Some(self.log.to_string()),
            seq,
            file: path.map(|path| format!("tile/{path}")),
            what,
        })
    }
}

/// The tree as it grows over the entries.
struct Walk<'a> {
    subject: &'a Subject<'a>,
    range: CompactRange,
    /// Of each tile level, the hashes that are not in a full tile yet.
    rows: Vec<Vec<Hash>>,
    full_tiles: Vec<(TilePath, Vec<Hash>)>,
    pinned: &'a [PinnedCheckpoint],
    kind: Option<Kind>,
    recorded_at: Micros,
}

impl<'a> Walk<'a> {
    fn new(subject: &'a Subject<'a>) -> Self {
        let empty = subject
            .pinned
            .iter()
            .take_while(|pin| pin.size == 0)
            .count();
        Self {
            subject,
            range: CompactRange::new(),
            rows: Vec::new(),
            full_tiles: Vec::new(),
            // The empty tree is the beginning of every log.
            pinned: &subject.pinned[empty..],
            kind: None,
            recorded_at: Micros::default(),
        }
    }

    fn entry(&mut self, seq: u64, entry: &[u8], path: &TilePath) -> Result<(), CheckError> {
        let subject = self.subject;
        let wrong = |what: String| subject.fault(Some(seq), Some(path), what);
        let recorded_at = if seq == 0 {
            let opening = read_opening(subject, entry).map_err(wrong)?;
            self.kind = Some(opening.kind);
            opening.recorded_at
        } else {
            read_entry(subject, seq, entry).map_err(wrong)?
        };
        if recorded_at < self.recorded_at {
            return Err(wrong("it was recorded before the entry before it".into()));
        }
        self.recorded_at = recorded_at;
        self.push(Hash::leaf(entry));
        while let Some((pin, rest)) = self.pinned.split_first()
            && pin.size == self.range.size()
        {
            if self.range.root() != pin.root {
                return Err(subject.fault(None, None, format!(
                    "its first {} entries are not those that {} vouches for: history was changed",
                    pin.size, pin.place
                )));
            }
            self.pinned = rest;
        }
        Ok(())
    }

    fn push(&mut self, leaf: Hash) {
        let (rows, full_tiles) = (&mut self.rows, &mut self.full_tiles);
        self.range.push_with(leaf, |level, index, hash| {
            if level % 8 != 0 {
                return;
            }
            let row = usize::from(level / 8);
            if rows.len() <= row {
                rows.resize_with(row + 1, Vec::new);
            }
            rows[row].push(hash);
            if rows[row].len() == usize::from(TILE_WIDTH) {
                let hashes = std::mem::take(&mut rows[row]);
                full_tiles.extend(tile(row, index, TILE_WIDTH).map(|path| (path, hashes)));
            }
        });
    }

    fn partial_tiles(&self) -> Vec<(TilePath, Vec<Hash>)> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(row, hashes)| {
            let width = u16::try_from(hashes.len())
                .ok()
                .filter(|width| *width > 0)?;
            let last = (self.range.size() >> (8 * row)).checked_sub(1)?;
            Some((tile(row, last, width)?, hashes.clone()))
        })
        .collect()
    }
}

/// The tile that holds node `index` of a row. Trees that fit in memory have no more than eight rows.
fn tile(row: usize, index: u64, width: u16) -> Option<TilePath> {
    let level = u8::try_from(row).ok()?;
    TilePath::new(
        TileKind::Hashes { level },
        index / u64::from(TILE_WIDTH),
        width,
    )
    .ok()
}

fn read_opening(subject: &Subject<'_>, bytes: &[u8]) -> Result<Opening, String> {
    let opening = Opening::parse(bytes).map_err(|error| error.to_string())?;
    if opening.log != subject.log {
        Err(format!("it opens the log {}", opening.log))
    } else if opening.origin != subject.origin {
        Err("it opens a log of another origin than the checkpoint's".to_owned())
    } else if opening.vkey != subject.vkey {
        Err(
            "it names another verifier key than the one that signs: the key was replaced"
                .to_owned(),
        )
    } else {
        Ok(opening)
    }
}

fn read_entry(subject: &Subject<'_>, seq: u64, bytes: &[u8]) -> Result<Micros, String> {
    let entry = Entry::parse(bytes).map_err(|error| error.to_string())?;
    if entry.place.log != subject.log {
        Err(format!("it belongs to the log {}", entry.place.log))
    } else if entry.place.seq != seq {
        Err(format!("it says that it is entry {}", entry.place.seq))
    } else {
        Ok(entry.place.recorded_at)
    }
}

fn compare_tile(
    subject: &Subject<'_>,
    path: &TilePath,
    hashes: &[Hash],
    fetch: &mut Fetch<'_>,
) -> Result<(), CheckError> {
    let bytes = fetched(subject, path, fetch)?;
    let served =
        tile_decode(&bytes).map_err(|error| subject.fault(None, Some(path), error.to_string()))?;
    if served == hashes {
        return Ok(());
    }
    let differing = served
        .iter()
        .zip(hashes)
        .position(|(left, right)| left != right);
    let what = match differing {
        Some(place) => format!("hash {place} of it is not that of the entries"),
        None => format!("expected {} hashes, found {}", hashes.len(), served.len()),
    };
    let seq = differing
        .filter(|_| path.tree_level() == 0)
        .and_then(|place| path.range().nth(place));
    Err(subject.fault(seq, Some(path), what))
}

fn fetched(
    subject: &Subject<'_>,
    path: &TilePath,
    fetch: &mut Fetch<'_>,
) -> Result<Vec<u8>, CheckError> {
    fetch(path).map_err(|failure| {
        let missing = failure.code.as_deref() == Some(api::code::NOT_FOUND);
        if missing || failure.kind == FailureKind::Tampered {
            // The checkpoint is signed over it, so it must be there.
            let what = if missing {
                "it is missing although the checkpoint covers it".to_owned()
            } else {
                failure.message
            };
            subject.fault(None, Some(path), what)
        } else {
            CheckError::Failed(failure)
        }
    })
}

#[cfg(test)]
mod tests;
