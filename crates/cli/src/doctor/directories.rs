//! Whether data and keys are there, whole, and belong together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keys::durable::{Disk as _, RealDisk};
use keys::master::{KeysDirectory, KeysError};

use super::{Finding, Told, within};
use crate::keys_reading;

const ID: &str = "directories";
/// Longest FORMAT file in bytes.
const FORMAT_BYTES_MAX: u64 = 4 * 1024;

/// What stands at both places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// What it is.
    pub(crate) data_is: Told<Stage>,
    /// The keys directory.
    pub(crate) keys: PathBuf,
    /// What it is.
    pub(crate) keys_are: Told<Stage>,
}

/// What a directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing yet.
    Missing,
    /// Ours.
    Whole {
        /// Whose they are.
        instance: String,
        /// Of data: what the origins of their logs begin with.
        origin: Option<String>,
    },
}

impl Facts {
    /// Looks, without a lock.
    pub(crate) fn gather(data: &Path, keys: &Path) -> Self {
        let (data, keys) = (data.to_owned(), keys.to_owned());
        let (data_asked, keys_asked) = (data.clone(), keys.clone());
        Self {
            data_is: within(move || stage_of_data(&data_asked)).and_then(|stage| stage),
            keys_are: within(move || stage_of_keys(&keys_asked)).and_then(|stage| stage),
            data,
            keys,
        }
    }

    /// What the origins of their logs begin with.
    pub(crate) fn origin(&self) -> Option<&str> {
        match &self.data_is {
            Ok(Stage::Whole { origin, .. }) => origin.as_deref(),
            _ => None,
        }
    }
}

fn stage_of_data(data: &Path) -> Told<Stage> {
    let path = data.join("FORMAT");
    let unread = |error: std::io::Error| format!("{} can not be read: {error}", path.display());
    if !RealDisk.exists(&path).map_err(unread)? {
        let bare = !RealDisk.exists(data).map_err(unread)?
            || RealDisk.list(data).map_err(unread)?.is_empty();
        if bare {
            return Ok(Stage::Missing);
        }
        return Err(format!(
            "{} holds no FORMAT file: it is none of ours, was made only by half, or lost it",
            data.display()
        ));
    }
    let bytes = RealDisk.read(&path, FORMAT_BYTES_MAX).map_err(unread)?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let member = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    match (member("veritrail-data "), member("instance ")) {
        (Some("1"), Some(instance)) => Ok(Stage::Whole {
            instance: instance.to_owned(),
            origin: member("origin ").map(str::to_owned),
        }),
        (Some(version), _) if version.parse::<u32>().is_ok() => Err(format!(
            "{} is of a format that this program does not read",
            data.display()
        )),
        _ => Err(format!("{} is not ours, or damaged", path.display())),
    }
}

fn stage_of_keys(keys: &Path) -> Told<Stage> {
    match KeysDirectory::open(Arc::new(RealDisk), keys) {
        Ok(keys) => Ok(Stage::Whole {
            instance: keys.instance().to_string(),
            origin: None,
        }),
        Err(KeysError::Missing { .. }) => Ok(Stage::Missing),
        Err(error) => Err(keys_reading::unusable_directory(error).message),
    }
}

/// Judges them.
pub(crate) fn judge(facts: &Facts) -> Finding {
    let (data, keys) = (facts.data.display(), facts.keys.display());
    match (&facts.data_is, &facts.keys_are) {
        (Err(why), _) => Finding::problem(ID, why).advice("name the data directory with --data, or restore it: docs/guide/back-up-and-restore.md"),
        (_, Err(why)) => Finding::problem(ID, why).advice("name the keys directory with --keys, or restore it; whoever checks must be allowed to read it"),
        (Ok(Stage::Missing), Ok(Stage::Missing)) => {
            Finding::note(ID, format!("there is nothing in {data} and {keys} yet"))
                .advice("the first `veritrail serve` makes them; --data, --keys and --config name others")
        }
        (Ok(Stage::Whole { .. }), Ok(Stage::Missing)) => {
            Finding::problem(ID, format!("there are data in {data}, but no keys in {keys}"))
                .advice("name the keys directory of these data with --keys, or restore it from its backup")
        }
        (Ok(Stage::Missing), Ok(Stage::Whole { .. })) => {
            Finding::warning(ID, format!("there are keys in {keys}, but no data in {data}"))
                .advice("name the data directory with --data; a start would make an empty one")
        }
        (Ok(Stage::Whole { instance: one, .. }), Ok(Stage::Whole { instance: other, .. })) if one != other => {
            Finding::problem(ID, format!("the keys in {keys} are not those of the data in {data}"))
                .advice("name the directories that belong together with --data and --keys")
        }
        _ => Finding::fine(ID, format!("data in {data} and keys in {keys} belong together")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn put(path: &Path, bytes: &[u8]) {
        keys::durable::replace(&RealDisk, path, bytes, keys::durable::Secrecy::Ordinary).unwrap();
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "what a look at a directory answers"
    )]
    fn whole(instance: &str) -> Told<Stage> {
        Ok(Stage::Whole {
            instance: instance.to_owned(),
            origin: None,
        })
    }

    fn judged(data_is: Told<Stage>, keys_are: Told<Stage>) -> Verdict {
        let facts = Facts {
            data: "d".into(),
            data_is,
            keys: "k".into(),
            keys_are,
        };
        judge(&facts).verdict
    }

    #[test]
    fn data_and_keys_belong_together() {
        assert_eq!(judged(whole("a"), whole("a")), Verdict::Fine);
        assert_eq!(judged(whole("a"), whole("b")), Verdict::Problem);
        assert_eq!(judged(whole("a"), Ok(Stage::Missing)), Verdict::Problem);
        assert_eq!(judged(Ok(Stage::Missing), whole("a")), Verdict::Warning);
        assert_eq!(
            judged(Ok(Stage::Missing), Ok(Stage::Missing)),
            Verdict::Note
        );
        assert_eq!(judged(Err("no".into()), whole("a")), Verdict::Problem);
        assert_eq!(judged(whole("a"), Err("no".into())), Verdict::Problem);
    }

    #[test]
    fn what_is_no_data_directory_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        assert_eq!(stage_of_data(&at.join("absent")), Ok(Stage::Missing));
        assert_eq!(stage_of_data(at), Ok(Stage::Missing));
        put(&at.join("notes.txt"), b"x");
        assert!(stage_of_data(at).unwrap_err().contains("no FORMAT"));
        for (text, words) in [
            ("veritrail-data 2\n", "format"),
            ("hello\n", "not ours"),
            ("\u{0}", "not ours"),
            ("", "not ours"),
        ] {
            put(&at.join("FORMAT"), text.as_bytes());
            assert!(stage_of_data(at).unwrap_err().contains(words), "{text:?}");
        }
        put(
            &at.join("FORMAT"),
            b"veritrail-data 1
instance ab
origin o
",
        );
        let facts = Facts {
            data: at.into(),
            data_is: stage_of_data(at),
            keys: at.into(),
            keys_are: Ok(Stage::Missing),
        };
        assert_eq!(facts.origin(), Some("o"));
        put(&at.join("FORMAT"), &[b'x'; 5_000]);
        assert!(stage_of_data(at).is_err());
    }
}
