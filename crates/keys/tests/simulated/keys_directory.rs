//! Initialising, opening and damaging a keys directory.

use std::io;

use keys::durable::{OpenMode, Secrecy, create_new, replace};
use keys::signer::Signer as _;
use testkit::sim_disk::CrashSide;

use super::*;
use crate::toy_log::ToyLog;

const FORMAT: &str = "/var/keys/FORMAT";
const CURRENT: &str = "/var/keys/masters/current";

fn write(disk: &SimDisk, path: &str, text: &str) {
    replace(disk, Path::new(path), text.as_bytes(), Secrecy::Ordinary).unwrap();
}

fn text(disk: &SimDisk, path: &str) -> String {
    String::from_utf8(disk.read(Path::new(path), 1 << 20).unwrap()).unwrap()
}

#[test]
fn derives_the_keys_that_python_derives() {
    let disk = initialised();
    let mut keys = open(&disk).unwrap();
    let salt: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    assert_eq!(keys.instance(), INSTANCE);
    assert_eq!(keys.current_kid(), "9c419be2");
    let tenant = keys.tenant_keys(&salt, "9c419be2", "9c419be2").unwrap();
    assert_eq!(tenant.reference("user", "42"), "K1kipSasfy7nECf6ucVCsg");
    assert_eq!(
        tenant.event_id("id", "api", "x y"),
        "vt-06H5GUZ9C2Bzlhp3qQL7iQ"
    );
    let masked = |keys: &ledger::keyring::TenantKeys| {
        keys.masked("secret", "s1", "changes/value", "hunter2")
    };
    assert_eq!(
        masked(&tenant),
        "[masked:hmac-sha256:9c419be2:bDhFc-YKxJc74jd0pG2I-Q]"
    );
    let frame = "ca5c9a74f88b060f59afe9697239370c8fe7c9559466556538c1f56f44b3c8e7";
    assert_eq!(ledger::name::to_hex(&*keys.frame_key(INSTANCE)), frame);

    // A new master changes masks and cursors of every tenant, and no pseudonym.
    keys.add_master(&CountingRng::new(2)).unwrap();
    assert_eq!(keys.current_kid(), "603b386e");
    let rotated = keys.tenant_keys(&salt, "9c419be2", "603b386e").unwrap();
    assert_eq!(rotated.reference("user", "42"), "K1kipSasfy7nECf6ucVCsg");
    assert_eq!(
        masked(&rotated),
        "[masked:hmac-sha256:603b386e:QusdC_bIYhG4WiSkH7a2Vg]"
    );
    assert_eq!(
        ledger::name::to_hex(rotated.cursor_key()),
        "3c7e95fd1659cef9e931281db9e475e9e085753982355dfcfb19e40e9b9250ad"
    );
    assert_eq!(ledger::name::to_hex(&*keys.frame_key(INSTANCE)), frame);
    let old = keys.tenant_keys(&salt, "9c419be2", "9c419be2").unwrap();
    assert_eq!(masked(&old), masked(&tenant));
}

#[test]
fn a_master_that_is_not_here_is_named() {
    let keys = open(&initialised()).unwrap();
    for (founding, mask) in [("00000000", "9c419be2"), ("9c419be2", "00000000")] {
        let error = keys.tenant_keys(b"salt", founding, mask).unwrap_err();
        assert!(matches!(error, KeysError::UnknownMaster { kid, .. } if kid == "00000000"));
    }
}

#[test]
fn initialising_survives_a_crash_at_every_sync_point() {
    let mut crashes = 0;
    for point in 1.. {
        for side in [CrashSide::Before, CrashSide::After] {
            let disk = SimDisk::new(1);
            disk.crash_at_sync(point, side);
            let created = create(&disk, 1);
            if !disk.crashed() {
                created.unwrap();
                assert!(crashes >= 20, "only {crashes} crashes");
                return;
            }
            assert!(
                matches!(created, Err(KeysError::Disk { .. })),
                "{created:?}"
            );
            crashes += 1;
            for loss in losses() {
                finish_initialising(&disk.after_crash(loss));
                // The process died; the next one opens or completes it and relies on that; the power fails.
                let killed = disk.after_kill();
                let opened = open(&killed).or_else(|_| create(&killed, 2));
                let kid = opened.unwrap().current_kid().to_owned();
                let after = open(&killed.after_crash(loss)).unwrap();
                assert_eq!(after.current_kid(), kid);
            }
        }
    }
}

fn finish_initialising(after: &SimDisk) {
    match open(after) {
        Ok(_) => {
            let again = create(after, 2);
            assert!(matches!(again, Err(KeysError::AlreadyInitialised { .. })));
        }
        Err(KeysError::Missing { .. } | KeysError::HalfInitialised { .. }) => {
            create(after, 2).unwrap();
        }
        Err(error) => panic!("{error:?}"),
    }
    // Whole, usable and durable.
    let after = after.after_crash(Loss::All);
    let log = ToyLog::new(1);
    let notes = signer(&after).unwrap().sign(&[log.extension(0, 1)]);
    notes.unwrap().remove(0).unwrap();
}

#[test]
fn initialising_twice_interrupted_twice_still_completes() {
    for first in 1..12 {
        for second in 1..14 {
            let disk = SimDisk::new(1);
            disk.crash_at_sync(first, CrashSide::Before);
            create(&disk, 1).unwrap_err();
            let disk = disk.after_crash(Loss::Random(first * 100 + second));
            if open(&disk).is_ok() {
                continue;
            }
            disk.crash_at_sync(second, CrashSide::Before);
            let _ = create(&disk, 2);
            finish_initialising(&disk.after_crash(Loss::Random(second * 100 + first)));
        }
    }
}

#[test]
fn a_failed_sync_fails_the_initialisation() {
    let points = {
        let disk = SimDisk::new(1);
        create(&disk, 1).unwrap();
        disk.sync_points()
    };
    for point in 1..=points {
        let disk = SimDisk::new(point);
        disk.fail_sync(point);
        assert!(matches!(create(&disk, 1), Err(KeysError::Disk { .. })));
    }
}

#[test]
fn adding_a_master_survives_a_crash_at_every_sync_point() {
    let base = initialised();
    for point in 1.. {
        for side in [CrashSide::Before, CrashSide::After] {
            let disk = base.after_crash(Loss::Kept);
            let mut keys = open(&disk).unwrap();
            disk.crash_at_sync(disk.sync_points() + point, side);
            let added = keys.add_master(&CountingRng::new(2));
            if !disk.crashed() {
                added.unwrap();
                assert_eq!(point, 7, "two files of two syncs, and two to open it again");
                return;
            }
            for loss in losses() {
                let after = disk.after_crash(loss);
                let mut keys = open(&after).unwrap();
                assert!(["9c419be2", "603b386e"].contains(&keys.current_kid()));
                keys.tenant_keys(b"salt", "9c419be2", keys.current_kid())
                    .unwrap();
                keys.add_master(&CountingRng::new(3)).unwrap();
            }
        }
    }
}

#[test]
fn a_directory_that_lost_its_format_but_signed_heads_is_not_made_again() {
    let disk = initialised();
    let log = ToyLog::new(1);
    signer(&disk).unwrap().sign(&[log.extension(0, 1)]).unwrap()[0]
        .clone()
        .unwrap();
    disk.remove(Path::new(FORMAT)).unwrap();
    let heads = text(&disk, HEADS);
    for answer in [open(&disk), create(&disk, 2)] {
        assert!(matches!(answer, Err(KeysError::FormatLost { .. })));
    }
    assert_eq!(text(&disk, HEADS), heads);
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let disk = SimDisk::new(1);
    disk.create_dir_all(Path::new(KEYS), Secrecy::Ordinary)
        .unwrap();
    create_new(
        &disk,
        Path::new("/var/keys/notes.txt"),
        b"mine",
        Secrecy::Ordinary,
    )
    .unwrap();
    for answer in [open(&disk), create(&disk, 2)] {
        let Err(KeysError::Foreign { why, .. }) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(why, "it holds notes.txt");
    }
    assert_eq!(disk.list(Path::new(KEYS)).unwrap(), ["notes.txt"]);
}

#[test]
fn formats_that_are_newer_foreign_or_damaged_are_told_apart() {
    let id = "ab".repeat(16);
    let cases = [
        (format!("veritrail-keys 2\nmore {id}\n"), "newer"),
        (format!("veritrail-keys x\ninstance {id}\n"), "foreign"),
        (format!("veritrail-keys 0\ninstance {id}\n"), "foreign"),
        (format!("veritrail-data 1\ninstance {id}\n"), "foreign"),
        (String::new(), "foreign"),
        (format!("veritrail-keys 1\ninstance {id}"), "damaged"),
        ("veritrail-keys 1\ninstance 12\n".to_owned(), "damaged"),
    ];
    for (format, expected) in cases {
        let disk = initialised();
        write(&disk, FORMAT, &format);
        for answer in [open(&disk), create(&disk, 2)] {
            let found = match answer.unwrap_err() {
                KeysError::Newer { found: 2, .. } => "newer",
                KeysError::Foreign { .. } => "foreign",
                KeysError::Damaged { .. } => "damaged",
                error => panic!("{format:?}: {error:?}"),
            };
            assert_eq!(found, expected, "{format:?}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_master_is_noticed() {
    let base = initialised();
    let path = Path::new("/var/keys/masters/9c419be2");
    let length = base.read(path, 1 << 20).unwrap().len() as u64;
    for offset in length - 65..length {
        for bit in 0..8 {
            let disk = base.after_crash(Loss::Kept);
            disk.flip_bit(path, offset, bit).unwrap();
            assert!(matches!(open(&disk), Err(KeysError::Damaged { .. })));
        }
    }
}

#[test]
fn a_list_of_masters_that_is_missing_or_wrong_is_damage() {
    for list in ["", "9c419be2", "../../../x\n", "9c419be2\n00000000\n"] {
        let disk = initialised();
        write(&disk, CURRENT, list);
        assert!(
            matches!(open(&disk), Err(KeysError::Damaged { .. })),
            "{list:?}"
        );
    }
    let disk = initialised();
    disk.remove(Path::new(CURRENT)).unwrap();
    assert!(matches!(open(&disk), Err(KeysError::Damaged { .. })));
}

#[test]
fn two_processes_do_not_change_a_directory_at_once() {
    let disk = initialised();
    let mut keys = open(&disk).unwrap();
    let lock = disk.try_lock(Path::new("/var/keys/lock")).unwrap();
    let added = keys.add_master(&CountingRng::new(2));
    assert!(matches!(added, Err(KeysError::InUse { .. })));
    drop(lock);
    // One that was opened before another added a master does not forget that.
    let mut other = open(&disk).unwrap();
    keys.add_master(&CountingRng::new(2)).unwrap();
    other.add_master(&CountingRng::new(3)).unwrap();
    assert_eq!(text(&disk, CURRENT).lines().count(), 3);
}

#[test]
fn secrets_are_not_printed() {
    let disk = initialised();
    let keys = open(&disk).unwrap();
    let signer = signer(&disk).unwrap();
    let printed = format!("{keys:?} {signer:?}");
    for file in ["/var/keys/masters/9c419be2", "/var/keys/signer/key"] {
        let secret = text(&disk, file);
        let hex = secret.lines().last().unwrap();
        assert_eq!(hex.len(), 64);
        assert!(!printed.contains(hex), "{printed}");
    }
}

#[test]
fn a_disk_that_can_not_be_read_is_no_damage() {
    let disk = initialised();
    disk.fail_reads(Path::new(FORMAT)).unwrap();
    assert!(matches!(open(&disk), Err(KeysError::Disk { .. })));
    disk.heal();
    let file = disk
        .open(Path::new(FORMAT), OpenMode::Read, Secrecy::Ordinary)
        .unwrap();
    assert_eq!(
        file.write_at(b"x", 0).unwrap_err().kind(),
        io::ErrorKind::PermissionDenied
    );
    open(&disk).unwrap();
}
