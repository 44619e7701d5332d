//! One log from its first entry to its last, checked from bytes.
//!
//! Promises: nothing is believed that was not computed from the records that are handed in; the first thing that does not
//! hold is named by its seq; memory stays the same whatever the log's size. Must never: read anything itself.

use ledger::checkpoint;
use ledger::entry::{Entry, Opening};
use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::note::VerifierKey;
use ledger::part::digest;
use ledger::time::Micros;
use ledger::tree::CompactRange;
use store::{Record, SignedHead};

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Which entry, if it is one.
    pub(super) seq: Option<u64>,
    /// What was found.
    pub(super) what: &'static str,
}

fn fault(seq: u64, what: &'static str) -> Fault {
    Fault {
        seq: Some(seq),
        what,
    }
}

/// A log as far as it was read.
#[derive(Debug)]
pub(super) struct Walk {
    log: LogId,
    range: CompactRange,
    opening: Option<Opening>,
    last: Option<Micros>,
}

impl Walk {
    pub(super) fn new(log: LogId) -> Self {
        Self {
            log,
            range: CompactRange::new(),
            opening: None,
            last: None,
        }
    }

    /// Entries that were read.
    pub(super) fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root of the entries that were read.
    pub(super) fn root(&self) -> Hash {
        self.range.root()
    }

    /// Takes the records that follow.
    pub(super) fn take(&mut self, records: &[Record]) -> Result<(), Fault> {
        records.iter().try_for_each(|record| self.record(record))
    }

    fn record(&mut self, record: &Record) -> Result<(), Fault> {
        let seq = self.range.size();
        if record.seq != seq {
            return Err(fault(seq, "the entry is missing"));
        }
        let recorded_at = if seq == 0 {
            self.open(record)?
        } else {
            self.entry(record)?
        };
        if self.last.is_some_and(|last| recorded_at < last) {
            return Err(fault(seq, "it was recorded before the entry before it"));
        }
        self.last = Some(recorded_at);
        self.range.push(Hash::leaf(&record.entry));
        Ok(())
    }

    fn open(&mut self, record: &Record) -> Result<Micros, Fault> {
        let opening = Opening::parse(&record.entry)
            .map_err(|_| fault(0, "the first entry does not open a log"))?;
        if opening.log != self.log {
            return Err(fault(0, "the first entry opens another log"));
        }
        let at = opening.recorded_at;
        self.opening = Some(opening);
        Ok(at)
    }

    fn entry(&self, record: &Record) -> Result<Micros, Fault> {
        let seq = record.seq;
        let entry =
            Entry::parse(&record.entry).map_err(|_| fault(seq, "its bytes are no entry"))?;
        if entry.place.log != self.log || entry.place.seq != seq {
            return Err(fault(seq, "the entry says that it belongs elsewhere"));
        }
        let parts = [
            (
                &record.person,
                entry.person,
                "its person part is not the one that the entry commits to",
            ),
            (
                &record.details,
                entry.details,
                "its details part is not the one that the entry commits to",
            ),
        ];
        for (part, said, what) in parts {
            // A part that is gone leaves the entry as it was.
            let Some(bytes) = part else { continue };
            if said != Some(digest(bytes).as_str()) {
                return Err(fault(seq, what));
            }
        }
        Ok(entry.place.recorded_at)
    }

    /// Holds what was read against the signed checkpoint, and the hashes that the store would prove with.
    pub(super) fn finish(&self, head: &SignedHead, stored_root: Hash) -> Result<(), Fault> {
        let fault = |what| Err(Fault { seq: None, what });
        let opening = self.opening.as_ref();
        let Some((opening, key)) =
            opening.and_then(|opening| Some((opening, VerifierKey::parse(&opening.vkey).ok()?)))
        else {
            return fault("the first entry names no key that signs");
        };
        let Ok(checkpoint) = checkpoint::open(&head.note, &key, &opening.origin) else {
            return fault("the checkpoint is not signed by the key that the first entry names");
        };
        if checkpoint.size() != self.range.size() {
            return fault("the checkpoint covers another number of entries");
        }
        if *checkpoint.root() != self.range.root() {
            return fault("the entries have another root than the signed checkpoint");
        }
        if stored_root != self.range.root() {
            return fault("the stored hashes lead to another root than the entries");
        }
        Ok(())
    }
}
