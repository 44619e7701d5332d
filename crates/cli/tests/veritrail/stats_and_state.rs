//! What events say together: counts, the state of a resource, producers, fields; and the index that finds them.

use crate::running::Running;
use crate::screen::on_screen;

fn event(id: &str, time: &str, operation: &str, more: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"timestamp\":\"{time}\",\"operation\":\"{operation}\",\"actor\":{{\"id\":\"42\",\"email\":\"dev@example.com\"}}{more}}}\n"
    )
}

const DEPLOYMENT: &str = ",\"resource\":{\"type\":\"deployment\",\"id\":\"d\"}";

#[test]
fn counts_have_bars_and_shares() {
    let server = Running::start();
    let mut text = String::new();
    for (hour, count) in [(9, 8), (10, 0), (11, 2)] {
        for number in 0..count {
            let operation = if number < 2 {
                "deployment.deleted"
            } else {
                "deployment.created"
            };
            let time = format!("2026-03-12T{hour:02}:0{number}:00Z");
            text.push_str(&event(
                &format!("e{hour}_{number}"),
                &time,
                operation,
                DEPLOYMENT,
            ));
        }
    }
    server.emit(&text).ends(0);
    let counted = server
        .run(&["stats", "--interval", "1h", "--by", "operation"])
        .ends(0);
    let lines: Vec<&str> = counted.lines().map(str::trim).collect();
    assert_eq!(
        lines[0],
        "10 events  2026-03-12 09:00:00Z – 2026-03-12 11:01:00Z"
    );
    let bar = |line: &str| line.chars().filter(|character| *character == '█').count();
    assert!(
        lines[2].starts_with("2026-03-12 09:00Z  8  ██"),
        "{counted}"
    );
    assert_eq!(lines[3], "2026-03-12 10:00Z  0");
    assert!(lines[4].starts_with("2026-03-12 11:00Z  2  █"), "{counted}");
    assert_eq!(bar(lines[2]) / 4, bar(lines[4]));
    assert_eq!(lines[6], "operation");
    assert!(
        lines[7].starts_with("deployment.created  6   60.0%  ██"),
        "{counted}"
    );
    assert!(
        lines[8].starts_with("deployment.deleted  4   40.0%  ██"),
        "{counted}"
    );
    for columns in [30, 60, 200] {
        let mut command = server.client();
        command.args(["stats", "--by", "operation,actor.email", "--color", "never"]);
        let shown = on_screen(&mut command, columns, 100, 0);
        for line in shown.lines().skip(1) {
            assert!(
                line.chars().count() <= usize::from(columns),
                "{columns}: {line}"
            );
        }
    }
    let json = server
        .run(&["stats", "--json", "-operation:deployment.created"])
        .ends(0);
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["total"], 4);
    let none = server.run(&["stats", "--type", "secret.*", "--interval", "none"]);
    assert!(
        none.err
            .contains("nothing was found for: operation:secret.*"),
        "{}",
        none.err
    );
    assert_eq!(none.ends(0), "0 events\n");
}

/// Whoever reads it can compute the state by hand: before 12 March the user was an editor, and nobody recorded how
/// they became an owner.
fn permissions() -> String {
    let change = |id: &str, time: &str, before: &str, after: &str| {
        let before = if before.is_empty() {
            String::new()
        } else {
            format!("\"before\":\"{before}\",")
        };
        event(
            id,
            time,
            "user.role_changed",
            &format!(
                ",\"resource\":{{\"type\":\"user\",\"id\":\"7\",\"name\":\"Sam\"}},\"changes\":[{{\"field\":\"role\",{before}\"after\":\"{after}\"}}]"
            ),
        )
    };
    [
        event(
            "made",
            "2026-03-01T08:00:00Z",
            "user.created",
            ",\"resource\":{\"type\":\"user\",\"id\":\"7\",\"name\":\"Sam\"},\"changes\":[{\"field\":\"role\",\"after\":\"viewer\"},{\"field\":\"quota\",\"after\":12345678901234567890.50}]",
        ),
        change("up", "2026-03-10T09:30:00Z", "viewer", "editor"),
        change("more", "2026-03-12T00:00:00Z", "owner", "admin"),
    ]
    .concat()
}

#[test]
fn the_state_of_a_resource_is_folded_from_its_changes() {
    let server = Running::start();
    server.emit(&permissions()).ends(0);
    let before = server.run(&["state", "user", "7", "--at", "2026-03-12"]);
    assert!(
        before.err.contains("a date means its start"),
        "{}",
        before.err
    );
    assert!(
        before.err.contains("2026-03-12 00:00:00Z"),
        "{}",
        before.err
    );
    assert!(!before.err.contains("warning"), "{}", before.err);
    let before = before.ends(0);
    assert!(before.starts_with("user 7  (Sam)\n"), "{before}");
    assert!(before.contains("  exists  yes\n"), "{before}");
    let row = |text: &str, field: &str| {
        let row = text.lines().find(|line| line.starts_with(field)).unwrap();
        row.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        row(&before, "role"),
        [
            "role",
            "editor",
            "2026-03-10 09:30:00Z",
            "dev@example.com",
            "up"
        ]
    );
    assert_eq!(row(&before, "quota")[1], "12345678901234567890.50");
    let now = server.run(&["state", "user", "7"]);
    assert!(now.err.contains("warning: role: event more"), "{}", now.err);
    assert!(
        now.err.contains("\"owner\"") && now.err.contains("\"editor\""),
        "{}",
        now.err
    );
    let now = now.ends(0);
    assert_eq!(row(&now, "role")[1], "admin");
    let json = server.run(&["state", "user", "7", "--json"]).ends(0);
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["fields"]["role"]["value"], "admin");
    let unknown = server.run(&["state", "user", "8"]);
    assert!(
        unknown.err.contains("names this resource"),
        "{}",
        unknown.err
    );
    assert_eq!(unknown.ends(0), "");
}

#[test]
fn what_a_producer_lost_is_seen() {
    let server = Running::start();
    let none = server.run(&["producers"]);
    assert!(none.err.contains("no producer"), "{}", none.err);
    assert_eq!(none.ends(0), "");
    let mut text = String::new();
    for seq in [1, 2, 5, 8, 6] {
        let more = format!("{DEPLOYMENT},\"producer\":{{\"id\":\"api-3\",\"seq\":{seq}}}");
        text.push_str(&event(
            &format!("e{seq}"),
            "2026-03-12T09:00:00Z",
            "deployment.created",
            &more,
        ));
    }
    server.emit(&text).ends(0);
    let listed = server.run(&["producers"]).ends(0);
    let row: Vec<&str> = listed
        .lines()
        .nth(1)
        .unwrap()
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect();
    assert_eq!(
        row[..6],
        ["api-3", "5", "8", "3 (3–4, 7)", "1", "0"],
        "{listed}"
    );
    let json = server.run(&["producers", "--json"]).ends(0);
    assert!(json.contains("\"missing\":3"), "{json}");
}

#[test]
fn fields_are_listed_and_values_completed() {
    let server = Running::start();
    server
        .emit(&event(
            "e",
            "2026-03-12T09:00:00Z",
            "environment_variable.created",
            ",\"resource\":{\"type\":\"environment_variable\",\"id\":\"v\"}",
        ))
        .ends(0);
    let fields = server.run(&["fields"]).ends(0);
    for words in ["operation ", "metadata.<path>", "shorthand", "user_id:42"] {
        assert!(fields.contains(words), "{words}: {fields}");
    }
    let values = server
        .run(&["fields", "--field", "operation", "--prefix", "env"])
        .ends(0);
    let first: Vec<&str> = values.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(first, ["environment_variable.created", "1"], "{values}");
    server
        .run(&["fields", "--prefix", "env"])
        .complains(2, "--field");
}

#[test]
fn the_index_is_built_anew_by_operators() {
    let server = Running::start();
    server
        .emit(&event(
            "e",
            "2026-03-12T09:00:00Z",
            "deployment.created",
            DEPLOYMENT,
        ))
        .ends(0);
    server.run(&["index", "status"]).ends(3);
    server.run(&["index", "rebuild"]).ends(3);
    let built = server.operate(&["index", "rebuild", "--wait"]);
    assert!(built.err.contains("built anew"), "{}", built.err);
    built.ends(0);
    let status = server.operate(&["index", "status"]).ends(0);
    assert!(status.contains("searches  answered"), "{status}");
    assert_eq!(
        server
            .run(&["list", "id:e", "--json"])
            .ends(0)
            .lines()
            .count(),
        1
    );
    let started = server.operate(&["index", "rebuild"]);
    assert!(started.err.contains("index status"), "{}", started.err);
    started.ends(0);
}
