//! Inclusion and consistency proofs: planning, building and checking them (RFC 6962 sections 2.1.1 and 2.1.2).
//!
//! Promises: a plan names every node hash a proof needs before any is fetched, so that a store reads them in one
//! batch; checking needs nothing but the proof. Must never: accept a proof that is longer or shorter than its
//! sizes demand, or take a size from the proof's author: sizes and roots come from a verified checkpoint.

use super::{Node, TreeError, fold};
use crate::hash::Hash;

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The claim itself is impossible.
    #[error("the claim can not be true of any tree")]
    Impossible(#[from] TreeError),
    /// More or fewer hashes than the sizes demand.
    #[error("expected a proof of {expected} hashes, found {found}")]
    Length {
        /// How many the sizes demand.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// The proof leads to another root than the one (of the newer tree) expected.
    #[error("the proof does not lead to the expected root")]
    Root,
    /// The proof does not lead to the root of the older tree.
    #[error("the proof does not lead to the root of the older tree")]
    OldRoot,
}

/// What a proof is made of: the nodes to fetch, and how to fold them into its hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofPlan {
    nodes: Vec<Node>,
    /// How many nodes make each hash of the proof; more than one where the tree's ragged right edge is in it.
    runs: Vec<usize>,
}

impl ProofPlan {
    /// The nodes to fetch, each once.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Folds the hashes of [`Self::nodes`], in that order, into the hashes of the proof.
    ///
    /// # Errors
    /// [`TreeError::HashCount`] if there is not exactly one hash for each node.
    pub fn assemble(&self, hashes: &[Hash]) -> Result<Vec<Hash>, TreeError> {
        let miscounted = TreeError::HashCount {
            expected: self.nodes.len(),
            found: hashes.len(),
        };
        if hashes.len() != self.nodes.len() {
            return Err(miscounted);
        }
        let mut rest = hashes;
        let mut proof = Vec::with_capacity(self.runs.len());
        for length in &self.runs {
            let (run, after) = rest.split_at_checked(*length).ok_or(miscounted)?;
            proof.push(fold(run));
            rest = after;
        }
        Ok(proof)
    }

    /// The plan whose proof hashes cover `ranges`, in that order.
    fn of(ranges: impl DoubleEndedIterator<Item = (u64, u64)>) -> Self {
        let mut plan = Self::default();
        for (start, end) in ranges {
            let before = plan.nodes.len();
            plan.nodes.extend(perfect_subtrees(start, end));
            plan.runs.push(plan.nodes.len() - before);
        }
        plan
    }

    fn build<E: From<TreeError>>(
        &self,
        node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
    ) -> Result<Vec<Hash>, E> {
        let hashes = self
            .nodes
            .iter()
            .map(|(level, index)| node(*level, *index))
            .collect::<Result<Vec<_>, E>>()?;
        Ok(self.assemble(&hashes)?)
    }
}

/// What proves that leaf `index` is in the tree of `size` leaves.
///
/// # Errors
/// [`TreeError::IndexBeyondTree`].
pub fn inclusion_plan(index: u64, size: u64) -> Result<ProofPlan, TreeError> {
    if index >= size {
        return Err(TreeError::IndexBeyondTree { index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut siblings = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    // Found from the root down; a proof goes from the leaf up.
    Ok(ProofPlan::of(siblings.into_iter().rev()))
}

/// What proves that the tree of `new` leaves begins with the tree of `old` leaves.
///
/// Nothing needs proof when they are equal or the older one is empty: the proof is empty then.
///
/// # Errors
/// [`TreeError::SizesReversed`].
pub fn consistency_plan(old: u64, new: u64) -> Result<ProofPlan, TreeError> {
    if old > new {
        return Err(TreeError::SizesReversed { old, new });
    }
    if old == 0 {
        return Ok(ProofPlan::default());
    }
    let (mut start, mut end) = (0, new);
    let mut ranges = Vec::new();
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    // A verifier knows the older root already: it is left out where it is itself a node of the newer tree.
    if start != 0 {
        ranges.push((start, end));
    }
    Ok(ProofPlan::of(ranges.into_iter().rev()))
}

/// What the root of the tree of `size` leaves is made of; the plan assembles into that one hash.
pub fn root_plan(size: u64) -> ProofPlan {
    ProofPlan::of(std::iter::once((0, size)))
}

/// The inclusion proof of leaf `index` in the tree of `size` leaves, its sibling first.
///
/// # Errors
/// [`TreeError::IndexBeyondTree`], or what `node` answers.
pub fn inclusion_proof<E: From<TreeError>>(
    index: u64,
    size: u64,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    inclusion_plan(index, size)?.build(node)
}

/// The proof that the tree of `new` leaves begins with the tree of `old` leaves.
///
/// # Errors
/// [`TreeError::SizesReversed`], or what `node` answers.
pub fn consistency_proof<E: From<TreeError>>(
    old: u64,
    new: u64,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    consistency_plan(old, new)?.build(node)
}

/// Root of the tree of `size` leaves.
///
/// # Errors
/// What `node` answers.
pub fn root_from_nodes<E: From<TreeError>>(
    size: u64,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    Ok(fold(&root_plan(size).build(node)?))
}

/// Checks that `leaf` is leaf `index` of the tree of `size` leaves with this `root`.
///
/// The size must come from where the root came from: a proof alone does not fix it.
///
/// # Errors
/// [`ProofError::Impossible`], [`ProofError::Length`] or [`ProofError::Root`].
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(TreeError::IndexBeyondTree { index, size }.into());
    }
    let (inner, border) = path_lengths(index, size);
    let (inner, border) = split_proof(proof, inner, border)?;
    if ascend(ascend_turning(*leaf, inner, index), border) == *root {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

/// Checks that the tree of `new` leaves with `new_root` begins with the tree of `old` leaves with `old_root`.
///
/// # Errors
/// [`ProofError::Impossible`], [`ProofError::Length`], [`ProofError::OldRoot`] or [`ProofError::Root`].
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(TreeError::SizesReversed { old, new }.into());
    }
    if old == 0 && *old_root != Hash::empty_root() {
        return Err(ProofError::OldRoot);
    }
    if old == 0 || old == new {
        split_proof(proof, 0, 0)?;
        return if old == new && old_root != new_root {
            Err(ProofError::Root)
        } else {
            Ok(())
        };
    }
    // The path of the older tree's last leaf, from the widest perfect subtree that ends with that leaf upwards.
    let (inner, border) = path_lengths(old - 1, new);
    let level = old.trailing_zeros();
    let inner = inner - as_usize(level);
    // That subtree is the whole older tree where its size is a power of two; else the proof begins with it.
    let given = usize::from(!old.is_power_of_two());
    let (path, border) = split_proof(proof, given + inner, border)?;
    let (seed, inner) = match path.split_first() {
        Some((first, rest)) if given == 1 => (*first, rest),
        _ => (*old_root, path),
    };
    let turns = (old - 1).checked_shr(level).unwrap_or(0);
    let lefts = inner
        .iter()
        .enumerate()
        .filter(|(step, _)| turns >> step & 1 == 1)
        .map(|(_, hash)| hash);
    if ascend(ascend(seed, lefts), border) != *old_root {
        return Err(ProofError::OldRoot);
    }
    if ascend(ascend_turning(seed, inner, turns), border) != *new_root {
        return Err(ProofError::Root);
    }
    Ok(())
}

/// Largest power of two below `size`, which is at least two.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The perfect subtrees that make up the leaves `start..end` of a range as a proof has them, widest first.
fn perfect_subtrees(start: u64, end: u64) -> impl Iterator<Item = Node> {
    let mut start = start;
    std::iter::from_fn(move || {
        let level = (end - start).checked_ilog2()?;
        let index = start >> level;
        start += 1 << level;
        u8::try_from(level).ok().map(|level| (level, index))
    })
}

/// The perfect subtrees over the leaves from `start` to `end`, in order, wherever the range begins.
pub fn cover(start: u64, end: u64) -> Vec<Node> {
    let mut start = start;
    let next = || {
        let fits = end.checked_sub(start)?.checked_ilog2()?;
        let level = fits.min(start.trailing_zeros());
        let index = start.checked_shr(level)?;
        start += 1 << level;
        u8::try_from(level).ok().map(|level| (level, index))
    };
    std::iter::from_fn(next).collect()
}

/// Length of a leaf's path while it has right neighbours, and from where on it runs along the right edge.
fn path_lengths(index: u64, size: u64) -> (usize, usize) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (as_usize(inner), as_usize(border))
}

fn as_usize(bits: u32) -> usize {
    usize::try_from(bits).unwrap_or(usize::MAX)
}

fn split_proof(
    proof: &[Hash],
    inner: usize,
    border: usize,
) -> Result<(&[Hash], &[Hash]), ProofError> {
    let length = ProofError::Length {
        expected: inner + border,
        found: proof.len(),
    };
    if proof.len() != inner + border {
        return Err(length);
    }
    proof.split_at_checked(inner).ok_or(length)
}

/// Goes up a path whose siblings are all on the left.
fn ascend<'a>(from: Hash, lefts: impl IntoIterator<Item = &'a Hash>) -> Hash {
    lefts
        .into_iter()
        .fold(from, |hash, left| Hash::node(left, &hash))
}

/// Goes up a path whose sibling at step `n` is on the left if bit `n` of `turns` is set, else on the right.
fn ascend_turning(from: Hash, siblings: &[Hash], turns: u64) -> Hash {
    siblings
        .iter()
        .enumerate()
        .fold(from, |hash, (step, sibling)| {
            if turns >> step & 1 == 1 {
                Hash::node(sibling, &hash)
            } else {
                Hash::node(&hash, sibling)
            }
        })
}

#[cfg(test)]
mod tests;
