//! Tables on terminals that have no room for them.

use crate::listing::day;
use crate::running::Running;
use crate::screen::on_screen;

/// Columns of a terminal that a line takes which has no wide letters.
fn columns_of(line: &str) -> usize {
    line.chars().count()
}

/// What a command shows on a terminal of so many columns; no line is wider.
#[track_caller]
fn shown(server: &Running, columns: u16, arguments: &[&str]) -> String {
    let mut command = server.client();
    command.args(arguments).env("NO_COLOR", "1");
    let shown = on_screen(&mut command, columns, 1_000, 0);
    for line in shown.lines() {
        let width = columns_of(line);
        assert!(width <= usize::from(columns), "{width} > {columns}: {line}");
    }
    shown
}

/// Asserts how often each of these words stands alone.
#[track_caller]
fn says_each(text: &str, words: &[&str], times: usize) {
    for word in words {
        let found = text.split_whitespace().filter(|said| said == word).count();
        assert_eq!(found, times, "{word}: {text}");
    }
}

#[test]
fn no_column_of_events_is_left_out() {
    let server = day();
    let usual = [
        "TIME",
        "ACTOR",
        "OPERATION",
        "RESOURCE",
        "PROJECT",
        "OUTCOME",
    ];
    for columns in [40, 50, 60, 70] {
        let text = shown(&server, columns, &["list"]);
        says_each(&text, &usual, 4);
        says_each(&text, &["11:00:00Z", "DATABASE_URL", "denied"], 1);
    }
    for columns in [80, 120] {
        let text = shown(&server, columns, &["list"]);
        says_each(&text, &usual, 1);
        assert_eq!(text.lines().count(), 5, "{text}");
        says_each(&text, &["11:00:00Z", "denied"], 1);
    }
    let named = [
        "list",
        "--columns",
        "time,actor,changes,id,metadata.demo,ip",
        "evt_3",
    ];
    for columns in [30, 40, 60, 80, 120] {
        let text = shown(&server, columns, &named);
        says_each(&text, &["TIME", "ACTOR", "CHANGES", "ID", "IP"], 1);
        let is_there = text.contains("metadata.") || text.contains("metadat…");
        assert!(is_there, "{columns}: {text}");
        says_each(&text, &["evt_3"], 1);
        assert!(text.contains("198.51."), "{columns}: {text}");
    }
}

#[test]
fn of_a_producer_everything_is_shown() {
    let server = Running::start();
    let event = |seq: u64| {
        format!(
            "{{\"id\":\"e{seq}\",\"operation\":\"deployment.created\",\"actor\":{{\"id\":\"1\"}},\"resource\":{{\"type\":\"deployment\"}},\"producer\":{{\"id\":\"the-first-of-many-api-servers\",\"seq\":{seq}}}}}\n"
        )
    };
    server.emit(&[1, 2, 5, 8].map(event).concat()).ends(0);
    for columns in [40, 60, 80, 120] {
        let text = shown(&server, columns, &["producers"]);
        says_each(
            &text,
            &["PRODUCER", "MISSING", "LATE", "DOUBLED", "LAST", "SEEN"],
            1,
        );
        assert!(text.contains("4 (3–4, 6–7)"), "{columns}: {text}");
        // To the second.
        let is_whole = text.lines().any(|line| line.ends_with('Z'));
        assert!(is_whole, "{columns}: {text}");
    }
}

#[test]
fn of_a_field_there_is_room_for_what_it_is() {
    let server = Running::start();
    for columns in [40, 60, 80, 100, 200] {
        let text = shown(&server, columns, &["fields"]);
        for words in ["actor.credential_id", "identifier", "EXAMPLE", "user_id:42"] {
            assert!(text.contains(words), "{columns}: {words}: {text}");
        }
        assert!(
            text.contains("the project it belongs to"),
            "{columns}: {text}"
        );
    }
    // Through a pager, too.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = server.client();
    command
        .args(["fields", "--color", "never"])
        .env("PATH", path)
        .env("PAGER", "sed 's/$/|/'");
    let paged = on_screen(&mut command, 60, 24, 0);
    assert!(paged.contains("user_id:42|"), "{paged}");
    for line in paged.lines() {
        assert!(columns_of(line) <= 61, "{line}");
    }
}

#[test]
fn of_a_state_everything_is_shown() {
    let server = day();
    server
        .emit(
            "{\"id\":\"evt_5\",\"timestamp\":\"2026-03-12T13:00:00Z\",\"operation\":\"user.role_changed\",\"actor\":{\"id\":\"8\",\"email\":\"ops@example.com\"},\"resource\":{\"type\":\"user\",\"id\":\"7\"},\"changes\":[{\"field\":\"role\",\"before\":\"viewer\",\"after\":\"editor\"}]}",
        )
        .ends(0);
    let mut command = server.client();
    command.args(["state", "user", "7", "--color", "never"]);
    let text = on_screen(&mut command, 40, 100, 0);
    // Sentences are the terminal's to wrap.
    let (_, fields) = text.split_once("\n\n").unwrap();
    says_each(fields, &["FIELD", "VALUE", "SINCE", "BY", "EVENT"], 1);
    says_each(
        fields,
        &["role", "editor", "13:00:00Z", "ops@example.com", "evt_5"],
        1,
    );
    assert!(
        fields.lines().all(|line| columns_of(line) <= 40),
        "{fields}"
    );
}
