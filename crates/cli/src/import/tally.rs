//! What became of everything that was read.
//!
//! Promises: each event that was read is counted in exactly one place. Names of reasons are few: ours, or the server's codes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts by result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tally {
    /// Events, rows or records that were looked at.
    pub(crate) read: u64,
    /// Stored now.
    pub(crate) stored: u64,
    /// Stored by an earlier import.
    pub(crate) already_there: u64,
    /// Another event has the id: what was imported once reads differently now.
    pub(crate) conflicts: u64,
    /// Refused by the server, by its code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Left out by a rule, by its name.
    pub(crate) excluded: BTreeMap<String, u64>,
    /// Not to be read as an event, by our reason.
    pub(crate) unreadable: BTreeMap<String, u64>,
    /// Files that were read to their end.
    pub(crate) files: u64,
    /// Files below folders that are not called like data, and were not looked at.
    pub(crate) other_files: u64,
    /// Files that could not be read, or not to their end, by our reason.
    pub(crate) broken_files: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds what another one counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.stored += other.stored;
        self.already_there += other.already_there;
        self.conflicts += other.conflicts;
        self.files += other.files;
        self.other_files += other.other_files;
        for (into, from) in [
            (&mut self.refused, &other.refused),
            (&mut self.excluded, &other.excluded),
            (&mut self.unreadable, &other.unreadable),
            (&mut self.broken_files, &other.broken_files),
        ] {
            for (name, count) in from {
                *into.entry(name.clone()).or_default() += count;
            }
        }
    }

    /// Whether everything that was read is stored, or was left out on purpose.
    pub(crate) fn is_whole(&self) -> bool {
        self.conflicts == 0
            && self.refused.is_empty()
            && self.unreadable.is_empty()
            && self.broken_files.is_empty()
    }

    /// Result, reason and count, in the order in which people look for them.
    pub(crate) fn rows(&self) -> Vec<(&'static str, &str, u64)> {
        let mut rows = vec![
            ("stored", "", self.stored),
            ("already there", "", self.already_there),
        ];
        if self.conflicts > 0 {
            rows.push(("conflict", "another event has the id", self.conflicts));
        }
        for (result, reasons) in [
            ("refused", &self.refused),
            ("excluded", &self.excluded),
            ("unreadable", &self.unreadable),
            ("broken file", &self.broken_files),
        ] {
            rows.extend(
                reasons
                    .iter()
                    .map(|(name, count)| (result, name.as_str(), *count)),
            );
        }
        if self.other_files > 0 {
            rows.push((
                "left out",
                "files that are not called like data",
                self.other_files,
            ));
        }
        rows
    }
}

/// Counts one more under a name.
pub(crate) fn count(under: &mut BTreeMap<String, u64>, name: &str) {
    match under.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            under.insert(name.to_owned(), 1);
        }
    }
}
