//! Verification of a data directory from its bytes alone: packs and journal, no lock, no state file, while the server
//! runs or long after it stopped.
//!
//! What is expected comes from outside: the signer's memory in the keys directory (which logs there are, how far each
//! was signed, with which root), anchors, pinned checkpoints, receipts. Every entry is hashed again, every part
//! digested again, every statement of the instance log about other logs held against them. Must never trust a size, a
//! root or a key that the data directory itself names, except to say that it agrees with itself.

mod block_check;
mod journal_check;
mod ledger_check;
mod report;
mod scan;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use keys::durable::Disk;
use keys::signer::PinnedHead;
use ledger::hash::Hash;
use ledger::name::{InstanceId, LogId};

pub use report::{LogReport, Outside, Problem, Report, Verdict};

use crate::layout::{Layout, LayoutError, Stage};
use crate::mac::FrameKey;
use ledger_check::Ledger;

/// What the keys directory says.
#[derive(Clone)]
pub struct Pinned {
    /// Whose keys they are.
    pub instance: InstanceId,
    /// The signer's public key.
    pub public_key: [u8; 32],
    /// The key of journal frames and blocks.
    pub frame_key: [u8; 32],
    /// What was signed last, of every log.
    pub heads: BTreeMap<LogId, PinnedHead>,
}

impl std::fmt::Debug for Pinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pinned")
            .field("instance", &self.instance)
            .field("heads", &self.heads)
            .finish_non_exhaustive()
    }
}

/// A receipt that a producer kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReceipt {
    /// The log.
    pub log: LogId,
    /// The place.
    pub seq: u64,
    /// The leaf's hash.
    pub leaf: Hash,
}

/// What to verify, and against what.
#[derive(Debug)]
pub struct Inputs {
    /// Where bytes are kept.
    pub disk: Arc<dyn Disk>,
    /// The data directory.
    pub data: PathBuf,
    /// The keys directory's word, taken *before* the data are read, so that a running server may go on.
    pub pinned: Option<Pinned>,
    /// Checkpoints published outside while the log grew.
    pub anchors: Vec<String>,
    /// Checkpoints that the verifier kept.
    pub checkpoints: Vec<String>,
    /// Receipts that producers kept.
    pub receipts: Vec<KeptReceipt>,
    /// Reports how many bytes of how many are read.
    pub progress: Option<Observer>,
}

/// Who is told how far it is. Called often: it must not take long.
pub struct Observer(Box<dyn Fn(u64, u64) + Send + Sync>);

impl Observer {
    /// Tells `observe` how much of how much is done.
    pub fn new(observe: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Box::new(observe))
    }

    fn tell(&self, done: u64, total: u64) {
        (self.0)(done, total);
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The directory can't be used.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The disk failed.
    #[error("can't read {}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Verifies a data directory.
pub fn run(inputs: &Inputs) -> Result<Report, VerifyError> {
    let layout = Layout::new(&inputs.data);
    let format = match layout.stage(&*inputs.disk)? {
        Stage::Whole(format) => format,
        Stage::Empty => {
            return Err(LayoutError::Missing {
                path: inputs.data.clone(),
            }
            .into());
        }
    };
    let mut report = Report::default();
    let key = inputs
        .pinned
        .as_ref()
        .map(|pinned| FrameKey::new(&pinned.frame_key));
    if let Some(pinned) = &inputs.pinned
        && pinned.instance != format.instance
    {
        report.problem(
            None,
            None,
            Some(layout.format()),
            "the data belong to another instance than the keys",
        );
        return Ok(report.finish(inputs));
    }
    let mut ledger = Ledger::new(inputs);
    ledger.read_own_notes(inputs, &layout)?;
    let journaled = match &key {
        Some(key) => journal_check::read(&*inputs.disk, &layout, key, &mut report)?,
        None => Vec::new(),
    };
    scan::packs(
        inputs,
        &layout,
        format.instance,
        key.as_ref(),
        &mut ledger,
        &mut report,
    )?;
    journal_check::hold(&journaled, &mut ledger, &mut report);
    let wanted = ledger.conclude(inputs, &layout, &mut report);
    if !wanted.is_empty() {
        // Roots at sizes where no run ended: read once more, looking at those sizes only.
        let mut again = Ledger::looking_for(inputs, wanted);
        scan::packs(
            inputs,
            &layout,
            format.instance,
            key.as_ref(),
            &mut again,
            &mut Report::default(),
        )?;
        again.resolve(&mut report);
    }
    Ok(report.finish(inputs))
}
