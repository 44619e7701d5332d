//! Whether keys and data lie apart: in different directories, best on different disks, and no copy of keys among data.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::copies::{self, Copies};
use super::{Finding, Told, within};

const ID: &str = "apart";

/// Where both really are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The data directory, without links.
    pub(crate) data: PathBuf,
    /// The keys directory, without links.
    pub(crate) keys: PathBuf,
    /// Whether they are on one device.
    pub(crate) one_device: bool,
    /// Copies of keys in the data directory.
    pub(crate) copies: Told<Copies>,
}

/// Looks.
pub(crate) fn gather(data: &Path, keys: &Path) -> Told<Facts> {
    let (data, keys) = (data.to_owned(), keys.to_owned());
    let searched = data.clone();
    let copies = within(move || copies::below(&searched));
    within(move || {
        let place = |path: &Path| {
            let real = path
                .canonicalize()
                .and_then(|real| Ok((std::fs::metadata(&real)?.dev(), real)));
            real.map_err(|error| format!("{} can not be looked at: {error}", path.display()))
        };
        let ((data_device, data), (keys_device, keys)) = (place(&data)?, place(&keys)?);
        Ok(Facts {
            data,
            keys,
            one_device: data_device == keys_device,
            copies,
        })
    })?
}

/// Judges them.
pub(crate) fn judge(facts: &Told<Facts>) -> Finding {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => return Finding::unknown(ID, why),
    };
    let found = if facts.data == facts.keys {
        "data and keys are the same directory"
    } else if facts.keys.starts_with(&facts.data) {
        "the keys are inside the data directory"
    } else if facts.data.starts_with(&facts.keys) {
        "the data are inside the keys directory"
    } else {
        return judge_copies(facts);
    };
    Finding::problem(ID, format!("{found}: every copy and backup of the one holds the other"))
        .advice("stop the server, move the keys out, and name their new place with --keys or keys =; backups that hold both are as secret as the keys")
}

/// Both are apart; what lies among the data decides.
fn judge_copies(facts: &Facts) -> Finding {
    let cut_off = match &facts.copies {
        Err(why) => {
            let found = format!("whether keys were copied into the data is not known: {why}");
            return Finding::unknown(ID, found);
        }
        Ok(copies) if !copies.found.is_empty() => {
            let told = copies.found.iter().map(|place| place.display().to_string());
            return Finding::problem(ID, "keys, or copies of keys, lie in the data directory: every backup of the data holds them")
                .advice("take them out; backups made meanwhile are as secret as the keys, and what others may have read is to be replaced: docs/guide/rotate-keys.md")
                .details(told.collect());
        }
        Ok(copies) => copies.cut_off,
    };
    let finding = if facts.one_device {
        Finding::note(
            ID,
            "data and keys are on one disk: who gets at one gets at both, and one fault loses both",
        )
        .advice("put the keys on another disk, and never into the same backup")
    } else {
        Finding::fine(ID, "data and keys are on different file systems")
    };
    if cut_off {
        let words = "not all of the data directory was looked through for copies of keys";
        return finding.details(vec![words.to_owned()]);
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn judged(data: &str, keys: &str, one_device: bool) -> Verdict {
        judge(&Ok(Facts {
            data: data.into(),
            keys: keys.into(),
            one_device,
            copies: Ok(Copies::default()),
        }))
        .verdict
    }

    #[test]
    fn neither_directory_holds_the_other() {
        assert_eq!(judged("/a/data", "/b/keys", false), Verdict::Fine);
        assert_eq!(judged("/a/data", "/a/keys", true), Verdict::Note);
        assert_eq!(judged("/a", "/a/keys", false), Verdict::Problem);
        assert_eq!(judged("/a/data", "/a", false), Verdict::Problem);
        assert_eq!(judged("/a", "/a", true), Verdict::Problem);
        // A longer name is not a place inside.
        assert_eq!(judged("/a/data", "/a/data-keys", false), Verdict::Fine);
        assert_eq!(judge(&Err("gone".into())).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_link_is_followed_to_where_the_keys_really_are() {
        let directory = tempfile::tempdir().unwrap();
        let (data, link) = (directory.path().join("data"), directory.path().join("keys"));
        std::fs::create_dir_all(data.join("keys")).unwrap();
        std::os::unix::fs::symlink(data.join("keys"), &link).unwrap();
        assert_eq!(judge(&gather(&data, &link)).verdict, Verdict::Problem);
    }
}
