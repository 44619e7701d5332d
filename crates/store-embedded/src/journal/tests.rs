//! Journal files as crashes, failed syncs and thieves leave them.

use testkit::sim_disk::{Loss, SimDisk};

use super::*;

const JOURNAL: &str = "/journal";

fn disk() -> SimDisk {
    let disk = SimDisk::new(1);
    disk.create_dir_all(Path::new(JOURNAL), Secrecy::Ordinary)
        .unwrap();
    disk
}

fn key() -> FrameKey {
    FrameKey::new(&[3; 32])
}

fn create(disk: &SimDisk) -> Journal {
    Journal::create(Arc::new(disk.clone()), Path::new(JOURNAL), key()).unwrap()
}

fn open(disk: &SimDisk, packed: u64) -> Result<(Journal, Vec<u64>), JournalError> {
    let opened = Journal::open(Arc::new(disk.clone()), Path::new(JOURNAL), key(), packed);
    opened.map(|(journal, frames)| (journal, frames.iter().map(|frame| frame.number).collect()))
}

/// Appends an empty frame.
fn append(journal: &mut Journal) {
    let number = journal.next_frame();
    journal
        .append(&Frame {
            number,
            ..Frame::default()
        })
        .unwrap();
}

/// A journal of four files with three frames each, none of them cut.
fn four_files() -> SimDisk {
    let disk = disk();
    let mut journal = create(&disk);
    for file in 0..4 {
        if file > 0 {
            journal.rotate().unwrap();
        }
        (0..3).for_each(|_| append(&mut journal));
    }
    disk
}

fn remove(disk: &SimDisk, number: u64) {
    disk.remove(&path_of(Path::new(JOURNAL), number)).unwrap();
    disk.sync_dir(Path::new(JOURNAL)).unwrap();
}

#[test]
fn frames_behind_the_packed_ones_are_read_back_over_all_files() {
    for packed in 0..=12 {
        let (mut journal, frames) = open(&four_files(), packed).unwrap();
        assert_eq!(frames, (packed + 1..=12).collect::<Vec<_>>());
        append(&mut journal);
        assert_eq!(journal.next_frame(), 14);
    }
}

#[test]
fn a_crash_may_leave_any_of_the_files_that_were_being_removed() {
    // Removals reach the disk in any order until the directory is synced.
    for left in 0..8_u64 {
        let disk = four_files();
        (1..=3)
            .filter(|number| left >> (number - 1) & 1 == 0)
            .for_each(|number| remove(&disk, number));
        let (mut journal, frames) =
            open(&disk, 9).unwrap_or_else(|error| panic!("{left:b}: {error}"));
        assert_eq!(frames, [10, 11, 12], "{left:b}");
        journal.cut_all(12).unwrap();
        assert_eq!(
            disk.list(Path::new(JOURNAL)).unwrap(),
            ["00000005.vtj"],
            "{left:b}"
        );
    }
}

#[test]
fn a_missing_file_that_was_still_needed_is_named() {
    for (missing, packed) in [(1, 0), (1, 2), (2, 3), (2, 5), (3, 8), (4, 9), (4, 11)] {
        let disk = four_files();
        remove(&disk, missing);
        let found = open(&disk, packed);
        let cut = missing == 4;
        match found {
            Err(JournalError::Missing { path, frame }) => {
                assert_eq!(
                    (path, frame),
                    (path_of(Path::new(JOURNAL), missing), packed)
                );
            }
            // The newest file with everything in it: nothing in the journal knows of it. The signer does.
            Ok((journal, frames)) => {
                assert!(cut && packed == 9 && frames.is_empty() && journal.next_frame() == 10);
            }
            Err(error) => panic!("{missing}, {packed}: {error:?}"),
        }
    }
    let disk = four_files();
    (1..=4).for_each(|number| remove(&disk, number));
    assert!(matches!(open(&disk, 12), Err(JournalError::Missing { .. })));
}

#[test]
fn a_file_that_stands_under_another_name_is_refused() {
    let disk = four_files();
    let directory = Path::new(JOURNAL);
    let two = disk.read(&path_of(directory, 2), 1 << 20).unwrap();
    remove(&disk, 3);
    keys::durable::create_new(&disk, &path_of(directory, 3), &two, Secrecy::Secret).unwrap();
    let Err(JournalError::Damaged {
        path, offset: 0, ..
    }) = open(&disk, 0)
    else {
        panic!()
    };
    assert_eq!(path, path_of(directory, 3));
}

#[test]
fn a_file_begun_when_a_sync_failed_does_not_hide_the_frames_written_after() {
    // Twice: the sync of the file, and that of the directory.
    for failing in [1, 2] {
        let disk = disk();
        let mut journal = create(&disk);
        append(&mut journal);
        disk.fail_sync(disk.sync_points() + failing);
        journal.rotate().unwrap_err();
        append(&mut journal);
        append(&mut journal);
        for left in [
            disk.after_kill(),
            disk.after_crash(Loss::All),
            disk.after_crash(Loss::Kept),
        ] {
            let (mut journal, frames) =
                open(&left, 0).unwrap_or_else(|error| panic!("{failing}: {error}"));
            assert_eq!(frames, [1, 2, 3]);
            journal.rotate().unwrap();
            append(&mut journal);
            assert_eq!(
                open(&left.after_crash(Loss::All), 0).unwrap().1,
                [1, 2, 3, 4]
            );
        }
    }
}

#[test]
fn what_a_killed_process_left_unsynced_is_safe_once_it_was_built_on() {
    let disk = disk();
    let mut journal = create(&disk);
    append(&mut journal);
    // The bytes are written, and the sync fails: the process gives up.
    disk.fail_sync(disk.sync_points() + 1);
    let frame = Frame {
        number: 2,
        ..Frame::default()
    };
    assert!(matches!(
        journal.append(&frame),
        Err(AppendFailure::Unknown(_))
    ));
    let restarted = disk.after_kill();
    let (mut journal, frames) = open(&restarted, 0).unwrap();
    assert_eq!(frames, [1, 2], "the page cache still has it");
    append(&mut journal);
    assert_eq!(open(&restarted.after_crash(Loss::All), 2).unwrap().1, [3]);
}
