//! Reading: every accepted form gives the same event, every refusal names the field as it was sent.

use super::*;
use crate::json;
use crate::rejection::{Reason, Rejection};

fn read_text(text: &str) -> Result<Event<'_>, Rejection> {
    read(json::parse(text.as_bytes())?)
}

/// Everything the entry and the parts are made from, as text.
fn told(text: &str) -> String {
    let event = read_text(text).unwrap();
    format!(
        "id={:?} at={:?} op={} actor={}:{:?} resource={}:{:?} project={:?} outcome={:?} producer={:?}#{:?}\nperson {}\ndetails {}",
        event.id,
        event.timestamp.map(|at| at.to_string()),
        event.operation,
        event.actor.kind,
        event.actor.id,
        event.resource.kind,
        event.resource.id,
        event.project_id,
        event.outcome,
        event.producer_id,
        event.producer_seq,
        Value::Object(event.person).to_compact(),
        Value::Object(event.details).to_compact(),
    )
}

/// A whole event around `members`, which come with a comma behind.
fn around(members: &str) -> String {
    let mut text = format!("{{{members}");
    for (name, rest) in [
        ("\"operation\":", "\"deployment.created\""),
        ("\"actor\":", "{\"id\":\"7\"}"),
        ("\"resource\":", "{\"type\":\"deployment\"}"),
    ] {
        let other = match name {
            "\"operation\":" => "\"action\":",
            "\"resource\":" => "\"targets\":",
            _ => name,
        };
        if !members.contains(name) && !members.contains(other) {
            text.push_str(name);
            text.push_str(rest);
            text.push(',');
        }
    }
    text.pop();
    text.push('}');
    text
}

/// The members read as `expect` does: another form of the same event.
fn check(members: &str, expect: &str) {
    assert_eq!(told(&around(members)), told(&around(expect)), "{members}");
}

fn refused(members: &str, reason: Reason, pointer: &str) {
    let text = around(members);
    let rejection = match read_text(&text) {
        Err(rejection) => rejection,
        Ok(event) => panic!("{text} was accepted: {event:?}"),
    };
    assert_eq!(
        (rejection.reason, rejection.pointer.as_str()),
        (reason, pointer),
        "{text}: {rejection}"
    );
    assert!(rejection.expected.starts_with("expected "), "{rejection}");
}

#[test]
fn the_short_form_is_read_as_the_canonical_one() {
    let short = r#"{"id":"evt_a1b2c3d4","timestamp":"2026-03-12T14:32:07.123Z","actor":{"user_id":42,"email":"dev@example.com","ip_address":"198.51.100.23","user_agent":"Mozilla/5.0..."},"operation":"environment_variable.updated","resource":{"type":"environment_variable","id":"var_789","project_id":"proj_456","name":"DATABASE_URL"},"metadata":{"previous_value_hash":"sha256:a1b2c3...","source":"dashboard","request_id":"req_x7y8z9"}}"#;
    let canonical = r#"{"id":"evt_a1b2c3d4","timestamp":"2026-03-12T14:32:07.123Z","operation":"environment_variable.updated",
        "actor":{"type":"user","id":"42","email":"dev@example.com"},"origin":{"ip":"198.51.100.23","user_agent":"Mozilla/5.0..."},
        "resource":{"type":"environment_variable","id":"var_789","project_id":"proj_456","name":"DATABASE_URL"},
        "context":{"channel":"dashboard"},"request_id":"req_x7y8z9",
        "metadata":{"previous_value_hash":"sha256:a1b2c3...","source":"dashboard","request_id":"req_x7y8z9"}}"#;
    assert_eq!(told(short), told(canonical));
    assert!(read_text(short).unwrap().warnings.is_empty());
}

#[test]
fn other_names_for_the_same_member_are_accepted() {
    check(
        r#""action":"deployment.created","#,
        r#""operation":"deployment.created","#,
    );
    check(
        r#""occurred_at":"2026-03-12T14:32:07Z","#,
        r#""timestamp":"2026-03-12T14:32:07Z","#,
    );
    check(
        r#""targets":[{"type":"a","id":1},{"type":"b","id":"2"}],"related":[{"type":"c"}],"#,
        r#""resource":{"type":"a","id":"1"},"related":[{"type":"b","id":"2"},{"type":"c"}],"#,
    );
    check(
        r#""actor":{"user_id":"42"},"#,
        r#""actor":{"id":42,"type":"user"},"#,
    );
    check(
        r#""actor":{"id":42,"user_id":"42"},"#,
        r#""actor":{"id":"42"},"#,
    );
    check(
        r#""actor":{"ip_address":"203.0.113.9:4711","user_agent":"curl"},"#,
        r#""actor":{},"origin":{"ip":"203.0.113.9:4711","user_agent":"curl"},"#,
    );
    // In its usual notation for looking up, and as it was said.
    let told = told(&around(r#""origin":{"ip":"2001:DB8::0:1"},"#));
    let both = r#""origin":{"ip":"2001:db8::1","ip_as_sent":"2001:DB8::0:1"}"#;
    assert!(told.contains(both), "{told}");
    check(
        r#""outcome":"denied","#,
        r#""outcome":{"result":"denied"},"#,
    );
    check(
        r#""producer":{"id":"api-3","seq":"8412"},"#,
        r#""producer":{"id":"api-3","seq":8412},"#,
    );
    check(r#""reason":null,"metadata":null,"id":"","related":[],"#, "");
    check(
        r#""actor":{"id":"7","on_behalf_of":{"type":"user","id":9,"team":"x"}},"#,
        r#""actor":{"id":"7","on_behalf_of":{"type":"user","id":"9","team":"x"}},"#,
    );
}

#[test]
fn metadata_fills_only_what_is_empty() {
    let text = told(&around(
        r#""request_id":"r1","context":{"channel":"c1"},"metadata":{"request_id":"r2","source":"s2"},"#,
    ));
    assert!(
        text.contains(r#""request_id":"r1""#) && text.contains(r#""channel":"c1""#),
        "{text}"
    );
    check(
        r#""metadata":{"request_id":7,"source":["x"]},"#,
        r#""metadata":{"request_id":7,"source":["x"]},"context":{},"#,
    );
}

#[test]
fn a_time_keeps_its_offset_and_digits_as_they_were_sent() {
    let text = told(&around(
        r#""timestamp":"2026-03-12T16:32:07.1234567+02:00","#,
    ));
    assert!(
        text.contains(r#"at=Some("2026-03-12T14:32:07.123456Z")"#),
        "{text}"
    );
    assert!(
        text.contains(r#""timestamp_as_sent":"2026-03-12T16:32:07.1234567+02:00""#),
        "{text}"
    );
}

/// The `origin` part of an event of these members.
fn check_origin(members: &str, expect: &str) {
    let text = told(&around(members));
    let expect = format!(r#""origin":{expect}"#);
    assert!(text.contains(&expect), "{members}: {text}");
}

#[test]
fn an_address_is_kept_in_its_usual_notation_and_as_it_was_sent() {
    check_origin(
        r#""actor":{"ip_address":"203.0.113.9:4711"},"#,
        r#"{"ip":"203.0.113.9","ip_as_sent":"203.0.113.9:4711"}"#,
    );
    check_origin(
        r#""origin":{"ip":"2001:DB8::0:1"},"#,
        r#"{"ip":"2001:db8::1","ip_as_sent":"2001:DB8::0:1"}"#,
    );
    check_origin(r#""origin":{"ip":"::1"},"#, r#"{"ip":"::1"}"#);
}

#[test]
fn what_actor_and_origin_both_say_is_kept_twice() {
    check_origin(
        r#""actor":{"ip_address":"10.0.0.1","user_agent":"a"},"origin":{"ip":"10.0.0.2","user_agent":"b"},"#,
        r#"{"ip":"10.0.0.2","user_agent":"b","actor_ip_address":"10.0.0.1","actor_user_agent":"a"}"#,
    );
}

#[test]
fn unknown_fields_are_kept_and_remarked_without_repeating_odd_names() {
    let text = around(
        r#""colour":"red","actor":{"id":"1","team":"core"},"origin":{"asn":64500},"resource":{"type":"x","size":3},"My Secret":1,"#,
    );
    let event = read_text(&text).unwrap();
    let pointers: Vec<&str> = event
        .warnings
        .iter()
        .map(|it| it.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/actor/team",
            "/origin/asn",
            "/resource/size",
            "/colour",
            "/…"
        ]
    );
    let text = told(&text);
    for kept in [
        r#""actor":{"id":"1","team":"core"}"#,
        r#""origin":{"asn":64500}"#,
        r#""size":3"#,
        r#""extra":{"colour":"red","My Secret":1}"#,
    ] {
        assert!(text.contains(kept), "{kept} {text}");
    }
}

#[test]
fn missing_members_are_refused_by_name() {
    for (text, pointer) in [
        ("{}", "/operation"),
        (r#"{"operation":"a.b"}"#, "/actor"),
        (r#"{"operation":"a.b","actor":{}}"#, "/resource"),
        (
            r#"{"operation":"a.b","actor":{},"resource":{}}"#,
            "/resource/type",
        ),
        (
            r#"{"operation":"a.b","actor":{},"targets":[]}"#,
            "/targets/0",
        ),
        (
            r#"{"operation":"a.b","actor":{},"targets":[{}]}"#,
            "/targets/0/type",
        ),
        (
            r#"{"operation":null,"actor":{},"resource":{"type":"x"}}"#,
            "/operation",
        ),
    ] {
        let rejection = read_text(text).unwrap_err();
        assert_eq!(
            (rejection.reason, rejection.pointer.as_str()),
            (Reason::MissingField, pointer),
            "{text}"
        );
    }
    refused(
        r#""changes":[{"field":"a"},{"before":1}],"#,
        Reason::MissingField,
        "/changes/1/field",
    );
    refused(
        r#""producer":{"seq":1},"#,
        Reason::MissingField,
        "/producer/id",
    );
}

#[test]
fn members_of_the_wrong_type_are_refused_by_name() {
    for text in ["[]", "null", "7", "\"x\"", "true"] {
        let rejection = read_text(text).unwrap_err();
        assert_eq!(
            (rejection.reason, rejection.pointer.as_str()),
            (Reason::WrongType, ""),
            "{text}"
        );
    }
    for (members, pointer) in [
        (r#""operation":7,"#, "/operation"),
        (r#""action":{},"#, "/action"),
        (r#""id":17,"#, "/id"),
        (r#""timestamp":1773325927,"#, "/timestamp"),
        (r#""occurred_at":false,"#, "/occurred_at"),
        (r#""actor":"me","#, "/actor"),
        (r#""actor":{"type":1},"#, "/actor/type"),
        (r#""actor":{"id":1.5},"#, "/actor/id"),
        (r#""actor":{"id":9007199254740992},"#, "/actor/id"),
        (r#""actor":{"id":-12345678901234567890},"#, "/actor/id"),
        (r#""actor":{"user_id":1e3},"#, "/actor/user_id"),
        (r#""actor":{"id":true},"#, "/actor/id"),
        (r#""actor":{"email":{}},"#, "/actor/email"),
        (r#""actor":{"name":4},"#, "/actor/name"),
        (r#""actor":{"credential_id":[]},"#, "/actor/credential_id"),
        (r#""actor":{"on_behalf_of":"x"},"#, "/actor/on_behalf_of"),
        (
            r#""actor":{"on_behalf_of":{"id":0.5}},"#,
            "/actor/on_behalf_of/id",
        ),
        (r#""actor":{"ip_address":4},"#, "/actor/ip_address"),
        (r#""actor":{"user_agent":[]},"#, "/actor/user_agent"),
        (r#""origin":[],"#, "/origin"),
        (r#""origin":{"ip":1},"#, "/origin/ip"),
        (r#""origin":{"user_agent":1},"#, "/origin/user_agent"),
        (r#""origin":{"device":1},"#, "/origin/device"),
        (r#""origin":{"session_id":1},"#, "/origin/session_id"),
        (r#""resource":"x","#, "/resource"),
        (r#""resource":{"type":1},"#, "/resource/type"),
        (r#""resource":{"type":"x","id":1.0},"#, "/resource/id"),
        (r#""resource":{"type":"x","name":1},"#, "/resource/name"),
        (
            r#""resource":{"type":"x","project_id":[]},"#,
            "/resource/project_id",
        ),
        (r#""targets":{},"#, "/targets"),
        (r#""targets":[7],"#, "/targets/0"),
        (r#""related":{},"#, "/related"),
        (r#""related":[{},7],"#, "/related/1"),
        (r#""changes":{},"#, "/changes"),
        (r#""changes":["x"],"#, "/changes/0"),
        (r#""changes":[{"field":1}],"#, "/changes/0/field"),
        (r#""outcome":1,"#, "/outcome"),
        (r#""outcome":{"result":1},"#, "/outcome/result"),
        (r#""outcome":{"code":1.5},"#, "/outcome/code"),
        (r#""outcome":{"message":[]},"#, "/outcome/message"),
        (r#""producer":"x","#, "/producer"),
        (r#""producer":{"id":1.5},"#, "/producer/id"),
        (r#""producer":{"id":"x","seq":[]},"#, "/producer/seq"),
        (r#""context":[],"#, "/context"),
        (r#""context":{"region":1},"#, "/context/region"),
        (r#""metadata":[],"#, "/metadata"),
        (r#""approval":"yes","#, "/approval"),
        (r#""reason":{},"#, "/reason"),
        (r#""request_id":1.5,"#, "/request_id"),
        (r#""correlation_id":{},"#, "/correlation_id"),
        (r#""causation_id":[],"#, "/causation_id"),
        (r#""trace_id":true,"#, "/trace_id"),
    ] {
        refused(members, Reason::WrongType, pointer);
    }
}

#[test]
fn illegal_values_are_refused_by_name() {
    for (members, pointer) in [
        (r#""operation":"a.b","action":"a.b","#, "/action"),
        (
            r#""timestamp":"2026-03-12T14:32:07Z","occurred_at":"2026-03-12T14:32:07Z","#,
            "/occurred_at",
        ),
        (
            r#""resource":{"type":"x"},"targets":[{"type":"x"}],"#,
            "/targets",
        ),
        (r#""actor":{"id":"1","user_id":"2"},"#, "/actor/user_id"),
        (r#""actor":{"type":"robot"},"#, "/actor/type"),
        (r#""actor":{"ip_address":"10.0.0"},"#, "/actor/ip_address"),
        (r#""origin":{"ip":"example.com"},"#, "/origin/ip"),
        (r#""resource":{"type":"Deployment"},"#, "/resource/type"),
        (r#""targets":[{"type":"a b"}],"#, "/targets/0/type"),
        (r#""resource":{"type":""},"#, "/resource/type"),
        (r#""outcome":"ok","#, "/outcome"),
        (r#""outcome":{"result":"ok"},"#, "/outcome/result"),
        (r#""producer":{"id":"x","seq":0},"#, "/producer/seq"),
        (r#""producer":{"id":"x","seq":-1},"#, "/producer/seq"),
        (
            r#""producer":{"id":"x","seq":9007199254740992},"#,
            "/producer/seq",
        ),
    ] {
        refused(members, Reason::BadValue, pointer);
    }
}

#[test]
fn times_that_are_none_are_refused_by_name() {
    for (members, pointer) in [
        (r#""timestamp":"yesterday","#, "/timestamp"),
        (r#""timestamp":"1969-12-31T23:59:59Z","#, "/timestamp"),
        (r#""occurred_at":"12026-03-12T14:32:07Z","#, "/occurred_at"),
    ] {
        refused(members, Reason::BadTime, pointer);
    }
}

#[test]
fn identifiers_with_control_characters_are_refused_by_name() {
    for (members, pointer) in [
        (
            r#""resource":{"type":"x","id":"a\u0000b"},"#,
            "/resource/id",
        ),
        (r#""actor":{"id":"a\nb"},"#, "/actor/id"),
        (r#""trace_id":"a\u0085b","#, "/trace_id"),
    ] {
        refused(members, Reason::ControlCharacter, pointer);
    }
}

#[test]
fn texts_over_their_limit_are_refused_by_name() {
    let long = |bytes: usize| "x".repeat(bytes);
    for (members, pointer) in [
        (format!(r#""id":"{}","#, long(1_025)), "/id"),
        (
            format!(r#""actor":{{"id":"{}"}},"#, long(1_025)),
            "/actor/id",
        ),
        (
            format!(r#""resource":{{"type":"x","id":"{}"}},"#, long(1_025)),
            "/resource/id",
        ),
        (format!(r#""reason":"{}","#, long(8_193)), "/reason"),
        (
            format!(r#""origin":{{"user_agent":"{}"}},"#, long(8_193)),
            "/origin/user_agent",
        ),
        (
            format!(r#""context":{{"region":"{}"}},"#, long(8_193)),
            "/context/region",
        ),
    ] {
        refused(&members, Reason::TooLong, pointer);
    }
    refused(
        &format!(r#""resource":{{"type":"{}"}},"#, long(65)),
        Reason::BadValue,
        "/resource/type",
    );
}

#[test]
fn a_text_that_is_no_json_is_refused_with_its_place() {
    for (text, reason, pointer) in [
        (&b"{"[..], Reason::MalformedJson, ""),
        (b"{\"a\":{\"b\":\"\xff\"}}", Reason::NotUtf8, ""),
        (
            br#"{"actor":{"id":1,"id":2}}"#,
            Reason::DuplicateMember,
            "/actor/id",
        ),
        (br#"{"reason":"\ud800"}"#, Reason::LoneSurrogate, "/reason"),
    ] {
        let rejection = Rejection::from(json::parse(text).unwrap_err());
        assert_eq!(
            (rejection.reason, rejection.pointer.as_str()),
            (reason, pointer)
        );
    }
    let deep = format!(r#"{{"metadata":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let rejection = Rejection::from(json::parse(deep.as_bytes()).unwrap_err());
    assert_eq!(rejection.reason, Reason::TooDeep);
    let wide = format!(r#"{{"metadata":[{}1]}}"#, "1,".repeat(20_000));
    let rejection = Rejection::from(json::parse(wide.as_bytes()).unwrap_err());
    assert_eq!(rejection.reason, Reason::TooManyValues);
}
