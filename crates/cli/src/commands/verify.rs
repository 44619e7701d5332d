//! `veritrail verify`: checks everything, in a data directory or through a server.
//!
//! Promises: names what does not hold by log, seq and file; says in one sentence what the verdict rests on; is 0 only
//! when something from outside vouches for every log. A fault found is reported even if something else could not be
//! read. Must never take an expectation from what is being checked.

mod local;
mod remote;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use super::Ending;
use crate::client::{Credential, Trust};
use crate::failure::Failure;
use crate::pins::Pins;
use crate::printer::Printer;
use crate::progress::{Progress, Unit};
use crate::verified::Notes;

/// Check that nothing was changed, dropped, reordered or slipped in
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail verify --data ./veritrail-data --keys ./veritrail-keys
  veritrail verify --url https://audit.example --vkey pinned.vkey --checkpoint last-week.checkpoint

Reads a data directory without locking it, also while the server runs. What is expected comes from
outside: the keys directory, pinned verifier keys and checkpoints, anchors, receipts. With nothing
of the kind the exit code is 4, however well everything fits together.")]
pub(crate) struct Verify {
    /// The data directory to check
    #[arg(long, value_name = "DIR", conflicts_with = "log")]
    data: Option<PathBuf>,

    /// The keys directory: the signer's key, and what it signed last
    #[arg(long, value_name = "DIR", requires = "data")]
    keys: Option<PathBuf>,

    /// File of anchors: checkpoints of the instance log, kept outside
    #[arg(long, value_name = "FILE", requires = "data")]
    anchors: Option<PathBuf>,

    /// File of receipts, as emit prints them, one a line
    #[arg(long, value_name = "FILE", requires = "data")]
    receipts: Option<PathBuf>,

    /// File with a pinned checkpoint, or with several as lines of JSON; may be given more than once
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,

    /// File with pinned verifier keys, one a line; may be given more than once
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    vkey: Vec<PathBuf>,

    /// The server to check, where there is no --data
    #[arg(
        long,
        env = "VERITRAIL_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    url: Option<String>,

    /// Only this log; may be given more than once
    #[arg(long, value_name = "ID")]
    log: Vec<String>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    notes: Notes,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    credential: Credential,
}

impl Verify {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let pins = Pins::read(&self.vkey, &self.checkpoint)?;
        let shown = |printer: &mut Printer, unit| {
            if self.json {
                Progress::hidden()
            } else {
                printer.progress("verifying", unit)
            }
        };
        let report = match (self.data, self.url) {
            (Some(data), _) => {
                let expected = local::Expected {
                    data,
                    keys: self.keys,
                    anchors: self.anchors,
                    receipts: self.receipts,
                    pins,
                };
                let progress = Arc::new(shown(printer, Unit::Bytes));
                let report = local::check(&expected, &progress)?;
                self.notes.keep(&expected.note(&report));
                report
            }
            (None, Some(url)) => {
                let connection = crate::client::Connection {
                    url,
                    trust: self.trust,
                    credential: self.credential,
                };
                let client = crate::client::Client::new(&connection, printer)?;
                remote::check(&client, &self.log, &pins, &mut || {
                    shown(printer, Unit::Entries)
                })?
            }
            (None, None) => {
                return Err(Failure::usage("nothing to verify was named")
                    .hint("name a data directory with --data, or a server with --url or VERITRAIL_URL")
                    .into());
            }
        };
        if self.json {
            report.print_json(printer);
        } else {
            report.print(printer);
        }
        report.ending()
    }
}
