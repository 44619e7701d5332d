//! The table of roles, seen from outside.

use axum::http::{Method, StatusCode};
use store::registry::INSTANCE_TENANT;

use crate::support::{World, event};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "every route that takes a role")]
async fn each_role_reaches_what_it_may_and_nothing_else() {
    let world = World::new().await;
    world
        .post(&world.writer().await, "/v1/events", event("e1"))
        .await;
    let log = world.tenant("acme").await.record.main;
    let access = world.tenant("acme").await.record.access;
    let calls = [
        (Method::POST, "/v1/events".to_owned(), event("e2")),
        (Method::GET, "/v1/events/e1".into(), String::new()),
        (Method::GET, "/v1/events/e1/proof".into(), String::new()),
        (Method::GET, "/v1/logs".into(), String::new()),
        (
            Method::GET,
            format!("/v1/logs/{log}/checkpoint"),
            String::new(),
        ),
        (Method::GET, format!("/v1/logs/{log}/vkey"), String::new()),
        (
            Method::GET,
            format!("/v1/logs/{log}/tile/entries/000.p/1"),
            String::new(),
        ),
        (
            Method::GET,
            format!("/v1/logs/{access}/checkpoint"),
            String::new(),
        ),
        (Method::GET, "/v1/keys".into(), String::new()),
        (
            Method::POST,
            "/v1/keys".into(),
            r#"{"roles":["reader"],"source":"s","owner":"o"}"#.into(),
        ),
        (Method::GET, "/v1/tenants".into(), String::new()),
        (
            Method::POST,
            "/v1/tenants".into(),
            r#"{"name":"new"}"#.into(),
        ),
        (Method::POST, "/v1/clock/confirm".into(), String::new()),
        (Method::GET, "/v1/events".into(), String::new()),
        (Method::GET, "/v1/stats".into(), String::new()),
        (
            Method::GET,
            "/v1/fields?field=operation".into(),
            String::new(),
        ),
        (Method::GET, "/v1/producers".into(), String::new()),
        (
            Method::GET,
            "/v1/resources/deployment/dpl_1/state".into(),
            String::new(),
        ),
        (Method::GET, "/v1/events?log=access".into(), String::new()),
        (Method::GET, "/v1/index".into(), String::new()),
        (Method::POST, "/v1/index/rebuild".into(), String::new()),
        (Method::GET, "/v1/sources".into(), String::new()),
        (
            Method::POST,
            "/v1/sources".into(),
            r#"{"name":"s","vendor":"github"}"#.into(),
        ),
        (Method::GET, "/v1/tenants/_own".into(), String::new()),
        (
            Method::POST,
            "/v1/tenants/acme".into(),
            r#"{"strict":false}"#.into(),
        ),
        (
            Method::POST,
            "/v1/tenants/acme".into(),
            r#"{"mask_exceptions":[]}"#.into(),
        ),
        (Method::GET, "/v1/export".into(), String::new()),
        (Method::GET, "/v1/health".into(), String::new()),
        (Method::GET, format!("/v1/logs/{log}/verify"), String::new()),
        (
            Method::POST,
            format!("/v1/logs/{log}/verify"),
            String::new(),
        ),
        (Method::GET, "/v1/reviews".into(), String::new()),
        (
            Method::POST,
            "/v1/reviews".into(),
            r#"{"q":"outcome:failure"}"#.into(),
        ),
    ];
    // y: answered, n: 403.
    let table = [
        ("writer", "ynnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"),
        ("analyst", "nynnnnnnnnnnnyyyyynnnnnnnnnnnnnn"),
        ("reader", "nynynnnnnnnnnyyyyynnnnnnnnnynnnn"),
        ("auditor", "nyyyyyyynnnnnyyyyyynnnnnnnyyyyyy"),
        ("admin", "nyyyyyyyyynnnyyyyyynnyyyynyyyyyy"),
    ];
    for (role, row) in table {
        let key = world.key_of("acme", &[role], "s").await;
        for ((method, path, body), expect) in calls.iter().zip(row.chars()) {
            let reply = world.call(method.clone(), &key, path, body.clone()).await;
            if expect == 'y' {
                assert!(
                    reply.status.is_success(),
                    "{role} {method} {path}: {}",
                    reply.text()
                );
            } else {
                assert_eq!(
                    reply.problem(),
                    (403, "forbidden".into(), String::new()),
                    "{role} {method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_operator_sees_the_instance_log_and_no_event_of_a_tenant() {
    let world = World::new().await;
    world
        .post(&world.writer().await, "/v1/events", event("e1"))
        .await;
    let operator = world.operator().await;
    assert_eq!(
        world.get(&operator, "/v1/events/e1").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world
            .post(&operator, "/v1/events", event("e2"))
            .await
            .problem()
            .1,
        "forbidden"
    );
    let acme = world.tenant("acme").await.record.main;
    assert_eq!(
        world
            .get(&operator, &format!("/v1/logs/{acme}/checkpoint"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let logs = world.get(&operator, "/v1/logs").await.json();
    let kinds: Vec<&str> = logs["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| log["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["instance", "access"]);
    let instance = world.tenant(INSTANCE_TENANT).await.record.main;
    assert_eq!(
        world
            .get(&operator, &format!("/v1/logs/{instance}/checkpoint"))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn readers_see_main_alone_listed_and_auditors_both() {
    let world = World::new().await;
    for (role, expect) in [
        ("reader", vec!["main"]),
        ("auditor", vec!["main", "access"]),
    ] {
        let key = world.key_of("acme", &[role], "s").await;
        let answer: api::Logs =
            serde_json::from_slice(&world.get(&key, "/v1/logs").await.bytes).unwrap();
        let kinds: Vec<&str> = answer.logs.iter().map(|log| log.kind.as_str()).collect();
        assert_eq!(kinds, expect, "{role}");
        assert!(answer.logs[0].origin.ends_with(&answer.logs[0].id));
    }
}
