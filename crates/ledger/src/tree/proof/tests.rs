//! Proofs against RFC 6962 as it is written, and against tampering.

use proptest::prelude::*;

use super::*;

const SIZE_MAX: u64 = 300;

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|n| Hash::leaf(&n.to_be_bytes())).collect()
}

fn at(count: u64) -> usize {
    usize::try_from(count).unwrap()
}

/// MTH(D) of RFC 6962 section 2.1.
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

/// PATH(m, D) of RFC 6962 section 2.1.1.
fn path_by_definition(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = if index < left.len() {
        (path_by_definition(index, left), right)
    } else {
        (path_by_definition(index - left.len(), right), left)
    };
    path.push(root_by_definition(sibling));
    path
}

/// SUBPROOF(m, D, b) of RFC 6962 section 2.1.2.
fn subproof_by_definition(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known {
            Vec::new()
        } else {
            vec![root_by_definition(leaves)]
        };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, sibling) = if old <= left.len() {
        (subproof_by_definition(old, left, known), right)
    } else {
        (subproof_by_definition(old - left.len(), right, false), left)
    };
    proof.push(root_by_definition(sibling));
    proof
}

/// Answers a node from the leaves, and fails on one that is not wholly inside the tree.
fn nodes(leaves: &[Hash]) -> impl FnMut(u8, u64) -> Result<Hash, TreeError> {
    move |level, index| {
        let beyond = TreeError::IndexBeyondTree {
            index,
            size: leaves.len() as u64,
        };
        leaves
            .get(at(index << level)..at((index + 1) << level))
            .map(root_by_definition)
            .ok_or(beyond)
    }
}

#[test]
fn built_proofs_and_roots_are_those_of_the_definition() {
    let all = leaves(70);
    for size in 0..=70 {
        let tree = &all[..at(size)];
        assert_eq!(
            root_from_nodes(size, &mut nodes(tree)),
            Ok(root_by_definition(tree))
        );
        for index in 0..size {
            let proof = inclusion_proof(index, size, &mut nodes(tree)).unwrap();
            assert_eq!(
                proof,
                path_by_definition(at(index), tree),
                "leaf {index} of {size}"
            );
        }
        for old in 1..=size {
            let proof = consistency_proof(old, size, &mut nodes(tree)).unwrap();
            assert_eq!(
                proof,
                subproof_by_definition(at(old), tree, true),
                "{old} to {size}"
            );
        }
    }
}

#[test]
fn the_empty_tree_is_consistent_with_every_tree_only_under_its_own_root() {
    let (empty, root) = (Hash::empty_root(), Hash::leaf(b"x"));
    assert_eq!(consistency_plan(0, 9).unwrap().nodes(), []);
    assert_eq!(verify_consistency(0, 9, &empty, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 0, &empty, &empty, &[]), Ok(()));
    assert_eq!(
        verify_consistency(0, 9, &root, &root, &[]),
        Err(ProofError::OldRoot)
    );
    assert_eq!(
        verify_consistency(0, 0, &root, &root, &[]),
        Err(ProofError::OldRoot)
    );
    assert_eq!(
        verify_consistency(0, 0, &empty, &root, &[]),
        Err(ProofError::Root)
    );
    let long = ProofError::Length {
        expected: 0,
        found: 1,
    };
    assert_eq!(verify_consistency(0, 9, &empty, &root, &[root]), Err(long));
}

#[test]
fn impossible_claims_are_named() {
    let hash = Hash::leaf(b"x");
    let beyond = TreeError::IndexBeyondTree { index: 3, size: 3 };
    assert_eq!(inclusion_plan(3, 3), Err(beyond));
    assert_eq!(
        verify_inclusion(3, 3, &hash, &[], &hash),
        Err(ProofError::Impossible(beyond))
    );
    assert!(inclusion_plan(0, 0).is_err());
    assert!(verify_inclusion(0, 0, &hash, &[], &Hash::empty_root()).is_err());
    let reversed = TreeError::SizesReversed { old: 4, new: 3 };
    assert_eq!(consistency_plan(4, 3), Err(reversed));
    assert_eq!(
        verify_consistency(4, 3, &hash, &hash, &[]),
        Err(ProofError::Impossible(reversed))
    );
    assert_eq!(
        inclusion_plan(1, 3).unwrap().assemble(&[hash]),
        Err(TreeError::HashCount {
            expected: 2,
            found: 1
        })
    );
}

#[test]
fn the_largest_sizes_neither_overflow_nor_outgrow_the_limit_of_a_proof() {
    let edges = [
        1,
        2,
        3,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    let hash = Hash::leaf(b"x");
    for new in edges {
        assert!(root_plan(new).nodes().len() <= crate::limits::PROOF_HASHES_MAX);
        for other in edges {
            if let Ok(plan) = inclusion_plan(other - 1, new) {
                assert!(plan.nodes().len() <= crate::limits::PROOF_HASHES_MAX);
                let proof = plan.assemble(&vec![hash; plan.nodes().len()]).unwrap();
                let found = verify_inclusion(other - 1, new, &hash, &proof, &Hash::empty_root());
                assert_eq!(found, Err(ProofError::Root), "leaf {} of {new}", other - 1);
            }
            if let Ok(plan) = consistency_plan(other, new) {
                assert!(plan.nodes().len() <= crate::limits::PROOF_HASHES_MAX);
                let proof = plan.assemble(&vec![hash; plan.nodes().len()]).unwrap();
                let found = verify_consistency(other, new, &Hash::empty_root(), &hash, &proof);
                assert!(
                    !matches!(found, Ok(()) | Err(ProofError::Length { .. })),
                    "{other} to {new}"
                );
            }
        }
    }
}

#[test]
fn a_missing_hash_is_reported_as_a_wrong_length() {
    let tree = leaves(7);
    let (old, new) = (root_by_definition(&tree[..3]), root_by_definition(&tree));
    let proof = consistency_proof(3, 7, &mut nodes(&tree)).unwrap();
    let expected = proof.len();
    for found in 0..expected {
        assert_eq!(
            verify_consistency(3, 7, &old, &new, &proof[..found]),
            Err(ProofError::Length { expected, found })
        );
    }
}

/// One change to a list of hashes.
#[derive(Clone, Debug)]
enum Tamper {
    Flip(prop::sample::Index, u8, u8),
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index),
    Swap(prop::sample::Index),
    Append,
}

fn tamper() -> impl Strategy<Value = Tamper> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), 0u8..32, 0u8..8).prop_map(|(place, byte, bit)| Tamper::Flip(place, byte, bit)),
        place().prop_map(Tamper::Drop),
        place().prop_map(Tamper::Repeat),
        place().prop_map(Tamper::Swap),
        Just(Tamper::Append),
    ]
}

/// The proof changed, or `None` where this change is none.
fn tampered(proof: &[Hash], tamper: &Tamper) -> Option<Vec<Hash>> {
    let mut changed = proof.to_vec();
    match tamper {
        Tamper::Append => changed.push(Hash::leaf(b"appended")),
        _ if proof.is_empty() => return None,
        Tamper::Flip(place, byte, bit) => {
            changed[place.index(proof.len())].0[usize::from(*byte)] ^= 1 << bit;
        }
        Tamper::Drop(place) => {
            changed.remove(place.index(proof.len()));
        }
        Tamper::Repeat(place) => {
            changed.insert(place.index(proof.len()), proof[place.index(proof.len())]);
        }
        Tamper::Swap(place) => changed.swap(0, place.index(proof.len())),
    }
    (changed != proof).then_some(changed)
}

fn flipped(hash: &Hash) -> Hash {
    let mut hash = *hash;
    hash.0[17] ^= 4;
    hash
}

proptest! {
    #[test]
    fn an_inclusion_proof_holds_iff_untouched(
        size in 1..=SIZE_MAX, place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), tamper in tamper(),
    ) {
        let index = place.index(at(size)) as u64;
        let tree = leaves(size);
        let (leaf, root) = (tree[at(index)], root_by_definition(&tree));
        let proof = inclusion_proof(index, size, &mut nodes(&tree)).unwrap();
        prop_assert_eq!(verify_inclusion(index, size, &leaf, &proof, &root), Ok(()));
        prop_assert_eq!(verify_inclusion(index, size, &flipped(&leaf), &proof, &root), Err(ProofError::Root));
        prop_assert_eq!(verify_inclusion(index, size, &leaf, &proof, &flipped(&root)), Err(ProofError::Root));
        let other = other.index(at(size)) as u64;
        prop_assert_eq!(verify_inclusion(other, size, &leaf, &proof, &root).is_ok(), other == index);
        if let Some(changed) = tampered(&proof, &tamper) {
            let found = verify_inclusion(index, size, &leaf, &changed, &root);
            let expected = if changed.len() == proof.len() {
                ProofError::Root
            } else {
                ProofError::Length { expected: proof.len(), found: changed.len() }
            };
            prop_assert_eq!(found, Err(expected));
        }
    }

    #[test]
    fn a_consistency_proof_holds_iff_untouched(
        new in 1..=SIZE_MAX, place in any::<prop::sample::Index>(), tamper in tamper(),
    ) {
        let old = place.index(at(new)) as u64 + 1;
        let tree = leaves(new);
        let (old_root, new_root) = (root_by_definition(&tree[..at(old)]), root_by_definition(&tree));
        let proof = consistency_proof(old, new, &mut nodes(&tree)).unwrap();
        prop_assert_eq!(verify_consistency(old, new, &old_root, &new_root, &proof), Ok(()));
        prop_assert!(verify_consistency(old, new, &flipped(&old_root), &new_root, &proof).is_err());
        prop_assert_eq!(
            verify_consistency(old, new, &old_root, &flipped(&new_root), &proof),
            Err(ProofError::Root)
        );
        if let Some(changed) = tampered(&proof, &tamper) {
            let found = verify_consistency(old, new, &old_root, &new_root, &changed);
            if changed.len() == proof.len() {
                prop_assert!(matches!(found, Err(ProofError::OldRoot | ProofError::Root)));
            } else {
                let length = ProofError::Length { expected: proof.len(), found: changed.len() };
                prop_assert_eq!(found, Err(length));
            }
        }
    }
}
