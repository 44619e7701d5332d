//! A tenant's settings: who changes them, and what they change.

use axum::http::StatusCode;
use serde_json::json;
use store::LogRef;

use crate::support::World;

const OWN: &str = "/v1/tenants/_own";

fn launched(id: &str, operation: &str) -> String {
    format!(
        r#"{{"id":"{id}","operation":"{operation}","actor":{{"id":"1"}},"resource":{{"type":"rocket","id":"r"}}}}"#
    )
}

fn rocket() -> serde_json::Value {
    json!([{"name": "rocket.launched", "category": "infrastructure", "severity": "critical",
            "description": "A rocket left", "aliases": ["liftoff.happened"]}])
}

#[tokio::test]
async fn an_operation_of_the_tenants_own_is_taken_in_strict_mode_and_no_longer_flagged() {
    let world = World::new().await;
    let (admin, writer) = (
        world.key_of("acme", &["admin"], "a").await,
        world.writer().await,
    );
    let before = world
        .post(&writer, "/v1/events", launched("e1", "rocket.launched"))
        .await;
    assert!(
        before.text().contains("operation_unknown"),
        "{}",
        before.text()
    );
    let change = json!({"strict": true, "vocabulary": rocket()}).to_string();
    let changed = world.post(&admin, OWN, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(changed.json()["vocabulary"], rocket());
    let after = world
        .post(&writer, "/v1/events", launched("e2", "rocket.launched"))
        .await;
    assert_eq!(after.status, StatusCode::CREATED, "{}", after.text());
    assert!(!after.text().contains("operation_unknown"));
    let alias = world
        .post(&writer, "/v1/events", launched("e3", "LiftoffHappened"))
        .await;
    assert_eq!(alias.problem().1, "unknown_operation");
    assert!(alias.text().contains("rocket.launched"), "{}", alias.text());
    // Another tenant knows nothing of it.
    let other = world.key_of("umbrella", &["writer"], "api").await;
    let theirs = world
        .post(&other, "/v1/events", launched("e1", "rocket.launched"))
        .await;
    assert!(theirs.text().contains("operation_unknown"));
    let log = LogRef::access(&*world.tenant("acme").await);
    let operations = world.operations(log).await;
    assert!(
        operations.contains(&"veritrail.vocabulary.updated".to_owned()),
        "{operations:?}"
    );
}

#[tokio::test]
async fn a_change_that_another_one_came_before_is_refused() {
    let world = World::new().await;
    let admin = world.key_of("acme", &["admin"], "a").await;
    let revision = world.get(&admin, OWN).await.json()["revision"].clone();
    let change = |countries: serde_json::Value| {
        json!({"revision": revision, "known_countries": countries}).to_string()
    };
    let first = world
        .post(&admin, OWN, change(json!(["Portugal", "de", "DE"])))
        .await;
    assert_eq!(
        first.json()["known_countries"],
        json!(["DE", "PT"]),
        "{}",
        first.text()
    );
    let second = world.post(&admin, OWN, change(json!([]))).await;
    assert_eq!(second.problem().1, "exists");
    let now = world.get(&admin, OWN).await.json();
    assert_eq!(now["known_countries"], json!(["DE", "PT"]));
    // What was not named stays.
    assert_eq!(now["strict"], false);
}

#[tokio::test]
async fn settings_that_can_not_be_are_refused_by_field() {
    let world = World::new().await;
    let admin = world.key_of("acme", &["admin"], "a").await;
    let own = |changed: (&str, serde_json::Value)| {
        let mut operation = rocket()[0].clone();
        operation[changed.0] = changed.1;
        json!({"vocabulary": [operation]})
    };
    let list = world.post(&admin, OWN, "[null, null]").await;
    assert_eq!(list.problem().1, "bad_field");
    for (change, pointer) in [
        (json!({"known_countries": ["XX"]}), "/known_countries"),
        (json!({"known_countries": ["Atlantis"]}), "/known_countries"),
        (
            own(("name", json!("Rocket Launched"))),
            "/vocabulary/0/name",
        ),
        (
            own(("name", json!("deployment.created"))),
            "/vocabulary/0/name",
        ),
        (
            own(("name", json!("veritrail.rocket.launched"))),
            "/vocabulary/0/name",
        ),
        (own(("category", json!("space"))), "/vocabulary/0/category"),
        (own(("severity", json!("loud"))), "/vocabulary/0/severity"),
        (own(("aliases", json!(["deploy"]))), "/vocabulary/0/aliases"),
    ] {
        let reply = world.post(&admin, OWN, change.to_string()).await;
        let (status, code, at) = reply.problem();
        assert_eq!(
            (status, &*code, &*at),
            (422, "bad_field", pointer),
            "{change}"
        );
    }
}

#[tokio::test]
async fn an_admin_changes_the_own_tenant_only_and_not_what_is_kept_unmasked() {
    let world = World::new().await;
    let admin = world.key_of("acme", &["admin"], "a").await;
    for name in ["umbrella", "nobody", "_instance"] {
        let path = format!("/v1/tenants/{name}");
        let reply = world.post(&admin, &path, r#"{"strict":true}"#).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(world.get(&admin, &path).await.status, StatusCode::NOT_FOUND);
    }
    let unmasked = r#"{"mask_exceptions":["/metadata/x"]}"#;
    assert_eq!(
        world.post(&admin, OWN, unmasked).await.problem().1,
        "forbidden"
    );
    let operator = world.operator().await;
    for path in [OWN, "/v1/tenants/_instance"] {
        let reply = world.post(&operator, path, r#"{"strict":true}"#).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    let reply = world.post(&operator, "/v1/tenants/acme", unmasked).await;
    assert_eq!(
        reply.json()["mask_exceptions"],
        json!(["/metadata/x"]),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn what_is_too_large_is_cut_when_asked_for() {
    let world = World::new().await;
    let event = format!(
        r#"{{"id":"e1","operation":"deployment.created","actor":{{"id":"1"}},"resource":{{"type":"deployment","id":"d"}},"metadata":{{"log":"{}"}}}}"#,
        "x ".repeat(300_000)
    );
    let writer = world.writer().await;
    let refused = world.post(&writer, "/v1/events", event.clone()).await;
    assert_eq!(refused.problem().1, "part_too_large");
    let path = "/v1/events?oversize=truncate";
    let cut = world.post(&writer, path, event.clone()).await;
    assert_eq!(cut.status, StatusCode::CREATED, "{}", cut.text());
    assert!(cut.text().contains("truncated"));
    assert_eq!(
        world.post(&writer, path, event).await.status,
        StatusCode::OK
    );
    let reader = world.key_of("acme", &["reader"], "x").await;
    let found = world.get(&reader, "/v1/events?q=flag:truncated").await;
    assert_eq!(found.ids(), ["e1"]);
    assert!(found.text().contains("…[cut:600000:hmac-sha256:"));
}
