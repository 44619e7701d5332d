//! Pieces of logs that were read lately, shared by the streams that follow them.
//!
//! Promises: streams that are at the same place read and parse the log once; memory is bounded in pieces and bytes,
//! however slow a reader is. Who reads a piece holds it; nobody waits for a slow one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ledger::name::LogId;
use query::{Document, Fact, Places, Viewer};
use store::{LogRef, StoreError};
use tokio::sync::OnceCell;

use crate::http::HttpError;
use crate::http::events::beside::Beside;
use crate::http::events::find::Found;
use crate::http::events::merged;
use crate::server::Server;

/// Most events of a piece. Pieces end at multiples of it, so that who lags falls into step.
const EVENTS_MAX: u64 = 256;
/// Events that are read at once: more are taken while they are small.
const STEP: u64 = 32;
/// Bytes from which on a piece takes no further step.
const BYTES_MAX: usize = 1024 * 1024;
/// Pieces that are kept for others.
const KEPT_MAX: usize = 8;
/// Bytes that are kept for others.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The pieces that were read last.
#[derive(Debug, Default)]
pub(super) struct Chunks(Mutex<VecDeque<Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    log: LogId,
    from: u64,
    /// Set once it was read, by the first who needs it.
    chunk: Arc<OnceCell<Arc<Chunk>>>,
}

/// A piece of a log, in order.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Its events; not those of records that are none.
    pub(super) events: Vec<Told>,
    /// The seq behind it.
    pub(super) next: u64,
    bytes: usize,
}

/// An event, parsed once, and written once for each way to see it: all who follow a log are of one tenant.
#[derive(Debug)]
pub(super) struct Told {
    found: Found,
    /// As a query sees it.
    pub(super) document: Document<'static>,
    whole: OnceLock<Result<String, HttpError>>,
    without_persons: OnceLock<Result<String, HttpError>>,
}

impl Told {
    /// The event as JSON.
    pub(super) fn text(&self, beside: &Beside) -> Result<&str, HttpError> {
        let text = match beside.viewer {
            Viewer::Whole => &self.whole,
            Viewer::WithoutPersons => &self.without_persons,
        };
        let text = text.get_or_init(|| merged::text(&self.found, beside, false));
        text.as_deref().map_err(Clone::clone)
    }
}

impl Chunks {
    /// What the log has from `from` on, at least one record: `size` is beyond it.
    pub(super) async fn read(
        &self,
        server: &Server,
        log: LogRef,
        from: u64,
        size: u64,
    ) -> Result<Arc<Chunk>, StoreError> {
        let cell = self.cell(log.log(), from);
        let chunk = cell
            .get_or_try_init(|| read(server, log, from, size))
            .await?;
        self.tidy();
        Ok(Arc::clone(chunk))
    }

    fn cell(&self, log: LogId, from: u64) -> Arc<OnceCell<Arc<Chunk>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept
            .iter()
            .find(|kept| kept.log == log && kept.from == from);
        if let Some(known) = known {
            return Arc::clone(&known.chunk);
        }
        let chunk = Arc::default();
        kept.push_front(Kept {
            log,
            from,
            chunk: Arc::clone(&chunk),
        });
        kept.truncate(KEPT_MAX);
        chunk
    }

    /// Lets go of what is too much, the oldest first.
    fn tidy(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        kept.retain(|kept| {
            bytes += kept.chunk.get().map_or(0, |chunk| chunk.bytes);
            bytes <= KEPT_BYTES_MAX
        });
    }
}

async fn read(
    server: &Server,
    log: LogRef,
    from: u64,
    size: u64,
) -> Result<Arc<Chunk>, StoreError> {
    let end = size.min((from / EVENTS_MAX + 1) * EVENTS_MAX);
    let mut chunk = Chunk {
        events: Vec::new(),
        next: from,
        bytes: 0,
    };
    while chunk.next < end && chunk.bytes < BYTES_MAX {
        let to = end.min(chunk.next + STEP);
        for record in server.store.records(log, chunk.next..to).await? {
            let parts = [&record.person, &record.details];
            let parts = parts.into_iter().flatten().map(Vec::len).sum::<usize>();
            chunk.bytes += record.entry.len() + parts;
            chunk
                .events
                .extend(told(Found { log, record }, &**server.index.places())?);
        }
        chunk.next = to;
    }
    Ok(Arc::new(chunk))
}

fn told(found: Found, places: &dyn Places) -> Result<Option<Told>, StoreError> {
    let record = &found.record;
    if record.seq == 0 {
        return Ok(None);
    }
    let (person, details) = (record.person.as_deref(), record.details.as_deref());
    let document = Document::read(&record.entry, person, details, places)
        .map_err(|error| StoreError::Damaged(format!("seq {}: {error}", record.seq)))?;
    Ok(Some(Told {
        document: owned(document),
        found,
        whole: OnceLock::new(),
        without_persons: OnceLock::new(),
    }))
}

fn owned(document: Document<'_>) -> Document<'static> {
    let facts = document.facts.into_iter().map(|fact| Fact {
        field: fact.field,
        text: fact.text.into_owned().into(),
        access: fact.access,
    });
    Document {
        seq: document.seq,
        time: document.time,
        recorded_at: document.recorded_at,
        facts: facts.collect(),
    }
}
