//! Where the vectors are, and how a test reads them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder `name` of the vectors, or `None` (and a plain word about it) where there are no vectors at all.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    if vectors.is_dir() {
        return Some(vectors.join(name));
    }
    #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
    {
        eprintln!("shared vectors absent: {name} was not checked");
    }
    None
}

/// Every JSON file below `folder`, in the order of their paths.
pub(crate) fn json_files(folder: &Path) -> Vec<(PathBuf, serde_json::Value)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, serde_json::from_str(&text).unwrap()));
            }
        }
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files
}
