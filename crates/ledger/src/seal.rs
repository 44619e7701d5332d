//! Sealing: an event gets its seq, its entry bytes and its leaf hash. Pure; each store calls it under its head lock.
//!
//! Promises: `recorded_at` never runs backwards within a log; a head that was not stored is not advanced, because the
//! caller seals on a copy and keeps it only when the bytes are safe.

use crate::entry::Opening;
use crate::flags::Flags;
use crate::hash::Hash;
use crate::limits::{CLOCK_AHEAD_MICROS_MAX, ENTRY_BYTES_MAX};
use crate::name::LogId;
use crate::prepare::Prepared;
use crate::time::Micros;
use crate::tree::CompactRange;

/// Where a log ends.
#[derive(Clone, Debug)]
pub struct Head {
    log: LogId,
    name: String,
    range: CompactRange,
    last: Micros,
    last_text: String,
}

/// A sealed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its place in the log.
    pub seq: u64,
    /// Our time.
    pub recorded_at: Micros,
    /// The leaf.
    pub entry: Vec<u8>,
    /// The leaf's hash.
    pub leaf: Hash,
}

impl Head {
    /// The head of a log that has no entry yet.
    pub fn new(log: LogId) -> Self {
        Self::resume(log, CompactRange::new(), Micros::default())
    }

    /// A head as it was left: the tree's right edge and the last entry's time.
    pub fn resume(log: LogId, range: CompactRange, last: Micros) -> Self {
        Self {
            log,
            name: log.to_string(),
            range,
            last,
            last_text: last.to_string(),
        }
    }

    /// The log.
    pub fn log(&self) -> LogId {
        self.log
    }

    /// Entries sealed so far.
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// The tree's right edge.
    pub fn range(&self) -> &CompactRange {
        &self.range
    }

    /// Time of the last entry.
    pub fn last(&self) -> Micros {
        self.last
    }

    /// Seals entry 0 of a new log. `opening.log` is this head's log.
    pub fn open(&mut self, opening: &Opening) -> Sealed {
        assert!(
            self.size() == 0 && opening.log == self.log,
            "entry 0 opens its own, empty log"
        );
        self.advance(opening.recorded_at);
        self.push(opening.encode(), opening.recorded_at)
    }

    /// Seals one event at `now`.
    pub fn seal(&mut self, event: &Prepared, now: Micros) -> Sealed {
        assert!(self.size() > 0, "entry 0 comes first");
        let mut flags = event.draft.flags();
        if now < self.last {
            flags = flags.with(Flags::CLOCK_CLAMPED);
        }
        self.advance(now);
        let ahead = event
            .occurred_at
            .map_or(0, |at| at.as_micros() - now.as_micros());
        if ahead > CLOCK_AHEAD_MICROS_MAX {
            flags = flags.with(Flags::CLOCK_AHEAD);
        }
        let entry = event
            .draft
            .complete(&self.name, self.size(), &self.last_text, flags);
        self.push(entry, self.last)
    }

    fn advance(&mut self, now: Micros) {
        if now > self.last {
            self.last = now;
            self.last_text = now.to_string();
        }
    }

    fn push(&mut self, entry: Vec<u8>, recorded_at: Micros) -> Sealed {
        assert!(
            entry.len() <= ENTRY_BYTES_MAX,
            "the closed schema keeps entries small"
        );
        let leaf = Hash::leaf(&entry);
        let seq = self.size();
        self.range.push(leaf);
        Sealed {
            seq,
            recorded_at,
            entry,
            leaf,
        }
    }
}

#[cfg(test)]
mod tests;
