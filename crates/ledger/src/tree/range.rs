//! The right edge of a growing tree: all that is needed to append to it and to know its root.
//!
//! Promises: one node hash a leaf on average, at most 63 hashes held. Must never: allocate on the way of an event
//! beyond the growth of that list.

use super::{TreeError, fold};
use crate::hash::Hash;

/// A tree of `size` leaves as the roots of its perfect subtrees, widest first: one for each set bit of `size`.
///
/// They are the nodes of [`super::root_plan`], in that order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// Most leaves of a tree: every size is also a signed 64-bit number, as databases store it.
    pub const SIZE_MAX: u64 = u64::MAX >> 1;

    /// The tree with no leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// A stored right edge; its truth is the caller's to check against a root.
    ///
    /// # Errors
    /// [`TreeError::TooLarge`], or [`TreeError::HashCount`] unless there is one hash for each set bit of `size`.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, TreeError> {
        if size > Self::SIZE_MAX {
            return Err(TreeError::TooLarge { size });
        }
        let expected = usize::try_from(size.count_ones()).unwrap_or(usize::MAX);
        if hashes.len() != expected {
            return Err(TreeError::HashCount {
                expected,
                found: hashes.len(),
            });
        }
        Ok(Self { size, hashes })
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, widest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.hashes)
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _, _| {});
    }

    /// Appends one leaf hash and reports each perfect subtree it completes as `(level, index, hash)`, the leaf
    /// itself first.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(u8, u64, Hash)) {
        let (mut level, mut index, mut hash) = (0, self.size, leaf);
        completed(level, index, hash);
        // Appending is adding one in binary: each trailing one bit is a subtree as wide as the one in hand.
        while index & 1 == 1
            && let Some(left) = self.hashes.pop()
        {
            hash = Hash::node(&left, &hash);
            level += 1;
            index >>= 1;
            completed(level, index, hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// Appends a whole perfect subtree over `1 << level` leaves: those of [`super::cover`] end in the whole tree.
    ///
    /// # Errors
    /// [`TreeError::TooLarge`]; [`TreeError::Misaligned`] where no subtree of that level begins.
    pub fn push_subtree(&mut self, level: u8, hash: Hash) -> Result<(), TreeError> {
        let misaligned = TreeError::Misaligned {
            size: self.size,
            level,
        };
        let leaves = 1_u64.checked_shl(level.into()).ok_or(misaligned)?;
        if !self.size.is_multiple_of(leaves) {
            return Err(misaligned);
        }
        let size = self.size.saturating_add(leaves);
        if size > Self::SIZE_MAX {
            return Err(TreeError::TooLarge { size });
        }
        let (mut index, mut hash) = (self.size >> level, hash);
        while index & 1 == 1
            && let Some(left) = self.hashes.pop()
        {
            hash = Hash::node(&left, &hash);
            index >>= 1;
        }
        self.hashes.push(hash);
        self.size = size;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference leaves of RFC 6962 implementations.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// RFC 6962 section 2.1 as it is written.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                Hash::node(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    #[test]
    fn the_reference_leaves_have_the_reference_root() {
        let mut range = CompactRange::new();
        for leaf in LEAVES {
            range.push(Hash::leaf(leaf));
        }
        assert_eq!(
            range.root().to_hex(),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn the_empty_tree_has_the_hash_of_nothing_as_its_root() {
        let root = CompactRange::new().root().to_hex();
        assert_eq!(
            root,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn every_size_has_the_root_of_the_definition_and_survives_storage() {
        let leaves: Vec<Hash> = (0u32..300).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        let mut range = CompactRange::new();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!(
                range.root(),
                root_by_definition(&leaves[..size]),
                "size {size}"
            );
            range = CompactRange::from_parts(range.size(), range.hashes().to_vec()).unwrap();
            range.push(*leaf);
        }
        assert_eq!(range.size(), 300);
    }

    #[test]
    fn push_reports_each_completed_subtree_once_with_its_hash() {
        let leaves: Vec<Hash> = (0u32..100).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        let mut range = CompactRange::new();
        let mut reported = Vec::new();
        for leaf in &leaves {
            range.push_with(*leaf, |level, index, hash| {
                reported.push(((level, index), hash));
            });
        }
        let mut expected = 0;
        for level in 0..7 {
            for index in 0..100usize >> level {
                let subtree = root_by_definition(&leaves[index << level..(index + 1) << level]);
                let node = (u8::try_from(level).unwrap(), index as u64);
                assert_eq!(
                    reported.iter().filter(|found| found.0 == node).count(),
                    1,
                    "{node:?}"
                );
                assert!(reported.contains(&(node, subtree)), "{node:?}");
                expected += 1;
            }
        }
        assert_eq!(reported.len(), expected);
    }

    #[test]
    fn leaves_and_whole_subtrees_make_the_same_tree() {
        let leaves: Vec<Hash> = (0u32..70).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        for size in 0..70 {
            for start in 0..=size {
                let mut range = CompactRange::new();
                leaves[..start].iter().for_each(|leaf| range.push(*leaf));
                for (level, index) in crate::tree::cover(start as u64, size as u64) {
                    let (from, to) = (index << level, (index + 1) << level);
                    let within =
                        &leaves[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
                    range
                        .push_subtree(level, root_by_definition(within))
                        .unwrap();
                }
                assert_eq!(range.size(), size as u64);
                assert_eq!(
                    range.root(),
                    root_by_definition(&leaves[..size]),
                    "{start} {size}"
                );
            }
        }
        let mut odd = CompactRange::new();
        odd.push(leaves[0]);
        let misaligned = TreeError::Misaligned { size: 1, level: 1 };
        assert_eq!(odd.push_subtree(1, leaves[1]), Err(misaligned));
        assert!(odd.push_subtree(64, leaves[1]).is_err());
    }

    #[test]
    fn parts_that_do_not_fit_their_size_are_refused() {
        let hash = Hash::leaf(b"");
        assert_eq!(
            CompactRange::from_parts(5, vec![hash]),
            Err(TreeError::HashCount {
                expected: 2,
                found: 1
            })
        );
        assert_eq!(
            CompactRange::from_parts(0, vec![hash]),
            Err(TreeError::HashCount {
                expected: 0,
                found: 1
            })
        );
        assert_eq!(
            CompactRange::from_parts(1 << 63, vec![hash]),
            Err(TreeError::TooLarge { size: 1 << 63 })
        );
        let mut edge = CompactRange::from_parts(CompactRange::SIZE_MAX, vec![hash; 63]).unwrap();
        edge.push(hash);
        assert_eq!(edge.hashes().len(), 1);
    }
}
