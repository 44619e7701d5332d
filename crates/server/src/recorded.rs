//! What the server itself recorded, found again: its own acts, so that they outlive a restart.
//!
//! Promises: only events of the server's own source are read; what is gone of them (a part that was erased) is absent. Must
//! never: be asked for what somebody sent.

use ledger::entry::Entry;
use ledger::part::{Label, value_text};
use ledger::time::Micros;
use query::{Filter, Viewer};
use serde_json::{Map, Value};
use store::index::{Order, Search};
use store::{LogRef, Record};

use crate::http::HttpError;
use crate::own::OWN_SOURCE;
use crate::server::Server;

/// One event of our own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    /// Its id.
    pub(crate) id: String,
    /// When it was recorded.
    pub(crate) at: Micros,
    /// Who did it, by name.
    pub(crate) by: Option<String>,
    /// Who did it, by id.
    pub(crate) by_id: Option<String>,
    /// What else is known.
    metadata: Map<String, Value>,
}

impl Recorded {
    /// A text of its metadata.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.metadata.get(name)?.as_str()
    }

    /// A count of its metadata.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.metadata.get(name)?.as_u64()
    }

    fn read(record: &Record) -> Option<Self> {
        let entry = Entry::parse(&record.entry).ok()?;
        if entry.source != OWN_SOURCE {
            return None;
        }
        let part = |label, bytes: &Option<Vec<u8>>| -> Option<Value> {
            serde_json::from_str(value_text(label, bytes.as_deref()?)?).ok()
        };
        let person = part(Label::Person, &record.person).unwrap_or_default();
        let details = part(Label::Details, &record.details).unwrap_or_default();
        let actor = |name: &str| person["actor"][name].as_str().map(str::to_owned);
        Some(Self {
            id: entry.id.to_owned(),
            at: entry.place.recorded_at,
            by: actor("name"),
            by_id: actor("id"),
            metadata: details["metadata"].as_object().cloned().unwrap_or_default(),
        })
    }
}

impl Server {
    /// The newest of our own events in `log` that a query of ours finds, at most `limit`.
    pub(crate) async fn recorded(
        &self,
        log: LogRef,
        query: &str,
        limit: usize,
    ) -> Result<Vec<Recorded>, HttpError> {
        let now = self.clock.wall();
        let filter = query::parse(query, now)
            .map_err(|error| HttpError::internal(format!("our own query: {error}")))?;
        self.recorded_of(log, filter, limit).await
    }

    /// The same for a query that was read.
    pub(crate) async fn recorded_of(
        &self,
        log: LogRef,
        filter: Filter,
        limit: usize,
    ) -> Result<Vec<Recorded>, HttpError> {
        let mut search = Search {
            filter,
            viewer: Viewer::Whole,
            order: Order::Newest,
            after: None,
            size: self.store.head(log).await?.size,
            limit,
        };
        let mut found = Vec::new();
        // A page may be short where there was much to look through; each turn goes on behind the one before.
        while found.len() < limit {
            let page = self.index.search(log, &search).await?;
            let read = page
                .hits
                .iter()
                .filter_map(|hit| Recorded::read(&hit.record));
            found.extend(read.take(limit - found.len()));
            match page.next {
                Some(next) => search.after = Some(next),
                None => break,
            }
        }
        Ok(found)
    }
}
