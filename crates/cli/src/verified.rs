//! What `verify` found last of a data directory, noted for `doctor`.
//!
//! The notes are the user's own, below `$XDG_STATE_HOME/veritrail`: outside the data, which must not vouch for themselves,
//! and outside the keys, where verifiers never write. Promises: a note is whole or not there; it holds no event and no
//! key. Must never: keep a verification from answering, or be taken for evidence: whoever is this user can write it.

use std::io;
use std::path::{Path, PathBuf};

use keys::durable::{Disk as _, RealDisk, Secrecy, replace};
use ledger::time::Micros;
use serde_json::{Value, json};
use server::config::environment;

/// The file, and the one that is locked while it is written.
const FILE: &str = "verified";
const LOCK: &str = "verified.lock";
/// Longest file in bytes.
const BYTES_MAX: u64 = 1024 * 1024;
/// Most data directories that are remembered, the newest first.
const NOTES_MAX: usize = 64;

/// Where notes are kept.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Notes {
    /// Where verify notes how it ended, for doctor [default: `$XDG_STATE_HOME/veritrail`, or ~/.local/state/veritrail]
    #[arg(
        long,
        env = "VERITRAIL_STATE_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    state_dir: Option<PathBuf>,
}

/// One verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// When it ended.
    pub(crate) at: Micros,
    /// Of which directory, without links.
    pub(crate) data: String,
    /// `verified`, `tampered` or `self_consistent`.
    pub(crate) verdict: String,
    /// What the data were held against, in words.
    pub(crate) against: String,
}

impl Notes {
    /// Notes a verification, if there is a place for it. What goes wrong costs the note and nothing else.
    pub(crate) fn keep(&self, note: &Verified) {
        if let Some(directory) = self.directory() {
            let _ = keep_in(&directory, note);
        }
    }

    /// The newest note of a data directory.
    pub(crate) fn last(&self, data: &Path) -> Result<Option<Verified>, String> {
        let directory = self.directory();
        let directory = directory
            .ok_or("there is no home directory to keep notes in; --state-dir names one")?;
        let file = directory.join(FILE);
        let notes =
            read(&file).map_err(|error| format!("{} can not be read: {error}", file.display()))?;
        let data = real(data);
        Ok(notes.into_iter().find(|note| note.data == data))
    }

    fn directory(&self) -> Option<PathBuf> {
        let absolute = |name: &str| {
            environment(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let state =
            || absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        self.state_dir
            .clone()
            .or_else(|| Some(state()?.join("veritrail")))
    }
}

/// A directory's name that stays the same from wherever it is called.
pub(crate) fn real(data: &Path) -> String {
    let real = data.canonicalize().or_else(|_| std::path::absolute(data));
    real.unwrap_or_else(|_| data.to_owned())
        .display()
        .to_string()
}

fn keep_in(directory: &Path, note: &Verified) -> io::Result<()> {
    RealDisk.create_dir_all(directory, Secrecy::Secret)?;
    // Who can't have the lock is overtaken by a verification that ends at the same time.
    let _alone = RealDisk.try_lock(&directory.join(LOCK))?;
    let file = directory.join(FILE);
    let mut notes = read(&file).unwrap_or_default();
    notes.retain(|known| known.data != note.data);
    notes.insert(0, note.clone());
    notes.truncate(NOTES_MAX);
    let lines: String = notes.iter().map(line).collect();
    replace(&RealDisk, &file, lines.as_bytes(), Secrecy::Secret)
}

fn line(note: &Verified) -> String {
    let Verified {
        at,
        data,
        verdict,
        against,
    } = note;
    let line =
        json!({"v": 1, "at": at.to_string(), "data": data, "verdict": verdict, "against": against});
    format!("{line}\n")
}

/// The notes of a file; none if there is no file, and none of lines that are not understood.
fn read(file: &Path) -> io::Result<Vec<Verified>> {
    let bytes = match RealDisk.read(file, BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter_map(parsed).take(NOTES_MAX).collect())
}

fn parsed(line: &str) -> Option<Verified> {
    let line: Value = serde_json::from_str(line).ok()?;
    let member = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Verified {
        at: Micros::parse(&member("at")?).ok()?,
        data: member("data")?,
        verdict: member("verdict")?,
        against: member("against")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(data: &Path, verdict: &str, second: i64) -> Verified {
        Verified {
            at: Micros::from_micros(second * 1_000_000),
            data: real(data),
            verdict: verdict.to_owned(),
            against: "the keys directory".to_owned(),
        }
    }

    #[test]
    fn the_newest_note_of_each_directory_stays() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("a/b");
        let notes = Notes {
            state_dir: Some(state.clone()),
        };
        let (one, other) = (directory.path().join("one"), directory.path().join("other"));
        assert_eq!(notes.last(&one), Ok(None));
        notes.keep(&note(&one, "tampered", 1));
        notes.keep(&note(&other, "verified", 2));
        notes.keep(&note(&one, "verified", 3));
        assert_eq!(notes.last(&one), Ok(Some(note(&one, "verified", 3))));
        assert_eq!(notes.last(&other), Ok(Some(note(&other, "verified", 2))));
        assert_eq!(read(&state.join(FILE)).unwrap().len(), 2);
        for second in 0..100 {
            notes.keep(&note(
                &directory.path().join(second.to_string()),
                "verified",
                second,
            ));
        }
        assert_eq!(read(&state.join(FILE)).unwrap().len(), NOTES_MAX);
    }

    #[test]
    fn strange_notes_and_a_place_that_can_not_be_written_harm_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let notes = Notes {
            state_dir: Some(directory.path().to_owned()),
        };
        let strange = b"\xff\xfe\n{}\n{\"at\":5}\n[1]\n";
        replace(
            &RealDisk,
            &directory.path().join(FILE),
            strange,
            Secrecy::Secret,
        )
        .unwrap();
        assert_eq!(notes.last(directory.path()), Ok(None));
        notes.keep(&note(directory.path(), "verified", 1));
        assert!(notes.last(directory.path()).unwrap().is_some());
        let nowhere = Notes {
            state_dir: Some("/proc/veritrail".into()),
        };
        nowhere.keep(&note(directory.path(), "verified", 1));
        assert_eq!(nowhere.last(directory.path()), Ok(None));
    }
}
