//! Thousands of tenants with one event each, against as many events of one tenant, all with one platform's key.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Error;
use super::client::Connection;
use super::events;
use super::home::Home;
use super::latency::{Latency, millis, per_second};
use super::posting::in_parallel;
use super::process::Server;
use super::table::{Row, Table, Unit};

/// Connections of a platform.
const CONNECTIONS: usize = 16;

/// Measures a server of its own with `count` tenants.
pub(crate) fn run(binary: &Path, count: usize, table: &mut Table) -> Result<(), Error> {
    let home = Home::new("tenants")?;
    let server = Server::start(binary, &home)?;
    let key = platform_key(&server, &home)?;
    // Makes the tenants.
    let (_, took_first) = post_each(&server, &key, count, 1, |number| number)?;
    server.wait_signed()?;
    let (of_one, took_one) = post_each(&server, &key, count, 2, |_| 0)?;
    server.wait_signed()?;
    let (of_many, took_many) = post_each(&server, &key, count, 3, |number| number)?;
    let acknowledged = Instant::now();
    server.wait_signed()?;
    let signed = acknowledged.elapsed();
    let memory = server.anonymous_memory_mb()?;
    server.stop()?;

    table.heading(format!(
        "{count} tenants, one event each, one platform's key, {CONNECTIONS} connections"
    ));
    let rate = per_second(count, took_first);
    table.add(Row::new(
        "first events, which make their tenants",
        Unit::PerSecond,
        rate,
    ));
    let ratio = took_many.as_secs_f64() / took_one.as_secs_f64();
    table.add(
        Row::new("time for all acks, against one tenant", Unit::Times, ratio).wanted(2.0, None),
    );
    for (whose, latency) in [("one tenant", of_one), ("every tenant", of_many)] {
        let what = format!("single POST, p99, {whose}");
        table.add(Row::new(what, Unit::Millis, millis(latency.p99)));
    }
    table.add(
        Row::new(
            "checkpoints after the last ack",
            Unit::Seconds,
            signed.as_secs_f64(),
        )
        .wanted(10.0, 3.0),
    );
    table.add(Row::new("anonymous memory", Unit::Megabytes, memory));
    Ok(())
}

/// A key that names the tenant of each request, and makes it.
fn platform_key(server: &Server, home: &Home) -> Result<String, Error> {
    let operator = std::fs::read_to_string(home.keys().join("operator.key"))?;
    let mut connection = Connection::open(server)?;
    connection.speak_as(operator.trim());
    let asked = json!({
        "platform": true,
        "create_tenants": true,
        "roles": ["writer"],
        "source": "load",
        "owner": "veritrail-load",
    });
    let answer = connection.post_to("/v1/keys", asked.to_string().as_bytes())?;
    if answer.status != 201 {
        return Err(format!("/v1/keys: status {}: {}", answer.status, answer.body).into());
    }
    let made: Value = serde_json::from_str(&answer.body)?;
    Ok(made["key"]
        .as_str()
        .ok_or("an answer without a key")?
        .to_owned())
}

/// Posts `count` events one by one, each for the tenant of the number that `tenant` gives it.
fn post_each(
    server: &Server,
    key: &str,
    count: usize,
    seed: u64,
    tenant: impl Fn(usize) -> usize + Sync,
) -> Result<(Latency, Duration), Error> {
    let bodies = events::singles(count, seed);
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let times = in_parallel(CONNECTIONS, || {
        let mut connection = Connection::open(server)?;
        connection.speak_as(key);
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(body) = bodies.get(number) else {
                return Ok(times);
            };
            connection.speak_for(&format!("tenant-{}", tenant(number)));
            let begun = Instant::now();
            let answer = connection.post(body.as_bytes())?;
            times.push(begun.elapsed());
            if answer.status != 201 {
                return Err(format!("status {}: {}", answer.status, answer.body).into());
            }
        }
    })?;
    let took = begun.elapsed();
    Ok((Latency::of(times.into_iter().flatten().collect()), took))
}
