//! Consecutive records of one log, as they travel from the writer through the tail into packs.

use std::sync::Arc;

use ledger::entry::Entry;
use ledger::hash::Hash;
use ledger::name::LogId;
use sha2::{Digest, Sha256};

/// One sealed entry with its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The leaf's bytes.
    pub(crate) entry: Vec<u8>,
    /// The `person` part.
    pub(crate) person: Option<Vec<u8>>,
    /// The `details` part.
    pub(crate) details: Option<Vec<u8>>,
    /// The leaf's hash.
    pub(crate) leaf: Hash,
    /// [`id_key`] of the event; `None` for entry 0.
    pub(crate) id_key: Option<u64>,
}

impl Stored {
    /// A record as it was read back: hash and key are computed from the bytes.
    pub(crate) fn from_bytes(
        log: LogId,
        entry: &[u8],
        person: Option<&[u8]>,
        details: Option<&[u8]>,
    ) -> Self {
        Self {
            leaf: Hash::leaf(entry),
            id_key: Entry::parse(entry).ok().map(|entry| id_key(log, entry.id)),
            entry: entry.to_vec(),
            person: person.map(<[u8]>::to_vec),
            details: details.map(<[u8]>::to_vec),
        }
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        let part = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        160 + self.entry.len() + part(&self.person) + part(&self.details)
    }
}

/// Records from `first` on, without a gap.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The log.
    pub(crate) log: LogId,
    /// Place of the first record.
    pub(crate) first: u64,
    /// The records; shared between tail, readers and packer.
    pub(crate) records: Arc<Vec<Stored>>,
}

impl Run {
    /// Place behind the last record.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.records.iter().map(Stored::size).sum()
    }
}

/// Where an event id is looked up: 64 bits of SHA-256(log ‖ id). Only a hint; whoever uses it compares ids in full.
pub(crate) fn id_key(log: LogId, id: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(log.0)
        .chain_update(id.as_bytes())
        .finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |key, byte| (key << 8) | u64::from(*byte))
}
