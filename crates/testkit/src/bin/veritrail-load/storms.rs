//! Storms: acknowledgements beside searches without end, searches beside writing without end.
//!
//! Promises: what is compared was measured on the same server a moment before. Who is turned away for asking too much
//! at once is counted as a part of the storm; who writes or asks for little must be answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testkit::events::Events;

use super::Error;
use super::client::{Connection, encoded};
use super::drawing::{Kind, Question};
use super::latency::{Latency, millis, per_second};
use super::posting::{BATCH, BURST_CONNECTIONS, in_parallel, post_batch, singles};
use super::process::Server;
use super::search::{FACETS, warm};
use super::table::{Row, Table, Unit};

/// Searches at once.
const ASKING: usize = 8;
/// Single POSTs beside them.
const SINGLES: usize = 2_000;
/// Rounds of each short query beside writing without end.
const ROUNDS: usize = 20;
/// From the first searches or writes until they are in the way.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// What is asked for without end: all events judged one by one, counted by three fields, and walked over from the end.
const HEAVY: [&str; 3] = [
    "\"created deployment\"",
    "-\"weekly release train\"",
    "metadata.duration_ms:>1",
];
/// What is asked for in between, and answered soon.
const LIGHT: &str = "operation:deployment.* project:prj_7";

/// Adds the rows.
pub(crate) fn run(
    server: &Server,
    events: &mut Events,
    questions: &[Question],
    table: &mut Table,
) -> Result<(), Error> {
    table.heading("storms: against the same without one");
    // Nothing of an earlier ingest is in the way.
    server.wait_indexed()?;
    let (calm, _) = singles(server, 1, SINGLES, 11)?;
    let (stormy, searches) = beside(
        |stop| ask_without_end(server, stop),
        || Ok(singles(server, 1, SINGLES, 12)?.0),
    )?;
    row(
        table,
        "single POSTs, p50, in a storm of searches",
        calm.p50,
        stormy.p50,
        Some(2.0),
    );
    row(
        table,
        "single POSTs, p99, in a storm of searches",
        calm.p99,
        stormy.p99,
        None,
    );
    table.add(Row::new(
        "searches answered or turned away in it",
        Unit::PerSecond,
        searches,
    ));

    let short: Vec<&Question> = questions
        .iter()
        .filter(|question| question.kind != Kind::Facets)
        .collect();
    let asked = || {
        short
            .iter()
            .map(|question| warm(server, question, ROUNDS))
            .collect::<Result<Vec<_>, _>>()
    };
    let calm = asked()?;
    let (stormy, writes) = beside(|stop| write_without_end(server, events, stop), asked)?;
    for (share, of) in [
        ("p50", median as fn(&Latency) -> Duration),
        ("p99", highest),
    ] {
        let worst = |all: &[Latency]| all.iter().map(of).max().unwrap_or_default();
        let what = format!("worst of the short queries, {share}, in a storm of writes");
        row(
            table,
            &what,
            worst(&calm),
            worst(&stormy),
            (share == "p50").then_some(2.0),
        );
    }
    table.add(Row::new("events written in it", Unit::PerSecond, writes));
    Ok(())
}

fn median(latency: &Latency) -> Duration {
    latency.p50
}

fn highest(latency: &Latency) -> Duration {
    latency.p99
}

fn row(table: &mut Table, what: &str, calm: Duration, stormy: Duration, must: Option<f64>) {
    let (calm, stormy) = (millis(calm), millis(stormy));
    let what = format!("{what}: {stormy:.2} ms against {calm:.2}");
    let row = Row::new(what, Unit::Times, stormy / calm);
    table.add(match must {
        Some(must) => row.wanted(must, 1.0),
        None => row,
    });
}

/// Runs `work` beside `storm`, which ends when it is told to; answers how often a second the storm did its part.
fn beside<T>(
    storm: impl FnOnce(&AtomicBool) -> Result<f64, Error> + Send,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<(T, f64), Error> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let storm = scope.spawn(|| storm(&stop).map_err(|error| error.to_string()));
        std::thread::sleep(UNDER_WAY);
        let worked = work();
        stop.store(true, Ordering::Relaxed);
        let rate = storm.join().map_err(|_| "the storm panicked")??;
        Ok((worked?, rate))
    })
}

fn ask_without_end(server: &Server, stop: &AtomicBool) -> Result<f64, Error> {
    let begun = Instant::now();
    let asked = AtomicUsize::new(0);
    in_parallel(ASKING, || {
        let mut connection = Connection::open(server)?;
        while !stop.load(Ordering::Relaxed) {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let heavy = encoded(HEAVY[number % HEAVY.len()]);
            let path = match number % 4 {
                0 => format!("/v1/stats?q={heavy}&by={FACETS}&top=10&interval=auto"),
                1 => format!("/v1/events?q={heavy}&limit=50&order=oldest"),
                _ => format!("/v1/events?q={}&limit=50", encoded(LIGHT)),
            };
            let answer = connection.get(&path)?;
            // Too much at once, or too much to look at: part of the storm.
            if !matches!(answer.status, 200 | 400 | 422 | 429 | 503) {
                return Err(format!("status {}: {}", answer.status, answer.body).into());
            }
        }
        Ok(())
    })?;
    Ok(per_second(asked.into_inner(), begun.elapsed()))
}

fn write_without_end(
    server: &Server,
    events: &mut Events,
    stop: &AtomicBool,
) -> Result<f64, Error> {
    let (events, written) = (Mutex::new(events), AtomicUsize::new(0));
    let begun = Instant::now();
    in_parallel(BURST_CONNECTIONS, || {
        let mut connection = Connection::open(server)?;
        while !stop.load(Ordering::Relaxed) {
            let body = events.lock().map_err(|_| "a writer panicked")?.batch(BATCH);
            post_batch(&mut connection, &body)?;
            written.fetch_add(BATCH, Ordering::Relaxed);
        }
        Ok(())
    })?;
    let written = written.into_inner();
    Ok(per_second(written, begun.elapsed()))
}
