//! Tenants and keys, and the records of what operators and admins do.

use axum::http::{Method, StatusCode};
use serde_json::json;
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::support::{World, event};

#[tokio::test]
async fn an_operator_makes_a_tenant_and_a_key_that_works_until_revoked() {
    let world = World::new().await;
    let operator = world.operator().await;
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let before = world.records(instance).await.len();
    let made = world
        .post(
            &operator,
            "/v1/tenants",
            r#"{"name":"initech","strict":true}"#,
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let tenant: api::Tenant = serde_json::from_slice(&made.bytes).unwrap();
    let again = world
        .post(&operator, "/v1/tenants", r#"{"name":"initech"}"#)
        .await;
    assert_eq!(again.problem().0, 409);
    let new = r#"{"tenant":"initech","roles":["writer"],"source":"ci","owner":"Grace","expires_in_seconds":3600}"#;
    let made = world.post(&operator, "/v1/keys", new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.header("cache-control"), "no-store");
    let key: api::CreatedKey = serde_json::from_slice(&made.bytes).unwrap();
    let sent = world.post(&key.key, "/v1/events", event("e1")).await;
    assert_eq!(sent.json()["log"], tenant.logs.main);
    // Strict: an alias is refused, naming the right one.
    let alias = event("e2").replace("deployment.created", "DeploymentCreated");
    let refused = world.post(&key.key, "/v1/events", alias).await;
    assert_eq!(
        refused.problem(),
        (422, "unknown_operation".into(), "/operation".into())
    );
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .contains("deployment.created")
    );
    let listed = world.get(&operator, "/v1/keys?tenant=initech").await;
    assert!(!listed.text().contains(&key.key) && listed.text().contains(&key.stored.id));
    let gone = world
        .call(
            Method::DELETE,
            &operator,
            &format!("/v1/keys/{}", key.stored.id),
            "",
        )
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        world.post(&key.key, "/v1/events", event("e3")).await.status,
        StatusCode::UNAUTHORIZED
    );
    let expect = [
        "veritrail.tenant.created",
        "veritrail.log.created",
        "veritrail.log.created",
        "veritrail.key.created",
        "veritrail.key.revoked",
    ];
    assert_eq!(world.operations(instance).await[before..], expect);
    let records = world.records(instance).await;
    let details = &records[before + 3].1;
    assert_eq!(details["metadata"]["roles"], json!(["writer"]), "{details}");
    for (entry, details) in &records {
        let all = format!("{entry}{details}");
        assert!(
            !all.contains(&key.key[13..]) && !all.contains("[masked:"),
            "{all}"
        );
    }
}

#[tokio::test]
async fn an_admin_manages_the_own_tenant_and_makes_no_operator() {
    let world = World::new().await;
    let admin = world.key_of("acme", &["admin"], "adm").await;
    let tenant = world.tenant("acme").await;
    let made = world
        .post(
            &admin,
            "/v1/keys",
            r#"{"roles":["reader"],"source":"s","owner":"o"}"#,
        )
        .await;
    assert_eq!(made.json()["tenant"], "acme");
    let expect = ["veritrail.key.created"];
    assert_eq!(world.operations(LogRef::access(&tenant)).await, expect);
    let operator = world
        .post(
            &admin,
            "/v1/keys",
            r#"{"roles":["operator"],"source":"s","owner":"o"}"#,
        )
        .await;
    assert_eq!(
        operator.problem(),
        (422, "bad_field".into(), "/roles".into())
    );
    let instance = format!(
        r#"{{"tenant":"{INSTANCE_TENANT}","roles":["operator"],"source":"s","owner":"o"}}"#
    );
    assert_eq!(
        world.post(&admin, "/v1/keys", instance).await.problem().0,
        404
    );
    let keys = world.get(&admin, "/v1/keys").await;
    let keys: api::Keys = serde_json::from_slice(&keys.bytes).unwrap();
    assert!(
        keys.keys
            .iter()
            .all(|key| key.tenant.as_deref() == Some("acme"))
    );
}

#[tokio::test]
async fn bad_fields_are_named() {
    let world = World::new().await;
    let operator = world.operator().await;
    let long = "a".repeat(64);
    for name in ["", "-a", "A", "a b", "_instance", "a/b", &long] {
        let reply = world
            .post(&operator, "/v1/tenants", format!(r#"{{"name":"{name}"}}"#))
            .await;
        assert_eq!(
            reply.problem(),
            (422, "bad_field".into(), "/name".into()),
            "{name}"
        );
    }
    for (body, pointer) in [
        (
            r#"{"roles":["reader"],"source":"s","owner":"o"}"#,
            "/tenant",
        ),
        (
            r#"{"tenant":"acme","roles":[],"source":"s","owner":"o"}"#,
            "/roles",
        ),
        (
            r#"{"tenant":"acme","roles":["root"],"source":"s","owner":"o"}"#,
            "/roles",
        ),
        (
            r#"{"tenant":"acme","roles":["operator"],"source":"s","owner":"o"}"#,
            "/roles",
        ),
        (
            r#"{"tenant":"_instance","roles":["writer"],"source":"s","owner":"o"}"#,
            "/roles",
        ),
        (
            r#"{"tenant":"acme","roles":["reader"],"source":"veritrail","owner":"o"}"#,
            "/source",
        ),
        (
            r#"{"tenant":"acme","roles":["reader"],"source":"A b","owner":"o"}"#,
            "/source",
        ),
        (
            r#"{"tenant":"acme","roles":["reader"],"source":"s","owner":" "}"#,
            "/owner",
        ),
        (
            r#"{"tenant":"acme","roles":["reader"],"source":"s","owner":"o","expires_in_seconds":0}"#,
            "/expires_in_seconds",
        ),
    ] {
        let reply = world.post(&operator, "/v1/keys", body).await;
        assert_eq!(
            reply.problem(),
            (422, "bad_field".into(), pointer.into()),
            "{body}"
        );
    }
}

#[tokio::test]
async fn bad_bodies_are_refused_without_repeating_values() {
    let world = World::new().await;
    let operator = world.operator().await;
    let unknown = world
        .post(
            &operator,
            "/v1/tenants",
            r#"{"name":"a","colour":"hunter2"}"#,
        )
        .await;
    assert!(
        unknown.text().contains("colour") && !unknown.text().contains("hunter2"),
        "{}",
        unknown.text()
    );
    let typed = world
        .post(
            &operator,
            "/v1/tenants",
            r#"{"name":"a","strict":"hunter2"}"#,
        )
        .await;
    assert!(
        typed.problem().0 == 422 && !typed.text().contains("hunter2"),
        "{}",
        typed.text()
    );
    let broken = world.post(&operator, "/v1/tenants", "{").await;
    assert_eq!(
        (broken.problem().0, broken.problem().1.as_str()),
        (400, "malformed_json")
    );
    let large = world
        .post(&operator, "/v1/tenants", vec![b' '; 70_000])
        .await;
    assert_eq!(
        (large.problem().0, large.problem().1.as_str()),
        (413, "body_too_large")
    );
}

#[tokio::test]
async fn confirming_the_clock_is_recorded() {
    let world = World::new().await;
    let reply = world
        .post(&world.operator().await, "/v1/clock/confirm", "")
        .await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text());
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    assert_eq!(
        world.operations(instance).await.last().unwrap(),
        "veritrail.clock.confirmed"
    );
}
