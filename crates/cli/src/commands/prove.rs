//! `veritrail prove`: fetches the proof of one event as a `.tlog-proof`, byte for byte as the server gave it.
//!
//! Must never hand on what is no proof file. Whether it *holds* is for `verify-proof`, with a key that did not come
//! from the server.

use std::path::PathBuf;

use keys::durable::{RealDisk, Secrecy, replace};
use ledger::tlog_proof::{TLOG_PROOF_BYTES_MAX, TlogProof};

use super::Ending;
use super::emit::event_path;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::printer::Printer;

/// Fetch the proof of one event, to be checked anywhere
#[derive(Debug, clap::Args)]
pub(crate) struct Prove {
    /// The event's id
    #[arg(long, value_name = "ID")]
    id: String,

    /// The source that sent it, where several used the id
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Where to write it; stdout if left out. The proof carries the event with who acted: treat it so
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    connection: Connection,
}

impl Prove {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let path = event_path(&self.id, "/proof", self.source.as_deref())?;
        let client = Client::new(&self.connection, printer)?;
        let text = client.read_text(&path, TLOG_PROOF_BYTES_MAX as u64)?;
        TlogProof::decode(&text).map_err(|error| {
            Failure::unreachable(format!("the server's answer is no proof: {error}"))
        })?;
        match &self.output {
            None => printer.document(&text),
            Some(file) => {
                // It holds personal data: for its owner alone, like the key that fetched it.
                replace(&RealDisk, file, text.as_bytes(), Secrecy::Secret).map_err(|error| {
                    Failure::unreachable(format!("{} can not be written: {error}", file.display()))
                })?;
                printer.note(&format!(
                    "wrote {}; check it with `veritrail verify-proof {0} --vkey FILE`",
                    file.display()
                ));
            }
        }
        Ok(Ending::Done)
    }
}
