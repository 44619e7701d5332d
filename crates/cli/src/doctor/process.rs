//! Which process has locked a data directory, and how many files it may open. Linux tells; elsewhere nobody does.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use keys::durable::{Disk as _, RealDisk};

/// Longest file of the kernel's that is read, in bytes.
const KERNEL_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A process that holds the lock of a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its number; none where it is another machine's or another container's.
    pub(crate) id: Option<u32>,
    /// How many files it may open, if we may see that.
    pub(crate) open_files: Option<u64>,
}

/// Who has locked this data directory.
pub(crate) fn of(data: &Path) -> Option<Process> {
    let lock = std::fs::metadata(data.join("LOCK")).ok()?;
    let locks = kernel(Path::new("/proc/locks"))?;
    let id = holder(&locks, lock.ino())?;
    let id = u32::try_from(id).ok().filter(|id| *id > 0);
    let limits = id.and_then(|id| kernel(Path::new(&format!("/proc/{id}/limits"))));
    Some(Process {
        id,
        open_files: limits.and_then(|limits| soft_limit(&limits)),
    })
}

/// The text of one of the kernel's files.
pub(crate) fn kernel(path: &Path) -> Option<String> {
    String::from_utf8(RealDisk.read(path, KERNEL_BYTES_MAX).ok()?).ok()
}

/// Who holds a lock of the whole file with this inode: `1: FLOCK ADVISORY WRITE 712 fe:00:1234 0 EOF`. Devices are not
/// compared: file systems with several of them name one here and another there.
fn holder(locks: &str, inode: u64) -> Option<i64> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, id, file, ..] = words.as_slice() else {
            return None;
        };
        let (_, found) = file.rsplit_once(':')?;
        (found.parse() == Ok(inode)).then(|| id.parse().ok())?
    })
}

/// `Max open files            1024                 524288               files`
fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_who_holds_a_lock() {
        let locks = "1: POSIX  ADVISORY  WRITE 9 fe:00:1234 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 712 fe:00:1234 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 8 fe:00:99 0 EOF\n";
        assert_eq!(holder(locks, 1234), Some(712));
        assert_eq!(holder(locks, 99), None);
        assert_eq!(holder("nonsense\n1:\n", 1), None);
    }

    #[test]
    fn the_soft_limit_is_the_one_that_counts() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n";
        assert_eq!(soft_limit(limits), Some(1_024));
        assert_eq!(
            soft_limit(&limits.replace("1024", "unlimited")),
            Some(u64::MAX)
        );
        assert_eq!(soft_limit("Max open files"), None);
    }
}
