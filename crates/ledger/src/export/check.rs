//! Checking an export row by row, with the memory of one row: what contradicts the entries themselves, the manifest or
//! the root of the checkpoint, and which row it is.
//!
//! Promises: a row is named only for what stands in the file: its own entry, its parts, its place, its proof. What only
//! the root contradicts is narrowed down by the subtrees of the manifest where they still stand. Must never: check a
//! signature; whoever calls knows the key, and says what it means when the manifest's does not hold.

use std::ops::Range;

use super::Kind;
use super::csv;
use super::manifest::Manifest;
use super::row::{PartText, Row};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Opening};
use crate::hash::Hash;
use crate::note::Note;
use crate::part::{self, Label};
use crate::time::Micros;
use crate::tree::{CompactRange, cover, verify_inclusion};

/// Where an export contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// The record of the file, from 1, if it is one that can be named. Not counting the names of columns.
    pub row: Option<u64>,
    /// The seqs that are meant, if they are known.
    pub seqs: Option<Range<u64>>,
    /// What is wrong, in words.
    pub what: String,
}

/// What was found in an export without a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Rows.
    pub rows: u64,
    /// `person` parts that were withheld or erased when the export was made.
    pub persons_absent: u64,
    /// `details` parts of the same kind.
    pub details_absent: u64,
}

/// A check under way.
#[derive(Debug)]
pub struct Check<'m> {
    manifest: &'m Manifest,
    size: u64,
    root: Hash,
    /// Where the manifest contradicts itself. Rows are looked through all the same: they may tell more.
    claims: Option<&'static str>,
    /// The seq that comes next; of whole exports.
    next: u64,
    /// The tree up to the last row; of whole exports.
    edge: CompactRange,
    chain: Option<Hash>,
    /// Subtrees met so far.
    subtrees: usize,
    /// The first of them that is not the manifest's.
    suspect: Option<Range<u64>>,
    /// Order of the last row; of filtered exports.
    before: Option<(Micros, u64)>,
    /// The lowest and the highest seq so far.
    seqs: Option<(u64, u64)>,
    found: Found,
}

impl<'m> Check<'m> {
    /// Begins with what the manifest claims.
    ///
    /// # Errors
    /// A manifest whose checkpoint is none of its log.
    pub fn new(manifest: &'m Manifest) -> Result<Self, Fault> {
        let checkpoint = unverified(&manifest.checkpoint)
            .ok_or_else(|| claimed("the checkpoint in the manifest is malformed"))?;
        if checkpoint.origin() != manifest.origin {
            return Err(claimed("the checkpoint in the manifest is of another log"));
        }
        if !manifest.origin.ends_with(&format!("/{}", manifest.log)) {
            return Err(claimed("the manifest's origin is not its log's"));
        }
        let whole = manifest.kind == Kind::Whole;
        let first = manifest.first.filter(|_| whole).unwrap_or(0);
        let edge = if whole {
            CompactRange::from_parts(first, manifest.left.clone()).ok()
        } else {
            None
        };
        let chained = whole && first == 0;
        let claims = match range(manifest) {
            None => Some("the manifest's count, first and last seq do not fit together"),
            Some((_, end)) if end > checkpoint.size() => {
                Some("the manifest's range goes beyond its checkpoint")
            }
            Some(_) if manifest.entries < checkpoint.size() => {
                Some("the manifest's log is smaller than its checkpoint")
            }
            Some(_) if whole && edge.is_none() => {
                Some("the manifest has not the hashes left of its range")
            }
            Some(_) if chained != manifest.chain.is_some() => {
                Some("the manifest's chain does not fit its range")
            }
            Some(_) => None,
        };
        Ok(Self {
            manifest,
            size: checkpoint.size(),
            root: *checkpoint.root(),
            claims,
            next: first,
            edge: edge.unwrap_or_default(),
            chain: chained.then(Hash::default),
            subtrees: 0,
            suspect: None,
            before: None,
            seqs: None,
            found: Found::default(),
        })
    }

    /// Whether rows bear the derived chain.
    pub fn is_chained(&self) -> bool {
        self.chain.is_some()
    }

    /// Takes the next line, without its line feed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let number = self.found.rows + 1;
        let row = Row::parse(line).map_err(|error| at(number, None, &error.to_string()))?;
        self.row(&row)
            .map_err(|what| at(number, Some(row.seq), &what))
    }

    /// Takes the next record of a CSV file, without its line's end; the names of the columns are none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn record(&mut self, record: &str) -> Result<(), Fault> {
        let number = self.found.rows + 1;
        let refused = |what: &str| at(number, None, what);
        let cells = csv::cells(record).ok_or_else(|| refused("it is no record of RFC 4180"))?;
        let columns = csv::columns(self.manifest.kind, self.is_chained());
        if cells.len() != columns.len() {
            return Err(refused("it has not as many cells as there are columns"));
        }
        let cell = |name: &str| {
            let index = columns.iter().position(|column| *column == name)?;
            cells.get(index).map(AsRef::as_ref)
        };
        let number_of = |name| cell(name).and_then(crate::checkpoint::parse_decimal);
        let hash_of = |name| cell(name).and_then(crate::name::from_hex).map(Hash);
        let seq = number_of("seq").ok_or_else(|| refused("it has no seq"))?;
        let leaf = hash_of("leaf_hash").ok_or_else(|| refused("it has no leaf hash"))?;
        let placed = self.place(number_of("row"), seq);
        let checked = placed.and_then(|()| self.leaf(seq, leaf, hash_of("chain")));
        checked.map_err(|what| at(number, Some(seq), &what))
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), String> {
        let bytes = row.entry.as_bytes();
        let leaf = Hash::leaf(bytes);
        if leaf != row.leaf {
            return Err("its entry is not the one that its leaf hash is of".to_owned());
        }
        let order = if row.seq == 0 {
            self.opening(row)?;
            None
        } else {
            Some(self.entry(row)?)
        };
        self.place(row.row, row.seq)?;
        match (self.manifest.kind, &row.proof) {
            (Kind::Whole, None) => {}
            (Kind::Whole, Some(_)) => {
                return Err("it has a proof that does not belong there".into());
            }
            (Kind::Filtered, None) => return Err("it has no inclusion proof".to_owned()),
            (Kind::Filtered, Some(proof)) => {
                verify_inclusion(row.seq, self.size, &leaf, proof, &self.root)
                    .map_err(|_| "its proof does not lead to the checkpoint's root".to_owned())?;
                let time = order.ok_or("no query finds the entry that opens a log")?;
                if self.before.is_some_and(|before| before >= (time, row.seq)) {
                    return Err("it stands before the row that it should stand behind".to_owned());
                }
                self.before = Some((time, row.seq));
            }
        }
        self.leaf(row.seq, leaf, row.chain)
    }

    /// Entry 0.
    fn opening(&self, row: &Row<'_>) -> Result<(), String> {
        let opening = Opening::parse(row.entry.as_bytes()).map_err(|error| error.to_string())?;
        let Manifest {
            log,
            log_kind,
            tenant,
            origin,
            ..
        } = self.manifest;
        if (opening.log, opening.kind, opening.tenant) != (*log, *log_kind, *tenant)
            || opening.origin != *origin
        {
            return Err("it opens another log than the manifest's".to_owned());
        }
        if (&row.person, &row.details) == (&PartText::NotSent, &PartText::NotSent) {
            Ok(())
        } else {
            Err("it has parts that its entry does not commit to".to_owned())
        }
    }

    /// Any other entry; answers its time.
    fn entry(&mut self, row: &Row<'_>) -> Result<Micros, String> {
        let entry = Entry::parse(row.entry.as_bytes()).map_err(|error| error.to_string())?;
        if entry.place.log != self.manifest.log {
            return Err("its entry is of another log".to_owned());
        }
        if entry.place.seq != row.seq {
            return Err(format!("its entry says that it is seq {}", entry.place.seq));
        }
        for (label, committed, found) in [
            (Label::Person, entry.person, &row.person),
            (Label::Details, entry.details, &row.details),
        ] {
            let name = label.name();
            match (committed, found) {
                (None, PartText::NotSent) => {}
                (None, _) => return Err(format!("its entry commits to no {name} part")),
                (Some(_), PartText::NotSent) => {
                    return Err(format!("its {name} part was left out, and not as withheld"));
                }
                (Some(_), PartText::Absent) => match label {
                    Label::Person => self.found.persons_absent += 1,
                    Label::Details => self.found.details_absent += 1,
                },
                (Some(digest), PartText::Here(text)) => {
                    if part::digest(text.as_bytes()) != digest {
                        return Err(format!(
                            "its {name} part is not the one that its entry commits to"
                        ));
                    }
                }
            }
        }
        Ok(entry.occurred_at.unwrap_or(entry.place.recorded_at))
    }

    /// Whether the row stands where it should.
    fn place(&self, number: Option<u64>, seq: u64) -> Result<(), String> {
        let position = self.found.rows;
        if self.manifest.kind == Kind::Filtered {
            return match number {
                Some(number) if number == position + 1 && number <= self.manifest.count => Ok(()),
                Some(number) if number == position + 1 => {
                    Err("the manifest knows of fewer rows".to_owned())
                }
                Some(number) => Err(format!(
                    "row {number} stands where row {} should",
                    position + 1
                )),
                None => Err("it has no row number".to_owned()),
            };
        }
        if number.is_some() {
            return Err("it has a row number that does not belong there".to_owned());
        }
        let expected = self.next;
        let is_last = |last| expected > last;
        if self.claims.is_none() && self.manifest.last.is_none_or(is_last) {
            return Err("it stands behind the last row that the manifest knows of".to_owned());
        }
        if seq == expected {
            Ok(())
        } else {
            Err(format!("seq {expected} should stand here"))
        }
    }

    fn leaf(&mut self, seq: u64, leaf: Hash, chain: Option<Hash>) -> Result<(), String> {
        match (&mut self.chain, chain) {
            (None, None) => {}
            (None, Some(_)) => return Err("it has a chain hash that does not belong there".into()),
            (Some(_), None) => return Err("it has no chain hash".to_owned()),
            (Some(before), Some(chain)) => {
                *before = before.chain(&leaf);
                if *before != chain {
                    return Err("the chain breaks: its chain hash does not follow from the row before and its leaf hash".to_owned());
                }
            }
        }
        self.found.rows += 1;
        self.next = self.next.saturating_add(1);
        let (low, high) = self.seqs.unwrap_or((seq, seq));
        self.seqs = Some((low.min(seq), high.max(seq)));
        if self.manifest.kind == Kind::Whole {
            let (level, begin) = (self.manifest.subtree_level, self.manifest.first);
            let mut met = None;
            self.edge.push_with(leaf, |at, index, hash| {
                if at == level {
                    met = Some((index, hash));
                }
            });
            if let Some((index, hash)) = met {
                let seqs = index << level..(index + 1) << level;
                if begin.is_some_and(|begin| begin <= seqs.start) {
                    let known = self.manifest.subtrees.get(self.subtrees);
                    self.subtrees += 1;
                    if known != Some(&hash) {
                        self.suspect.get_or_insert(seqs);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends where the file ends.
    ///
    /// # Errors
    /// Rows that are missing, or that don't lead to the root.
    pub fn finish(mut self) -> Result<Found, Fault> {
        let Self {
            manifest, found, ..
        } = &self;
        let (manifest, found) = (*manifest, *found);
        if let Some(what) = self.claims {
            return Err(claimed(what));
        }
        if found.rows != manifest.count {
            let seqs = (manifest.kind == Kind::Whole)
                .then(|| self.next..manifest.last.map_or(0, |last| last + 1));
            let from = match &seqs {
                Some(seqs) => format!("seq {}", seqs.start),
                None => format!("row {}", found.rows + 1),
            };
            let what = format!(
                "the file ends early: {from} and what follows are missing; the manifest knows of {} rows",
                manifest.count
            );
            return Err(Fault {
                row: None,
                seqs,
                what,
            });
        }
        if manifest.kind == Kind::Filtered {
            let seen = (manifest.first, manifest.last);
            return if self.seqs.map_or((None, None), |(a, b)| (Some(a), Some(b))) == seen {
                Ok(found)
            } else {
                Err(claimed(
                    "the manifest's first and last seq are not those of its rows",
                ))
            };
        }
        let right = cover(self.edge.size(), self.size);
        let mut hashes = manifest.right.iter();
        let joined = right.into_iter().all(|(level, _)| {
            let hash = hashes.next();
            hash.is_some_and(|hash| self.edge.push_subtree(level, *hash).is_ok())
        });
        if !joined || hashes.next().is_some() {
            return Err(claimed(
                "the manifest has not the hashes right of its range",
            ));
        }
        if self.edge.root() != self.root {
            return Err(self.off_the_root());
        }
        if self.suspect.is_some() || self.subtrees != manifest.subtrees.len() {
            return Err(claimed("the manifest's subtrees are not those of its rows"));
        }
        if self.chain != manifest.chain {
            return Err(claimed("the manifest's chain is not that of its last row"));
        }
        Ok(found)
    }

    fn off_the_root(&self) -> Fault {
        let what = match &self.suspect {
            Some(seqs) => format!(
                "the rows do not lead to the root of the checkpoint: something from seq {} to {} was changed, and its hashes with it",
                seqs.start,
                seqs.end - 1
            ),
            None => "the rows do not lead to the root of the checkpoint: something was changed, and every hash in rows and manifest made to fit, so that no single row can be named".to_owned(),
        };
        Fault {
            row: None,
            seqs: self.suspect.clone(),
            what,
        }
    }
}

/// The first seq and the one behind the last, if they fit the count.
fn range(manifest: &Manifest) -> Option<(u64, u64)> {
    match (manifest.first, manifest.last) {
        (None, None) if manifest.count == 0 && manifest.kind == Kind::Filtered => Some((0, 0)),
        (Some(first), Some(last)) if first <= last => {
            let end = last.checked_add(1)?;
            let fits = match manifest.kind {
                Kind::Whole => end - first == manifest.count,
                Kind::Filtered => (1..=end - first).contains(&manifest.count),
            };
            fits.then_some((first, end))
        }
        _ => None,
    }
}

/// What a checkpoint says of itself.
fn unverified(note: &str) -> Option<Checkpoint> {
    let note = Note::parse(note).ok()?;
    Checkpoint::parse(note.unverified_text()).ok()
}

/// A fault of the manifest.
fn claimed(what: &str) -> Fault {
    Fault {
        row: None,
        seqs: None,
        what: what.to_owned(),
    }
}

fn at(row: u64, seq: Option<u64>, what: &str) -> Fault {
    let place = match seq {
        Some(seq) => format!("row {row} (seq {seq})"),
        None => format!("row {row}"),
    };
    Fault {
        row: Some(row),
        seqs: seq.map(|seq| seq..seq.saturating_add(1)),
        what: format!("{place}: {what}"),
    }
}
