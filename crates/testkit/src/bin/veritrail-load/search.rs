//! The rows of finding: events loaded until a search finds them, disk, memory and start at that size, then the named
//! queries cold, warm, and warm while others write.
//!
//! Promises: what is asked and with which parameters is what the peers were asked; the same answers are asserted where
//! theirs were recorded. Cold means: a server that was just started, over files of which nothing is in the operating
//! system's cache. Warm means: files in that cache, and other parameters each time.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::events::Events;

use super::arguments::Bench;
use super::client::{Connection, encoded};
use super::drawing::{self, Kind, Parameters, Question};
use super::home::Home;
use super::latency::{Latency, millis, per_second};
use super::loading::{self, INGEST_PER_SECOND};
use super::posting::BATCH;
use super::process::Server;
use super::table::{Row, Table, Unit};
use super::{Error, storms};

/// Rounds of parameters, as `make bench` draws for the peers.
const ROUNDS: usize = 300;
/// Runs of a warm row before the clock runs.
const WARM_UP: usize = 3;
/// Hits of a page of the twelve, and of the newest of everything.
const LIMITS: [usize; 2] = [50, 100];
/// What facets are counted by.
pub(crate) const FACETS: &str = "operation,outcome,project";
/// Events that the newest of everything is asked among for comparison.
const SMALLER: usize = 500_000;
/// From ready to the look at idle memory.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// Measures a server of its own with the bench's events.
pub(crate) fn run(bench: &Bench, table: &mut Table) -> Result<(), Error> {
    let count = bench.events.next_multiple_of(BATCH);
    let questions = drawing::draw(&bench.queries, count, bench.seed, ROUNDS)?;
    let newest = questions
        .iter()
        .find(|question| question.kind == Kind::Newest);
    let newest = newest.ok_or("no question for the newest")?;
    let home = Home::new("search")?;
    let mut events = Events::new(bench.seed);

    let server = Server::start(&bench.binary, &home)?;
    let key = server.key.clone();
    let memory = server.watch_memory();
    let took = loading::sustained(&server, &mut events, count)?;
    table.heading(format!("{count} events, sustained, and what they take"));
    table.add(
        Row::new(
            "searchable, sustained",
            Unit::PerSecond,
            per_second(count, took),
        )
        .wanted(25_000.0, 40_000.0)
        .beside(&["copy-batches", "bulk-insert"], "rate"),
    );
    let acknowledged = Instant::now();
    server.wait_signed()?;
    server.wait_indexed()?;
    let settled = acknowledged.elapsed().as_secs_f64();
    table.add(Row::new(
        "signed and indexed after the last ack",
        Unit::Seconds,
        settled,
    ));
    let loading_mb = memory.highest_mb();
    server.stop()?;
    #[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
    let disk = home.data_bytes()? as f64 / count as f64;
    table.add(
        Row::new("disk an event, everything included", Unit::Bytes, disk)
            .wanted(500.0, 400.0)
            .beside(&["disk"], "bytes_per_event"),
    );

    compare(&bench.binary, &home, &key, &questions, table)?;
    cold(&bench.binary, &home, &key, &questions, table)?;

    let server = Server::again(&bench.binary, &home, &key)?;
    let ready = server.ready_after.as_secs_f64();
    std::thread::sleep(IDLE_AFTER);
    let idle_mb = server.anonymous_memory_mb()?;
    home.heat()?;
    let late = quiet(&server, &questions, table)?;
    let memory = server.watch_memory();
    during_ingest(&server, &mut events, &questions, table)?;
    storms::run(&server, &mut events, &questions, table)?;
    let asked_mb = memory.highest_mb();
    server.stop()?;

    table.heading("start, memory, growth");
    table.add(Row::new("ready after start", Unit::Seconds, ready).wanted(2.0, 0.5));
    table.add(Row::new("anonymous memory, idle", Unit::Megabytes, idle_mb).wanted(80.0, 40.0));
    let highest = loading_mb.max(asked_mb);
    table.add(
        Row::new("anonymous memory under load", Unit::Megabytes, highest).wanted(800.0, 400.0),
    );
    if count > SMALLER {
        let growth = millis(late.p50) / millis(newest_of_fewer(bench, newest)?.p50);
        let what = format!("newest 100, p50: {count} events against {SMALLER}");
        table.add(Row::new(what, Unit::Times, growth).wanted(1.3, 1.0));
    }
    Ok(())
}

/// The newest of everything among [`SMALLER`] events, asked as among all of them.
fn newest_of_fewer(bench: &Bench, newest: &Question) -> Result<Latency, Error> {
    let home = Home::new("fewer")?;
    let server = Server::start(&bench.binary, &home)?;
    let key = server.key.clone();
    loading::sustained(&server, &mut Events::new(bench.seed), SMALLER)?;
    server.wait_signed()?;
    server.wait_indexed()?;
    server.stop()?;
    let server = Server::again(&bench.binary, &home, &key)?;
    std::thread::sleep(IDLE_AFTER);
    let latency = warm(&server, newest, ROUNDS)?;
    server.stop()?;
    Ok(latency)
}

/// The first run of each question, each by a server of its own.
fn cold(
    binary: &Path,
    home: &Home,
    key: &str,
    questions: &[Question],
    table: &mut Table,
) -> Result<(), Error> {
    table.heading("cold: first run after a start, files not in memory");
    for question in questions {
        home.chill()?;
        let server = Server::again(binary, home, key)?;
        let mut connection = Connection::open(&server)?;
        let (took, _) = ask(&mut connection, question, &question.rounds[0])?;
        server.stop()?;
        table.add(
            Row::new(&question.name, Unit::Millis, millis(took))
                .beside(&[&format!("cold/{}", question.name)], "p50_ms"),
        );
    }
    Ok(())
}

/// Every question without load; answers the latency of the newest.
fn quiet(server: &Server, questions: &[Question], table: &mut Table) -> Result<Latency, Error> {
    let mut measured = Vec::new();
    for question in questions {
        measured.push((question, warm(server, question, ROUNDS)?));
    }
    rows("quiet", "warm, nobody writes", &measured, table);
    let newest = measured
        .iter()
        .find(|(question, _)| question.kind == Kind::Newest);
    Ok(newest.map(|(_, latency)| *latency).unwrap_or_default())
}

fn during_ingest(
    server: &Server,
    events: &mut Events,
    questions: &[Question],
    table: &mut Table,
) -> Result<(), Error> {
    let (measured, ingested) = loading::beside(server, events, || {
        questions
            .iter()
            .map(|question| Ok((question, warm(server, question, ROUNDS)?)))
            .collect::<Result<Vec<_>, Error>>()
    })?;
    let title = format!("warm, during an ingest of {INGEST_PER_SECOND}/s");
    rows("ingest", &title, &measured, table);
    let twelve = measured
        .iter()
        .filter(|(question, _)| question.kind == Kind::Selective);
    let worst = twelve
        .map(|(_, latency)| millis(latency.p99))
        .fold(0.0, f64::max);
    table.add(Row::new("worst of the twelve, p99", Unit::Millis, worst).wanted(10.0, 4.0));
    table.add(
        Row::new(
            "events written meanwhile",
            Unit::PerSecond,
            ingested.per_second,
        )
        .beside(&["ingest-rate"], "rate"),
    );
    let acks = millis(ingested.acks.p99);
    table.add(Row::new(
        "their acks, batches of 500, p99",
        Unit::Millis,
        acks,
    ));
    Ok(())
}

/// The median and the 99th percentile of each question.
fn rows(phase: &str, title: &str, measured: &[(&Question, Latency)], table: &mut Table) {
    for (share, number) in [("p50", "p50_ms"), ("p99", "p99_ms")] {
        table.heading(format!("{title}: {share}"));
        for (question, latency) in measured {
            let time = if share == "p50" {
                latency.p50
            } else {
                latency.p99
            };
            let row = Row::new(&question.name, Unit::Millis, millis(time))
                .beside(&[&format!("{phase}/{}", question.name)], number);
            table.add(match question.kind {
                Kind::Selective if phase == "ingest" && share == "p99" => row.wanted(10.0, 4.0),
                Kind::Newest if share == "p50" => row.wanted(5.0, 3.0),
                Kind::Facets if share == "p50" => row.wanted(60.0, 25.0),
                _ => row,
            });
        }
    }
}

/// The first `rounds` over one connection, after a few that are not counted.
pub(crate) fn warm(server: &Server, question: &Question, rounds: usize) -> Result<Latency, Error> {
    let mut connection = Connection::open(server)?;
    for parameters in question.rounds.iter().take(WARM_UP) {
        ask(&mut connection, question, parameters)?;
    }
    let times: Result<Vec<Duration>, Error> = question
        .rounds
        .iter()
        .take(rounds)
        .map(|parameters| Ok(ask(&mut connection, question, parameters)?.0))
        .collect();
    Ok(Latency::of(times?))
}

/// Asks once; answers how long the whole answer took, and its text.
fn ask(
    connection: &mut Connection,
    question: &Question,
    parameters: &Parameters,
) -> Result<(Duration, String), Error> {
    let text = encoded(&question.text(parameters));
    let [page, newest] = LIMITS;
    let path = match question.kind {
        Kind::Selective => format!("/v1/events?q={text}&limit={page}"),
        Kind::Newest => format!("/v1/events?limit={newest}"),
        Kind::Facets => format!("/v1/stats?q={text}&by={FACETS}&top=10&interval=auto"),
    };
    let begun = Instant::now();
    let answer = connection.get(&path)?;
    let took = begun.elapsed();
    if answer.status == 200 {
        return Ok((took, answer.body));
    }
    let body: String = answer.body.chars().take(300).collect();
    Err(format!("{}: status {}: {body}", question.name, answer.status).into())
}

/// Holds our answers against what the peers answered to the same rounds over the same events.
fn compare(
    binary: &Path,
    home: &Home,
    key: &str,
    questions: &[Question],
    table: &mut Table,
) -> Result<(), Error> {
    let server = Server::again(binary, home, key)?;
    let mut connection = Connection::open(&server)?;
    let (mut equal, mut unlike) = (0, Vec::new());
    for question in questions
        .iter()
        .filter(|question| question.kind != Kind::Facets)
    {
        for (round, parameters) in question.rounds.iter().enumerate() {
            for peer in ["postgres", "clickhouse"] {
                let Some(theirs) = table.peers().answer(peer, &question.name, round) else {
                    continue;
                };
                let (_, body) = ask(&mut connection, question, parameters)?;
                if ids(&body)? == theirs {
                    equal += 1;
                } else {
                    unlike.push(format!("{} {round} {peer}", question.name));
                }
            }
        }
    }
    server.stop()?;
    if equal + unlike.len() > 0 {
        table.heading(format!(
            "answers equal to a peer's: {equal} of {}",
            equal + unlike.len()
        ));
    }
    for name in unlike {
        table.heading(format!("answered otherwise: {name}"));
    }
    Ok(())
}

/// The ids of a page, in order of their text.
fn ids(body: &str) -> Result<Vec<String>, Error> {
    let page: Value = serde_json::from_str(body)?;
    let events = page["events"]
        .as_array()
        .ok_or("an answer without events")?;
    let ids = events.iter().filter_map(|event| event["id"].as_str());
    let mut ids: Vec<String> = ids.map(str::to_owned).collect();
    ids.sort_unstable();
    Ok(ids)
}
