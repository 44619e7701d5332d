//! Recording and showing events with a real server.

use std::process::Command;

use crate::command::ran;
use crate::running::Running;

const SHORT_FORM: &str = r#"{"id":"evt_a1b2c3d4","timestamp":"2026-03-12T14:32:07.123Z","actor":{"user_id":42,"email":"dev@example.com","ip_address":"198.51.100.23","user_agent":"Mozilla/5.0..."},"operation":"environment_variable.updated","resource":{"type":"environment_variable","id":"var_789","project_id":"proj_456","name":"DATABASE_URL"},"metadata":{"previous_value_hash":"sha256:a1b2c3...","source":"dashboard","request_id":"req_x7y8z9"}}"#;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_printed_curl_line_works_when_pasted() {
    let server = Running::start();
    assert!(
        server.welcome.contains("Claim: local:"),
        "{}",
        server.welcome
    );
    let line = server
        .welcome
        .lines()
        .find(|line| line.contains("curl -sS"))
        .unwrap();
    let Ok(output) = Command::new("sh").args(["-c", line]).output() else {
        return;
    };
    if output.status.code() == Some(127) {
        // No curl on this machine.
        return;
    }
    let receipt = json(&ran(output).ends(0));
    assert_eq!(receipt["status"], "stored");
}

#[test]
fn the_short_form_is_accepted_and_shown_in_full() {
    let server = Running::start();
    let stored = server.emit(SHORT_FORM);
    assert!(stored.err.contains("warning:"), "{}", stored.err);
    assert_eq!(json(&stored.ends(0))["id"], "evt_a1b2c3d4");
    let shown = server.run(&["show", "--id", "evt_a1b2c3d4"]).ends(0);
    for words in [
        "environment_variable.updated",
        "dev@example.com",
        "198.51.100.23",
        "DATABASE_URL",
        "req_x7y8z9",
    ] {
        assert!(shown.contains(words), "{words} is missing in:\n{shown}");
    }
    let answer = json(
        &server
            .run(&["show", "--id", "evt_a1b2c3d4", "--json"])
            .ends(0),
    );
    assert_eq!(answer["actor"]["id"], "42");
}

#[test]
fn flags_make_an_event_and_repeating_it_gives_the_same_receipt() {
    let server = Running::start();
    let arguments = [
        "emit",
        "--id",
        "e1",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--actor-type",
        "service_account",
        "--email",
        "ci@example.com",
        "--resource",
        "deployment/d/1",
        "--name",
        "web",
        "--project",
        "p",
        "--outcome",
        "failure",
        "--reason",
        "because",
        "--meta",
        "a=b=c",
    ];
    let first = json(&server.run(&arguments).ends(0));
    let mut again = json(&server.run(&arguments).ends(0));
    assert_eq!(again["status"], "repeated");
    again["status"] = "stored".into();
    assert_eq!(first, again);
    let event = json(&server.run(&["show", "--id", "e1", "--json"]).ends(0));
    assert_eq!(event["resource"]["id"], "d/1");
    assert_eq!(event["metadata"]["a"], "b=c");
    assert_eq!(event["outcome"]["result"], "failure");
    let mut other = arguments;
    other[4] = "deployment.deleted";
    server.run(&other).complains(2, "hint:");
}

#[test]
fn a_dry_run_stores_nothing() {
    let server = Running::start();
    let arguments = [
        "emit",
        "--dry-run",
        "--id",
        "e2",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--resource",
        "deployment/d",
    ];
    assert_eq!(json(&server.run(&arguments).ends(0))["status"], "dry_run");
    server.run(&["show", "--id", "e2"]).complains(2, "error: ");
}

#[test]
fn one_bad_line_of_many_is_named_and_the_others_are_stored() {
    let server = Running::start();
    let good = |id: &str| {
        format!(
            r#"{{"id":"{id}","operation":"deployment.created","actor":{{"id":"1"}},"resource":{{"type":"deployment"}}}}"#
        )
    };
    let text = format!(
        "{}\n{{\"operation\":\"deployment.created\"}}\n{}\n",
        good("a"),
        good("b")
    );
    let sent = server.emit(&text);
    assert!(
        sent.err.contains("error: event 1:") && sent.err.contains("2 stored"),
        "{}",
        sent.err
    );
    let out = sent.ends(2);
    let statuses: Vec<String> = out
        .lines()
        .map(|line| json(line)["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["stored", "refused", "stored"]);
    server.run(&["show", "--id", "b"]).ends(0);
}

#[test]
fn a_refusal_says_which_field_and_what_was_expected() {
    let server = Running::start();
    let refused =
        server.emit(r#"{"operation":"deployment.created","resource":{"type":"deployment"}}"#);
    assert!(
        refused.err.starts_with("error: ") && refused.err.contains("(/actor)"),
        "{}",
        refused.err
    );
    refused.ends(2);
}

#[test]
fn what_an_event_says_can_not_draw_on_the_terminal() {
    let server = Running::start();
    let event = "{\"id\":\"e3\",\"operation\":\"deployment.created\",\"actor\":{\"id\":\"1\"},\"resource\":{\"type\":\"deployment\"},\"metadata\":{\"a\":\"x\\u202ey\\u009bz\\n  recorded  never\"}}";
    server.emit(event).ends(0);
    let shown = server.run(&["show", "--id", "e3"]).ends(0);
    assert!(
        shown.contains("x\\u{202e}y\\u{9b}z\\n  recorded  never"),
        "{shown}"
    );
    let raw = server.run(&["show", "--id", "e3", "--json"]).ends(0);
    assert!(!raw.contains(['\u{202e}', '\u{9b}']), "{raw}");
    assert_eq!(
        json(&raw)["metadata"]["a"],
        "x\u{202e}y\u{9b}z\n  recorded  never"
    );
}

#[test]
fn without_a_valid_key_nobody_gets_in() {
    let server = Running::start();
    for key in [
        "",
        "vtk_wrong",
        "vtk_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_AAAAAA",
    ] {
        let mut command = server.client();
        command
            .env("VERITRAIL_KEY", key)
            .args(["show", "--id", "e"]);
        let refused = ran(command.output().unwrap());
        assert!(refused.err.contains("VERITRAIL_KEY"), "{}", refused.err);
        refused.ends(3);
    }
}

#[test]
fn receipts_wait_for_a_proof_when_asked() {
    let server = Running::start();
    let arguments = [
        "emit",
        "--wait",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--resource",
        "deployment/d",
    ];
    let receipt = json(&server.run(&arguments).ends(0));
    assert!(receipt["checkpoint"].as_str().unwrap().contains('\u{2014}'));
}
