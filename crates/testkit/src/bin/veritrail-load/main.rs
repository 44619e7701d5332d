//! The load tool: drives the real server over HTTP, times what a client sees, and holds it to DESIGN section 10, beside
//! what the peers did with the same events.
//!
//! `veritrail-load PATH_TO_VERITRAIL` starts servers of its own in temporary directories. Load and server share the
//! machine, as the targets say. It prints a table and fails only when something is wrong, not when it is slow: numbers
//! are for people. `--emit-events` and `--emit-queries` print what the peers work with.
#![expect(clippy::disallowed_methods, reason = "a stopwatch is what this is")]

mod arguments;
mod client;
mod cost;
mod drawing;
mod emit;
mod events;
mod exporting;
mod home;
mod latency;
mod loading;
mod peers;
mod posting;
mod process;
mod search;
mod storms;
mod table;
mod tenants;

use std::process::ExitCode;

use arguments::{Asked, Bench};
use peers::Peers;
use table::Table;

type Error = Box<dyn std::error::Error>;

#[expect(clippy::print_stderr, reason = "a tool that says why it failed")]
fn main() -> ExitCode {
    let done = match Asked::read(std::env::args().skip(1)) {
        Some(Asked::EmitEvents { count, seed }) => emit::events(count, seed),
        Some(Asked::EmitQueries {
            rounds,
            events,
            seed,
            queries,
        }) => emit::queries(&queries, rounds, events, seed),
        Some(Asked::Bench(bench)) => run(&bench),
        None => {
            eprintln!("{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench) -> Result<(), Error> {
    let peers = bench.peers.as_deref().map(Peers::read).transpose()?;
    let mut table = Table::new(peers.unwrap_or_default());
    let measured = measure(bench, &mut table);
    // What was measured before something failed is worth reading, too.
    table.print();
    measured
}

fn measure(bench: &Bench, table: &mut Table) -> Result<(), Error> {
    if bench.burst > 0 {
        posting::run(&bench.binary, bench.burst, table)?;
    }
    if bench.events > 0 {
        search::run(bench, table)?;
    }
    if bench.export > 0 {
        exporting::run(&bench.binary, bench.export, bench.seed, table)?;
    }
    if bench.tenants > 0 {
        tenants::run(&bench.binary, bench.tenants, table)?;
    }
    Ok(())
}
