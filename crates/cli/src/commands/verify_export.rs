//! `veritrail verify-export`: checks an export offline.
//!
//! Promises: says whether it proves that these are all or that these are genuine, and what that rests on; names the row
//! that is wrong where the file still says so. Must never trust a key that came with the export: without a pinned one the
//! verdict is "self-consistent only", whatever else holds.

use std::path::PathBuf;

use ledger::checkpoint;
use ledger::export::check::Found;
use ledger::export::manifest::Manifest;
use ledger::export::{Format, HEADING, Kind};
use ledger::limits::NOTE_BYTES_MAX;
use ledger::note::Note;
use serde_json::json;

use super::Ending;
use crate::export_file::{self, Contents, manifest_of};
use crate::failure::Failure;
use crate::input;
use crate::pinned_key::PinnedKey;
use crate::printer::{Mood, Printer};
use crate::progress::{Progress, Unit};

/// Check an export offline
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key must come from somewhere else than the export: from the keys directory, or from a `vkey` file
that was kept. Without one the exit code is 4, however well everything fits together.

--vkey pins one log: an export of any other is refused with exit code 1. --keys pins an
installation: any log of it passes, main or access, of any tenant, so read which log is named.")]
pub(crate) struct VerifyExport {
    /// The file that `veritrail export` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Its manifest; FILE.manifest if left out
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,

    #[command(flatten)]
    trust: PinnedKey,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found wrong.
#[derive(Debug, Default)]
struct Problems {
    texts: Vec<String>,
    row: Option<u64>,
    seqs: Option<(u64, u64)>,
}

/// An export that was looked through.
struct Checked {
    manifest: Manifest,
    found: Found,
    problems: Problems,
    /// What vouches for it; `None` for nothing.
    rests_on: Option<String>,
}

impl VerifyExport {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let progress = if self.json {
            Progress::hidden()
        } else {
            printer.progress("verifying", Unit::Bytes)
        };
        let checked = self.check(&progress);
        drop(progress);
        match checked {
            Ok(checked) if checked.problems.texts.is_empty() => {
                Ok(self.verified(&checked, printer))
            }
            Ok(checked) => Ok(self.tampered(&checked.problems, printer)),
            Err(failure) if failure.kind == crate::failure::Kind::Tampered => {
                let problems = Problems {
                    texts: vec![failure.message],
                    ..Problems::default()
                };
                Ok(self.tampered(&problems, printer))
            }
            Err(failure) => Err(failure.into()),
        }
    }

    fn check(&self, progress: &Progress) -> Result<Checked, Failure> {
        let path = self.manifest.clone();
        let path = path.unwrap_or_else(|| manifest_of(&self.file));
        let text = input::read_text(&path, NOTE_BYTES_MAX as u64)?;
        if !text.starts_with(HEADING) {
            let failure = Failure::usage(format!("{} is no manifest of an export", path.display()));
            return Err(failure.hint("`veritrail export -o FILE` writes FILE.manifest"));
        }
        let malformed =
            |error: String| Failure::tampered(format!("the manifest is malformed: {error}"));
        let note = Note::parse(&text).map_err(|error| malformed(error.to_string()))?;
        let manifest = Manifest::parse(note.unverified_text());
        let manifest = manifest.map_err(|error| malformed(error.to_string()))?;
        let pinned = self.trust.of_log("manifest", &manifest.origin)?;
        let Contents { rows, whole } = export_file::check(&self.file, &manifest, progress)?;
        let mut problems = Problems::default();
        let found = match rows {
            Ok(found) => found,
            Err(fault) => {
                problems.row = fault.row;
                problems.seqs = fault
                    .seqs
                    .map(|seqs| (seqs.start, seqs.end.saturating_sub(1)));
                problems.texts.push(fault.what);
                Found::default()
            }
        };
        let rows_hold = problems.texts.is_empty();
        if let Some((key, _)) = &pinned {
            if let Err(error) = note.verify(std::slice::from_ref(key)) {
                problems.texts.push(format!(
                    "the manifest was changed after it was signed, or never was: {error}"
                ));
            }
            let (signed, origin) = (&manifest.checkpoint, &manifest.origin);
            if let Err(error) = checkpoint::open(signed, key, origin) {
                problems.texts.push(format!(
                    "the checkpoint in the manifest does not hold: {error}"
                ));
            }
        }
        if let Some((bytes, sha256)) = whole
            && (bytes, sha256) != (manifest.bytes, manifest.sha256)
        {
            let readable = manifest.format == Format::Csv;
            problems.texts.push(match (rows_hold, readable) {
                (false, _) => "the file is not the one that the manifest is about".to_owned(),
                (true, true) => "the file is not the one that the manifest is about, though seqs and leaf hashes hold: what readable columns say was changed".to_owned(),
                (true, false) => "the file is not the one that the manifest is about, though every entry in it holds: parts were taken out, or it was written anew".to_owned(),
            });
        }
        Ok(Checked {
            manifest,
            found,
            problems,
            rests_on: pinned.map(|(_, place)| place),
        })
    }

    fn tampered(&self, problems: &Problems, printer: &mut Printer) -> Ending {
        if self.json {
            let answer = json!({
                "verdict": "tampered", "row": problems.row, "seqs": problems.seqs, "problems": problems.texts,
            });
            printer.json(&answer.to_string());
            return Ending::Tampered;
        }
        let (first, more) = match problems.texts.split_first() {
            Some((first, more)) => (first.as_str(), more),
            None => ("", &[][..]),
        };
        // What was found in the rows stands first: it names the row.
        printer.verdict(Mood::Bad, &format!("tampered: {first}"));
        for problem in more {
            printer.line(&format!("Also: {problem}"));
        }
        Ending::Tampered
    }

    fn verified(&self, checked: &Checked, printer: &mut Printer) -> Ending {
        let ending = match checked.rests_on {
            Some(_) => Ending::Done,
            None => Ending::SelfConsistent,
        };
        let Checked {
            manifest,
            found,
            rests_on,
            ..
        } = checked;
        let mut sentences = sentences(manifest, *found);
        if self.trust.is_of_any_log() {
            sentences.push(format!(
                "One key signs for every log of this installation, and any of them would pass: this is the {} log {}. Pin one log with --vkey.",
                manifest.log_kind, manifest.log
            ));
        }
        if self.json {
            let verdict = match ending {
                Ending::Done => "verified",
                _ => "self_consistent",
            };
            let answer = json!({
                "verdict": verdict, "proves": proves(manifest), "export": manifest.export,
                "log": manifest.log.to_string(), "log_kind": manifest.log_kind.name(), "origin": manifest.origin,
                "any_log_passes": self.trust.is_of_any_log(), "events": found.rows, "first": manifest.first,
                "last": manifest.last, "persons_absent": found.persons_absent,
                "details_absent": found.details_absent, "rests_on": rests_on, "sentences": sentences,
            });
            printer.json(&answer.to_string());
            return ending;
        }
        for sentence in &sentences {
            printer.line(sentence);
        }
        if let Some(place) = rests_on {
            let sentence = format!(
                "Verified: the manifest and its checkpoint are signed under {place}, and the file is the one they are about."
            );
            printer.verdict(Mood::Good, &sentence);
        } else {
            let sentence = "Self-consistent only: file and manifest fit together, but nothing outside vouches for who signed them.";
            printer.verdict(Mood::Doubtful, sentence);
            printer.hint("pin the log's key: --vkey FILE or --keys DIR");
        }
        ending
    }
}

/// What an export that holds proves, in a word.
fn proves(manifest: &Manifest) -> &'static str {
    match (manifest.kind, manifest.format) {
        (Kind::Whole, _) => "all",
        (Kind::Filtered, Format::Ndjson) => "genuine",
        (Kind::Filtered, Format::Csv) => "signed",
    }
}

/// Whether it holds a range, by what was asked or by what is in it. A range that holds the whole log is none.
fn is_range(manifest: &Manifest) -> bool {
    let Manifest { first, last, .. } = manifest;
    let asked = manifest.asked.iter();
    let to = asked.filter(|(name, _)| name == "to_seq").count() > 0;
    let ends_early = last.is_some_and(|last| last.saturating_add(1) < manifest.entries);
    manifest.kind == Kind::Whole && (first.is_some_and(|first| first > 0) || to && ends_early)
}

/// What was asked, in words.
fn asked(manifest: &Manifest) -> String {
    let said = |name: &str| {
        let found = manifest.asked.iter().find(|(asked, _)| asked == name);
        found.map(|(_, text)| text.as_str())
    };
    match (said("from_seq"), said("to_seq")) {
        _ if !manifest.query.is_empty() => format!("`{}`", manifest.query),
        (Some(from), Some(to)) => format!("entries {from} to {to}"),
        (Some(from), None) => format!("entries from {from} on"),
        (None, Some(to)) => format!("entries up to {to}"),
        (None, None) => "everything".to_owned(),
    }
}

fn sentences(manifest: &Manifest, found: Found) -> Vec<String> {
    let Manifest {
        log,
        log_kind,
        count,
        first,
        last,
        ..
    } = manifest;
    let mut sentences = vec![format!(
        "Asked for on {} with key {} of {:?}: {}.",
        manifest.begun_at,
        manifest.key,
        manifest.owner,
        asked(manifest)
    )];
    sentences.push(match (manifest.kind, manifest.format) {
        (Kind::Whole, _) if is_range(manifest) => format!(
            "These are all of that range, not the whole log: {count} entries, seq {} to {}, of the {log_kind} log {log}. None of them is missing, none was added or changed.",
            first.unwrap_or_default(),
            last.unwrap_or_default()
        ),
        (Kind::Whole, _) => format!(
            "These are all: {count} entries, seq {} to {}, of the {log_kind} log {log}. None is missing, none was added or changed.",
            first.unwrap_or_default(),
            last.unwrap_or_default()
        ),
        (Kind::Filtered, Format::Ndjson) => format!(
            "These are genuine: each of the {count} events is an entry of the {log_kind} log {log}. That none is missing, what a query found can't prove."
        ),
        (Kind::Filtered, Format::Csv) => format!(
            "These {count} rows are as the server wrote them. They carry no proofs: nothing here leads to entries of the {log_kind} log {log}."
        ),
    });
    if manifest.format == Format::Csv {
        let rests = "What readable columns say rests on the signature over the file alone.";
        sentences.push(rests.to_owned());
    }
    for (name, absent) in [
        ("person", found.persons_absent),
        ("details", found.details_absent),
    ] {
        if absent > 0 {
            sentences.push(format!(
                "{absent} {name} parts had been withheld or erased, which leaves every proof valid."
            ));
        }
    }
    sentences
}
