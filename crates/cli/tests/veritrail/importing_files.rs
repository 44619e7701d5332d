//! Importing files and folders: what is stored, what is counted, and what a break leaves behind.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::json;

use crate::command::{ran, run_with_input, veritrail};
use crate::guarded::Guarded;
use crate::importing::{event, events, import, shown, total, try_import, until};
use crate::progress::on_terminal;
use crate::running::Running;

fn line(id: &str, actor: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"timestamp\":\"2024-03-12T14:32:07Z\",\"operation\":\"deployment.created\",\"actor\":{{\"id\":\"{actor}\"}},\"resource\":{{\"type\":\"deployment\",\"id\":\"d\"}}}}\n"
    )
}

fn lines(ids: impl IntoIterator<Item = usize>) -> String {
    ids.into_iter()
        .map(|id| line(&format!("e{id}"), "1"))
        .collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

fn write(server: &Running, name: &str, bytes: impl AsRef<[u8]>) {
    let path = server.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A folder of good files and broken ones.
fn fill(server: &Running) {
    write(server, "in/a.jsonl", lines(0..3));
    write(server, "in/b/c.jsonl.gz", gzip(lines(3..6).as_bytes()));
    write(
        server,
        "in/b/d.zst",
        zstd::encode_all(lines(6..9).as_bytes(), 1).unwrap(),
    );
    write(
        server,
        "in/array.json",
        format!("[{}]", lines(9..11).trim().replace('\n', ",\n")),
    );
    // Events without an id get one that stays.
    write(
        server,
        "in/noid.jsonl",
        lines(0..2)
            .replace("\"id\":\"e0\",", "")
            .replace("\"id\":\"e1\",", ""),
    );
    // What is broken: cut in the middle, of no encoding, of no form, with a bad line between good ones.
    let cut = gzip(lines(100..5_000).as_bytes());
    write(server, "in/x1.gz", &cut[..cut.len() / 2]);
    write(server, "in/x2.json", b"\xff\xfe\x00\x01");
    write(server, "in/x3.log", "id;actor\n1;2\n");
    write(
        server,
        "in/x4.jsonl",
        [
            lines(11..12).as_bytes(),
            b"{\"a\":\"\xff\"}\n{\"a\":\n",
            lines(12..13).as_bytes(),
        ]
        .concat(),
    );
    write(server, "in/.hidden.json", "nothing");
    write(server, "in/LICENSE", "do what you like");
}

#[test]
fn a_folder_is_imported_whatever_is_broken_in_it_and_a_second_time_adds_none() {
    let server = Running::start();
    fill(&server);
    let ran = try_import(&server, &["in", "none"]);
    for words in [
        "in/x1.gz",
        "in/x2.json: not UTF-8",
        "in/x3.log: of no form",
        "in/x4.jsonl: something in it",
        "first at line 2",
        "none: ",
    ] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    let account: serde_json::Value = serde_json::from_str(&ran.ends(2)).unwrap();
    assert_eq!(
        (&account["files"], &account["other_files"]),
        (&json!(5), &json!(1)),
        "{account}"
    );
    assert_eq!(
        account["broken_files"],
        json!({"not_readable": 1, "not_utf8": 2, "truncated": 1, "unknown_form": 1})
    );
    assert_eq!(account["unreadable"], json!({"bad_json": 1, "not_utf8": 1}));
    // Of the one that was cut, what came before the cut is there.
    let of_cut = total(&server, "deployment.created") - 15;
    assert!((1_000..4_900).contains(&of_cut), "{of_cut}");
    assert_eq!(account["stored"], 15 + of_cut);
    assert_eq!(
        shown(&server, "e7")["timestamp"],
        "2024-03-12T14:32:07.000000Z"
    );

    let again = import(&server, &["in", "none"], 2);
    assert_eq!(
        (&again["stored"], &again["already_there"]),
        (&json!(0), &json!(15 + of_cut))
    );
    let records = events(&server, "operation:data.imported");
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["metadata"]["source"], "in, none");
    assert_eq!(records[0]["metadata"]["broken_files"]["truncated"], 1);
}

#[test]
fn what_the_server_refuses_is_counted_by_its_reasons() {
    let server = Running::start();
    server.emit(&line("e1", "other")).ends(0);
    let reserved = line("e2", "1").replace("deployment.created", "veritrail.key.created");
    let nobody =
        "{\"id\":\"e3\",\"operation\":\"deployment.created\",\"actor\":{},\"resource\":{}}\n";
    write(
        &server,
        "f",
        format!("{}{}{reserved}{nobody}", line("e0", "1"), line("e1", "1")),
    );
    let account = import(&server, &["f", "--rejected", "rejected"], 2);
    assert_eq!(
        (&account["stored"], &account["conflicts"]),
        (&json!(1), &json!(1)),
        "{account}"
    );
    let refused = account["refused"].as_object().unwrap();
    assert_eq!(
        refused
            .values()
            .filter_map(serde_json::Value::as_u64)
            .sum::<u64>(),
        2,
        "{account}"
    );
    let rejected = std::fs::read_to_string(server.path().join("rejected")).unwrap();
    assert_eq!(rejected.lines().count(), 3, "{rejected}");
    let mode = std::fs::metadata(server.path().join("rejected"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0);
    // For people: a table with the reasons.
    let table = server.run(&["import", "f", "--state", "s"]).ends(2);
    assert!(
        table.contains("RESULT")
            && table.contains("already there")
            && table.contains("another event has the id"),
        "{table}"
    );
}

#[test]
fn a_dry_run_shows_events_and_sends_nothing() {
    let server = Running::start();
    write(&server, "f", format!("{}no json\n", lines(0..20)));
    let ran = server.run(&["import", "f", "--dry-run", "--first", "3"]);
    assert!(
        ran.err
            .contains("nothing was sent: 21 read, 20 would be sent"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("unreadable: 1 bad_json"), "{}", ran.err);
    let out = ran.ends(2);
    assert_eq!(out, lines(0..3));
    assert_eq!(total(&server, ""), 0);
}

#[test]
fn standard_input_is_read_too_and_needs_no_home() {
    let server = Running::start();
    let mut command = server.client();
    command.args(["import", "-", "--format", "veritrail", "--state", "s"]);
    run_with_input(command, &lines(0..2)).ends(0);
    assert_eq!(total(&server, "deployment.created"), 2);
    server.run(&["import", "f"]).complains(2, "--state");
    let mut command = server.client();
    command
        .args(["import", "-"])
        .env("XDG_STATE_HOME", server.path());
    run_with_input(command, &lines(0..2)).ends(0);
    // Finished, it leaves nothing to go on with.
    let left: Vec<_> = std::fs::read_dir(server.path().join("veritrail"))
        .unwrap()
        .collect();
    assert!(
        left.iter()
            .all(|name| name.as_ref().unwrap().path().extension().unwrap() == "lock"),
        "{left:?}"
    );
}

#[test]
fn bombs_are_refused_and_long_lines_passed_over() {
    let server = Running::start();
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    bomb.write_all(b"[").unwrap();
    for _ in 0..260 {
        bomb.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    write(&server, "bomb.zst", bomb.finish().unwrap());
    let long = format!(
        "{}{}\n{}",
        line("a", "1"),
        "x".repeat(17 * 1024 * 1024),
        line("b", "1")
    );
    write(&server, "long", gzip(long.as_bytes()));
    let account = import(&server, &["bomb.zst", "long", "--format", "veritrail"], 2);
    assert_eq!(
        account["broken_files"],
        json!({"too_large": 2}),
        "{account}"
    );
    assert_eq!(
        (&account["stored"], &account["unreadable"]),
        (&json!(2), &json!({"too_large": 1}))
    );
}

#[test]
fn what_is_too_large_for_a_part_is_cut_and_stored() {
    let server = Running::start();
    let long = "x".repeat(400 * 1024);
    let large = line("e0", "1").replace(
        "\"resource\"",
        &format!("\"metadata\":{{\"m\":\"{long}\"}},\"resource\""),
    );
    write(&server, "f", large);
    assert_eq!(import(&server, &["f"], 0)["stored"], 1);
    assert_eq!(
        shown(&server, "e0")["ingest"]["flags"],
        json!(["truncated"])
    );
}

/// An import of a large file, ended by `signal` in the middle.
fn broken_off(server: &Running, signal: Signal) {
    let mut command = server.client();
    command.args(["import", "--json", "--state", "import.state", "large"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut importing = Guarded::start(&mut command);
    until("some of it", || total(server, "deployment.created") > 0);
    importing.signal(signal);
    let status = importing.end();
    if signal == Signal::INT {
        let mut said = String::new();
        std::io::Read::read_to_string(&mut importing.0.stderr.take().unwrap(), &mut said).unwrap();
        assert_eq!(status.code(), Some(3), "{said}");
        assert!(
            said.contains("the same command goes on where this ended"),
            "{said}"
        );
    }
}

const MANY: usize = 60_000;

#[test]
fn killed_in_the_middle_and_begun_again_every_event_is_there_once() {
    let server = Running::start();
    write(&server, "large", lines(0..MANY));
    broken_off(&server, Signal::KILL);
    let between = total(&server, "deployment.created");
    assert!(between < MANY as u64, "it was too quick to be killed");
    let account = import(&server, &["large"], 0);
    assert_eq!(total(&server, "deployment.created"), MANY as u64);
    assert_eq!(account["files"], 1);
    let settled = account["stored"].as_u64().unwrap() + account["already_there"].as_u64().unwrap();
    assert_eq!(
        (settled, account["read"].as_u64().unwrap()),
        (MANY as u64, MANY as u64),
        "{account}"
    );
}

#[test]
fn interrupted_it_says_how_to_go_on_and_does() {
    let server = Running::start();
    write(&server, "large", lines(0..MANY));
    broken_off(&server, Signal::INT);
    let between = total(&server, "deployment.created");
    assert!(between < MANY as u64, "it was too quick to be interrupted");
    let record = event(&server, "operation:data.imported");
    assert_eq!(
        (&record["outcome"]["result"], &record["metadata"]["stored"]),
        (&json!("cancelled"), &json!(between))
    );
    let account = import(&server, &["large"], 0);
    // Nothing was sent twice: the state was right.
    assert_eq!(
        (
            &account["stored"],
            &account["already_there"],
            &account["run"]
        ),
        (&json!(MANY), &json!(0), &json!(2))
    );
    assert_eq!(total(&server, "deployment.created"), MANY as u64);
    assert_eq!(
        events(&server, "operation:data.imported outcome:success").len(),
        1
    );
}

#[test]
fn another_file_under_a_known_name_begins_anew() {
    let server = Running::start();
    write(&server, "large", lines(0..MANY));
    broken_off(&server, Signal::INT);
    write(&server, "large", lines(MANY..MANY + 10));
    let account = import(&server, &["large"], 0);
    assert_eq!(
        total(&server, "deployment.created"),
        account["stored"].as_u64().unwrap()
    );
    shown(&server, &format!("e{}", MANY + 9));
}

#[test]
fn a_server_that_is_away_or_lets_nobody_in_ends_it_in_words() {
    let server = Running::start();
    write(&server, "f", lines(0..2));
    let mut command = server.client();
    command
        .args(["import", "f", "--state", "s"])
        .env("VERITRAIL_KEY", "vtk_wrong");
    ran(command.output().unwrap()).complains(3, "VERITRAIL_KEY");
    let mut command = server.client();
    command
        .args(["import", "f", "--state", "away"])
        .env("VERITRAIL_URL", "http://127.0.0.1:1");
    ran(command.output().unwrap()).complains(3, "the same command goes on");
    import(&server, &["f"], 0);
    // Two at the same time with one state are not.
    let mut command = server.client();
    command
        .args(["import", "-", "--format", "veritrail", "--state", "t"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let first = Guarded::start(&mut command);
    until("the first has its state", || {
        server.path().join("t").exists()
    });
    server
        .run(&["import", "f", "--state", "t"])
        .complains(2, "another import is at work");
    drop(first);
}

#[test]
fn a_bar_is_drawn_on_a_terminal() {
    let server = Running::start();
    write(&server, "large", lines(0..20_000));
    let mut command = server.client();
    let drawn = on_terminal(command.args(["import", "large", "--state", "s"]), 0);
    assert!(
        drawn.contains("importing  [") && drawn.contains("20000 events of 1 files read"),
        "{drawn}"
    );
}

#[test]
fn presets_are_printed_to_start_from_and_maps_read_json_lines() {
    let printed =
        crate::command::run(Path::new("."), &["import", "--print-map", "classic"]).ends(0);
    assert!(printed.contains("operation_type"), "{printed}");
    let server = Running::start();
    write(
        &server,
        "own.toml",
        "key = [\"n\"]\n[event]\ntimestamp = { column = \"t\", unit = \"s\" }\noperation = \"what\"\nresource.type = { value = \"door\" }\nactor.id = { column = \"by\", path = \"/badge\" }\n",
    );
    write(
        &server,
        "doors.jsonl",
        "{\"n\":1,\"t\":1710253927,\"what\":\"door.opened\",\"by\":{\"badge\":\"b7\"}}\n{\"n\":2,\"what\":\"door.opened\"}\n",
    );
    let account = import(&server, &["doors.jsonl", "--map", "own.toml"], 2);
    assert_eq!(
        (&account["stored"], &account["unreadable"]),
        (&json!(1), &json!({"no_time": 1}))
    );
    assert_eq!(shown(&server, "own-1")["actor"]["id"], "b7");
    write(
        &server,
        "bad.toml",
        "key = [\"n\"]\n[event]\nweather = \"x\"\n",
    );
    try_import(&server, &["doors.jsonl", "--map", "bad.toml"])
        .complains(2, "an event has no such field");
    let mut command = veritrail(server.path());
    let _: &mut Command = command.args(["import"]);
    assert_eq!(ran(command.output().unwrap()).code, 2);
}

/// Log files of a real account under attack, where they are beside the repository.
#[test]
fn a_folder_of_cloudtrail_is_imported_in_one_command() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cloudtrail");
    if !folder.is_dir() {
        // Past the harness, which keeps what a test prints for failures.
        let line = "NOT TESTED: shared data absent: no CloudTrail files were imported\n";
        std::io::stdout().write_all(line.as_bytes()).unwrap();
        return;
    }
    let server = Running::start();
    let folder = folder.display().to_string();
    let account = import(&server, &[&folder], 0);
    let files = std::fs::read_dir(&folder).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".json")
    });
    assert_eq!(account["files"], files.count());
    assert_eq!(
        (&account["read"], &account["stored"]),
        (&json!(2_900), &json!(2_900)),
        "{account}"
    );
    assert_eq!(total(&server, "-operation:data.imported"), 2_900);
    assert_eq!(total(&server, "context.source_action:GetSecretValue"), 60);
    let again = import(&server, &["--format", "cloudtrail", &folder], 0);
    assert_eq!(
        (&again["stored"], &again["already_there"]),
        (&json!(0), &json!(2_900))
    );
    // Left out knowingly, on demand.
    let quiet = import(
        &server,
        &["--leave-out-noise", "--format", "cloudtrail", &folder],
        0,
    );
    let left_out = quiet["excluded"].as_object().unwrap().values();
    let left_out: u64 = left_out.map(|count| count.as_u64().unwrap()).sum();
    assert!(left_out > 1_000, "{quiet}");
    assert_eq!(quiet["already_there"].as_u64().unwrap() + left_out, 2_900);
}
