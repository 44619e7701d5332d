//! The account of an import: for people, for programs, and for the record.
//!
//! Promises: every run that reached the server leaves an event `data.imported` behind, with what became of everything it
//! read; nothing in it is a password, a key or a row.

use std::time::Duration;

use api::{Outcome, Receipt};
use serde::Serialize;
use serde_json::{Value, json};

use super::state::State;
use super::stop::Stop;
use super::tally::Tally;
use crate::client::{Client, Upload, is_passing, refused};
use crate::failure::Failure;

/// How often the record is tried, and between two tries how long it is waited.
const TRIES_MAX: usize = 20;
const PAUSE: Duration = Duration::from_secs(1);
/// Longest description of what was imported in bytes.
const SOURCE_BYTES_MAX: usize = 1_000;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// Everything was read.
    Finished,
    /// Somebody ended it.
    Interrupted,
    /// It could not go on.
    Failed,
}

/// What is told at the end.
#[derive(Debug, Serialize)]
pub(crate) struct Account<'a> {
    /// The import, over all its runs.
    pub(crate) import: &'a str,
    /// Which run of it this was.
    pub(crate) run: u64,
    pub(crate) ended: Ended,
    /// Where the events came from.
    pub(crate) source: &'a str,
    /// In what form.
    pub(crate) format: &'a str,
    /// What became of them, in this run and those before.
    #[serde(flatten)]
    pub(crate) tally: &'a Tally,
    /// How far the table is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<&'a str>,
}

impl<'a> Account<'a> {
    /// Of what is done.
    pub(crate) fn of(state: &'a State, ended: Ended, source: &'a str, format: &'a str) -> Self {
        Self {
            import: state.import(),
            run: state.run(),
            ended,
            source,
            format,
            tally: state.tally(),
            cursor: state.cursor(),
        }
    }

    /// The event that says so.
    fn event(&self) -> Value {
        let end = self.source.floor_char_boundary(SOURCE_BYTES_MAX);
        let (result, message) = match self.ended {
            Ended::Finished if self.tally.is_whole() => ("success", "everything was imported"),
            Ended::Finished => ("failure", "finished; some of it could not be imported"),
            Ended::Interrupted => ("cancelled", "interrupted; it can go on"),
            Ended::Failed => ("failure", "broken off; it can go on"),
        };
        let mut metadata = json!({
            "source": &self.source[..end],
            "format": self.format,
            "run": self.run,
            "read": self.tally.read,
            "stored": self.tally.stored,
            "already_there": self.tally.already_there,
            "conflicts": self.tally.conflicts,
            "refused": self.tally.refused,
            "excluded": self.tally.excluded,
            "unreadable": self.tally.unreadable,
            "files": self.tally.files,
            "other_files": self.tally.other_files,
            "broken_files": self.tally.broken_files,
        });
        if let (Some(cursor), Value::Object(members)) = (self.cursor, &mut metadata) {
            members.insert("cursor".to_owned(), cursor.into());
        }
        json!({
            "id": format!("{}-{}", self.import, self.run),
            "operation": "data.imported",
            "actor": { "type": "service_account", "id": "veritrail-import" },
            "resource": { "type": "import", "id": self.import },
            "outcome": { "result": result, "message": message },
            "context": { "application": "veritrail", "channel": "cli" },
            "metadata": metadata,
        })
    }

    /// Puts it on record, with the key that the events were sent with.
    pub(crate) fn record(&self, client: &Client, stop: &Stop) -> Result<Receipt, Failure> {
        let body = serde_json::to_vec(&self.event())
            .map_err(|error| Failure::usage(format!("not to be written as JSON: {error}")))?;
        let upload = Upload {
            path: "/v1/events",
            body: &body,
            media_type: "application/json",
            idempotency_key: None,
        };
        let mut tries = 0;
        loop {
            match client.post::<Outcome>(&upload) {
                Ok((_, Outcome::Stored(receipt) | Outcome::Repeated(receipt))) => {
                    return Ok(receipt);
                }
                Ok((_, outcome)) => {
                    let problem = outcome.problem().map(refused);
                    return Err(problem
                        .unwrap_or_else(|| Failure::unreachable("the import is not on record")));
                }
                Err(failure) if is_passing(&failure) && tries < TRIES_MAX => {
                    tries += 1;
                    // After a failure, and for whoever wants it to end, a server that is there is waited for, and no other.
                    if (stop.is_asked() || self.ended == Ended::Failed) && failure.code.is_none() {
                        return Err(failure);
                    }
                    std::thread::sleep(
                        failure
                            .retry_after
                            .map_or(PAUSE, |seconds| Duration::from_secs(seconds.clamp(1, 5))),
                    );
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}
