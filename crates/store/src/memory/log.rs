//! One log in memory: records, the tree over them, and the ids that were used.

use std::collections::BTreeMap;
use std::ops::Range;

use ed25519_dalek::SigningKey;
use ledger::checkpoint::Checkpoint;
use ledger::content::{Repetition, compare};
use ledger::entry::{Entry, Opening};
use ledger::export::is_manifest;
use ledger::hash::Hash;
use ledger::keyring::TenantKeys;
use ledger::note::{NoteError, VerifierKey, sign_note};
use ledger::part::{self, Label};
use ledger::prepare::Prepared;
use ledger::seal::{Head, Sealed};
use ledger::time::Micros;

use crate::batch::{Outcome, Receipt};
use crate::error::StoreError;
use crate::record::{LogHead, LogRef, Record, SignedHead};

/// One log.
#[derive(Debug)]
pub(super) struct Log {
    /// Whose it is, which, and what for.
    pub(super) place: LogRef,
    /// The size that was last recorded in the instance log.
    pub(super) recorded: u64,
    origin: String,
    head: Head,
    records: Vec<Record>,
    /// By (source, id).
    ids: BTreeMap<(String, String), u64>,
    /// Hashes of the complete subtrees, by level.
    levels: Vec<Vec<Hash>>,
    signed: Option<SignedHead>,
}

impl Log {
    /// Opens a log: writes its entry 0.
    pub(super) fn open(
        place: LogRef,
        instance_origin: &str,
        key: &SigningKey,
        now: Micros,
    ) -> Result<Self, StoreError> {
        let origin = format!("{instance_origin}/{}", place.log());
        let vkey = VerifierKey::new(&origin, key.verifying_key()).map_err(unsigned)?;
        let mut head = Head::new(place.log());
        let sealed = head.open(&Opening {
            log: place.log(),
            kind: place.kind(),
            tenant: place.tenant(),
            origin: origin.clone(),
            vkey: vkey.to_string(),
            recorded_at: now,
            predecessor: None,
        });
        let mut log = Self {
            place,
            recorded: 0,
            origin,
            head,
            records: Vec::new(),
            ids: BTreeMap::new(),
            levels: Vec::new(),
            signed: None,
        };
        log.keep(sealed, None, None);
        Ok(log)
    }

    /// Appends one event, or answers for the one that has its id.
    pub(super) fn append(&mut self, event: &Prepared, keys: &TenantKeys, now: Micros) -> Outcome {
        let id = (event.source.clone(), event.id.clone());
        if let Some(record) = self.ids.get(&id).and_then(|seq| self.record(*seq)) {
            return repeated(record, event, keys);
        }
        let sealed = self.head.seal(event, now);
        police(&sealed, event);
        let receipt = Receipt {
            log: self.place.log(),
            seq: sealed.seq,
            id: event.id.clone(),
            leaf: sealed.leaf,
            recorded_at: sealed.recorded_at,
        };
        self.ids.insert(id, sealed.seq);
        let bytes = |label| event.part(label).map(|part| part.bytes.clone());
        self.keep(sealed, bytes(Label::Person), bytes(Label::Details));
        Outcome::Stored(receipt)
    }

    fn keep(&mut self, sealed: Sealed, person: Option<Vec<u8>>, details: Option<Vec<u8>>) {
        let mut hash = sealed.leaf;
        self.records.push(Record {
            seq: sealed.seq,
            entry: sealed.entry,
            person,
            details,
        });
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else {
                return;
            };
            hashes.push(hash);
            match hashes.as_slice() {
                [.., left, right] if hashes.len() % 2 == 0 => hash = Hash::node(left, right),
                _ => return,
            }
        }
    }

    /// Entries sealed so far.
    pub(super) fn size(&self) -> u64 {
        self.head.size()
    }

    /// Time of the last entry.
    pub(super) fn last(&self) -> Micros {
        self.head.last()
    }

    /// The newest checkpoint.
    pub(super) fn signed(&self) -> Option<&SignedHead> {
        self.signed.as_ref()
    }

    pub(super) fn head(&self) -> LogHead {
        LogHead {
            size: self.size(),
            signed: self.signed.clone(),
        }
    }

    /// Signs the head unless that was done.
    pub(super) fn sign(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        if self
            .signed
            .as_ref()
            .is_some_and(|signed| signed.size == self.size())
        {
            return Ok(());
        }
        let (size, root) = (self.size(), self.head.range().root());
        let checkpoint = Checkpoint::new(&self.origin, size, root)
            .map_err(|error| StoreError::engine("signing a checkpoint", error))?;
        let note = sign_note(&checkpoint.to_string(), &self.origin, key).map_err(unsigned)?;
        self.signed = Some(SignedHead { size, root, note });
        Ok(())
    }

    /// Signs the manifest of an export.
    pub(super) fn sign_export(&self, text: &str, key: &SigningKey) -> Result<String, StoreError> {
        if !is_manifest(text) {
            let why = "a text that is no manifest";
            return Err(StoreError::engine("signing a manifest", why));
        }
        sign_note(text, &self.origin, key)
            .map_err(|error| StoreError::engine("signing a manifest", error))
    }

    fn record(&self, seq: u64) -> Option<&Record> {
        self.records.get(usize::try_from(seq).ok()?)
    }

    /// The records of a range, `count_max` at most.
    pub(super) fn records(&self, range: Range<u64>, count_max: u64) -> Vec<Record> {
        let end = range.end.min(range.start.saturating_add(count_max));
        let end = end.min(self.size());
        (range.start..end)
            .filter_map(|seq| self.record(seq))
            .cloned()
            .collect()
    }

    /// Every record.
    pub(super) fn all(&self) -> &[Record] {
        &self.records
    }

    /// Places of an id, whatever its source.
    pub(super) fn find(&self, id: &str) -> Vec<u64> {
        let found = self.ids.iter().filter(|((_, known), _)| known == id);
        let mut places: Vec<u64> = found.map(|(_, seq)| *seq).collect();
        places.sort_unstable();
        places
    }

    /// The hash of a complete subtree.
    pub(super) fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let hashes = self.levels.get(usize::from(level))?;
        hashes.get(usize::try_from(index).ok()?).copied()
    }
}

fn unsigned(error: NoteError) -> StoreError {
    StoreError::engine("signing a checkpoint", error)
}

/// The answer to an event whose id is taken: from the stored bytes, never from what was sent.
fn repeated(record: &Record, event: &Prepared, keys: &TenantKeys) -> Outcome {
    let Ok(entry) = Entry::parse(&record.entry) else {
        return Outcome::Conflict;
    };
    let parts = [
        (Label::Details, record.details.as_deref()),
        (Label::Person, record.person.as_deref()),
    ];
    match compare(&entry, &parts, event, keys) {
        Repetition::Same => Outcome::Repeated(Receipt {
            log: entry.place.log,
            seq: entry.place.seq,
            id: entry.id.to_owned(),
            leaf: Hash::leaf(&record.entry),
            recorded_at: entry.place.recorded_at,
        }),
        // There is one masking key here, for ever.
        Repetition::Different | Repetition::OtherKey => Outcome::Conflict,
    }
}

/// An entry says what its event says, and names the parts that are kept beside it. What fails here is a bug of ours.
fn police(sealed: &Sealed, event: &Prepared) {
    let entry = Entry::parse(&sealed.entry).ok();
    assert!(
        entry.as_ref().is_some_and(|entry| {
            entry.id == event.id
                && entry.source == event.source
                && entry.place.seq == sealed.seq
                && entry.place.recorded_at == sealed.recorded_at
        }),
        "a sealed entry is of its event"
    );
    for label in Label::ALL {
        let named = entry.as_ref().and_then(|entry| match label {
            Label::Details => entry.details,
            Label::Person => entry.person,
        });
        let held = event.part(label).map(|part| part::digest(&part.bytes));
        assert!(
            named == held.as_deref(),
            "an entry names the parts beside it"
        );
    }
    assert!(
        Hash::leaf(&sealed.entry) == sealed.leaf,
        "a leaf is of its bytes"
    );
}
