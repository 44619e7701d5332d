use std::fmt::Write;

use super::*;

/// One line of a fixture: when, operation, outcome, type of the resource, details.
type Line<'a> = (i64, &'a str, &'a str, &'a str, &'a str);

fn folded(kind: &str, id: &str, lines: &[Line<'_>]) -> Resource {
    let mut resource = Resource::new(kind, id);
    for (index, (time, operation, outcome, resource_type, details)) in lines.iter().enumerate() {
        let details = ledger::json::parse(details.as_bytes()).unwrap();
        resource.add(&Told {
            id: &format!("e{}", index + 1),
            time: Micros::from_micros(*time),
            operation,
            outcome: Some(outcome).copied().filter(|outcome| !outcome.is_empty()),
            resource_type,
            details: &details,
            actor: &api::Actor::default(),
        });
    }
    resource
}

/// `field = value (event)`, `~` for what may be incomplete.
fn fields(resource: &Resource) -> Vec<String> {
    let shown = resource.fields.iter().map(|(name, known)| {
        let value = known.shape.to_value();
        let value = value.map_or("?".to_owned(), |value| value.to_compact());
        let partial = if known.partial { " ~" } else { "" };
        format!("{name} = {value} ({}){partial}", known.source.event)
    });
    shown.collect()
}

/// `event field expected found`.
fn inconsistencies(resource: &Resource) -> Vec<String> {
    let shown = resource.inconsistencies.iter().map(|found| {
        let (expected, there) = (found.expected.to_compact(), found.found.to_compact());
        format!("{} {} {expected} {there}", found.event, found.field)
    });
    shown.collect()
}

const USER: &str = r#""resource":{"type":"user","id":"7","name":"Ada"}"#;

/// What user 7 might do, worked out on paper, line by line.
#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one fixture, worked out line by line"
)]
fn the_permissions_of_a_user_are_those_computed_by_hand() {
    let role = |before: &str, after: &str| {
        format!(r#"{{{USER},"changes":[{{"field":"role","before":{before},"after":{after}}}]}}"#)
    };
    let changed = |changes: &str| format!(r#"{{{USER},"changes":[{changes}]}}"#);
    let lines: Vec<(i64, &str, &str, &str, String)> = vec![
        // Made as a viewer: everything from here on is known.
        (1, "user.created", "success", "user", role("null", r#""viewer""#)),
        // Denied: still a viewer.
        (2, "user.role_changed", "denied", "user", role(r#""viewer""#, r#""owner""#)),
        (3, "user.role_changed", "", "user", role(r#""viewer""#, r#""admin""#)),
        // One side only: deploy and read join.
        (4, "permission.granted", "", "user", changed(r#"{"field":"permission","after":"deploy"}"#)),
        (
            5,
            "permission.granted",
            "",
            "user",
            changed(r#"{"field":"permission","after":"read"},{"field":"permission","after":"deploy"}"#),
        ),
        // deploy leaves; what is taken may stand on either side.
        (6, "permission.revoked", "", "user", changed(r#"{"field":"permission","before":"deploy","after":null}"#)),
        (7, "permission.granted", "", "user", changed(r#"{"field":"permission","after":["write","exec"]}"#)),
        (8, "permission.revoked", "", "user", changed(r#"{"field":"permission","after":"exec"}"#)),
        // Both sides: the set is what comes after.
        (9, "permission.updated", "", "user", changed(r#"{"field":"permission","before":["write","read"],"after":["read"]}"#)),
        // Acting upon something else: a permission in a project, a team.
        (
            10,
            "permission.granted",
            "",
            "project",
            r#"{"resource":{"type":"project","id":"p1"},"related":[{"type":"user","id":"7"}],"changes":[{"field":"role","after":"maintainer"}]}"#.into(),
        ),
        (
            11,
            "team.member_added",
            "",
            "team",
            r#"{"resource":{"type":"team","id":"core"},"related":[{"type":"user","id":"7"}]}"#.into(),
        ),
        (
            12,
            "permission.granted",
            "",
            "permission",
            r#"{"resource":{"type":"permission","id":"billing"},"related":[{"type":"user","id":"7"},{"type":"project","id":"p2"}]}"#.into(),
        ),
        // Of another user with a like id, and of nobody: no business of user 7.
        (13, "user.role_changed", "", "user", r#"{"resource":{"type":"user","id":"77"},"changes":[{"field":"role","after":"owner"}]}"#.into()),
    ];
    let at = |end: i64| {
        let lines: Vec<Line<'_>> = lines
            .iter()
            .filter(|line| line.0 < end)
            .map(|(time, operation, outcome, kind, details)| {
                (*time, *operation, *outcome, *kind, details.as_str())
            })
            .collect();
        folded("user", "7", &lines)
    };
    for (end, expect) in [
        (1, vec![]),
        (3, vec![r#"role = "viewer" (e1)"#]),
        (4, vec![r#"role = "admin" (e3)"#]),
        (
            6,
            vec![
                r#"permission = ["deploy","read"] (e5)"#,
                r#"role = "admin" (e3)"#,
            ],
        ),
        (
            7,
            vec![r#"permission = ["read"] (e6)"#, r#"role = "admin" (e3)"#],
        ),
        (
            8,
            vec![
                r#"permission = ["exec","read","write"] (e7)"#,
                r#"role = "admin" (e3)"#,
            ],
        ),
        (
            9,
            vec![
                r#"permission = ["read","write"] (e8)"#,
                r#"role = "admin" (e3)"#,
            ],
        ),
        (
            99,
            vec![
                r#"permission = ["read"] (e9)"#,
                r#"permission@project/p2 = ["billing"] (e12)"#,
                r#"role = "admin" (e3)"#,
                r#"role@project/p1 = ["maintainer"] (e10)"#,
                r#"team = ["core"] (e11)"#,
            ],
        ),
    ] {
        assert_eq!(fields(&at(end)), expect, "before {end}");
    }
    let end = at(99);
    assert_eq!(inconsistencies(&end), Vec::<String>::new());
    assert_eq!(
        (
            end.exists,
            end.events,
            end.unknown_before,
            end.name.as_deref()
        ),
        (Some(true), 12, None, Some("Ada"))
    );
}

#[test]
fn a_before_that_was_not_known_tells_of_an_unrecorded_change() {
    let change = |before: &str, after: &str| {
        format!(r#"{{{USER},"changes":[{{"field":"role","before":{before},"after":{after}}}]}}"#)
    };
    let (first, second) = (
        change(r#""viewer""#, r#""admin""#),
        change(r#""viewer""#, r#""owner""#),
    );
    let revoked = format!(r#"{{{USER},"changes":[{{"field":"tags","before":["x"]}}]}}"#);
    let tags = format!(r#"{{{USER},"changes":[{{"field":"tags","after":["y"]}}]}}"#);
    let resource = folded(
        "user",
        "7",
        &[
            (1, "user.role_changed", "", "user", &first),
            (2, "user.role_changed", "", "user", &second),
            (3, "user.updated", "", "user", &tags),
            (4, "permission.revoked", "", "user", &revoked),
        ],
    );
    assert_eq!(
        inconsistencies(&resource),
        [r#"e2 role "admin" "viewer""#, r#"e4 tags null "x""#]
    );
    assert_eq!(
        fields(&resource),
        [r#"role = "owner" (e2)"#, r#"tags = ["y"] (e4)"#]
    );
    assert_eq!(resource.unknown_before, Some(Micros::from_micros(1)));
    assert_eq!(resource.exists, None);
}

#[test]
fn what_was_granted_before_the_first_event_is_unknown_and_said_to_be() {
    let granted = format!(r#"{{{USER},"changes":[{{"field":"permission","after":"read"}}]}}"#);
    let revoked = format!(r#"{{{USER},"changes":[{{"field":"permission","before":"write"}}]}}"#);
    let resource = folded(
        "user",
        "7",
        &[
            (1, "permission.granted", "", "user", &granted),
            (2, "permission.revoked", "", "user", &revoked),
        ],
    );
    assert_eq!(fields(&resource), [r#"permission = ["read"] (e2) ~"#]);
    assert!(resource.inconsistencies.is_empty());
}

#[test]
fn what_is_deleted_has_no_fields_and_what_is_made_again_has_its_own() {
    let line = |changes: &str| {
        format!(r#"{{"resource":{{"type":"secret","id":"s"}},"changes":[{changes}]}}"#)
    };
    let made = line(
        r#"{"field":"value","after":"[masked:hmac-sha256:k:A]"},{"field":"owner","after":"x"}"#,
    );
    let gone = line(r#"{"field":"value","before":"[masked:hmac-sha256:k:B]","after":null}"#);
    let again = line(r#"{"field":"value","before":null,"after":"[masked:hmac-sha256:k:C]"}"#);
    let lines: [Line<'_>; 3] = [
        (1, "secret.created", "", "secret", &made),
        (2, "secret.deleted", "", "secret", &gone),
        (3, "secret.created", "", "secret", &again),
    ];
    let gone = folded("secret", "s", &lines[..2]);
    assert_eq!((gone.exists, fields(&gone)), (Some(false), vec![]));
    assert_eq!(
        inconsistencies(&gone),
        [r#"e2 value "[masked:hmac-sha256:k:A]" "[masked:hmac-sha256:k:B]""#]
    );
    let again = folded("secret", "s", &lines);
    assert_eq!(again.exists, Some(true));
    assert_eq!(
        fields(&again),
        [r#"value = "[masked:hmac-sha256:k:C]" (e3)"#]
    );
}

#[test]
fn a_change_that_tells_nothing_makes_the_value_unknown() {
    let line = |change: &str| format!(r#"{{{USER},"changes":[{change}]}}"#);
    let (told, untold) = (
        line(r#"{"field":"plan","after":"pro"}"#),
        line(r#"{"field":"plan"}"#),
    );
    let next = line(r#"{"field":"plan","before":"free","after":"team"}"#);
    let lines: [Line<'_>; 3] = [
        (1, "user.updated", "", "user", &told),
        (2, "user.updated", "", "user", &untold),
        (3, "user.updated", "", "user", &next),
    ];
    assert_eq!(fields(&folded("user", "7", &lines[..2])), ["plan = ? (e2)"]);
    let all = folded("user", "7", &lines);
    assert!(all.inconsistencies.is_empty());
    assert_eq!(fields(&all), [r#"plan = "team" (e3)"#]);
}

#[test]
fn memory_is_bounded_and_it_is_said_what_was_left_out() {
    let mut changes = String::new();
    for n in 0..=FIELDS_MAX {
        _ = write!(changes, r#",{{"field":"f{n}","after":{n}}}"#);
    }
    let line = format!(r#"{{{USER},"changes":[{}]}}"#, &changes[1..]);
    let resource = folded("user", "7", &[(1, "user.updated", "", "user", &line)]);
    assert_eq!(
        (resource.fields.len(), resource.truncated),
        (FIELDS_MAX, true)
    );
}

#[test]
fn a_value_told_several_times_at_once_is_a_set() {
    let line = format!(
        r#"{{{USER},"changes":[{{"field":"role","after":"b"}},{{"field":"role","after":"a"}}]}}"#
    );
    let resource = folded("user", "7", &[(1, "user.role_changed", "", "user", &line)]);
    assert_eq!(fields(&resource), [r#"role = ["a","b"] (e1)"#]);
}
