//! On which kind of file system data and keys are: some forget everything, some lie about what is durable.

use std::path::Path;

use super::process::kernel;
use super::{Finding, Told, within};

const ID: &str = "file_system";

/// The kinds, as the kernel calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Of the data.
    pub(crate) data: String,
    /// Of the keys.
    pub(crate) keys: String,
}

/// Looks.
pub(crate) fn gather(data: &Path, keys: &Path) -> Told<Facts> {
    let (data, keys) = (data.to_owned(), keys.to_owned());
    within(move || {
        let mounts = kernel(Path::new("/proc/self/mountinfo")).ok_or_else(|| {
            "this system does not tell which file system a directory is on".to_owned()
        })?;
        let kind = |path: &Path| {
            let real = path.canonicalize();
            let real =
                real.map_err(|error| format!("{} can not be looked at: {error}", path.display()))?;
            kind_of(&mounts, &real)
                .ok_or_else(|| format!("no mount is told for {}", path.display()))
        };
        Ok(Facts {
            data: kind(&data)?,
            keys: kind(&keys)?,
        })
    })?
}

/// The kind of the last mount whose place is the longest beginning of a path:
/// `36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw`.
fn kind_of(mounts: &str, path: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let place = unescaped(before.split(' ').nth(4)?);
        let length = Path::new(&place).components().count();
        let kind = after.split(' ').next()?.to_owned();
        path.starts_with(&place).then_some((length, kind))
    };
    // Of equals the last: what was mounted later lies on top.
    let found = mounts
        .lines()
        .filter_map(mount)
        .max_by_key(|(length, _)| *length);
    found.map(|(_, kind)| kind)
}

/// Spaces and the like stand in octal.
fn unescaped(text: &str) -> String {
    let mut plain = text.to_owned();
    for (code, letter) in [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ] {
        plain = plain.replace(code, letter);
    }
    plain
}

/// What is wrong with a kind.
fn fault(kind: &str) -> Option<&'static str> {
    match kind {
        "tmpfs" | "ramfs" | "devtmpfs" => {
            Some("which is memory: everything is lost when the machine stops")
        }
        "overlay" | "overlayfs" | "aufs" => {
            Some("a container's own layer, which goes with the container")
        }
        "nfs" | "nfs4" | "cifs" | "smb3" | "smbfs" | "9p" | "afs" | "ceph" | "glusterfs"
        | "lustre" | "virtiofs" | "vboxsf" => Some(
            "a file system over a network or of another machine: locks and syncs may not hold what they promise",
        ),
        kind if kind == "fuse" || kind.starts_with("fuse.") => {
            Some("which is served by a program: whether a sync is one is for that program to say")
        }
        "vfat" | "exfat" | "msdos" => Some("which knows no owners and no permissions"),
        _ => None,
    }
}

/// Judges them.
pub(crate) fn judge(facts: &Told<Facts>) -> Finding {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => return Finding::unknown(ID, why),
    };
    let of = |what: &str, kind: &str| fault(kind).map(|fault| format!("{what} on {kind}, {fault}"));
    let faults = [
        of("the data are", &facts.data),
        of("the keys are", &facts.keys),
    ];
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    if faults.is_empty() {
        return Finding::fine(
            ID,
            format!("data on {}, keys on {}", facts.data, facts.keys),
        );
    }
    Finding::warning(ID, faults.join("; ")).advice("use a local file system on a disk, such as ext4, xfs, btrfs or zfs; in a container, a volume")
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:30 / /tmp rw shared:9 - tmpfs tmpfs rw
31 22 0:31 / /mnt/with\\040space rw - nfs4 host:/x rw
32 22 0:32 / /srv rw - xfs /dev/vdb rw
33 22 0:33 / /srv rw - overlay overlay rw
nonsense
";

    #[test]
    fn the_innermost_and_last_mount_counts() {
        let kind = |path: &str| kind_of(MOUNTS, Path::new(path)).unwrap();
        assert_eq!(kind("/var/lib/veritrail"), "ext4");
        assert_eq!(kind("/tmp/x"), "tmpfs");
        assert_eq!(kind("/tmpx"), "ext4");
        assert_eq!(kind("/mnt/with space/data"), "nfs4");
        assert_eq!(kind("/srv/data"), "overlay");
        assert_eq!(kind_of("", Path::new("/")), None);
    }

    #[test]
    fn what_forgets_or_lies_is_a_warning() {
        let judged = |data: &str, keys: &str| {
            judge(&Ok(Facts {
                data: data.into(),
                keys: keys.into(),
            }))
            .verdict
        };
        assert_eq!(judged("ext4", "xfs"), Verdict::Fine);
        for kind in ["tmpfs", "overlay", "nfs4", "fuse.sshfs", "vfat"] {
            assert_eq!(judged(kind, "ext4"), Verdict::Warning, "{kind}");
            assert_eq!(judged("ext4", kind), Verdict::Warning, "{kind}");
        }
        assert_eq!(judge(&Err("no".into())).verdict, Verdict::Unknown);
    }
}
