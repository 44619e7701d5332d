//! Streams: every event once, whatever is cut, and nothing for who may no longer read.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::Config;
use store::LogRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{World, event, request};

/// A stream that is being read.
pub(crate) struct Reading {
    body: Body,
    text: String,
    /// The last id that was seen.
    id: String,
}

/// A block of the stream: its lines by name; comments have none.
pub(crate) type Block = BTreeMap<String, String>;

impl Reading {
    pub(crate) async fn begin(world: &World, key: &str, query: &str, after: Option<&str>) -> Self {
        let mut asked = request(Method::GET, key, &format!("/v1/events/stream?{query}"));
        if let Some(id) = after {
            asked = asked.header("last-event-id", id);
        }
        let response = world.open(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reading = Self {
            body: response.into_body(),
            text: String::new(),
            id: String::new(),
        };
        let first = reading.block().await.unwrap();
        assert!(
            first.contains_key("retry") && first.contains_key("id"),
            "{first:?}"
        );
        reading
    }

    /// The next block; `None` at the end of the answer.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        while !self.text.contains("\n\n") {
            let frame = self.body.frame().await?.unwrap();
            self.text
                .push_str(str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
        let end = self.text.find("\n\n").unwrap() + 2;
        let rest = self.text.split_off(end);
        let block = std::mem::replace(&mut self.text, rest);
        let lines = block.lines().filter_map(|line| line.split_once(": "));
        let block: Block = lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if let Some(id) = block.get("id") {
            self.id.clone_from(id);
        }
        Some(block)
    }

    /// The next event; heartbeats are passed over.
    async fn event(&mut self) -> Value {
        loop {
            let block = self.block().await.expect("the stream goes on");
            if block.get("event").is_some_and(|kind| kind == "audit") {
                return serde_json::from_str(&block["data"]).unwrap();
            }
            assert!(!block.contains_key("event"), "{block:?}");
        }
    }

    /// The ids of the next events.
    async fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.event().await["id"].as_str().unwrap().to_owned());
        }
        ids
    }

    /// The data of the end, which is the last thing of all.
    async fn end(&mut self) -> api::StreamEnd {
        loop {
            let block = self.block().await.expect("a stream ends by saying so");
            if block.get("event").is_some_and(|kind| kind == "end") {
                assert!(self.block().await.is_none());
                return serde_json::from_str(&block["data"]).unwrap();
            }
        }
    }
}

fn batch(from: usize, to: usize) -> String {
    let events: Vec<String> = (from..to).map(|n| event(&format!("e{n}"))).collect();
    format!("[{}]", events.join(","))
}

fn names(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("e{n}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stream_shows_what_comes_and_what_the_query_accepts() {
    let world = World::new().await;
    world.store(&event("before")).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut all = Reading::begin(&world, &reader, "", None).await;
    let mut some = Reading::begin(&world, &reader, "q=type:user.created", None).await;
    world.store(&batch(0, 3)).await;
    world
        .store(r#"{"id":"u","operation":"user.created","actor":{"id":"1"},"resource":{"type":"user","id":"7"}}"#)
        .await;
    let other = world.key_of("umbrella", &["writer"], "x").await;
    world.post(&other, "/v1/events", event("foreign")).await;
    assert_eq!(all.ids(4).await, ["e0", "e1", "e2", "u"]);
    let shown = some.event().await;
    let by_id = world.get(&reader, "/v1/events/u").await.json();
    assert_eq!(shown, by_id);
    world.store(&event("last")).await;
    assert_eq!(all.ids(1).await, ["last"]);
}

#[tokio::test(start_paused = true)]
async fn history_goes_over_into_what_comes_without_gap_or_double() {
    let world = World::new().await;
    let at = |n: usize| format!("2026-11-21T{:02}:{:02}:00Z", (n * 5) % 8, (n * 7) % 60);
    let dated = |from: usize, to: usize| {
        let events: Vec<String> = (from..to)
            .map(|n| {
                event(&format!("e{n}")).replacen('{', &format!("{{\"timestamp\":\"{}\",", at(n)), 1)
            })
            .collect();
        format!("[{}]", events.join(","))
    };
    world.store(&dated(0, 700)).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut stream = Reading::begin(&world, &reader, "since=2026-11-21T02:00:00Z", None).await;
    let mut seen = Vec::new();
    let mut times = Vec::new();
    for round in 0..10 {
        for _ in 0..40 {
            let shown = stream.event().await;
            times.push(shown["timestamp"].as_str().unwrap().to_owned());
            seen.push(shown["id"].as_str().unwrap().to_owned());
        }
        // Before and behind what was shown, while history is shown.
        world
            .store(&dated(700 + round * 20, 720 + round * 20))
            .await;
    }
    let expect: Vec<String> = (0..900)
        .filter(|n| (n * 5) % 8 >= 2)
        .map(|n| format!("e{n}"))
        .collect();
    seen.extend(stream.ids(expect.len() - seen.len()).await);
    let mut sorted = seen.clone();
    sorted.sort();
    let mut wanted = expect.clone();
    wanted.sort();
    assert_eq!(sorted, wanted);
    assert!(times.is_sorted(), "history is shown oldest first");
    // What comes is shown as it came.
    let coming: Vec<String> = expect
        .iter()
        .filter(|id| id[1..].parse::<usize>().unwrap() >= 700)
        .cloned()
        .collect();
    assert_eq!(seen[seen.len() - coming.len()..], coming);
}

#[tokio::test(start_paused = true)]
async fn a_stream_cut_twenty_times_shows_each_event_once() {
    let world = World::new().await;
    world.store(&batch(0, 300)).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let query = "since=1h&q=type:deployment.created";
    let mut stream = Reading::begin(&world, &reader, query, None).await;
    let mut seen = Vec::new();
    for cut in 0..20 {
        // Sometimes nothing at all was seen before the cut.
        let more = stream.ids(if cut % 5 == 0 { 0 } else { 31 + cut }).await;
        seen.extend(more);
        let from = 300 + cut * 25;
        world.store(&batch(from, from + 25)).await;
        let id = stream.id.clone();
        drop(stream);
        // Time goes on, and with it what an hour ago is.
        world.clock.advance_seconds(600);
        stream = Reading::begin(&world, &reader, query, Some(&id)).await;
    }
    seen.extend(stream.ids(800 - seen.len()).await);
    let mut sorted = seen.clone();
    sorted.sort();
    let mut expect = names(0, 800);
    expect.sort();
    assert_eq!(sorted, expect);
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_before_the_first_event_misses_none() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let stream = Reading::begin(&world, &reader, "", None).await;
    let id = stream.id.clone();
    drop(stream);
    world.store(&batch(0, 3)).await;
    // By the parameter, too; and another key of the tenant may go on.
    let other = world.key_of("acme", &["reader"], "y").await;
    let mut stream = Reading::begin(&world, &other, &format!("last_event_id={id}"), None).await;
    assert_eq!(stream.ids(3).await, ["e0", "e1", "e2"]);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_shows_that_it_lives_and_moves_on() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut stream = Reading::begin(&world, &reader, "q=type:user.created", None).await;
    let begun = (tokio::time::Instant::now(), stream.id.clone());
    world.store(&batch(0, 3)).await;
    let beat = stream.block().await.unwrap();
    assert!(
        !beat.contains_key("data") && beat["id"] != begun.1,
        "{beat:?}"
    );
    let seconds = begun.0.elapsed().as_secs();
    assert!((13..=15).contains(&seconds), "{seconds}");
    stream.block().await.unwrap();
    assert!((28..=30).contains(&begun.0.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn no_id_but_one_of_this_stream_is_taken() {
    let world = World::new().await;
    world.store(&batch(0, 3)).await;
    let auditor = world.auditor().await;
    let foreign = world.key_of("umbrella", &["auditor"], "x").await;
    let mut stream = Reading::begin(&world, &auditor, "since=1h&q=dpl_1", None).await;
    stream.ids(2).await;
    let id = stream.id.clone();
    let cursor = world.get(&auditor, "/v1/events?limit=1").await.json()["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    for (key, query) in [
        (&foreign, format!("since=1h&q=dpl_1&last_event_id={id}")),
        (&auditor, format!("since=2h&q=dpl_1&last_event_id={id}")),
        (&auditor, format!("q=dpl_1&last_event_id={id}")),
        (&auditor, format!("since=1h&q=dpl_2&last_event_id={id}")),
        (
            &auditor,
            format!("since=1h&q=dpl_1&log=access&last_event_id={id}"),
        ),
        (
            &auditor,
            format!("since=1h&q=dpl_1&last_event_id=Z{}", &id[1..]),
        ),
        (&auditor, format!("since=1h&q=dpl_1&last_event_id={cursor}")),
        (&auditor, "since=1h&q=dpl_1&last_event_id=7".to_owned()),
    ] {
        let reply = world.get(key, &format!("/v1/events/stream?{query}")).await;
        assert_eq!(
            reply.parameter(),
            (400, "bad_cursor".into(), "last_event_id".into()),
            "{query}"
        );
    }
    for (query, parameter) in [("q=(", "q"), ("since=hunter2", "since"), ("log=x", "log")] {
        let reply = world
            .get(&auditor, &format!("/v1/events/stream?{query}"))
            .await;
        assert_eq!(reply.parameter().2, parameter);
        assert!(!reply.text().contains("hunter2"));
    }
    let unknown = world.get(&auditor, "/v1/events/stream?until=1h").await;
    assert_eq!(unknown.problem().1, "bad_request");
}

#[tokio::test(start_paused = true)]
async fn a_revoked_or_expired_key_is_cut_off_within_a_second() {
    let world = World::new().await;
    let admin = world.key_of("acme", &["admin"], "x").await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let expiring = api::NewKey {
        roles: vec!["reader".into()],
        source: "s".into(),
        owner: "o".into(),
        expires_in_seconds: Some(60),
        ..api::NewKey::default()
    };
    let expiring = world.key("acme", &expiring).await;
    let mut revoked = Reading::begin(&world, &reader, "", None).await;
    let mut expired = Reading::begin(&world, &expiring, "", None).await;
    let mut other = Reading::begin(&world, &admin, "", None).await;
    world.store(&event("e0")).await;
    assert_eq!(revoked.ids(1).await, ["e0"]);
    assert_eq!(expired.ids(1).await, ["e0"]);
    let keys = world.get(&admin, "/v1/keys").await.json();
    let id = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| reader.contains(key["id"].as_str().unwrap()));
    let id = id.unwrap()["id"].as_str().unwrap();
    let path = format!("/v1/keys/{id}");
    assert!(
        world
            .call(Method::DELETE, &admin, &path, "")
            .await
            .status
            .is_success()
    );
    // Not even what is there already.
    world.store(&event("e1")).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(revoked.end().await.code, api::StreamEnd::KEY_REVOKED);
    assert!(begun.elapsed().as_secs_f32() <= 1.0);
    assert_eq!(expired.ids(1).await, ["e1"]);
    world.clock.advance_seconds(61);
    assert_eq!(expired.end().await.code, api::StreamEnd::KEY_EXPIRED);
    assert!(begun.elapsed().as_secs_f32() <= 2.0);
    assert_eq!(other.ids(2).await, ["e0", "e1"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_reads_no_further_ahead_and_slows_nobody() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut slow = Reading::begin(&world, &reader, "", None).await;
    world.store(&batch(0, 1)).await;
    assert_eq!(slow.ids(1).await, ["e0"]);
    let before = world.store.records_read.load(Ordering::Relaxed);
    for round in 0..20 {
        world
            .store(&batch(1 + round * 100, 101 + round * 100))
            .await;
    }
    // Nobody asks, so nothing is read.
    assert_eq!(world.store.records_read.load(Ordering::Relaxed), before);
    let mut quick = Reading::begin(&world, &reader, "since=1d", None).await;
    assert_eq!(quick.ids(2_001).await.len(), 2_001);
    assert_eq!(slow.ids(1).await, ["e1"]);
    let ahead = world.store.records_read.load(Ordering::Relaxed) - before;
    assert!(ahead <= 256, "{ahead}");
    assert_eq!(slow.ids(1_999).await, names(2, 2_001));
}

#[tokio::test(start_paused = true)]
async fn two_hundred_streams_share_what_is_read() {
    let mut config = Config::default();
    config.limits.tenant_streams = 200;
    let world = World::with(config).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(Reading::begin(&world, &reader, "q=dpl_1", None).await);
    }
    let before = world.store.records_read.load(Ordering::Relaxed);
    for round in 0..5 {
        world.store(&batch(round * 40, round * 40 + 40)).await;
        for stream in &mut streams {
            assert_eq!(stream.ids(40).await, names(round * 40, round * 40 + 40));
        }
    }
    let read = world.store.records_read.load(Ordering::Relaxed) - before;
    assert!(read <= 400, "{read} records were read for 200 events");
    let refused = world.get(&reader, "/v1/events/stream").await;
    assert_eq!(
        (refused.problem().0, refused.problem().1.as_str()),
        (429, "too_many_streams")
    );
    assert_eq!(refused.header("retry-after"), "10");
    let other = world.key_of("umbrella", &["reader"], "x").await;
    Reading::begin(&world, &other, "", None).await;
    streams.pop();
    Reading::begin(&world, &reader, "", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_one_intent_and_one_total() {
    let world = World::new().await;
    world.store(&batch(0, 3)).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut stream = Reading::begin(&world, &reader, "since=1d&q=dpl_1", None).await;
    stream.ids(3).await;
    world.record_due_totals().await;
    let reads = world.reads().await;
    assert_eq!(reads.len(), 1);
    assert_eq!(
        (&reads[0].1["kind"], &reads[0].1["q"]),
        (&json!("stream"), &json!("dpl_1"))
    );
    world.store(&batch(3, 5)).await;
    stream.ids(2).await;
    world.clock.advance_seconds(3_600);
    world.record_due_totals().await;
    assert_eq!(world.reads().await.len(), 1);
    drop(stream);
    world.record_due_totals().await;
    let reads = world.reads().await;
    assert_eq!(
        (reads.len(), reads[1].0.as_str()),
        (2, "veritrail.search.completed")
    );
    assert_eq!(reads[1].1["events"], json!(5));
}

#[tokio::test(start_paused = true)]
async fn an_analyst_s_stream_has_no_persons() {
    let world = World::new().await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let about = |id: &str| {
        format!(
            r#"{{"id":"{id}","operation":"deployment.created","actor":{{"id":"42","email":"dev@example.com"}},"resource":{{"type":"deployment","id":"d"}}}}"#
        )
    };
    world.store(&about("e1")).await;
    let mut stream = Reading::begin(&world, &analyst, "since=1d", None).await;
    let mut by_person = Reading::begin(&world, &analyst, "since=1d&q=actor:42", None).await;
    world.store(&about("e2")).await;
    for _ in 0..2 {
        let shown = stream.event().await;
        assert_eq!(shown["withheld"], json!(["person"]));
        assert!(!shown.to_string().contains("dev@example.com"));
    }
    let beat = by_person.block().await.unwrap();
    assert!(!beat.contains_key("data"), "{beat:?}");
}

#[tokio::test(start_paused = true)]
async fn history_that_can_t_be_searched_ends_the_stream_and_it_can_be_resumed() {
    let world = World::new().await;
    world.store(&batch(0, 3)).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut stream = Reading::begin(&world, &reader, "since=1d", None).await;
    world.store.memory.make_index_unavailable(true);
    assert_eq!(stream.end().await.code, "index_unavailable");
    world.store.memory.make_index_unavailable(false);
    let mut stream = Reading::begin(&world, &reader, "since=1d", Some(&stream.id)).await;
    assert_eq!(stream.ids(3).await, names(0, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_ends_streams_by_saying_so_and_records_their_totals() {
    let world = World::new().await;
    world.store(&batch(0, 3)).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let (address, stop, serving) = world.on_a_socket().await;
    let reading = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = format!(
            "GET /v1/events/stream?since=1d HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {reader}\r\n\r\n"
        );
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut text = String::new();
        let mut piece = [0; 4_096];
        while text.matches("event: audit").count() < 3 {
            let count = stream.read(&mut piece).await.unwrap();
            text.push_str(str::from_utf8(&piece[..count]).unwrap());
        }
        stop.send(()).unwrap();
        stream.read_to_string(&mut text).await.unwrap();
        text
    };
    let (served, text) = tokio::join!(serving, reading);
    served.unwrap();
    assert!(
        text.contains("event: end\ndata: {\"code\":\"shutting_down\""),
        "{text}"
    );
    // The answer was ended in order, not cut.
    assert!(text.ends_with("0\r\n\r\n"), "{text}");
    let access = LogRef::access(&*world.tenant("acme").await);
    let records = world.records(access).await;
    assert_eq!(records.last().unwrap().1["metadata"]["events"], json!(3));
}
