//! The load tool: drives the real server over HTTP, times what a client sees, and holds it to DESIGN section 10.
//!
//! `veritrail-load PATH_TO_VERITRAIL [--events N]` starts a server of its own in a temporary directory. Load and server
//! share the machine, as the targets say. It prints a table and fails only when something is wrong, not when it is
//! slow: numbers are for people.
#![expect(clippy::print_stdout, reason = "a tool whose output is its table")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch is what this is")]

mod client;
mod cost;
mod events;
mod process;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::Connection;
use process::Server;
use table::Table;

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(binary) = arguments.next() else {
        println!("usage: veritrail-load PATH_TO_VERITRAIL [--events N]");
        return ExitCode::from(2);
    };
    let events = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--events"), Some(count)) => count.parse().unwrap_or(200_000),
        _ => 200_000,
    };
    match run(Path::new(&binary), events) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Events of one request in the burst.
const BATCH: usize = 500;
/// Connections of the burst.
const BURST_CONNECTIONS: usize = 8;
/// Connections of the single POSTs.
const MANY_CONNECTIONS: usize = 64;

fn run(binary: &Path, events: usize) -> Result<(), Error> {
    let server = Server::start(binary)?;
    let mut table = Table::new();
    let started = server.ready_after;
    table.row(
        "ready after start",
        seconds(started),
        "2 s",
        "0.5 s",
        started <= Duration::from_secs(2),
    );

    let cost = cost::of_one_event()?;
    let micros = format!("{:.1} µs", cost.as_secs_f64() * 1e6);
    table.row(
        "masking, entry, parts, hashes, one core",
        micros,
        "10 µs",
        "7 µs",
        cost <= Duration::from_micros(10),
    );

    let bodies = events::batches(events, BATCH, 1);
    let bytes: usize = bodies.iter().map(String::len).sum();
    println!(
        "{events} events of {} bytes JSON in batches of {BATCH}, {BURST_CONNECTIONS} connections",
        bytes / events
    );
    let burst = burst(&server, &bodies)?;
    let rate = per_second(events, burst);
    table.row(
        "durable acks over HTTP, burst",
        format!("{rate:.0}/s"),
        "80,000/s",
        "120,000/s",
        rate >= 80_000.0,
    );
    drop(bodies);
    server.wait_signed()?;

    single_posts(&server, &mut table)?;

    let memory = server.anonymous_memory_mb()?;
    server.wait_signed()?;
    let stored = events + 34_000;
    let directory = server.stop()?;
    let disk = size_of(&directory.join("data"))? / stored as u64;
    table.row(
        "disk an event, without index",
        format!("{disk} B"),
        "380 B",
        "",
        disk <= 380,
    );
    table.row(
        "anonymous memory after the load",
        format!("{memory} MB"),
        "800 MB",
        "400 MB",
        memory <= 800,
    );

    let (took, checked) = verify(binary, &directory)?;
    let rate = per_second(checked, took);
    table.row(
        "full verification",
        format!("{rate:.0}/s"),
        "250,000/s",
        "500,000/s",
        rate >= 250_000.0,
    );
    table.print();
    Ok(())
}

/// One event a request, one connection and many.
fn single_posts(server: &Server, table: &mut Table) -> Result<(), Error> {
    let (p50, _) = singles(server, 1, 2_000, 2)?;
    table.row(
        "single POSTs, 1 connection, p50",
        millis(p50.p50),
        "5 ms",
        "2 ms",
        p50.p50 <= Duration::from_millis(5),
    );
    let (latency, took) = singles(server, MANY_CONNECTIONS, 32_000, 3)?;
    let rate = per_second(32_000, took);
    table.row(
        "single POSTs, 64 connections, rate",
        format!("{rate:.0}/s"),
        "8,000/s",
        "15,000/s",
        rate >= 8_000.0,
    );
    let p99 = latency.p99;
    table.row(
        "single POSTs, 64 connections, p99",
        millis(p99),
        "25 ms",
        "10 ms",
        p99 <= Duration::from_millis(25),
    );
    Ok(())
}

fn burst(server: &Server, bodies: &[String]) -> Result<Duration, Error> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..BURST_CONNECTIONS)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let mut connection =
                        Connection::open(server).map_err(|error| error.to_string())?;
                    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let answer = connection
                            .post(body.as_bytes())
                            .map_err(|error| error.to_string())?;
                        let whole = format!("\"stored\":{BATCH},\"repeated\":0,\"refused\":0");
                        if answer.status != 200 || !answer.body.contains(&whole) {
                            let body: String = answer.body.chars().take(300).collect();
                            return Err(format!("status {}: {body}", answer.status));
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    Ok(begun.elapsed())
}

struct Latency {
    p50: Duration,
    p99: Duration,
}

fn singles(
    server: &Server,
    connections: usize,
    count: usize,
    seed: u64,
) -> Result<(Latency, Duration), Error> {
    let bodies = events::singles(count, seed);
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let times: Result<Vec<Vec<Duration>>, String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection =
                        Connection::open(server).map_err(|error| error.to_string())?;
                    let mut times = Vec::new();
                    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let begun = Instant::now();
                        let answer = connection
                            .post(body.as_bytes())
                            .map_err(|error| error.to_string())?;
                        times.push(begun.elapsed());
                        if answer.status != 201 {
                            return Err(format!("status {}: {}", answer.status, answer.body));
                        }
                    }
                    Ok(times)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
            .collect()
    });
    let took = begun.elapsed();
    let mut times: Vec<Duration> = times?.into_iter().flatten().collect();
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    Ok((
        Latency {
            p50: at(50),
            p99: at(99),
        },
        took,
    ))
}

/// Runs `veritrail verify`; answers its time and how many entries it read.
fn verify(binary: &Path, directory: &Path) -> Result<(Duration, usize), Error> {
    let begun = Instant::now();
    let output = std::process::Command::new(binary)
        .arg("verify")
        .arg("--data")
        .arg(directory.join("data"))
        .arg("--keys")
        .arg(directory.join("keys"))
        .output()?;
    let took = begun.elapsed();
    let text = String::from_utf8_lossy(&output.stdout);
    let sentence = text.lines().last().unwrap_or_default();
    println!("{sentence}");
    if !output.status.success() {
        return Err(format!("verify said: {text}").into());
    }
    let counted = sentence
        .split_whitespace()
        .find_map(|word| word.parse().ok());
    Ok((took, counted.ok_or("verify counted nothing")?))
}

fn size_of(directory: &PathBuf) -> Result<u64, Error> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        bytes += if entry.path().is_dir() {
            size_of(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
