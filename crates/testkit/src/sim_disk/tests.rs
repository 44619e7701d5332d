//! The simulated disk's own semantics: it loses what it may lose, and keeps what it must keep.

use keys::durable::{create_new, replace};

use super::*;

const FILE: &str = "/data/file";
const BIG: u64 = 1 << 20;

fn disk() -> SimDisk {
    let disk = SimDisk::new(7);
    disk.create_dir_all(Path::new("/data"), Secrecy::Ordinary)
        .unwrap();
    disk
}

fn open(disk: &SimDisk, path: &str) -> Box<dyn DiskFile> {
    disk.open(Path::new(path), OpenMode::CreateOrOpen, Secrecy::Ordinary)
        .unwrap()
}

fn read(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
    match disk.read(Path::new(path), BIG) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => panic!("{error}"),
    }
}

fn kind<T: fmt::Debug>(answer: io::Result<T>) -> io::ErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn a_file_survives_only_if_bytes_and_name_were_synced() {
    for (sync_bytes, sync_name, expected) in [
        (false, false, None),
        (true, false, None),
        (false, true, Some(vec![])),
        (true, true, Some(b"hello".to_vec())),
    ] {
        let disk = disk();
        let file = open(&disk, FILE);
        file.write_at(b"hello", 0).unwrap();
        if sync_bytes {
            file.sync().unwrap();
        }
        if sync_name {
            disk.sync_dir(Path::new("/data")).unwrap();
        }
        assert_eq!(read(&disk.after_crash(Loss::All), FILE), expected);
        assert_eq!(
            read(&disk.after_crash(Loss::Kept), FILE),
            Some(b"hello".to_vec())
        );
    }
}

#[test]
fn what_a_killed_process_did_not_sync_is_seen_and_still_lost() {
    let disk = disk();
    drop(open(&disk, FILE));
    disk.sync_dir(Path::new("/data")).unwrap();
    open(&disk, FILE).write_at(b"hello", 0).unwrap();
    disk.crash();
    let killed = disk.after_kill();
    assert_eq!(read(&killed, FILE).unwrap(), b"hello");
    assert_eq!(read(&killed.after_crash(Loss::All), FILE).unwrap(), b"");
    open(&killed, FILE).sync().unwrap();
    assert_eq!(
        read(&killed.after_crash(Loss::All), FILE).unwrap(),
        b"hello"
    );
}

#[test]
fn a_created_directory_survives() {
    let disk = disk();
    disk.create_dir_all(Path::new("/data/a/b"), Secrecy::Ordinary)
        .unwrap();
    assert!(
        disk.after_crash(Loss::All)
            .exists(Path::new("/data/a/b"))
            .unwrap()
    );
}

#[test]
fn random_loss_tears_files_at_sectors() {
    let disk = disk();
    let file = open(&disk, FILE);
    file.write_at(&[1; 1024], 0).unwrap();
    file.sync().unwrap();
    disk.sync_dir(Path::new("/data")).unwrap();
    file.write_at(&[2; 2048], 0).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let bytes = read(&disk.after_crash(Loss::Random(seed)), FILE).unwrap();
        assert!((1024..=2048).contains(&bytes.len()), "{}", bytes.len());
        for (number, sector) in bytes.chunks(file::SECTOR_BYTES).enumerate() {
            let old = u8::from(number < 2);
            assert!(sector.iter().all(|byte| *byte == 2) || sector.iter().all(|byte| *byte == old));
        }
        seen.insert(bytes);
    }
    assert!(seen.len() > 20, "only {} ways to tear", seen.len());
}

#[test]
fn random_loss_repeats_by_seed() {
    let disk = disk();
    open(&disk, FILE).write_at(&[2; 4096], 0).unwrap();
    for seed in 0..20 {
        let [one, two] = [0, 1].map(|_| read(&disk.after_crash(Loss::Random(seed)), FILE));
        assert_eq!(one, two);
    }
}

#[test]
fn a_rename_is_kept_whole_or_not_at_all() {
    let disk = disk();
    create_new(&disk, Path::new(FILE), b"old", Secrecy::Ordinary).unwrap();
    create_new(&disk, Path::new("/data/next"), b"new", Secrecy::Ordinary).unwrap();
    disk.rename(Path::new("/data/next"), Path::new(FILE))
        .unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let after = disk.after_crash(Loss::Random(seed));
        seen.insert((read(&after, FILE), read(&after, "/data/next")));
    }
    let [old, new] = [Some(b"old".to_vec()), Some(b"new".to_vec())];
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        [(new.clone(), None), (old, new)]
    );
}

#[test]
fn directory_operations_are_kept_in_no_order() {
    let disk = disk();
    create_new(&disk, Path::new(FILE), b"a", Secrecy::Ordinary).unwrap();
    disk.remove(Path::new(FILE)).unwrap();
    drop(open(&disk, "/data/other"));
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        seen.insert(
            disk.after_crash(Loss::Random(seed))
                .list(Path::new("/data"))
                .unwrap(),
        );
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn a_rename_across_directories_is_refused() {
    let disk = disk();
    disk.create_dir_all(Path::new("/other"), Secrecy::Ordinary)
        .unwrap();
    drop(open(&disk, FILE));
    let moved = disk.rename(Path::new(FILE), Path::new("/other/file"));
    assert_eq!(kind(moved), io::ErrorKind::InvalidInput);
}

#[test]
fn the_machine_stops_at_the_sync_point_asked_for() {
    for (side, survives) in [(CrashSide::Before, false), (CrashSide::After, true)] {
        let disk = disk();
        drop(open(&disk, FILE));
        disk.sync_dir(Path::new("/data")).unwrap();
        disk.crash_at_sync(disk.sync_points() + 1, side);
        let file = open(&disk, FILE);
        file.write_at(b"x", 0).unwrap();
        assert!(file.sync().unwrap_err().to_string().contains("crash"));
        assert!(disk.crashed());
        assert!(file.write_at(b"y", 0).is_err());
        assert!(disk.list(Path::new("/data")).is_err());
        let after = disk.after_crash(Loss::All);
        assert_eq!(
            read(&after, FILE),
            Some(if survives { b"x".to_vec() } else { vec![] })
        );
        assert_eq!((after.crashed(), after.sync_points()), (false, 0));
    }
}

#[test]
fn a_failed_sync_is_never_made_good_by_a_later_one() {
    let disk = disk();
    let file = open(&disk, FILE);
    disk.sync_dir(Path::new("/data")).unwrap();
    disk.fail_sync(disk.sync_points() + 1);
    file.write_at(&[3; 16 * 512], 0).unwrap();
    assert!(file.sync().is_err());
    assert!(file.write_at(b"more", 0).is_err(), "the handle is poisoned");
    assert!(file.sync().is_err());
    assert_eq!(read(&disk, FILE).unwrap(), vec![3; 16 * 512]);

    open(&disk, FILE).sync().unwrap();
    assert_ne!(
        read(&disk.after_crash(Loss::Kept), FILE).unwrap(),
        vec![3; 16 * 512]
    );
}

#[test]
fn a_failed_directory_sync_is_never_made_good_by_a_later_one() {
    let disk = disk();
    disk.fail_sync(disk.sync_points() + 1);
    for number in 0..16 {
        drop(open(&disk, &format!("/data/{number}")));
    }
    assert!(disk.sync_dir(Path::new("/data")).is_err());
    disk.sync_dir(Path::new("/data")).unwrap();
    let kept = disk
        .after_crash(Loss::Kept)
        .list(Path::new("/data"))
        .unwrap();
    assert!(kept.len() < 16, "{kept:?}");
}

#[test]
fn a_full_disk_takes_what_fits_and_says_so() {
    let disk = disk();
    let file = open(&disk, FILE);
    disk.full_after(10);
    assert_eq!(kind(file.write_at(&[1; 16], 0)), io::ErrorKind::StorageFull);
    assert_eq!(file.len().unwrap(), 10);
    file.write_at(&[2; 10], 0).unwrap();
    assert_eq!(disk.free_bytes(Path::new("/data")).unwrap(), 0);
    disk.heal();
    file.write_at(&[1; 16], 0).unwrap();
}

#[test]
fn a_torn_write_leaves_its_beginning() {
    let disk = disk();
    let file = open(&disk, FILE);
    disk.tear_write(disk.writes() + 1, 3);
    assert!(file.write_at(b"abcdef", 0).is_err());
    assert_eq!(read(&disk, FILE).unwrap(), b"abc");
    file.write_at(b"abcdef", 0).unwrap();
}

#[test]
fn a_flipped_bit_is_there_before_and_after_a_crash() {
    let disk = disk();
    create_new(&disk, Path::new(FILE), b"a", Secrecy::Ordinary).unwrap();
    disk.flip_bit(Path::new(FILE), 0, 1).unwrap();
    assert_eq!(read(&disk, FILE).unwrap(), b"c");
    assert_eq!(read(&disk.after_crash(Loss::All), FILE).unwrap(), b"c");
    assert_eq!(
        kind(disk.flip_bit(Path::new(FILE), 1, 0)),
        io::ErrorKind::UnexpectedEof
    );
}

#[test]
fn reads_fail_on_request() {
    let disk = disk();
    create_new(&disk, Path::new(FILE), b"a", Secrecy::Ordinary).unwrap();
    disk.fail_reads(Path::new(FILE)).unwrap();
    assert!(disk.read(Path::new(FILE), BIG).is_err());
    assert!(open(&disk, FILE).read_at(&mut [0], 0).is_err());
    disk.heal();
    assert_eq!(read(&disk, FILE).unwrap(), b"a");
}

#[test]
fn a_lock_is_exclusive_until_dropped_or_the_machine_stops() {
    let disk = disk();
    let path = Path::new("/data/lock");
    let lock = disk.try_lock(path).unwrap();
    assert_eq!(kind(disk.try_lock(path)), io::ErrorKind::WouldBlock);
    drop(disk.after_crash(Loss::Kept).try_lock(path).unwrap());
    drop(lock);
    drop(disk.try_lock(path).unwrap());
}

#[test]
fn modes_and_caps_are_enforced() {
    let disk = disk();
    let path = Path::new(FILE);
    let open = |mode| disk.open(path, mode, Secrecy::Ordinary);
    assert_eq!(kind(open(OpenMode::Read)), io::ErrorKind::NotFound);
    assert_eq!(kind(open(OpenMode::ReadWrite)), io::ErrorKind::NotFound);
    open(OpenMode::Create).unwrap().write_at(b"ab", 0).unwrap();
    assert_eq!(kind(open(OpenMode::Create)), io::ErrorKind::AlreadyExists);
    assert!(open(OpenMode::Read).unwrap().write_at(b"x", 0).is_err());
    assert_eq!(kind(disk.read(path, 1)), io::ErrorKind::FileTooLarge);
    assert_eq!(
        kind(open(OpenMode::Read).unwrap().read_at(&mut [0; 3], 0)),
        io::ErrorKind::UnexpectedEof
    );
}

#[test]
fn replace_leaves_the_old_or_the_new_file_at_every_sync_point() {
    let before = disk();
    create_new(&before, Path::new(FILE), b"old", Secrecy::Ordinary).unwrap();
    let mut crashes = 0;
    for point in 1.. {
        for side in [CrashSide::Before, CrashSide::After] {
            let disk = before.after_crash(Loss::Kept);
            disk.crash_at_sync(point, side);
            let done = replace(&disk, Path::new(FILE), b"new", Secrecy::Ordinary);
            if !disk.crashed() {
                done.unwrap();
                assert_eq!((point, crashes), (3, 4));
                return;
            }
            crashes += 1;
            for seed in 0..16 {
                for loss in [Loss::All, Loss::Kept, Loss::Random(seed)] {
                    let after = disk.after_crash(loss);
                    let found = read(&after, FILE).unwrap();
                    assert!(found == b"old" || found == b"new", "{found:?}");
                    replace(&after, Path::new(FILE), b"again", Secrecy::Ordinary).unwrap();
                    assert_eq!(read(&after.after_crash(Loss::All), FILE).unwrap(), b"again");
                }
            }
        }
    }
}
