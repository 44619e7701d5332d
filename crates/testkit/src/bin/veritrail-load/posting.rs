//! The ledger's rows: a burst, single POSTs, disk, verification.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::client::Connection;
use super::home::Home;
use super::latency::{Latency, millis, per_second};
use super::process::Server;
use super::table::{Row, Table, Unit};
use super::{Error, cost, events};

/// Events of one request in the burst.
pub(crate) const BATCH: usize = 500;
/// Connections of the burst.
pub(crate) const BURST_CONNECTIONS: usize = 8;
/// Connections of the single POSTs.
const MANY_CONNECTIONS: usize = 64;
/// Single POSTs over one connection, and over many.
const SINGLES: [usize; 2] = [2_000, 32_000];

/// Measures a server of its own with a burst of `count` events.
pub(crate) fn run(binary: &Path, count: usize, table: &mut Table) -> Result<(), Error> {
    table.heading(format!("the ledger: {count} events in batches of {BATCH}, {BURST_CONNECTIONS} connections; then single POSTs"));
    let cost = cost::of_one_event()?;
    table.add(
        Row::new(
            "masking, entry, parts, hashes, one core",
            Unit::Micros,
            cost.as_secs_f64() * 1e6,
        )
        .wanted(10.0, 7.0),
    );
    let home = Home::new("burst")?;
    let server = Server::start(binary, &home)?;
    let bodies = events::batches(count, BATCH, 1);
    let rate = per_second(count, burst(&server, &bodies)?);
    drop(bodies);
    table.add(
        Row::new("durable acks over HTTP, burst", Unit::PerSecond, rate)
            .wanted(80_000.0, 120_000.0)
            .beside(&["copy-batches"], "rate"),
    );
    server.wait_signed()?;
    single_posts(&server, table)?;
    let memory = server.anonymous_memory_mb()?;
    table.add(Row::new(
        "anonymous memory after the burst",
        Unit::Megabytes,
        memory,
    ));
    server.wait_signed()?;
    server.stop()?;
    let (took, checked) = verify(binary, &home)?;
    table.add(
        Row::new(
            "full verification",
            Unit::PerSecond,
            per_second(checked, took),
        )
        .wanted(250_000.0, 500_000.0),
    );
    Ok(())
}

/// One event a request, one connection and many.
fn single_posts(server: &Server, table: &mut Table) -> Result<(), Error> {
    let [few, many] = SINGLES;
    let (latency, _) = singles(server, 1, few, 2)?;
    table.add(
        Row::new(
            "single POSTs, 1 connection, p50",
            Unit::Millis,
            millis(latency.p50),
        )
        .wanted(5.0, 2.0)
        .beside(&["insert-1"], "p50_ms"),
    );
    let (latency, took) = singles(server, MANY_CONNECTIONS, many, 3)?;
    table.add(
        Row::new(
            "single POSTs, 64 connections (peers 16), rate",
            Unit::PerSecond,
            per_second(many, took),
        )
        .wanted(8_000.0, 15_000.0)
        .beside(&["insert-16"], "rate"),
    );
    table.add(
        Row::new(
            "single POSTs, 64 connections (peers 16), p99",
            Unit::Millis,
            millis(latency.p99),
        )
        .wanted(25.0, 10.0)
        .beside(&["insert-16"], "p99_ms"),
    );
    Ok(())
}

fn burst(server: &Server, bodies: &[String]) -> Result<Duration, Error> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    in_parallel(BURST_CONNECTIONS, || {
        let mut connection = Connection::open(server)?;
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            post_batch(&mut connection, body)?;
        }
        Ok(())
    })?;
    Ok(begun.elapsed())
}

/// Posts a batch of [`BATCH`] events, all of which have to be stored.
pub(crate) fn post_batch(connection: &mut Connection, body: &str) -> Result<(), Error> {
    let answer = connection.post(body.as_bytes())?;
    let whole = format!("\"stored\":{BATCH},\"repeated\":0,\"refused\":0");
    if answer.status == 200 && answer.body.contains(&whole) {
        return Ok(());
    }
    let body: String = answer.body.chars().take(300).collect();
    Err(format!("status {}: {body}", answer.status).into())
}

pub(crate) fn singles(
    server: &Server,
    connections: usize,
    count: usize,
    seed: u64,
) -> Result<(Latency, Duration), Error> {
    let bodies = events::singles(count, seed);
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let times = in_parallel(connections, || {
        let mut connection = Connection::open(server)?;
        let mut times = Vec::new();
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            let begun = Instant::now();
            let answer = connection.post(body.as_bytes())?;
            times.push(begun.elapsed());
            if answer.status != 201 {
                return Err(format!("status {}: {}", answer.status, answer.body).into());
            }
        }
        Ok(times)
    })?;
    let took = begun.elapsed();
    Ok((Latency::of(times.into_iter().flatten().collect()), took))
}

/// Runs the same work in so many threads; answers what each answered.
pub(crate) fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn() -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| work().map_err(|error| error.to_string())))
            .collect();
        workers
            .into_iter()
            .map(|worker| Ok(worker.join().map_err(|_| "a worker panicked")??))
            .collect()
    })
}

/// Runs `veritrail verify`; answers its time and how many entries it read.
fn verify(binary: &Path, home: &Home) -> Result<(Duration, usize), Error> {
    let begun = Instant::now();
    let output = std::process::Command::new(binary)
        .args(["verify", "--data"])
        .arg(home.data())
        .arg("--keys")
        .arg(home.keys())
        .output()?;
    let took = begun.elapsed();
    let text = String::from_utf8_lossy(&output.stdout);
    let sentence = text.lines().last().unwrap_or_default();
    if !output.status.success() {
        return Err(format!("verify said: {text}").into());
    }
    let counted = sentence
        .split_whitespace()
        .find_map(|word| word.parse().ok());
    Ok((took, counted.ok_or("verify counted nothing")?))
}
