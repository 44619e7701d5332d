//! The flags of `ingest`: what we know about an event that its producer did not say.

use std::fmt;

/// A set of flags; prints in sorted order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// The operation came under another name of the vocabulary.
    pub const ALIAS: Self = Self(1);
    /// The producer's time is more than five minutes ahead of ours.
    pub const CLOCK_AHEAD: Self = Self(2);
    /// Our clock stood behind the log's last entry; `recorded_at` repeats that entry's.
    pub const CLOCK_CLAMPED: Self = Self(4);
    /// The producer's id could not be kept; it stands in `details`.
    pub const ID_REPLACED: Self = Self(8);
    /// Something was masked.
    pub const MASKED: Self = Self(16);
    /// A part was cut to size.
    pub const TRUNCATED: Self = Self(32);
    /// The operation is well-formed but not in the vocabulary.
    pub const UNKNOWN_OPERATION: Self = Self(64);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::ALIAS, "alias"),
        (Self::CLOCK_AHEAD, "clock_ahead"),
        (Self::CLOCK_CLAMPED, "clock_clamped"),
        (Self::ID_REPLACED, "id_replaced"),
        (Self::MASKED, "masked"),
        (Self::TRUNCATED, "truncated"),
        (Self::UNKNOWN_OPERATION, "unknown_operation"),
    ];

    /// Both sets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names, sorted.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |(flag, _)| self.has(*flag))
            .map(|(_, name)| name)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}
