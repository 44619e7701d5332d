//! The RFC 8785 vectors of cyberphone/json-canonicalization, read from `shared/vectors` beside the repository.
//!
//! Promises: with that directory present, a missing or unreadable case is a failure; without it the test says so and
//! ends.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper functions fail loudly, and a skipped test says so"
)]

use std::path::{Path, PathBuf};

use ledger::json::{parse, write_canonical};

/// Cases in the directory.
const CASES: usize = 6;

fn vectors() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../../../shared/vectors/json-canonicalization");
    path.is_dir().then_some(path)
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn canonical(text: &[u8]) -> String {
    let mut out = String::new();
    write_canonical(&parse(text).unwrap(), &mut out);
    out
}

#[test]
fn canonical_json_is_that_of_the_reference_implementation() {
    let Some(vectors) = vectors() else {
        println!("shared vectors absent");
        return;
    };
    let mut cases = 0;
    for file in std::fs::read_dir(vectors.join("input")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let stem = name.strip_suffix(".json").unwrap();
        let found = canonical(&read(&vectors.join("input").join(&name)));
        let expected = read(&vectors.join("output").join(&name));
        assert_eq!(found.as_bytes(), expected.trim_ascii_end(), "{name}");
        let hex = read(&vectors.join("outhex").join(format!("{stem}.txt")));
        let bytes: Vec<u8> = str::from_utf8(&hex)
            .unwrap()
            .split_ascii_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        assert_eq!(found.as_bytes(), bytes, "{name}");
        assert_eq!(canonical(found.as_bytes()), found, "{name} once more");
        cases += 1;
    }
    assert_eq!(cases, CASES);
}
