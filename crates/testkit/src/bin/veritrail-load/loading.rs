//! Events that are written while others are asked for: the long load, and the ingest beside the queries.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use testkit::events::Events;

use super::Error;
use super::client::{Connection, encoded};
use super::latency::{Latency, per_second};
use super::posting::{BATCH, BURST_CONNECTIONS, in_parallel, post_batch};
use super::process::Server;

/// Batches that wait for a connection.
const WAITING_MAX: usize = 32;
/// Events a second beside the queries.
pub(crate) const INGEST_PER_SECOND: usize = 5_000;
/// Longest wait until a search finds what was acknowledged.
const FOUND_MAX: Duration = Duration::from_mins(10);

/// Loads the next `count` events, a multiple of [`BATCH`], as fast as they are taken; the clock stops when a search
/// finds the last one.
pub(crate) fn sustained(
    server: &Server,
    events: &mut Events,
    count: usize,
) -> Result<Duration, Error> {
    let (sender, receiver) = sync_channel::<String>(WAITING_MAX);
    let receiver = Mutex::new(receiver);
    let begun = Instant::now();
    let last = std::thread::scope(|scope| {
        let workers = scope.spawn(|| {
            in_parallel(BURST_CONNECTIONS, || {
                let mut connection = Connection::open(server)?;
                while let Some(body) = next(&receiver) {
                    post_batch(&mut connection, &body)?;
                }
                Ok(())
            })
            .map_err(|error| {
                // Nobody takes batches any more: the sender must not wait for room.
                while next(&receiver).is_some() {}
                error.to_string()
            })
        });
        let mut last = String::new();
        for _ in 0..count / BATCH {
            let body = events.batch(BATCH);
            last = last_id(&body);
            if sender.send(body).is_err() {
                break;
            }
        }
        drop(sender);
        workers.join().map_err(|_| "a worker panicked")??;
        Ok::<_, Error>(last)
    })?;
    let mut connection = Connection::open(server)?;
    let path = format!("/v1/events?q={}&limit=1", encoded(&format!("id:{last}")));
    loop {
        let answer = connection.get(&path)?;
        if answer.status == 200 && answer.body.contains(&last) {
            return Ok(begun.elapsed());
        }
        if answer.status != 200 && answer.status != 503 {
            return Err(format!("status {}: {}", answer.status, answer.body).into());
        }
        if begun.elapsed() > FOUND_MAX {
            return Err("the last event was not found".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn next(receiver: &Mutex<Receiver<String>>) -> Option<String> {
    let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
    receiver.recv().ok()
}

/// The id of the last event of a batch.
fn last_id(body: &str) -> String {
    let rest = body.rsplit(r#"{"id":"evt_"#).next().unwrap_or_default();
    let end = rest.split('"').next().unwrap_or_default();
    format!("evt_{end}")
}

/// What the ingest did until it was stopped.
pub(crate) struct Ingested {
    pub(crate) per_second: f64,
    pub(crate) acks: Latency,
}

/// Writes [`INGEST_PER_SECOND`] events in batches over one connection while `work` runs.
pub(crate) fn beside<T>(
    server: &Server,
    events: &mut Events,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<(T, Ingested), Error> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer =
            scope.spawn(|| ingest(server, events, &stop).map_err(|error| error.to_string()));
        // Until it is under way.
        std::thread::sleep(Duration::from_secs(2));
        let worked = work();
        stop.store(true, Ordering::Relaxed);
        let ingested = writer.join().map_err(|_| "the ingest panicked")??;
        Ok((worked?, ingested))
    })
}

fn ingest(server: &Server, events: &mut Events, stop: &AtomicBool) -> Result<Ingested, Error> {
    let mut connection = Connection::open(server)?;
    let mut acks = Vec::new();
    let begun = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let body = events.batch(BATCH);
        let before = Instant::now();
        post_batch(&mut connection, &body)?;
        acks.push(before.elapsed());
        let micros = acks.len() * BATCH * 1_000_000 / INGEST_PER_SECOND;
        let due = Duration::from_micros(u64::try_from(micros)?);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    Ok(Ingested {
        per_second: per_second(acks.len() * BATCH, begun.elapsed()),
        acks: Latency::of(acks),
    })
}
