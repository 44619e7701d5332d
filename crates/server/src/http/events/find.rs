//! Finding the one event that a caller asks for.

use api::code;
use ledger::entry::Entry;
use ledger::hash::Hash;
use ledger::part::{Label, digest};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{LogRef, Record};

use crate::access::is_event_id;
use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::extract::Expected;
use crate::server::Server;

/// Which of several events with one id.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    /// The source that brought it, where several used the id.
    #[schemars(extend("example" = "ci"))]
    pub(super) source: Option<String>,
}

impl Expected for Choice {
    const EXPECTED: &'static str = "expected no parameter but source=<name>";
}

/// A record and its log.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The log.
    pub(super) log: LogRef,
    /// The stored bytes.
    pub(super) record: Record,
}

impl Found {
    /// The entry's fields, and its hash.
    pub(super) fn entry(&self) -> Result<Entry<'_>, HttpError> {
        Entry::parse(&self.record.entry).map_err(|error| damaged(&self.record, &error.to_string()))
    }

    /// The leaf's hash.
    pub(super) fn leaf(&self) -> Hash {
        Hash::leaf(&self.record.entry)
    }

    /// The stored bytes of a part, checked against what the entry commits to.
    pub(super) fn part(&self, label: Label) -> Result<Option<&str>, HttpError> {
        let entry = self.entry()?;
        let (bytes, committed) = match label {
            Label::Details => (&self.record.details, entry.details),
            Label::Person => (&self.record.person, entry.person),
        };
        let Some(bytes) = bytes else { return Ok(None) };
        if committed != Some(digest(bytes).as_str()) {
            return Err(damaged(&self.record, "a part is not the one committed to"));
        }
        str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| damaged(&self.record, "a part is not UTF-8"))
    }
}

fn damaged(record: &Record, why: &str) -> HttpError {
    store::StoreError::Damaged(format!("seq {}: {why}", record.seq)).into()
}

/// Looks through the logs that the caller may read and records the read, found or not, before it answers.
pub(super) async fn find(
    server: &Server,
    caller: &Caller,
    operation: &'static str,
    id: &str,
    choice: &Choice,
) -> Result<Found, HttpError> {
    let logs = caller.logs_to_read()?;
    let mut found = Vec::new();
    if is_event_id(id) {
        for log in &logs {
            for seq in server.store.find(*log, id).await? {
                let records = server.store.records(*log, seq..seq + 1).await?;
                found.extend(
                    records
                        .into_iter()
                        .map(|record| Found { log: *log, record }),
                );
            }
        }
    }
    let mut sources = Vec::with_capacity(found.len());
    for event in &found {
        sources.push(event.entry()?.source.to_owned());
    }
    let mut chosen: Vec<usize> = (0..found.len()).collect();
    if let Some(source) = &choice.source {
        chosen.retain(|index| sources.get(*index) == Some(source));
    }
    let searched = chosen
        .first()
        .and_then(|index| found.get(*index))
        .map(|event| event.log)
        .or(logs.first().copied())
        .ok_or_else(HttpError::not_found)?;
    server
        .record_event_read(caller, operation, id, searched, chosen.len() == 1)
        .await?;
    match chosen.as_slice() {
        [] => Err(HttpError::not_found()),
        [index] => Ok(found.swap_remove(*index)),
        _ => {
            sources.sort();
            sources.dedup();
            Err(HttpError::new(
                code::AMBIGUOUS_ID,
                "several sources used this id: choose one with ?source=",
            )
            .with_sources(sources))
        }
    }
}
