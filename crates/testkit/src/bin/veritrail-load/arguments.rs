//! What was asked for on the command line.

use std::path::PathBuf;
use std::str::FromStr;

/// One way to run the tool.
pub(crate) enum Asked {
    /// Events to stdout, one a line.
    EmitEvents { count: usize, seed: u64 },
    /// Parameters of the named queries to stdout, one round a line.
    EmitQueries {
        rounds: usize,
        events: usize,
        seed: u64,
        queries: PathBuf,
    },
    /// The whole bench.
    Bench(Bench),
}

/// What the bench runs with.
pub(crate) struct Bench {
    /// The server's binary.
    pub(crate) binary: PathBuf,
    /// Events of the burst; 0 leaves out what is measured around it.
    pub(crate) burst: usize,
    /// Events that are searched; 0 leaves searching out.
    pub(crate) events: usize,
    /// Tenants with one event each; 0 leaves them out.
    pub(crate) tenants: usize,
    /// Events that are exported; 0 leaves exports out.
    pub(crate) export: usize,
    /// Of the events that are searched and of the parameters.
    pub(crate) seed: u64,
    /// The named queries.
    pub(crate) queries: PathBuf,
    /// What `tests/bench/peers.py` printed.
    pub(crate) peers: Option<PathBuf>,
}

pub(crate) const USAGE: &str = "\
usage: veritrail-load PATH_TO_VERITRAIL [--burst N] [--events N] [--tenants N] [--export N] [--seed S] [--queries FILE] [--peers FILE]
       veritrail-load --emit-events N [--seed S]
       veritrail-load --emit-queries ROUNDS --events N [--seed S] [--queries FILE]";

impl Asked {
    /// Reads the arguments; `None` asks for the usage.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let (mut emit_events, mut emit_queries, mut binary) = (None, None, None);
        let mut bench = Bench {
            binary: PathBuf::new(),
            burst: 200_000,
            events: 500_000,
            tenants: 10_000,
            export: 1_000_000,
            seed: 1,
            queries: "tests/bench/queries.json".into(),
            peers: None,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next();
            match argument.as_str() {
                "--emit-events" => emit_events = Some(number(value())?),
                "--emit-queries" => emit_queries = Some(number(value())?),
                "--burst" => bench.burst = number(value())?,
                "--events" => bench.events = number(value())?,
                "--export" => bench.export = number(value())?,
                "--tenants" => bench.tenants = number(value())?,
                "--seed" => bench.seed = number(value())?,
                "--queries" => bench.queries = value()?.into(),
                "--peers" => bench.peers = Some(value()?.into()),
                _ if binary.is_none() && !argument.starts_with('-') => binary = Some(argument),
                _ => return None,
            }
        }
        match (emit_events, emit_queries, binary) {
            (Some(count), None, None) => Some(Self::EmitEvents {
                count,
                seed: bench.seed,
            }),
            (None, Some(rounds), None) => Some(Self::EmitQueries {
                rounds,
                events: bench.events,
                seed: bench.seed,
                queries: bench.queries,
            }),
            (None, None, Some(binary)) => {
                bench.binary = binary.into();
                Some(Self::Bench(bench))
            }
            _ => None,
        }
    }
}

fn number<T: FromStr>(text: Option<String>) -> Option<T> {
    text?.replace('_', "").parse().ok()
}
