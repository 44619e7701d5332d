//! A log checked by the server: what holds is said to, what was changed is named, and who asked is on record.

use axum::http::{Method, StatusCode};
use store::LogRef;

use crate::support::{World, event};

async fn asked(world: &World, key: &str, log: &str, method: Method) -> api::Verification {
    let path = format!("/v1/logs/{log}/verify");
    let reply = world.call(method, key, &path, "").await;
    assert!(reply.status.is_success(), "{}", reply.text());
    serde_json::from_slice(&reply.bytes).unwrap()
}

#[tokio::test]
async fn a_log_that_holds_is_verified_to_its_checkpoint_and_that_is_recorded() {
    let world = World::new().await;
    for index in 0..700 {
        world.store(&event(&format!("e{index}"))).await;
    }
    let key = world.auditor().await;
    let tenant = world.tenant("acme").await;
    let log = tenant.record.main.to_string();
    assert_eq!(asked(&world, &key, &log, Method::GET).await.state, "never");
    let begun = asked(&world, &key, &log, Method::POST).await;
    assert_eq!((begun.state.as_str(), begun.size), ("running", 701));
    // Asking again changes nothing; another log waits its turn.
    assert_eq!(
        asked(&world, &key, &log, Method::POST).await.state,
        "running"
    );
    let access = tenant.record.access.to_string();
    let path = format!("/v1/logs/{access}/verify");
    assert_eq!(world.post(&key, &path, "").await.problem().1, "busy");
    world.verify_wanted().await;
    let ended = asked(&world, &key, &log, Method::GET).await;
    assert_eq!(
        (ended.state.as_str(), ended.done, ended.bad_seq),
        ("verified", 701, None)
    );
    let checkpoint = world.get(&key, &format!("/v1/logs/{log}/checkpoint")).await;
    let head = world.store.inner.head(LogRef::main(&tenant)).await.unwrap();
    assert_eq!(ended.root_hash, Some(head.signed.unwrap().root.to_hex()));
    assert!(checkpoint.text().contains("\n701\n"));
    assert!(ended.rests_on.contains("veritrail verify"));
    let recorded = world.reads().await;
    let (operation, told) = recorded
        .iter()
        .find(|(name, _)| name.contains("verified"))
        .unwrap();
    assert_eq!(operation, "veritrail.log.verified");
    assert_eq!(
        (&told["state"], &told["size"]),
        (&"verified".into(), &701.into())
    );
}

#[tokio::test]
async fn a_check_of_the_access_log_is_recorded_elsewhere_and_does_not_grow_it() {
    let world = World::new().await;
    let key = world.auditor().await;
    let tenant = world.tenant("acme").await;
    let before = world
        .store
        .inner
        .head(LogRef::access(&tenant))
        .await
        .unwrap()
        .size;
    let log = tenant.record.access.to_string();
    asked(&world, &key, &log, Method::POST).await;
    world.verify_wanted().await;
    assert_eq!(
        asked(&world, &key, &log, Method::GET).await.state,
        "verified"
    );
    let after = world
        .store
        .inner
        .head(LogRef::access(&tenant))
        .await
        .unwrap()
        .size;
    assert_eq!(after, before);
    let instance = world.tenant("_instance").await;
    let operations = world.operations(LogRef::main(&instance)).await;
    assert!(operations.contains(&"veritrail.log.verified".to_owned()));
}

#[tokio::test]
async fn an_entry_or_a_part_that_was_changed_is_named_by_its_seq() {
    for part in [false, true] {
        let world = World::new().await;
        for index in 0..400 {
            world.store(&event(&format!("e{index}"))).await;
        }
        let key = world.auditor().await;
        let log = world.tenant("acme").await.record.main.to_string();
        world.store.tamper(300, part);
        asked(&world, &key, &log, Method::POST).await;
        world.verify_wanted().await;
        let ended = asked(&world, &key, &log, Method::GET).await;
        assert_eq!(ended.state, "failed", "{ended:?}");
        if part {
            assert_eq!(ended.bad_seq, Some(300));
            assert!(ended.found.unwrap().contains("details part"));
        } else {
            assert!(ended.found.unwrap().contains("another root"));
        }
        let (_, told) = world
            .reads()
            .await
            .into_iter()
            .find(|(name, _)| name.contains("verified"))
            .unwrap();
        assert_eq!(told["state"], "failed");
    }
}

#[tokio::test]
async fn unknown_and_foreign_logs_are_not_there() {
    let world = World::new().await;
    let key = world.auditor().await;
    let foreign = world.tenant("umbrella").await.record.main.to_string();
    let known = world
        .post(&key, &format!("/v1/logs/{foreign}/verify"), "")
        .await;
    let unknown = world
        .post(&key, &format!("/v1/logs/{}/verify", "0".repeat(32)), "")
        .await;
    assert_eq!(known.status, StatusCode::NOT_FOUND);
    assert_eq!(known.bytes, unknown.bytes);
    let shown = world.get(&key, &format!("/v1/logs/{foreign}/verify")).await;
    assert_eq!(shown.bytes, unknown.bytes);
}
