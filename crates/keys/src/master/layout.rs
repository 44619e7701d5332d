//! Which files a keys directory holds, and what state they show it to be in.
//!
//! Must never call a directory fresh that holds signed heads: new keys there would make every log look forged.

use std::io;
use std::path::{Path, PathBuf};

use ledger::name::InstanceId;

use super::{KeysError, MASTERS_MAX, at};
use crate::durable::Disk;
use crate::signer;

/// First word of the FORMAT file; the format number follows.
const MAGIC: &str = "veritrail-keys ";
/// Longest FORMAT and `masters/current` file in bytes.
const SMALL_FILE_BYTES_MAX: u64 = 64 * 1024;
/// Names that an interrupted initialisation may have left; anything else is somebody else's.
const NAMES_BEFORE_FORMAT: [&str; 5] = ["FORMAT.new", "lock", "lost+found", "masters", "signer"];

/// How far the initialisation of a directory came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Missing,
    Half,
    FormatLost,
    Initialised,
}

pub(super) fn format(directory: &Path) -> PathBuf {
    directory.join("FORMAT")
}

pub(super) fn current(directory: &Path) -> PathBuf {
    directory.join("masters").join("current")
}

pub(super) fn master(directory: &Path, kid: &str) -> PathBuf {
    directory.join("masters").join(kid)
}

pub(super) fn format_text(instance: InstanceId) -> String {
    format!("{MAGIC}1\ninstance {instance}\n")
}

/// Looks at the names alone. `Foreign` if they are not ours.
pub(super) fn stage(disk: &dyn Disk, directory: &Path) -> Result<Stage, KeysError> {
    let names = match disk.list(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stage::Missing),
        other => other.map_err(|source| at(directory, source))?,
    };
    if names.iter().any(|name| name == "FORMAT") {
        return Ok(Stage::Initialised);
    }
    let strange = |name: &&String| !NAMES_BEFORE_FORMAT.contains(&name.as_str());
    if let Some(name) = names.iter().find(strange) {
        return Err(KeysError::Foreign {
            directory: directory.to_path_buf(),
            why: format!("it holds {name}"),
        });
    }
    if signer::has_records(disk, directory).map_err(|source| at(directory, source))? {
        return Ok(Stage::FormatLost);
    }
    let ours = |name: &String| name != "lost+found";
    Ok(if names.iter().any(ours) {
        Stage::Half
    } else {
        Stage::Missing
    })
}

/// Refuses a directory in which new keys would do harm.
pub(super) fn may_initialise(disk: &dyn Disk, directory: &Path) -> Result<(), KeysError> {
    let directory = directory.to_path_buf();
    match stage(disk, &directory)? {
        Stage::Missing | Stage::Half => Ok(()),
        Stage::FormatLost => Err(KeysError::FormatLost { directory }),
        Stage::Initialised => {
            // A newer or foreign format deserves its own words.
            read_format(disk, &directory)?;
            Err(KeysError::AlreadyInitialised { directory })
        }
    }
}

/// Removes what an interrupted initialisation left. Only for directories that [`may_initialise`] let pass.
pub(super) fn clear(disk: &dyn Disk, directory: &Path) -> io::Result<()> {
    for part in ["masters", "signer"] {
        let part = directory.join(part);
        if !disk.exists(&part)? {
            continue;
        }
        for name in disk.list(&part)? {
            disk.remove(&part.join(name))?;
        }
        disk.sync_dir(&part)?;
    }
    Ok(())
}

pub(super) fn read_format(disk: &dyn Disk, directory: &Path) -> Result<InstanceId, KeysError> {
    let path = format(directory);
    let text = read_text(disk, &path)?;
    let foreign = || KeysError::Foreign {
        directory: directory.to_path_buf(),
        why: "its FORMAT file is not ours".to_owned(),
    };
    let (version, rest) = text
        .strip_prefix(MAGIC)
        .and_then(|text| text.split_once('\n'))
        .ok_or_else(foreign)?;
    match version.parse::<u32>() {
        Ok(1) => rest
            .strip_prefix("instance ")
            .and_then(|rest| rest.strip_suffix('\n'))
            .and_then(InstanceId::parse)
            .ok_or_else(|| KeysError::Damaged {
                path,
                why: "expected a line with the instance id".to_owned(),
            }),
        Ok(found @ 2..) => Err(KeysError::Newer {
            directory: directory.to_path_buf(),
            found,
        }),
        Ok(0) | Err(_) => Err(foreign()),
    }
}

/// The kids, oldest first, at least one.
pub(super) fn read_current(disk: &dyn Disk, directory: &Path) -> Result<Vec<String>, KeysError> {
    let path = current(directory);
    let text = read_text(disk, &path)?;
    let kids: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_kid = |kid: &String| {
        kid.len() == 8
            && kid
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let whole = text.ends_with('\n') && kids.len() <= MASTERS_MAX && kids.iter().all(is_kid);
    if !whole {
        return Err(KeysError::Damaged {
            path,
            why: "expected key ids, one a line".to_owned(),
        });
    }
    Ok(kids)
}

fn read_text(disk: &dyn Disk, path: &Path) -> Result<String, KeysError> {
    let damaged = |why: &str| KeysError::Damaged {
        path: path.to_path_buf(),
        why: why.to_owned(),
    };
    let bytes = disk
        .read(path, SMALL_FILE_BYTES_MAX)
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged("it is missing"),
            io::ErrorKind::FileTooLarge => damaged("it is too long"),
            _ => at(path, error),
        })?;
    String::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8"))
}
