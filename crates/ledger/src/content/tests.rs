//! Whether an event that comes again counts as the same.

use super::*;
use crate::entry::{Kind, Opening};
use crate::name::{LogId, TenantId};
use crate::prepare::{Door, prepare};
use crate::seal::Head;
use crate::source::Rng;
use crate::time::Micros;
use crate::vocabulary::{Addition, Additions, Category, Mode, NO_ADDITIONS, Severity};

#[derive(Debug)]
struct Salt(u8);

impl Rng for Salt {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn keys(kid: &str) -> TenantKeys {
    let mask = [kid.as_bytes()[0]; 32];
    TenantKeys::new(kid, [1; 32], [2; 32], mask, [4; 32])
}

/// Prepares an event under these rules; a second preparation of it has other salts.
fn prepared(text: &str, salt: u8, kid: &str, exceptions: &[&str]) -> Prepared {
    let exceptions: Vec<String> = exceptions.iter().map(|text| (*text).to_owned()).collect();
    let keys = keys(kid);
    let door = Door {
        keys: &keys,
        key: if salt == 1 { "vtk_1" } else { "vtk_2" },
        source: "api",
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &exceptions,
        idempotency: None,
    };
    prepare(json::parse(text.as_bytes()).unwrap(), &door, &Salt(salt)).unwrap()
}

/// What is left of the stored event's parts.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    Both,
    Person,
    Details,
    Nothing,
}

fn compared(stored: &Prepared, left: Left, sent: &Prepared, kid: &str) -> Repetition {
    let log = LogId([1; 16]);
    let at = Micros::from_micros(1_000_000_000_000);
    let mut head = Head::new(log);
    head.open(&Opening {
        log,
        kind: Kind::Main,
        tenant: TenantId([2; 16]),
        origin: "o/1".to_owned(),
        vkey: "o/1+00000000+AQ==".to_owned(),
        recorded_at: at,
        predecessor: None,
    });
    let sealed = head.seal(stored, at);
    let entry = Entry::parse(&sealed.entry).unwrap();
    let bytes = |label: Label, kept: &[Left]| {
        stored
            .part(label)
            .filter(|_| kept.contains(&left))
            .map(|part| part.bytes.as_slice())
    };
    let parts = [
        (
            Label::Details,
            bytes(Label::Details, &[Left::Both, Left::Details]),
        ),
        (
            Label::Person,
            bytes(Label::Person, &[Left::Both, Left::Person]),
        ),
    ];
    compare(&entry, &parts, sent, &keys(kid))
}

/// Stores `first`, then sends `second` with other salts, by another key.
fn check(first: &str, second: &str, expect: Repetition) {
    check_left(first, Left::Both, second, expect);
}

fn check_left(first: &str, left: Left, second: &str, expect: Repetition) {
    let stored = prepared(&whole(first), 1, "aaaa0000", &[]);
    let sent = prepared(&whole(second), 2, "aaaa0000", &[]);
    assert_eq!(
        compared(&stored, left, &sent, "aaaa0000"),
        expect,
        "{first} → {second}"
    );
}

/// A whole event of these members; a later one takes the place of an earlier default.
fn whole(members: &str) -> String {
    let mut text = format!("{{\"id\":\"evt_1\",{members}");
    for (name, value) in [
        ("\"operation\":", "\"environment_variable.updated\""),
        ("\"actor\":", "{\"id\":\"7\",\"email\":\"a@example.com\"}"),
        ("\"resource\":", "{\"type\":\"project\",\"id\":\"p1\"}"),
        ("\"reason\":", "\"r\""),
    ] {
        let aliased = name == "\"operation\":" && text.contains("\"action\":");
        if !aliased && !text.contains(name) {
            text.extend([name, value, ","]);
        }
    }
    text.pop();
    text.push('}');
    text
}

#[test]
fn the_same_event_with_other_salts_by_another_key_is_the_same() {
    check("", "", Repetition::Same);
    let members = r#""timestamp":"2026-03-12T14:32:07Z","outcome":"success","metadata":{"password":"x","n":1.50},"#;
    check(members, members, Repetition::Same);
}

#[test]
fn spelling_does_not_make_another_event() {
    for (first, second) in [
        (
            r#""metadata":{"a":1,"b":{"c":2,"d":3}},"#,
            r#""metadata":{"b":{"d":3,"c":2},"a":1},"#,
        ),
        (r#""metadata":{"n":1.50},"#, r#""metadata":{"n":1.5},"#),
        (r#""metadata":{"n":1e2},"#, r#""metadata":{"n":100},"#),
        (r#""metadata":{"t":"\u0041"},"#, r#""metadata":{"t":"A"},"#),
        (
            r#""operation":"env_var.update","#,
            r#""operation":"environment_variable.updated","#,
        ),
        (
            r#""action":"EnvVarUpdated","#,
            r#""operation":"env_var.update","#,
        ),
        (
            r#""actor":{"user_id":7,"email":"a@example.com"},"#,
            r#""actor":{"type":"user","id":"7","email":"a@example.com"},"#,
        ),
        (
            r#""timestamp":"2026-03-12T14:32:07.000Z","#,
            r#""timestamp":"2026-03-12T14:32:07Z","#,
        ),
    ] {
        check(first, second, Repetition::Same);
        check(second, first, Repetition::Same);
    }
}

#[test]
fn another_value_anywhere_is_another_event() {
    for (first, second) in [
        ("", r#""operation":"deployment.created","#),
        ("", r#""operation":"warehouse.restocked","#),
        ("", r#""timestamp":"2026-03-12T14:32:07Z","#),
        (
            r#""timestamp":"2026-03-12T14:32:07Z","#,
            r#""timestamp":"2026-03-12T14:32:07.000001Z","#,
        ),
        (r#""outcome":"success","#, r#""outcome":"failure","#),
        ("", r#""outcome":"success","#),
        ("", r#""actor":{"id":"8","email":"a@example.com"},"#),
        ("", r#""actor":{"id":"7","email":"b@example.com"},"#),
        ("", r#""actor":{"id":"7"},"#),
        (
            "",
            r#""actor":{"type":"system","id":"7","email":"a@example.com"},"#,
        ),
        ("", r#""origin":{"ip":"198.51.100.23"},"#),
        ("", r#""resource":{"type":"project","id":"p2"},"#),
        ("", r#""resource":{"type":"team","id":"p1"},"#),
        (
            "",
            r#""resource":{"type":"project","id":"p1","project_id":"x"},"#,
        ),
        ("", r#""reason":"s","#),
        ("", r#""producer":{"id":"api-1"},"#),
        (
            r#""producer":{"id":"api-1","seq":1},"#,
            r#""producer":{"id":"api-1","seq":2},"#,
        ),
        ("", r#""metadata":{"a":1},"#),
        (r#""metadata":{"a":1},"#, r#""metadata":{"a":2},"#),
        (r#""metadata":{"a":1},"#, r#""metadata":{"a":"1"},"#),
        (r#""metadata":{"a":[1,2]},"#, r#""metadata":{"a":[2,1]},"#),
        (
            r#""metadata":{"a":12345678901234567890},"#,
            r#""metadata":{"a":12345678901234567891},"#,
        ),
        (
            r#""metadata":{"password":"x"},"#,
            r#""metadata":{"password":"y"},"#,
        ),
        (
            r#""metadata":{"password":"x"},"#,
            r#""metadata":{"secret":"x"},"#,
        ),
        ("", r#""colour":"red","#),
    ] {
        check(first, second, Repetition::Different);
        check(second, first, Repetition::Different);
    }
}

#[test]
fn an_erased_part_is_not_compared_and_the_other_one_is() {
    let other_person = r#""actor":{"id":"7","email":"b@example.com"},"#;
    let other_details = r#""reason":"s","#;
    for left in [Left::Both, Left::Person, Left::Details, Left::Nothing] {
        check_left("", left, "", Repetition::Same);
        let holds = |kept: &[Left]| {
            if kept.contains(&left) {
                Repetition::Different
            } else {
                Repetition::Same
            }
        };
        check_left("", left, other_person, holds(&[Left::Both, Left::Person]));
        check_left("", left, other_details, holds(&[Left::Both, Left::Details]));
        // What the entry commits to is compared whatever was erased.
        check_left(
            "",
            left,
            r#""actor":{"id":"8","email":"a@example.com"},"#,
            Repetition::Different,
        );
    }
}

#[test]
fn a_part_that_was_never_sent_is_no_erased_one() {
    let bare = r#""actor":{},"#;
    check(bare, bare, Repetition::Same);
    check(bare, r#""actor":{"name":"x"},"#, Repetition::Different);
    check(r#""actor":{"name":"x"},"#, bare, Repetition::Different);
    check_left(
        bare,
        Left::Nothing,
        r#""actor":{"name":"x"},"#,
        Repetition::Different,
    );
}

#[test]
fn what_a_newer_masking_rule_hides_is_the_same_and_another_value_is_not() {
    let event =
        whole(r#""metadata":{"password":"x","a":1},"actor":{"name":"n","email":"a@example.com"},"#);
    let other =
        whole(r#""metadata":{"password":"y","a":1},"actor":{"name":"n","email":"a@example.com"},"#);
    let stored = prepared(&event, 1, "aaaa0000", &["/metadata/password"]);
    assert!(String::from_utf8_lossy(&stored.details.as_ref().unwrap().bytes).contains(r#""x""#));
    for (sent, expect) in [(&event, Repetition::Same), (&other, Repetition::Different)] {
        let sent = prepared(sent, 2, "aaaa0000", &[]);
        assert_eq!(compared(&stored, Left::Both, &sent, "aaaa0000"), expect);
    }
}

#[test]
fn an_event_masked_under_another_key_is_told_apart() {
    let event = whole(r#""metadata":{"password":"x"},"#);
    let stored = prepared(&event, 1, "aaaa0000", &[]);
    let under = |kid: &str| compared(&stored, Left::Both, &prepared(&event, 2, kid, &[]), kid);
    assert_eq!(under("bbbb0000"), Repetition::OtherKey);
    // Prepared again under the stored key, as the caller is told to.
    assert_eq!(under("aaaa0000"), Repetition::Same);
    let plain = whole(r#""metadata":{"a":1},"#);
    let stored = prepared(&plain, 1, "aaaa0000", &[]);
    let sent = prepared(&plain, 2, "bbbb0000", &[]);
    assert_eq!(
        compared(&stored, Left::Both, &sent, "bbbb0000"),
        Repetition::Same
    );
}

#[test]
fn damaged_parts_are_never_the_same() {
    let sent = prepared(&whole(""), 2, "aaaa0000", &[]);
    let mut stored = prepared(&whole(""), 1, "aaaa0000", &[]);
    for bytes in [&b""[..], b"[]", b"[\"x\",\"details\",{}]", b"\xff\xff"] {
        stored.details.as_mut().unwrap().bytes = bytes.to_vec();
        assert_eq!(
            compared(&stored, Left::Both, &sent, "aaaa0000"),
            Repetition::Different
        );
    }
}

#[test]
fn what_a_tenant_wants_in_the_clear_is_the_same_however_it_is_spelled() {
    let except = ["/metadata/password"];
    let members = |operation: &str, password: &str| {
        whole(&format!(
            r#""operation":"{operation}","metadata":{{"password":"{password}","n":1}},"#
        ))
    };
    let stored = prepared(&members("env_var.update", "x"), 1, "aaaa0000", &except);
    for (password, expect) in [("x", Repetition::Same), ("y", Repetition::Different)] {
        let event = members("environment_variable.updated", password);
        for exceptions in [&except[..], &[]] {
            let sent = prepared(&event, 2, "aaaa0000", exceptions);
            assert_eq!(compared(&stored, Left::Both, &sent, "aaaa0000"), expect);
        }
    }
}

#[test]
fn a_name_that_a_tenant_made_an_alias_since_is_the_same_event_and_another_name_is_not() {
    let text = |name: &str| {
        format!(
            r#"{{"id":"e1","operation":"{name}","actor":{{"id":"7"}},"resource":{{"type":"parcel","id":"p1"}}}}"#
        )
    };
    let additions = Additions::new(vec![Addition {
        name: "parcel.weighed".to_owned(),
        category: Category::DataAccess,
        severity: Severity::Info,
        description: String::new(),
        aliases: vec!["parcel.on_scales".to_owned()],
    }])
    .unwrap();
    let keys = keys("k1");
    let sent = |name: &str, additions: &Additions| {
        let door = Door {
            keys: &keys,
            key: "vtk_1",
            source: "api",
            mode: Mode::Open,
            additions,
            exceptions: &[],
            idempotency: None,
        };
        prepare(json::parse(text(name).as_bytes()).unwrap(), &door, &Salt(1)).unwrap()
    };
    let stored = sent("Parcel.OnScales", &NO_ADDITIONS);
    for (name, expected) in [
        ("Parcel.OnScales", Repetition::Same),
        ("parcel.on_scales", Repetition::Same),
        ("parcel.weighed", Repetition::Different),
        ("parcel.lost", Repetition::Different),
    ] {
        let again = sent(name, &additions);
        let found = compared(&stored, Left::Both, &again, "k1");
        assert_eq!(found, expected, "{name}");
    }
}
