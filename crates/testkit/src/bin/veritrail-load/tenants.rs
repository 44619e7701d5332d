//! Thousands of tenants with one event each, against as many events of one tenant.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Connection;
use super::events;
use super::home::Home;
use super::latency::{Latency, millis};
use super::posting::in_parallel;
use super::process::Server;
use super::table::{Row, Table, Unit};
use super::Error;

/// Connections that make tenants, and that post.
const CONNECTIONS: usize = 16;

/// Measures a server of its own with `count` tenants.
pub(crate) fn run(binary: &Path, count: usize, table: &mut Table) -> Result<(), Error> {
    let home = Home::new("tenants")?;
    let server = Server::start(binary, &home)?;
    let operator = std::fs::read_to_string(home.keys().join("operator.key"))?;
    let keys = make_tenants(&server, operator.trim(), count)?;
    server.wait_signed()?;

    let one = vec![server.key.clone(); count];
    let (of_one, took_one) = post_each(&server, &one, 1)?;
    server.wait_signed()?;
    let (of_many, took_many) = post_each(&server, &keys, 2)?;
    let acknowledged = Instant::now();
    server.wait_signed()?;
    let signed = acknowledged.elapsed();
    server.stop()?;

    table.heading(format!("{count} tenants that exist, one event each, {CONNECTIONS} connections"));
    let ratio = took_many.as_secs_f64() / took_one.as_secs_f64();
    table.add(
        Row::new("time for all acks, against one tenant", Unit::Times, ratio).wanted(2.0, None),
    );
    for (whose, latency) in [("one tenant", of_one), ("every tenant", of_many)] {
        let what = format!("single POST, p99, {whose}");
        table.add(Row::new(what, Unit::Millis, millis(latency.p99)));
    }
    table.add(
        Row::new("checkpoints after the last ack", Unit::Seconds, signed.as_secs_f64())
            .wanted(10.0, 3.0),
    );
    Ok(())
}

/// Makes tenants, and an API key for each.
fn make_tenants(server: &Server, operator: &str, count: usize) -> Result<Vec<String>, Error> {
    let next = AtomicUsize::new(0);
    let keys = in_parallel(CONNECTIONS, || {
        let mut connection = Connection::open(server)?;
        connection.speak_as(operator);
        let mut keys = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(keys);
            }
            let name = format!("tenant-{number}");
            created(&mut connection, "/v1/tenants", &json!({ "name": name }))?;
            let asked = json!({"tenant": name, "roles": ["writer"], "source": "load", "owner": "veritrail-load"});
            let key = created(&mut connection, "/v1/keys", &asked)?;
            keys.push(key["key"].as_str().ok_or("an answer without a key")?.to_owned());
        }
    })?;
    Ok(keys.into_iter().flatten().collect())
}

fn created(connection: &mut Connection, path: &str, asked: &Value) -> Result<Value, Error> {
    let answer = connection.post_to(path, asked.to_string().as_bytes())?;
    if answer.status != 201 {
        return Err(format!("{path}: status {}: {}", answer.status, answer.body).into());
    }
    Ok(serde_json::from_str(&answer.body)?)
}

/// Posts one event with each key.
fn post_each(server: &Server, keys: &[String], seed: u64) -> Result<(Latency, Duration), Error> {
    let bodies = events::singles(keys.len(), seed);
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let times = in_parallel(CONNECTIONS, || {
        let mut connection = Connection::open(server)?;
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let (Some(body), Some(key)) = (bodies.get(number), keys.get(number)) else {
                return Ok(times);
            };
            connection.speak_as(key);
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
