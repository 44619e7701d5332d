//! Which files are meant: those that were named, and those in folders that were, in an order that is the same every time.
//!
//! Promises: a file that was named is read whatever it is called; below a folder, files are read whose names are those of
//! data, the others are named; what is no file, and what begins with a dot, is passed over; links to folders are not
//! followed, so that the walk ends.

use std::io;
use std::path::{Path, PathBuf};

/// Most files of one import.
const FILES_MAX: usize = 1_000_000;
/// Deepest folder.
const DEPTH_MAX: usize = 64;

/// What a name has behind one of its dots that is one of data: `audit.log.1`, `trail.json.gz`.
const ENDINGS: [&str; 8] = [
    "json", "jsonl", "ndjson", "log", "gz", "gzip", "zst", "zstd",
];

/// Files, and what stood in the way.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// To be read, in this order.
    pub(crate) files: Vec<PathBuf>,
    /// Their length altogether in bytes.
    pub(crate) bytes: u64,
    /// Files of another kind.
    pub(crate) others: Vec<PathBuf>,
    /// Paths that can't be looked at, and why.
    pub(crate) unreachable: Vec<(PathBuf, String)>,
}

impl Walk {
    /// Looks at every path.
    pub(crate) fn of(paths: &[PathBuf]) -> Self {
        let mut walk = Self::default();
        for path in paths {
            if path == Path::new("-") {
                walk.files.push(path.clone());
                continue;
            }
            match std::fs::metadata(path) {
                Ok(found) if found.is_dir() => walk.enter(path, 0),
                Ok(found) => walk.take(path.clone(), found.len()),
                Err(error) => walk.unreachable.push((path.clone(), error.to_string())),
            }
        }
        walk
    }

    /// Takes a file below a folder.
    fn consider(&mut self, path: PathBuf, bytes: u64) {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_ascii_lowercase());
        let is_data = name.is_some_and(|name| {
            name.split('.')
                .skip(1)
                .any(|ending| ENDINGS.contains(&ending))
        });
        if is_data || self.others.len() >= FILES_MAX {
            self.take(path, bytes);
        } else {
            self.others.push(path);
        }
    }

    fn take(&mut self, path: PathBuf, bytes: u64) {
        if self.files.len() >= FILES_MAX {
            self.unreachable
                .push((path, format!("more than {FILES_MAX} files")));
            return;
        }
        self.bytes += bytes;
        self.files.push(path);
    }

    fn enter(&mut self, folder: &Path, depth: usize) {
        if depth >= DEPTH_MAX {
            let why = format!("more than {DEPTH_MAX} folders deep");
            self.unreachable.push((folder.to_owned(), why));
            return;
        }
        let listed = std::fs::read_dir(folder).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()
        });
        let mut paths = match listed {
            Ok(paths) => paths,
            Err(error) => {
                self.unreachable
                    .push((folder.to_owned(), error.to_string()));
                return;
            }
        };
        paths.sort();
        for path in paths {
            let is_hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if is_hidden {
                continue;
            }
            match std::fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => self.enter(&path, depth + 1),
                Ok(found) if found.is_file() => self.consider(path, found.len()),
                Ok(found) if found.is_symlink() => {
                    if let Ok(found) = std::fs::metadata(&path)
                        && found.is_file()
                    {
                        self.consider(path, found.len());
                    }
                }
                Ok(_) => {}
                Err(error) => self.unreachable.push((path, error.to_string())),
            }
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "files of a test need not survive a power cut"
)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_without_end_only_where_there_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("b/c")).unwrap();
        for name in [
            "z.json",
            "b/c/2.LOG.1",
            "b/1.json.gz",
            ".hidden.json",
            "a.json",
            "b/LICENSE",
        ] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        std::os::unix::fs::symlink(root.join("a.json"), root.join("b/link.json")).unwrap();
        let walk = Walk::of(&[root.to_owned(), root.join("none")]);
        let names: Vec<_> = walk
            .files
            .iter()
            .map(|path| path.strip_prefix(root).unwrap().display().to_string())
            .collect();
        assert_eq!(
            names,
            [
                "a.json",
                "b/1.json.gz",
                "b/c/2.LOG.1",
                "b/link.json",
                "z.json"
            ]
        );
        assert_eq!(
            (walk.bytes, walk.unreachable.len(), walk.others.len()),
            (5, 1, 1)
        );
        // Whoever names a file means it.
        assert_eq!(Walk::of(&[root.join("b/LICENSE")]).files.len(), 1);
    }
}
