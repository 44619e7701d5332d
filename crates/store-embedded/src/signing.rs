//! Signing heads: proofs for the signer, checkpoints for everybody.
//!
//! The signer is shared with exports, whose manifests it signs at any time: see [`SharedSigner`].
//!
//! The signer trusts nobody, so each head comes with a proof that it extends the one signed before. The proof is made
//! from the right edge at the last signature and the leaves since, without reading anything back.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy, replace};
use keys::signer::{Extension, Signer};
use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::tree::{CompactRange, consistency_plan};
use store::{SignedHead, StoreError};

/// The file of checkpoints is written anew beyond this many bytes over what it must hold.
const SLACK_BYTES: u64 = 4 * 1024 * 1024;

/// The one signer of the store: the packer signs heads with it, exports their manifests. The lock is held for a signature,
/// or for the fsync before many of them.
pub(crate) type SharedSigner = Arc<Mutex<Box<dyn Signer>>>;

/// Takes the signer.
pub(crate) fn lock(signer: &SharedSigner) -> MutexGuard<'_, Box<dyn Signer>> {
    signer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is packed but not signed.
#[derive(Debug)]
struct Unsigned {
    origin: String,
    /// The right edge at the last signature.
    edge: CompactRange,
    leaves: Vec<Hash>,
}

/// The signer and what it has not signed yet.
#[derive(Debug)]
pub(crate) struct Signing {
    signer: SharedSigner,
    unsigned: BTreeMap<LogId, Unsigned>,
    edges: BTreeMap<LogId, CompactRange>,
    notes: Notes,
}

impl Signing {
    pub(crate) fn new(signer: SharedSigner, notes: Notes) -> Self {
        Self {
            signer,
            unsigned: BTreeMap::new(),
            edges: BTreeMap::new(),
            notes,
        }
    }

    pub(crate) fn signer(&self) -> MutexGuard<'_, Box<dyn Signer>> {
        lock(&self.signer)
    }

    /// Says where a log stood at its last signature.
    pub(crate) fn set_edge(&mut self, log: LogId, edge: CompactRange) {
        self.edges.insert(log, edge);
    }

    /// Adds packed leaves.
    pub(crate) fn extend(&mut self, log: LogId, origin: String, leaves: Vec<Hash>) {
        let edge = self.edges.get(&log).cloned().unwrap_or_default();
        let unsigned = self.unsigned.entry(log).or_insert_with(|| Unsigned {
            origin,
            edge,
            leaves: Vec::new(),
        });
        unsigned.leaves.extend(leaves);
    }

    /// Signs everything that waits.
    pub(crate) fn sign(&mut self) -> Result<Vec<(LogId, SignedHead)>, StoreError> {
        let mut extensions = Vec::with_capacity(self.unsigned.len());
        let mut edges = Vec::with_capacity(self.unsigned.len());
        for (log, unsigned) in &self.unsigned {
            let mut edge = unsigned.edge.clone();
            unsigned.leaves.iter().for_each(|leaf| edge.push(*leaf));
            let (size, root) = (edge.size(), edge.root());
            let proof = unsigned.proof()?;
            extensions.push(Extension {
                log: *log,
                origin: unsigned.origin.clone(),
                size,
                root,
                proof,
            });
            edges.push(edge);
        }
        let mut signed = Vec::with_capacity(extensions.len());
        for (chunk, edges) in extensions.chunks(EXTENSIONS).zip(edges.chunks(EXTENSIONS)) {
            let answers = lock(&self.signer)
                .sign(chunk)
                .map_err(|error| StoreError::engine("signing checkpoints", error))?;
            for ((extension, edge), answer) in chunk.iter().zip(edges).zip(answers) {
                let note = answer.map_err(|refusal| {
                    StoreError::Damaged(format!("the signer refused: {refusal}"))
                })?;
                self.edges.insert(extension.log, edge.clone());
                signed.push((
                    extension.log,
                    SignedHead {
                        size: extension.size,
                        root: extension.root,
                        note,
                    },
                ));
            }
        }
        self.unsigned.clear();
        Ok(signed)
    }

    /// Keeps checkpoints in the data directory.
    pub(crate) fn keep(&mut self, notes: Vec<(LogId, String)>) {
        // The signer's own memory is what counts; a lost line here is signed again at the next start.
        if let Err(error) = self.notes.append(notes) {
            tracing::warn!(%error, "could not keep checkpoints in the data directory");
        }
    }
}

/// Heads signed with one fsync.
const EXTENSIONS: usize = 10_000;

impl Unsigned {
    /// RFC 6962 consistency proof from the last signed head.
    fn proof(&self) -> Result<Vec<Hash>, StoreError> {
        let old = self.edge.size();
        if old == 0 {
            return Ok(Vec::new());
        }
        let failed = |error: ledger::tree::TreeError| StoreError::engine("proving a head", error);
        let plan = consistency_plan(old, old + self.leaves.len() as u64).map_err(failed)?;
        let nodes: Option<Vec<Hash>> = plan
            .nodes()
            .iter()
            .map(|(level, index)| self.node(*level, *index))
            .collect();
        let nodes = nodes.ok_or_else(|| {
            StoreError::Damaged("a proof needs a node that is not at hand".into())
        })?;
        plan.assemble(&nodes).map_err(failed)
    }

    /// A perfect subtree: of the right edge, or of new leaves, or one that joins both.
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let start = index << level;
        let mut at = 0;
        for (position, hash) in edge_levels(self.edge.size()).zip(self.edge.hashes()) {
            if position == level && at == start {
                return Some(*hash);
            }
            at += 1 << position;
        }
        if level == 0 {
            let leaf = usize::try_from(start.checked_sub(self.edge.size())?).ok()?;
            return self.leaves.get(leaf).copied();
        }
        Some(Hash::node(
            &self.node(level - 1, index * 2)?,
            &self.node(level - 1, index * 2 + 1)?,
        ))
    }
}

/// Levels of the perfect subtrees of a right edge, widest first.
fn edge_levels(size: u64) -> impl Iterator<Item = u8> {
    (0..64_u8).rev().filter(move |level| size >> level & 1 == 1)
}

/// The file of checkpoints: JSON strings, one a line; the last of each log counts.
#[derive(Debug)]
pub(crate) struct Notes {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    end: u64,
    latest: BTreeMap<LogId, String>,
    live: u64,
}

impl Notes {
    /// Writes the file anew with one checkpoint per log.
    pub(crate) fn begin(
        disk: Arc<dyn Disk>,
        path: PathBuf,
        latest: BTreeMap<LogId, String>,
    ) -> io::Result<Self> {
        let (file, end) = write_all(&*disk, &path, &latest)?;
        Ok(Self {
            disk,
            path,
            file,
            end,
            latest,
            live: end,
        })
    }

    fn append(&mut self, notes: Vec<(LogId, String)>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for (log, note) in notes {
            bytes.extend_from_slice(line(&note).as_bytes());
            self.latest.insert(log, note);
        }
        if self.end + bytes.len() as u64 > self.live * 2 + SLACK_BYTES {
            (self.file, self.end) = write_all(&*self.disk, &self.path, &self.latest)?;
            self.live = self.end;
            return Ok(());
        }
        self.file.write_at(&bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

/// A note as a JSON string and a line's end.
pub(crate) fn line(note: &str) -> String {
    let mut out = String::with_capacity(note.len() + 16);
    ledger::json::write_string(note, &mut out);
    out.push('\n');
    out
}

fn write_all(
    disk: &dyn Disk,
    path: &std::path::Path,
    latest: &BTreeMap<LogId, String>,
) -> io::Result<(Box<dyn DiskFile>, u64)> {
    let bytes: String = latest.values().map(|note| line(note)).collect();
    replace(disk, path, bytes.as_bytes(), Secrecy::Ordinary)?;
    Ok((
        disk.open(path, OpenMode::ReadWrite, Secrecy::Ordinary)?,
        bytes.len() as u64,
    ))
}
