//! Receipts, repetitions, conflicts, and seeing one event.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use store::LogRef;

use crate::support::{World, event, request};

/// The design's short form, verbatim.
const SHORT_FORM: &str = r#"{"id":"evt_a1b2c3d4","timestamp":"2026-03-12T14:32:07.123Z","actor":{"user_id":42,"email":"dev@example.com","ip_address":"198.51.100.23","user_agent":"Mozilla/5.0..."},"operation":"environment_variable.updated","resource":{"type":"environment_variable","id":"var_789","project_id":"proj_456","name":"DATABASE_URL"},"metadata":{"previous_value_hash":"sha256:a1b2c3...","source":"dashboard","request_id":"req_x7y8z9"}}"#;

#[tokio::test]
async fn the_short_form_is_stored_and_shown() {
    let world = World::new().await;
    let reply = world
        .post(&world.writer().await, "/v1/events", SHORT_FORM)
        .await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    let outcome: api::Outcome = serde_json::from_slice(&reply.bytes).unwrap();
    let receipt = outcome.receipt().unwrap();
    assert_eq!((receipt.id.as_str(), receipt.seq), ("evt_a1b2c3d4", 1));
    let shown = world
        .get(&world.auditor().await, "/v1/events/evt_a1b2c3d4")
        .await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    let event = shown.json();
    assert_eq!(event["timestamp"], "2026-03-12T14:32:07.123000Z");
    assert_eq!(
        event["actor"],
        json!({"type": "user", "id": "42", "email": "dev@example.com"})
    );
    assert_eq!(
        event["origin"],
        json!({"ip": "198.51.100.23", "user_agent": "Mozilla/5.0..."})
    );
    assert_eq!(event["resource"]["type"], "environment_variable");
    assert_eq!(event["resource"]["id"], "var_789");
    assert_eq!(event["request_id"], "req_x7y8z9");
    assert_eq!(event["context"]["channel"], "dashboard");
    assert_eq!(event["leaf_hash"], receipt.leaf_hash);
    assert_eq!(event["ingest"]["source"], "api");
    let read: api::Event = serde_json::from_slice(&shown.bytes).unwrap();
    assert_eq!((read.seq, read.log), (1, receipt.log.clone()));
}

#[tokio::test]
async fn the_same_again_answers_the_same_receipt_and_other_content_conflicts() {
    let world = World::new().await;
    let key = world.writer().await;
    let first = world.post(&key, "/v1/events", event("e1")).await.json();
    let again = world.post(&key, "/v1/events", event("e1")).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["status"], "repeated");
    for member in ["id", "log", "seq", "leaf_hash", "recorded_at"] {
        assert_eq!(again.json()[member], first[member]);
    }
    let other = event("e1").replace("dpl_1", "dpl_2");
    let refused = world.post(&key, "/v1/events", other.clone()).await;
    assert_eq!(refused.problem(), (409, "conflict".into(), "/id".into()));
    let batch = world
        .post(
            &key,
            "/v1/events",
            format!("[{},{other},{}]", event("e2"), event("e1")),
        )
        .await
        .json();
    let statuses: Vec<&Value> = batch["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["status"])
        .collect();
    assert_eq!(statuses, ["stored", "conflict", "repeated"]);
    assert_eq!(batch["results"][1]["error"]["code"], "conflict");
    assert_eq!(
        (&batch["stored"], &batch["repeated"], &batch["refused"]),
        (&json!(1), &json!(1), &json!(1))
    );
}

#[tokio::test]
async fn too_many_conflicts_are_refused_before_they_tell_more() {
    let world = World::new().await;
    let (key, other_key) = (world.writer().await, world.writer().await);
    world.post(&key, "/v1/events", event("e1")).await;
    let guess = |n: u32| event("e1").replace("dpl_1", &format!("guess{n}"));
    let guesses: Vec<String> = (0..100).map(guess).collect();
    let reply = world
        .post(&key, "/v1/events", format!("[{}]", guesses.join(",")))
        .await;
    assert_eq!(reply.json()["refused"], 100);
    let reply = world.post(&key, "/v1/events", event("new")).await;
    assert_eq!(
        (reply.problem().0, reply.problem().1.as_str()),
        (429, "too_many_conflicts")
    );
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(
        world
            .post(&other_key, "/v1/events", event("new"))
            .await
            .status,
        StatusCode::CREATED
    );
    world.clock.advance_seconds(1);
    assert_eq!(
        world.post(&key, "/v1/events", event("new2")).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn an_idempotency_key_makes_a_batch_repeatable() {
    let world = World::new().await;
    let key = world.writer().await;
    let nameless = event("x").replace(r#""id":"x","#, "");
    let send = async |idempotency: &str, body: String| {
        let request =
            request(Method::POST, &key, "/v1/events").header("idempotency-key", idempotency);
        world.send(request.body(body.into()).unwrap()).await.json()
    };
    let body = format!("[{nameless},{nameless}]");
    let first = send("k1", body.clone()).await;
    let again = send("k1", body.clone()).await;
    assert_eq!(
        (&first["stored"], &again["repeated"]),
        (&json!(2), &json!(2))
    );
    for index in [0, 1] {
        assert_eq!(
            first["results"][index]["seq"],
            again["results"][index]["seq"]
        );
    }
    assert_ne!(first["results"][0]["id"], first["results"][1]["id"]);
    assert_eq!(send("k2", body).await["stored"], 2);
}

#[tokio::test]
async fn another_source_may_use_the_same_id_and_readers_choose() {
    let world = World::new().await;
    let (api, hook) = (
        world.writer().await,
        world.key_of("acme", &["writer"], "webhook").await,
    );
    let auditor = world.auditor().await;
    for key in [&api, &hook] {
        assert_eq!(
            world.post(key, "/v1/events", event("same")).await.status,
            StatusCode::CREATED
        );
    }
    let reply = world.get(&auditor, "/v1/events/same").await;
    assert_eq!(reply.problem(), (409, "ambiguous_id".into(), String::new()));
    assert_eq!(reply.json()["sources"], json!(["api", "webhook"]));
    let chosen = world.get(&auditor, "/v1/events/same?source=webhook").await;
    assert_eq!(chosen.json()["ingest"]["source"], "webhook");
    assert_eq!(
        world
            .get(&auditor, "/v1/events/same?source=none")
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_asked_for_comes_with_the_receipt() {
    let world = World::new().await;
    let key = world.writer().await;
    let secret = r#"{"id":"e1","operation":"secret.updated","actor":{"id":"42"},"resource":{"type":"secret","id":"s"},"changes":[{"field":"value","before":"hunter2-old","after":"hunter2-new"}]}"#;
    let reply = world
        .post(&key, "/v1/events?return=entry&wait=checkpoint", secret)
        .await;
    let json = reply.json();
    let entry = json["entry"].as_str().unwrap();
    assert_eq!(
        ledger::hash::Hash::leaf(entry.as_bytes()).to_hex(),
        json["leaf_hash"]
    );
    let details = json["details"].as_str().unwrap();
    assert!(details.contains("[masked:hmac-sha256:…]"), "{details}");
    assert!(
        !details.contains("hunter2") && !details.contains("0011aabb"),
        "{details}"
    );
    assert!(
        json["tlog_proof"]
            .as_str()
            .unwrap()
            .starts_with("c2sp.org/tlog-proof@v1\nindex 1\n")
    );
    assert_eq!(json["proof"].as_array().unwrap().len(), 1);
    assert!(json["checkpoint"].as_str().unwrap().contains("\n2\n"));
    // Who may read sees the tags.
    let tenant = world.tenant("acme").await;
    let kid = tenant.keys.kid();
    let both = world.key_of("acme", &["writer", "reader"], "api").await;
    let again = world
        .post(&both, "/v1/events?return=entry", secret)
        .await
        .json();
    assert_eq!(again["status"], "repeated");
    assert!(
        again["details"]
            .as_str()
            .unwrap()
            .contains(&format!("[masked:hmac-sha256:{kid}:"))
    );
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_stored_and_stores_nothing() {
    let world = World::new().await;
    let key = world.writer().await;
    let alias = event("e1").replace("deployment.created", "DeploymentCreated");
    let reply = world.post(&key, "/v1/events?dry_run=true", alias).await;
    let outcome: api::Outcome = serde_json::from_slice(&reply.bytes).unwrap();
    let api::Outcome::DryRun(preview) = outcome else {
        panic!("{}", reply.text())
    };
    assert_eq!(
        (preview.operation.as_str(), preview.flags),
        ("deployment.created", vec!["alias".to_owned()])
    );
    assert!(preview.details.unwrap().contains("dpl_1"));
    assert_eq!(preview.warnings[0].code, "operation_alias");
    let batch = world
        .post(
            &key,
            "/v1/events?dry_run=true",
            format!("[{},5]", event("e2")),
        )
        .await;
    let answer: api::BatchAnswer = serde_json::from_slice(&batch.bytes).unwrap();
    assert_eq!((answer.stored, answer.refused), (1, 1));
    let log = LogRef::main(&*world.tenant("acme").await);
    assert!(world.records(log).await.is_empty());
}

#[tokio::test]
async fn numbers_come_back_digit_for_digit() {
    let world = World::new().await;
    let sent = event("e1").replacen(
        '{',
        r#"{"metadata":{"n":1.50,"big":123456789012345678901234567890},"#,
        1,
    );
    world.post(&world.writer().await, "/v1/events", sent).await;
    let shown = world
        .get(&world.auditor().await, "/v1/events/e1?include=entry")
        .await;
    let text = shown.text();
    assert!(
        text.contains(r#""n":1.50"#) && text.contains("123456789012345678901234567890"),
        "{text}"
    );
    let json = shown.json();
    let entry = json["entry"].as_str().unwrap();
    assert_eq!(
        ledger::hash::Hash::leaf(entry.as_bytes()).to_hex(),
        json["leaf_hash"]
    );
    let digest = ledger::part::digest(json["details"].as_str().unwrap().as_bytes());
    assert_eq!(json["parts"]["details"], digest);
}

#[tokio::test]
async fn an_analyst_sees_no_persons_and_no_addresses() {
    let world = World::new().await;
    let writer = world.writer().await;
    world
        .post(
            &writer,
            "/v1/events",
            SHORT_FORM.replace("sha256:a1b2c3...", "by dev@example.com from 198.51.100.23"),
        )
        .await;
    let about = r#"{"id":"u1","operation":"user.created","actor":{"id":"1"},"resource":{"type":"user","id":"7","name":"Ada"}}"#;
    world.post(&writer, "/v1/events", about).await;
    let joined = r#"{"id":"j1","operation":"team.member_added","actor":{"id":"1"},"resource":{"type":"team","id":"t9"},"related":[{"type":"user","id":"usr_77","name":"Ada"},{"type":"environment","id":"env_1"}]}"#;
    world.post(&writer, "/v1/events", joined).await;
    let analyst = world.key_of("acme", &["analyst"], "bi").await;
    for path in [
        "/v1/events/evt_a1b2c3d4",
        "/v1/events/evt_a1b2c3d4?include=entry",
        "/v1/events/u1?include=entry",
        "/v1/events/j1?include=entry",
    ] {
        let reply = world.get(&analyst, path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        for hidden in [
            "usr_77",
            "dev@example.com",
            "198.51.100.23",
            "Mozilla",
            "Ada",
            "\"42\"",
        ] {
            assert!(
                !reply.text().contains(hidden),
                "{path}: {hidden} in {}",
                reply.text()
            );
        }
        assert!(
            reply.json()["withheld"]
                .as_array()
                .unwrap()
                .contains(&json!("person"))
        );
    }
    let event = world.get(&analyst, "/v1/events/evt_a1b2c3d4").await.json();
    assert_eq!(event["resource"]["name"], "DATABASE_URL");
    let joined = world.get(&analyst, "/v1/events/j1").await.json();
    assert_eq!(
        joined["related"],
        json!([
            {"type": "user", "id": "[person withheld]", "name": "[person withheld]"},
            {"type": "environment", "id": "env_1"}
        ])
    );
}

#[tokio::test]
async fn failures_of_the_store_have_their_own_answers() {
    use store::StoreError::{Busy, Closed, DiskFull, Poisoned};
    let world = World::new().await;
    let key = world.writer().await;
    for (error, status, code, retry) in [
        (
            (|| Busy {
                retry_after_ms: 1_500,
            }) as fn() -> store::StoreError,
            503,
            "busy",
            "2",
        ),
        (|| DiskFull, 503, "disk_full", "30"),
        (|| Poisoned, 503, "stopped", ""),
        (|| Closed, 503, "shutting_down", "5"),
        (
            || store::StoreError::Clock(ledger::clock_guard::ClockFault::Behind { micros: 7 }),
            503,
            "clock",
            "10",
        ),
        (
            || store::StoreError::engine("reading /var/lib/secret", "io"),
            500,
            "internal",
            "",
        ),
        (
            || store::StoreError::Damaged("pack 7 of umbrella".into()),
            500,
            "damaged",
            "",
        ),
    ] {
        world.fail(None, error);
        let reply = world.post(&key, "/v1/events", event("e")).await;
        assert_eq!(
            (reply.problem().0, reply.problem().1.as_str()),
            (status, code)
        );
        assert_eq!(reply.header("retry-after"), retry, "{code}");
        for inside in ["/var/lib", "io", "pack 7", "umbrella"] {
            assert!(
                !reply.json()["detail"]
                    .as_str()
                    .unwrap()
                    .split(' ')
                    .any(|word| word == inside),
                "{}",
                reply.text()
            );
        }
        assert_eq!(
            world.get("", "/readyz").await.status,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(world.get("", "/healthz").await.status, StatusCode::OK);
    }
}
