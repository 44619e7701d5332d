//! Reading all packs in order: blocks of entries and their parts side by side, checked on several threads, handed on
//! in order.
//!
//! The newest pack may end in what a server is writing just now, or was when the machine stopped: blocks without their
//! other half, or with sectors that never arrived. From the first of these on its blocks are left out with a note, and
//! are no tampering: heads are signed after blocks are safe, so that what is missing of a signed log is missed by them.

use std::io;
use std::num::NonZero;
use std::path::PathBuf;

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy};
use ledger::name::InstanceId;

use super::block_check::{self, CheckedRun};
use super::ledger_check::Ledger;
use super::{Inputs, Report, VerifyError};
use crate::block::{self, BlockError, Header, Kind, Place, Records};
use crate::layout::Layout;
use crate::mac::FrameKey;
use crate::pack::{self, FILE_HEADER_BYTES, Half};

/// Pairs of blocks checked at once.
const PAIRS_AT_ONCE: usize = 128;
/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// One block as it was read.
struct Raw {
    place: Place,
    header: Header,
    stored: Vec<u8>,
}

/// Reads every pack and tells `ledger` what is in it.
pub(super) fn packs(
    inputs: &Inputs,
    layout: &Layout,
    instance: InstanceId,
    key: Option<&FrameKey>,
    ledger: &mut Ledger,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let disk = &*inputs.disk;
    let directory = layout.packs();
    let failed = |source| VerifyError::Disk {
        path: directory.clone(),
        source,
    };
    let numbers = match pack::numbers(disk, &directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(failed)?,
    };
    let mut total = 0;
    for number in &numbers {
        for half in Half::BOTH {
            let file = disk.open(
                &pack::path_of(&directory, *number, half),
                OpenMode::Read,
                Secrecy::Secret,
            );
            total += file.and_then(|file| file.len()).unwrap_or_default();
        }
    }
    let mut done = 0;
    let progress = |done| {
        if let Some(progress) = &inputs.progress {
            progress.tell(done, total);
        }
    };
    for (index, number) in numbers.iter().copied().enumerate() {
        let expected = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if number != expected {
            let path = pack::path_of(&directory, expected, Half::Entries);
            report.problem(None, None, Some(path), "a pack is missing");
        }
        let newest = index + 1 == numbers.len();
        let open = |half, report: &mut Report| {
            Walker::open(disk, layout, instance, number, half, newest, report)
        };
        let halves = (open(Half::Entries, report), open(Half::Parts, report));
        one_pack(halves, key, newest, ledger, report, &mut done, &progress);
    }
    Ok(())
}

/// Reads both files of one pack to their end.
fn one_pack(
    (mut entries, mut parts): (Walker, Walker),
    key: Option<&FrameKey>,
    newest: bool,
    ledger: &mut Ledger,
    report: &mut Report,
    done: &mut u64,
    progress: &impl Fn(u64),
) {
    let mut whole = true;
    while whole {
        let mut pairs = Vec::with_capacity(PAIRS_AT_ONCE);
        while pairs.len() < PAIRS_AT_ONCE
            && let Some(raw) = entries.next(key, report)
        {
            *done += raw.stored.len() as u64;
            let part = if raw.header.kind == Kind::Registry {
                None
            } else {
                parts.next(key, report)
            };
            *done += part.as_ref().map_or(0, |part| part.stored.len() as u64);
            pairs.push((raw, part));
        }
        if pairs.is_empty() {
            break;
        }
        for checked in check_pairs(&pairs, key, (&entries.path, &parts.path), newest) {
            if let Some((path, what)) = checked.unfinished {
                report.notes.push(format!("{}: {what}", path.display()));
                whole = false;
                break;
            }
            for (path, what) in checked.damage {
                report.problem(None, None, Some(path), what);
            }
            for run in checked.runs {
                ledger.run(run, &entries.path, report);
            }
        }
        progress(*done);
    }
    if whole && parts.next(key, report).is_some() {
        if newest {
            report.notes.push(format!(
                "{}: parts whose entries are not written yet",
                parts.path.display()
            ));
        } else {
            report.problem(
                None,
                None,
                Some(parts.path.clone()),
                "parts without their entries",
            );
        }
    }
}

/// What a pair of blocks holds.
#[derive(Default)]
struct CheckedPair {
    runs: Vec<CheckedRun>,
    damage: Vec<(PathBuf, String)>,
    /// What is not written yet.
    unfinished: Option<(PathBuf, String)>,
}

fn check_pairs(
    pairs: &[(Raw, Option<Raw>)],
    key: Option<&FrameKey>,
    paths: (&PathBuf, &PathBuf),
    newest: bool,
) -> Vec<CheckedPair> {
    let threads = std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(16);
    let share = pairs.len().div_ceil(threads).max(1);
    let check = |pairs: &[(Raw, Option<Raw>)]| -> Vec<CheckedPair> {
        pairs
            .iter()
            .map(|pair| check_pair(pair, key, paths, newest))
            .collect()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = pairs
            .chunks(share)
            .map(|pairs| scope.spawn(move || check(pairs)))
            .collect();
        // A worker has no way to fail but a bug of ours; its pairs would be missing, and missing entries are found.
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    })
}

fn check_pair(
    (raw, part): &(Raw, Option<Raw>),
    key: Option<&FrameKey>,
    paths: (&PathBuf, &PathBuf),
    newest: bool,
) -> CheckedPair {
    let mut checked = CheckedPair::default();
    let mut open = |raw: &Raw, kind: Kind, path: &PathBuf| -> Option<Vec<u8>> {
        let payload = if raw.header.kind == kind {
            raw.header.open(&raw.stored, raw.place, key)
        } else {
            Err(BlockError::Header)
        };
        match payload {
            Ok(payload) => return Some(payload),
            Err(error)
                if newest
                    && lacks_a_sector(
                        &raw.stored,
                        raw.place.offset + block::HEADER_BYTES as u64,
                    ) =>
            {
                checked.unfinished.get_or_insert((
                    path.clone(),
                    format!("an unfinished block: {}", at(&error, raw.place)),
                ));
            }
            Err(error) => checked.damage.push((path.clone(), at(&error, raw.place))),
        }
        None
    };
    if raw.header.kind == Kind::Registry {
        open(raw, Kind::Registry, paths.0);
        return checked;
    }
    let entries = open(raw, Kind::Entries, paths.0);
    let parts = part
        .as_ref()
        .and_then(|part| open(part, Kind::Parts, paths.1));
    if newest && part.is_none() {
        let what = format!(
            "entries whose parts are not written yet at byte {}",
            raw.place.offset
        );
        checked.unfinished.get_or_insert((paths.0.clone(), what));
    }
    let mut read = |kind, payload, place, path: &PathBuf| match Records::parse(kind, payload) {
        Ok(records) => Some(records),
        Err(error) => {
            checked
                .damage
                .push((path.clone(), at(&error.into(), place)));
            None
        }
    };
    let entries = entries.and_then(|payload| read(Kind::Entries, payload, raw.place, paths.0));
    let parts = parts.zip(part.as_ref());
    let parts = parts.and_then(|(payload, part)| read(Kind::Parts, payload, part.place, paths.1));
    checked.runs = entries
        .map(|entries| block_check::check(&entries, parts.as_ref()))
        .unwrap_or_default();
    checked
}

fn at(error: &BlockError, place: Place) -> String {
    format!("{error} at byte {}", place.offset)
}

/// Whether a sector, or what of it lies in these bytes of a file, reads as zeros: it never arrived on the disk.
fn lacks_a_sector(bytes: &[u8], offset: u64) -> bool {
    let into = usize::try_from(offset % SECTOR_BYTES as u64).unwrap_or_default();
    let first = (SECTOR_BYTES - into).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let sectors = std::iter::once(head).chain(rest.chunks(SECTOR_BYTES));
    sectors
        .into_iter()
        .any(|sector| !sector.is_empty() && sector.iter().all(|byte| *byte == 0))
}

/// Goes from block to block of one file.
struct Walker {
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    number: u32,
    at: u64,
    end: u64,
    newest: bool,
}

impl Walker {
    fn open(
        disk: &dyn Disk,
        layout: &Layout,
        instance: InstanceId,
        number: u32,
        half: Half,
        newest: bool,
        report: &mut Report,
    ) -> Self {
        let path = pack::path_of(&layout.packs(), number, half);
        let mut walker = Self {
            path: path.clone(),
            file: None,
            number,
            at: FILE_HEADER_BYTES as u64,
            end: 0,
            newest,
        };
        let opened = disk
            .open(&path, OpenMode::Read, Secrecy::Secret)
            .and_then(|file| Ok((file.len()?, file)));
        let (end, file) = match opened {
            Ok(opened) => opened,
            // A pack is begun with one file, then the other.
            Err(error) if newest && error.kind() == io::ErrorKind::NotFound => {
                report
                    .notes
                    .push(format!("{}: not begun yet", path.display()));
                return walker;
            }
            Err(_) => {
                report.problem(None, None, Some(path), "a file of a pack is missing");
                return walker;
            }
        };
        let mut header = [0; FILE_HEADER_BYTES];
        let whole = file.read_at(&mut header, 0).is_ok()
            && header == pack::file_header(instance, number, half);
        if whole {
            (walker.end, walker.file) = (end, Some(file));
        } else if !(newest && end <= FILE_HEADER_BYTES as u64) {
            // Blocks may still be right: go on, so that more than the header is named.
            (walker.end, walker.file) = (end, Some(file));
            report.problem(None, None, Some(path), "the file's header is wrong");
        }
        walker
    }

    /// The next block; `None` at the end, or where no block can be made out any more.
    fn next(&mut self, key: Option<&FrameKey>, report: &mut Report) -> Option<Raw> {
        let file = self.file.as_ref()?;
        if self.at >= self.end {
            return None;
        }
        let place = Place {
            pack: self.number,
            offset: self.at,
        };
        let mut bytes = [0; block::HEADER_BYTES];
        let left = self.end - self.at;
        let fits = left >= block::HEADER_BYTES as u64 && file.read_at(&mut bytes, self.at).is_ok();
        let header = if fits {
            Header::parse(&bytes, place, key).ok()
        } else {
            None
        };
        let whole =
            header.filter(|header| header.stored_bytes as u64 + block::HEADER_BYTES as u64 <= left);
        let Some(header) = whole else {
            let unfinished =
                self.newest && (!fits || header.is_some() || lacks_a_sector(&bytes, self.at));
            if unfinished {
                report.notes.push(format!(
                    "{}: an unfinished block at byte {}",
                    self.path.display(),
                    self.at
                ));
            } else {
                let what = format!("no block begins at byte {}", self.at);
                report.problem(None, None, Some(self.path.clone()), what);
            }
            self.file = None;
            return None;
        };
        let mut stored = vec![0; header.stored_bytes];
        if let Err(error) = file.read_at(&mut stored, self.at + block::HEADER_BYTES as u64) {
            report.problem(
                None,
                None,
                Some(self.path.clone()),
                format!("can't be read at byte {}: {error}", self.at),
            );
            self.file = None;
            return None;
        }
        self.at += block::HEADER_BYTES as u64 + header.stored_bytes as u64;
        Some(Raw {
            place,
            header,
            stored,
        })
    }
}
