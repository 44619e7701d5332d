//! Exports: rows of a log in one file, and the manifest that says what the file holds and is signed by the log's key.
//!
//! Promises: what is written here reads back to the same bytes; a manifest can't be taken for a checkpoint, nor a
//! checkpoint for a manifest, because the first line of one is never that of the other's and the second line of a
//! checkpoint is a number; a check needs the file, the manifest and a key, and the memory of one row. Must never: call a
//! filtered export complete, or name a row that nothing speaks against. docs/formats/export.md has the bytes.

pub mod check;
pub mod csv;
pub mod manifest;
pub mod row;

/// First line of every manifest. The signer signs no other text but checkpoints.
pub const HEADING: &str = "veritrail/export/1";
/// Most subtrees that a manifest lists.
pub const SUBTREES_MAX: u64 = 4_096;
/// The lowest level of the subtrees listed: those over 256 rows.
pub const SUBTREE_LEVEL_MIN: u8 = 8;
/// Longest line of an export in bytes: an entry and two parts with every other byte escaped, a proof, and names.
pub const LINE_BYTES_MAX: usize =
    2 * (crate::limits::ENTRY_BYTES_MAX + 2 * crate::limits::PART_BYTES_MAX) + 16 * 1024;

/// Whether a text may be signed as a manifest: whoever signs asks this and nothing else of it.
pub fn is_manifest(text: &str) -> bool {
    let rest = text.strip_prefix(HEADING);
    rest.is_some_and(|rest| rest.starts_with("\n{") && rest.ends_with("}\n"))
}

/// What an export holds, and with that what it proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every entry of a range: *these are all*.
    Whole,
    /// What a query found: *these are genuine*.
    Filtered,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Filtered => "filtered",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut kinds = [Self::Whole, Self::Filtered].into_iter();
        kinds.find(|kind| kind.name() == name)
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Exact bytes, one JSON object a line.
    Ndjson,
    /// For people: readable columns and the leaf hash.
    Csv,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut formats = [Self::Ndjson, Self::Csv].into_iter();
        formats.find(|format| format.name() == name)
    }
}

/// The level at which the subtrees of the leaves from `start` to `end` are few enough to be listed.
pub fn subtree_level(start: u64, end: u64) -> u8 {
    let count = |level: u8| (end >> level).saturating_sub(start >> level);
    let mut levels = SUBTREE_LEVEL_MIN..63;
    levels
        .find(|level| count(*level) <= SUBTREES_MAX)
        .unwrap_or(63)
}

#[cfg(test)]
mod tests;
