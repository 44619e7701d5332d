//! How far an import is, in a file, so that it goes on where it broke off.
//!
//! Promises: the file says of nothing that it is done before the server acknowledged it, and counts belong to exactly what
//! is done; it is replaced whole, durably. Two imports never share one. Must never hold a password or an event.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keys::durable::{Disk as _, Lock, RealDisk, Secrecy, replace};
use ledger::hash::Hash;
use serde::{Deserialize, Serialize};

use super::tally::Tally;
use crate::failure::Failure;

/// Longest state file in bytes: some hundred thousand files.
const STATE_BYTES_MAX: u64 = 256 * 1024 * 1024;
const VERSION: u32 = 1;

/// Something that is done when everything before it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A file, up to a place.
    File { path: String, done: FileDone },
    /// A table, up to a value of its cursor.
    Cursor(String),
}

/// How much of a file is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileDone {
    /// Its length as it is stored.
    pub(crate) size: u64,
    /// Decompressed bytes that are done.
    pub(crate) bytes: u64,
    /// Events made of them so far.
    pub(crate) events: u64,
    /// Whether that was all, when it was read.
    pub(crate) finished: bool,
    /// SHA-256 of these bytes: another file under the same name begins anew.
    pub(crate) digest: String,
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    version: u32,
    /// Names the import, over all its runs.
    import: String,
    /// What it is the state of, without credentials.
    what: String,
    /// How many runs there were before this one.
    #[serde(default)]
    runs: u64,
    #[serde(default)]
    files: BTreeMap<String, FileDone>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    tally: Tally,
}

/// The state of one import.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    written: Written,
    _lock: Box<dyn Lock>,
}

impl State {
    /// Takes up what is there, or begins. `what` tells one import from another; `fresh` names a new one.
    pub(crate) fn open(path: &Path, what: &str, fresh: &str) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::unreachable(format!("{} can not be used: {error}", path.display()))
                .hint("--state names another file for what is done")
        };
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        if let Some(directory) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            RealDisk
                .create_dir_all(directory, Secrecy::Secret)
                .map_err(unusable)?;
        }
        let lock = RealDisk.try_lock(Path::new(&lock_path)).map_err(|error| {
            if error.kind() == std::io::ErrorKind::WouldBlock {
                Failure::usage(format!("another import is at work with {}", path.display()))
                    .hint("wait for its end, or name another file with --state")
            } else {
                unusable(error)
            }
        })?;
        let begun = Written {
            version: VERSION,
            import: fresh.to_owned(),
            what: what.to_owned(),
            ..Written::default()
        };
        let mut written = if RealDisk.exists(path).map_err(unusable)? {
            let bytes = RealDisk.read(path, STATE_BYTES_MAX).map_err(unusable)?;
            read(&bytes, path)?
        } else {
            begun
        };
        if written.what != what {
            return Err(Failure::usage(format!(
                "{} is the state of another import",
                path.display()
            ))
            .hint("name another file with --state, or remove this one"));
        }
        written.runs += 1;
        Ok(Self {
            path: path.to_owned(),
            written,
            _lock: lock,
        })
    }

    /// Forgets what is done.
    pub(crate) fn restart(&mut self, fresh: &str) {
        self.written = Written {
            version: VERSION,
            import: fresh.to_owned(),
            what: std::mem::take(&mut self.written.what),
            runs: 1,
            ..Written::default()
        };
    }

    /// The import's name.
    pub(crate) fn import(&self) -> &str {
        &self.written.import
    }

    /// Which run of it this is, from 1.
    pub(crate) fn run(&self) -> u64 {
        self.written.runs
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is done of a file.
    pub(crate) fn file(&self, path: &str) -> Option<&FileDone> {
        self.written.files.get(path)
    }

    /// How far the table is read.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.written.cursor.as_deref()
    }

    /// What was counted in this run and those before.
    pub(crate) fn tally(&self) -> &Tally {
        &self.written.tally
    }

    /// Takes note of what is done; it is kept when [`State::save`] says so.
    pub(crate) fn advance(&mut self, counted: &Tally, marks: Vec<Mark>) {
        self.written.tally.add(counted);
        for mark in marks {
            match mark {
                Mark::File { path, done } => {
                    self.written.files.insert(path, done);
                }
                Mark::Cursor(value) => self.written.cursor = Some(value),
            }
        }
    }

    /// Makes it durable.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        serde_json::to_vec(&self.written)
            .map_err(std::io::Error::other)
            .and_then(|bytes| replace(&RealDisk, &self.path, &bytes, Secrecy::Secret))
            .map_err(|error| {
                Failure::unreachable(format!(
                    "{} can not be written: {error}",
                    self.path.display()
                ))
            })
    }

    /// There is nothing left to go on with.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        let remove = || -> std::io::Result<()> {
            if RealDisk.exists(&self.path)? {
                RealDisk.remove(&self.path)?;
            }
            Ok(())
        };
        remove().map_err(|error| {
            Failure::unreachable(format!(
                "{} can not be removed: {error}",
                self.path.display()
            ))
        })
    }
}

fn read(bytes: &[u8], path: &Path) -> Result<Written, Failure> {
    serde_json::from_slice::<Written>(bytes)
        .ok()
        .filter(|written| written.version == VERSION)
        .ok_or_else(|| {
            Failure::usage(format!("{} is no state of an import", path.display()))
                .hint("name another file with --state, or remove this one: what is stored already is not stored again")
        })
}

/// The file's name where none was given: one for each thing that can be imported.
pub(crate) fn usual_path(
    state_home: Option<&Path>,
    home: Option<&Path>,
    what: &str,
) -> Result<PathBuf, Failure> {
    let home = match (state_home, home) {
        (Some(path), _) if path.is_absolute() => path.to_owned(),
        (_, Some(home)) if home.is_absolute() => home.join(".local/state"),
        _ => {
            return Err(Failure::usage(
                "no place for what is done: neither XDG_STATE_HOME nor HOME is set",
            )
            .hint("name a file with --state"));
        }
    };
    let digest = Hash::of(what.as_bytes()).to_hex();
    let short = digest.get(..16).unwrap_or_default();
    Ok(home.join("veritrail").join(format!("import-{short}.json")))
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "files of a test need not survive a power cut"
)]
mod tests {
    use super::*;

    fn done(bytes: u64) -> FileDone {
        FileDone {
            size: 10,
            bytes,
            events: 1,
            finished: true,
            digest: "d".to_owned(),
        }
    }

    #[test]
    fn what_was_saved_is_taken_up_and_what_was_not_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/state.json");
        let mut state = State::open(&path, "w", "i1").unwrap();
        let counted = Tally {
            read: 2,
            ..Tally::default()
        };
        let mark = Mark::File {
            path: "f".to_owned(),
            done: done(5),
        };
        state.advance(&counted, vec![mark, Mark::Cursor("7".to_owned())]);
        state.save().unwrap();
        state.advance(&counted, vec![Mark::Cursor("8".to_owned())]);
        drop(state);
        let state = State::open(&path, "w", "i2").unwrap();
        assert_eq!(
            (state.import(), state.run(), state.cursor()),
            ("i1", 2, Some("7"))
        );
        assert_eq!((state.tally().read, state.file("f")), (2, Some(&done(5))));
        state.remove().unwrap();
        assert_eq!(State::open(&path, "w", "i3").unwrap().cursor(), None);
    }

    #[test]
    fn one_state_serves_one_import_at_a_time_and_one_kind_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.json");
        let first = State::open(&path, "w", "i").unwrap();
        assert!(
            State::open(&path, "w", "i")
                .unwrap_err()
                .message
                .contains("at work")
        );
        first.save().unwrap();
        drop(first);
        assert!(
            State::open(&path, "x", "i")
                .unwrap_err()
                .message
                .contains("another import")
        );
        std::fs::write(&path, "{\"version\":9}").unwrap();
        assert!(
            State::open(&path, "w", "i")
                .unwrap_err()
                .message
                .contains("no state")
        );
    }

    #[test]
    fn without_a_home_it_says_so() {
        let path =
            |state, home| usual_path(state, home, "w").map(|path| path.display().to_string());
        assert!(path(None, None).is_err());
        assert!(path(Some(Path::new("relative")), None).is_err());
        assert!(
            path(None, Some(Path::new("/h")))
                .unwrap()
                .starts_with("/h/.local/state/veritrail/import-")
        );
        assert!(
            path(Some(Path::new("/s")), None)
                .unwrap()
                .starts_with("/s/veritrail/import-")
        );
    }
}
