//! How much each tenant gets: a quota of events, and a share of what all share.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, StatusCode};
use hyper::body::Frame;
use server::Config;
use store::{LogRef, StoreError};

use crate::support::{Reply, World, event, request};

fn with_quota(rate: u64, burst: u64) -> Config {
    let mut config = Config::default();
    config.limits.tenant_events_per_second = rate;
    config.limits.tenant_burst_events = burst;
    config
}

fn batch(prefix: &str, count: usize) -> String {
    let events: Vec<String> = (0..count)
        .map(|number| event(&format!("{prefix}-{number}")))
        .collect();
    format!("[{}]", events.join(","))
}

#[tokio::test]
async fn a_tenant_over_its_quota_is_told_when_to_come_back_and_others_are_not_held_up() {
    let world = World::with(with_quota(10, 100)).await;
    let writer = world.writer().await;
    let other = world.key_of("umbrella", &["writer"], "api").await;
    let sent = world.post(&writer, "/v1/events", batch("a", 90)).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    assert_eq!(
        (sent.header("ratelimit-policy"), sent.header("ratelimit")),
        (r#""events";q=100;w=10;qu="events""#, r#""events";r=10;t=9"#)
    );
    let refused = world.post(&writer, "/v1/events", batch("b", 15)).await;
    assert_eq!(
        refused.problem(),
        (429, "quota_exceeded".into(), String::new())
    );
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit"), r#""events";r=10;t=1"#);
    assert!(!refused.header("ratelimit-policy").is_empty());
    let log = LogRef::main(&*world.tenant("acme").await);
    assert_eq!(world.records(log).await.len(), 90, "whole or not at all");
    assert_eq!(
        world
            .post(&other, "/v1/events", batch("c", 100))
            .await
            .status,
        StatusCode::OK
    );
    world.clock.advance_seconds(1);
    assert_eq!(
        world
            .post(&writer, "/v1/events", batch("b", 15))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_quota_is_the_tenants_however_many_keys_it_has() {
    let world = World::with(with_quota(1, 10)).await;
    let platform = world.platform(&["writer"], true).await;
    for number in 0..10 {
        let key = world.writer().await;
        let sent = world
            .post(&key, "/v1/events", event(&format!("e{number}")))
            .await;
        assert_eq!(sent.status, StatusCode::CREATED);
    }
    let fresh = world.writer().await;
    let refused = world.post(&fresh, "/v1/events", event("e10")).await;
    assert_eq!(refused.problem().0, 429);
    let send = async |tenant: &str| {
        world
            .call_for(tenant, Method::POST, &platform, "/v1/events", event("p"))
            .await
    };
    assert_eq!(send("acme").await.problem().0, 429);
    assert_eq!(send("umbrella").await.status, StatusCode::CREATED);
    assert_eq!(send("made-now").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn repeated_and_refused_events_count_and_what_the_store_could_not_take_does_not() {
    let world = World::with(with_quota(1, 4)).await;
    let writer = world.writer().await;
    let log = LogRef::main(&*world.tenant("acme").await);
    world.fail(Some(log), || StoreError::DiskFull);
    for _ in 0..10 {
        let reply = world.post(&writer, "/v1/events", batch("a", 4)).await;
        assert_eq!(reply.problem().1, "disk_full");
    }
    *world.store.fault.lock().unwrap() = None;
    for _ in 0..2 {
        let reply = world.post(&writer, "/v1/events", event("same")).await;
        assert!(reply.status.is_success(), "{}", reply.text());
    }
    let half = format!("[{},{{}}]", event("other"));
    assert_eq!(
        world.post(&writer, "/v1/events", half).await.status,
        StatusCode::OK
    );
    assert_eq!(
        world
            .post(&writer, "/v1/events", event("fifth"))
            .await
            .problem()
            .1,
        "quota_exceeded"
    );
}

#[tokio::test]
async fn reading_and_trying_cost_no_events() {
    let world = World::with(with_quota(1, 1)).await;
    let (writer, auditor) = (world.writer().await, world.auditor().await);
    world.post(&writer, "/v1/events", event("e1")).await;
    for _ in 0..20 {
        let tried = world
            .post(&writer, "/v1/events?dry_run=true", event("e2"))
            .await;
        assert_eq!(tried.status, StatusCode::OK);
        let read = world.get(&auditor, "/v1/events/e1").await;
        assert_eq!(read.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn without_a_quota_nothing_is_said_of_one() {
    let world = World::new().await;
    let sent = world
        .post(&world.writer().await, "/v1/events", event("e1"))
        .await;
    assert_eq!(sent.header("ratelimit"), "");
    assert_eq!(sent.header("ratelimit-policy"), "");
}

/// A body that begins with some bytes and never ends, so that its request stays in flight.
struct Endless(Option<Bytes>);

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None => Poll::Pending,
        }
    }
}

/// Requests in flight, and the answers of those that were refused at once.
async fn storm<'a>(
    world: &'a World,
    key: &'a str,
    count: usize,
    bytes: usize,
) -> (
    Vec<Pin<Box<dyn Future<Output = Reply> + Send + 'a>>>,
    Vec<Reply>,
) {
    let (mut running, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let body = Body::new(Endless((bytes > 0).then(|| vec![b' '; bytes].into())));
        let request = request(Method::POST, key, "/v1/events").body(body).unwrap();
        let mut call: Pin<Box<dyn Future<Output = Reply> + Send>> = Box::pin(world.send(request));
        let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        match polled {
            Poll::Pending => running.push(call),
            Poll::Ready(reply) => refused.push(reply),
        }
    }
    (running, refused)
}

#[tokio::test]
async fn a_tenant_with_many_requests_in_flight_leaves_some_for_the_others() {
    let mut config = Config::default();
    config.limits.concurrent_requests = 16;
    let world = World::with(config).await;
    let writer = world.writer().await;
    let other = world.key_of("umbrella", &["writer"], "api").await;
    let (running, refused) = storm(&world, &writer, 16, 0).await;
    assert_eq!((running.len(), refused.len()), (12, 4));
    for reply in &refused {
        assert_eq!(reply.problem().1, "busy");
        assert_eq!(reply.header("retry-after"), "1");
    }
    let sent = world.post(&other, "/v1/events", event("e1")).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
    drop(running);
    let sent = world.post(&writer, "/v1/events", event("e1")).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
}

#[tokio::test]
async fn a_tenant_with_large_bodies_leaves_memory_for_the_others() {
    let mut config = Config::default();
    config.limits.queue_bytes = 32 * 1024 * 1024;
    let world = World::with(config).await;
    let writer = world.writer().await;
    let other = world.key_of("umbrella", &["writer"], "api").await;
    let (running, refused) = storm(&world, &writer, 8, 8 * 1024 * 1024).await;
    assert_eq!((running.len(), refused.len()), (3, 5));
    assert_eq!(refused[0].problem().1, "busy");
    let sent = world.post(&other, "/v1/events", event("e1")).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
    drop(running);
    let sent = world.post(&writer, "/v1/events", event("e1")).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
}
