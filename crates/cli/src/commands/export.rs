//! `veritrail export`: takes events away as one file, and its signed manifest beside it.
//!
//! Promises: a file under its final name is whole and is the one that its manifest is about. Must never overwrite what is
//! there unless told to, or leave a part of a file under the final name: it grows as `FILE.part`.

use std::path::{Path, PathBuf};

use keys::durable::{Disk as _, DiskFile, OpenMode, RealDisk, Secrecy, replace};
use ledger::checkpoint::Checkpoint;
use ledger::export::Kind;
use ledger::export::manifest::Manifest;
use ledger::hash::{Hash, Hashing};
use ledger::limits::NOTE_BYTES_MAX;
use ledger::note::Note;
use serde_json::json;

use super::Ending;
use crate::client::{Client, Connection, Download, with_parameters};
use crate::export_file::manifest_of;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::{Progress, Unit};
use crate::question::{Period, Question};

/// Bytes that are read and written at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Take events away as one file, with a signed manifest
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail export -o audit.ndjson
  veritrail export --since 2026-07-01 --until 2026-10-01 -o q3.ndjson
  veritrail export --actor dev@example.com --format csv --zone Europe/Berlin -o dev.csv
  veritrail export --from-seq 100000 --to-seq 199999 -o part-2.ndjson

Without a query and times it is every entry of the log, or of a range: FILE and FILE.manifest prove
together that these are all. With a query they prove that these are genuine, and can't prove that
none is missing. `veritrail verify-export FILE` checks both offline.")]
pub(crate) struct Export {
    #[command(flatten)]
    question: Question,

    #[command(flatten)]
    period: Period,

    /// The first entry; not together with a query
    #[arg(long, value_name = "SEQ")]
    from_seq: Option<u64>,

    /// The last entry; not together with a query
    #[arg(long, value_name = "SEQ")]
    to_seq: Option<u64>,

    /// Where to write it; the manifest goes to FILE.manifest. Both hold personal data: treat them so
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// How to write it: ndjson, exact bytes that prove themselves; or csv, readable columns
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Ndjson,
        hide_possible_values = true
    )]
    format: Format,

    /// The zone of readable times in CSV, such as Europe/Berlin; UTC by default
    #[arg(long, value_name = "NAME")]
    zone: Option<String>,

    /// Write over a file that is there
    #[arg(long)]
    force: bool,

    /// Print what was written as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Exact bytes.
    Ndjson,
    /// Readable columns.
    Csv,
}

impl Export {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let query = self.question.query("export")?;
        let path = self.path(query.as_deref());
        let manifest_file = manifest_of(&self.output);
        if !self.force {
            let part = part_of(&self.output)?;
            refuse_to_overwrite(&[&self.output, &manifest_file, &part])?;
        }
        let client = Client::new(&self.connection, printer)?;
        let part = Part::begin(&self.output, self.force)?;
        let download = client.download(&path);
        let download = download.map_err(|failure| self.pointed(failure, query.as_deref()))?;
        let progress = if self.json || download.rows.is_none() {
            Progress::hidden()
        } else {
            printer.progress("exporting", Unit::Entries)
        };
        let export = download.export.clone();
        let (bytes, sha256) = part.receive(download, &progress)?;
        drop(progress);
        let note = client.read_text(
            &format!("/v1/exports/{export}/manifest"),
            NOTE_BYTES_MAX as u64,
        )?;
        let manifest = read(&note)?;
        if (manifest.bytes, manifest.sha256, &manifest.export) != (bytes, sha256, &export) {
            return Err(Failure::tampered("what arrived is not what the manifest is about")
                .hint("try again; if it stays so, something between here and the server changes what it carries")
                .into());
        }
        part.keep(&self.output, &manifest_file, &note)?;
        self.tell(&manifest, printer);
        Ok(Ending::Done)
    }

    fn path(&self, query: Option<&str>) -> String {
        let (from, to) = (self.from_seq, self.to_seq);
        let [from, to] = [from, to].map(|seq| seq.map(|seq| seq.to_string()));
        let format = match self.format {
            Format::Ndjson => None,
            Format::Csv => Some("csv"),
        };
        let parameters = [
            ("q", query),
            ("since", self.period.since.as_deref()),
            ("until", self.period.until.as_deref()),
            ("from_seq", from.as_deref()),
            ("to_seq", to.as_deref()),
            ("format", format),
            ("zone", self.zone.as_deref()),
            ("log", self.question.log()),
        ];
        with_parameters("/v1/export", &parameters)
    }

    fn pointed(&self, failure: Failure, query: Option<&str>) -> Failure {
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        failure.pointing_into(&[
            ("q", "", query.unwrap_or_default()),
            ("since", "--since ", &typed(&self.period.since)),
            ("until", "--until ", &typed(&self.period.until)),
            ("zone", "--zone ", &typed(&self.zone)),
        ])
    }

    fn tell(&self, manifest: &Manifest, printer: &mut Printer) {
        let file = self.output.display();
        if self.json {
            let told = json!({
                "file": file.to_string(), "manifest": manifest_of(&self.output).display().to_string(),
                "export": manifest.export, "holds": manifest.kind.name(), "events": manifest.count,
                "first": manifest.first, "last": manifest.last, "bytes": manifest.bytes,
                "sha256": manifest.sha256.to_hex(), "log": manifest.log.to_string(),
            });
            return printer.json(&told.to_string());
        }
        let count = manifest.count;
        let proves = match (manifest.kind, self.format) {
            (Kind::Whole, _) => "it proves that these are all of them",
            (Kind::Filtered, Format::Ndjson) => {
                "it proves that these are genuine, not that none is missing"
            }
            (Kind::Filtered, Format::Csv) => {
                "it shows that the server wrote it so; proofs are in --format ndjson alone"
            }
        };
        let held = match (manifest.first, manifest.last) {
            (Some(first), Some(last)) if manifest.kind == Kind::Whole => {
                format!("entries {first} to {last}, {count} in all")
            }
            _ => format!("{count} event{}", if count == 1 { "" } else { "s" }),
        };
        let sentence = format!("{file}: {held}; with {file}.manifest {proves}");
        printer.line(&sentence);
        let covered = covered(manifest);
        if covered < manifest.entries {
            printer.note(&format!(
                "the last {} entries are not in it: no checkpoint covered them yet",
                manifest.entries - covered
            ));
        }
        printer.note(&format!(
            "check it with `veritrail verify-export {file} --vkey FILE`, with a key that was kept elsewhere"
        ));
    }
}

/// Entries that the checkpoint covers.
fn covered(manifest: &Manifest) -> u64 {
    let note = Note::parse(&manifest.checkpoint).ok();
    let checkpoint = note.and_then(|note| Checkpoint::parse(note.unverified_text()).ok());
    checkpoint.map_or(manifest.entries, |checkpoint| checkpoint.size())
}

fn read(note: &str) -> Result<Manifest, Failure> {
    let foreign = |why: String| Failure::unreachable(format!("the server's manifest: {why}"));
    let parsed = Note::parse(note).map_err(|error| foreign(error.to_string()))?;
    Manifest::parse(parsed.unverified_text()).map_err(|error| foreign(error.to_string()))
}

fn refuse_to_overwrite(paths: &[&Path]) -> Result<(), Failure> {
    for path in paths {
        if RealDisk
            .exists(path)
            .map_err(|error| failed(path, &error))?
        {
            let failure = Failure::usage(format!("{} is there already", path.display()));
            return Err(failure.hint("name another file, or write over it with --force"));
        }
    }
    Ok(())
}

/// The name of the file while it grows.
fn part_of(output: &Path) -> Result<PathBuf, Failure> {
    let name = output.file_name();
    let mut name = name
        .ok_or_else(|| Failure::usage("-o names no file"))?
        .to_owned();
    name.push(".part");
    Ok(output.with_file_name(name))
}

/// The file while it grows. Dropped, it is gone.
struct Part {
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl Part {
    fn begin(output: &Path, force: bool) -> Result<Self, Failure> {
        let path = part_of(output)?;
        let made = || {
            // Without it whatever has the name by now makes the opening fail, and stays.
            if force && RealDisk.exists(&path)? {
                RealDisk.remove(&path)?;
            }
            // It holds personal data: for its owner alone, like the key that fetches it.
            RealDisk.open(&path, OpenMode::Create, Secrecy::Secret)
        };
        let file = made().map_err(|error| failed(&path, &error))?;
        Ok(Self { path, file })
    }

    /// Writes what comes; its length and hash.
    fn receive(&self, download: Download, progress: &Progress) -> Result<(u64, Hash), Failure> {
        let Download { rows, body, .. } = download;
        let mut body = body;
        let mut piece = vec![0; PIECE_BYTES];
        let (mut bytes, mut lines, mut hashing) = (0_u64, 0_u64, Hashing::new());
        loop {
            let filled = fill(&mut body, &mut piece)?;
            let read = &piece[..filled];
            if read.is_empty() {
                break;
            }
            self.file
                .write_at(read, bytes)
                .map_err(|error| failed(&self.path, &error))?;
            hashing.update(read);
            bytes += filled as u64;
            lines += read
                .iter()
                .map(|byte| u64::from(*byte == b'\n'))
                .sum::<u64>();
            progress.report(lines, rows.unwrap_or(lines));
        }
        self.file
            .sync()
            .map_err(|error| failed(&self.path, &error))?;
        Ok((bytes, hashing.finish()))
    }

    /// Gives the file its name, and the manifest its place beside it. A crash leaves no manifest beside another file.
    fn keep(self, output: &Path, manifest: &Path, note: &str) -> Result<(), Failure> {
        let disk = RealDisk;
        let named = || {
            if disk.exists(manifest)? {
                disk.remove(manifest)?;
            }
            disk.rename(&self.path, output)?;
            replace(&disk, manifest, note.as_bytes(), Secrecy::Secret)
        };
        named().map_err(|error| failed(output, &error))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if RealDisk.exists(&self.path).unwrap_or(false) {
            // Whoever sees the name knows that it is a part.
            let _ = RealDisk.remove(&self.path);
        }
    }
}

/// Fills a piece from what comes; how much of it, less only at the end.
fn fill(body: &mut impl std::io::Read, piece: &mut [u8]) -> Result<usize, Failure> {
    let mut filled = 0;
    while let Some(rest) = piece.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match body.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) => {
                return Err(
                    Failure::unreachable(format!("the export was cut off: {error}"))
                        .hint("nothing was kept; try again; the server's log says why if it was the server"),
                );
            }
        }
    }
    Ok(filled)
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unreachable(format!("{} can not be written: {error}", path.display()))
}
