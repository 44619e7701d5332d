//! Which files are meant: those that were named, and those in folders that were, in an order that is the same every time.
//!
//! Promises: names that begin with a dot and what is no file are left out below a folder; links to folders are not followed,
//! so that the walk ends.

use std::io;
use std::path::{Path, PathBuf};

/// Most files of one import.
const FILES_MAX: usize = 1_000_000;
/// Deepest folder.
const DEPTH_MAX: usize = 64;

/// Files, and what stood in the way.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// To be read, in this order.
    pub(crate) files: Vec<PathBuf>,
    /// Their length altogether in bytes.
    pub(crate) bytes: u64,
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
                Ok(found) if found.is_file() => self.take(path, found.len()),
                Ok(found) if found.is_symlink() => {
                    if let Ok(found) = std::fs::metadata(&path)
                        && found.is_file()
                    {
                        self.take(path, found.len());
                    }
                }
                Ok(_) => {}
                Err(error) => self.unreachable.push((path, error.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_without_end_only_where_there_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("b/c")).unwrap();
        for name in ["z.json", "b/c/2.json", "b/1.json", ".hidden", "a.json"] {
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
            ["a.json", "b/1.json", "b/c/2.json", "b/link.json", "z.json"]
        );
        assert_eq!((walk.bytes, walk.unreachable.len()), (5, 1));
    }
}
