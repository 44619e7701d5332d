//! What a verifier brings along: keys and checkpoints that were written down outside the server.
//!
//! Promises: a pin is never taken from the side that is being checked. A pinned key stands for its installation: it is
//! looked for by its public key, so the key of one log vouches for the others under the same instance origin.

use std::path::{Path, PathBuf};

use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::limits::NOTE_BYTES_MAX;
use ledger::note::{Note, VerifierKey};

use crate::failure::Failure;
use crate::input;

/// Longest file of pins in bytes: many years of hourly anchors.
const PINS_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Everything pinned, with where it stood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins {
    keys: Vec<(VerifierKey, String)>,
    checkpoints: Vec<PinnedCheckpoint>,
}

/// A checkpoint that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinnedCheckpoint {
    /// The signed note. Nothing here has checked its signature.
    pub(crate) note: String,
    /// The log's origin, as the note claims.
    pub(crate) origin: String,
    /// Entries that it covers.
    pub(crate) size: u64,
    /// Root over them.
    pub(crate) root: Hash,
    /// Where it stood.
    pub(crate) place: String,
}

impl Pins {
    /// Reads files of verifier keys (one a line) and files of checkpoints: a signed note; or lines of JSON, each a note
    /// as a string, or an anchor with the note in its member `checkpoint`.
    pub(crate) fn read(keys: &[PathBuf], checkpoints: &[PathBuf]) -> Result<Self, Failure> {
        let mut pins = Self::default();
        for path in keys {
            pins.read_keys(path)?;
        }
        for path in checkpoints {
            pins.read_checkpoints(path)?;
        }
        Ok(pins)
    }

    /// Reads a file of anchors. A line that a crash tore is left out, and said to be.
    pub(crate) fn read_anchors(path: &Path, remarks: &mut Vec<String>) -> Result<Self, Failure> {
        let text = input::read_text(path, PINS_BYTES_MAX)?;
        let mut pins = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let place = format!("{} line {}", path.display(), number + 1);
            let read = note_of_line(line).and_then(|note| pinned(note, place.clone()).ok());
            match read {
                Some(checkpoint) => pins.checkpoints.push(checkpoint),
                None => remarks.push(format!("{place} is no anchor and was left out")),
            }
        }
        if pins.checkpoints.is_empty() {
            return Err(Failure::usage(format!(
                "{}: no anchor in it",
                path.display()
            )));
        }
        Ok(pins)
    }

    /// The signed notes of all pinned checkpoints.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        self.checkpoints.iter().map(|pinned| pinned.note.as_str())
    }

    /// The pinned key of a log, and where it stood: the one named as its origin, else one of the same installation.
    pub(crate) fn key_of(&self, origin: &str) -> Option<(VerifierKey, &str)> {
        let named = self.keys.iter().find(|(key, _)| key.name() == origin);
        let of_installation = |(key, _): &&(VerifierKey, String)| {
            installation(key.name()).is_some_and(|pinned| Some(pinned) == installation(origin))
        };
        let (key, place) = named.or_else(|| self.keys.iter().find(of_installation))?;
        let key = VerifierKey::new(origin, *key.public_key()).ok()?;
        Some((key, place))
    }

    /// The pinned checkpoints of a log, smallest first.
    pub(crate) fn checkpoints_of(&self, origin: &str) -> Vec<PinnedCheckpoint> {
        let of_log = self.checkpoints.iter();
        let mut found: Vec<_> = of_log
            .filter(|pinned| pinned.origin == origin)
            .cloned()
            .collect();
        found.sort_by_key(|pinned| pinned.size);
        found
    }

    /// The origins of the logs that keys or checkpoints are pinned of: logs that must be there.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().map(|(key, _)| key.name());
        keys.chain(self.checkpoints.iter().map(|pinned| pinned.origin.as_str()))
    }

    fn read_keys(&mut self, path: &Path) -> Result<(), Failure> {
        let text = input::read_text(path, PINS_BYTES_MAX)?;
        let place = path.display().to_string();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty()) {
            let key = VerifierKey::parse(line).map_err(|error| {
                Failure::usage(format!("{place}: not a verifier key: {error}"))
                    .hint("expected lines of the form <origin>+<8 hex digits>+<base64>, as `veritrail log export` writes them to `vkey`")
            })?;
            self.keys.push((key, place.clone()));
        }
        if self.keys.is_empty() {
            return Err(Failure::usage(format!("{place}: no verifier key in it")));
        }
        Ok(())
    }

    fn read_checkpoints(&mut self, path: &Path) -> Result<(), Failure> {
        let text = input::read_text(path, PINS_BYTES_MAX)?;
        let place = path.display().to_string();
        if !text.starts_with(['"', '{']) {
            self.checkpoints.push(pinned(text, place)?);
            return Ok(());
        }
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let place = format!("{place} line {}", number + 1);
            let note = note_of_line(line)
                .ok_or_else(|| Failure::usage(format!("{place}: expected a checkpoint in JSON")))?;
            self.checkpoints.push(pinned(note, place)?);
        }
        Ok(())
    }
}

/// What an origin says of the installation: all before the log's id.
fn installation(origin: &str) -> Option<&str> {
    origin
        .rsplit_once('/')
        .map(|(installation, _)| installation)
}

fn note_of_line(line: &str) -> Option<String> {
    match serde_json::from_str(line).ok()? {
        serde_json::Value::String(note) => Some(note),
        serde_json::Value::Object(anchor) => Some(anchor.get("checkpoint")?.as_str()?.to_owned()),
        _ => None,
    }
}

fn pinned(note: String, place: String) -> Result<PinnedCheckpoint, Failure> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(Failure::usage(format!(
            "{place}: too long for a checkpoint"
        )));
    }
    let refused = |why: String| Failure::usage(format!("{place}: not a signed checkpoint: {why}"));
    let parsed = Note::parse(&note).map_err(|error| refused(error.to_string()))?;
    let checkpoint =
        Checkpoint::parse(parsed.unverified_text()).map_err(|error| refused(error.to_string()))?;
    Ok(PinnedCheckpoint {
        origin: checkpoint.origin().to_owned(),
        size: checkpoint.size(),
        root: *checkpoint.root(),
        note,
        place,
    })
}
