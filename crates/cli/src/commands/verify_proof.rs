//! `veritrail verify-proof`: checks one event's proof offline.
//!
//! Promises: says sentence by sentence what was proved, and what it rests on. Must never trust a key that came with the
//! proof: without a pinned one the verdict is "self-consistent only", whatever else holds.

use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};
use ledger::checkpoint::Checkpoint;
use ledger::entry::{Entry, Opening};
use ledger::hash::Hash;
use ledger::limits::{ENTRY_BYTES_MAX, PART_BYTES_MAX};
use ledger::name::LogId;
use ledger::note::Note;
use ledger::part::{self, Label};
use ledger::tlog_proof::{TLOG_PROOF_BYTES_MAX, TlogProof, TlogProofError};
use ledger::tree::verify_inclusion;
use serde_json::json;

use super::Ending;
use crate::failure::Failure;
use crate::input;
use crate::pinned_key::PinnedKey;
use crate::printer::{Mood, Printer};

/// Check a proof offline
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key must come from somewhere else than the proof: from the keys directory, or from a `vkey` file
that was kept. Without one the exit code is 4, however well everything fits together.")]
pub(crate) struct VerifyProof {
    /// The .tlog-proof file; - reads standard input
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    #[command(flatten)]
    trust: PinnedKey,

    /// File with the entry's exact bytes, instead of those in the proof
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A proof that holds, and what it shows.
struct Proved {
    log: String,
    seq: u64,
    size: u64,
    leaf: Hash,
    origin: String,
    /// What vouches for it; `None` for nothing.
    rests_on: Option<String>,
    sentences: Vec<String>,
}

/// The entry and the parts that came with a proof.
struct Disclosed {
    entry: Vec<u8>,
    parts: Vec<(Label, Vec<u8>)>,
}

impl VerifyProof {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let text = input::read_text(&self.proof, TLOG_PROOF_BYTES_MAX as u64)?;
        if !text.starts_with("c2sp.org/tlog-proof@") {
            let failure = Failure::usage("not a .tlog-proof file");
            return Err(failure
                .hint("`veritrail prove --id ID -o FILE` writes one")
                .into());
        }
        match self.check(&text) {
            Ok(proved) => Ok(self.tell(&proved, printer)),
            Err(failure) if failure.kind == crate::failure::Kind::Tampered => {
                if self.json {
                    let answer = json!({ "verdict": "tampered", "detail": failure.message });
                    printer.json(&answer.to_string());
                } else {
                    printer.verdict(Mood::Bad, &format!("tampered: {}", failure.message));
                }
                Ok(Ending::Tampered)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    fn check(&self, text: &str) -> Result<Proved, Failure> {
        let proof = TlogProof::decode(text).map_err(|error| does_not_hold(&error))?;
        let disclosed = self.disclosed(&proof)?;
        let claimed = unverified(&proof)?;
        let pinned = self.trust.of("checkpoint", claimed.origin())?;
        let checkpoint = if let Some((key, _)) = &pinned {
            let verified = proof.verify(&disclosed.entry, key);
            verified.map_err(|error| does_not_hold(&error))?
        } else {
            let leaf = Hash::leaf(&disclosed.entry);
            let (size, root) = (claimed.size(), claimed.root());
            verify_inclusion(proof.index, size, &leaf, &proof.hashes, root)
                .map_err(|error| Failure::tampered(error.to_string()))?;
            claimed
        };
        let log = log_of(checkpoint.origin())?;
        let mut sentences = vec![format!(
            "Entry {} is one of the {} that the checkpoint of log {log} covers.",
            proof.index,
            checkpoint.size()
        )];
        if proof.index == 0 {
            sentences.push(opening_sentence(&disclosed, log)?);
        } else {
            sentences.extend(entry_sentences(&disclosed, log, proof.index)?);
        }
        Ok(Proved {
            log: log.to_string(),
            seq: proof.index,
            size: checkpoint.size(),
            leaf: Hash::leaf(&disclosed.entry),
            origin: checkpoint.origin().to_owned(),
            rests_on: pinned.map(|(_, place)| place),
            sentences,
        })
    }

    fn disclosed(&self, proof: &TlogProof) -> Result<Disclosed, Failure> {
        let extra = proof.extra.as_deref().map(read_extra).transpose();
        match (&self.entry, extra) {
            (Some(path), extra) => Ok(Disclosed {
                entry: input::read(path, ENTRY_BYTES_MAX as u64)?,
                // Parts that came along may still fit the entry that was given.
                parts: extra?.map_or(Vec::new(), |disclosed| disclosed.parts),
            }),
            (None, Ok(Some(disclosed))) => Ok(disclosed),
            (None, Ok(None)) => Err(Failure::usage("the proof carries no entry")
                .hint("give the entry's exact bytes with --entry FILE")),
            (None, Err(failure)) => Err(failure),
        }
    }

    fn tell(&self, proved: &Proved, printer: &mut Printer) -> Ending {
        let ending = match proved.rests_on {
            Some(_) => Ending::Done,
            None => Ending::SelfConsistent,
        };
        if self.json {
            let verdict = match ending {
                Ending::Done => "verified",
                _ => "self_consistent",
            };
            let answer = json!({
                "verdict": verdict, "log": proved.log, "seq": proved.seq, "size": proved.size,
                "leaf_hash": proved.leaf.to_hex(), "origin": proved.origin,
                "rests_on": proved.rests_on, "sentences": proved.sentences,
            });
            printer.json(&answer.to_string());
            return ending;
        }
        for sentence in &proved.sentences {
            printer.line(sentence);
        }
        if let Some(place) = &proved.rests_on {
            let sentence = format!(
                "Verified: the checkpoint is signed under {place}, and the entry follows from it."
            );
            printer.verdict(Mood::Good, &sentence);
        } else {
            let sentence = "Self-consistent only: the entry follows from the checkpoint, but nothing outside vouches for who signed it.";
            printer.verdict(Mood::Doubtful, sentence);
            printer.hint("pin the log's key: --vkey FILE or --keys DIR");
        }
        ending
    }
}

fn does_not_hold(error: &TlogProofError) -> Failure {
    // Its cause says which: the note, the checkpoint or the path.
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    Failure::tampered(format!("{error}{}", cause.unwrap_or_default()))
}

/// What the checkpoint says of itself.
fn unverified(proof: &TlogProof) -> Result<Checkpoint, Failure> {
    let refused =
        |error: String| Failure::tampered(format!("the checkpoint is malformed: {error}"));
    let note = Note::parse(&proof.checkpoint).map_err(|error| refused(error.to_string()))?;
    Checkpoint::parse(note.unverified_text()).map_err(|error| refused(error.to_string()))
}

fn log_of(origin: &str) -> Result<LogId, Failure> {
    let last = origin.rsplit('/').next().and_then(LogId::parse);
    last.ok_or_else(|| Failure::tampered("the checkpoint's origin does not end in a log's id"))
}

fn read_extra(extra: &[u8]) -> Result<Disclosed, Failure> {
    let foreign = || Failure::tampered("what the proof carries beside the proof is not ours");
    let disclosures: api::Disclosures = serde_json::from_slice(extra).map_err(|_| foreign())?;
    let decode = |text: &str, bytes_max: usize| {
        let bytes = Base64::decode_vec(text)
            .ok()
            .filter(|bytes| bytes.len() <= bytes_max);
        bytes.ok_or_else(foreign)
    };
    let mut parts = Vec::new();
    let sent = [
        (Label::Details, &disclosures.details),
        (Label::Person, &disclosures.person),
    ];
    for (label, text) in sent {
        if let Some(text) = text {
            parts.push((label, decode(text, PART_BYTES_MAX)?));
        }
    }
    Ok(Disclosed {
        entry: decode(&disclosures.entry, ENTRY_BYTES_MAX)?,
        parts,
    })
}

fn opening_sentence(disclosed: &Disclosed, log: LogId) -> Result<String, Failure> {
    let opening =
        Opening::parse(&disclosed.entry).map_err(|error| Failure::tampered(error.to_string()))?;
    if opening.log != log {
        return Err(Failure::tampered(
            "the entry opens another log than the checkpoint's",
        ));
    }
    Ok(format!(
        "It opens the {} log of tenant {}, recorded at {}.",
        opening.kind, opening.tenant, opening.recorded_at
    ))
}

fn entry_sentences(disclosed: &Disclosed, log: LogId, seq: u64) -> Result<Vec<String>, Failure> {
    let entry =
        Entry::parse(&disclosed.entry).map_err(|error| Failure::tampered(error.to_string()))?;
    if entry.place.log != log || entry.place.seq != seq {
        return Err(Failure::tampered(format!(
            "the entry says that it is entry {} of log {}",
            entry.place.seq, entry.place.log
        )));
    }
    let mut sentences = vec![format!(
        "It commits to event {}: {} on a resource of type {}, recorded at {}, sent by source {} with key {}.",
        entry.id,
        entry.operation,
        entry.resource_type,
        entry.place.recorded_at,
        entry.source,
        entry.key
    )];
    for label in Label::ALL {
        let committed = match label {
            Label::Details => entry.details,
            Label::Person => entry.person,
        };
        let found = disclosed.parts.iter().find(|(name, _)| *name == label);
        sentences.extend(part_sentence(
            label,
            committed,
            found.map(|(_, bytes)| bytes),
        )?);
    }
    Ok(sentences)
}

fn part_sentence(
    label: Label,
    committed: Option<&str>,
    found: Option<&Vec<u8>>,
) -> Result<Option<String>, Failure> {
    let name = label.name();
    match (committed, found) {
        (None, None) => Ok(None),
        (Some(_), None) => Ok(Some(format!(
            "Its {name} part is not here: withheld or erased, which leaves the proof valid."
        ))),
        (None, Some(_)) => Err(Failure::tampered(format!(
            "a {name} part came along, but the entry commits to none"
        ))),
        (Some(digest), Some(bytes)) if part::digest(bytes) == digest => {
            let value = part::value_text(label, bytes)
                .ok_or_else(|| Failure::tampered(format!("the {name} part is not a disclosure")))?;
            Ok(Some(format!(
                "Its {name} part is the one committed to: {value}"
            )))
        }
        (Some(_), Some(_)) => Err(Failure::tampered(format!(
            "the {name} part is not the one that the entry commits to"
        ))),
    }
}
