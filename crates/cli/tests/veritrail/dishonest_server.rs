//! `verify --url` and `log export` against servers that lie.

use std::path::{Path, PathBuf};

use crate::command::{Ran, run};
use crate::mirror::{Mirror, logs};
use crate::running::Running;

/// Events of the log.
const EVENTS: usize = 300;

/// A directory with `logs` as exported (one log, `vkey` beside it), and an older checkpoint `pin`.
fn exported() -> tempfile::TempDir {
    let server = Running::start();
    let event = |n: usize| {
        format!(
            "{{\"id\":\"e{n}\",\"operation\":\"deployment.created\",\"actor\":{{\"id\":\"1\"}},\"resource\":{{\"type\":\"deployment\"}}}}\n"
        )
    };
    let log = main_log(&server);
    let wait = [
        "emit",
        "--wait",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--resource",
        "deployment/d",
    ];
    let half: String = (0..EVENTS / 2).map(event).collect();
    server.emit(&half).ends(0);
    server.run(&wait).ends(0);
    server
        .run(&["log", "export", "older", "--log", &log])
        .ends(0);
    let rest: String = (EVENTS / 2..EVENTS).map(event).collect();
    server.emit(&rest).ends(0);
    server.run(&wait).ends(0);
    let out = server
        .run(&["log", "export", "logs", "--log", &log])
        .ends(0);
    assert!(out.contains("303 entries"), "{out}");
    let directory = server.stop();
    let at = |name: &str| directory.path().join(name);
    std::fs::copy(at("older").join(&log).join("checkpoint"), at("pin")).unwrap();
    std::fs::copy(at("logs").join(&log).join("vkey"), at("vkey")).unwrap();
    directory
}

fn main_log(server: &Running) -> String {
    let listed = server.run(&["log", "list", "--json"]).ends(0);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let logs = listed["logs"].as_array().unwrap();
    let main = logs.iter().find(|log| log["kind"] == "main").unwrap();
    main["id"].as_str().unwrap().to_owned()
}

fn log_of(directory: &Path) -> PathBuf {
    logs(&directory.join("logs")).remove(0)
}

fn verify(directory: &Path, arguments: &[&str]) -> Ran {
    let mirror = Mirror::of(&directory.join("logs"));
    run(
        directory,
        &[&["verify", "--url", &mirror.url], arguments].concat(),
    )
}

#[test]
fn an_honest_server_is_verified_against_each_pin_and_self_consistent_without() {
    let directory = exported();
    let out = verify(directory.path(), &["--vkey", "vkey"]).ends(0);
    assert!(
        out.contains("303 entries of 1 logs are as they were signed, resting on the key in vkey"),
        "{out}"
    );
    let out = verify(directory.path(), &["--checkpoint", "pin"]).ends(0);
    assert!(
        out.contains("resting on the checkpoint of 152 entries in pin"),
        "{out}"
    );
    let out = verify(directory.path(), &[]).ends(4);
    assert!(out.contains("nothing outside vouches"), "{out}");
    let json = verify(directory.path(), &["--vkey", "vkey", "--json"]).ends(0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["verdict"], &json["logs"][0]["kind"]),
        (&"verified".into(), &"main".into())
    );
}

#[test]
fn a_running_server_is_verified_while_it_writes() {
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
    server.run(&["verify"]).ends(4);
    server.run(&["log", "export", "logs"]).ends(0);
    let vkey = logs(&server.path().join("logs")).remove(0).join("vkey");
    // One key signs all logs of an installation.
    let out = server
        .run(&["verify", "--vkey", vkey.to_str().unwrap()])
        .ends(0);
    assert!(
        out.contains("verified: main log") && out.contains("verified: access log"),
        "{out}"
    );
}

#[test]
fn one_changed_byte_of_any_file_is_tampering() {
    let directory = exported();
    let log = log_of(directory.path());
    for name in [
        "checkpoint",
        "vkey",
        "tile/0/000",
        "tile/0/001.p/47",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/47",
    ] {
        let path = log.join(name);
        let sound = std::fs::read(&path).unwrap();
        for at in [0, sound.len() / 2, sound.len() - 2] {
            let mut bent = sound.clone();
            bent[at] ^= 1;
            std::fs::write(&path, bent).unwrap();
            let out = verify(directory.path(), &["--vkey", "vkey"]).ends(1);
            assert!(out.contains("Tampered"), "{name} byte {at}: {out}");
        }
        std::fs::write(&path, sound).unwrap();
    }
    verify(directory.path(), &["--vkey", "vkey"]).ends(0);
}

#[test]
fn an_edited_entry_is_named_by_its_seq() {
    let directory = exported();
    let path = log_of(directory.path()).join("tile/entries/000");
    let mut bytes = std::fs::read(&path).unwrap();
    let place = |needle: &[u8], bytes: &[u8]| {
        bytes
            .windows(needle.len())
            .position(|window| window == needle)
    };
    let id = place(b"\"e7\"", &bytes).unwrap();
    bytes[id + 2] = b'8';
    std::fs::write(&path, bytes).unwrap();
    let out = verify(directory.path(), &["--vkey", "vkey"]).ends(1);
    assert!(
        out.contains(", entry 8:") && out.contains("tile/0/000"),
        "{out}"
    );
}

#[test]
fn last_weeks_log_is_shorter_than_the_pin() {
    let directory = exported();
    let at = |name: &str| directory.path().join(name);
    std::fs::copy(log_of(directory.path()).join("checkpoint"), at("newest")).unwrap();
    std::fs::rename(at("logs"), at("kept")).unwrap();
    std::fs::rename(at("older"), at("logs")).unwrap();
    // With the key alone an old copy is indistinguishable; the pin tells.
    verify(directory.path(), &["--vkey", "vkey"]).ends(0);
    let out = verify(
        directory.path(),
        &["--vkey", "vkey", "--checkpoint", "newest"],
    )
    .ends(1);
    assert!(
        out.contains("it has 152 entries, but newest vouches for 303: its end was cut off"),
        "{out}"
    );
}

#[test]
fn a_replaced_key_and_a_vanished_log_are_named() {
    let (directory, other) = (exported(), exported());
    let copy = |name: &str| {
        std::fs::copy(
            other.path().join(name),
            directory.path().join("others-".to_owned() + name),
        )
        .unwrap();
    };
    copy("vkey");
    copy("pin");
    let out = verify(directory.path(), &["--vkey", "others-vkey"]).ends(1);
    assert!(out.contains("does not list it"), "{out}");
    let out = verify(directory.path(), &["--checkpoint", "others-pin"]).ends(1);
    assert!(out.contains("it is pinned, but"), "{out}");
    // Another key under the same name.
    let vkey = std::fs::read_to_string(other.path().join("vkey")).unwrap();
    std::fs::write(log_of(directory.path()).join("vkey"), vkey).unwrap();
    let out = verify(directory.path(), &["--vkey", "vkey"]).ends(1);
    assert!(out.contains("the key was replaced"), "{out}");
}

#[test]
fn a_server_that_goes_away_is_unreachable_unless_tampering_was_seen() {
    let directory = exported();
    let log = log_of(directory.path());
    let absent = directory.path().join("logs").join("0".repeat(32));
    std::fs::create_dir(&absent).unwrap();
    // Listed, yet not there.
    verify(directory.path(), &["--vkey", "vkey"]).complains(2, "nothing is here");
    std::fs::remove_file(log.join("tile/0/000")).unwrap();
    let out = verify(directory.path(), &["--vkey", "vkey"]).ends(1);
    assert!(
        out.contains("it is missing although the checkpoint covers it"),
        "{out}"
    );
    std::fs::remove_file(log.join("checkpoint")).unwrap();
    let out = verify(directory.path(), &["--checkpoint", "pin"]).ends(1);
    assert!(
        out.contains("it is pinned, but the server does not show it"),
        "{out}"
    );
    run(directory.path(), &["verify", "--url", "http://127.0.0.1:1"]).ends(3);
}

#[test]
fn an_export_is_checked_and_never_overwritten() {
    let directory = exported();
    let mirror = Mirror::of(&directory.path().join("logs"));
    run(
        directory.path(),
        &["log", "export", "copy", "--url", &mirror.url],
    )
    .ends(0);
    run(
        directory.path(),
        &["log", "export", "copy", "--url", &mirror.url],
    )
    .complains(2, "is there already");
    let path = log_of(directory.path()).join("tile/entries/000");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    run(
        directory.path(),
        &["log", "export", "bent", "--url", &mirror.url],
    )
    .complains(1, "without its checkpoint");
    assert!(
        !logs(&directory.path().join("bent"))
            .remove(0)
            .join("checkpoint")
            .exists()
    );
}

#[test]
fn pins_that_are_none_are_a_mistake() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("junk"), "junk").unwrap();
    for flag in ["--vkey", "--checkpoint"] {
        let arguments = ["verify", "--url", "http://127.0.0.1:1", flag, "junk"];
        run(directory.path(), &arguments).complains(2, "junk: not a");
    }
}
