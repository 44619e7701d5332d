//! Whether there is room for data and keys, and for how long.
//!
//! Growth is that of the last seven days, by the times of pack and index files: a file that was made before counts for
//! the share of its life that lies in them.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use keys::durable::{Disk as _, RealDisk};
use ledger::time::Micros;

use super::words::{counted, size};
use super::{Finding, Told, within};

const ID: &str = "disk";
const DAY_SECONDS: u64 = 86_400;
/// Over which growth is counted.
const WINDOW_SECONDS: u64 = 7 * DAY_SECONDS;
/// Younger data don't tell how they grow.
const AGE_SECONDS_MIN: u64 = DAY_SECONDS;
/// Fewer days left than this are a warning.
const DAYS_MIN: u64 = 30;
/// Fewer free file names than this are a warning.
const NAMES_MIN: u64 = 10_000;
/// The signer writes its memory anew with every checkpoint; less than this is a problem.
const KEYS_BYTES_MIN: u64 = 16 * 1024 * 1024;
/// Most files that are looked at.
const FILES_MAX: usize = 200_000;

/// How much room there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Bytes free for data.
    pub(crate) free_bytes: u64,
    /// Bytes free for keys.
    pub(crate) keys_free_bytes: u64,
    /// File names left where the data are; none where there is no end of them.
    pub(crate) names_left: Option<u64>,
    /// Below so many free bytes writes are refused.
    pub(crate) reserve_bytes: u64,
    /// Bytes of the data.
    pub(crate) used_bytes: u64,
    /// Bytes that they grow in a day; none while that is not known.
    pub(crate) day_bytes: Option<u64>,
}

/// A file: its size, and when it was made and written last, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grown {
    bytes: u64,
    made: u64,
    written: u64,
}

/// Looks.
pub(crate) fn gather(data: &Path, keys: &Path, reserve_bytes: u64, now: Micros) -> Told<Facts> {
    let (data, keys) = (data.to_owned(), keys.to_owned());
    let now = u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0);
    within(move || {
        let free = |path: &Path| {
            let free = RealDisk.free_bytes(path);
            free.map_err(|error| format!("{} does not tell: {error}", path.display()))
        };
        let names = rustix::fs::statvfs(&data)
            .ok()
            .filter(|told| told.f_files > 0);
        let files = files(&data);
        let made = std::fs::metadata(data.join("FORMAT")).and_then(|format| format.modified());
        let age = now.saturating_sub(made.map_or(now, seconds));
        Ok(Facts {
            free_bytes: free(&data)?,
            keys_free_bytes: free(&keys)?,
            names_left: names.map(|told| told.f_favail),
            reserve_bytes,
            used_bytes: files.iter().map(|file| file.bytes).sum(),
            day_bytes: growth(&files, now, age),
        })
    })?
}

fn files(data: &Path) -> Vec<Grown> {
    let mut open: Vec<PathBuf> = vec![data.to_owned()];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        let Ok(entries) = directory.read_dir() else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_dir() {
                open.push(entry.path());
            } else if about.is_file() {
                let written = about.modified().map_or(0, seconds);
                let made = about.created().map_or(written, seconds);
                found.push(Grown {
                    bytes: about.len(),
                    made,
                    written,
                });
            }
            if found.len() == FILES_MAX {
                return found;
            }
        }
    }
    found
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Bytes a day within the window, or within the age of younger data.
fn growth(files: &[Grown], now: u64, age: u64) -> Option<u64> {
    if age < AGE_SECONDS_MIN {
        return None;
    }
    let window = WINDOW_SECONDS.min(age);
    let from = now.saturating_sub(window);
    let grown = files.iter().map(|file| {
        let life = file.written.saturating_sub(file.made);
        let within = file.written.saturating_sub(file.made.max(from)).min(life);
        if file.written < from {
            0
        } else if life == 0 {
            file.bytes
        } else {
            share(file.bytes, within, life)
        }
    });
    Some(share(grown.sum(), DAY_SECONDS, window))
}

/// `bytes * part / whole`, which does not overflow.
fn share(bytes: u64, part: u64, whole: u64) -> u64 {
    let share = u128::from(bytes) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// What to do where there is too little room.
const ROOM: &str = "make room, or give the data a larger disk: nothing is removed by itself (docs/guide/retention.md)";

/// Judges it.
pub(crate) fn judge(facts: &Told<Facts>) -> Finding {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => return Finding::unknown(ID, why),
    };
    let (free, reserve) = (size(facts.free_bytes), size(facts.reserve_bytes));
    if facts.free_bytes < facts.reserve_bytes {
        return Finding::problem(ID, format!("{free} are free, less than limits.reserve_disk_bytes ({reserve}): writes are refused")).advice(ROOM);
    }
    if facts.keys_free_bytes < KEYS_BYTES_MIN {
        let found = format!(
            "{} are free for the keys: without room the signer can't sign",
            size(facts.keys_free_bytes)
        );
        return Finding::problem(ID, found).advice("make room where the keys directory is");
    }
    if let Some(left) = facts.names_left.filter(|left| *left < NAMES_MIN) {
        return Finding::warning(
            ID,
            format!("the file system of the data has names for {left} files more"),
        )
        .advice(ROOM);
    }
    let room = facts.free_bytes - facts.reserve_bytes;
    let used = size(facts.used_bytes);
    let days = facts.day_bytes.map(|bytes| room.checked_div(bytes));
    let (found, days) = match (days, facts.day_bytes) {
        (Some(Some(days)), Some(bytes)) => {
            let left = if days > 3_650 {
                "more than ten years".to_owned()
            } else {
                counted(days, "day")
            };
            (
                format!(
                    "{free} are free, the data are {used} and grow by {} a day: room for {left}",
                    size(bytes)
                ),
                Some(days),
            )
        }
        (Some(None), _) => (
            format!("{free} are free, the data are {used} and did not grow lately"),
            None,
        ),
        _ => (
            format!("{free} are free, the data are {used} and too young to tell how they grow"),
            None,
        ),
    };
    if days.is_some_and(|days| days < DAYS_MIN) || room < facts.reserve_bytes {
        Finding::warning(ID, found).advice(ROOM)
    } else {
        Finding::fine(ID, found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const GIB: u64 = 1 << 30;

    fn roomy() -> Facts {
        Facts {
            free_bytes: 100 * GIB,
            keys_free_bytes: GIB,
            names_left: Some(1_000_000),
            reserve_bytes: GIB / 4,
            used_bytes: 10 * GIB,
            day_bytes: Some(GIB / 10),
        }
    }

    fn judged(facts: Facts) -> Verdict {
        judge(&Ok(facts)).verdict
    }

    #[test]
    fn room_is_counted_in_days() {
        let fine = judge(&Ok(roomy()));
        assert_eq!(fine.verdict, Verdict::Fine);
        assert_eq!(
            fine.found,
            "100 GiB are free, the data are 10.0 GiB and grow by 102 MiB a day: room for 997 days"
        );
        assert_eq!(
            judged(Facts {
                day_bytes: Some(10 * GIB),
                ..roomy()
            }),
            Verdict::Warning
        );
        assert_eq!(
            judged(Facts {
                day_bytes: Some(0),
                ..roomy()
            }),
            Verdict::Fine
        );
        assert_eq!(
            judged(Facts {
                day_bytes: None,
                ..roomy()
            }),
            Verdict::Fine
        );
        assert_eq!(
            judged(Facts {
                free_bytes: GIB / 3,
                day_bytes: None,
                ..roomy()
            }),
            Verdict::Warning
        );
        assert_eq!(
            judged(Facts {
                free_bytes: GIB / 5,
                ..roomy()
            }),
            Verdict::Problem
        );
        assert_eq!(
            judged(Facts {
                keys_free_bytes: 0,
                ..roomy()
            }),
            Verdict::Problem
        );
        assert_eq!(
            judged(Facts {
                names_left: Some(5),
                ..roomy()
            }),
            Verdict::Warning
        );
        assert_eq!(judge(&Err("late".into())).verdict, Verdict::Unknown);
    }

    #[test]
    fn growth_is_that_of_the_last_days() {
        let now = 100 * DAY_SECONDS;
        let old = Grown {
            bytes: 700,
            made: 0,
            written: now - 10 * DAY_SECONDS,
        };
        let new = Grown {
            bytes: 700,
            made: now - DAY_SECONDS,
            written: now,
        };
        let both = Grown {
            bytes: 1_400,
            made: now - 14 * DAY_SECONDS,
            written: now,
        };
        assert_eq!(growth(&[old, new], now, now), Some(100));
        assert_eq!(growth(&[both], now, now), Some(100));
        assert_eq!(growth(&[new], now, 2 * DAY_SECONDS), Some(350));
        assert_eq!(growth(&[new], now, 3_600), None);
        // Made and written at once, and a clock that was set back.
        let odd = Grown {
            bytes: 7,
            made: now + 5,
            written: now,
        };
        assert_eq!(growth(&[odd], now, now), Some(1));
    }
}
