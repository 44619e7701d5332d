//! Who is signed in with a browser: seen and ended by whoever looks after a tenant, and by nobody else.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::provider::{Browser, Fake, config};
use crate::support::{Reply, World};
use crate::visitor::Visitor;

/// A person who may read in `acme`, signed in by the provider.
async fn world() -> (World, Browser) {
    let fake = Fake::new();
    fake.nature().claims = json!({"groups": []});
    let provider: Arc<Fake> = Arc::clone(&fake);
    let world = World::with_people(config(), provider).await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    let new = r#"{"subject":"person-1","roles":["reader"]}"#;
    world.post(&admin, "/v1/accounts", new).await;
    let mut person = Browser::default();
    person.sign_in(&world, &fake).await;
    (world, person)
}

/// The sessions that a key is told of: whose, and where.
async fn told(world: &World, key: &str, path: &str) -> Vec<(String, Value)> {
    let listed = world.get(key, path).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.text());
    let listed = listed.json();
    let listed = listed["sessions"].as_array().unwrap().iter();
    let told = listed.map(|session| {
        let whose = session["name"].as_str().unwrap().to_owned();
        (whose, session["tenants"].clone())
    });
    told.collect()
}

async fn id_of(world: &World, key: &str, whose: &str) -> String {
    let listed = world.get(key, "/v1/sessions").await.json();
    let mut sessions = listed["sessions"].as_array().unwrap().iter();
    let found = sessions.find(|session| session["name"] == whose).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

async fn end(world: &World, key: &str, id: &str) -> Reply {
    let path = format!("/v1/sessions/{id}");
    world.call(Method::DELETE, key, &path, "").await
}

#[tokio::test]
async fn whoever_looks_after_a_tenant_sees_who_may_enter_it_and_nobody_else() {
    let (world, _person) = world().await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    let operator = world.operator().await;
    let neighbour = world.key_of("umbrella", &["admin"], "neighbour").await;
    Visitor::of(&world, "umbrella", &["reader"]).await;
    world.clock.advance_seconds(1);
    Visitor::of(&world, "acme", &["reader"]).await;
    let (ana, key) = ("Ana Example".to_owned(), "Test Owner".to_owned());
    let (acme, umbrella) = (json!(["acme"]), json!(["umbrella"]));
    let own = vec![(key.clone(), acme.clone()), (ana, acme)];
    assert_eq!(told(&world, &admin, "/v1/sessions").await, own);
    assert_eq!(told(&world, &admin, "/v1/sessions?tenant=acme").await, own);
    let theirs = [(key, umbrella)];
    assert_eq!(told(&world, &neighbour, "/v1/sessions").await, theirs);
    assert_eq!(told(&world, &operator, "/v1/sessions").await.len(), 3);
    let named = "/v1/sessions?tenant=umbrella";
    assert_eq!(told(&world, &operator, named).await, theirs);
    for path in [
        named,
        "/v1/sessions?tenant=_instance",
        "/v1/sessions?tenant=none",
    ] {
        assert_eq!(world.get(&admin, path).await.status, 404, "{path}");
    }
    for role in ["writer", "analyst", "reader", "auditor"] {
        let key = world.key_of("acme", &[role], "x").await;
        assert_eq!(world.get(&key, "/v1/sessions").await.status, 403, "{role}");
        assert_eq!(end(&world, &key, "ses_1").await.status, 403, "{role}");
    }
    // Nothing that lets anybody in leaves.
    let listed = world.get(&operator, "/v1/sessions").await;
    let named = [
        "begun_at", "email", "id", "name", "seen_at", "tenants", "whose", "with",
    ];
    for session in listed.json()["sessions"].as_array().unwrap() {
        for name in session.as_object().unwrap().keys() {
            assert!(named.contains(&name.as_str()), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_is_signed_out_is_out_at_once_and_it_is_recorded_who_did_it() {
    let (world, mut person) = world().await;
    let admin = world.key_of("acme", &["admin"], "admin").await;
    let neighbour = world.key_of("umbrella", &["admin"], "neighbour").await;
    let id = id_of(&world, &admin, "Ana Example").await;
    assert_eq!(end(&world, &neighbour, &id).await.status, 404);
    assert_eq!(end(&world, &admin, "ses_none").await.status, 404);
    assert_eq!(person.get(&world, "/t/acme/").await.status, StatusCode::OK);
    let headers = [("veritrail-tenant", "acme")];
    let stream = person.request(Method::GET, "/v1/events/stream", &headers);
    let stream = world
        .open(stream.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(end(&world, &admin, &id).await.status, 204);
    let rest = stream.into_body().collect().await.unwrap().to_bytes();
    assert!(str::from_utf8(&rest).unwrap().contains("session_ended"));
    let out = person.get(&world, "/t/acme/").await;
    assert!(out.header("location").starts_with("/sign-in?to="));
    assert_eq!(end(&world, &admin, &id).await.status, 404);
    let acme = world.tenant("acme").await;
    let records = world.records(LogRef::access(&acme)).await;
    let of = |operation: &str| {
        let mut found = records.iter();
        let found = found.find(|(entry, _)| entry["operation"] == operation);
        found.unwrap().1.clone()
    };
    assert_eq!(of("veritrail.session.revoked")["resource"]["id"], id);
    assert_eq!(of("veritrail.session.ended")["metadata"]["why"], "revoked");
    let auditor = world.auditor().await;
    let path = "/v1/events?log=access&q=operation:veritrail.session.*&limit=10";
    let found = world.get(&auditor, path).await.json();
    let actor = |operation: &str| {
        let mut events = found["events"].as_array().unwrap().iter();
        let event = events.find(|event| event["operation"] == operation);
        event.unwrap()["actor"]["name"].clone()
    };
    assert_eq!(actor("veritrail.session.revoked"), "Test Owner");
    assert_eq!(actor("veritrail.session.ended"), "Ana Example");
}

#[tokio::test]
async fn the_page_of_very_many_browsers_shows_the_newest_and_says_how_many_more_there_are() {
    let world = World::new().await;
    let admin = Visitor::of(&world, "acme", &["admin"]).await;
    for _ in 0..103 {
        Visitor::of(&world, "acme", &["reader"]).await;
    }
    let page = admin.text("/admin/sessions").await;
    assert_eq!(page.matches("class=\"acts\"").count(), 100, "{page}");
    assert!(page.contains("4 more are not shown"), "{page}");
}

#[tokio::test]
async fn an_operator_signs_anybody_out_and_the_instance_log_has_it() {
    let (world, mut person) = world().await;
    let operator = world.operator().await;
    let id = id_of(&world, &operator, "Ana Example").await;
    let elsewhere = format!("{id}?tenant=umbrella");
    assert_eq!(end(&world, &operator, &elsewhere).await.status, 404);
    assert_eq!(end(&world, &operator, &id).await.status, 204);
    assert_eq!(person.get(&world, "/t/acme/").await.status, 303);
    let instance = world.tenant(INSTANCE_TENANT).await;
    let told = world.operations(LogRef::main(&instance)).await;
    assert!(told.iter().any(|told| told == "veritrail.session.revoked"));
}
