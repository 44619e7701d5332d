//! What each read leaves behind, and that there is no read without it.

use axum::http::StatusCode;
use serde_json::json;
use store::registry::INSTANCE_TENANT;
use store::{LogRef, StoreError};

use crate::support::{World, event};

#[tokio::test]
async fn a_read_leaves_one_record_whether_found_or_not() {
    let world = World::new().await;
    world
        .post(&world.writer().await, "/v1/events", event("e1"))
        .await;
    let auditor = world.auditor().await;
    let access = LogRef::access(&*world.tenant("acme").await);
    world.get(&auditor, "/v1/events/e1").await;
    world.get(&auditor, "/v1/events/missing").await;
    world.get(&auditor, "/v1/events/not%20an%20id").await;
    world.get(&auditor, "/v1/events/e1/proof").await;
    let records = world.records(access).await;
    let told: Vec<_> = records
        .iter()
        .map(|(entry, details)| {
            let asked = details["resource"]["id"].as_str().unwrap_or("-");
            (
                entry["operation"].as_str().unwrap(),
                entry["outcome"].as_str().unwrap(),
                asked,
            )
        })
        .collect();
    let expect = [
        ("veritrail.event.read", "success", "e1"),
        ("veritrail.event.read", "failure", "missing"),
        ("veritrail.event.read", "failure", "-"),
        ("veritrail.proof.read", "success", "e1"),
    ];
    assert_eq!(told, expect);
    for (entry, _) in &records {
        assert_eq!(entry["ingest"]["source"], "veritrail");
        assert_eq!(entry["actor"]["type"], "api_key");
        let text = entry.to_string();
        assert!(
            !text.contains("e1\"") && !text.contains("missing"),
            "{text}"
        );
    }
    // Who reads the access log finds the reads there, and leaves its own in the instance log.
    let id = records[0].0["id"].as_str().unwrap();
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let before = world.records(instance).await.len();
    let read = world.get(&auditor, &format!("/v1/events/{id}")).await;
    assert_eq!(
        read.json()["actor"]["name"],
        "Test Owner",
        "{}",
        read.text()
    );
    assert_eq!(world.records(access).await.len(), 4);
    assert_eq!(
        world.operations(instance).await[before..],
        ["veritrail.event.read"]
    );
}

#[tokio::test]
async fn bulk_reads_are_one_intent_for_each_key_log_and_minute() {
    let world = World::new().await;
    for n in 0..3 {
        world
            .post(&world.writer().await, "/v1/events", event(&format!("e{n}")))
            .await;
    }
    let (one, two) = (world.auditor().await, world.auditor().await);
    let tenant = world.tenant("acme").await;
    let (main, access) = (LogRef::main(&tenant), LogRef::access(&tenant));
    for key in [&one, &two] {
        for path in [
            "checkpoint",
            "tile/0/000.p/3",
            "tile/entries/000.p/2",
            "tile/entries/000.p/200",
        ] {
            world
                .get(key, &format!("/v1/logs/{}/{path}", main.log()))
                .await;
        }
    }
    let records = world.records(access).await;
    assert_eq!(records.len(), 2, "{records:?}");
    for (entry, details) in &records {
        assert_eq!(entry["operation"], "veritrail.tile.read");
        assert_eq!(details["metadata"], json!({"phase": "intent"}));
        assert_eq!(details["resource"]["id"], main.log().to_string());
    }
    // Reads of the access log are recorded in the instance log: verifying never grows the log it verifies.
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let before = world.records(instance).await.len();
    world
        .get(&one, &format!("/v1/logs/{}/checkpoint", access.log()))
        .await;
    assert_eq!(world.records(access).await.len(), 2);
    assert_eq!(
        world.operations(instance).await[before..],
        ["veritrail.tile.read"]
    );
}

#[tokio::test]
async fn reads_of_the_instance_log_are_recorded_in_its_access_log() {
    let world = World::new().await;
    let operator = world.operator().await;
    let tenant = world.tenant(INSTANCE_TENANT).await;
    let (instance, access) = (LogRef::main(&tenant), LogRef::access(&tenant));
    let size = world.records(instance).await.len();
    world
        .get(
            &operator,
            &format!("/v1/logs/{}/checkpoint", instance.log()),
        )
        .await;
    assert_eq!(world.operations(access).await, ["veritrail.tile.read"]);
    assert_eq!(world.records(instance).await.len(), size);
}

#[tokio::test]
async fn without_a_durable_record_nothing_is_read() {
    let world = World::new().await;
    world
        .post(&world.writer().await, "/v1/events", event("e1"))
        .await;
    let auditor = world.auditor().await;
    let tenant = world.tenant("acme").await;
    world.fail(Some(LogRef::access(&tenant)), || StoreError::DiskFull);
    let log = tenant.record.main;
    for path in [
        "/v1/events/e1".to_owned(),
        "/v1/events/e1/proof".into(),
        "/v1/events/missing".into(),
        format!("/v1/logs/{log}/checkpoint"),
        format!("/v1/logs/{log}/tile/entries/000.p/1"),
    ] {
        let reply = world.get(&auditor, &path).await;
        assert_eq!(
            reply.problem(),
            (503, "access_not_recorded".into(), String::new()),
            "{path}"
        );
    }
    *world.store.fault.lock().unwrap() = None;
    assert_eq!(
        world
            .get(&auditor, &format!("/v1/logs/{log}/checkpoint"))
            .await
            .status,
        StatusCode::OK
    );
    // The intent that failed was made good by the next read.
    assert_eq!(
        world.operations(LogRef::access(&tenant)).await,
        ["veritrail.tile.read"]
    );
}
