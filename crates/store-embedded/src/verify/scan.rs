//! Reading all packs in order: blocks of entries and their parts side by side, checked on several threads, handed on
//! in order.

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
    let failed = |source| VerifyError::Disk { path: directory.clone(), source };
    let numbers = match pack::numbers(disk, &directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(failed)?,
    };
    let mut total = 0;
    for number in &numbers {
        for half in Half::BOTH {
            let file = disk.open(&pack::path_of(&directory, *number, half), OpenMode::Read, Secrecy::Secret);
            total += file.and_then(|file| file.len()).unwrap_or_default();
        }
    }
    let mut done = 0;
    for (index, number) in numbers.iter().copied().enumerate() {
        let expected = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if number != expected {
            let path = pack::path_of(&directory, expected, Half::Entries);
            report.problem(None, None, Some(path), "a pack is missing");
        }
        let newest = index + 1 == numbers.len();
        let mut entries = Walker::open(disk, layout, instance, number, Half::Entries, newest, report);
        let mut parts = Walker::open(disk, layout, instance, number, Half::Parts, newest, report);
        loop {
            let mut pairs = Vec::with_capacity(PAIRS_AT_ONCE);
            while pairs.len() < PAIRS_AT_ONCE
                && let Some(raw) = entries.next(key, report)
            {
                done += raw.stored.len() as u64;
                if raw.header.kind == Kind::Registry {
                    if let Err(error) = raw.header.open(&raw.stored, raw.place, key) {
                        report.problem(None, None, Some(entries.path.clone()), at(&error, raw.place));
                    }
                    continue;
                }
                let part = parts.next(key, report);
                done += part.as_ref().map_or(0, |part| part.stored.len() as u64);
                pairs.push((raw, part));
            }
            if pairs.is_empty() {
                break;
            }
            for checked in check_pairs(&pairs, key, (&entries.path, &parts.path)) {
                for (path, what) in checked.damage {
                    report.problem(None, None, Some(path), what);
                }
                for run in checked.runs {
                    ledger.run(run, &entries.path, report);
                }
            }
            if let Some(progress) = inputs.progress {
                progress(done, total);
            }
        }
        if parts.next(key, report).is_some() {
            report.problem(None, None, Some(parts.path.clone()), "parts without their entries");
        }
    }
    Ok(())
}

/// What a pair of blocks holds.
#[derive(Default)]
struct CheckedPair {
    runs: Vec<CheckedRun>,
    damage: Vec<(PathBuf, String)>,
}

fn check_pairs(
    pairs: &[(Raw, Option<Raw>)],
    key: Option<&FrameKey>,
    paths: (&PathBuf, &PathBuf),
) -> Vec<CheckedPair> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(16);
    let share = pairs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = pairs
            .chunks(share)
            .map(|pairs| scope.spawn(move || pairs.iter().map(|pair| check_pair(pair, key, paths)).collect::<Vec<_>>()))
            .collect();
        // A worker has no way to fail but a bug of ours; its pairs would be missing, and missing entries are found.
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

fn check_pair((raw, part): &(Raw, Option<Raw>), key: Option<&FrameKey>, paths: (&PathBuf, &PathBuf)) -> CheckedPair {
    let mut checked = CheckedPair::default();
    let open = |raw: &Raw, kind: Kind| -> Result<Records, BlockError> {
        if raw.header.kind != kind {
            return Err(BlockError::Header);
        }
        Ok(Records::parse(kind, raw.header.open(&raw.stored, raw.place, key)?)?)
    };
    let parts = part.as_ref().and_then(|raw| match open(raw, Kind::Parts) {
        Ok(parts) => Some(parts),
        Err(error) => {
            checked.damage.push((paths.1.clone(), at(&error, raw.place)));
            None
        }
    });
    match open(raw, Kind::Entries) {
        Ok(entries) => checked.runs = block_check::check(&entries, parts.as_ref()),
        Err(error) => checked.damage.push((paths.0.clone(), at(&error, raw.place))),
    }
    checked
}

fn at(error: &BlockError, place: Place) -> String {
    format!("{error} at byte {}", place.offset)
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
        let mut walker = Self { path: path.clone(), file: None, number, at: FILE_HEADER_BYTES as u64, end: 0, newest };
        let opened = disk.open(&path, OpenMode::Read, Secrecy::Secret).and_then(|file| Ok((file.len()?, file)));
        let Ok((end, file)) = opened else {
            report.problem(None, None, Some(path), "a file of a pack is missing");
            return walker;
        };
        let mut header = [0; FILE_HEADER_BYTES];
        let whole = file.read_at(&mut header, 0).is_ok() && header == pack::file_header(instance, number, half);
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
        let place = Place { pack: self.number, offset: self.at };
        let mut bytes = [0; block::HEADER_BYTES];
        let left = self.end - self.at;
        let fits = left >= block::HEADER_BYTES as u64 && file.read_at(&mut bytes, self.at).is_ok();
        let header = if fits { Header::parse(&bytes, place, key).ok() } else { None };
        let whole = header.filter(|header| header.stored_bytes as u64 + block::HEADER_BYTES as u64 <= left);
        let Some(header) = whole else {
            // The newest file may end in a block that is being written, or was when the machine stopped: nothing signed
            // stands there, or it will be missed below.
            let unfinished = self.newest && (bytes == [0; block::HEADER_BYTES] || !fits || header.is_some());
            if unfinished {
                report.notes.push(format!("{}: an unfinished block at byte {}", self.path.display(), self.at));
            } else {
                let what = format!("no block begins at byte {}", self.at);
                report.problem(None, None, Some(self.path.clone()), what);
            }
            self.file = None;
            return None;
        };
        let mut stored = vec![0; header.stored_bytes];
        if let Err(error) = file.read_at(&mut stored, self.at + block::HEADER_BYTES as u64) {
            report.problem(None, None, Some(self.path.clone()), format!("can't be read at byte {}: {error}", self.at));
            self.file = None;
            return None;
        }
        self.at += block::HEADER_BYTES as u64 + header.stored_bytes as u64;
        Some(Raw { place, header, stored })
    }
}
