//! How far the index goes: a small file beside it, written anew with every commit.
//!
//! Promises: a log's number is durable before a term bears it; a position is durable only when everything up to it is
//! in committed segments. A file that does not read is no progress at all: the index is built anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use keys::durable::{Disk, OpenMode, Secrecy, replace};
use ledger::name::LogId;
use tantivy::HasLen;

use super::checked::{CheckedFile, sealed};

/// The first line of the file: another version is another index.
const VERSION: &str = "veritrail-index/4";
/// Largest file that is read.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What is in the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Counts commits; every month's last commit bears the one it was part of.
    pub(crate) generation: u64,
    /// What said where addresses are when the terms were made ([`query::Places::mark`]); empty for nothing.
    pub(crate) places: String,
    pub(crate) logs: BTreeMap<LogId, LogProgress>,
    /// Events in each month's index: a month that has fewer was damaged.
    pub(crate) months: BTreeMap<String, u64>,
}

/// One log's number and how far it is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogProgress {
    /// What its terms begin with.
    pub(crate) number: u32,
    /// Entries below this seq are indexed.
    pub(crate) end: u64,
}

impl Progress {
    /// Reads the file; `None` when there is none or it is not of this version.
    pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Option<Self> {
        let file = disk.open(path, OpenMode::Read, Secrecy::Secret).ok()?;
        if file.len().ok()? > BYTES_MAX {
            return None;
        }
        let file = CheckedFile::open(file).ok()?;
        let bytes = file.read(0..file.len()).ok()?;
        Self::parse(str::from_utf8(&bytes).ok()?)
    }

    pub(crate) fn write(&self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        replace(disk, path, &sealed(self.text().as_bytes()), Secrecy::Secret)
    }

    /// The number of a log; a new one gets the next.
    pub(crate) fn number(&mut self, log: LogId) -> u32 {
        let next = self
            .logs
            .values()
            .map(|log| log.number + 1)
            .max()
            .unwrap_or(1);
        self.logs
            .entry(log)
            .or_insert(LogProgress {
                number: next,
                end: 0,
            })
            .number
    }

    /// Whether the indexes hold fewer events than they did.
    pub(crate) fn lacks(&self, counts: &BTreeMap<String, u64>) -> bool {
        let fewer =
            |month: &String, events: &u64| counts.get(month).is_none_or(|found| found < events);
        self.months
            .iter()
            .any(|(month, events)| fewer(month, events))
    }

    fn text(&self) -> String {
        let mut text = format!("{VERSION}\ngeneration {}\n", self.generation);
        if !self.places.is_empty() {
            let _ = writeln!(text, "places {}", self.places);
        }
        for (log, progress) in &self.logs {
            let LogProgress { number, end } = progress;
            let _ = writeln!(text, "log {log} {number} {end}");
        }
        for (month, events) in &self.months {
            let _ = writeln!(text, "month {month} {events}");
        }
        text.push_str("end\n");
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != VERSION {
            return None;
        }
        let generation = lines.next()?.strip_prefix("generation ")?.parse().ok()?;
        let (mut logs, mut months) = (BTreeMap::new(), BTreeMap::new());
        let mut places = String::new();
        for line in lines {
            if line == "end" {
                return Some(Self {
                    generation,
                    places,
                    logs,
                    months,
                });
            }
            if let Some(mark) = line.strip_prefix("places ") {
                mark.clone_into(&mut places);
                continue;
            }
            if let Some(rest) = line.strip_prefix("month ") {
                let (month, events) = rest.split_once(' ')?;
                months.insert(month.to_owned(), events.parse().ok()?);
                continue;
            }
            let mut words = line.strip_prefix("log ")?.split(' ');
            let log = LogId::parse(words.next()?)?;
            let number = words.next()?.parse().ok()?;
            let end = words.next()?.parse().ok()?;
            logs.insert(log, LogProgress { number, end });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_a_cut_file_does_not() {
        let mut progress = Progress::default();
        assert_eq!(progress.number(LogId([1; 16])), 1);
        assert_eq!(progress.number(LogId([2; 16])), 2);
        assert_eq!(progress.number(LogId([1; 16])), 1);
        progress.generation = 7;
        progress.places = "1 abc@17 def@18".to_owned();
        progress.months.insert("2026-11".to_owned(), 12);
        let text = progress.text();
        assert_eq!(Progress::parse(&text), Some(progress));
        for end in 0..text.len() - 1 {
            assert_eq!(Progress::parse(&text[..end]), None, "{end}");
        }
    }
}
