//! The journal's files: what is acknowledged but not packed yet must at least be whole.
//!
//! They are read before the packs: a server that goes on writing moves records from here to there and then removes
//! them here. What a look at the journal misses stands in packs that are opened later; the other way round it would be
//! seen in neither place.

use std::io;
use std::path::PathBuf;

use keys::durable::Disk;
use ledger::hash::Hash;
use ledger::name::LogId;

use super::ledger_check::Ledger;
use super::{Report, VerifyError};
use crate::frame::{self, Found};
use crate::journal::{FILE_HEADER_BYTES, first_frame, is_unbegun};
use crate::layout::Layout;
use crate::mac::FrameKey;

/// Bytes of one journal file at most: its usual length and one group.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Consecutive records of one log in a journal file.
#[derive(Debug)]
pub(super) struct Journaled {
    log: LogId,
    first: u64,
    leaves: Vec<Hash>,
    path: PathBuf,
}

/// Tells the ledger, which has read the packs by now, what stands in the journal only.
pub(super) fn hold(journaled: &[Journaled], ledger: &mut Ledger, report: &mut Report) {
    for run in journaled {
        let packed = ledger.size_of(run.log);
        for (seq, leaf) in (run.first..).zip(&run.leaves) {
            if seq >= packed {
                report.journal_entries += 1;
                ledger.journaled(run.log, seq, *leaf, &run.path, report);
            }
        }
    }
}

/// Reads the journal while the server may be writing it.
pub(super) fn read(
    disk: &dyn Disk,
    layout: &Layout,
    key: &FrameKey,
    report: &mut Report,
) -> Result<Vec<Journaled>, VerifyError> {
    let mut journaled = Vec::new();
    let directory = layout.journal();
    let names = disk.list(&directory).map_err(|source| VerifyError::Disk {
        path: directory.clone(),
        source,
    })?;
    let numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".vtj").and_then(|name| name.parse().ok()))
        .collect();
    for (index, number) in numbers.iter().copied().enumerate() {
        let path = crate::journal::path_of(&directory, number);
        let bytes = match disk.read(&path, FILE_BYTES_MAX) {
            // Cut by the server in between.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(|source| VerifyError::Disk {
                path: path.clone(),
                source,
            })?,
        };
        let newest = index + 1 == numbers.len();
        let file = File {
            path,
            number,
            newest,
        };
        file.frames(&bytes, key, &mut journaled, report);
    }
    Ok(journaled)
}

/// One file of the journal.
struct File {
    path: PathBuf,
    number: u64,
    /// Only the newest one can end in what is being written.
    newest: bool,
}

impl File {
    fn frames(
        &self,
        bytes: &[u8],
        key: &FrameKey,
        journaled: &mut Vec<Journaled>,
        report: &mut Report,
    ) {
        let mut at = FILE_HEADER_BYTES;
        let mut problem = |what: String| report.problem(None, None, Some(self.path.clone()), what);
        let Some(mut next) = first_frame(bytes, self.number) else {
            if !(self.newest && is_unbegun(bytes)) {
                problem("the journal file's header is wrong".to_owned());
            }
            return;
        };
        loop {
            match frame::read(bytes.get(at..).unwrap_or_default(), self.number, key) {
                Found::Frame(frame, _) if frame.number != next => {
                    return problem(format!("a frame stands out of its order at byte {at}"));
                }
                Found::Frame(frame, length) => {
                    at += length;
                    next += 1;
                    journaled.extend(frame.runs.iter().map(|run| Journaled {
                        log: run.log,
                        first: run.first,
                        leaves: run.records.iter().map(|record| record.leaf).collect(),
                        path: self.path.clone(),
                    }));
                }
                Found::End => return,
                Found::Torn if self.newest => {
                    let path = self.path.display();
                    report
                        .notes
                        .push(format!("{path}: an unfinished frame at byte {at}"));
                    return;
                }
                Found::Torn => return problem(format!("a frame at byte {at} is cut short")),
                Found::Damaged(what) => return problem(format!("{what} at byte {at}")),
            }
        }
    }
}
