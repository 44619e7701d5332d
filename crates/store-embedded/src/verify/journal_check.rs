//! The journal's files: what is acknowledged but not packed yet must at least be whole.

use std::io;

use keys::durable::Disk;

use super::ledger_check::Ledger;
use super::{Report, VerifyError};
use crate::frame::{self, Found};
use crate::journal::{FILE_HEADER_BYTES, first_frame, is_unbegun};
use crate::layout::Layout;
use crate::mac::FrameKey;

/// Bytes of one journal file at most: its usual length and one group.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Reads the journal while the server may be writing it.
pub(super) fn check(
    disk: &dyn Disk,
    layout: &Layout,
    key: &FrameKey,
    ledger: &mut Ledger,
    report: &mut Report,
) -> Result<(), VerifyError> {
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
        let mut at = FILE_HEADER_BYTES;
        let Some(mut next) = first_frame(&bytes, number) else {
            if !(newest && is_unbegun(&bytes)) {
                let what = "the journal file's header is wrong";
                report.problem(None, None, Some(path.clone()), what);
            }
            continue;
        };
        loop {
            match frame::read(bytes.get(at..).unwrap_or_default(), number, key) {
                Found::Frame(frame, _) if frame.number != next => {
                    let what = format!("a frame stands out of its order at byte {at}");
                    report.problem(None, None, Some(path.clone()), what);
                    break;
                }
                Found::Frame(frame, length) => {
                    at += length;
                    next += 1;
                    for run in &frame.runs {
                        let packed = ledger.size_of(run.log);
                        report.journal_entries += run.end().saturating_sub(run.first.max(packed));
                        for (seq, record) in (run.first..)
                            .zip(run.records.iter())
                            .filter(|(seq, _)| *seq >= packed)
                        {
                            ledger.journaled(run.log, seq, record.leaf, &path, report);
                        }
                    }
                }
                Found::End => break,
                Found::Torn if newest => {
                    report.notes.push(format!(
                        "{}: an unfinished frame at byte {at}",
                        path.display()
                    ));
                    break;
                }
                Found::Torn => {
                    report.problem(
                        None,
                        None,
                        Some(path.clone()),
                        format!("a frame at byte {at} is cut short"),
                    );
                    break;
                }
                Found::Damaged(what) => {
                    report.problem(
                        None,
                        None,
                        Some(path.clone()),
                        format!("{what} at byte {at}"),
                    );
                    break;
                }
            }
        }
    }
    Ok(())
}
