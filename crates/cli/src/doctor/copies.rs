//! Copies of keys among the data: whoever gets a backup of the data would get them, too.
//!
//! Promises: looks at names, and at the first bytes of files called FORMAT, no deeper than [`DEPTH_MAX`] and at no more
//! than [`NAMES_MAX`], what is nearer first; follows no link and waits for no pipe.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use keys::durable::{Disk as _, RealDisk};

/// How far below the data directory.
const DEPTH_MAX: usize = 4;
/// How many names.
const NAMES_MAX: usize = 10_000;
/// Most copies that are told.
const COPIES_MAX: usize = 20;
/// Longest FORMAT file in bytes.
const FORMAT_BYTES_MAX: u64 = 4 * 1024;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copies {
    /// Directories that hold keys, or what only a keys directory holds.
    pub(crate) found: Vec<PathBuf>,
    /// Whether more names are there than were looked at.
    pub(crate) cut_off: bool,
}

/// Looks through a data directory.
pub(crate) fn below(data: &Path) -> Copies {
    let mut copies = Copies::default();
    let mut open = VecDeque::from([(data.to_owned(), 0)]);
    let mut names = 0;
    while let Some((directory, depth)) = open.pop_front() {
        // What may not be read is told by other checks.
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            names += 1;
            if names > NAMES_MAX || copies.found.len() >= COPIES_MAX {
                copies.cut_off = true;
                return copies;
            }
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            let mark = (kind.is_dir() && holds_masters(&path)) || (kind.is_file() && tells(&path));
            if mark && !copies.found.contains(&directory) {
                copies.found.push(directory.clone());
            }
            if kind.is_dir() && depth < DEPTH_MAX {
                open.push_back((path, depth + 1));
            }
        }
    }
    copies
}

/// A directory of master secrets, by its name.
fn holds_masters(path: &Path) -> bool {
    path.ends_with("masters")
}

/// A file that only a keys directory has.
fn tells(path: &Path) -> bool {
    if path.ends_with("FORMAT") {
        let read = RealDisk.read(path, FORMAT_BYTES_MAX);
        return read.is_ok_and(|bytes| bytes.starts_with(b"veritrail-keys "));
    }
    path.ends_with("signer/key") || path.ends_with("operator.key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, bytes: &[u8]) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        keys::durable::replace(&RealDisk, path, bytes, keys::durable::Secrecy::Ordinary).unwrap();
    }

    #[test]
    fn whatever_only_a_keys_directory_holds_is_a_copy() {
        for (name, bytes, holds) in [
            (
                "bak/keys/FORMAT",
                &b"veritrail-keys 1\ninstance ab\n"[..],
                "bak/keys",
            ),
            ("a/masters/ab", b"x", "a"),
            ("a/b/c/signer/key", b"x", "a/b/c/signer"),
            ("operator.key", b"x", ""),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let data = directory.path();
            put(&data.join("FORMAT"), b"veritrail-data 1\n");
            put(&data.join("logs/ab/key"), b"x");
            assert_eq!(below(data), Copies::default());
            put(&data.join(name), bytes);
            assert_eq!(below(data).found, [data.join(holds)], "{name}");
        }
    }

    #[test]
    fn links_and_pipes_are_left_alone_and_names_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let (data, elsewhere) = (directory.path().join("data"), directory.path().join("k"));
        put(&elsewhere.join("operator.key"), b"x");
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&elsewhere, data.join("link")).unwrap();
        let pipe = data.join("FORMAT");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(below(&data), Copies::default());
        for name in 0..=NAMES_MAX {
            std::os::unix::fs::symlink("nowhere", data.join(name.to_string())).unwrap();
        }
        assert!(below(&data).cut_off);
        assert_eq!(below(&directory.path().join("absent")), Copies::default());
    }
}
