//! One pair of blocks, entries and their parts, checked without regard to any other. Runs on several threads.

use ledger::entry::{Entry, Kind, Opening};
use ledger::hash::Hash;
use ledger::json::Value;
use ledger::name::LogId;
use ledger::part::{self, Label};
use ledger::time::Micros;

use crate::block::Records;

/// What the blocks say of one run.
#[derive(Debug)]
pub(super) struct CheckedRun {
    pub(super) log: LogId,
    pub(super) first: u64,
    pub(super) leaves: Vec<Hash>,
    /// `recorded_at` of the first and last entry.
    pub(super) times: Option<(Micros, Micros)>,
    pub(super) problems: Vec<(u64, String)>,
    pub(super) opening: Option<Box<Opening>>,
    pub(super) statements: Vec<Statement>,
    pub(super) parts: u64,
}

/// What an entry of an instance log claims of another log.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) seq: u64,
    pub(super) about: LogId,
    /// Size and root for a recorded head, nothing for a created log.
    pub(super) head: Option<(u64, Hash)>,
}

/// Checks every record of a pair of blocks.
pub(super) fn check(entries: &Records, parts: Option<&Records>) -> Vec<CheckedRun> {
    let runs = entries.runs().iter();
    runs.map(|(log, first, count, index)| {
        let mut run = CheckedRun {
            log: *log,
            first: *first,
            leaves: Vec::with_capacity(*count as usize),
            times: None,
            problems: Vec::new(),
            opening: None,
            statements: Vec::new(),
            parts: 0,
        };
        for offset in 0..*count as usize {
            let seq = first.saturating_add(offset as u64);
            let entry = entries.entry(index + offset);
            run.leaves.push(Hash::leaf(entry));
            let stored = parts.and_then(|parts| Some(parts.parts(parts.index_of(*log, seq)?)));
            run.record(seq, entry, stored);
        }
        run
    })
    .collect()
}

/// Person and details as they are stored.
type StoredParts<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

impl CheckedRun {
    fn problem(&mut self, seq: u64, what: impl Into<String>) {
        self.problems.push((seq, what.into()));
    }

    fn record(&mut self, seq: u64, bytes: &[u8], stored: Option<StoredParts<'_>>) {
        let Some((person, details)) = stored else {
            return self.problem(seq, "its parts are missing");
        };
        if seq == 0 {
            match Opening::parse(bytes) {
                Ok(opening) if opening.log == self.log => {
                    self.time(seq, opening.recorded_at);
                    self.opening = Some(Box::new(opening));
                }
                Ok(_) => self.problem(seq, "it opens another log"),
                Err(error) => self.problem(seq, error.to_string()),
            }
            if person.is_some() || details.is_some() {
                self.problem(seq, "it has parts that it does not name");
            }
            return;
        }
        let entry = match Entry::parse(bytes) {
            Ok(entry) => entry,
            Err(error) => return self.problem(seq, error.to_string()),
        };
        if entry.place.log != self.log || entry.place.seq != seq {
            self.problem(
                seq,
                format!(
                    "it says that it is entry {} of log {}",
                    entry.place.seq, entry.place.log
                ),
            );
        }
        self.time(seq, entry.place.recorded_at);
        for (label, digest, bytes) in [
            (Label::Person, entry.person, person),
            (Label::Details, entry.details, details),
        ] {
            match (digest, bytes) {
                (None, None) => {}
                (Some(digest), Some(bytes)) if part::digest(bytes) == digest => self.parts += 1,
                (Some(_), Some(_)) => self.problem(
                    seq,
                    format!("its {} part is not the one it names", label.name()),
                ),
                (Some(_), None) => {
                    self.problem(
                        seq,
                        format!(
                            "its {} part is missing, and no erasure is recorded",
                            label.name()
                        ),
                    );
                }
                (None, Some(_)) => self.problem(
                    seq,
                    format!("it has a {} part that it does not name", label.name()),
                ),
            }
        }
        if entry.operation.starts_with("veritrail.log.")
            && let Some(statement) = statement(seq, &entry, details)
        {
            self.statements.push(statement);
        }
    }

    fn time(&mut self, seq: u64, at: Micros) {
        match &mut self.times {
            None => self.times = Some((at, at)),
            Some((_, last)) if at < *last => {
                self.problem(seq, "its time is before that of the entry before it");
            }
            Some((_, last)) => *last = at,
        }
    }
}

/// What an entry of the instance log says of a log; believed only where the entry stands in an instance log.
fn statement(seq: u64, entry: &Entry<'_>, details: Option<&[u8]>) -> Option<Statement> {
    let details = part::value_of(Label::Details, details?).ok()?;
    let about = details
        .member("resource")?
        .member("id")
        .and_then(Value::as_str)
        .and_then(LogId::parse)?;
    let said = |name: &str| details.member("metadata")?.member(name)?.as_str();
    let head = match entry.operation {
        "veritrail.log.head_recorded" => Some((
            said("size")?.parse().ok()?,
            Hash(ledger::name::from_hex(said("root")?)?),
        )),
        "veritrail.log.created" => None,
        _ => return None,
    };
    Some(Statement { seq, about, head })
}

/// Whether statements of a log of this kind are about other logs.
pub(super) fn states(kind: Kind) -> bool {
    kind == Kind::Instance
}
