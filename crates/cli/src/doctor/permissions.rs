//! Who else may read or change data, keys and the files that the settings name.
//!
//! Promises: names and modes are looked at, never what a file holds; what lies below is bounded.

use std::collections::VecDeque;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use server::Config;

use super::{Finding, Told, Verdict, within};

const ID: &str = "permissions";
/// Most files that are looked at.
const FILES_MAX: usize = 20_000;
const READ_OTHERS: u32 = 0o007;
const ANY_GROUP: u32 = 0o070;
const WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// One file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Where.
    pub(crate) path: PathBuf,
    /// What it is to us.
    pub(crate) what: What,
    /// Its mode, without the type.
    pub(crate) mode: u32,
    /// Who owns it.
    pub(crate) owner: u32,
    /// Who owns the directory that it belongs to.
    pub(crate) expected_owner: u32,
    /// Whether its name is a link.
    pub(crate) link: bool,
}

/// What a file is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The data directory itself.
    Data,
    /// Something in it.
    OfData,
    /// The keys directory itself, or one in it.
    Keys,
    /// A file with a key or a secret, in the keys directory.
    Secret,
    /// Another file in the keys directory.
    OfKeys,
    /// A secret elsewhere: the certificate's key, a header with a token.
    SecretElsewhere,
    /// The settings.
    Settings,
    /// A directory above data or keys.
    Above,
}

/// Looks at all of it.
pub(crate) fn gather(config: &Config, file: Option<&Path>) -> Told<Vec<Seen>> {
    let (config, file) = (config.clone(), file.map(Path::to_owned));
    within(move || {
        let mut seen = Vec::new();
        below(&config.data, true, &mut seen);
        below(&config.keys, false, &mut seen);
        above(&config.data, &mut seen);
        above(&config.keys, &mut seen);
        let secrets = [&config.tls.key, &config.anchor.url_header_file];
        for path in secrets.into_iter().flatten() {
            seen.extend(look(path, What::SecretElsewhere, None));
        }
        seen.extend(file.and_then(|file| look(&file, What::Settings, None)));
        seen
    })
}

fn look(path: &Path, what: What, expected_owner: Option<u32>) -> Option<Seen> {
    let link = std::fs::symlink_metadata(path).ok()?.is_symlink();
    let found = std::fs::metadata(path).ok()?;
    Some(Seen {
        path: path.to_owned(),
        what,
        mode: found.mode() & 0o7777,
        owner: found.uid(),
        expected_owner: expected_owner.unwrap_or_else(|| found.uid()),
        link,
    })
}

/// A directory and what is in it. Links are seen, and not followed into.
fn below(root: &Path, data: bool, seen: &mut Vec<Seen>) {
    let what = if data { What::Data } else { What::Keys };
    let Some(top) = look(root, what, None) else {
        return;
    };
    let owner = top.owner;
    seen.push(top);
    let mut open = VecDeque::from([root.to_owned()]);
    let mut left = FILES_MAX;
    while let Some(directory) = open.pop_front() {
        // One that can't be listed by us is closed to most.
        let Ok(entries) = directory.read_dir() else {
            continue;
        };
        for entry in entries.flatten() {
            left = match left.checked_sub(1) {
                Some(left) => left,
                None => return,
            };
            let path = entry.path();
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let what = match (data, is_directory) {
                (true, _) => What::OfData,
                (false, true) => What::Keys,
                (false, false) if is_secret(root, &path) => What::Secret,
                (false, false) => What::OfKeys,
            };
            seen.extend(look(&path, what, Some(owner)));
            if is_directory {
                open.push_back(path);
            }
        }
    }
}

/// Whether a file of the keys directory holds a secret: masters, the signing key, API keys, and what is not known.
fn is_secret(keys: &Path, path: &Path) -> bool {
    let Ok(name) = path.strip_prefix(keys) else {
        return true;
    };
    let open = [
        "FORMAT",
        "lock",
        "masters/current",
        "signer/heads",
        "signer/lock",
        "heads",
    ];
    !open.iter().any(|open| name == Path::new(open))
}

fn above(path: &Path, seen: &mut Vec<Seen>) {
    let Ok(real) = path.canonicalize() else {
        return;
    };
    for directory in real.ancestors().skip(1) {
        if !seen.iter().any(|known| known.path == directory) {
            seen.extend(look(directory, What::Above, None));
        }
    }
}

/// Judges each, and all of them by the worst.
pub(crate) fn judge(seen: &Told<Vec<Seen>>) -> Finding {
    let seen = match seen {
        Ok(seen) => seen,
        Err(why) => return Finding::unknown(ID, why),
    };
    if seen.is_empty() {
        return Finding::unknown(ID, "neither data nor keys are there");
    }
    let mut faults: Vec<(Verdict, String)> = seen.iter().filter_map(fault).collect();
    faults.sort_by_key(|(verdict, _)| *verdict);
    let Some((worst, _)) = faults.first() else {
        return Finding::fine(ID, "data and keys are their owner's alone");
    };
    let worst = *worst;
    let lines: Vec<String> = faults.into_iter().map(|(_, line)| line).collect();
    let found = match lines.as_slice() {
        [one] => one.clone(),
        many => format!(
            "{} files or directories are not as closed as they should be",
            many.len()
        ),
    };
    let details = if lines.len() > 1 { lines } else { Vec::new() };
    let finding = match worst {
        Verdict::Problem => Finding::problem(ID, found),
        Verdict::Warning => Finding::warning(ID, found),
        _ => Finding::note(ID, found),
    };
    finding
        .advice("chmod -R go-rwx DATA KEYS, chown -R to the user that runs the server; replace what others may have read: docs/guide/rotate-keys.md")
        .details(details)
}

/// What is wrong with one of them, in words.
fn fault(seen: &Seen) -> Option<(Verdict, String)> {
    let (mode, path) = (seen.mode, seen.path.display());
    let says = |verdict, what: &str| Some((verdict, format!("{path} {what} (mode {mode:04o})")));
    let any = |bits| mode & bits != 0;
    let owned = seen.owner == seen.expected_owner;
    match seen.what {
        What::Secret | What::SecretElsewhere if any(READ_OTHERS) => says(
            Verdict::Problem,
            "holds a secret and is open to everybody on this machine",
        ),
        What::Secret if any(ANY_GROUP) => {
            says(Verdict::Problem, "holds a secret and is open to its group")
        }
        What::SecretElsewhere if any(0o020) => says(
            Verdict::Problem,
            "holds a secret and may be changed by its group",
        ),
        What::Keys | What::OfKeys | What::Data if any(WRITE) => {
            says(Verdict::Problem, "may be changed by others than its owner")
        }
        What::Keys if any(ANY_GROUP | READ_OTHERS) => {
            says(Verdict::Warning, "may be entered by others than its owner")
        }
        What::Data if any(READ_OTHERS) => says(
            Verdict::Problem,
            "is open to everybody on this machine, and events name persons",
        ),
        What::Data if any(ANY_GROUP) => says(Verdict::Note, "is open to its group"),
        What::OfData if any(0o002) => says(
            Verdict::Warning,
            "may be changed by everybody who gets into the directory",
        ),
        What::Settings if any(0o002) => says(
            Verdict::Problem,
            "may be changed by everybody: whoever does, runs commands as the server",
        ),
        What::Settings if any(0o020) => says(
            Verdict::Warning,
            "may be changed by its group, which can run commands as the server",
        ),
        What::Above if any(0o002) && !any(STICKY) => says(
            Verdict::Problem,
            "may be changed by everybody, who can put other directories in its place",
        ),
        What::OfData | What::OfKeys | What::Secret | What::Keys if !owned => says(
            Verdict::Warning,
            "has another owner than the directory it is in",
        ),
        What::Secret | What::OfKeys | What::Keys if seen.link => says(
            Verdict::Warning,
            "is a link: what is checked here may lie elsewhere",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(what: What, mode: u32) -> Seen {
        Seen {
            path: "/x".into(),
            what,
            mode,
            owner: 1,
            expected_owner: 1,
            link: false,
        }
    }

    fn judged(seen: &[Seen]) -> Verdict {
        judge(&Ok(seen.to_vec())).verdict
    }

    #[test]
    fn what_is_its_owners_alone_is_fine() {
        let all = [
            one(What::Data, 0o700),
            one(What::OfData, 0o644),
            one(What::Keys, 0o700),
            one(What::Secret, 0o600),
            one(What::OfKeys, 0o644),
            one(What::SecretElsewhere, 0o640),
            one(What::Settings, 0o644),
            one(What::Above, 0o755),
            one(What::Above, 0o1777),
        ];
        assert_eq!(judged(&all), Verdict::Fine);
        assert_eq!(judge(&Ok(Vec::new())).verdict, Verdict::Unknown);
        assert_eq!(judge(&Err("late".into())).verdict, Verdict::Unknown);
    }

    #[test]
    fn what_is_open_is_told_by_what_it_is() {
        for (what, mode, verdict) in [
            (What::Secret, 0o604, Verdict::Problem),
            (What::Secret, 0o640, Verdict::Problem),
            (What::SecretElsewhere, 0o644, Verdict::Problem),
            (What::Keys, 0o770, Verdict::Problem),
            (What::Keys, 0o755, Verdict::Warning),
            (What::OfKeys, 0o666, Verdict::Problem),
            (What::Data, 0o775, Verdict::Problem),
            (What::Data, 0o755, Verdict::Problem),
            (What::Data, 0o750, Verdict::Note),
            (What::OfData, 0o666, Verdict::Warning),
            (What::Settings, 0o666, Verdict::Problem),
            (What::Settings, 0o664, Verdict::Warning),
            (What::Above, 0o777, Verdict::Problem),
        ] {
            assert_eq!(judged(&[one(what, mode)]), verdict, "{what:?} {mode:o}");
        }
        let strangers = Seen {
            owner: 0,
            ..one(What::OfData, 0o600)
        };
        assert_eq!(judged(&[strangers]), Verdict::Warning);
        let link = Seen {
            link: true,
            ..one(What::Secret, 0o600)
        };
        assert_eq!(judged(&[link]), Verdict::Warning);
    }

    #[test]
    fn the_worst_comes_first() {
        let found = judge(&Ok(vec![one(What::Data, 0o750), one(What::Secret, 0o644)]));
        assert_eq!(found.verdict, Verdict::Problem);
        assert!(found.details[0].contains("holds a secret"), "{found:?}");
        assert!(
            found.found.starts_with("2 files or directories"),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_not_known_in_the_keys_directory_counts_as_secret() {
        let keys = Path::new("/k");
        for (name, secret) in [
            ("FORMAT", false),
            ("signer/heads", false),
            ("signer/key", true),
            ("masters/1a2b3c4d", true),
            ("operator.key", true),
            ("backup.tar", true),
        ] {
            assert_eq!(is_secret(keys, &keys.join(name)), secret, "{name}");
        }
    }
}
