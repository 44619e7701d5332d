//! `serve --demo`: the questions that it is made for, by API and in the terminal, and what it must never do.

use std::collections::BTreeSet;
use std::process::Command;

use ureq::Agent;

use crate::command::{Ran, ran, run};
use crate::running::Running;

type Json = serde_json::Value;

/// A server with a demo, and the demo's key.
struct Demo {
    server: Running,
    key: String,
}

impl Demo {
    fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    fn start_in(directory: tempfile::TempDir) -> Self {
        let server = Running::start_in(directory, &["--demo"]);
        let key = server.path().join("veritrail-keys/demo.key");
        let key = std::fs::read_to_string(key).unwrap().trim().to_owned();
        Self { server, key }
    }

    /// Answers a GET by the demo's key.
    #[track_caller]
    fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Json {
        let agent: Agent = Agent::config_builder().proxy(None).build().into();
        let mut request = agent
            .get(format!("{}{path}", self.server.url))
            .header("Authorization", format!("Bearer {}", self.key));
        for (name, value) in parameters {
            request = request.query(name, value);
        }
        let text = request.call().unwrap().body_mut().read_to_string();
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    /// Every event that a query finds.
    fn find(&self, query: &str) -> Vec<Json> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut parameters = vec![("q", query), ("limit", "200")];
            if !cursor.is_empty() {
                parameters.push(("cursor", &cursor));
            }
            let mut page = self.get("/v1/events", &parameters);
            found.append(page["events"].as_array_mut().unwrap());
            match page["cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return found,
            }
        }
    }

    /// Date of last Thursday, as the welcome names it.
    fn thursday(&self) -> &str {
        let (_, date) = self.server.welcome.rsplit_once("during:").unwrap();
        &date[..10]
    }

    /// Runs a line in a shell, in the directory of the server.
    fn shell(&self, line: &str) -> Ran {
        let directory = std::path::Path::new(env!("CARGO_BIN_EXE_veritrail"));
        let path = format!("{}:/usr/bin:/bin", directory.parent().unwrap().display());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(self.server.path())
            .env_clear()
            .env("PATH", path)
            .env("VERITRAIL_URL", &self.server.url)
            .env("VERITRAIL_KEY", &self.key);
        ran(shell.output().unwrap())
    }

    /// Runs what the welcome shows, as it is pasted into a shell.
    fn paste(&self, line: &str) -> Ran {
        let directory = std::path::Path::new(env!("CARGO_BIN_EXE_veritrail"));
        let path = format!("{}:/usr/bin:/bin", directory.parent().unwrap().display());
        let welcome = &self.server.welcome;
        let export = welcome.lines().find(|line| line.starts_with("  export "));
        let line = welcome.lines().find(|shown| shown.contains(line)).unwrap();
        let script = format!("{}\n{line}", export.unwrap());
        let mut shell = Command::new("sh");
        // From another directory, as from another terminal.
        shell.args(["-c", &script]).current_dir("/").env_clear();
        ran(shell.env("PATH", path).output().unwrap())
    }
}

fn text<'j>(event: &'j Json, pointer: &str) -> &'j str {
    event.pointer(pointer).and_then(Json::as_str).unwrap_or("")
}

fn ids(events: &[Json]) -> BTreeSet<String> {
    events
        .iter()
        .map(|event| text(event, "/id").to_owned())
        .collect()
}

#[test]
fn who_touched_this_projects_variables_has_one_answer_with_who_when_and_from_where() {
    let demo = Demo::start();
    let thursday = demo.thursday();
    let touched = demo.find("operation:environment_variable.* project:checkout since:9d");
    assert!(touched.len() > 5);
    let deleted = demo.find(
        "operation:environment_variable.deleted project:checkout env:production name:DATABASE_URL",
    );
    let [deleted] = deleted.as_slice() else {
        panic!("{} deletions", deleted.len());
    };
    assert!(touched.contains(deleted));
    assert_eq!(text(deleted, "/actor/name"), "Jonas Weber");
    assert_eq!(text(deleted, "/origin/ip"), "203.0.113.77");
    assert_eq!(text(deleted, "/context/channel"), "dashboard");
    assert!(text(deleted, "/timestamp").starts_with(&format!("{thursday}T14:07:41")));
    assert!(deleted.get("reason").is_none());
    // Nobody but him was ever there, and he was there on this day only.
    let there = demo.find("ip:203.0.113.77 project:checkout");
    assert!(
        there.len() > 1
            && there
                .iter()
                .all(|event| text(event, "/actor/id") == "usr_111")
    );
    // What followed is a question, too; and the restored value is the deleted one, as its tag shows.
    let id = text(deleted, "/id");
    let caused = demo.find(&format!("causation_id:{id}"));
    assert_eq!(caused.len(), 7);
    let restored = caused
        .iter()
        .find(|event| text(event, "/operation") == "environment_variable.created")
        .unwrap();
    assert_eq!(text(restored, "/actor/name"), "Bruno Castel");
    assert!(text(restored, "/reason").starts_with("restore:"));
    let tag = text(deleted, "/changes/0/before");
    assert!(tag.starts_with("[masked:hmac-sha256:"), "{tag}");
    assert_eq!(tag, text(restored, "/changes/0/after"));
}

#[test]
fn what_changed_in_the_last_hour_and_what_a_person_did_have_answers() {
    let demo = Demo::start();
    assert!(demo.find("since:1h").len() >= 3);
    assert!(demo.find("since:1d").len() > 50);
    let did = demo.find("actor:jonas.weber@example.com");
    let operations: Vec<&str> = did.iter().map(|event| text(event, "/operation")).collect();
    assert_eq!(
        operations,
        [
            "environment_variable.deleted",
            "environment_variable.read",
            "user.logged_in",
            "user.logged_out",
            "access.denied",
            "pull_request.merged",
            "environment_variable.updated",
            "user.logged_in",
            "user.created",
            "invitation.accepted",
        ]
    );
    assert_eq!(did, demo.find("user:usr_111"));
}

#[test]
fn the_lines_of_the_welcome_work_when_pasted() {
    let demo = Demo::start();
    let hour = demo.paste("veritrail list since:1h").ends(0);
    assert!(hour.lines().count() >= 3, "{hour}");
    let person = demo.paste("veritrail list 'actor:").ends(0);
    assert!(person.contains("environment_variable.deleted"), "{person}");
    let variable = demo.paste("veritrail list 'operation:").ends(0);
    let when = format!("{} 14:07:41Z", demo.thursday());
    let words = [
        &*when,
        "jonas.weber@example.com",
        "environment_variable.deleted",
        "DATABASE_URL",
    ];
    let is_it = |line: &&str| words.iter().all(|word| line.contains(word));
    assert_eq!(variable.lines().filter(is_it).count(), 1, "{variable}");
}

/// The fixture of docs/guide/demo.md, made by hand: viewer on the day before last Thursday at 08:34, editor at 09:40, admin
/// at 16:05, viewer again last Thursday at 15:10.
#[test]
fn what_a_person_was_permitted_is_known_for_any_time() {
    let demo = Demo::start();
    let thursday = demo.thursday();
    let before = demo.find("operation:user.created resource:usr_111");
    let wednesday = text(&before[0], "/timestamp")[..10].to_owned();
    for (day, time, exists, role, by) in [
        (&*wednesday, "08:33:59", Json::Null, "", ""),
        (
            &*wednesday,
            "09:00:00",
            true.into(),
            "viewer",
            "Jonas Weber",
        ),
        (&*wednesday, "12:00:00", true.into(), "editor", "Ada Okafor"),
        (thursday, "00:00:00", true.into(), "admin", "Ada Okafor"),
        (thursday, "15:09:59", true.into(), "admin", "Ada Okafor"),
        (
            thursday,
            "15:11:00",
            true.into(),
            "viewer",
            "Hugo Marchetti",
        ),
    ] {
        let at = format!("{day}T{time}Z");
        let state = demo.get("/v1/resources/user/usr_111/state", &[("at", &at)]);
        assert_eq!(state["exists"], exists, "{at}: {state}");
        assert_eq!(text(&state, "/fields/role/value"), role, "{at}: {state}");
        assert_eq!(text(&state, "/fields/role/actor/name"), by, "{at}: {state}");
        assert_eq!(
            state["inconsistencies"],
            Json::Array(Vec::new()),
            "{at}: {state}"
        );
    }
    // A day's permission, given and taken.
    let granted = demo.find("operation:permission.granted resource:usr_104");
    let day = text(&granted[0], "/timestamp")[..10].to_owned();
    let state = |at: &str| demo.get("/v1/resources/user/usr_104/state", &[("at", at)]);
    let field = "/fields/permission@project~1checkout/value";
    let during = state(&format!("{day}T12:00:00Z"));
    assert_eq!(
        during.pointer(field),
        Some(&serde_json::json!(["production-logs:read"])),
        "{during}"
    );
    let now = demo.get("/v1/resources/user/usr_104/state", &[]);
    assert_eq!(now.pointer(field), Some(&serde_json::json!([])), "{now}");
}

#[test]
fn every_event_is_marked_and_no_secret_is_stored_in_clear() {
    let demo = Demo::start();
    let events = demo.find("");
    assert!(events.len() >= 1_500, "{}", events.len());
    for event in &events {
        assert_eq!(event["metadata"]["demo"], true, "{event}");
        assert_eq!(event["ingest"]["source"], "demo", "{event}");
        // Commitments are random: one in a few thousand has the look of a token.
        let mut said = event.clone();
        for computed in ["parts", "leaf_hash"] {
            assert!(said.as_object_mut().unwrap().remove(computed).is_some());
        }
        let text = said.to_string();
        assert!(
            !text.contains("not-a-real") && !ledger::secret::is_secret_shaped(&text),
            "{text}"
        );
    }
    let masked = demo.find("flag:masked");
    assert!(masked.len() > 20, "{}", masked.len());
    let leak = demo.find("operation:build.succeeded has:metadata.log_excerpt");
    assert!(text(&leak[0], "/metadata/log_excerpt").contains("PAYMENTS_API_KEY=[masked:"));
    let rotated = demo.find("reason:\"INC-212: rotate after leak\" operation:secret.rotated");
    assert_eq!(text(&rotated[0], "/approval/ticket"), "INC-212");
    // Nobody else's tenant has any of it.
    let tenants = demo.server.operate(&["tenant", "list"]).ends(0);
    assert!(tenants.contains("demo "), "{tenants}");
    let producers = demo.get("/v1/producers", &[]);
    let missing = |producer: &Json| producer["missing"].as_u64().unwrap();
    let missing: u64 = producers["producers"]
        .as_array()
        .unwrap()
        .iter()
        .map(missing)
        .sum();
    assert_eq!(missing, 3, "{producers}");
}

#[test]
fn starting_again_doubles_nothing_and_the_key_stays() {
    let first = Demo::start();
    let (events, key) = (first.find(""), first.key.clone());
    let second = Demo::start_in(first.server.stop());
    assert!(
        !second.server.welcome.contains("vtk_"),
        "{}",
        second.server.welcome
    );
    assert!(
        !second.server.welcome.contains("stored now"),
        "{}",
        second.server.welcome
    );
    assert_eq!(second.key, key);
    assert_eq!(second.find(""), events);
    // A start that was cut off before its end left no key, and is completed without doubling.
    let directory = second.server.stop();
    std::fs::remove_file(directory.path().join("veritrail-keys/demo.key")).unwrap();
    let third = Demo::start_in(directory);
    assert_ne!(third.key, key);
    let all = third.find("");
    // Minutes went by in the invented week, too.
    assert!((events.len()..events.len() + 40).contains(&all.len()));
    assert_eq!(ids(&all).len(), all.len());
    assert!(ids(&all).is_superset(&ids(&events)));
}

#[test]
fn a_directory_in_use_gets_the_demo_beside_what_it_has() {
    let server = Running::start();
    server
        .run(&[
            "emit",
            "--id",
            "mine",
            "--operation",
            "deployment.created",
            "--actor",
            "7",
            "--resource",
            "deployment/d",
        ])
        .ends(0);
    let key = server.key.clone();
    let demo = Demo::start_in(server.stop());
    assert_eq!(demo.find("id:mine").len(), 0);
    let mut command = demo.server.client();
    command
        .env("VERITRAIL_KEY", key)
        .args(["show", "--id", "mine"]);
    ran(command.output().unwrap()).ends(0);
}

#[test]
fn a_tenant_named_demo_with_other_events_is_left_alone() {
    let server = Running::start();
    server.operate(&["tenant", "create", "demo"]).ends(0);
    let key = server.operate(&[
        "key",
        "create",
        "--tenant",
        "demo",
        "--role",
        "writer,reader",
        "--source",
        "demo",
        "--owner",
        "me",
    ]);
    let key = key.ends(0).trim().to_owned();
    let mut command = server.client();
    command.env("VERITRAIL_KEY", key).args([
        "emit",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--resource",
        "deployment/d",
    ]);
    ran(command.output().unwrap()).ends(0);
    let directory = server.stop();
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--limits-reserve-disk-bytes",
        "0",
        "--demo",
    ];
    run(directory.path(), &arguments).complains(2, "not the demo's");
}

/// The guide was written on a Saturday; days and times of another demo are others.
#[test]
fn the_guide_to_investigations_shows_what_the_commands_print() {
    let guide =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/investigations.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let demo = Demo::start();
    let thursday = demo.thursday().to_owned();
    let created = demo.find("operation:user.created resource:usr_111");
    let wednesday = text(&created[0], "/timestamp")[..10].to_owned();
    let deleted = demo.find("operation:environment_variable.deleted name:DATABASE_URL");
    let named = text(&deleted[0], "/id").to_owned();
    let mut shown = 0;
    for block in guide.split("```\n").skip(1).step_by(2) {
        let Some((command, expected)) = block.strip_prefix("$ ").and_then(|b| b.split_once('\n'))
        else {
            continue;
        };
        let command = command
            .replace("2026-11-19", &thursday)
            .replace("2026-11-18", &wednesday)
            .replace("demo-20261121-deleted-variable", &named);
        let printed = demo.shell(&command).ends(0);
        let printed: Vec<String> = printed.lines().map(timeless).collect();
        let mut left = printed.iter();
        for line in expected
            .lines()
            .filter(|line| !line.is_empty() && *line != "…")
        {
            // A line that ends in an ellipsis says how it begins.
            let found = match timeless(line).strip_suffix('…') {
                Some(begun) => left.any(|printed| printed.starts_with(begun.trim_end())),
                None => left.any(|printed| *printed == timeless(line)),
            };
            assert!(found, "{command}\n{line}\n{printed:#?}");
        }
        shown += 1;
    }
    assert!(shown >= 9, "{shown}");
}

/// A line with its digits as zeros, its masks empty, and its columns one space apart.
fn timeless(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[masked:") {
        plain.push_str(before);
        rest = after.split_once(']').map_or("", |(_, after)| after);
        plain.push_str("[masked]");
    }
    plain.push_str(rest);
    let zeros = plain.replace(|letter: char| letter.is_ascii_digit(), "0");
    zeros.split_whitespace().collect::<Vec<_>>().join(" ")
}
