//! The real disk: permissions, locks between open files, and what only the operating system can show.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use keys::durable::{Disk, OpenMode, RealDisk, Secrecy, create_new, replace};
use keys::master::{KeysDirectory, KeysError};
use keys::signer::{Extension, FileSigner, Signer as _, SignerError, read_heads};
use ledger::hash::Hash;
use ledger::name::{InstanceId, LogId};
use ledger::source::Rng;

/// The same bytes for ever.
#[derive(Debug)]
struct ConstantRng;

impl Rng for ConstantRng {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(5);
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn kind<T: std::fmt::Debug>(answer: io::Result<T>) -> io::ErrorKind {
    answer.unwrap_err().kind()
}

fn create(directory: &Path) -> Result<KeysDirectory, KeysError> {
    KeysDirectory::create(
        Arc::new(RealDisk),
        directory,
        &ConstantRng,
        InstanceId([1; 16]),
    )
}

#[test]
fn secrets_are_readable_by_their_owner_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("a/keys");
    let keys = create(&directory).unwrap();
    drop(FileSigner::open(&keys).unwrap());
    for private in ["", "masters", "signer"] {
        assert_eq!(mode(&directory.join(private)), 0o700, "{private}");
    }
    let master = format!("masters/{}", keys.current_kid());
    let files = [
        &master,
        "masters/current",
        "signer/key",
        "signer/heads",
        "signer/lock",
        "lock",
    ];
    for file in files {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
    assert!(matches!(
        create(&directory),
        Err(KeysError::AlreadyInitialised { .. })
    ));
}

#[test]
fn a_second_signer_is_refused_while_heads_stay_readable() {
    let temporary = tempfile::tempdir().unwrap();
    let keys = create(&temporary.path().join("keys")).unwrap();
    let mut signer = FileSigner::open(&keys).unwrap();
    assert!(matches!(
        FileSigner::open(&keys),
        Err(SignerError::InUse { .. })
    ));
    let log = LogId([3; 16]);
    let extension = Extension {
        log,
        origin: format!("veritrail.invalid/x/{log}"),
        size: 1,
        root: Hash::leaf(b"entry 0"),
        proof: vec![],
    };
    let notes = signer.sign(&[extension]).unwrap();
    let heads = temporary.path().join("keys/signer/heads");
    assert_eq!(read_heads(&RealDisk, &heads).unwrap(), signer.heads());
    drop(signer);
    let reopened = FileSigner::open(&keys).unwrap();
    let origin = format!("veritrail.invalid/x/{log}");
    assert_eq!(reopened.resign(&log, &origin), notes[0].clone().ok());
}

#[test]
fn a_file_whose_sync_failed_takes_no_more_writes() {
    // The kernel refuses to sync a character device: an fsync that fails, on any machine.
    let file = RealDisk
        .open(Path::new("/dev/null"), OpenMode::ReadWrite, Secrecy::Secret)
        .unwrap();
    file.write_at(b"x", 0).unwrap();
    assert_eq!(kind(file.sync()), io::ErrorKind::InvalidInput);
    for answer in [file.write_at(b"x", 0), file.set_len(0), file.sync()] {
        assert!(answer.unwrap_err().to_string().contains("earlier sync"));
    }
}

#[test]
fn locks_exclude_each_other_and_end_with_their_holder() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("lock");
    let lock = RealDisk.try_lock(&path).unwrap();
    assert_eq!(kind(RealDisk.try_lock(&path)), io::ErrorKind::WouldBlock);
    drop(lock);
    drop(RealDisk.try_lock(&path).unwrap());
    assert!(path.exists());
}

#[test]
fn files_are_opened_read_and_replaced_as_promised() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("file");
    let open = |mode| RealDisk.open(&path, mode, Secrecy::Ordinary);
    assert_eq!(kind(open(OpenMode::Read)), io::ErrorKind::NotFound);
    assert_eq!(kind(open(OpenMode::ReadWrite)), io::ErrorKind::NotFound);
    create_new(&RealDisk, &path, b"old", Secrecy::Ordinary).unwrap();
    let again = create_new(&RealDisk, &path, b"new", Secrecy::Ordinary);
    assert_eq!(kind(again), io::ErrorKind::AlreadyExists);
    open(OpenMode::CreateOrOpen)
        .unwrap()
        .write_at(b"er", 3)
        .unwrap();
    assert_eq!(RealDisk.read(&path, 5).unwrap(), b"older");
    assert_eq!(kind(RealDisk.read(&path, 4)), io::ErrorKind::FileTooLarge);
    let mut bytes = [0; 6];
    let file = open(OpenMode::Read).unwrap();
    assert_eq!(
        kind(file.read_at(&mut bytes, 0)),
        io::ErrorKind::UnexpectedEof
    );
    assert!(file.write_at(b"x", 0).is_err());

    // What an interrupted replacement left is in nobody's way.
    create_new(
        &RealDisk,
        &temporary.path().join("file.new"),
        b"left behind",
        Secrecy::Ordinary,
    )
    .unwrap();
    replace(&RealDisk, &path, b"new", Secrecy::Secret).unwrap();
    assert_eq!(RealDisk.read(&path, 5).unwrap(), b"new");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(RealDisk.list(temporary.path()).unwrap(), ["file"]);
}

#[test]
fn directories_are_made_synced_and_measured() {
    let temporary = tempfile::tempdir().unwrap();
    let deep = temporary.path().join("a/b/c");
    RealDisk.create_dir_all(&deep, Secrecy::Secret).unwrap();
    RealDisk.create_dir_all(&deep, Secrecy::Secret).unwrap();
    assert_eq!(mode(&deep), 0o700);
    RealDisk.sync_dir(&deep).unwrap();
    assert!(RealDisk.free_bytes(&deep).unwrap() > 0);
    create_new(&RealDisk, &deep.join("file"), b"", Secrecy::Ordinary).unwrap();
    let across = RealDisk.rename(&deep.join("file"), &temporary.path().join("file"));
    assert_eq!(kind(across), io::ErrorKind::InvalidInput);
    assert!(RealDisk.exists(&deep.join("file")).unwrap());
    RealDisk.remove(&deep.join("file")).unwrap();
    assert!(!RealDisk.exists(&deep.join("file")).unwrap());
    let on_a_file = temporary.path().join("plain");
    create_new(&RealDisk, &on_a_file, b"", Secrecy::Ordinary).unwrap();
    assert!(
        RealDisk
            .create_dir_all(&on_a_file, Secrecy::Secret)
            .is_err()
    );
}
