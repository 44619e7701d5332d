//! Sources from the command line: made, delivered to by a stranger's program, quietened, rotated, closed.

use std::process::Command;

use serde_json::Value;

use crate::importing::total;
use crate::running::Running;

/// What curl is answered.
fn deliver(url: &str, secret: &str, body: &str) -> (u16, Value) {
    let output = Command::new("curl")
        .args(["-sS", "-m", "20", "-w", "\n%{http_code}", "-H"])
        .arg(format!("Authorization: Bearer {secret}"))
        .args(["--data-binary", body, url])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (
        status.parse().unwrap(),
        serde_json::from_str(body).unwrap_or_default(),
    )
}

/// Address and secret, as printed.
fn made(printed: &str) -> (String, String) {
    let line = |start: &str| {
        let mut lines = printed.lines();
        let found = lines.find_map(|line| line.strip_prefix(start));
        found
            .unwrap_or_else(|| panic!("no {start}: {printed}"))
            .trim()
            .to_owned()
    };
    (line("url"), line("secret"))
}

const EVENT: &str = r#"{"specversion":"1.0","id":"b-1","source":"ci/42","type":"dev.cdevents.build.finished.0.2.0",
  "subject":"build-7","time":"2026-03-12T14:32:07Z","data":{}}"#;

#[test]
fn a_source_is_made_used_quietened_rotated_and_closed() {
    let server = Running::start();
    let create = ["source", "create", "cloudevents", "--name", "acme"];
    let (url, secret) = made(&server.operate(&create).ends(0));
    assert_eq!(url, format!("{}/v1/sources/acme", server.url));
    server.operate(&create).complains(2, "exists");
    let (status, told) = deliver(&url, &secret, EVENT);
    assert_eq!((status, &told["stored"]), (200, &Value::from(1)), "{told}");
    assert_eq!(deliver(&url, &secret, EVENT).1["repeated"], 1);
    assert_eq!(deliver(&url, "vts_wrong", EVENT).0, 401);
    assert_eq!(total(&server, "source:acme"), 1);

    // Noise: printed, replaced, at work.
    let rules = server.operate(&["source", "rules", "acme"]).ends(0);
    assert!(rules.contains("\"exclude\""), "{rules}");
    let quiet = r#"{"exclude":[{"name":"builds","operation":"build.*"}]}"#;
    std::fs::write(server.path().join("quiet.json"), quiet).unwrap();
    server
        .operate(&["source", "rules", "acme", "--set", "quiet.json"])
        .ends(0);
    let other = EVENT.replace("b-1", "b-2");
    assert_eq!(deliver(&url, &secret, &other).1["left_out"]["builds"], 1);
    std::fs::write(
        server.path().join("bad.json"),
        r#"{"exclude":[{"name":"x"}]}"#,
    )
    .unwrap();
    server
        .operate(&["source", "rules", "acme", "--set", "bad.json"])
        .complains(2, "at least one pattern");

    let (_, newer) = made(&server.operate(&["source", "rotate", "acme"]).ends(0));
    assert_ne!(newer, secret);
    for secret in [&secret, &newer] {
        assert_eq!(deliver(&url, secret, EVENT).0, 200);
    }
    let listed = server.operate(&["source", "list"]).ends(0);
    assert!(
        listed.contains("acme") && !listed.contains(&newer),
        "{listed}"
    );
    server.operate(&["source", "close", "acme"]).ends(0);
    assert_eq!(deliver(&url, &newer, EVENT).0, 401);
    // It outlives a restart: the address answers nobody, and what came stays.
    let directory = server.stop();
    let server = Running::start_in(directory, &["--print-key"]);
    let listed = server.operate(&["source", "list"]).ends(0);
    assert!(listed.contains("closed"), "{listed}");
    assert!(
        !std::fs::read_to_string(server.path().join("server.log"))
            .unwrap()
            .contains("vts_")
    );
}

#[test]
fn an_unknown_name_that_was_seen_is_adopted_and_strict_tenants_take_it() {
    let server = Running::start();
    let event = |id: &str| {
        format!(
            r#"{{"id":"{id}","operation":"rocket.launched","actor":{{"id":"1"}},"resource":{{"type":"rocket","id":"r"}}}}"#
        )
    };
    server.emit(&event("e1")).ends(0);
    let admin = server
        .operate(&[
            "key", "create", "--tenant", "default", "--role", "admin", "--source", "a", "--owner",
            "O", "--json",
        ])
        .ends(0);
    let admin: Value = serde_json::from_str(&admin).unwrap();
    let adopt = |arguments: &[&str]| {
        let mut command = server.client();
        command.env("VERITRAIL_KEY", admin["key"].as_str().unwrap());
        command.args(["vocabulary", "adopt"]).args(arguments);
        crate::command::ran(command.output().unwrap())
    };
    let seen = adopt(&[]).ends(0);
    assert!(seen.contains("rocket.launched"), "{seen}");
    adopt(&["rocket.landed"]).ends(2);
    adopt(&[
        "rocket.launched",
        "--category",
        "infrastructure",
        "--severity",
        "critical",
    ])
    .ends(0);
    server
        .operate(&["tenant", "set", "default", "--strict"])
        .ends(0);
    server.emit(&event("e2")).ends(0);
    let shown = server.operate(&["tenant", "show", "default"]).ends(0);
    assert!(
        shown.contains("rocket.launched") && shown.contains("strict"),
        "{shown}"
    );
    assert_eq!(total(&server, "flag:unknown_operation"), 1);
}
