//! The Merkle tree of a log: RFC 6962 section 2.1 over SHA-256.
//!
//! Promises: roots and proofs are those of any other RFC 6962 implementation; sizes and indexes are checked before
//! they are used. Must never: hold more of a tree than its right edge, or fetch anything: what a proof needs is
//! named by a plan ([`ProofPlan`]) and handed in by the caller.
//!
//! A [`Node`] is a perfect subtree. The tree over `n` leaves splits at the largest power of two below `n`, so each
//! range that occurs in a proof is a run of perfect subtrees, widest first, folded from the right.

mod proof;
mod range;

pub use proof::{
    ProofError, ProofPlan, consistency_plan, consistency_proof, cover, inclusion_plan,
    inclusion_proof, root_from_nodes, root_plan, verify_consistency, verify_inclusion,
};
pub use range::CompactRange;

use crate::hash::Hash;

/// A perfect subtree `(level, index)`: the one over leaves `index << level` up to `(index + 1) << level`.
pub type Node = (u8, u64);

/// A question that no tree can answer, or an answer of the wrong shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A leaf beyond the tree.
    #[error("leaf {index} is not in a tree of {size}")]
    IndexBeyondTree {
        /// The leaf asked for.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {new} can not extend one of {old}")]
    SizesReversed {
        /// Leaves in the older tree.
        old: u64,
        /// Leaves in the newer tree.
        new: u64,
    },
    /// Another number of hashes than the sizes demand.
    #[error("expected {expected} node hashes, found {found}")]
    HashCount {
        /// How many the sizes demand.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// A subtree where none of its level begins.
    #[error("no subtree of level {level} begins behind {size} leaves")]
    Misaligned {
        /// Leaves before it.
        size: u64,
        /// Its level.
        level: u8,
    },
    /// More leaves than [`CompactRange::SIZE_MAX`].
    #[error("a tree of {size} leaves is beyond what a log can hold")]
    TooLarge {
        /// The size claimed.
        size: u64,
    },
}

/// Root of a run of perfect subtrees, widest first. The empty run is the empty tree.
fn fold(run: &[Hash]) -> Hash {
    run.iter()
        .rev()
        .copied()
        .reduce(|right, left| Hash::node(&left, &right))
        .unwrap_or_else(Hash::empty_root)
}
