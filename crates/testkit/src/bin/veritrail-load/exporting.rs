//! Exports: how fast a whole log leaves, how much memory that takes however long the log is, and how fast it is checked.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testkit::events::Events;

use super::Error;
use super::client::Connection;
use super::home::Home;
use super::latency::per_second;
use super::loading;
use super::posting::BATCH;
use super::process::{MemoryWatch, Server};
use super::table::{Row, Table, Unit};

/// Longest that a command may take.
const COMMAND_MAX: Duration = Duration::from_mins(10);

/// Measures a server of its own with `count` events.
pub(crate) fn run(binary: &Path, count: usize, seed: u64, table: &mut Table) -> Result<(), Error> {
    let home = Home::new("export")?;
    let server = Server::start(binary, &home)?;
    let count = count.next_multiple_of(BATCH);
    loading::sustained(&server, &mut Events::new(seed), count)?;
    server.wait_signed()?;
    server.wait_indexed()?;
    table.heading(format!("exports of {count} events, over one connection"));
    let quarter = count / 4;
    let of_quarter = format!("/v1/export?to_seq={quarter}");
    // Once for nothing: the store's cache of blocks is full afterwards, as it is in a server that works.
    export(&server, &of_quarter, quarter + 1)?;
    let before = server.anonymous_memory_mb()?;
    table.add(Row::new("anonymous memory before", Unit::Megabytes, before));
    for (what, path, rows) in [
        ("a quarter, NDJSON", of_quarter, quarter + 1),
        ("all, NDJSON", "/v1/export".to_owned(), count + 1),
        ("all, CSV", "/v1/export?format=csv".to_owned(), count + 1),
    ] {
        let watch = server.watch_memory();
        let took = export(&server, &path, rows);
        let highest = watch.highest_mb();
        let rate = per_second(rows, took?);
        let row = Row::new(what, Unit::PerSecond, rate);
        table.add(if what == "all, NDJSON" {
            row.wanted(100_000.0, None)
        } else {
            row
        });
        let what = format!("{what}: memory beyond that before");
        table.add(Row::new(what, Unit::Megabytes, (highest - before).max(0.0)));
    }
    let (rows, took) = filtered(&server)?;
    let what = format!("{rows} events of a query, each with its proof");
    table.add(Row::new(what, Unit::PerSecond, per_second(rows, took)));
    commands(binary, &server, &home, count + 1, table)?;
    server.stop()
}

/// Reads an export to its end, and its manifest.
fn export(server: &Server, path: &str, rows: usize) -> Result<Duration, Error> {
    let mut connection = Connection::open(server)?;
    let begun = Instant::now();
    let (lines, export) = connection.download(path)?;
    let took = begun.elapsed();
    // A CSV file names its columns, and cells may hold lines.
    if lines < rows {
        return Err(format!("{lines} lines of {rows}").into());
    }
    let manifest = connection.get(&format!("/v1/exports/{export}/manifest"))?;
    if manifest.status != 200 || !manifest.body.contains(&format!("\"count\": {rows},")) {
        return Err("an export without its manifest".into());
    }
    Ok(took)
}

fn filtered(server: &Server) -> Result<(usize, Duration), Error> {
    let mut connection = Connection::open(server)?;
    let begun = Instant::now();
    let (lines, _) = connection.download("/v1/export?q=outcome%3Afailure")?;
    Ok((lines, begun.elapsed()))
}

/// What people do: the command that writes the file, and the one that checks it.
fn commands(
    binary: &Path,
    server: &Server,
    home: &Home,
    rows: usize,
    table: &mut Table,
) -> Result<(), Error> {
    let file = home.file("all.ndjson");
    let mut export = Command::new(binary);
    export
        .args(["export", "-o"])
        .arg(&file)
        .env("VERITRAIL_URL", format!("http://{}", server.address))
        .env("VERITRAIL_KEY", &server.key);
    let mut verify = Command::new(binary);
    verify
        .arg("verify-export")
        .arg(&file)
        .arg("--keys")
        .arg(home.keys());
    for (what, command) in [
        ("veritrail export", export),
        ("veritrail verify-export", verify),
    ] {
        let (took, memory) = timed(command)?;
        table.add(Row::new(what, Unit::PerSecond, per_second(rows, took)));
        table.add(Row::new(format!("{what}: memory"), Unit::Megabytes, memory));
    }
    Ok(())
}

/// Runs a command that must succeed: how long it took, and the anonymous memory it had at most.
fn timed(mut command: Command) -> Result<(Duration, f64), Error> {
    let begun = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let watch = MemoryWatch::of(child.id());
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        if begun.elapsed() > COMMAND_MAX {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let took = begun.elapsed();
    let highest = watch.highest_mb();
    if !ended.success() {
        return Err(format!("a command ended with {ended}").into());
    }
    Ok((took, highest))
}
