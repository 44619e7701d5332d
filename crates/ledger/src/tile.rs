//! Tiles and entry bundles of a log as C2SP tlog-tiles v0.1.0 serves them: their paths, and which of them a tree has.
//!
//! Promises: one path a tile, and no path that no tree has; every index fits. Must never: be a layout on disk; this
//! is the view that other software reads.

mod bundle;

pub use bundle::{BundleError, bundle_decode, bundle_encode, tile_decode, tile_encode};

use std::fmt;
use std::ops::Range;

use crate::checkpoint::parse_decimal;
use crate::tree::Node;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// The highest tile level that a tree of less than 2^64 leaves has.
const LEVEL_MAX: u8 = 7;
/// Path elements of the largest index: 20 digits, three an element.
const ELEMENTS_MAX: usize = 7;

/// A path that names no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TilePathError {
    /// Not the one spelling of a tile's path.
    #[error("expected <level>/<index> or entries/<index>, with .p/<width> if partial")]
    NotAPath,
    /// No tree has this tile.
    #[error("no tree has such a tile")]
    BeyondTree,
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileKind {
    /// Hashes of the nodes at tree level `8 × level`.
    Hashes {
        /// Tile level, 0 to 7.
        level: u8,
    },
    /// Log entries.
    Entries,
}

/// Names a tile or an entry bundle: `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`, as it follows `tile/` in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl TilePath {
    /// The tile of this kind and index with `width` hashes or entries, 1 to 256.
    ///
    /// # Errors
    /// [`TilePathError::BeyondTree`] if no tree of less than 2^64 leaves has it.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, TilePathError> {
        let tile = Self { kind, index, width };
        let level_fits = !matches!(kind, TileKind::Hashes { level } if level > LEVEL_MAX);
        let in_tree =
            level_fits && (1..=TILE_WIDTH).contains(&width) && tile.checked_leaves_end().is_some();
        if in_tree {
            Ok(tile)
        } else {
            Err(TilePathError::BeyondTree)
        }
    }

    /// Reads a path in its one canonical spelling.
    ///
    /// # Errors
    /// [`TilePathError`].
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        let (kind, rest) = path.split_once('/').ok_or(TilePathError::NotAPath)?;
        let kind = if kind == "entries" {
            TileKind::Entries
        } else {
            let level = parse_decimal(kind).ok_or(TilePathError::NotAPath)?;
            TileKind::Hashes {
                level: u8::try_from(level).map_err(|_| TilePathError::BeyondTree)?,
            }
        };
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((index, width)) => {
                let width = parse_decimal(width).and_then(|width| u16::try_from(width).ok());
                // A full tile has no width in its path.
                let width = width.filter(|width| (1..TILE_WIDTH).contains(width));
                (index, width.ok_or(TilePathError::NotAPath)?)
            }
        };
        Self::new(kind, parse_index(index)?, width)
    }

    /// What the tile holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// The tile's number among those of its kind.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it can grow no more.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Tree level of the nodes in it; entries are at level 0, where an index is a seq.
    pub fn tree_level(&self) -> u8 {
        match self.kind {
            TileKind::Hashes { level } => level * 8,
            TileKind::Entries => 0,
        }
    }

    /// Indexes of its nodes at [`Self::tree_level`].
    pub fn range(&self) -> Range<u64> {
        let start = self.index * u64::from(TILE_WIDTH);
        start..start + u64::from(self.width)
    }

    /// The nodes in it, in order.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        let level = self.tree_level();
        self.range().map(move |index| (level, index))
    }

    /// Whether a tree of `size` leaves has everything this tile holds.
    pub fn is_within(&self, size: u64) -> bool {
        self.checked_leaves_end().is_some_and(|end| end <= size)
    }

    /// How many leaves a tree must have for this tile, if any tree has as many.
    fn checked_leaves_end(&self) -> Option<u64> {
        let end = self
            .index
            .checked_mul(TILE_WIDTH.into())?
            .checked_add(self.width.into())?;
        end.checked_mul(1u64.checked_shl(self.tree_level().into())?)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "{level}/")?,
            TileKind::Entries => f.write_str("entries/")?,
        }
        let groups = self.index.checked_ilog10().unwrap_or(0) / 3 + 1;
        for group in (0..groups).rev() {
            let element = self.index / 1000u64.pow(group) % 1000;
            let (before, after) = if group == 0 { ("", "") } else { ("x", "/") };
            write!(f, "{before}{element:03}{after}")?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

/// All hash tiles of a tree of `size` leaves, lowest level first; the last of each level may be partial.
pub fn hash_tiles(size: u64) -> impl Iterator<Item = TilePath> {
    (0..=LEVEL_MAX).flat_map(move |level| row(TileKind::Hashes { level }, size >> (8 * level)))
}

/// All entry bundles of a log of `size` entries; the last may be partial.
pub fn entry_bundles(size: u64) -> impl Iterator<Item = TilePath> {
    row(TileKind::Entries, size)
}

/// Everything a log of `size` entries serves beside its checkpoint: [`hash_tiles`], then [`entry_bundles`].
pub fn tiles_for(size: u64) -> impl Iterator<Item = TilePath> {
    hash_tiles(size).chain(entry_bundles(size))
}

/// The tiles of one kind that hold `count` hashes or entries. There are no empty tiles.
fn row(kind: TileKind, count: u64) -> impl Iterator<Item = TilePath> {
    let width = u64::from(TILE_WIDTH);
    let full = count / width;
    let partial = u16::try_from(count % width).ok().filter(|rest| *rest > 0);
    (0..full)
        .map(move |index| TilePath {
            kind,
            index,
            width: TILE_WIDTH,
        })
        .chain(partial.map(move |width| TilePath {
            kind,
            index: full,
            width,
        }))
}

/// Reads `x001/x234/067`: three digits an element, all but the last marked, no leading empty element.
fn parse_index(text: &str) -> Result<u64, TilePathError> {
    let (first, last) = text
        .rsplit_once('/')
        .map_or(("", text), |(first, last)| (first, last));
    let marked = if text.contains('/') {
        first.split('/').count()
    } else {
        0
    };
    if marked >= ELEMENTS_MAX || first.starts_with("x000") {
        return Err(TilePathError::NotAPath);
    }
    let mut index = 0u64;
    let elements = first
        .split('/')
        .take(marked)
        .map(|element| element.strip_prefix('x'));
    for element in elements.chain([Some(last)]) {
        let digits = element
            .filter(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u64>().ok())
            .ok_or(TilePathError::NotAPath)?;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(digits))
            .ok_or(TilePathError::BeyondTree)?;
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TilePath {
        TilePath::parse(text).unwrap()
    }

    #[test]
    fn paths_have_one_spelling() {
        for text in [
            "0/000",
            "0/000.p/1",
            "0/255.p/255",
            "1/999",
            "0/x001/000",
            "3/x001/x234/067",
            "7/000.p/255",
            "entries/000.p/15",
            "entries/x001/x234/067.p/9",
            "entries/x072/x057/x594/x037/x927/935.p/255",
        ] {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path("entries/x001/x234/067").index(), 1_234_067);
        for text in [
            "",
            "/",
            "0",
            "0/",
            "0/0",
            "0/00",
            "0/0000",
            "00/000",
            "01/000",
            "+1/000",
            "-1/000",
            "a/000",
            "0//000",
            "0/000/",
            "/0/000",
            "0/x000/000",
            "0/x000/x001/000",
            "0/001/000",
            "0/x001",
            "0/x001/x000",
            "0/X001/000",
            "0/x001/0",
            "0/+01",
            "0/x+01/000",
            "0/000.p",
            "0/000.p/",
            "0/000.p/0",
            "0/000.p/01",
            "0/000.p/256",
            "0/000.p/+1",
            "0/000.p/-1",
            "0/000.p/1/",
            "0/000.p/1.p/1",
            "0/000.P/1",
            "0/000p/1",
            "entries/0",
            "Entries/000",
            "entries/data/000",
            "data/000",
            "8/0/000x",
            "0/../000",
            "0/0é0",
            "0/\u{661}00",
            "0/x001/x001/x001/x001/x001/x001/x001/000",
        ] {
            assert_eq!(
                TilePath::parse(text),
                Err(TilePathError::NotAPath),
                "{text:?}"
            );
        }
    }

    #[test]
    fn tiles_that_no_tree_has_are_refused() {
        for text in [
            "8/000.p/1",
            "63/000",
            "64/000",
            "255/000",
            "256/000",
            "7/000",
            "7/001.p/1",
            "0/x072/x057/x594/x037/x927/936",
            "entries/x072/x057/x594/x037/x927/935",
            "entries/x072/x057/x594/x037/x927/936.p/1",
            "0/x018/x446/x744/x073/x709/x551/616",
            "0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(
                TilePath::parse(text),
                Err(TilePathError::BeyondTree),
                "{text:?}"
            );
        }
        for width in [0, 257] {
            assert_eq!(
                TilePath::new(TileKind::Entries, 0, width),
                Err(TilePathError::BeyondTree)
            );
        }
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
        let tiles: Vec<String> = hash_tiles(70_000).map(|tile| tile.to_string()).collect();
        let (leaves, upper) = tiles.split_at(274);
        assert_eq!(
            leaves[..273]
                .iter()
                .filter(|tile| !tile.contains(".p/"))
                .count(),
            273
        );
        assert_eq!(
            (
                leaves[0].as_str(),
                leaves[272].as_str(),
                leaves[273].as_str()
            ),
            ("0/000", "0/272", "0/273.p/112")
        );
        assert_eq!(upper, ["1/000", "1/001.p/17", "2/000.p/1"]);
        let bundles: Vec<String> = entry_bundles(70_000).map(|tile| tile.to_string()).collect();
        assert_eq!(
            (bundles.len(), bundles[273].as_str()),
            (274, "entries/273.p/112")
        );
        assert_eq!(tiles_for(70_000).count(), 277 + 274);
        let small: Vec<String> = tiles_for(256).map(|tile| tile.to_string()).collect();
        assert_eq!(small, ["0/000", "1/000.p/1", "entries/000"]);
        assert_eq!(tiles_for(0).count(), 0);
    }

    #[test]
    fn the_tiles_of_a_tree_hold_each_of_their_nodes_once_and_lie_within_it() {
        for size in [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000] {
            let mut held = Vec::new();
            for tile in hash_tiles(size) {
                assert!(tile.is_within(size), "{tile} of {size}");
                assert_eq!(TilePath::parse(&tile.to_string()), Ok(tile));
                held.extend(tile.nodes());
            }
            let expected: Vec<Node> = [0u8, 8, 16]
                .into_iter()
                .flat_map(|level| (0..size >> level).map(move |index| (level, index)))
                .collect();
            assert_eq!(held, expected, "{size}");
            let entries: Vec<u64> = entry_bundles(size)
                .flat_map(|bundle| bundle.range())
                .collect();
            assert_eq!(entries, (0..size).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_tile_is_within_a_tree_from_the_size_that_completes_it() {
        for (text, size) in [
            ("0/000.p/3", 3),
            ("0/001", 512),
            ("1/000.p/2", 512),
            ("2/000.p/1", 65_536),
            ("entries/001.p/1", 257),
        ] {
            assert!(!path(text).is_within(size - 1), "{text}");
            assert!(path(text).is_within(size), "{text}");
        }
        let last = path("entries/x072/x057/x594/x037/x927/935.p/255");
        assert!(last.is_within(u64::MAX) && !last.is_within(u64::MAX - 1));
    }
}
