//! What needs no server: the vocabulary, and refusals that come before anything is sent.

use std::path::Path;

use crate::command::{run, run_with_input, veritrail};

fn here(arguments: &[&str]) -> crate::command::Ran {
    run(Path::new("."), arguments)
}

#[test]
fn names_are_judged_one_a_line() {
    let names = [
        "deployment.created",
        "DeploymentCreated",
        "robot.waved",
        "veritrail.key.created",
    ];
    let checked = here(&[&["vocabulary", "check"], &names[..]].concat());
    let out = checked.ends(2);
    let lines: Vec<&str> = out.lines().collect();
    let told = r#"told as "ACTOR asked for the deployment RESOURCE of PROJECT in ENVIRONMENT""#;
    assert_eq!(lines[0], format!("deployment.created: canonical, {told}"));
    let alias = "DeploymentCreated: alias of deployment.created";
    assert_eq!(lines[1], format!("{alias}, {told}"));
    assert!(lines[2].starts_with("robot.waved: unknown"), "{out}");
    assert!(
        lines[3].starts_with("veritrail.key.created: refused"),
        "{out}"
    );
}

#[test]
fn names_come_from_standard_input_and_strictness_refuses_aliases() {
    let mut command = veritrail(Path::new("."));
    command.args(["vocabulary", "check", "--strict", "--json", "-"]);
    let checked = run_with_input(command, "deployment.created\n\nDeploymentCreated\n").ends(2);
    let statuses: Vec<serde_json::Value> = checked
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(statuses[0]["status"], "canonical");
    assert_eq!(
        statuses[0]["sentence"],
        "{actor} asked for the deployment[ {resource}][ of {project}][ in {environment}]"
    );
    assert_eq!(statuses[1]["status"], "refused");
    assert!(
        statuses[1]["detail"]
            .as_str()
            .unwrap()
            .contains("deployment.created"),
        "{checked}"
    );
}

#[test]
fn the_vocabulary_lists_as_a_table_and_as_json() {
    let table = here(&["vocabulary", "list", "--category", "databases"]).ends(0);
    assert!(
        table
            .lines()
            .skip(1)
            .all(|line| line.contains(" databases ")),
        "{table}"
    );
    let json = here(&["vocabulary", "list", "--json"]).ends(0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let operations = json["operations"].as_array().unwrap();
    assert!(operations.len() > 600);
    let has_sentence = |operation: &serde_json::Value| operation["sentence"].is_string();
    assert!(operations.iter().all(has_sentence));
    here(&["vocabulary", "list", "--category", "weather"]).complains(2, "databases");
}

#[test]
fn a_name_can_not_draw_on_the_terminal() {
    let out = here(&["vocabulary", "check", "a\u{1b}[2J\u{202e}.b"]).ends(2);
    assert!(out.starts_with("a\\u{1b}[2J\\u{202e}.b: refused"), "{out}");
}

#[test]
fn colour_comes_only_when_asked_for() {
    let coloured = |variable: Option<(&str, &str)>, arguments: &[&str]| {
        let mut command = veritrail(Path::new("."));
        command
            .args(["vocabulary", "list"])
            .args(arguments)
            .envs(variable);
        let output = command.output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(None, &[]));
    assert!(coloured(Some(("CLICOLOR_FORCE", "1")), &[]));
    assert!(!coloured(Some(("CLICOLOR_FORCE", "0")), &[]));
    assert!(!coloured(
        Some(("CLICOLOR_FORCE", "1")),
        &["--color", "never"]
    ));
    assert!(coloured(Some(("NO_COLOR", "1")), &["--color", "always"]));
}

#[test]
fn nobody_there_is_unreachable() {
    let arguments = ["show", "--id", "e", "--url", "http://127.0.0.1:1"];
    here(&arguments).complains(3, "no answer from http://127.0.0.1:1");
}

#[test]
fn an_address_that_is_none_is_a_mistake() {
    here(&["show", "--id", "e", "--url", "127.0.0.1:7400"]).complains(2, "http://HOST:PORT");
}

#[test]
fn nothing_to_verify_is_a_mistake() {
    here(&["verify"]).complains(2, "--data");
    here(&["verify", "--data", "/nowhere/at/all"]).complains(2, "no data directory at");
}

#[test]
fn a_port_that_is_taken_leaves_nothing_behind() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["serve", "--listen", &address]).complains(3, "can't listen on");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn settings_are_refused_by_name_and_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["serve", "--listen", "0.0.0.0:0"]).complains(2, "in the clear");
    run(directory.path(), &["serve", "--log-level", "loud"]).complains(2, "log.level");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
