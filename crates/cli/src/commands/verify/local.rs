//! Verifying a data directory: asks the embedded store's verifier, which reads without a lock.
//!
//! The keys directory is read first: what the signer remembers then must be in the data that are read afterwards, also
//! while the server goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keys::durable::RealDisk;
use ledger::hash::Hash;
use ledger::name::{LogId, from_hex};
use ledger::source::Clock as _;
use store_embedded::LayoutError;
use store_embedded::verify::{
    self as verifier, Inputs, KeptReceipt, Observer, Pinned, Problem, VerifyError,
};

use super::report::{Conclusion, LogReport, Report, Verdict};
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::log_check::Fault;
use crate::pins::Pins;
use crate::progress::Progress;
use crate::verified::{Verified, real};
use crate::{input, keys_reading};

/// Longest file of receipts in bytes.
const RECEIPTS_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What is checked, and what it is held against.
#[derive(Debug)]
pub(super) struct Expected {
    /// The data directory.
    pub(super) data: PathBuf,
    /// The keys directory.
    pub(super) keys: Option<PathBuf>,
    /// File of anchors.
    pub(super) anchors: Option<PathBuf>,
    /// File of receipts, one a line.
    pub(super) receipts: Option<PathBuf>,
    /// Pinned checkpoints.
    pub(super) pins: Pins,
}

impl Expected {
    /// What to remember of a report for `doctor`.
    pub(super) fn note(&self, report: &Report) -> Verified {
        let against = [
            (self.keys.is_some(), "the keys directory"),
            (self.anchors.is_some(), "anchors"),
            (self.receipts.is_some(), "receipts"),
            (self.pins.notes().next().is_some(), "pinned checkpoints"),
        ];
        let against: Vec<&str> = against
            .into_iter()
            .filter_map(|(given, what)| given.then_some(what))
            .collect();
        Verified {
            at: SystemClock.wall(),
            data: real(&self.data),
            verdict: report.verdict().name().to_owned(),
            against: against.join(", "),
        }
    }
}

/// Checks a data directory.
pub(super) fn check(expected: &Expected, progress: &Arc<Progress>) -> Result<Report, Failure> {
    let pinned = expected.keys.as_deref().map(pinned).transpose()?;
    let mut remarks = Vec::new();
    let anchors = match &expected.anchors {
        Some(path) => Pins::read_anchors(path, &mut remarks)?,
        None => Pins::default(),
    };
    let receipts = expected
        .receipts
        .as_deref()
        .map(kept_receipts)
        .transpose()?;
    let inputs = Inputs {
        disk: Arc::new(RealDisk),
        data: expected.data.clone(),
        pinned,
        anchors: anchors.notes().map(str::to_owned).collect(),
        checkpoints: expected.pins.notes().map(str::to_owned).collect(),
        receipts: receipts.unwrap_or_default(),
        progress: Some(Observer::new({
            let progress = Arc::clone(progress);
            move |done, total| progress.report(done, total)
        })),
    };
    let found = verifier::run(&inputs).map_err(unread)?;
    Ok(report(&found, remarks))
}

fn pinned(directory: &Path) -> Result<Pinned, Failure> {
    let keys = keys_reading::open(directory)?;
    Ok(Pinned {
        instance: keys.instance(),
        public_key: keys_reading::public_key(&keys)?,
        frame_key: *keys.frame_key(keys.instance()),
        heads: keys_reading::pinned_heads(&keys)?,
    })
}

/// The receipts among lines that `emit` printed.
fn kept_receipts(path: &Path) -> Result<Vec<KeptReceipt>, Failure> {
    let text = input::read_text(path, RECEIPTS_BYTES_MAX)?;
    let lines = text.lines().enumerate();
    let mut receipts = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let refused = || {
            let place = format!("{} line {}", path.display(), number + 1);
            Failure::usage(format!(
                "{place}: expected a receipt in JSON, as emit prints it"
            ))
        };
        let value: serde_json::Value = serde_json::from_str(line).map_err(|_| refused())?;
        let status = value.get("status").and_then(serde_json::Value::as_str);
        if matches!(status, Some("refused" | "conflict" | "dry_run")) {
            continue;
        }
        let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
        let receipt = || {
            Some(KeptReceipt {
                log: LogId::parse(text("log")?)?,
                seq: value.get("seq")?.as_u64()?,
                leaf: Hash(from_hex(text("leaf_hash")?)?),
            })
        };
        receipts.push(receipt().ok_or_else(refused)?);
    }
    Ok(receipts)
}

fn unread(error: VerifyError) -> Failure {
    let message = error.to_string();
    match error {
        VerifyError::Layout(
            LayoutError::Missing { .. } | LayoutError::Foreign { .. } | LayoutError::Newer { .. },
        ) => Failure::usage(message),
        VerifyError::Layout(LayoutError::Disk { source, .. })
        | VerifyError::Disk { source, .. } => Failure::unreachable(format!("{message}: {source}")),
        // A FORMAT file that is gone or not ours anymore is a finding.
        _ => Failure::tampered(message),
    }
}

fn report(found: &verifier::Report, mut remarks: Vec<String>) -> Report {
    let (of_logs, faults): (Vec<&Problem>, Vec<&Problem>) =
        found.problems.iter().partition(|problem| {
            problem
                .log
                .is_some_and(|log| found.logs.iter().any(|read| read.log == log))
        });
    let logs = found.logs.iter().map(|log| LogReport {
        log: log.log.to_string(),
        kind: log.kind.map(|kind| kind.to_string()),
        size: log.size,
        root: log.root.to_hex(),
        rests_on: (log.vouched > 0)
            .then(|| format!("what was signed of {} entries", log.vouched))
            .into_iter()
            .collect(),
        faults: of_logs
            .iter()
            .filter(|problem| problem.log == Some(log.log))
            .map(|problem| fault(problem))
            .collect(),
    });
    remarks.extend(found.notes.iter().cloned());
    if found.problems_more > 0 {
        remarks.push(format!("and {} more problems", found.problems_more));
    }
    Report {
        logs: logs.collect(),
        faults: faults.into_iter().map(fault).collect(),
        remarks,
        failed: None,
        conclusion: Some(Conclusion {
            verdict: match found.verdict() {
                verifier::Verdict::Verified => Verdict::Verified,
                verifier::Verdict::Tampered => Verdict::Tampered,
                verifier::Verdict::SelfConsistent => Verdict::SelfConsistent,
            },
            sentence: found.sentence(),
        }),
    }
}

fn fault(problem: &Problem) -> Fault {
    Fault {
        log: problem.log.map(|log| log.to_string()),
        seq: problem.seq,
        file: problem.file.as_ref().map(|file| file.display().to_string()),
        what: problem.what.clone(),
    }
}
