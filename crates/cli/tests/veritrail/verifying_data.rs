//! `verify --data`: a data directory, its keys, anchors and receipts.

use std::path::{Path, PathBuf};

use crate::command::{Ran, run};
use crate::running::Running;

/// A stopped server's directory with `receipts`.
fn recorded() -> tempfile::TempDir {
    let server = Running::start();
    let mut receipts = String::new();
    for id in 0..50 {
        receipts.push_str(&server.emit(&deployment(id)).ends(0));
    }
    std::fs::write(server.path().join("receipts"), receipts).unwrap();
    server.stop()
}

/// An event with an id of its own.
fn deployment(id: u32) -> String {
    format!(
        r#"{{"id":"e{id}","operation":"deployment.created","actor":{{"id":"1","email":"dev@example.com"}},"resource":{{"type":"deployment","id":"x"}}}}"#
    )
}

fn verify(directory: &Path, arguments: &[&str]) -> Ran {
    run(
        directory,
        &[&["verify", "--data", "veritrail-data"], arguments].concat(),
    )
}

/// The largest pack of entries.
fn pack(directory: &Path) -> PathBuf {
    let packs = std::fs::read_dir(directory.join("veritrail-data/packs")).unwrap();
    let entries = packs.map(|pack| pack.unwrap().path());
    let entries = entries.filter(|path| path.extension().is_some_and(|kind| kind == "vte"));
    entries
        .max_by_key(|path| std::fs::metadata(path).unwrap().len())
        .unwrap()
}

#[test]
fn sound_data_are_verified_with_their_keys_and_self_consistent_without() {
    let directory = recorded();
    let out = verify(
        directory.path(),
        &["--keys", "veritrail-keys", "--receipts", "receipts"],
    )
    .ends(0);
    let last = out.lines().last().unwrap();
    assert!(
        last.starts_with("Verified: ") && last.contains("50 receipts"),
        "{out}"
    );
    let out = verify(directory.path(), &[]).ends(4);
    assert!(
        out.lines()
            .last()
            .unwrap()
            .starts_with("Self-consistent only: "),
        "{out}"
    );
    let json = verify(directory.path(), &["--keys", "veritrail-keys", "--json"]).ends(0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["verdict"], "verified");
}

#[test]
fn data_are_verified_while_the_server_runs() {
    let server = Running::start();
    server
        .run(&[
            "emit",
            "--wait",
            "--operation",
            "deployment.created",
            "--actor",
            "7",
            "--resource",
            "deployment/d",
        ])
        .ends(0);
    verify(server.path(), &["--keys", "veritrail-keys"]).ends(0);
}

#[test]
fn a_changed_byte_in_a_pack_is_tampering_with_or_without_keys() {
    let directory = recorded();
    let path = pack(directory.path());
    let sound = std::fs::read(&path).unwrap();
    for at in (0..sound.len()).step_by(sound.len() / 8) {
        let mut bent = sound.clone();
        bent[at] ^= 1;
        std::fs::write(&path, bent).unwrap();
        let out = verify(directory.path(), &["--keys", "veritrail-keys"]).ends(1);
        assert!(
            out.contains("tampered: ") && out.contains("Tampered: "),
            "byte {at}: {out}"
        );
    }
}

#[test]
fn a_receipt_that_the_log_does_not_keep_is_tampering() {
    let directory = recorded();
    let path = directory.path().join("receipts");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut receipt: serde_json::Value =
        serde_json::from_str(text.lines().next().unwrap()).unwrap();
    receipt["leaf_hash"] = "00".repeat(32).into();
    std::fs::write(&path, format!("{receipt}\n")).unwrap();
    verify(
        directory.path(),
        &["--keys", "veritrail-keys", "--receipts", "receipts"],
    )
    .ends(1);
    std::fs::write(&path, "{}\n").unwrap();
    verify(directory.path(), &["--receipts", "receipts"])
        .complains(2, "receipts line 1: expected a receipt");
}

#[test]
fn a_receipt_of_an_entry_in_the_journal_is_no_tampering_and_lost_with_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--print-key", "--checkpoint-interval-ms", "60000"];
    let server = Running::start_in(directory, &arguments);
    // What comes after a pause is packed at once; one of these at least waits in the journal.
    let receipts: String = (0..3)
        .map(|number| server.emit(&deployment(number)).ends(0))
        .collect();
    std::fs::write(server.path().join("receipts"), receipts).unwrap();
    let open = verify(server.path(), &["--receipts", "receipts"]).ends(4);
    assert!(open.contains("may stand in the journal"), "{open}");
    let keys = ["--keys", "veritrail-keys", "--receipts", "receipts"];
    verify(server.path(), &keys).ends(0);
    let directory = server.stop();
    let text = std::fs::read_to_string(directory.path().join("receipts")).unwrap();
    let beyond = text.replace("\"seq\":3", "\"seq\":3000");
    assert_ne!(beyond, text);
    std::fs::write(directory.path().join("receipts"), beyond).unwrap();
    verify(directory.path(), &["--receipts", "receipts"]).ends(1);
}

#[test]
fn the_keys_of_another_installation_do_not_vouch() {
    let (directory, other) = (recorded(), recorded());
    let keys = other.path().join("veritrail-keys");
    let out = verify(directory.path(), &["--keys", keys.to_str().unwrap()]).ends(1);
    assert!(out.contains("another instance"), "{out}");
    verify(directory.path(), &["--keys", "nowhere"]).complains(2, "no keys directory at");
}

#[test]
fn anchors_vouch_for_what_they_cover() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "--print-key",
        "--anchor-file",
        "anchors",
        "--anchor-interval-seconds",
        "1",
    ];
    let server = Running::start_in(directory, &arguments);
    assert!(
        server
            .welcome
            .contains("Claim: anchored (anchors, every 1 s)"),
        "{}",
        server.welcome
    );
    server
        .run(&[
            "emit",
            "--wait",
            "--operation",
            "deployment.created",
            "--actor",
            "7",
            "--resource",
            "deployment/d",
        ])
        .ends(0);
    let anchors = server.path().join("anchors");
    // The interval is a second; asking the server is what passes the time.
    let written = || std::fs::read(&anchors).is_ok_and(|text| !text.is_empty());
    let mut patience = 5_000;
    while !written() {
        patience -= 1;
        assert!(patience > 0, "no anchor came");
        server.run(&["log", "list"]).ends(0);
    }
    let directory = server.stop();
    let out = verify(directory.path(), &["--anchors", "anchors"]).ends(0);
    assert!(out.contains("anchored checkpoints"), "{out}");
    // The keys alone could be an administrator's; the anchors are what a restored copy is held against.
    std::fs::write(directory.path().join("empty"), "").unwrap();
    verify(directory.path(), &["--anchors", "empty"]).complains(2, "no anchor in it");
}
