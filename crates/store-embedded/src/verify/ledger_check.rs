//! The logs as they grow under the scan, held against what is expected of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use keys::durable::{OpenMode, Secrecy};
use ledger::checkpoint::{self, Checkpoint};
use ledger::entry::Opening;
use ledger::hash::Hash;
use ledger::json::{self, Value};
use ledger::name::LogId;
use ledger::note::{Note, VerifierKey};
use ledger::time::Micros;
use ledger::tree::CompactRange;

use super::block_check::{CheckedRun, states};
use super::{Inputs, LogReport, Report, VerifyError};
use crate::journal::FILE_HEADER_BYTES;
use crate::layout::Layout;

/// Bytes of the file of checkpoints at most.
const CHECKPOINTS_BYTES_MAX: u64 = 256 * 1024 * 1024;

const OTHER_THAN_RECEIPT: &str = "it is not the one that a receipt was given for";

/// A head that somebody expects.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    log: LogId,
    size: u64,
    root: Hash,
    /// Who says so.
    who: String,
    /// Whether it comes from outside the data directory.
    outside: bool,
    /// The entry of an instance log that says so.
    stated: Option<(LogId, u64)>,
}

/// One log under the scan.
#[derive(Debug, Default)]
struct Growing {
    range: CompactRange,
    last: Micros,
    opening: Option<Box<Opening>>,
    /// Roots where a run ended, by size: that is where heads are signed.
    roots: Vec<(u64, Hash)>,
    broken: bool,
    vouched: u64,
}

/// All logs.
#[derive(Debug)]
pub(super) struct Ledger {
    logs: BTreeMap<LogId, Growing>,
    wanted: Vec<Wanted>,
    /// Logs that the instance log says were made.
    created: BTreeMap<LogId, u64>,
    /// Sizes to stop at, on the second reading.
    stops: BTreeSet<(LogId, u64)>,
    receipts: BTreeMap<(LogId, u64), Hash>,
    signed: BTreeMap<LogId, u64>,
    /// The data directory's own checkpoints, read before anything that they cover.
    own_notes: Vec<u8>,
}

impl Ledger {
    pub(super) fn new(inputs: &Inputs) -> Self {
        let mut wanted = Vec::new();
        let mut signed = BTreeMap::new();
        for (log, head) in inputs.pinned.iter().flat_map(|pinned| &pinned.heads) {
            signed.insert(*log, head.size);
            let who = "the signer's memory".to_owned();
            wanted.push(Wanted {
                log: *log,
                size: head.size,
                root: head.root,
                who,
                outside: true,
                stated: None,
            });
        }
        let receipts = inputs
            .receipts
            .iter()
            .map(|receipt| ((receipt.log, receipt.seq), receipt.leaf))
            .collect();
        Self {
            logs: BTreeMap::new(),
            wanted,
            created: BTreeMap::new(),
            stops: BTreeSet::new(),
            receipts,
            signed,
            own_notes: Vec::new(),
        }
    }

    /// A ledger for a second reading that notes the roots at these sizes.
    pub(super) fn looking_for(inputs: &Inputs, wanted: Vec<Wanted>) -> Self {
        let stops = wanted
            .iter()
            .map(|wanted| (wanted.log, wanted.size))
            .collect();
        Self {
            wanted,
            stops,
            receipts: BTreeMap::new(),
            ..Self::new(inputs)
        }
    }

    /// Reads the checkpoints kept in the data directory. A server that goes on writing puts later ones there, of entries
    /// that a scan begun before does not see: this comes first.
    pub(super) fn read_own_notes(
        &mut self,
        inputs: &Inputs,
        layout: &Layout,
    ) -> Result<(), VerifyError> {
        let path = layout.checkpoints();
        match inputs.disk.read(&path, CHECKPOINTS_BYTES_MAX) {
            Ok(bytes) => self.own_notes = bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(VerifyError::Disk { path, source }),
        }
        Ok(())
    }

    /// Takes note of a record that is acknowledged and stands in the journal only.
    pub(super) fn journaled(
        &mut self,
        log: LogId,
        seq: u64,
        leaf: Hash,
        file: &Path,
        report: &mut Report,
    ) {
        if let Some(kept) = self.receipts.remove(&(log, seq))
            && kept != leaf
        {
            report.problem(
                Some(log),
                Some(seq),
                Some(file.to_owned()),
                OTHER_THAN_RECEIPT,
            );
        }
    }

    /// Entries of a log found so far.
    pub(super) fn size_of(&self, log: LogId) -> u64 {
        self.logs.get(&log).map_or(0, |log| log.range.size())
    }

    /// Adds a run that was checked by itself.
    pub(super) fn run(&mut self, run: CheckedRun, file: &Path, report: &mut Report) {
        let growing = self.logs.entry(run.log).or_default();
        let file = Some(file.to_owned());
        report.entries += run.leaves.len() as u64;
        report.parts += run.parts;
        for (seq, what) in run.problems {
            report.problem(Some(run.log), Some(seq), file.clone(), what);
        }
        if run.first != growing.range.size() {
            if !growing.broken {
                let (expected, found) = (growing.range.size(), run.first);
                let what = if found > expected {
                    "it is missing"
                } else {
                    "it stands twice"
                };
                report.problem(Some(run.log), Some(expected.min(found)), file, what);
            }
            growing.broken = true;
            return;
        }
        if let Some((first, last)) = run.times {
            if first < growing.last {
                let what = "its time is before that of the entry before it";
                report.problem(Some(run.log), Some(run.first), file.clone(), what);
            }
            growing.last = last;
        }
        if run.opening.is_some() {
            growing.opening = run.opening;
        }
        for (seq, leaf) in (run.first..).zip(&run.leaves) {
            growing.range.push(*leaf);
            if self.stops.contains(&(run.log, seq + 1)) {
                growing.roots.push((seq + 1, growing.range.root()));
            }
            if !self.receipts.is_empty()
                && let Some(kept) = self.receipts.remove(&(run.log, seq))
                && kept != *leaf
            {
                report.problem(Some(run.log), Some(seq), file.clone(), OTHER_THAN_RECEIPT);
            }
        }
        growing
            .roots
            .push((growing.range.size(), growing.range.root()));
        if growing
            .opening
            .as_ref()
            .is_some_and(|opening| states(opening.kind))
        {
            let instance = run.log;
            for statement in run.statements {
                match statement.head {
                    None => drop(self.created.insert(statement.about, statement.seq)),
                    Some((size, root)) => {
                        let who = format!("entry {} of the instance log {instance}", statement.seq);
                        self.wanted.push(Wanted {
                            log: statement.about,
                            size,
                            root,
                            who,
                            outside: false,
                            stated: Some((instance, statement.seq)),
                        });
                    }
                }
            }
        }
    }

    /// Holds everything that was expected against what was found. Answers heads at sizes that need a second reading.
    pub(super) fn conclude(
        &mut self,
        inputs: &Inputs,
        layout: &Layout,
        report: &mut Report,
    ) -> Vec<Wanted> {
        self.check_openings(inputs, report);
        self.check_notes(inputs, layout, report);
        for (log, seq) in &self.created {
            if !self.logs.contains_key(log) {
                let what = format!(
                    "the whole log is missing; entry {seq} of the instance log says that it was made"
                );
                report.problem(Some(*log), None, None, what);
            }
        }
        for (log, seq) in self.receipts.keys() {
            // Without the keys directory the journal can't be read, where a newest entry may still stand.
            let may_be_journaled = inputs.pinned.is_none()
                && *seq >= self.size_of(*log)
                && journal_holds_frames(inputs, layout);
            if may_be_journaled {
                report.receipts_open += 1;
                continue;
            }
            report.problem(
                Some(*log),
                Some(*seq),
                None,
                "it is missing, and a receipt was given for it",
            );
        }
        let wanted = std::mem::take(&mut self.wanted);
        let open = self.hold(wanted, report);
        for (log, growing) in &self.logs {
            let signed = self
                .signed
                .get(log)
                .copied()
                .unwrap_or_else(|| growing.range.size());
            report.unsigned += growing.range.size().saturating_sub(signed);
            if inputs.pinned.is_some() && !self.signed.contains_key(log) && growing.range.size() > 0
            {
                report.notes.push(format!(
                    "log {log} was never signed; its blocks bear the right check"
                ));
            }
            report.logs.push(LogReport {
                log: *log,
                kind: growing.opening.as_ref().map(|opening| opening.kind),
                size: growing.range.size(),
                root: growing.range.root(),
                vouched: growing.vouched,
            });
        }
        open
    }

    /// Concludes a second reading.
    pub(super) fn resolve(mut self, report: &mut Report) {
        let wanted = std::mem::take(&mut self.wanted);
        let open = self.hold(wanted, report);
        for log in &mut report.logs {
            let vouched = self.logs.get(&log.log).map_or(0, |log| log.vouched);
            log.vouched = log.vouched.max(vouched);
        }
        for wanted in open {
            let what = format!(
                "its head at {} entries, named by {}, can't be computed",
                wanted.size, wanted.who
            );
            report.problem(Some(wanted.log), None, None, what);
        }
    }

    fn hold(&mut self, wanted: Vec<Wanted>, report: &mut Report) -> Vec<Wanted> {
        let mut open = Vec::new();
        // What comes from outside first: an entry of an instance log that it covers vouches for other logs in turn.
        let (outside, inside): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|wanted| wanted.outside);
        for mut wanted in outside.into_iter().chain(inside) {
            wanted.outside |= self.vouches_for(wanted.stated);
            let Some(growing) = self.logs.get_mut(&wanted.log) else {
                let what = format!(
                    "the whole log is missing; {} knows it with {} entries",
                    wanted.who, wanted.size
                );
                report.problem(Some(wanted.log), None, None, what);
                continue;
            };
            if growing.range.size() < wanted.size {
                let what = format!(
                    "entries {} to {} are missing; {} knows {}",
                    growing.range.size(),
                    wanted.size - 1,
                    wanted.who,
                    wanted.size
                );
                report.problem(Some(wanted.log), Some(growing.range.size()), None, what);
                continue;
            }
            let found = growing
                .roots
                .binary_search_by_key(&wanted.size, |(size, _)| *size);
            match found.ok().and_then(|index| growing.roots.get(index)) {
                Some((_, root)) if *root == wanted.root => {
                    if wanted.outside {
                        growing.vouched = growing.vouched.max(wanted.size);
                    }
                }
                Some(_) => {
                    let what = format!(
                        "an entry below {} was changed, dropped, added or moved: the root differs from {}",
                        wanted.size, wanted.who
                    );
                    report.problem(Some(wanted.log), None, None, what);
                }
                None => open.push(wanted),
            }
        }
        open
    }

    /// Whether an entry of an instance log lies below what something outside vouches for.
    fn vouches_for(&self, stated: Option<(LogId, u64)>) -> bool {
        stated.is_some_and(|(instance, seq)| {
            self.logs
                .get(&instance)
                .is_some_and(|log| log.vouched > seq)
        })
    }

    /// Entry 0 of every log names the key that signs; it must be the pinned one.
    fn check_openings(&self, inputs: &Inputs, report: &mut Report) {
        for (log, growing) in &self.logs {
            let Some(opening) = &growing.opening else {
                report.problem(
                    Some(*log),
                    Some(0),
                    None,
                    "entry 0 is missing or no opening",
                );
                continue;
            };
            let Ok(key) = VerifierKey::parse(&opening.vkey) else {
                report.problem(Some(*log), Some(0), None, "its verifier key can't be read");
                continue;
            };
            if key.name() != opening.origin || !opening.origin.ends_with(&log.to_string()) {
                report.problem(
                    Some(*log),
                    Some(0),
                    None,
                    "its verifier key is not named after its origin",
                );
            }
            if inputs
                .pinned
                .as_ref()
                .is_some_and(|pinned| *key.public_key().as_bytes() != pinned.public_key)
            {
                report.problem(
                    Some(*log),
                    Some(0),
                    None,
                    "it names another verifier key than the keys directory's",
                );
            }
        }
    }

    /// Checkpoints: those kept in the data directory must agree with the logs; anchors and kept ones vouch for them.
    fn check_notes(&mut self, inputs: &Inputs, layout: &Layout, report: &mut Report) {
        let bytes = std::mem::take(&mut self.own_notes);
        self.check_own_notes(&bytes, &layout.checkpoints(), report);
        for (notes, who) in [
            (&inputs.anchors, "an anchor"),
            (&inputs.checkpoints, "a checkpoint that you kept"),
        ] {
            for note in notes {
                match self.open_note(note) {
                    Ok((log, checkpoint)) => self.wanted.push(Wanted {
                        log,
                        size: checkpoint.size(),
                        root: *checkpoint.root(),
                        who: who.to_owned(),
                        outside: true,
                        stated: None,
                    }),
                    Err(what) => report.problem(None, None, None, format!("{who}: {what}")),
                }
            }
        }
    }

    fn check_own_notes(&mut self, bytes: &[u8], path: &Path, report: &mut Report) {
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            // Lines are not synced, the signer's memory is: after a power cut some may have holes, which read as zeros.
            if line.is_empty() || line.contains(&0) {
                continue;
            }
            let unfinished = lines.peek().is_none();
            let note = match json::parse(line) {
                Ok(Value::String(note)) => Ok(note.into_owned()),
                _ => Err("no checkpoint in a line"),
            };
            let opened = note
                .map_err(str::to_owned)
                .and_then(|note| self.open_note(&note));
            match opened {
                Ok((log, checkpoint)) => self.wanted.push(Wanted {
                    log,
                    size: checkpoint.size(),
                    root: *checkpoint.root(),
                    who: "a checkpoint in the data directory".to_owned(),
                    outside: false,
                    stated: None,
                }),
                // The last line may be in the middle of being written.
                Err(_) if unfinished => {}
                Err(what) => report.problem(None, None, Some(path.to_owned()), what),
            }
        }
    }

    /// Reads a note under the key that its log's entry 0 names (which was held against the pinned key before).
    fn open_note(&self, note: &str) -> Result<(LogId, Checkpoint), String> {
        let text = Note::parse(note)
            .map_err(|error| error.to_string())?
            .unverified_text()
            .to_owned();
        let origin = text.lines().next().unwrap_or_default();
        let log = origin
            .rsplit('/')
            .next()
            .and_then(LogId::parse)
            .ok_or("its origin names no log")?;
        let opening = self.logs.get(&log).and_then(|log| log.opening.as_ref());
        let opening = opening.ok_or_else(|| format!("it is of log {log}, which is missing"))?;
        let key = VerifierKey::parse(&opening.vkey).map_err(|error| error.to_string())?;
        let checkpoint =
            checkpoint::open(note, &key, &opening.origin).map_err(|error| format!("{error}"))?;
        Ok((log, checkpoint))
    }
}

/// Whether any file of the journal is longer than its header.
fn journal_holds_frames(inputs: &Inputs, layout: &Layout) -> bool {
    let directory = layout.journal();
    let names = inputs.disk.list(&directory).unwrap_or_default();
    names.iter().any(|name| {
        let path = directory.join(name);
        let file = inputs
            .disk
            .open(&path, OpenMode::Read, Secrecy::Secret)
            .and_then(|file| file.len());
        file.is_ok_and(|bytes| bytes > FILE_HEADER_BYTES as u64)
    })
}
