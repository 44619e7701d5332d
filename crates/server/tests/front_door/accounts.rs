//! People's accounts: who gives them, what they are worth, and that they end.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::provider::{Browser, Fake, config};
use crate::support::{World, request};

async fn world() -> (World, Arc<Fake>, Browser, String) {
    let fake = Fake::new();
    fake.nature().claims = json!({"groups": []});
    let provider: Arc<Fake> = Arc::clone(&fake);
    let world = World::with_people(config(), provider).await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    (world, fake, Browser::default(), admin)
}

#[tokio::test]
async fn an_auditor_has_access_until_the_account_ends() {
    let (world, fake, mut browser, admin) = world().await;
    assert_eq!(
        browser.sign_in(&world, &fake).await.status,
        StatusCode::FORBIDDEN
    );
    let new = r#"{"email":"ANA@example.com","roles":["auditor"],"ends_at":"2026-11-21"}"#;
    let made = world.post(&admin, "/v1/accounts", new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.json()["email"], "ana@example.com");
    assert_eq!(made.json()["ends_at"], "2026-11-22T00:00:00.000000Z");
    browser.sign_in(&world, &fake).await;
    let reply = browser
        .script(&world, Method::GET, "/v1/events?log=access", "")
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    // Sixteen hours later the day is over; the session would go on, the account does not.
    for _ in 0..16 {
        world.clock.advance_seconds(1_799);
        browser.get(&world, "/t/acme/sessions").await;
    }
    assert_eq!(browser.get(&world, "/t/acme/sessions").await.status, 200);
    let (world, fake, mut browser, admin) = self::world().await;
    let new = r#"{"email":"ana@example.com","roles":["auditor"],"ends_at":"2026-11-21T08:10:00Z"}"#;
    world.post(&admin, "/v1/accounts", new).await;
    browser.sign_in(&world, &fake).await;
    world.clock.advance_seconds(599);
    assert_eq!(browser.get(&world, "/t/acme/sessions").await.status, 200);
    world.clock.advance_seconds(1);
    assert_eq!(browser.get(&world, "/t/acme/sessions").await.status, 404);
    let nowhere = browser.get(&world, "/").await;
    assert!(nowhere.text().contains("You have no access any more"));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_ended_is_over_at_the_next_request_and_in_the_midst_of_a_stream() {
    let (world, fake, mut browser, admin) = world().await;
    let new = r#"{"subject":"person-1","roles":["reader"]}"#;
    let made = world.post(&admin, "/v1/accounts", new).await;
    browser.sign_in(&world, &fake).await;
    let headers = [("veritrail-tenant", "acme")];
    let stream = browser.request(Method::GET, "/v1/events/stream", &headers);
    let stream = world.open(stream.body(Body::empty()).unwrap()).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let path = format!("/v1/accounts/{}", made.json()["id"].as_str().unwrap());
    for _ in 0..2 {
        let ended = world.call(Method::DELETE, &admin, &path, "").await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
    }
    let told = stream.into_body().collect().await.unwrap().to_bytes();
    assert!(str::from_utf8(&told).unwrap().contains("session_ended"));
    let reply = browser.script(&world, Method::GET, "/v1/events", "").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let tenant = world.tenant("acme").await;
    let told = world.records(LogRef::access(&tenant)).await;
    let of = |operation: &str| {
        let records = told.iter();
        let mut records = records.filter(|(entry, _)| entry["operation"] == operation);
        let (_, details) = records.next().unwrap();
        assert!(records.next().is_none(), "{operation} once");
        details.clone()
    };
    assert_eq!(
        of("veritrail.account.created")["resource"]["name"],
        "person-1"
    );
    assert_eq!(
        of("veritrail.account.ended")["metadata"]["roles"],
        json!(["reader"])
    );
}

#[tokio::test]
async fn an_address_that_was_not_verified_is_nobodys_account() {
    let (world, fake, mut browser, admin) = world().await;
    let new = r#"{"email":"ana@example.com","roles":["auditor"]}"#;
    world.post(&admin, "/v1/accounts", new).await;
    for claims in [
        json!({"groups": [], "email_verified": false}),
        json!({"groups": [], "email_verified": null}),
        json!({"groups": [], "email": "ana@example.com.evil.example"}),
        json!({"groups": [], "email": "xana@example.com", "sub": "ana@example.com"}),
    ] {
        fake.nature().claims = claims.clone();
        let reply = browser.sign_in(&world, &fake).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{claims}");
    }
}

#[tokio::test]
async fn accounts_are_given_listed_and_ended_by_who_may_and_in_their_tenant_alone() {
    let (world, _, _, admin) = world().await;
    let operator = world.operator().await;
    let new = |tenant: &str, role: &str| {
        format!(r#"{{"tenant":"{tenant}","email":"a@b.example","roles":["{role}"]}}"#)
    };
    let post = async |key: &str, body: String| world.post(key, "/v1/accounts", body).await;
    assert_eq!(post(&admin, new("umbrella", "reader")).await.status, 404);
    assert_eq!(post(&admin, new("_instance", "reader")).await.status, 404);
    assert_eq!(post(&operator, new("umbrella", "reader")).await.status, 201);
    assert_eq!(post(&operator, new("umbrella", "admin")).await.status, 409);
    assert_eq!(
        post(&operator, new("_instance", "operator")).await.status,
        201
    );
    let mut ids = Vec::new();
    for (key, path, count) in [
        (&admin, "/v1/accounts", 0),
        (&operator, "/v1/accounts?tenant=umbrella", 1),
        (&operator, "/v1/accounts", 2),
    ] {
        let listed = world.get(key, path).await.json();
        let listed = listed["accounts"].as_array().unwrap();
        assert_eq!(listed.len(), count, "{path}");
        ids = listed
            .iter()
            .map(|account| account["id"].as_str().unwrap().to_owned())
            .collect();
    }
    for id in &ids {
        let path = format!("/v1/accounts/{id}");
        assert_eq!(
            world.call(Method::DELETE, &admin, &path, "").await.status,
            404
        );
        let path = format!("/v1/accounts/{id}?tenant=umbrella");
        assert_eq!(
            world.call(Method::DELETE, &admin, &path, "").await.status,
            404
        );
    }
    for role in ["writer", "analyst", "reader", "auditor"] {
        let key = world.key_of("acme", &[role], "x").await;
        assert_eq!(world.get(&key, "/v1/accounts").await.status, 403, "{role}");
        assert_eq!(post(&key, new("acme", "admin")).await.status, 403, "{role}");
    }
    let anybody = request(Method::GET, "", "/v1/accounts").body(Body::empty());
    assert_eq!(world.send(anybody.unwrap()).await.status, 401);
    let instance = world.tenant(INSTANCE_TENANT).await;
    let told = world.operations(LogRef::main(&instance)).await;
    let told = told
        .iter()
        .filter(|told| *told == "veritrail.account.created");
    assert_eq!(told.count(), 2);
}

#[tokio::test]
async fn what_is_no_account_is_refused_where_it_is_wrong() {
    let (world, _, _, admin) = world().await;
    let operator = world.operator().await;
    for (key, body, pointer) in [
        (&admin, r#"{"roles":["reader"]}"#, "/email"),
        (
            &admin,
            r#"{"email":"a@b","subject":"x","roles":["reader"]}"#,
            "/email",
        ),
        (&admin, r#"{"email":"ab","roles":["reader"]}"#, "/email"),
        (&admin, r#"{"email":"a@b c","roles":["reader"]}"#, "/email"),
        (&admin, r#"{"email":"@b","roles":["reader"]}"#, "/email"),
        (&admin, r#"{"email":"a@b@c","roles":["reader"]}"#, "/email"),
        (&admin, r#"{"subject":"","roles":["reader"]}"#, "/subject"),
        (
            &admin,
            r#"{"subject":"a\u0000","roles":["reader"]}"#,
            "/subject",
        ),
        (&admin, r#"{"email":"a@b","roles":[]}"#, "/roles"),
        (&admin, r#"{"email":"a@b","roles":["writer"]}"#, "/roles"),
        (&admin, r#"{"email":"a@b","roles":["operator"]}"#, "/roles"),
        (
            &operator,
            r#"{"tenant":"_instance","email":"a@b","roles":["admin"]}"#,
            "/roles",
        ),
        (
            &operator,
            r#"{"email":"a@b","roles":["reader"]}"#,
            "/tenant",
        ),
        (
            &admin,
            r#"{"email":"a@b","roles":["reader"],"ends_at":"2026-11-20"}"#,
            "/ends_at",
        ),
        (
            &admin,
            r#"{"email":"a@b","roles":["reader"],"ends_at":"soon"}"#,
            "/ends_at",
        ),
    ] {
        let reply = world.post(key, "/v1/accounts", body).await;
        let (status, code, at) = reply.problem();
        assert_eq!(
            (status, code.as_str(), at.as_str()),
            (422, "bad_field", pointer),
            "{body}"
        );
        assert!(!reply.text().contains("a@b"), "{}", reply.text());
    }
}
