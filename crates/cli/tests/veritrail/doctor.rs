//! `veritrail doctor` on real directories and real servers: what it finds, what it must not say, and how it ends.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::command::{Ran, ran, veritrail};
use crate::running::Running;

/// Every check, in the order of causes.
const CHECKS: [&str; 22] = [
    "config",
    "directories",
    "apart",
    "permissions",
    "file_system",
    "disk",
    "open_files",
    "clock",
    "plain_http",
    "certificate",
    "server",
    "version",
    "writes",
    "checkpoints",
    "index",
    "anchors",
    "claims",
    "verification",
    "api_keys",
    "platform_keys",
    "geoip",
    "demo",
];

/// A command in a directory whose disk is not asked for room.
fn doctor(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = veritrail(directory);
    command
        .env("VERITRAIL_LIMITS_RESERVE_DISK_BYTES", "0")
        .args(["doctor", "--state-dir", "state"])
        .args(arguments);
    command
}

fn examined(mut command: Command) -> Ran {
    ran(command.output().unwrap())
}

/// The findings as JSON, of a server that runs, asked with the operator's key.
#[track_caller]
fn of_running(server: &Running, arguments: &[&str], code: i32) -> Json {
    let mut command = doctor(server.path(), arguments);
    command.args([
        "--json",
        "--url",
        &server.url,
        "--key-file",
        "veritrail-keys/operator.key",
    ]);
    serde_json::from_str(&examined(command).ends(code)).unwrap()
}

#[track_caller]
fn of_stopped(directory: &Path, arguments: &[&str], code: i32) -> Json {
    let mut command = doctor(directory, arguments);
    command.args(["--json", "--url", "http://127.0.0.1:1"]);
    serde_json::from_str(&examined(command).ends(code)).unwrap()
}

#[track_caller]
fn finding<'j>(report: &'j Json, id: &str) -> &'j Json {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {report}"))
}

#[track_caller]
fn assert_found(report: &Json, id: &str, verdict: &str, words: &str) {
    let found = finding(report, id);
    assert_eq!(found["verdict"], verdict, "{found}");
    assert!(found.to_string().contains(words), "{found}");
}

#[test]
fn a_healthy_instance_passes_every_check_that_can_be_made() {
    let server = Running::start();
    let verify = [
        "verify",
        "--data",
        "veritrail-data",
        "--keys",
        "veritrail-keys",
        "--state-dir",
        "state",
    ];
    server.run(&verify).ends(0);
    let report = of_running(&server, &[], 0);
    let mut ids: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    let mut expected = CHECKS;
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for id in [
        "config",
        "directories",
        "permissions",
        "plain_http",
        "certificate",
        "version",
        "writes",
        "checkpoints",
        "index",
        "platform_keys",
        "geoip",
        "demo",
    ] {
        assert_found(&report, id, "ok", "");
    }
    assert_found(&report, "server", "ok", "answers at http://127.0.0.1:");
    assert_found(&report, "verification", "ok", "against the keys directory");
    assert_found(&report, "anchors", "note", "no anchor is configured");
    // The operator's key has no end; the one that was printed is meant to end tomorrow.
    assert_found(&report, "api_keys", "note", "operator of _instance");
    let text = report.to_string();
    assert!(
        !text.contains("vtk_") && !text.contains("\"problem\""),
        "{text}"
    );
    // Nothing was left in the directories, and no lock was in the way.
    assert!(!server.path().join("veritrail-data/verified").exists());
}

#[test]
fn the_guide_explains_every_check() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/doctor.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for id in CHECKS {
        assert!(guide.contains(&format!("\n| `{id}` | ")), "{id}");
    }
}

#[test]
fn a_key_that_everybody_may_read_is_a_problem_and_named() {
    let server = Running::start();
    let key = server.path().join("veritrail-keys/signer/key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = of_running(&server, &[], 1);
    assert_found(
        &report,
        "permissions",
        "problem",
        "veritrail-keys/signer/key holds a secret and is open to everybody on this machine (mode 0644)",
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let data = server.path().join("veritrail-data");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    let report = of_running(&server, &[], 1);
    assert_found(&report, "permissions", "problem", "events name persons");
}

#[test]
fn keys_inside_the_data_are_a_problem() {
    let directory = Running::start().stop();
    let inside = directory.path().join("veritrail-data/keys");
    std::fs::rename(directory.path().join("veritrail-keys"), inside).unwrap();
    let report = of_stopped(directory.path(), &["--keys", "veritrail-data/keys"], 1);
    assert_found(
        &report,
        "apart",
        "problem",
        "the keys are inside the data directory",
    );
    assert_found(&report, "directories", "ok", "belong together");
}

#[test]
fn settings_that_would_be_refused_are_told_all_at_once_and_without_their_values() {
    let directory = tempfile::tempdir().unwrap();
    let word = ["hun", "ter2"].concat();
    let text = format!("dta = \"{word}\"\n[limits]\nconnectons = 5\nconnections = \"{word}\"\n");
    std::fs::write(directory.path().join("settings.toml"), text).unwrap();
    let report = of_stopped(directory.path(), &["--config", "settings.toml"], 1);
    let config = finding(&report, "config");
    assert_eq!(config["verdict"], "problem");
    assert_eq!(config["details"].as_array().unwrap().len(), 3, "{config}");
    assert_found(
        &report,
        "config",
        "problem",
        "did you mean limits.connections?",
    );
    assert!(!report.to_string().contains(&word), "{report}");
    // A file that is not there is no usage error either: it is what was to be found out.
    let report = of_stopped(directory.path(), &["--config", "absent.toml"], 1);
    assert_found(&report, "config", "problem", "absent.toml can not be read");
}

#[test]
fn a_misspelt_variable_is_a_warning_which_fails_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    for (strict, code) in [(false, 0), (true, 1)] {
        let mut command = doctor(directory.path(), &["--url", "http://127.0.0.1:1"]);
        command.env("VERITRAIL_LIMIT_CONNECTIONS", "hunter2");
        if strict {
            command.arg("--strict");
        }
        let out = examined(command).ends(code);
        let meant = "VERITRAIL_LIMIT_CONNECTIONS: did you mean VERITRAIL_LIMITS_CONNECTIONS?";
        assert!(out.contains(meant) && !out.contains("hunter2"), "{out}");
    }
}

#[test]
fn a_server_that_is_stopped_leaves_unknown_what_only_it_could_tell() {
    let directory = Running::start().stop();
    let report = of_stopped(directory.path(), &[], 0);
    assert_found(&report, "server", "note", "no server answers");
    assert_found(&report, "directories", "ok", "belong together");
    for id in [
        "writes",
        "index",
        "checkpoints",
        "version",
        "api_keys",
        "geoip",
    ] {
        assert_found(&report, id, "unknown", "the server does not answer");
    }
    assert_found(&report, "verification", "note", "never verified");
}

#[test]
fn nothing_there_yet_is_no_problem() {
    let directory = tempfile::tempdir().unwrap();
    let report = of_stopped(directory.path(), &[], 0);
    assert_found(
        &report,
        "directories",
        "note",
        "the first `veritrail serve` makes them",
    );
    assert!(
        std::fs::read_dir(directory.path())
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn keys_that_end_soon_and_keys_of_platforms_are_told_by_their_ids() {
    let server = Running::start();
    let make = [
        "key", "create", "--role", "writer", "--source", "ci", "--owner", "me",
    ];
    let make = |more: &[&str]| server.operate(&[&make, more].concat()).ends(0);
    let key = make(&["--tenant", "default", "--expires", "20d"]);
    make(&["--platform"]);
    let report = of_running(&server, &[], 0);
    let id = &key.trim()["vtk_".len()..][..8];
    assert_found(&report, "api_keys", "warning", id);
    assert_found(&report, "api_keys", "warning", "ends in 19 days");
    assert_found(&report, "platform_keys", "warning", "1 platform key");
    assert!(!report.to_string().contains(key.trim()), "{report}");
    // Whoever may not list keys learns that, and nothing else is worse for it.
    let mut command = doctor(server.path(), &["--json", "--url", &server.url]);
    command.env("VERITRAIL_KEY", &server.key);
    let report: Json = serde_json::from_str(&examined(command).ends(0)).unwrap();
    assert_found(&report, "api_keys", "unknown", "this key may not ask");
    assert_found(&report, "index", "ok", "");
}

/// The first line of a file that a server fills.
fn line_of(file: &Path) -> String {
    for _ in 0..600 {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some((line, _)) = text.split_once('\n') {
            return line.to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{} got no line", file.display());
}

#[test]
fn anchors_are_judged_by_the_newest_of_this_instance_and_claimed_only_where_there_are_any() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[anchor]\nfile = \"anchors\"\ncommand = \"notify --token hunter2\"\n";
    std::fs::write(directory.path().join("settings.toml"), settings).unwrap();
    let arguments = ["--anchor-file", "anchors", "--anchor-interval-seconds", "1"];
    let server = Running::start_in(directory, &arguments);
    let line = line_of(&server.path().join("anchors"));
    let read = ["--config", "settings.toml"];
    let report = of_running(&server, &read, 0);
    assert_found(&report, "claims", "ok", "anchored (anchors, a command");
    assert!(!report.to_string().contains("hunter2"), "{report}");
    // The same settings are read of a server that was started without them.
    let server = Running::start_in(server.stop(), &[]);
    let file = server.path().join("anchors");
    let (year, log) = (&line[7..11], &line[43..75]);
    let dated = |at: &str| line.replacen(year, at, 1) + "\n";
    std::fs::write(&file, dated("2025")).unwrap();
    let report = of_running(&server, &read, 1);
    assert_found(
        &report,
        "anchors",
        "problem",
        "the newest anchor in anchors is ",
    );
    assert_found(&report, "claims", "warning", "settings and server differ");
    std::fs::write(&file, dated("2099")).unwrap();
    let report = of_running(&server, &read, 0);
    assert_found(&report, "anchors", "warning", "days in the future");
    let other = line.replace(log, &"ab".repeat(16)) + "\n";
    std::fs::write(&file, other).unwrap();
    let report = of_running(&server, &read, 0);
    assert_found(&report, "anchors", "warning", "no anchor of this instance");
    std::fs::write(&file, dated("2025")).unwrap();
    let directory = server.stop();
    let report = of_stopped(directory.path(), &read, 0);
    assert_ne!(finding(&report, "anchors")["verdict"], "problem");
}

#[test]
fn databases_of_places_that_serve_refuses_are_a_problem_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "geoip = [\"absent.mmdb\", \"text.mmdb\", \".\"]\n";
    std::fs::write(directory.path().join("settings.toml"), settings).unwrap();
    std::fs::write(directory.path().join("text.mmdb"), "country\n").unwrap();
    let report = of_stopped(directory.path(), &["--config", "settings.toml"], 1);
    for words in [
        "for 3 reasons",
        "absent.mmdb can't be used for --geoip: No such file",
        "text.mmdb can't be used for --geoip: it is no MaxMind DB file",
        ". can't be used for --geoip: it is no regular file",
    ] {
        assert_found(&report, "config", "problem", words);
    }
}

#[test]
fn a_copy_of_the_keys_among_the_data_is_a_problem_and_named() {
    let directory = Running::start().stop();
    let report = of_stopped(directory.path(), &[], 0);
    assert!(!report.to_string().contains("copies of keys"), "{report}");
    let copy = directory.path().join("veritrail-data/bak/keys");
    std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
    let keys = directory.path().join("veritrail-keys");
    let copied = Command::new("cp").arg("-a").args([&keys, &copy]).status();
    assert!(copied.unwrap().success());
    let report = of_stopped(directory.path(), &[], 1);
    assert_found(&report, "apart", "problem", "veritrail-data/bak/keys");
}

#[test]
fn data_that_were_found_tampered_with_stay_a_problem_until_verified_again() {
    let directory = Running::start().stop();
    let checked = |code| {
        let mut command = veritrail(directory.path());
        command.args([
            "verify",
            "--data",
            "veritrail-data",
            "--keys",
            "veritrail-keys",
        ]);
        command.args(["--state-dir", "state"]);
        ran(command.output().unwrap()).ends(code);
    };
    let packs = directory.path().join("veritrail-data/packs");
    let pack = std::fs::read_dir(packs)
        .unwrap()
        .map(|pack| pack.unwrap().path())
        .find(|pack| pack.extension().is_some_and(|kind| kind == "vte"))
        .unwrap();
    let whole = std::fs::read(&pack).unwrap();
    let mut cut = whole.clone();
    cut.truncate(whole.len() - 1);
    std::fs::write(&pack, cut).unwrap();
    checked(1);
    let report = of_stopped(directory.path(), &[], 1);
    assert_found(&report, "verification", "problem", "tampered with");
    std::fs::write(&pack, whole).unwrap();
    checked(0);
    let report = of_stopped(directory.path(), &[], 0);
    assert_found(&report, "verification", "ok", "verified");
}

#[test]
fn a_server_of_other_data_is_not_taken_for_ours() {
    let (server, other) = (Running::start(), Running::start().stop());
    let key = server.path().join("veritrail-keys/operator.key");
    let mut command = doctor(
        other.path(),
        &["--json", "--url", &server.url, "--key-file"],
    );
    command.arg(key);
    let report: Json = serde_json::from_str(&examined(command).ends(1)).unwrap();
    assert_found(&report, "server", "problem", "serves other data");
    // Keys of other data, too.
    let keys = server.path().join("veritrail-keys").display().to_string();
    let report = of_stopped(other.path(), &["--keys", &keys], 1);
    assert_found(
        &report,
        "directories",
        "problem",
        "are not those of the data",
    );
}

#[test]
fn a_demo_is_noted_and_said_to_be_invented() {
    let server = Running::start_in(tempfile::tempdir().unwrap(), &["--demo"]);
    let report = of_running(&server, &[], 0);
    assert_found(&report, "demo", "note", "invented events");
    server.operate(&["tenant", "create", "acme"]).ends(0);
    let report = of_running(&server, &[], 0);
    assert_found(
        &report,
        "demo",
        "warning",
        "beside what looks like real use",
    );
}

#[test]
fn what_answers_nonsense_or_nothing_at_all_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Connections are made, and never taken.
    let mut command = doctor(directory.path(), &["--json", "--url", &url]);
    let report: Json = serde_json::from_str(&ran(command.output().unwrap()).ends(0)).unwrap();
    assert_found(&report, "server", "note", "no server answers");
    // Ends with the test's process at the latest.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4_096];
            let _ = stream.read(&mut asked);
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let mut command = doctor(
        directory.path(),
        &["--json", "--url", &url, "--key", "vtk_x"],
    );
    let report: Json = serde_json::from_str(&ran(command.output().unwrap()).ends(0)).unwrap();
    assert_found(&report, "server", "ok", "answers");
    for id in ["writes", "version", "index", "api_keys"] {
        assert_found(&report, id, "unknown", "");
    }
}

#[test]
fn people_read_the_worst_first_and_colour_adds_nothing() {
    let server = Running::start();
    let key = server.path().join("veritrail-keys/operator.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o604)).unwrap();
    let told = |coloured: bool| {
        let mut command = doctor(server.path(), &["--url", &server.url]);
        command.env("VERITRAIL_DTA", "x");
        if coloured {
            command.env("CLICOLOR_FORCE", "1");
        }
        examined(command).ends(1)
    };
    let plain = told(false);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let headings: Vec<&str> = plain
        .lines()
        .filter(|line| !line.starts_with(' ') && !line.is_empty())
        .collect();
    assert_eq!(headings[0], "Problem", "{plain}");
    assert_eq!(headings[headings.len() - 2], "OK", "{plain}");
    let last = headings[headings.len() - 1];
    assert!(
        last.starts_with("1 problem, ") && last.contains(" in 22 checks"),
        "{plain}"
    );
    assert!(plain.contains("\n                 → chmod"), "{plain}");
    let coloured = told(true);
    assert!(coloured.contains('\u{1b}'));
    let mut stripped = coloured;
    for code in [
        "\u{1b}[1;31m",
        "\u{1b}[1;33m",
        "\u{1b}[1;32m",
        "\u{1b}[1m",
        "\u{1b}[0m",
    ] {
        stripped = stripped.replace(code, "");
    }
    let shape = |text: &str| {
        text.lines()
            .map(|line| line.chars().take(17).collect())
            .collect::<Vec<String>>()
    };
    // Time went on between the two: what is graver or milder now stands elsewhere, and is there all the same.
    let checks = |text: &str| {
        let lines = shape(text).into_iter();
        let mut checks: Vec<String> = lines
            .filter(|line| line.starts_with("  ") && line.trim() != "")
            .collect();
        checks.sort();
        checks
    };
    assert_eq!(checks(&stripped), checks(&plain));
}

#[test]
fn an_address_that_is_none_is_a_usage_error() {
    let directory = tempfile::tempdir().unwrap();
    examined(doctor(directory.path(), &["--url", "nonsense"])).complains(2, "http://HOST:PORT");
    examined(doctor(directory.path(), &["--key-file", "absent"])).complains(2, "absent");
}
