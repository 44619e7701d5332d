//! Attacks on single events: each is refused by code and pointer through every door, and the events around it are
//! stored.

use axum::http::{Method, StatusCode};
use store::LogRef;

use crate::support::{World, event, request};

/// A sound event with one member added or replaced. `member` is JSON text such as `"reason": 5`.
fn with(member: &str) -> String {
    let name = member.split(':').next().unwrap().trim().to_owned();
    let sound = [
        r#""operation":"deployment.created""#,
        r#""actor":{"id":"42"}"#,
        r#""resource":{"type":"deployment","id":"dpl_1"}"#,
    ];
    let rest = sound.iter().filter(|text| !text.starts_with(&name));
    let members: Vec<&str> = rest.copied().chain([member]).collect();
    format!("{{{}}}", members.join(","))
}

/// Every attack on one event: its text, and the code and pointer of its refusal.
#[expect(clippy::too_many_lines, reason = "one row an attack")]
fn attacks() -> Vec<(String, &'static str, &'static str)> {
    let mut attacks = vec![
        (with(r#""id":"a","id":"b""#), "duplicate_member", "/id"),
        (
            with(r#""metadata":{"a":{"b":1,"b":2}}"#),
            "duplicate_member",
            "/metadata/a/b",
        ),
        (
            with(r#""metadata":{"x":"\ud800"}"#),
            "lone_surrogate",
            "/metadata/x",
        ),
        (
            with(r#""metadata":{"x":"\udc00\ud800"}"#),
            "lone_surrogate",
            "/metadata/x",
        ),
        (with(r#""operation":1.5"#), "wrong_type", "/operation"),
        (
            with(r#""operation":["deployment.created"]"#),
            "wrong_type",
            "/operation",
        ),
        (with(r#""actor":{"id":4.2}"#), "wrong_type", "/actor/id"),
        (
            with(r#""actor":{"id":9007199254740993}"#),
            "wrong_type",
            "/actor/id",
        ),
        (with(r#""actor":{"id":1e400}"#), "wrong_type", "/actor/id"),
        (
            with(r#""actor":{"id":{"$gt":""}}"#),
            "wrong_type",
            "/actor/id",
        ),
        (
            with(r#""actor":{"type":"root"}"#),
            "bad_value",
            "/actor/type",
        ),
        (with(r#""actor":"root""#), "wrong_type", "/actor"),
        (with(r#""actor":null"#), "missing_field", "/actor"),
        (
            with(r#""resource":{"type":"../etc"}"#),
            "bad_value",
            "/resource/type",
        ),
        (with(r#""resource":{}"#), "missing_field", "/resource/type"),
        (with(r#""id":7"#), "wrong_type", "/id"),
        (
            with(r#""request_id":123456789012345678901234567890"#),
            "wrong_type",
            "/request_id",
        ),
        (
            with(r#""outcome":{"result":"fine"}"#),
            "bad_value",
            "/outcome/result",
        ),
        (
            with(r#""origin":{"ip":"999.1.1.1"}"#),
            "bad_value",
            "/origin/ip",
        ),
        (
            with(r#""changes":[{"before":1}]"#),
            "missing_field",
            "/changes/0/field",
        ),
        (with(r#""changes":{"field":"a"}"#), "wrong_type", "/changes"),
        (
            with(r#""producer":{"id":"p","seq":0}"#),
            "bad_value",
            "/producer/seq",
        ),
        (
            with(r#""timestamp":"1969-12-31T23:59:59Z""#),
            "bad_time",
            "/timestamp",
        ),
        (
            with(r#""timestamp":"10000-01-01T00:00:00Z""#),
            "bad_time",
            "/timestamp",
        ),
        (
            with(r#""timestamp":"12026-01-01T00:00:00Z""#),
            "bad_time",
            "/timestamp",
        ),
        (
            with(r#""timestamp":1773325927"#),
            "wrong_type",
            "/timestamp",
        ),
        (
            with(r#""actor":{"id":"a\u0000b"}"#),
            "control_character",
            "/actor/id",
        ),
        (
            with(r#""resource":{"type":"t","id":"a\nb"}"#),
            "control_character",
            "/resource/id",
        ),
        (
            with(r#""operation":"veritrail.key.created""#),
            "reserved_operation",
            "/operation",
        ),
        (
            with(r#""operation":"Veritrail.Key.Created""#),
            "reserved_operation",
            "/operation",
        ),
        (
            with(r#""operation":"veritrail.anything_at.all""#),
            "reserved_operation",
            "/operation",
        ),
        (with(r#""operation":"no""#), "bad_operation", "/operation"),
        ("5".into(), "wrong_type", ""),
        ("null".into(), "wrong_type", ""),
        ("\"text\"".into(), "wrong_type", ""),
        ("{}".into(), "missing_field", "/operation"),
    ];
    let action =
        r#"{"action":"veritrail.log.created","actor":{"id":"1"},"resource":{"type":"log"}}"#;
    attacks.push((action.into(), "reserved_operation", "/action"));
    let deep = format!(r#""metadata":{}1{}"#, "[".repeat(100), "]".repeat(100));
    attacks.push((with(&deep), "too_deep", "…"));
    let many = format!(r#""metadata":{{"a":[{}1]}}"#, "1,".repeat(20_000));
    attacks.push((with(&many), "too_many_values", "…"));
    let long_id = format!(r#""actor":{{"id":"{}"}}"#, "x".repeat(1_025));
    attacks.push((with(&long_id), "too_long", "/actor/id"));
    let long_text = format!(r#""reason":"{}""#, "x".repeat(8_193));
    attacks.push((with(&long_text), "too_long", "/reason"));
    let long_name = format!(r#""operation":"{}.created""#, "x".repeat(128));
    attacks.push((with(&long_name), "too_long", "/operation"));
    let texts = (0..40).map(|n| format!(r#""f{n}":"{}""#, "x".repeat(8_000)));
    let large = format!(r#""metadata":{{{}}}"#, texts.collect::<Vec<_>>().join(","));
    attacks.push((with(&large), "part_too_large", "/metadata"));
    attacks
}

fn assert_refusal(error: &serde_json::Value, code: &str, pointer: &str, attack: &str) {
    let attack = &attack[..attack.len().min(120)];
    assert_eq!(error["code"], code, "{attack}: {error}");
    if pointer != "…" {
        assert_eq!(error["pointer"], pointer, "{attack}");
    }
    assert!(error["detail"].as_str().unwrap().len() < 400, "{attack}");
}

#[tokio::test]
async fn each_attack_in_an_array_is_refused_alone() {
    let world = World::new().await;
    let key = world.writer().await;
    for (number, (attack, code, pointer)) in attacks().into_iter().enumerate() {
        let (before, after) = (event(&format!("b{number}")), event(&format!("a{number}")));
        let reply = world
            .post(
                &key,
                "/v1/events",
                format!("[{before},\n {attack} ,{after}]"),
            )
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{code}: {}", reply.text());
        let answer: api::BatchAnswer = serde_json::from_slice(&reply.bytes).unwrap();
        assert_eq!(
            (answer.stored, answer.repeated, answer.refused),
            (2, 0, 1),
            "{code}"
        );
        let json = reply.json();
        assert_eq!(json["results"][1]["status"], "refused");
        assert_refusal(&json["results"][1]["error"], code, pointer, &attack);
        for index in [0, 2] {
            let receipt = answer.results[index].outcome.receipt().unwrap();
            assert_eq!(receipt.leaf_hash.len(), 64);
        }
    }
    let log = LogRef::main(&*world.tenant("acme").await);
    assert_eq!(world.records(log).await.len(), attacks().len() * 2);
}

#[tokio::test]
async fn each_attack_on_a_line_is_refused_alone() {
    let world = World::new().await;
    let key = world.writer().await;
    for (number, (attack, code, pointer)) in attacks().into_iter().enumerate() {
        let lines = format!(
            "{}\r\n\n{attack}\n{}",
            event(&format!("b{number}")),
            event(&format!("a{number}"))
        );
        let request = request(Method::POST, &key, "/v1/events")
            .header("content-type", "application/x-ndjson");
        let reply = world.send(request.body(lines.into()).unwrap()).await;
        let json = reply.json();
        assert_eq!(
            (&json["stored"], &json["refused"]),
            (&2.into(), &1.into()),
            "{code}: {json}"
        );
        assert_refusal(&json["results"][1]["error"], code, pointer, &attack);
    }
}

#[tokio::test]
async fn each_attack_alone_is_a_problem_and_stores_nothing() {
    let world = World::new().await;
    let key = world.writer().await;
    for (attack, code, pointer) in attacks() {
        let reply = world.post(&key, "/v1/events", attack.clone()).await;
        let (status, found, at) = reply.problem();
        assert_eq!((status, found.as_str()), (422, code), "{}", reply.text());
        if pointer != "…" {
            assert_eq!(at, pointer);
        }
    }
    let log = LogRef::main(&*world.tenant("acme").await);
    assert!(world.records(log).await.is_empty());
}

#[tokio::test]
async fn a_broken_line_is_refused_with_its_place_and_the_others_are_stored() {
    let world = World::new().await;
    let key = world.writer().await;
    let mut lines = format!("{}\n\n{{\"id\": }}\n", event("e1")).into_bytes();
    lines.extend_from_slice(b"{\"id\":\"\xff\"}\n{\"a\":\"\x01\"}\n");
    lines.extend_from_slice(event("e2").as_bytes());
    let request =
        request(Method::POST, &key, "/v1/events").header("content-type", "application/x-ndjson");
    let reply = world.send(request.body(lines.into()).unwrap()).await;
    let results = reply.json()["results"].clone();
    let found: Vec<(&str, Option<u64>)> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let code = item["error"]["code"]
                .as_str()
                .unwrap_or(item["status"].as_str().unwrap());
            (code, item["error"]["line"].as_u64())
        })
        .collect();
    let expect = [
        ("stored", None),
        ("malformed_json", Some(3)),
        ("not_utf8", Some(4)),
        ("malformed_json", Some(5)),
        ("stored", None),
    ];
    assert_eq!(found, expect, "{results}");
}

#[tokio::test]
async fn a_malformed_array_fails_whole_and_names_the_place() {
    let world = World::new().await;
    let key = world.writer().await;
    let (one, two, three) = (event("1"), event("2"), event("3"));
    for (body, pointer, line, column) in [
        (
            format!("[{one},{two},{three},\n{{\"actor\": }}]"),
            "/3/actor",
            2,
            11,
        ),
        (format!("[{one},{two}"), "", 1, 2 * one.len() as u64 + 3),
        (format!("[{one},,{two}]"), "", 1, one.len() as u64 + 3),
        (format!("[{one}]x"), "", 1, one.len() as u64 + 3),
        (
            format!("[{one},{{\"a\":\"\u{1}\"}}]"),
            "/1/a",
            1,
            one.len() as u64 + 9,
        ),
        ("[".repeat(100_000), "", 1, 100_001),
    ] {
        let reply = world.post(&key, "/v1/events", body).await;
        let problem: api::Problem = serde_json::from_slice(&reply.bytes).unwrap();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (400, "malformed_json"),
            "{problem:?}"
        );
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{problem:?}");
        assert_eq!(
            (problem.line, problem.column),
            (Some(line), Some(column)),
            "{problem:?}"
        );
    }
    let log = LogRef::main(&*world.tenant("acme").await);
    assert!(world.records(log).await.is_empty());
}

#[tokio::test]
async fn malformed_single_bodies_are_400() {
    let world = World::new().await;
    let key = world.writer().await;
    for body in [
        "",
        " ",
        "{",
        "}",
        "{\"a\":}",
        "nul",
        "{\"a\":01}",
        "\"",
        "'a'",
        "{\"a\":NaN}",
    ] {
        let (status, code, _) = world.post(&key, "/v1/events", body).await.problem();
        assert_eq!((status, code.as_str()), (400, "malformed_json"), "{body}");
    }
    let (status, code, _) = world
        .post(&key, "/v1/events", &b"{\"a\":\"\xc3\x28\"}"[..])
        .await
        .problem();
    assert_eq!((status, code.as_str()), (400, "not_utf8"));
}

#[tokio::test]
async fn refusals_never_repeat_what_was_sent() {
    let world = World::new().await;
    let key = world.writer().await;
    let canary = "hunter2!Pr0d";
    for body in [
        format!(r#"{{"operation":"{canary}","actor":{{}},"resource":{{"type":"t"}}}}"#),
        format!(
            r#"{{"operation":"a.created","actor":{{"type":"{canary}"}},"resource":{{"type":"t"}}}}"#
        ),
        format!(r#"{{"operation":"a.created","actor":{{}},"resource":{{"type":"{canary}"}}}}"#),
        format!(
            r#"{{"operation":"a.created","actor":{{}},"resource":{{"type":"t"}},"timestamp":"{canary}"}}"#
        ),
        format!(
            r#"{{"operation":"a.created","actor":{{}},"resource":{{"type":"t"}},"origin":{{"ip":"{canary}"}}}}"#
        ),
        format!(
            r#"{{"operation":"a.created","actor":{{}},"resource":{{"type":"t"}},"outcome":"{canary}"}}"#
        ),
        format!(r#"{{"a":"{canary}" broken"#),
        canary.to_owned(),
        format!("[{canary}]"),
    ] {
        let reply = world.post(&key, "/v1/events", body).await;
        assert!(reply.status.is_client_error());
        assert!(!reply.text().contains("hunter2"), "{}", reply.text());
    }
    for path in [
        format!("/v1/events?{canary}=1"),
        format!("/v1/events?wait={canary}"),
    ] {
        let reply = world.post(&key, &path, event("e")).await;
        assert_eq!(reply.problem().1, "bad_request");
        assert!(!reply.text().contains("hunter2"), "{}", reply.text());
    }
}
