//! What a verification found, and how it is told.
//!
//! Promises: the worst finding decides the ending; a fault is never hidden behind something that could not be read.

use serde_json::json;

use crate::commands::Ending;
use crate::failure::Failure;
use crate::log_check::Fault;
use crate::printer::{Mood, Printer};

/// Everything found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Each log, in the order checked.
    pub(super) logs: Vec<LogReport>,
    /// Faults of no log that was read: files that are missing, logs that are gone.
    pub(super) faults: Vec<Fault>,
    /// Remarks that are no faults.
    pub(super) remarks: Vec<String>,
    /// The first thing that could not be read.
    pub(super) failed: Option<Failure>,
    /// What the verifier itself concludes; else it follows from the logs.
    pub(super) conclusion: Option<Conclusion>,
}

/// A verdict, and in a sentence what it rests on.
#[derive(Clone, Debug)]
pub(super) struct Conclusion {
    pub(super) verdict: Verdict,
    pub(super) sentence: String,
}

/// How it stands, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something does not hold.
    Tampered,
    /// Not everything could be read.
    Unreachable,
    /// It fits together, but nothing outside vouches for all of it.
    SelfConsistent,
    /// It is as it was signed.
    Verified,
}

/// With more logs than these only those with faults are listed for people.
const LOGS_SHOWN_MAX: usize = 24;

/// One log.
#[derive(Debug)]
pub(super) struct LogReport {
    /// Its id.
    pub(super) log: String,
    /// What it is for, if that was found out.
    pub(super) kind: Option<String>,
    /// Entries that were checked.
    pub(super) size: u64,
    /// Their root, in hex.
    pub(super) root: String,
    /// What vouches for it from outside, in words that follow "rests on"; empty for nothing.
    pub(super) rests_on: Vec<String>,
    /// What does not hold.
    pub(super) faults: Vec<Fault>,
}

impl Report {
    /// How it ended. Something unread is an error unless something is worse.
    pub(super) fn ending(self) -> anyhow::Result<Ending> {
        match self.verdict() {
            Verdict::Tampered => Ok(Ending::Tampered),
            Verdict::Verified => Ok(Ending::Done),
            Verdict::SelfConsistent => Ok(Ending::SelfConsistent),
            Verdict::Unreachable => {
                let failure = self
                    .failed
                    .unwrap_or_else(|| Failure::unreachable("not everything could be read"));
                Err(failure.into())
            }
        }
    }

    /// For people.
    pub(super) fn print(&self, printer: &mut Printer) {
        let many = self.logs.len() > LOGS_SHOWN_MAX;
        let told = self
            .logs
            .iter()
            .filter(|log| !many || log.verdict() == Verdict::Tampered);
        for log in told {
            let kind = log.kind.as_deref().unwrap_or("unknown");
            let verdict = log.verdict();
            printer.verdict(
                verdict.mood(),
                &format!(
                    "{}: {kind} log {}, {} entries, root {}",
                    verdict.words(),
                    log.log,
                    log.size,
                    log.root
                ),
            );
            for fault in &log.faults {
                printer.line(&format!("  {fault}"));
            }
            for place in &log.rests_on {
                printer.line(&format!("  rests on {place}"));
            }
        }
        if many {
            printer.line(&format!(
                "{} logs; those that hold are listed by --json",
                self.logs.len()
            ));
        }
        for fault in &self.faults {
            printer.verdict(Mood::Bad, &format!("tampered: {fault}"));
        }
        for remark in &self.remarks {
            printer.line(remark);
        }
        printer.verdict(self.verdict().mood(), &self.sentence());
    }

    /// For programs: one object.
    pub(super) fn print_json(&self, printer: &mut Printer) {
        let faults = |faults: &[Fault]| faults.iter().map(fault_json).collect::<Vec<_>>();
        let log_json = |log: &LogReport| {
            json!({
                "log": log.log, "kind": log.kind, "size": log.size, "root": log.root,
                "verdict": log.verdict().name(), "rests_on": log.rests_on, "faults": faults(&log.faults),
            })
        };
        let report = json!({
            "verdict": self.verdict().name(), "detail": self.sentence(),
            "logs": self.logs.iter().map(log_json).collect::<Vec<_>>(),
            "faults": faults(&self.faults), "remarks": self.remarks,
        });
        printer.json(&report.to_string());
    }

    /// How it stands.
    pub(super) fn verdict(&self) -> Verdict {
        let tampered = |log: &LogReport| log.verdict() == Verdict::Tampered;
        if !self.faults.is_empty() || self.logs.iter().any(tampered) {
            Verdict::Tampered
        } else if self.failed.is_some() {
            Verdict::Unreachable
        } else if let Some(conclusion) = &self.conclusion {
            conclusion.verdict
        } else if !self.logs.is_empty()
            && self
                .logs
                .iter()
                .all(|log| log.verdict() == Verdict::Verified)
        {
            Verdict::Verified
        } else {
            Verdict::SelfConsistent
        }
    }

    /// What the verdict comes to and what it rests on.
    fn sentence(&self) -> String {
        if let Some(conclusion) = self
            .conclusion
            .as_ref()
            .filter(|own| own.verdict == self.verdict())
        {
            return conclusion.sentence.clone();
        }
        let entries: u64 = self.logs.iter().map(|log| log.size).sum();
        let read = format!("{entries} entries of {} logs", self.logs.len());
        match self.verdict() {
            Verdict::Tampered => {
                "Tampered: something stored contradicts itself or what was expected; see above."
                    .to_owned()
            }
            Verdict::Unreachable => format!("Not verified: {read} were read, and not all."),
            Verdict::Verified => {
                format!(
                    "Verified: {read} are as they were signed, resting on {}.",
                    self.places().join(", ")
                )
            }
            Verdict::SelfConsistent => {
                let bare = self
                    .logs
                    .iter()
                    .filter(|log| log.rests_on.is_empty())
                    .count();
                format!(
                    "Self-consistent only: {read} agree with themselves, but nothing outside vouches for {bare} of the logs."
                )
            }
        }
    }

    /// What the logs rest on, each once and no more than a sentence bears.
    fn places(&self) -> Vec<String> {
        const PLACES_MAX: usize = 3;
        let mut places: Vec<String> = Vec::new();
        for place in self.logs.iter().flat_map(|log| &log.rests_on) {
            if !places.contains(place) {
                places.push(place.clone());
            }
        }
        if places.len() > PLACES_MAX {
            let more = places.len() - PLACES_MAX;
            places.truncate(PLACES_MAX);
            places.push(format!("{more} more"));
        }
        places
    }
}

impl Verdict {
    fn mood(self) -> Mood {
        match self {
            Self::Tampered => Mood::Bad,
            Self::Unreachable | Self::SelfConsistent => Mood::Doubtful,
            Self::Verified => Mood::Good,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::Unreachable => "not read",
            Self::SelfConsistent => "self-consistent only",
            Self::Verified => "verified",
        }
    }

    /// Its name in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::Unreachable => "unreachable",
            Self::SelfConsistent => "self_consistent",
            Self::Verified => "verified",
        }
    }
}

impl LogReport {
    fn verdict(&self) -> Verdict {
        if !self.faults.is_empty() {
            Verdict::Tampered
        } else if self.rests_on.is_empty() {
            Verdict::SelfConsistent
        } else {
            Verdict::Verified
        }
    }
}

fn fault_json(fault: &Fault) -> serde_json::Value {
    json!({ "log": fault.log, "seq": fault.seq, "file": fault.file, "detail": fault.what })
}
