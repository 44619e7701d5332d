//! Deliveries of vendors who can't be trusted with a byte: every fixture bent, cut and filled in every place. Nothing panics,
//! and whatever becomes an event is one that the door takes.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot read its own files has nothing to say; one claim is about time"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use connectors::{Delivery, Event, Item, Unreadable, Vendor};
use serde_json::{Value, json};

const VENDORS: [Vendor; 2] = [Vendor::Github, Vendor::Gitlab];

struct Fixture {
    path: PathBuf,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Fixture {
    fn headers(&self) -> Vec<(&str, &str)> {
        let pairs = self.headers.iter();
        pairs.map(|(name, value)| (&**name, &**value)).collect()
    }
}

fn fixtures(vendor: Vendor) -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut fixtures = Vec::new();
    for entry in std::fs::read_dir(folder.join(vendor.name())).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let headers = std::fs::read_to_string(path.with_extension("headers")).unwrap_or_default();
        fixtures.push(Fixture {
            headers: headers
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: std::fs::read(&path).unwrap(),
            path,
        });
    }
    assert!(
        fixtures.len() >= 14,
        "{vendor}: {} fixtures",
        fixtures.len()
    );
    fixtures
}

/// Reads as the server would; an event must be one that the door takes.
fn read(vendor: Vendor, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<Event>, Unreadable> {
    let reading = vendor.read(&Delivery { headers, body })?;
    let events: Vec<Event> = reading.events().cloned().collect();
    for event in &events {
        if let Err(rejection) = ledger::event::read(event.to_value()) {
            panic!(
                "{vendor}: the door refuses: {rejection}\n{}",
                event.to_value().to_compact()
            );
        }
    }
    Ok(events)
}

#[test]
fn a_value_of_any_kind_in_any_place_is_no_panic_and_no_event_that_the_door_refuses() {
    let long = "é\u{7}\u{202e}".repeat(3_000);
    let bad = [
        json!(null),
        json!(true),
        json!(-1),
        json!(""),
        json!(long),
        json!([]),
        json!([{"id": [1], "login": {}, "from": 1}]),
        json!({}),
        json!({"from": {"from": {"a": {"b": {"c": {"d": {"e": 1}}}}}}, "id": "\u{0}", "name": "\u{1b}[2J"}),
    ];
    let mut tried = 0;
    for vendor in VENDORS {
        for fixture in fixtures(vendor) {
            let body: Value = serde_json::from_slice(&fixture.body).unwrap();
            let mut pointers = Vec::new();
            places(&body, &mut String::new(), &mut pointers);
            for pointer in pointers {
                for value in &bad {
                    let mut bent = body.clone();
                    *bent.pointer_mut(&pointer).unwrap() = value.clone();
                    let bent = serde_json::to_vec(&bent).unwrap();
                    let _ = read(vendor, &fixture.headers(), &bent);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

/// JSON pointers of every value.
fn places(value: &Value, at: &mut String, out: &mut Vec<String>) {
    out.push(at.clone());
    let length = at.len();
    let mut deeper = |name: &str, value: &Value| {
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        places(value, at, out);
        at.truncate(length);
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                deeper(&index.to_string(), item);
            }
        }
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| deeper(name, member)),
        _ => {}
    }
}

#[test]
fn what_is_cut_off_is_unreadable_at_every_byte() {
    for vendor in VENDORS {
        for fixture in fixtures(vendor).iter().take(4) {
            let whole = fixture.body.trim_ascii_end().len();
            for cut in 0..whole {
                let error = read(vendor, &fixture.headers(), &fixture.body[..cut]);
                assert!(
                    matches!(error, Err(Unreadable::Json(_))),
                    "{}: {cut} bytes",
                    fixture.path.display()
                );
            }
        }
    }
}

#[test]
fn what_is_no_object_or_says_a_thing_twice_is_unreadable() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for vendor in VENDORS {
        let headers = [("X-GitHub-Event", "push")];
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"\"push\"",
            b"not JSON",
            b"{\"ref\":\"\xff\xfe\"}",
            br#"{"ref":"a","ref":"b"}"#,
            br#"{"ref":"\ud800"}"#,
            br#"{"ref":1}{"ref":2}"#,
            b"payload=%7B%22ref",
            deep.as_bytes(),
        ] {
            let error = read(vendor, &headers, body);
            assert!(
                error.is_err(),
                "{vendor}: {:?}",
                String::from_utf8_lossy(body)
            );
        }
    }
}

/// The largest that GitHub sends: 25 MB and 2,048 commits.
#[test]
fn the_largest_push_is_read_in_bounded_time_and_becomes_a_small_event() {
    let files: Vec<String> = (0..120)
        .map(|file| format!("src/some/folder/file-{file}.rs"))
        .collect();
    let commits: Vec<Value> = (0..2_048)
        .map(|index| {
            json!({
                "id": format!("{index:040x}"),
                "message": "m".repeat(4_000),
                "timestamp": "2026-03-12T14:00:00Z",
                "author": {"name": "Ana Silva", "email": "ana@example.com"},
                "added": files, "removed": files, "modified": [],
            })
        })
        .collect();
    let github = json!({
        "ref": "refs/heads/main", "before": "1".repeat(40), "after": "2".repeat(40), "created": false,
        "deleted": false, "forced": false, "commits": commits,
        "repository": {"id": 1, "full_name": "acme/web", "pushed_at": 1_773_325_927},
        "sender": {"id": 7, "login": "mira", "type": "User"},
    });
    let gitlab = json!({
        "object_kind": "push", "ref": "refs/heads/main", "before": "1".repeat(40), "after": "2".repeat(40),
        "project_id": 1, "commits": commits, "user_id": 7, "user_username": "mira",
    });
    for (vendor, body) in [(Vendor::Github, github), (Vendor::Gitlab, gitlab)] {
        let body = serde_json::to_vec(&body).unwrap();
        assert!(body.len() > 20_000_000 && body.len() < connectors::limits::BODY_BYTES_MAX);
        let start = Instant::now();
        let events = read(vendor, &[("X-GitHub-Event", "push")], &body).unwrap();
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
        let text = events[0].to_value().to_compact();
        assert_eq!(events[0].operation, "code.pushed");
        assert!(text.contains("\"commit_count\":2048"), "{text}");
        assert!(text.len() < 8_000, "{} bytes", text.len());
        assert!(!text.contains("Ana") && !text.contains("ana@"), "{text}");
    }
}

#[test]
fn no_fixture_leaves_a_secret_or_the_address_of_somebody_else() {
    for vendor in VENDORS {
        for fixture in fixtures(vendor) {
            for mut event in read(vendor, &fixture.headers(), &fixture.body).unwrap_or_default() {
                event.actor.email = None;
                let text = event.to_value().to_compact();
                for left_out in [
                    "@example.com",
                    "left-out-of-it",
                    "the-secret-that-was-found",
                    "not-for-us",
                    "not-to-be-kept",
                    "ssh-ed25519",
                    "hooks.example.com",
                    "Ana Silva",
                    "Long text",
                    "prose",
                ] {
                    let name = fixture.path.display();
                    assert!(!text.contains(left_out), "{name} holds {left_out}: {text}");
                }
            }
        }
    }
}

fn item(event: &str, delivery: &str, body: &[u8]) -> Item {
    let headers = [("x-github-event", event), ("X-GitHub-Delivery", delivery)];
    let delivery = Delivery {
        headers: &headers,
        body,
    };
    let mut items = Vendor::Github.read(&delivery).unwrap().items;
    assert_eq!(items.len(), 1);
    items.remove(0)
}

const DELETED: &[u8] =
    br#"{"ref":"main","ref_type":"branch","pusher_type":"user","sender":{"id":7,"login":"mira"},
    "repository":{"id":1,"full_name":"acme/web"}}"#;

#[test]
fn a_replay_under_another_delivery_is_the_same_event_to_the_byte() {
    let [first, second] = ["a", "b"].map(|delivery| match item("delete", delivery, DELETED) {
        Item::Event(event) => event.to_value().to_compact(),
        other => panic!("{other:?}"),
    });
    assert_eq!(first, second);
}

#[test]
fn a_deletion_can_not_be_told_as_a_creation() {
    for event in [
        "create",
        "push",
        "repository",
        "public",
        "ping",
        "pull_request",
    ] {
        let Item::Refused(refusal) = item(event, "a", DELETED) else {
            panic!("{event}");
        };
        assert_eq!(refusal.rule, "github.shape");
        assert!(!refusal.expected.contains("main"), "repeats what was sent");
    }
}

#[test]
fn a_delivery_without_a_well_formed_event_name_is_unreadable() {
    for headers in [
        &[][..],
        &[("X-GitHub-Event", "")],
        &[("X-GitHub-Event", "push\r\nx: y")],
        &[("X-GitHub-Event", "Push")],
        &[("X-GitHub-Event", "é")],
        &[("X-GitHub-Event", &"a".repeat(65))],
    ] {
        let error = read(Vendor::Github, headers, DELETED).unwrap_err();
        assert_eq!(
            error,
            Unreadable::Header {
                name: "X-GitHub-Event"
            }
        );
    }
}

#[test]
fn a_form_and_plain_json_are_one_event() {
    let mut form = "payload=".to_owned();
    for byte in DELETED {
        write!(form, "%{byte:02x}").unwrap();
    }
    let [plain, form] = [DELETED, form.as_bytes()].map(|body| match item("delete", "a", body) {
        Item::Event(event) => event.id,
        other => panic!("{other:?}"),
    });
    assert_eq!(plain, form);
}

#[test]
fn nobody_named_as_sender_is_nobody_blamed() {
    let body = br#"{"action":"published","security_advisory":{"ghsa_id":"GHSA-x"}}"#;
    let Item::Event(event) = item("security_advisory", "a", body) else {
        panic!("no event");
    };
    assert_eq!(
        (event.actor.kind, event.actor.id.as_deref()),
        ("system", Some("github"))
    );
}

#[test]
fn gitlabs_repeated_bodies_are_told_apart_by_its_key_and_retries_are_not() {
    let body = br#"{"object_kind":"feature_flag","object_attributes":{"id":6,"active":true}}"#;
    let id = |headers: &[(&str, &str)]| read(Vendor::Gitlab, headers, body).unwrap().remove(0).id;
    let retry = [("Idempotency-Key", "k1"), ("X-Gitlab-Event-UUID", "u2")];
    assert_eq!(
        id(&[("Idempotency-Key", "k1"), ("X-Gitlab-Event-UUID", "u1")]),
        id(&retry)
    );
    assert_ne!(
        id(&[("Idempotency-Key", "k1")]),
        id(&[("Idempotency-Key", "k2")])
    );
    assert_ne!(
        id(&[("X-Gitlab-Event-UUID", "u1")]),
        id(&[("X-Gitlab-Event-UUID", "u2")])
    );
    assert_eq!(id(&[]), id(&[]));
}
