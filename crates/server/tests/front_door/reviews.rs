//! Periodic review: marks that say what they cover, kept where reads are kept.

use axum::http::StatusCode;
use store::LogRef;

use crate::support::{World, escaped};

fn at(id: &str, time: &str) -> String {
    format!(
        r#"{{"id":"{id}","operation":"deployment.created","timestamp":"{time}","actor":{{"id":"42"}},"resource":{{"type":"deployment","id":"d"}}}}"#
    )
}

/// Three events of one day, one of the next.
async fn world() -> World {
    let world = World::new().await;
    for (id, time) in [
        ("a", "2026-11-19T00:00:00Z"),
        ("b", "2026-11-19T12:00:00Z"),
        ("c", "2026-11-19T23:59:59.999999Z"),
        ("d", "2026-11-20T00:00:00Z"),
    ] {
        world.store(&at(id, time)).await;
    }
    world
}

#[tokio::test]
async fn a_day_is_marked_with_what_it_covers_and_listed() {
    let world = world().await;
    let key = world.auditor().await;
    let body = r#"{"day":"2026-11-19","note":"token: ghp_0123456789abcdefghijABCDEFGHIJ012345"}"#;
    let made = world.post(&key, "/v1/reviews", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made: api::Review = serde_json::from_slice(&made.bytes).unwrap();
    assert_eq!((made.events, made.size), (3, 5));
    let tenant = world.tenant("acme").await;
    let head = world.store.inner.head(LogRef::main(&tenant)).await.unwrap();
    assert_eq!(made.root_hash, head.signed.unwrap().root.to_hex());
    // Later events are not covered by it.
    world.store(&at("late", "2026-11-19T13:00:00Z")).await;
    let listed = world.get(&key, "/v1/reviews?since=90d").await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.text());
    assert!(!listed.text().contains("ghp_"), "the note is masked");
    let listed: api::Reviews = serde_json::from_slice(&listed.bytes).unwrap();
    let [review] = &listed.reviews[..] else {
        panic!("{listed:?}")
    };
    assert_eq!(review.id, made.id);
    assert_eq!(
        (review.day.as_deref(), review.events),
        (Some("2026-11-19"), 3)
    );
    assert_eq!(review.by.as_deref(), Some("Test Owner"));
    assert!(review.note.as_deref().unwrap().contains("[masked:"));
    let query = escaped(&review.query);
    let again = world.get(&key, &format!("/v1/events?q={query}")).await;
    assert_eq!(again.ids(), ["c", "late", "b", "a"]);
    // A read of the access log is on record in the instance log.
    let instance = world.tenant("_instance").await;
    let records = world.records(LogRef::main(&instance)).await;
    assert!(
        records
            .iter()
            .any(|(_, details)| details["metadata"]["kind"] == "reviews")
    );
}

#[tokio::test]
async fn a_view_is_marked_with_absolute_times() {
    let world = world().await;
    let key = world.auditor().await;
    let body = r#"{"q":"operation:deployment.* since:3d","until":"2026-11-20"}"#;
    let made = world.post(&key, "/v1/reviews", body).await.json();
    assert_eq!(made["events"], 3);
    let query = made["query"].as_str().unwrap();
    assert!(
        query.contains("2026-11-18T08:00:00") && !query.contains("3d"),
        "{query}"
    );
    world.clock.advance_seconds(10 * 86_400);
    let asked = escaped(query);
    let again = world.get(&key, &format!("/v1/events?q={asked}")).await;
    assert_eq!(again.ids().len(), 3);
}

#[tokio::test]
async fn a_mark_covers_whatever_was_acknowledged_before_it() {
    let world = world().await;
    let key = world.auditor().await;
    let log = LogRef::main(&*world.tenant("acme").await);
    world.store.inner.signed_past(log, 4).await.unwrap();
    world.store.memory.hold_signing(true);
    world.store(&at("late", "2026-11-19T13:00:00Z")).await;
    tokio::time::pause();
    let mark = || world.post(&key, "/v1/reviews", r#"{"day":"2026-11-19"}"#);
    let refused = mark().await;
    assert_eq!(refused.problem().1, "not_signed_yet", "{}", refused.text());
    let sign = async { world.store.memory.hold_signing(false) };
    let (made, ()) = tokio::join!(mark(), sign);
    let made = made.json();
    assert_eq!((&made["events"], &made["size"]), (&4.into(), &6.into()));
    let listed = world.get(&key, "/v1/reviews").await.json();
    assert_eq!(listed["reviews"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_view_without_an_end_ends_when_it_is_marked() {
    let world = world().await;
    let key = world.auditor().await;
    let body = r#"{"q":"operation:deployment.*","since":"7d"}"#;
    let made = world.post(&key, "/v1/reviews", body).await.json();
    let query = made["query"].as_str().unwrap();
    assert!(
        query.contains("timestamp:>=2026-11-14T08:00:00")
            && query.contains("timestamp:<2026-11-21T08:00:00"),
        "{query}"
    );
    world.clock.advance_seconds(3_600);
    world.store(&at("next", "2026-11-21T08:30:00Z")).await;
    let again = world
        .get(&key, &format!("/v1/events?q={}", escaped(query)))
        .await;
    assert_eq!(again.ids(), ["d", "c", "b", "a"]);
}

#[tokio::test]
async fn what_is_no_day_and_no_view_is_refused_at_the_field() {
    let world = world().await;
    let key = world.auditor().await;
    let long = format!(r#"{{"day":"2026-11-19","note":"{}"}}"#, "x".repeat(2_001));
    for (body, code, pointer) in [
        ("{}", "bad_field", "/day"),
        (r#"{"day":"2026-11-19","q":"a"}"#, "bad_field", "/day"),
        (r#"{"day":"2026-11-22"}"#, "bad_field", "/day"),
        (r#"{"day":"2026-02-30"}"#, "bad_field", "/day"),
        (r#"{"day":"yesterday"}"#, "bad_field", "/day"),
        (
            r#"{"day":"2026-11-19","note":"a\u0000b"}"#,
            "bad_field",
            "/note",
        ),
        (&long, "bad_field", "/note"),
        (r#"{"q":"("}"#, "bad_query", ""),
        (r#"{"since":"soon"}"#, "bad_request", ""),
        (
            r#"{"since":"2026-11-20","until":"2026-11-20"}"#,
            "bad_field",
            "/until",
        ),
        (r#"{"since":"1d","until":"2d"}"#, "bad_field", "/until"),
        (r#"{"since":"2026-11-22"}"#, "bad_field", "/since"),
        (r#"{"week":"2026-W11"}"#, "bad_field", ""),
    ] {
        let (_, known, at) = world
            .post(&key, "/v1/reviews", body.to_owned())
            .await
            .problem();
        assert_eq!((known.as_str(), at.as_str()), (code, pointer), "{body}");
    }
    let listed = world.get(&key, "/v1/reviews").await.json();
    assert_eq!(listed["reviews"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn no_mark_without_its_record_and_no_list_without_its_own() {
    let world = world().await;
    let key = world.auditor().await;
    let tenant = world.tenant("acme").await;
    world.fail(Some(LogRef::access(&tenant)), || {
        store::StoreError::DiskFull
    });
    let refused = world
        .post(&key, "/v1/reviews", r#"{"day":"2026-11-19"}"#)
        .await;
    assert_eq!(refused.problem().1, "disk_full");
    let instance = world.tenant("_instance").await;
    world.fail(Some(LogRef::main(&instance)), || {
        store::StoreError::DiskFull
    });
    assert_eq!(
        world.get(&key, "/v1/reviews").await.problem().1,
        "access_not_recorded"
    );
}

#[tokio::test]
async fn marks_of_one_tenant_are_not_seen_in_another() {
    let world = world().await;
    world
        .post(
            &world.auditor().await,
            "/v1/reviews",
            r#"{"day":"2026-11-19"}"#,
        )
        .await;
    let foreign = world.key_of("umbrella", &["auditor"], "s").await;
    let listed = world.get(&foreign, "/v1/reviews").await.json();
    assert_eq!(listed["reviews"].as_array().unwrap().len(), 0);
}
