//! Inclusion and consistency cases of transparency-dev/merkle, negative ones included.

use base64ct::{Base64, Encoding};
use ledger::hash::Hash;
use ledger::tree::{verify_consistency, verify_inclusion};
use serde_json::Value;

use crate::source::{folder, json_files};

/// How many cases there are, and in how many of them the proof must hold.
const CASES: (usize, usize) = (98, 6);
/// The one case that we see differently: every tree begins with the empty tree. C2SP's tlog-witness says so, too;
/// the vectors hold that it is not worth asking.
const HOLDS_HERE: &str = "consistency/additional/size1-is-zero-and-size2-is-not-zero.json";

#[test]
fn inclusion_proofs_hold_exactly_where_the_vectors_say() {
    check("inclusion", |case, proof| {
        let (index, size) = (number(&case["leafIdx"]), number(&case["treeSize"]));
        let (leaf, root) = (hash("leaf", &case["leafHash"]), hash("root", &case["root"]));
        verify_inclusion(index, size, &leaf, proof, &root).is_ok()
    });
}

#[test]
fn consistency_proofs_hold_exactly_where_the_vectors_say() {
    check("consistency", |case, proof| {
        let (old, new) = (number(&case["size1"]), number(&case["size2"]));
        let (old_root, new_root) = (hash("root", &case["root1"]), hash("root", &case["root2"]));
        verify_consistency(old, new, &old_root, &new_root, proof).is_ok()
    });
}

fn check(kind: &str, holds: impl Fn(&Value, &[Hash]) -> bool) {
    let Some(folder) = folder("merkle") else {
        return;
    };
    let mut counts = (0, 0);
    for (path, case) in json_files(&folder.join(kind)) {
        let proof: Vec<Hash> = match &case["proof"] {
            Value::Null => Vec::new(),
            proof => proof
                .as_array()
                .unwrap()
                .iter()
                .map(|value| hash("node", value))
                .collect(),
        };
        let expected = !case["wantErr"].as_bool().unwrap();
        let found = holds(&case, &proof);
        let agreed = found == expected;
        assert_ne!(
            agreed,
            path.ends_with(HOLDS_HERE),
            "{}: {}",
            path.display(),
            case["desc"]
        );
        counts.0 += 1;
        counts.1 += usize::from(expected);
    }
    assert_eq!(counts, CASES, "{kind}");
}

/// A hash of the vectors. Some are empty or of another length ("do not care"), which our types can not express: a
/// digest stands for those, equal for equal ones in the same role, so that every case reaches the verifier.
fn hash(role: &str, value: &Value) -> Hash {
    let bytes = Base64::decode_vec(value.as_str().unwrap()).unwrap();
    let digest = |_| Hash::of(&[role.as_bytes(), bytes.as_slice()].concat());
    bytes.as_slice().try_into().map_or_else(digest, Hash)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}
