//! Finding events from the command line.

use crate::running::Running;
use crate::screen::on_screen;

/// A small day: one event a line.
pub(crate) const DAY: &str = r#"{"id":"evt_1","timestamp":"2026-03-12T09:00:00Z","operation":"deployment.created","actor":{"id":"7","type":"service_account","name":"ci"},"resource":{"type":"deployment","id":"dep_1","project_id":"proj_1"},"outcome":{"result":"success"}}
{"id":"evt_2","timestamp":"2026-03-12T10:00:00Z","operation":"deployment.created","actor":{"id":"42","email":"dev@example.com"},"resource":{"type":"deployment","id":"dep_2","project_id":"proj_2"},"outcome":{"result":"failure"},"metadata":{"build":{"number":12345678901234567890}}}
{"id":"evt_3","timestamp":"2026-03-12T11:00:00Z","operation":"environment_variable.deleted","actor":{"id":"42","email":"dev@example.com"},"resource":{"type":"environment_variable","id":"var_1","name":"DATABASE_URL","project_id":"proj_1"},"outcome":{"result":"success"},"origin":{"ip":"198.51.100.23"}}
{"id":"evt_4","timestamp":"2026-03-12T12:00:00Z","operation":"user.role_changed","actor":{"id":"8","email":"ops@example.com"},"resource":{"type":"user","id":"42"},"outcome":{"result":"denied"},"changes":[{"field":"role","before":"viewer","after":"admin"}]}
"#;

pub(crate) fn day() -> Running {
    let server = Running::start();
    server.emit(DAY).ends(0);
    server
}

/// The ids that `list` finds, in order.
pub(crate) fn ids(server: &Running, arguments: &[&str]) -> Vec<String> {
    let out = server
        .run(&[&["list", "--json"], arguments].concat())
        .ends(0);
    let id = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    out.lines().map(id).collect()
}

#[test]
fn the_commands_of_the_manual_work_as_they_are_written() {
    let server = day();
    let listed = server.run(&["list", "--limit", "20"]).ends(0);
    assert_eq!(listed.lines().count(), 5, "{listed}");
    assert!(listed.starts_with("TIME "), "{listed}");
    let row = listed.lines().nth(2).unwrap();
    assert!(row.starts_with("2026-03-12 11:00:00Z"), "{row}");
    for words in [
        "dev@example.com",
        "environment_variable.deleted",
        "DATABASE_URL",
        "proj_1",
        "success",
    ] {
        assert!(row.contains(words), "{row}");
    }
    let typed = ["list", "--type", "deployment.created", "--limit", "50"];
    assert_eq!(server.run(&typed).ends(0).lines().count(), 3);
    let shown = server.run(&["show", "--id", "evt_1"]).ends(0);
    assert_eq!(server.run(&["show", "evt_1"]).ends(0), shown);
    server.run(&["show", "evt_1", "--id", "evt_1"]).ends(2);
}

#[test]
fn flags_words_and_times_hold_together() {
    let server = day();
    for (arguments, expect) in [
        (&[][..], &["evt_4", "evt_3", "evt_2", "evt_1"][..]),
        (
            &["--order", "oldest"],
            &["evt_1", "evt_2", "evt_3", "evt_4"],
        ),
        (
            &["--type", "deployment.*", "--outcome", "failure"],
            &["evt_2"],
        ),
        (
            &[
                "--type",
                "user.*",
                "--operation",
                "environment_variable.deleted",
            ],
            &["evt_4", "evt_3"],
        ),
        (
            &[
                "--actor",
                "dev@example.com",
                "outcome:success",
                "OR",
                "outcome:denied",
            ],
            &["evt_3"],
        ),
        (&["--project", "proj_1"], &["evt_3", "evt_1"]),
        (&["--resource", "deployment"], &["evt_2", "evt_1"]),
        (&["--resource", "deployment:dep_2"], &["evt_2"]),
        (&["--resource", "DATABASE_URL"], &["evt_3"]),
        (&["--resource", "user/42"], &["evt_4"]),
        (&["--ip", "198.51.100.0/24"], &["evt_3"]),
        (&["-outcome:success"], &["evt_4", "evt_2"]),
        (
            &["--project", "proj_1", "-operation:deployment.*"],
            &["evt_3"],
        ),
        (
            &["--since", "2026-03-12T10:30", "--until", "2026-03-12T11:30"],
            &["evt_3"],
        ),
        (&["since:2026-03-12T11:30"], &["evt_4"]),
        (&["--actor", "nobody OR actor:42"], &[]),
    ] {
        assert_eq!(ids(&server, arguments), expect, "{arguments:?}");
    }
}

#[test]
fn a_list_longer_than_a_page_is_followed_to_its_end() {
    let server = Running::start();
    let line = |number: usize| {
        format!(
            "{{\"id\":\"e{number}\",\"operation\":\"deployment.created\",\"actor\":{{\"id\":\"1\"}},\"resource\":{{\"type\":\"deployment\"}}}}\n"
        )
    };
    server
        .emit(&(0..2_500).map(line).collect::<String>())
        .ends(0);
    let all = ids(&server, &["--limit", "5000"]);
    let expect: Vec<String> = (0..2_500)
        .rev()
        .map(|number| format!("e{number}"))
        .collect();
    assert_eq!(all, expect);
    assert_eq!(ids(&server, &["--limit", "2100"]), expect[..2_100]);
    let table = server.run(&["list", "--limit", "2100"]);
    assert!(table.err.contains("more than 2100"), "{}", table.err);
    assert_eq!(table.ends(0).lines().count(), 2_101);
    assert_eq!(server.run(&["list", "--limit", "2500"]).err, "");
}

#[test]
fn nothing_found_is_said_with_what_was_looked_for() {
    let server = day();
    let nothing = server.run(&["list", "user:nobody"]);
    assert!(
        nothing.err.contains("nothing was found for: "),
        "{}",
        nothing.err
    );
    assert!(
        nothing.err.contains("actor.email:nobody"),
        "{}",
        nothing.err
    );
    assert_eq!(nothing.ends(0), "");
}

#[test]
fn a_refused_query_is_shown_with_the_place_and_what_was_expected() {
    let server = day();
    let refused = server.run(&["list", "since:24h", "operaton:deployment.created"]);
    let lines: Vec<&str> = refused.err.lines().collect();
    assert!(
        lines[0].starts_with("error: column 11: expected a field"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "  since:24h operaton:deployment.created");
    assert_eq!(lines[2], "            ^^^^^^^^");
    assert!(
        lines[3].starts_with("hint: did you mean `operation`"),
        "{lines:?}"
    );
    assert_eq!(refused.ends(2), "");
    let refused = server.run(&["list", "--actor", "x", "(a"]);
    assert!(refused.err.contains("  actor:x ((a)\n"), "{}", refused.err);
    refused.ends(2);
    for (arguments, shown) in [
        (
            &["list", "--since", "24x"][..],
            "  --since 24x\n          ^^^\n",
        ),
        (
            &["list", "--until", "never"],
            "  --until never\n          ^^^^^\n",
        ),
        (
            &["tail", "--since", "never"],
            "  --since never\n          ^^^^^\n",
        ),
        (
            &["stats", "--interval", "7"],
            "  --interval 7\n             ^\n",
        ),
        (&["stats", "--by", "text"], "  --by text\n       ^^^^\n"),
        (
            &["state", "user", "42", "--at", "then"],
            "  --at then\n       ^^^^\n",
        ),
        (
            &["fields", "--field", "nothing"],
            "  --field nothing\n          ^^^^^^^\n",
        ),
        (&["tail", "a OR"], "  a OR\n"),
    ] {
        let refused = server.run(arguments);
        assert!(
            refused.err.contains(shown),
            "{arguments:?}: {}",
            refused.err
        );
        refused.ends(2);
    }
    for arguments in [
        &["list", "--limit", "0"][..],
        &["list", "--columns", "colour"],
        &["list", "--log", "third"],
        &["list", "--actor", "x", "a) OR (b"],
    ] {
        server.run(arguments).complains(2, "error: ");
    }
}

#[test]
fn columns_and_times_are_the_readers_choice() {
    let server = day();
    let columns = "id,metadata.build.number,changes,ip";
    let listed = server.run(&["list", "--columns", columns]).ends(0);
    let rows: Vec<Vec<&str>> = listed
        .lines()
        .map(|row| row.split("  ").map(str::trim).collect())
        .collect();
    assert_eq!(rows[1][0], "evt_4");
    assert!(listed.contains("role: viewer → admin"), "{listed}");
    assert!(listed.contains("12345678901234567890"), "{listed}");
    assert!(listed.contains("198.51.100.23"), "{listed}");
    let mut command = server.client();
    command
        .env("TZ", "IST-5:30")
        .args(["list", "--local", "evt_3"]);
    let local = crate::command::ran(command.output().unwrap()).ends(0);
    assert!(local.contains("2026-03-12 16:30:00+05:30"), "{local}");
}

#[test]
fn who_read_is_in_the_access_log() {
    let server = day();
    server.run(&["list", "actor:42"]).ends(0);
    let key = server
        .operate(&[
            "key", "create", "--role", "auditor", "--source", "audit", "--owner", "me", "--tenant",
            "default",
        ])
        .ends(0);
    let listed = server
        .run(&["list", "--log", "access", "--key", key.trim()])
        .ends(0);
    assert!(listed.contains("veritrail."), "{listed}");
}

/// An event whose every text is meant to harm whoever reads it on a terminal.
fn hostile() -> String {
    let name = "x\\u001b[2J\\u001b]0;owned\\u0007\\n2026-01-01 00:00:00Z  root  nothing.happened\\r\\u202etxt.exe\\u2066\\u009b31m";
    let long = "長い名前".repeat(500);
    let marks = "a\\u0301".to_owned() + &"\\u0301".repeat(2_000);
    format!(
        "{{\"id\":\"evil\",\"operation\":\"deployment.created\",\"actor\":{{\"id\":\"1\",\"email\":\"{name}\",\"name\":\"{marks}\"}},\"resource\":{{\"type\":\"deployment\",\"id\":\"d\",\"name\":\"{long}\"}},\"metadata\":{{\"note\":\"{name}\"}}}}"
    )
}

#[test]
fn hostile_texts_draw_nothing_and_forge_no_row() {
    let server = day();
    server.emit(&hostile()).ends(0);
    let harmful = |text: &str| {
        text.contains(|character: char| {
            (character.is_control() && character != '\n')
                || matches!(character, '\u{202e}' | '\u{2066}')
        })
    };
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &[
            "list",
            "--columns",
            "actor.name,actor.email,metadata.note,resource",
        ],
        &["stats", "--by", "actor.email,resource.name,project"],
        &["list", "nothing\u{1b}[31m\u{202e}"],
        &["list", "no\u{1b}field:\u{202e}"],
    ] {
        let ran = server.run(arguments);
        assert!(
            !harmful(&ran.out) && !harmful(&ran.err),
            "{arguments:?}: {} {}",
            ran.out,
            ran.err
        );
    }
    let listed = server.run(&["list"]).ends(0);
    assert_eq!(listed.lines().count(), 6, "{listed}");
    // Elsewhere than on a terminal nothing is cut.
    assert!(listed.contains(&"長い名前".repeat(500)), "{listed}");
    // What comes out as JSON means what came in.
    let json = server.run(&["list", "--json", "id:evil"]).ends(0);
    let event: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(
        event["metadata"]["note"]
            .as_str()
            .unwrap()
            .contains('\u{202e}')
    );
    for columns in [40, 80, 120] {
        let shown = on_screen(
            server.client().args(["list"]).env("NO_COLOR", "1"),
            columns,
            50,
            0,
        );
        assert!(!harmful(&shown), "{shown:?}");
        // Where there is no room for columns, each cell has a line: still none that it was not given.
        let lines = if columns < 72 { 5 * 6 } else { 6 };
        assert_eq!(shown.lines().count(), lines, "{shown}");
        for line in shown.lines() {
            let wide = line
                .chars()
                .filter(|character| u32::from(*character) > 0x2e80)
                .count();
            let width = line
                .chars()
                .filter(|character| *character != '\u{301}')
                .count()
                + wide;
            assert!(width <= usize::from(columns), "{width} > {columns}: {line}");
        }
        assert!(shown.contains('…'), "{shown}");
    }
}

#[test]
fn colour_is_for_terminals_and_says_nothing_new() {
    let server = day();
    let list = |variables: &[(&str, &str)]| {
        let mut command = server.client();
        command.arg("list").envs(variables.iter().copied());
        on_screen(&mut command, 120, 50, 0)
    };
    let coloured = list(&[]);
    assert!(
        coloured.contains("\u{1b}[1;31mfailure\u{1b}[0m"),
        "{coloured:?}"
    );
    let plain = list(&[("NO_COLOR", "1")]);
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let stripped = ["\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[1;33m", "\u{1b}[0m"]
        .iter()
        .fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
    assert!(!server.run(&["list"]).ends(0).contains('\u{1b}'));
    let mut forced = server.client();
    forced.arg("list").env("CLICOLOR_FORCE", "1");
    let forced = crate::command::ran(forced.output().unwrap()).ends(0);
    assert!(forced.contains("\u{1b}[1;31mfailure"), "{forced:?}");
}

#[test]
fn a_pager_is_for_what_is_longer_than_the_screen() {
    let server = day();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let shown = |pager: Option<&str>, arguments: &[&str], rows| {
        let mut command = server.client();
        command.args(["list", "--color", "never"]).args(arguments);
        match pager {
            Some(pager) => command.env("PATH", &path).env("PAGER", pager),
            // Where there is no less.
            None => command.env("PATH", server.path()),
        };
        on_screen(&mut command, 120, rows, 0)
    };
    let marking = Some("sed 's/^/paged /'");
    let paged = shown(marking, &[], 4);
    assert_eq!(paged.matches("paged ").count(), 5, "{paged}");
    for (pager, arguments, rows) in [
        // It fits.
        (marking, &[][..], 24),
        (marking, &["--no-pager"], 4),
        (Some(""), &[], 4),
        (Some("cat"), &[], 4),
        // Nothing is lost when there is no pager.
        (None, &[], 4),
    ] {
        let whole = shown(pager, arguments, rows);
        assert!(!whole.contains("paged"), "{whole}");
        assert_eq!(
            whole.matches("2026-03-12").count(),
            4,
            "{pager:?} {arguments:?}: {whole}"
        );
    }
    // A pager that ends early is no failure.
    shown(Some("head -1"), &[], 4);
    // Not on a terminal.
    let mut command = server.client();
    command
        .arg("list")
        .env("PAGER", "sed 's/^/paged /'")
        .env("PATH", &path);
    let out = crate::command::ran(command.output().unwrap()).ends(0);
    assert!(!out.contains("paged"), "{out}");
}
