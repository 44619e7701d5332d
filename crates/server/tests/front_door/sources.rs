//! Ways in for vendors: who may make them, what is taken, what is refused, and what becomes of noise.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use store::registry::INSTANCE_TENANT;
use store::{LogRef, Tenant};

use crate::support::{Reply, World};

/// A source of `acme`, made by its admin.
pub(crate) struct Source {
    pub(crate) secret: String,
    pub(crate) path: String,
}

pub(crate) async fn source(world: &World, vendor: &str, name: &str) -> Source {
    let admin = world.key_of("acme", &["admin"], "admin").await;
    let new = json!({"vendor": vendor, "name": name}).to_string();
    let reply = world.post(&admin, "/v1/sources", new).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    Source {
        secret: reply.json()["secret"].as_str().unwrap().to_owned(),
        path: reply.json()["path"].as_str().unwrap().to_owned(),
    }
}

async fn log_of(world: &World, which: fn(&Tenant) -> LogRef) -> LogRef {
    which(&*world.tenant("acme").await)
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let tag: [u8; 32] = mac.finalize().into_bytes().into();
    format!("sha256={}", ledger::name::to_hex(&tag))
}

/// A delivery of GitHub's.
pub(crate) async fn github(
    world: &World,
    source: &Source,
    event: &str,
    delivery: &str,
    body: &str,
) -> Reply {
    let signed = signature(&source.secret, body);
    deliver(
        world,
        &source.path,
        &[
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signed),
        ],
        body.to_owned(),
    )
    .await
}

async fn deliver(
    world: &World,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

pub(crate) const DEPLOY_KEY: &str = r#"{"action":"created","key":{"id":1,"title":"ci","read_only":false,"created_at":"2026-03-12T14:32:07Z"},
  "repository":{"id":7,"name":"web","full_name":"acme/web","private":true},"sender":{"id":42,"login":"ana","type":"User"}}"#;

#[tokio::test]
async fn a_signed_delivery_is_stored_and_a_replay_under_any_name_adds_nothing() {
    let world = World::new().await;
    let acme = source(&world, "github", "hooks").await;
    let first = github(&world, &acme, "deploy_key", "d-1", DEPLOY_KEY).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    assert_eq!(first.json()["stored"], 1, "{}", first.text());
    for delivery in ["d-1", "d-2"] {
        let again = github(&world, &acme, "deploy_key", delivery, DEPLOY_KEY).await;
        let told = again.json();
        assert_eq!((&told["stored"], &told["repeated"]), (&json!(0), &json!(1)));
    }
    // Headers are not signed: the body under another event's name is not another event.
    let other = github(&world, &acme, "push", "d-3", DEPLOY_KEY).await;
    assert_eq!(other.json()["stored"], 0, "{}", other.text());
    let reader = world.key_of("acme", &["reader"], "x").await;
    let found = world.get(&reader, "/v1/events?q=source:hooks").await;
    assert_eq!(found.ids().len(), 1);
    let query = "/v1/events?q=context.source_action:deploy_key.created";
    assert_eq!(world.get(&reader, query).await.ids().len(), 1);
}

/// Address, header fields and body of a delivery.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);

#[tokio::test]
async fn wrong_missing_and_foreign_signatures_are_answered_alike_and_summarised() {
    let world = World::new().await;
    let acme = source(&world, "github", "hooks").await;
    let other = source(&world, "github", "other").await;
    let good = signature(&acme.secret, DEPLOY_KEY);
    let foreign = signature(&other.secret, DEPLOY_KEY);
    let event = ("x-github-event", "deploy_key");
    let path = acme.path.as_str();
    let changed = DEPLOY_KEY.replace("ana", "eve");
    let nowhere = path.replace("hooks", "nowhere");
    let elsewhere = path.replace("tenant=acme", "tenant=umbrella");
    let cases: [Case<'_>; 6] = [
        (
            path,
            vec![event, ("x-hub-signature-256", &foreign)],
            DEPLOY_KEY,
        ),
        (path, vec![event], DEPLOY_KEY),
        (path, vec![event, ("x-hub-signature-256", &good)], &changed),
        (
            path,
            vec![event, ("x-hub-signature-256", "sha256=00")],
            DEPLOY_KEY,
        ),
        (
            &nowhere,
            vec![event, ("x-hub-signature-256", &good)],
            DEPLOY_KEY,
        ),
        (
            &elsewhere,
            vec![event, ("x-hub-signature-256", &good)],
            DEPLOY_KEY,
        ),
    ];
    let mut answers = Vec::new();
    for (path, headers, body) in &cases {
        let reply = deliver(&world, path, headers, (*body).to_owned()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        answers.push(reply.bytes);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    world.record_all_totals().await;
    let instance = world.tenant(INSTANCE_TENANT).await;
    let records = world.records(LogRef::main(&instance)).await;
    let said = |operation: &str| {
        let mut records = records.iter();
        let found = records.find(|(entry, _)| entry["operation"] == operation);
        found.map(|(_, details)| details.clone()).unwrap()
    };
    let refused = said("veritrail.source.refused");
    assert_eq!(refused["metadata"]["deliveries"], 4);
    assert_eq!(refused["resource"]["name"], "hooks");
    let sign_ins = said("veritrail.signin.refused");
    let expect = json!({"forged_delivery": 3, "unknown_source": 2, "unsigned_delivery": 1});
    assert_eq!(sign_ins["metadata"], expect);
    // Nothing of it came in.
    assert!(
        world
            .operations(log_of(&world, LogRef::main).await)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_rotated_secret_counts_for_a_day_and_a_closed_source_for_nobody() {
    let world = World::new().await;
    let old = source(&world, "github", "hooks").await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    let rotated = world.post(&admin, "/v1/sources/hooks/rotate", "").await;
    assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.text());
    let new = Source {
        secret: rotated.json()["secret"].as_str().unwrap().to_owned(),
        path: old.path.clone(),
    };
    assert_ne!(new.secret, old.secret);
    for source in [&old, &new] {
        let reply = github(&world, source, "deploy_key", "d", DEPLOY_KEY).await;
        assert_eq!(reply.status, StatusCode::OK);
    }
    world.clock.advance_seconds(24 * 3_600 + 1);
    let late = github(&world, &old, "deploy_key", "d", DEPLOY_KEY).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    let listed = world.get(&admin, "/v1/sources").await;
    assert!(!listed.text().contains("vts_") && !listed.text().contains(&new.secret));
    let closed = world
        .call(Method::DELETE, &admin, "/v1/sources/hooks", "")
        .await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT);
    let after = github(&world, &new, "deploy_key", "d", DEPLOY_KEY).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    // The name may be taken again, with another secret.
    let again = source(&world, "github", "hooks").await;
    assert_ne!(again.secret, new.secret);
    let operations = world.operations(log_of(&world, LogRef::access).await).await;
    for expect in ["created", "secret_rotated", "deleted"] {
        let name = format!("veritrail.source.{expect}");
        assert!(operations.contains(&name), "{name}: {operations:?}");
    }
}

#[tokio::test]
async fn sources_are_made_and_seen_by_admins_of_the_own_tenant_and_operators() {
    let world = World::new().await;
    drop(source(&world, "github", "hooks").await);
    let umbrella = world.key_of("umbrella", &["admin"], "admin").await;
    let listed = world.get(&umbrella, "/v1/sources").await.json();
    assert_eq!(listed["sources"], json!([]));
    for (method, path) in [
        (Method::GET, "/v1/sources?tenant=acme"),
        (Method::POST, "/v1/sources/hooks/rotate?tenant=acme"),
        (Method::DELETE, "/v1/sources/hooks?tenant=acme"),
        (Method::DELETE, "/v1/sources/hooks"),
        (Method::POST, "/v1/sources/hooks/rotate"),
    ] {
        let reply = world.call(method, &umbrella, path, "").await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    let operator = world.operator().await;
    let listed = world.get(&operator, "/v1/sources").await.json();
    assert_eq!(listed["sources"].as_array().unwrap().len(), 1);
    let new = json!({"vendor": "gitlab", "name": "hooks", "tenant": "umbrella"}).to_string();
    let made = world.post(&operator, "/v1/sources", new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    for role in ["writer", "analyst", "reader", "auditor"] {
        let key = world.key_of("acme", &[role], "x").await;
        let reply = world.get(&key, "/v1/sources").await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{role}");
    }
}

#[tokio::test]
async fn what_a_source_can_not_be_is_refused_by_field() {
    let world = World::new().await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    drop(source(&world, "github", "hooks").await);
    let rule = |rule: Value| json!({"vendor": "github", "name": "x", "rules": {"exclude": [rule]}});
    for (new, expect) in [
        (
            json!({"vendor": "sourceforge", "name": "x"}),
            (422, "bad_field", "/vendor"),
        ),
        (
            json!({"vendor": "github", "name": "X y"}),
            (422, "bad_field", "/name"),
        ),
        (
            json!({"vendor": "github", "name": "veritrail"}),
            (422, "bad_field", "/name"),
        ),
        (
            json!({"vendor": "github", "name": "hooks"}),
            (409, "exists", ""),
        ),
        (
            rule(json!({"name": "x"})),
            (422, "bad_field", "/rules/exclude/0"),
        ),
        (
            rule(json!({"name": "", "verb": "x"})),
            (422, "bad_field", "/rules/exclude/0/name"),
        ),
        (
            rule(json!({"name": "x", "nature": "loud"})),
            (422, "bad_field", "/rules/exclude/0/nature"),
        ),
        (
            rule(json!({"name": "x", "verb": "x", "keep_one_in": 3})),
            (422, "bad_field", "/rules/exclude/0/keep_one_in"),
        ),
    ] {
        let reply = world.post(&admin, "/v1/sources", new.to_string()).await;
        let (status, code, pointer) = reply.problem();
        assert_eq!((status, &*code, &*pointer), expect, "{new}");
    }
}

#[tokio::test]
async fn noise_is_left_out_by_name_announced_before_the_answer_and_reported() {
    let world = World::new().await;
    let acme = source(&world, "github", "hooks").await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    let rules = json!({"rules": {"exclude": [{"name": "keys", "operation": "deploy_key.*"}]}});
    let set = world
        .post(&admin, "/v1/sources/hooks/rules", rules.to_string())
        .await;
    assert_eq!(set.json()["default_rules"], false, "{}", set.text());
    for number in 0..3 {
        let body = DEPLOY_KEY.replace("\"id\":1", &format!("\"id\":{number}"));
        let reply = github(&world, &acme, "deploy_key", "d", &body).await;
        assert_eq!(reply.json()["left_out"], json!({"keys": 1}));
        assert_eq!(reply.json()["stored"], 0);
    }
    let log = log_of(&world, LogRef::main).await;
    assert_eq!(
        world.operations(log).await,
        ["veritrail.source.exclusions_started"]
    );
    world.record_all_totals().await;
    let records = world.records(log).await;
    let (entry, details) = records.last().unwrap();
    assert_eq!(entry["operation"], "veritrail.source.excluded");
    assert_eq!(details["metadata"]["total"], 3);
    let expect = json!([{"count": 3, "operation": "deploy_key.added", "rule": "keys"}]);
    assert_eq!(details["metadata"]["counts"], expect);
    // Where the record fails, so does the delivery: nothing is left out unknowingly.
    world.fail(Some(log), || store::StoreError::DiskFull);
    let reply = github(&world, &acme, "deploy_key", "d", DEPLOY_KEY).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_delivery_that_can_not_be_read_is_refused_in_words_and_counted() {
    let world = World::new().await;
    let acme = source(&world, "github", "hooks").await;
    for body in ["{", "[]", "{\"action\":\"created\"", "{\"a\":1,\"a\":2}"] {
        let reply = github(&world, &acme, "deploy_key", "d", body).await;
        assert!(reply.status.is_client_error(), "{body}: {}", reply.text());
        assert!(!reply.text().contains("created"));
    }
    world.record_all_totals().await;
    let log = log_of(&world, LogRef::main).await;
    let records = world.records(log).await;
    let (_, details) = records.last().unwrap();
    assert_eq!(details["metadata"]["total"], 4, "{details}");
}

#[tokio::test]
async fn a_collector_finds_its_source_by_its_token_and_answers_as_splunk_does() {
    let world = World::new().await;
    let hec = source(&world, "hec", "stream").await;
    assert_eq!(hec.path, "/services/collector");
    let body = r#"{"time":1773325927.5,"host":"web-1","event":{"message":"hello"}}
        {"time":1773325928,"host":"web-1","event":"a line"}"#;
    let bearing = format!("Splunk {}", hec.secret);
    let send = |token: String, body: &'static str| {
        let world = &world;
        async move {
            let headers = [("authorization", token.as_str())];
            deliver(world, "/services/collector/event", &headers, body).await
        }
    };
    let reply = send(bearing.clone(), body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(reply.json(), json!({"text": "Success", "code": 0}));
    let reader = world.key_of("acme", &["reader"], "x").await;
    let query = "/v1/events?q=source:stream";
    assert_eq!(world.get(&reader, query).await.ids().len(), 2);
    assert_eq!(send(bearing.clone(), body).await.json()["code"], 0);
    assert_eq!(world.get(&reader, query).await.ids().len(), 2);
    let broken = send(bearing, "{\"event\":").await;
    assert_eq!(
        (broken.status, broken.json()["code"].clone()),
        (StatusCode::BAD_REQUEST, json!(6))
    );
    let forged = format!("Splunk {}x", &hec.secret[..hec.secret.len() - 1]);
    for token in [forged, "Splunk nonsense".to_owned()] {
        let reply = send(token, body).await;
        assert_eq!(
            (reply.status, reply.json()["code"].clone()),
            (StatusCode::FORBIDDEN, json!(4))
        );
    }
    let bare = deliver(&world, "/services/collector", &[], body).await;
    assert_eq!(bare.json()["code"], 2);
    let request = Request::builder().uri("/services/collector/health");
    let health = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(health.json()["code"], 17);
}

#[tokio::test]
async fn a_conflict_is_counted_and_reported_and_the_first_event_stays() {
    let world = World::new().await;
    let events = source(&world, "cloudevents", "ci").await;
    let bearing = format!("Bearer {}", events.secret);
    let body = |kind: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"ci","type":"{kind}","data":{{}}}}"#)
    };
    for (kind, stored, conflicts) in [("build.started", 1, 0), ("build.failed", 0, 1)] {
        let headers = [("authorization", bearing.as_str())];
        let told = deliver(&world, &events.path, &headers, body(kind))
            .await
            .json();
        assert_eq!(
            (&told["stored"], &told["conflicts"]),
            (&json!(stored), &json!(conflicts)),
            "{told}"
        );
    }
    world.record_all_totals().await;
    let log = log_of(&world, LogRef::main).await;
    let records = world.records(log).await;
    let (_, details) = records.last().unwrap();
    let expect = json!([{"count": 1, "operation": "none", "rule": "conflict"}]);
    assert_eq!(details["metadata"]["counts"], expect, "{details}");
}

#[tokio::test]
async fn what_an_operator_changes_of_a_tenants_source_the_tenant_sees_too() {
    let world = World::new().await;
    drop(source(&world, "github", "hooks").await);
    let operator = world.operator().await;
    let rules = json!({"rules": {"exclude": [{"name": "all", "operation": "*"}]}}).to_string();
    let path = "/v1/sources/hooks/rules?tenant=acme";
    let set = world.post(&operator, path, rules).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let access = log_of(&world, LogRef::access).await;
    let operations = world.operations(access).await;
    assert!(
        operations.contains(&"veritrail.source.updated".to_owned()),
        "{operations:?}"
    );
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let operations = world.operations(instance).await;
    assert!(
        operations.contains(&"veritrail.source.updated".to_owned()),
        "{operations:?}"
    );
}
