//! `veritrail index`: how the index is doing, and making it anew. Takes an operator's key.
//!
//! Promises: the index is derived from the ledger; building it anew changes no event and stops no writing, only
//! searching.

use std::time::Duration;

use api::Index as Health;

use super::Ending;
use crate::client::{Client, Connection, Upload};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::Unit;

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Most looks: a week of them.
const LOOKS_MAX: u64 = 7 * 86_400 * 2;

/// Look after the index
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Index {
    /// Show how the index is doing
    Status(Status),
    /// Build the index anew from the ledger
    Rebuild(Rebuild),
}

/// Show how the index is doing
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Build the index anew from the ledger
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing can be searched meanwhile; events are taken, shown and proved as always.")]
pub(crate) struct Rebuild {
    /// Wait until it is done
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Index {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::Status(status) => status.run(printer),
            Self::Rebuild(rebuild) => rebuild.run(printer),
        }
    }
}

impl Status {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let (text, health): (String, Health) = client.read_json("/v1/index")?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        let searches = match &health.unavailable {
            None => "answered".to_owned(),
            Some(why) => format!("refused: {why}"),
        };
        printer.line(&format!("  searches  {searches}"));
        printer.line(&format!("  indexed   {} events", health.indexed));
        printer.line(&format!("  waiting   {} events", health.waiting));
        printer.line(&format!("  on disk   {} bytes", health.bytes));
        if let Some(rebuilding) = health.rebuilding {
            let (done, total) = (rebuilding.done, rebuilding.total);
            printer.line(&format!("  building  {done} of {total} events"));
        }
        Ok(Ending::Done)
    }
}

impl Rebuild {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let upload = Upload {
            path: "/v1/index/rebuild",
            body: b"",
            media_type: "application/json",
            idempotency_key: None,
        };
        let (_, health): (String, Health) = client.post(&upload)?;
        if !self.wait {
            printer
                .note("the index is being built anew; `veritrail index status` says how far it is");
            return Ok(Ending::Done);
        }
        let health = wait(&client, health, printer)?;
        printer.note(&format!(
            "the index is built anew: {} events",
            health.indexed.saturating_add(health.waiting)
        ));
        Ok(Ending::Done)
    }
}

/// Looks until it is done.
fn wait(client: &Client, mut health: Health, printer: &mut Printer) -> Result<Health, Failure> {
    let progress = printer.progress("indexing", Unit::Entries);
    for _ in 0..LOOKS_MAX {
        if health.unavailable.is_none() && health.rebuilding.is_none() {
            return Ok(health);
        }
        if let Some(rebuilding) = health.rebuilding {
            progress.report(rebuilding.done, rebuilding.total);
        }
        std::thread::sleep(LOOK_EVERY);
        health = client.read_json("/v1/index")?.1;
    }
    Err(Failure::unreachable("it takes longer than a week")
        .hint("the server's log says what holds it up"))
}
