//! Bodies: forms, encodings, and every bound on them.

use std::io::Write;

use axum::http::{Method, StatusCode};
use store::LogRef;

use crate::support::{World, event, request};

async fn send(
    world: &World,
    key: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> crate::support::Reply {
    let mut request = request(Method::POST, key, "/v1/events");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

async fn stored(world: &World) -> u64 {
    let log = LogRef::main(&*world.tenant("acme").await);
    world.store.inner.head(log).await.unwrap().size - 1
}

#[tokio::test]
async fn forms_and_encodings_all_lead_in() {
    let world = World::new().await;
    let key = world.writer().await;
    let one = |id: &str| event(id).into_bytes();
    let plain = send(&world, &key, &[], one("e1")).await;
    assert_eq!(plain.status, StatusCode::CREATED, "{}", plain.text());
    let curl = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(
        send(&world, &key, &curl, one("e2")).await.status,
        StatusCode::CREATED
    );
    for (encoding, body) in [("gzip", gzip(&one("e3"))), ("zstd", zstd(&one("e4")))] {
        let reply = send(&world, &key, &[("content-encoding", encoding)], body).await;
        assert_eq!(
            reply.status,
            StatusCode::CREATED,
            "{encoding}: {}",
            reply.text()
        );
    }
    // Lines are noticed without being announced.
    let lines = format!("{}\n{}\n", event("e5"), event("e6"));
    let reply = send(
        &world,
        &key,
        &[("content-type", "application/json")],
        lines.into_bytes(),
    )
    .await;
    assert_eq!(reply.json()["stored"], 2);
    let announced = [("content-type", "application/x-ndjson; charset=utf-8")];
    assert_eq!(
        send(&world, &key, &announced, one("e7")).await.json()["stored"],
        1
    );
    assert_eq!(
        send(&world, &key, &[], b"[]".to_vec()).await.json()["results"],
        serde_json::json!([])
    );
    assert_eq!(stored(&world).await, 7);
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused() {
    let world = World::new().await;
    let key = world.writer().await;
    let sound = event("e").into_bytes();
    let mut cut = gzip(&sound);
    cut.truncate(cut.len() - 9);
    let mut cut_zstd = zstd(&sound);
    cut_zstd.truncate(cut_zstd.len() - 3);
    for (headers, body, status, code) in [
        (
            vec![("content-encoding", "br")],
            sound.clone(),
            415,
            "unsupported_encoding",
        ),
        (
            vec![("content-encoding", "gzip, gzip")],
            gzip(&gzip(&sound)),
            415,
            "unsupported_encoding",
        ),
        (
            vec![("content-encoding", "gzip"), ("content-encoding", "zstd")],
            gzip(&sound),
            415,
            "unsupported_encoding",
        ),
        (
            vec![("content-type", "text/html")],
            sound.clone(),
            415,
            "unsupported_type",
        ),
        (
            vec![("content-encoding", "gzip")],
            sound.clone(),
            400,
            "bad_body",
        ),
        (
            vec![("content-encoding", "zstd")],
            gzip(&sound),
            400,
            "bad_body",
        ),
        (vec![("content-encoding", "gzip")], cut, 400, "bad_body"),
        (
            vec![("content-encoding", "zstd")],
            cut_zstd,
            400,
            "bad_body",
        ),
        (
            vec![("idempotency-key", "")],
            sound.clone(),
            400,
            "bad_request",
        ),
    ] {
        let reply = send(&world, &key, &headers, body).await;
        let (found, name, _) = reply.problem();
        assert_eq!((found, name.as_str()), (status, code), "{headers:?}");
    }
    let long = "k".repeat(256);
    let (status, code, _) = send(&world, &key, &[("idempotency-key", &long)], sound)
        .await
        .problem();
    assert_eq!((status, code.as_str()), (400, "bad_request"));
    assert_eq!(stored(&world).await, 0);
}

#[tokio::test]
async fn bombs_and_oversized_bodies_are_413_and_name_the_limit() {
    let world = World::new().await;
    let key = world.writer().await;
    let limit = ledger::limits::BATCH_BYTES_MAX;
    let huge = vec![b' '; limit + 1];
    for (headers, body) in [
        (vec![], huge.clone()),
        (vec![("content-encoding", "gzip")], gzip(&huge)),
        (vec![("content-encoding", "zstd")], zstd(&huge)),
        (vec![("content-length", "99999999999")], b"{}".to_vec()),
    ] {
        let reply = send(&world, &key, &headers, body).await;
        let (status, code, _) = reply.problem();
        assert_eq!(
            (status, code.as_str()),
            (413, "body_too_large"),
            "{headers:?}"
        );
        assert!(reply.text().contains("16777216"), "{}", reply.text());
    }
}

#[tokio::test]
async fn one_event_too_many_stores_none() {
    let world = World::new().await;
    let key = world.writer().await;
    let events: Vec<String> = (0..10_001).map(|n| format!("{{\"n\":{n}}}")).collect();
    for (headers, body) in [
        (vec![], format!("[{}]", events.join(","))),
        (
            vec![("content-type", "application/x-ndjson")],
            events.join("\n"),
        ),
    ] {
        let reply = send(&world, &key, &headers, body.into_bytes()).await;
        let (status, code, _) = reply.problem();
        assert_eq!((status, code.as_str()), (413, "too_many_events"));
        assert!(reply.text().contains("10000"), "{}", reply.text());
    }
    let full = format!("[{}]", events[..10_000].join(","));
    let reply = send(&world, &key, &[], full.into_bytes()).await;
    assert_eq!(reply.json()["refused"], 10_000);
    assert_eq!(stored(&world).await, 0);
}

#[tokio::test]
async fn too_many_body_bytes_at_once_are_told_to_wait() {
    let mut config = server::Config::default();
    config.limits.queue_bytes = 64 * 1024;
    let world = World::with(config).await;
    let key = world.writer().await;
    let padded = format!("{}{}", event("e"), " ".repeat(80 * 1024));
    let reply = send(&world, &key, &[], padded.into_bytes()).await;
    assert_eq!(
        (reply.problem().0, reply.problem().1.as_str()),
        (503, "busy")
    );
    assert_eq!(reply.header("retry-after"), "1");
    // What was taken is given back.
    assert_eq!(
        send(&world, &key, &[], event("e").into_bytes())
            .await
            .status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_full_batch_goes_through_the_threads_for_large_bodies() {
    let world = World::new().await;
    let key = world.writer().await;
    let events: Vec<String> = (0..1_000).map(|n| event(&format!("e{n}"))).collect();
    let reply = send(
        &world,
        &key,
        &[],
        format!("[{}]", events.join(",")).into_bytes(),
    )
    .await;
    let answer: api::BatchAnswer = serde_json::from_slice(&reply.bytes).unwrap();
    assert_eq!(answer.stored, 1_000);
    for (index, item) in answer.results.iter().enumerate() {
        let receipt = item.outcome.receipt().unwrap();
        assert_eq!((item.index, receipt.seq), (index as u64, index as u64 + 1));
        assert_eq!(receipt.id, format!("e{index}"));
    }
}
