//! The whole way of an event through the door: what is accepted, where everything a producer said ends up, and that
//! no secret and no person gets into an entry. Secrets are put together at run time.

use std::sync::atomic::{AtomicU64, Ordering};

use base64ct::{Base64, Encoding};

use super::*;
use crate::entry::{Entry, Kind, Opening};
use crate::json;
use crate::name::{LogId, TenantId};
use crate::seal::Head;
use crate::vocabulary::{Addition, Category, Severity};

/// Counts, so that salts differ.
#[derive(Debug, Default)]
struct Counter(AtomicU64);

impl Rng for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            let noise = next.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            chunk.copy_from_slice(&noise[..chunk.len()]);
        }
    }
}

fn keys() -> TenantKeys {
    TenantKeys::new("0011aabb", [1; 32], [2; 32], [3; 32], [4; 32])
}

fn door(keys: &TenantKeys) -> Door<'_> {
    Door {
        keys,
        key: "vtk_test",
        source: "api",
        mode: Mode::Open,
        additions: &vocabulary::NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    }
}

fn prepared(text: &str) -> Result<Prepared, Rejection> {
    let keys = keys();
    prepare(
        json::parse(text.as_bytes())?,
        &door(&keys),
        &Counter::default(),
    )
}

/// The entry as it would stand in a log.
fn entry_of(event: &Prepared) -> String {
    let log = LogId([7; 16]);
    let at = Micros::parse("2026-03-12T15:00:00Z").unwrap();
    let mut head = Head::new(log);
    head.open(&Opening {
        log,
        kind: Kind::Main,
        tenant: TenantId([8; 16]),
        origin: "veritrail.invalid/x".to_owned(),
        vkey: "x+00000000+AQ==".to_owned(),
        recorded_at: at,
        predecessor: None,
    });
    String::from_utf8(head.seal(event, at).entry).unwrap()
}

fn part_text(part: Option<&Part>) -> String {
    part.map(|part| String::from_utf8(part.bytes.clone()).unwrap())
        .unwrap_or_default()
}

fn flags_of(text: &str) -> String {
    prepared(text).unwrap().draft.flags().to_string()
}

const SHORT_FORM: &str = r#"{"id":"evt_a1b2c3d4","timestamp":"2026-03-12T14:32:07.123Z","actor":{"user_id":42,"email":"dev@example.com","ip_address":"198.51.100.23","user_agent":"Mozilla/5.0..."},"operation":"environment_variable.updated","resource":{"type":"environment_variable","id":"var_789","project_id":"proj_456","name":"DATABASE_URL"},"metadata":{"previous_value_hash":"sha256:a1b2c3...","source":"dashboard","request_id":"req_x7y8z9"}}"#;

/// Every field of the design, each once, with values that nothing masks.
const FULL: &str = r#"{"id":"evt_1","timestamp":"2026-03-12T14:32:07.123Z","operation":"project.created",
  "actor":{"type":"api_key","id":"42","email":"a@example.com","name":"Ann","credential_id":"cred_1","team":"core",
           "on_behalf_of":{"type":"user","id":"7","note":"n"}},
  "origin":{"ip":"198.51.100.23","user_agent":"curl/8","device":"laptop","session_id":"s1","network":"office"},
  "resource":{"type":"project","id":"p1","name":"Shop","project_id":"proj_456","tier":"gold"},
  "related":[{"type":"team","id":"t1","name":"Core"}],
  "outcome":{"result":"success","code":"ok","message":"done","hint":"h"},
  "reason":"INC-212","approval":{"by":"Bob","ticket":"T-1"},
  "context":{"application":"web","service":"api","environment":"production","region":"eu","channel":"dashboard","source_action":"Run","pod":"p"},
  "changes":[{"field":"role","before":"viewer","after":"admin","note":{"why":["x"]}}],
  "request_id":"r1","correlation_id":"c1","causation_id":"k1","trace_id":"t1",
  "producer":{"id":"api-3","seq":8412,"zone":"a"},"metadata":{"a":{"b":["c"]},"body":"{\"x\":[\"y\"]}"},"colour":"red"}"#;

#[test]
fn the_short_form_of_the_issue_is_accepted_as_it_stands() {
    let event = prepared(SHORT_FORM).unwrap();
    assert_eq!((event.id.as_str(), event.fresh_id), ("evt_a1b2c3d4", false));
    let text = entry_of(&event);
    let entry = Entry::parse(text.as_bytes()).unwrap();
    assert_eq!(
        (
            entry.actor_type,
            entry.operation,
            entry.resource_type,
            entry.key,
            entry.source
        ),
        (
            "user",
            "environment_variable.updated",
            "environment_variable",
            "vtk_test",
            "api"
        )
    );
    assert_eq!(entry.flags, ["masked"]);
    assert_eq!(
        entry.occurred_at.unwrap().to_string(),
        "2026-03-12T14:32:07.123000Z"
    );
    assert_eq!(
        entry.actor_ref,
        Some(keys().reference("user", "42").as_str())
    );
    let person = value_text(&event, Label::Person);
    assert_eq!(
        person,
        r#"{"actor":{"email":"dev@example.com","id":"42"},"origin":{"ip":"198.51.100.23","user_agent":"Mozilla/5.0..."}}"#
    );
    let mask = keys().masked(
        "environment_variable",
        "var_789",
        "/metadata/previous_value_hash",
        "sha256:a1b2c3...",
    );
    assert_eq!(
        value_text(&event, Label::Details),
        format!(
            r#"{{"context":{{"channel":"dashboard"}},"masked":["/metadata/previous_value_hash"],"metadata":{{"previous_value_hash":"{mask}","request_id":"req_x7y8z9","source":"dashboard"}},"request_id":"req_x7y8z9","resource":{{"id":"var_789","name":"DATABASE_URL","project_id":"proj_456"}}}}"#
        )
    );
    let remarks: Vec<_> = event
        .warnings
        .iter()
        .map(|it| (it.code, it.pointer.as_str()))
        .collect();
    assert_eq!(remarks, [("masked", "/metadata/previous_value_hash")]);
}

fn value_text(event: &Prepared, label: Label) -> &str {
    crate::part::value_text(label, &event.part(label).unwrap().bytes).unwrap()
}

#[test]
fn pseudonyms_are_equal_across_the_short_and_the_long_form() {
    let long = r#"{"operation":"environment_variable.updated","actor":{"type":"user","id":"42"},
        "resource":{"type":"environment_variable","id":"var_789","project_id":"proj_456"},"producer":{"id":"proj_456"}}"#;
    let texts = [SHORT_FORM, long].map(|text| entry_of(&prepared(text).unwrap()));
    let [short, long] = texts
        .each_ref()
        .map(|text| Entry::parse(text.as_bytes()).unwrap());
    assert_eq!(short.actor_ref, long.actor_ref);
    assert_eq!(short.resource_ref, long.resource_ref);
    assert_eq!(short.project_ref, long.project_ref);
    assert_ne!(
        long.producer_ref, long.project_ref,
        "the type is part of the pseudonym"
    );
    assert_ne!(short.actor_ref, short.resource_ref);
    assert!(!texts.concat().contains("proj_456"));
}

#[test]
fn a_name_that_is_not_canonical_is_stored_under_its_canonical_one_or_as_it_is() {
    let named =
        |name: &str| format!(r#"{{"operation":"{name}","actor":{{}},"resource":{{"type":"x"}}}}"#);
    for (sent, stored, flags) in [
        (
            "environment_variable.updated",
            "environment_variable.updated",
            "",
        ),
        ("env_var.update", "environment_variable.updated", "alias"),
        ("DeploymentCreated", "deployment.created", "alias"),
        (
            "warehouse.restocked",
            "warehouse.restocked",
            "unknown_operation",
        ),
        (
            "Warehouse-Restocked",
            "warehouse.restocked",
            "unknown_operation",
        ),
    ] {
        let event = prepared(&named(sent)).unwrap();
        let text = entry_of(&event);
        assert_eq!(
            Entry::parse(text.as_bytes()).unwrap().operation,
            stored,
            "{sent}"
        );
        assert_eq!(event.draft.flags().to_string(), flags, "{sent}");
        assert_eq!(event.warnings.is_empty(), flags.is_empty(), "{sent}");
        let details = part_text(event.details.as_ref());
        assert_eq!(
            details.contains(&format!(r#""operation_as_sent":"{sent}""#)),
            sent != stored,
            "{sent}"
        );
    }
}

#[test]
fn a_name_that_the_tenant_added_needs_no_flag_even_where_only_known_names_are_taken() {
    let additions = Additions::new(vec![Addition {
        name: "warehouse.restocked".to_owned(),
        category: Category::DataAccess,
        severity: Severity::Info,
        description: String::new(),
        aliases: vec!["Refill".to_owned(), "warehouse.refilled".to_owned()],
    }])
    .unwrap();
    let keys = keys();
    for (sent, mode, flags) in [
        ("warehouse.restocked", Mode::Open, ""),
        ("warehouse.restocked", Mode::Strict, ""),
        ("Warehouse-Restocked", Mode::Open, "alias"),
        ("refill", Mode::Open, "alias"),
    ] {
        let door = Door {
            mode,
            additions: &additions,
            ..door(&keys)
        };
        let text = format!(r#"{{"operation":"{sent}","actor":{{}},"resource":{{"type":"x"}}}}"#);
        let value = json::parse(text.as_bytes()).unwrap();
        let event = prepare(value, &door, &Counter::default()).unwrap();
        let entry = entry_of(&event);
        let entry = Entry::parse(entry.as_bytes()).unwrap();
        assert_eq!(entry.operation, "warehouse.restocked", "{sent}");
        assert_eq!(event.draft.flags().to_string(), flags, "{sent}");
        assert_eq!(event.warnings.is_empty(), flags.is_empty(), "{sent}");
        let details = part_text(event.details.as_ref());
        assert_eq!(
            details.contains(&format!(r#""operation_as_sent":"{sent}""#)),
            !flags.is_empty(),
            "{sent}"
        );
    }
    let door = Door {
        mode: Mode::Strict,
        additions: &additions,
        ..door(&keys)
    };
    let text = r#"{"operation":"refill","actor":{},"resource":{"type":"x"}}"#;
    let value = json::parse(text.as_bytes()).unwrap();
    let rejection = prepare(value, &door, &Counter::default()).unwrap_err();
    assert_eq!(rejection.reason, Reason::UnknownOperation);
    assert!(
        rejection.to_string().contains("use `warehouse.restocked`"),
        "{rejection}"
    );
}

/// Refused with this reason and pointer, under these rules.
fn check_refused(text: &str, mode: Mode, reason: Reason, pointer: &str) {
    let keys = keys();
    let door = Door {
        mode,
        ..door(&keys)
    };
    let value = json::parse(text.as_bytes()).unwrap();
    let rejection = prepare(value, &door, &Counter::default()).unwrap_err();
    assert_eq!(
        (rejection.reason, rejection.pointer.as_str()),
        (reason, pointer),
        "{text:.90}: {rejection}"
    );
}

#[test]
fn names_that_may_not_be_used_are_refused_by_their_own_pointer() {
    let named = |field: &str, name: &str| {
        format!(r#"{{"{field}":"{name}","actor":{{}},"resource":{{"type":"x"}}}}"#)
    };
    let long = "a.".repeat(70);
    for (mode, field, name, reason) in [
        (
            Mode::Open,
            "operation",
            "veritrail.log.created",
            Reason::ReservedOperation,
        ),
        (
            Mode::Open,
            "action",
            "VeritrailKeyCreated",
            Reason::ReservedOperation,
        ),
        (
            Mode::Open,
            "operation",
            "veri-trail:x",
            Reason::ReservedOperation,
        ),
        (Mode::Open, "operation", "created", Reason::BadOperation),
        (Mode::Open, "operation", "", Reason::BadOperation),
        (Mode::Open, "action", "a.b.c.d.e", Reason::BadOperation),
        (Mode::Open, "operation", "täst.done", Reason::BadOperation),
        (Mode::Open, "operation", "a.b\\u0000c", Reason::BadOperation),
        (Mode::Open, "operation", &long, Reason::TooLong),
        (
            Mode::Strict,
            "operation",
            "env_var.update",
            Reason::UnknownOperation,
        ),
        (
            Mode::Strict,
            "action",
            "warehouse.restocked",
            Reason::UnknownOperation,
        ),
        (
            Mode::Strict,
            "operation",
            "veritrail.x",
            Reason::ReservedOperation,
        ),
    ] {
        check_refused(&named(field, name), mode, reason, &format!("/{field}"));
    }
    let value = json::parse(SHORT_FORM.as_bytes()).unwrap();
    let keys = keys();
    let rejection = prepare_own(value, &door(&keys), &Counter::default()).unwrap_err();
    assert_eq!(
        (rejection.reason, rejection.pointer.as_str()),
        (Reason::UnknownOperation, "/operation")
    );
    let own = named("operation", "veritrail.log.created");
    let value = json::parse(own.as_bytes()).unwrap();
    assert!(prepare_own(value, &door(&keys), &Counter::default()).is_ok());
}

#[test]
fn parts_over_the_limit_are_refused_naming_the_largest_member() {
    let base = |rest: String| {
        format!(r#"{{"operation":"a.b","actor":{{}},"resource":{{"type":"x"}},{rest}}}"#)
    };
    let text = base(format!(
        r#""reason":"r","metadata":{{"a":"{}"}}"#,
        "x".repeat(PART_BYTES_MAX)
    ));
    check_refused(&text, Mode::Open, Reason::PartTooLarge, "/metadata");
    let text = base(format!(r#""extra_{}":1"#, "x".repeat(PART_BYTES_MAX)));
    check_refused(&text, Mode::Open, Reason::PartTooLarge, "/extra");
    let fits = base(format!(
        r#""metadata":{{"a":"{}"}}"#,
        "x y ".repeat((PART_BYTES_MAX - 200) / 4)
    ));
    assert!(prepared(&fits).is_ok());
}

#[test]
fn an_id_that_cannot_be_kept_is_replaced_by_one_that_the_same_event_gets_again() {
    let with_id = |id: &str| {
        format!(
            r#"{{"id":"{id}","operation":"deployment.created","actor":{{}},"resource":{{"type":"x"}}}}"#
        )
    };
    for id in ["a", "A-z_9", "evt_a1b2c3d4", &"x".repeat(64)] {
        let event = prepared(&with_id(id)).unwrap();
        assert_eq!((event.id.as_str(), event.fresh_id), (id, false));
    }
    let token = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    for id in ["a b", "vt-x", "é", "a/b", &"x".repeat(65), &token] {
        let event = prepared(&with_id(id)).unwrap();
        assert_eq!(event.id, keys().event_id("id", "api", id));
        assert!(
            event.draft.flags().has(Flags::ID_REPLACED) && !event.fresh_id,
            "{id}"
        );
        assert_eq!(event.warnings[0].code, "id_replaced");
        let details = part_text(event.details.as_ref());
        assert_eq!(
            details.contains(&format!(r#""original_id":"{id}""#)),
            id != token,
            "{details}"
        );
        assert!(!details.contains(&token) && !entry_of(&event).contains(&token));
    }
    let without = r#"{"operation":"a.b","actor":{},"resource":{"type":"x"}}"#;
    let fresh = prepared(without).unwrap();
    assert!(fresh.fresh_id && fresh.id.starts_with("vt-"));
    let keys = keys();
    let by_key = |index| {
        let door = Door {
            idempotency: Some(("req 1", index)),
            ..door(&keys)
        };
        prepare(
            json::parse(without.as_bytes()).unwrap(),
            &door,
            &Counter::default(),
        )
        .unwrap()
    };
    assert_eq!(
        by_key(3).id,
        keys.event_id("idempotency-key", "api", "req 1#3")
    );
    assert_ne!(by_key(3).id, by_key(4).id);
    assert!(!by_key(3).fresh_id);
}

/// The pointers of all strings in a value, in order.
fn string_places(value: &Value<'_>, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                string_places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                string_places(item, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// The event with `text` put at a place.
fn with_string(value: &Value<'_>, place: &str, text: &str) -> String {
    fn put(value: &mut Value<'_>, path: &[&str], text: &str) {
        match (value, path) {
            (found, []) => *found = Value::string(text.to_owned()),
            (Value::Array(items), [index, rest @ ..]) => {
                put(&mut items[index.parse::<usize>().unwrap()], rest, text);
            }
            (Value::Object(members), [name, rest @ ..]) => {
                let found = members.iter_mut().find(|(known, _)| known == name);
                put(&mut found.unwrap().1, rest, text);
            }
            other => panic!("no such place: {other:?}"),
        }
    }
    let mut value = value.clone();
    put(
        &mut value,
        &place.split('/').skip(1).collect::<Vec<_>>(),
        text,
    );
    value.to_compact()
}

/// Everything that leaves the door: entry, parts, warnings, or the refusal.
fn everything(text: &str) -> String {
    match prepared(text) {
        Ok(event) => format!(
            "{} {} {} {} {:?}",
            entry_of(&event),
            event.id,
            part_text(event.person.as_ref()),
            part_text(event.details.as_ref()),
            event.warnings
        ),
        Err(rejection) => format!("{rejection} {rejection:?}"),
    }
}

/// Texts that hide `secret`, and what must not be seen of each.
fn hiding_places(secret: &str) -> Vec<(String, Vec<String>)> {
    let json = format!(r#"{{"Password":"{secret}"}}"#);
    let mut nested = String::new();
    json::write_string(&format!(r#"{{"inner":[{json}]}}"#), &mut nested);
    let hidden = Base64::encode_string(json.as_bytes());
    let plain = |text: String| (text, vec![secret.to_owned()]);
    vec![
        plain(format!("postgres://app:{secret}@db/x")),
        plain(format!("https://h/?api_key={secret}&x=1")),
        plain(format!("X-Api-Key: {secret}")),
        plain(format!("DB_PASSWORD={secret}")),
        plain(json.clone()),
        plain(nested),
        plain(format!("[{{\"name\":\"token\",\"value\":\"{secret}\"}}]")),
        (
            format!("blob {hidden} end"),
            vec![secret.to_owned(), hidden],
        ),
    ]
}

#[test]
fn a_secret_in_any_string_of_an_event_is_nowhere_to_be_found() {
    let token = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    let password = ["correct", "horse", "4711"].join("-");
    let mut forms = hiding_places(&token);
    forms.extend(hiding_places(&password));
    forms.push((token.clone(), vec![token.clone()]));
    forms.push((format!("see {token}."), vec![token]));
    let full = json::parse(FULL.as_bytes()).unwrap();
    let mut places = Vec::new();
    string_places(&full, "", &mut places);
    assert!(places.len() >= 45, "{}", places.len());
    for place in &places {
        for (text, unseen) in &forms {
            let event = with_string(&full, place, text);
            let out = everything(&event);
            for secret in unseen {
                assert!(!out.contains(secret.as_str()), "{place}: {text}\n{out}");
            }
        }
    }
}

#[test]
fn secrets_in_numbers_names_and_sensitive_changes_are_nowhere_to_be_found() {
    let token = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    let number = ["8675", "3090", "4711"].concat();
    for members in [
        format!(r#""resource":{{"type":"project"}},"metadata":{{"{token}":1}}"#),
        format!(r#""resource":{{"type":"project"}},"{token}":1"#),
        format!(r#""resource":{{"type":"project"}},"metadata":{{"PIN":{number}}}"#),
        format!(
            r#""resource":{{"type":"project"}},"metadata":{{"passwords":[{number},[{number}]]}}"#
        ),
        format!(r#""resource":{{"type":"secret"}},"changes":[{{"field":"v","after":{number}}}]"#),
        format!(
            r#""resource":{{"type":"api_key"}},"changes":[{{"field":"v","before":{{"a":[{number}]}}}}]"#
        ),
        format!(
            r#""resource":{{"type":"environment_variable"}},"changes":[{{"field":"v","x":["{number}"]}}]"#
        ),
        format!(r#""resource":{{"type":"token"}},"metadata":{{"old_value":"{number}"}}"#),
    ] {
        let event = format!(r#"{{"operation":"project.updated","actor":{{}},{members}}}"#);
        let out = everything(&event);
        assert!(out.contains("[masked:"), "{members}\n{out}");
        assert!(
            !out.contains(&token) && !out.contains(&number),
            "{members}\n{out}"
        );
    }
}

#[test]
fn a_change_is_masked_whatever_the_operation_was_called() {
    for operation in [
        "environment_variable.updated",
        "env_var.update",
        "EnvironmentVariableUpdated",
    ] {
        let event = format!(
            r#"{{"operation":"{operation}","actor":{{}},"resource":{{"type":"project"}},"changes":[{{"field":"x","after":"plain"}}]}}"#
        );
        let out = everything(&event);
        assert!(out.contains("[masked:") && !out.contains("plain"), "{out}");
    }
}

#[test]
fn a_refusal_does_not_show_what_a_member_name_hides() {
    let token = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    let out = everything(&format!(r#"{{"metadata":{{"{token}":{{"a":1,"a":2}}}}}}"#));
    assert!(
        out.starts_with("/metadata/…/a: ") && !out.contains(&token),
        "{out}"
    );
}

#[test]
fn a_person_in_any_string_of_an_event_is_in_the_parts_only() {
    let canary = "canary.person@example.com";
    let full = json::parse(FULL.as_bytes()).unwrap();
    let mut places = Vec::new();
    string_places(&full, "", &mut places);
    let mut refused = Vec::new();
    for place in &places {
        match prepared(&with_string(&full, place, canary)) {
            Ok(event) => {
                assert!(!entry_of(&event).contains("canary"), "{place}");
                let parts = part_text(event.person.as_ref()) + &part_text(event.details.as_ref());
                assert!(parts.contains(canary), "{place} was lost: {parts}");
                assert!(
                    !format!("{:?}", event.warnings).contains("canary"),
                    "{place}"
                );
            }
            Err(rejection) => {
                assert!(
                    !format!("{rejection} {rejection:?}").contains("canary"),
                    "{place}"
                );
                assert_eq!(&rejection.pointer.replace("/outcome/result", place), place);
                refused.push(place.as_str());
            }
        }
    }
    assert_eq!(
        refused,
        [
            "/timestamp",
            "/operation",
            "/actor/type",
            "/origin/ip",
            "/resource/type",
            "/outcome/result"
        ]
    );
}

#[test]
fn flags_say_what_the_door_found() {
    assert_eq!(flags_of(FULL), "");
    assert_eq!(
        flags_of(
            r#"{"id":"a b","operation":"Env_Var.Update","actor":{},"resource":{"type":"x"},"metadata":{"h":"md5:aabbccdd"}}"#
        ),
        "alias id_replaced masked"
    );
}

#[test]
fn salts_are_never_used_twice() {
    let keys = keys();
    let rng = Counter::default();
    let door = door(&keys);
    let mut digests = Vec::new();
    for _ in 0..50 {
        let event = prepare(json::parse(SHORT_FORM.as_bytes()).unwrap(), &door, &rng).unwrap();
        digests.extend(
            [event.person, event.details]
                .into_iter()
                .flatten()
                .map(|part| part.digest),
        );
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 100);
}

/// What a mutation puts into the text: JSON's own letters, and pieces that have meant trouble elsewhere.
const PIECES: [&str; 16] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "null",
    "1e999",
    "-0",
    "\\\"",
    "sha256:aaaa",
    "\n",
];

#[test]
fn no_mutation_of_an_event_breaks_the_door() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    let seeds = [FULL, SHORT_FORM].map(str::as_bytes);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..20_000 {
        let mut text = seeds[round % 2].to_vec();
        for _ in 0..=next(2) {
            let at = next(text.len());
            match next(6) {
                0 => text[at] = u8::try_from(next(256)).unwrap(),
                1 => text[at] = b' ' + u8::try_from(next(95)).unwrap(),
                2 => drop(text.remove(at)),
                3 => drop(text.splice(at..at, PIECES[next(PIECES.len())].bytes())),
                4 => {
                    let end = (at + next(24)).min(text.len());
                    let copy = text[at..end].to_vec();
                    let to = next(text.len());
                    drop(text.splice(to..to, copy));
                }
                _ => drop(text.drain(at..(at + next(12)).min(text.len()))),
            }
        }
        let Ok(value) = json::parse(&text) else {
            refused += 1;
            continue;
        };
        let keys = keys();
        match prepare(value, &door(&keys), &Counter::default()) {
            Ok(event) => {
                accepted += 1;
                let bytes = entry_of(&event);
                assert!(bytes.len() <= crate::limits::ENTRY_BYTES_MAX);
                let entry = Entry::parse(bytes.as_bytes()).unwrap();
                assert_eq!(entry.id, event.id);
                for label in Label::ALL {
                    if let Some(part) = event.part(label) {
                        assert!(crate::part::value_of(label, &part.bytes).is_ok());
                    }
                }
            }
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 4_000 && refused > 4_000, "{accepted} {refused}");
}

#[test]
fn what_is_too_large_is_cut_for_vendors_and_refused_for_producers() {
    let keys = keys();
    let token = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    let long = format!("{}{token} {}", "x ".repeat(40_000), "y ".repeat(400_000));
    let event = |text: &str| {
        format!(
            r#"{{"operation":"secret.read","actor":{{"id":"1"}},"resource":{{"type":"secret","id":"s"}},"metadata":{{"a":"{text}","b":"{long}","c":"short"}}}}"#
        )
    };
    let text = event("z");
    let rng = Counter::default();
    let value = json::parse(text.as_bytes()).unwrap();
    assert_eq!(
        prepare(value.clone(), &door(&keys), &rng)
            .unwrap_err()
            .reason,
        Reason::PartTooLarge
    );
    let cut = prepare_cut(value, &door(&keys), &rng).unwrap();
    let part = String::from_utf8(cut.part(Label::Details).unwrap().bytes.clone()).unwrap();
    assert!(part.len() <= PART_BYTES_MAX);
    assert!(cut.draft.flags().has(Flags::TRUNCATED));
    assert!(part.contains("…[cut:") && part.contains("short"));
    assert!(!part.contains(&token) && !part.contains("gh"));
    assert!(cut.warnings.iter().any(|it| it.code == "truncated"));
    // Ten thousand members: nothing is long, all of it together is.
    let many: Vec<String> = (0..19_000)
        .map(|at| format!(r#""{at}":"{at} {at} {at} {at}""#))
        .collect();
    let text = text.replacen(r#""a":"z""#, &format!(r#""a":{{{}}}"#, many.join(",")), 1);
    let value = json::parse(text.as_bytes()).unwrap();
    let cut = prepare_cut(value, &door(&keys), &rng).unwrap();
    assert!(cut.part(Label::Details).unwrap().bytes.len() <= PART_BYTES_MAX);
}
