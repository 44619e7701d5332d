//! Verifying through a server: reads every entry and every tile, and believes only pins.

use ledger::checkpoint::{self, Checkpoint};
use ledger::name::LogId;
use ledger::note::VerifierKey;

use super::report::{LogReport, Report};
use crate::client::Client;
use crate::commands::log::{Served, chosen};
use crate::failure::{Failure, Kind};
use crate::log_check::{self, CheckError, Fault, Subject};
use crate::pins::{PinnedCheckpoint, Pins};
use crate::progress::Progress;

/// Checks the logs asked for, or all that the key may look at and all that are pinned.
pub(super) fn check(
    client: &Client,
    asked: &[String],
    pins: &Pins,
    progress: &mut dyn FnMut() -> Progress,
) -> Result<Report, Failure> {
    let logs = chosen(client, asked)?;
    let mut report = Report::default();
    if asked.is_empty() {
        report.faults = missing(&logs, pins, client);
    }
    for log in logs {
        match check_log(client, log, pins, &progress()) {
            Ok(found) => report.logs.push(found),
            Err(CheckError::Fault(fault)) => report.faults.push(fault),
            Err(CheckError::Failed(failure)) if is_pinned_but_absent(log, &failure, pins) => {
                report.faults.push(Fault {
                    log: Some(log.to_string()),
                    seq: None,
                    file: None,
                    what: "it is pinned, but the server does not show it".to_owned(),
                });
            }
            Err(CheckError::Failed(failure)) => {
                report.failed.get_or_insert(failure);
            }
        }
    }
    Ok(report)
}

/// Whether a log that must be there is answered with "not found".
fn is_pinned_but_absent(log: LogId, failure: &Failure, pins: &Pins) -> bool {
    let end = format!("/{log}");
    failure.code.as_deref() == Some(api::code::NOT_FOUND)
        && pins.origins().any(|origin| origin.ends_with(&end))
}

/// Pinned logs that the server does not list.
fn missing(logs: &[LogId], pins: &Pins, client: &Client) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for origin in pins.origins() {
        let id = origin.rsplit('/').next().unwrap_or_default();
        // A key may be pinned for the installation as a whole.
        let listed = LogId::parse(id).is_none_or(|id| logs.contains(&id));
        if !listed && !faults.iter().any(|fault| fault.log.as_deref() == Some(id)) {
            faults.push(Fault {
                log: Some(id.to_owned()),
                seq: None,
                file: None,
                what: format!(
                    "it is pinned, but {} does not list it: it was removed, or this key is of another tenant",
                    client.base()
                ),
            });
        }
    }
    faults
}

fn check_log(
    client: &Client,
    log: LogId,
    pins: &Pins,
    progress: &Progress,
) -> Result<LogReport, CheckError> {
    let fault = |what: String| {
        CheckError::Fault(Fault {
            log: Some(log.to_string()),
            seq: None,
            file: None,
            what,
        })
    };
    let served = Served::fetch(client, log).map_err(|failure| match failure.kind {
        Kind::Tampered => fault(failure.message),
        _ => CheckError::Failed(failure),
    })?;
    let origin = served.checkpoint.origin().to_owned();
    let pinned = pins.checkpoints_of(&origin);
    let mut rests_on = Vec::new();
    if let Some((key, place)) = pins.key_of(&origin) {
        if key != served.vkey {
            return Err(fault(format!(
                "the server shows another verifier key than {place} pins: the key was replaced"
            )));
        }
        rests_on.push(format!("the key in {place}"));
    }
    let checkpoint = opened(&served.note, &served.vkey, &origin)
        .map_err(|why| fault(format!("its checkpoint does not hold: {why}")))?;
    for pin in &pinned {
        opened(&pin.note, &served.vkey, &origin).map_err(|why| {
            fault(format!(
                "{} is not signed by the key that the server shows: {why}",
                pin.place
            ))
        })?;
    }
    let largest = pinned.iter().rfind(|pin| pin.size > 0);
    rests_on.extend(largest.map(vouching));
    let vkey = served.vkey.to_string();
    let subject = Subject {
        log,
        origin: &origin,
        vkey: &vkey,
        size: checkpoint.size(),
        root: *checkpoint.root(),
        pinned: &pinned,
    };
    let mut found = LogReport {
        log: log.to_string(),
        kind: None,
        size: subject.size,
        root: subject.root.to_hex(),
        rests_on,
        faults: Vec::new(),
    };
    match log_check::check(&subject, &mut |path| served.tile(client, path, progress)) {
        Ok(checked) => found.kind = Some(checked.kind.to_string()),
        Err(CheckError::Fault(fault)) => found.faults.push(fault),
        Err(CheckError::Failed(failure)) => return Err(CheckError::Failed(failure)),
    }
    Ok(found)
}

/// A pinned checkpoint vouches for all that it covers, entry 0 with its verifier key among it; that key for the rest.
fn vouching(pin: &PinnedCheckpoint) -> String {
    format!("the checkpoint of {} entries in {}", pin.size, pin.place)
}

fn opened(note: &str, key: &VerifierKey, origin: &str) -> Result<Checkpoint, String> {
    checkpoint::open(note, key, origin).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    })
}
