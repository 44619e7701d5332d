//! What verification found, and in one sentence what it rests on.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use ledger::entry::Kind;
use ledger::hash::Hash;
use ledger::name::LogId;

use super::Inputs;

/// Most problems that are listed; more are counted.
const PROBLEMS_MAX: usize = 1_000;

/// What one log turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// The log.
    pub log: LogId,
    /// What it is for.
    pub kind: Option<Kind>,
    /// Entries found.
    pub size: u64,
    /// Root over all of them.
    pub root: Hash,
    /// Entries that an outside head vouches for.
    pub vouched: u64,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In which log.
    pub log: Option<LogId>,
    /// At which entry.
    pub seq: Option<u64>,
    /// In which file.
    pub file: Option<PathBuf>,
    /// What.
    pub what: String,
}

impl fmt::Display for Problem {
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
            write!(f, " ({})", file.display())?;
        }
        Ok(())
    }
}

/// The outside evidence that was held against the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Heads in the signer's memory.
    pub heads: usize,
    /// Anchored checkpoints.
    pub anchors: usize,
    /// Checkpoints that the verifier kept.
    pub checkpoints: usize,
    /// Receipts that producers kept.
    pub receipts: usize,
    /// Whether the keys directory was at hand.
    pub keys: bool,
}

/// The result in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything agrees with what was expected from outside.
    Verified,
    /// Something does not.
    Tampered,
    /// The data agree with themselves; nothing outside vouches for them.
    SelfConsistent,
}

impl Verdict {
    /// The exit code of `veritrail verify`.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Tampered => 1,
            Self::SelfConsistent => 4,
        }
    }

    /// The verdict's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Tampered => "tampered",
            Self::SelfConsistent => "self-consistent",
        }
    }
}

/// What verification found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The logs.
    pub logs: Vec<LogReport>,
    /// What is wrong, in the order it was found.
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub problems_more: u64,
    /// Remarks that are no problem.
    pub notes: Vec<String>,
    /// Entries read.
    pub entries: u64,
    /// Parts read.
    pub parts: u64,
    /// Entries behind the last signed head.
    pub unsigned: u64,
    /// Acknowledged entries that stand in the journal only.
    pub journal_entries: u64,
    /// Receipts whose entries may stand in the journal, which can't be read without the keys directory.
    pub receipts_open: u64,
    /// What it was held against.
    pub outside: Outside,
}

impl Report {
    pub(super) fn problem(
        &mut self,
        log: Option<LogId>,
        seq: Option<u64>,
        file: Option<PathBuf>,
        what: impl Into<String>,
    ) {
        if self.problems.len() >= PROBLEMS_MAX {
            self.problems_more += 1;
            return;
        }
        self.problems.push(Problem {
            log,
            seq,
            file,
            what: what.into(),
        });
    }

    pub(super) fn finish(mut self, inputs: &Inputs) -> Self {
        self.outside = Outside {
            heads: inputs
                .pinned
                .as_ref()
                .map_or(0, |pinned| pinned.heads.len()),
            anchors: inputs.anchors.len(),
            checkpoints: inputs.checkpoints.len(),
            receipts: inputs.receipts.len(),
            keys: inputs.pinned.is_some(),
        };
        self
    }

    /// The result. Something outside must vouch for every log; with the keys directory at hand, a log that is not
    /// signed yet still bears its check in every block.
    pub fn verdict(&self) -> Verdict {
        let Outside {
            heads,
            anchors,
            checkpoints,
            receipts: _,
            keys,
        } = self.outside;
        if !self.problems.is_empty() {
            Verdict::Tampered
        } else if heads + anchors + checkpoints > 0
            && (keys || self.unvouched() == 0)
            && self.receipts_open == 0
        {
            Verdict::Verified
        } else {
            Verdict::SelfConsistent
        }
    }

    /// Logs with entries that nothing outside vouches for.
    fn unvouched(&self) -> usize {
        self.logs
            .iter()
            .filter(|log| log.vouched == 0 && log.size > 0)
            .count()
    }

    /// What the result rests on.
    pub fn sentence(&self) -> String {
        let counted = format!("{} entries of {} logs", self.entries, self.logs.len());
        let rests = self.rests();
        let unvouched = self.unvouched();
        match self.verdict() {
            Verdict::Tampered => {
                let count = self.problems.len() as u64 + self.problems_more;
                let plural = if count == 1 { "" } else { "s" };
                format!("Tampered: {count} problem{plural} found in {counted}.")
            }
            Verdict::SelfConsistent if self.outside.keys => format!(
                "Self-consistent only: {counted} agree with themselves, but nothing was signed yet; verify again when \
                 the first checkpoint is."
            ),
            Verdict::SelfConsistent if self.receipts_open > 0 => format!(
                "Self-consistent only: {counted} agree with themselves, but {} entries that receipts were given for \
                 may stand in the journal, which is read with the keys directory only.",
                self.receipts_open
            ),
            Verdict::SelfConsistent if rests.is_empty() => format!(
                "Self-consistent only: {counted} agree with themselves, but nothing outside the data directory vouches \
                 for them; name the keys directory, an anchor or a checkpoint that you kept."
            ),
            Verdict::SelfConsistent => format!(
                "Self-consistent only: {counted} agree with themselves, but nothing vouches for {unvouched} of the \
                 logs; the others rest on {rests}."
            ),
            Verdict::Verified => {
                let mut text =
                    format!("Verified: {counted} are as they were signed, resting on {rests}");
                if unvouched > 0 {
                    _ = write!(text, "; {unvouched} of the logs are not signed yet");
                }
                if self.unsigned + self.journal_entries > 0 {
                    let behind = self.unsigned + self.journal_entries;
                    _ = write!(text, "; {behind} newer entries are not signed yet");
                }
                text.push('.');
                text
            }
        }
    }

    /// The outside evidence, in words; empty when there is none.
    fn rests(&self) -> String {
        let Outside {
            heads,
            anchors,
            checkpoints,
            receipts,
            keys,
        } = self.outside;
        let mut rests = Vec::new();
        if keys && heads > 0 {
            rests.push(format!(
                "the {heads} heads that the signer remembers in the keys directory"
            ));
        }
        for (count, what) in [
            (anchors, "anchored checkpoints"),
            (checkpoints, "checkpoints that you kept"),
            (receipts, "receipts"),
        ] {
            if count > 0 {
                rests.push(format!("{count} {what}"));
            }
        }
        rests.join(", ")
    }
}
