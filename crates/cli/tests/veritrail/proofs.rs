//! Proofs of one event, checked offline.

use std::path::Path;

use base64ct::{Base64, Encoding};

use crate::command::{Ran, run};
use crate::running::Running;

/// A stopped server's directory with `proof` for event `e`, and `vkey`.
fn proved() -> tempfile::TempDir {
    let server = Running::start();
    for id in ["d", "e", "f"] {
        let event = format!(
            r#"{{"id":"{id}","operation":"deployment.created","actor":{{"id":"1","email":"dev@example.com"}},"resource":{{"type":"deployment","id":"x"}}}}"#
        );
        server.emit(&event).ends(0);
    }
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
    server
        .run(&["prove", "--id", "e", "-o", "proof"])
        .complains(0, "wrote proof");
    let printed = server.run(&["prove", "--id", "e"]).ends(0);
    assert!(printed.starts_with("c2sp.org/tlog-proof@v1\n"), "{printed}");
    server.run(&["log", "export", "logs"]).ends(0);
    let mut vkeys = String::new();
    for log in std::fs::read_dir(server.path().join("logs")).unwrap() {
        vkeys.push_str(&std::fs::read_to_string(log.unwrap().path().join("vkey")).unwrap());
    }
    std::fs::write(server.path().join("vkey"), vkeys).unwrap();
    server.stop()
}

fn with_key(directory: &Path) -> Ran {
    run(directory, &["verify-proof", "proof", "--vkey", "vkey"])
}

/// Replaces the proof's own disclosures.
fn disclose(directory: &Path, bend: &dyn Fn(&mut serde_json::Value)) {
    let path = directory.join("proof");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap();
    let extra = Base64::decode_vec(line.strip_prefix("extra ").unwrap()).unwrap();
    let mut extra: serde_json::Value = serde_json::from_slice(&extra).unwrap();
    bend(&mut extra);
    let bent = format!(
        "extra {}",
        Base64::encode_string(extra.to_string().as_bytes())
    );
    std::fs::write(path, text.replace(line, &bent)).unwrap();
}

fn bend_base64(value: &mut serde_json::Value, from: &str, to: &str) {
    let text = Base64::decode_vec(value.as_str().unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap().replace(from, to);
    *value = Base64::encode_string(text.as_bytes()).into();
}

#[test]
fn a_proof_holds_under_a_pinned_key_and_says_what_was_proved() {
    let directory = proved();
    let out = with_key(directory.path()).ends(0);
    assert!(
        out.contains("event e: deployment.created") && out.contains("dev@example.com"),
        "{out}"
    );
    assert!(out.ends_with("Verified: the checkpoint is signed under the key in vkey, and the entry follows from it.\n"), "{out}");
    let keys = [
        "verify-proof",
        "proof",
        "--keys",
        "veritrail-keys",
        "--json",
    ];
    let json: serde_json::Value =
        serde_json::from_str(&run(directory.path(), &keys).ends(0)).unwrap();
    assert_eq!(
        (&json["verdict"], &json["seq"]),
        (&"verified".into(), &2.into())
    );
}

#[test]
fn without_a_pinned_key_nothing_vouches_for_it() {
    let directory = proved();
    let out = run(directory.path(), &["verify-proof", "proof"]).complains(4, "--vkey");
    assert!(out.contains("Self-consistent only"), "{out}");
}

#[test]
fn another_entry_does_not_follow_from_the_checkpoint() {
    let directory = proved();
    disclose(directory.path(), &|extra| {
        bend_base64(&mut extra["entry"], "created", "deleted");
    });
    let out = with_key(directory.path()).ends(1);
    assert!(
        out.contains("tampered: the proof does not hold for this entry"),
        "{out}"
    );
    // Nor without a key.
    run(directory.path(), &["verify-proof", "proof"]).ends(1);
}

#[test]
fn another_part_is_not_the_one_committed_to() {
    let directory = proved();
    disclose(directory.path(), &|extra| {
        bend_base64(&mut extra["person"], "dev@", "sam@");
    });
    let out = with_key(directory.path()).ends(1);
    assert!(out.contains("the person part is not the one"), "{out}");
}

#[test]
fn a_withheld_part_leaves_the_proof_valid() {
    let directory = proved();
    disclose(directory.path(), &|extra| {
        extra.as_object_mut().unwrap().remove("person");
    });
    let out = with_key(directory.path()).ends(0);
    assert!(
        out.contains("person part is not here") && !out.contains("dev@example.com"),
        "{out}"
    );
}

#[test]
fn every_changed_character_of_the_proof_itself_is_caught() {
    let directory = proved();
    let path = directory.path().join("proof");
    let sound = std::fs::read_to_string(&path).unwrap();
    let start = sound.find("index ").unwrap();
    let places: Vec<usize> = (start..sound.len())
        .filter(|at| sound.is_char_boundary(*at))
        .collect();
    for at in places.into_iter().step_by(7) {
        let mut bytes = sound.clone().into_bytes();
        if !bytes[at].is_ascii() {
            continue;
        }
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(with_key(directory.path()).code, 1, "byte {at}");
    }
}

#[test]
fn the_key_of_another_installation_does_not_fit() {
    let directory = proved();
    let other = proved();
    std::fs::copy(other.path().join("vkey"), directory.path().join("vkey")).unwrap();
    let out = with_key(directory.path()).ends(1);
    assert!(out.contains("not of the installation"), "{out}");
    std::fs::rename(
        other.path().join("veritrail-keys"),
        directory.path().join("others"),
    )
    .unwrap();
    run(
        directory.path(),
        &["verify-proof", "proof", "--keys", "others"],
    )
    .ends(1);
}

#[test]
fn what_is_no_proof_is_a_mistake() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("proof"), "hello\n").unwrap();
    run(directory.path(), &["verify-proof", "proof"]).complains(2, "not a .tlog-proof file");
    run(directory.path(), &["verify-proof", "nothing"]).complains(2, "nothing can not be read");
}
