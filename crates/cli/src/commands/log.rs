//! `veritrail log`: lists logs, and exports them as C2SP lays them out, for software that is not ours.
//!
//! Promises: an export holds `DIR/LOG/{checkpoint,vkey,tile/…}` of one checkpoint's size; it was checked while it
//! was written; `checkpoint` comes last, so an export that broke off is seen to be one. Must never write into an export
//! that is there.

use std::path::{Path, PathBuf};

use api::Logs;
use keys::durable::{Disk as _, OpenMode, RealDisk, Secrecy, create_new};
use ledger::checkpoint::{self, Checkpoint};
use ledger::limits::NOTE_BYTES_MAX;
use ledger::name::LogId;
use ledger::note::{Note, VerifierKey};
use ledger::tile::{TileKind, TilePath};

use super::Ending;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::log_check::{self, BUNDLE_BYTES_MAX, CheckError, Subject};
use crate::printer::Printer;
use crate::progress::{Progress, Unit};

/// Longest verifier key in bytes.
const VKEY_BYTES_MAX: u64 = 4 * 1024;

/// List and export logs
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Log {
    /// List the logs that the key may look at
    List(List),
    /// Write logs as C2SP lays them out: DIR/LOG/{checkpoint,vkey,tile/…}
    Export(Export),
}

/// List the logs that the key may look at
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Write logs as C2SP lays them out: DIR/LOG/{checkpoint,vkey,tile/…}
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Where to; each log gets a directory of its own there
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Only this log; may be given more than once
    #[arg(long, value_name = "ID")]
    log: Vec<String>,

    /// Print what was written as JSON, one object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Log {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::List(list) => list.run(printer),
            Self::Export(export) => export.run(printer),
        }
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let (text, answer): (String, Logs) = client.read_json("/v1/logs")?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        let rows: Vec<Vec<String>> = answer
            .logs
            .iter()
            .map(|log| {
                let (size, signed) = (log.size.to_string(), log.signed_size.to_string());
                vec![
                    log.id.clone(),
                    log.kind.clone(),
                    size,
                    signed,
                    log.origin.clone(),
                ]
            })
            .collect();
        printer.table(&["LOG", "KIND", "ENTRIES", "SIGNED", "ORIGIN"], &rows);
        Ok(Ending::Done)
    }
}

impl Export {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        for log in chosen(&client, &self.log)? {
            let served = Served::fetch(&client, log)?;
            let directory = self.directory.join(log.to_string());
            let progress = if self.json {
                Progress::hidden()
            } else {
                printer.progress("exporting", Unit::Entries)
            };
            served.export(&client, &directory, &progress)?;
            drop(progress);
            if self.json {
                let written = serde_json::json!({
                    "log": log.to_string(), "size": served.checkpoint.size(),
                    "root": served.checkpoint.root().to_hex(), "directory": directory.display().to_string(),
                });
                printer.json(&written.to_string());
            } else {
                printer.line(&format!(
                    "{}: {} entries, root {}",
                    directory.display(),
                    served.checkpoint.size(),
                    served.checkpoint.root()
                ));
            }
        }
        printer.note("self-consistent as exported; keep the vkey files elsewhere and hold the exports to them");
        Ok(Ending::Done)
    }
}

/// The logs asked for, or all that the key may look at.
pub(super) fn chosen(client: &Client, asked: &[String]) -> Result<Vec<LogId>, Failure> {
    let listed: Vec<String>;
    let names = if asked.is_empty() {
        let (_, answer): (String, Logs) = client.read_json("/v1/logs")?;
        listed = answer.logs.into_iter().map(|log| log.id).collect();
        &listed
    } else {
        asked
    };
    let parsed: Option<Vec<LogId>> = names.iter().map(|name| LogId::parse(name)).collect();
    parsed.ok_or_else(|| {
        Failure::usage("expected a log's id: 32 digits of 0-9 and a-f")
            .hint("see `veritrail log list`")
    })
}

/// What a server says of a log, before anything was checked but that it fits together.
pub(super) struct Served {
    pub(super) log: LogId,
    /// The signed checkpoint.
    pub(super) note: String,
    /// What the note claims.
    pub(super) checkpoint: Checkpoint,
    /// The key that the server shows.
    pub(super) vkey: VerifierKey,
}

impl Served {
    pub(super) fn fetch(client: &Client, log: LogId) -> Result<Self, Failure> {
        let note =
            client.read_text(&format!("/v1/logs/{log}/checkpoint"), NOTE_BYTES_MAX as u64)?;
        let vkey = client.read_text(&format!("/v1/logs/{log}/vkey"), VKEY_BYTES_MAX)?;
        let broken = |what: &str, error: String| {
            Failure::tampered(format!("the {what} of log {log} does not hold: {error}"))
        };
        let vkey = VerifierKey::parse(vkey.trim_end())
            .map_err(|error| broken("verifier key", error.to_string()))?;
        let parsed = Note::parse(&note).map_err(|error| broken("checkpoint", error.to_string()))?;
        let checkpoint = Checkpoint::parse(parsed.unverified_text())
            .map_err(|error| broken("checkpoint", error.to_string()))?;
        if !checkpoint.origin().ends_with(&format!("/{log}")) {
            let what = format!("it is one of {:?}", checkpoint.origin());
            return Err(broken("checkpoint", what));
        }
        Ok(Self {
            log,
            note,
            checkpoint,
            vkey,
        })
    }

    /// Reads one tile of the log; bundles of entries tell how far it is.
    pub(super) fn tile(
        &self,
        client: &Client,
        path: &TilePath,
        progress: &Progress,
    ) -> Result<Vec<u8>, Failure> {
        let log = self.log;
        let bytes = client.read(
            &format!("/v1/logs/{log}/tile/{path}"),
            "application/octet-stream",
            BUNDLE_BYTES_MAX,
        )?;
        if path.kind() == TileKind::Entries {
            progress.report(path.range().end, self.checkpoint.size());
        }
        Ok(bytes)
    }

    fn export(
        &self,
        client: &Client,
        directory: &Path,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let disk = RealDisk;
        let failed = |path: &Path, error: &std::io::Error| {
            Failure::unreachable(format!("{} can not be written: {error}", path.display()))
        };
        if disk
            .exists(directory)
            .map_err(|error| failed(directory, &error))?
        {
            return Err(
                Failure::usage(format!("{} is there already", directory.display()))
                    .hint("name a new directory; an export is never changed"),
            );
        }
        checkpoint::open(&self.note, &self.vkey, self.checkpoint.origin()).map_err(|error| {
            Failure::tampered(format!(
                "the checkpoint of log {} does not hold: {error}",
                self.log
            ))
        })?;
        let vkey = self.vkey.to_string();
        let mut made = PathBuf::new();
        let mut save = |path: &TilePath| {
            let bytes = self.tile(client, path, progress)?;
            let file = directory.join("tile").join(path.to_string());
            let parent = file.parent().unwrap_or(directory);
            if made != parent {
                disk.create_dir_all(parent, Secrecy::Ordinary)
                    .map_err(|error| failed(parent, &error))?;
                parent.clone_into(&mut made);
            }
            // Not synced one by one: the checkpoint below, written last, tells a whole export from a broken one.
            let written = disk
                .open(&file, OpenMode::Create, Secrecy::Ordinary)
                .and_then(|open| open.write_at(&bytes, 0));
            written.map_err(|error| failed(&file, &error))?;
            Ok(bytes)
        };
        let subject = Subject {
            log: self.log,
            origin: self.checkpoint.origin(),
            vkey: &vkey,
            size: self.checkpoint.size(),
            root: *self.checkpoint.root(),
            pinned: &[],
        };
        log_check::check(&subject, &mut save).map_err(|error| match error {
            CheckError::Failed(failure) => failure,
            CheckError::Fault(fault) => Failure::tampered(format!("{fault}"))
                .hint("the export was left without its checkpoint"),
        })?;
        for (name, text) in [
            ("vkey", format!("{vkey}\n")),
            ("checkpoint", self.note.clone()),
        ] {
            let file = directory.join(name);
            create_new(&disk, &file, text.as_bytes(), Secrecy::Ordinary)
                .map_err(|error| failed(&file, &error))?;
        }
        Ok(())
    }
}
