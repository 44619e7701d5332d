//! One stream: history, then what comes, as the body of an answer.
//!
//! Promises: each event that the query accepts once: below the size that the log had at the start by time, from there on
//! by seq. Nothing is read before the reader took what was read before, but for one piece; a key that was revoked or
//! has expired, or a session that has ended, gets nothing more. Must never: hold a lock or a permit while a reader is slow.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::{StreamEnd, code};
use axum::body::Bytes;
use ledger::keyring::TenantKeys;
use query::{Filter, evaluate};
use store::index::{Hit, Order, Search};
use store::{LogRef, StoreError};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::chunk::Chunk;
use crate::access::InUse;
use crate::auth::{Ended, Standing};
use crate::http::HttpError;
use crate::http::asked::Texts;
use crate::http::cursor::{Bound, Mark, Position};
use crate::http::events::beside::Beside;
use crate::http::events::find::Found;
use crate::http::events::merged;
use crate::http::pulled::Pieces;
use crate::server::Server;
use crate::shares::Held;

/// How often an idle stream looks whether its key still counts.
const TICK: Duration = Duration::from_secs(1);
/// Ticks without an event after which a heartbeat shows that the stream lives.
const HEARTBEAT_TICKS: u32 = 15;
/// Bytes of events that are written at once.
const FRAME_BYTES: usize = 32 * 1024;
/// Events of a page of history.
const PAGE_EVENTS: usize = 256;
/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 2_000;

/// A stream and where it is.
#[derive(Debug)]
pub(super) struct Feed {
    server: Arc<Server>,
    reader: Reader,
    asked: Asked,
    mark: Mark,
    /// History that was found and is not shown yet.
    page: VecDeque<Hit>,
    /// Whether there is more history than the page.
    more: bool,
    /// The piece of the log that is looked through, and how many of its events were.
    chunk: Option<(Arc<Chunk>, usize)>,
    ticks: Interval,
    idle_ticks: u32,
    ending: watch::Receiver<bool>,
    state: State,
    in_use: InUse,
    /// Given back when the stream ends.
    _slot: Held,
}

/// Whose stream it is. Not the caller: a stream is no request in flight.
#[derive(Debug)]
pub(super) struct Reader {
    /// Who they are, and whether they still may.
    pub(super) standing: Standing,
    /// The tenant's keys.
    pub(super) keys: Arc<TenantKeys>,
}

/// What is streamed.
#[derive(Debug)]
pub(super) struct Asked {
    /// The log.
    pub(super) log: LogRef,
    /// The question, word for word.
    pub(super) texts: Texts,
    /// The question, understood.
    pub(super) filter: Filter,
    /// Who asks.
    pub(super) beside: Beside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Begun,
    Running,
    Ended,
}

impl Feed {
    pub(super) fn new(
        server: Arc<Server>,
        reader: Reader,
        asked: Asked,
        mark: Mark,
        in_use: InUse,
        slot: Held,
    ) -> Self {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            ending: server.streams.ending(),
            server,
            reader,
            asked,
            mark,
            page: VecDeque::new(),
            more: true,
            chunk: None,
            ticks,
            idle_ticks: 0,
            state: State::Begun,
            in_use,
            _slot: slot,
        }
    }

    /// What is to be sent next; `None` when the stream has ended.
    async fn next_frame(&mut self) -> Option<Bytes> {
        match self.state {
            State::Begun => {
                self.state = State::Running;
                // Who is cut off before the first event can go on from here, too.
                return Some(format!("retry: {RETRY_MS}\nid: {}\n\n", self.id()).into());
            }
            State::Running => {}
            State::Ended => return None,
        }
        match self.sent().await {
            Ok(text) => Some(text.into()),
            Err(end) => {
                self.state = State::Ended;
                let said = serde_json::to_string(&end).unwrap_or_default();
                Some(format!("event: end\ndata: {said}\n\n").into())
            }
        }
    }

    /// Events or a heartbeat, or why there are no more.
    async fn sent(&mut self) -> Result<String, StreamEnd> {
        loop {
            if *self.ending.borrow() {
                return Err(shutting_down());
            }
            self.check_standing().await?;
            let text = self.written().map_err(|error| ended_by(&error))?;
            if !text.is_empty() {
                self.idle_ticks = 0;
                return Ok(text);
            }
            let fetched = match self.mark.position {
                Position::History { .. } => self.fetch_page().await,
                Position::Live { next } => self.fetch_chunk(next).await,
            };
            let heartbeat = fetched.map_err(|error| ended_by(&error.into()))?;
            if heartbeat {
                self.idle_ticks = 0;
                // What no event was found in need not be looked through again.
                return Ok(format!(": still here\nid: {}\n\n", self.id()));
            }
            // The store may answer without ever waiting.
            tokio::task::yield_now().await;
        }
    }

    /// Whether the key or the session still counts.
    async fn check_standing(&self) -> Result<(), StreamEnd> {
        let ended = self.server.ended(&self.reader.standing).await;
        let (code, detail) = match ended.map_err(|error| ended_by(&error))? {
            None => return Ok(()),
            Some(Ended::KeyExpired) => (
                StreamEnd::KEY_EXPIRED,
                "the API key has expired; go on with another",
            ),
            Some(Ended::KeyRevoked) => (StreamEnd::KEY_REVOKED, "the API key was revoked"),
            Some(Ended::Session) => (
                StreamEnd::SESSION_ENDED,
                "the session or what it may do here has ended; sign in again",
            ),
        };
        Err(StreamEnd {
            code: code.to_owned(),
            detail: detail.to_owned(),
        })
    }

    /// What is at hand, up to [`FRAME_BYTES`]; counted before it leaves.
    fn written(&mut self) -> Result<String, HttpError> {
        let mut text = String::new();
        let mut count = 0;
        while text.len() < FRAME_BYTES
            && let Some(hit) = self.page.pop_front()
        {
            self.mark.position = Position::History {
                after: Some(hit.place),
            };
            let record = hit.record;
            let log = self.asked.log;
            let event = merged::text(&Found { log, record }, &self.asked.beside, false)?;
            self.block(&event, &mut text);
            count += 1;
        }
        while text.len() < FRAME_BYTES
            && let Some((chunk, at)) = self.chunk.take()
        {
            let Some(told) = chunk.events.get(at) else {
                self.mark.position = Position::Live { next: chunk.next };
                break;
            };
            let next = told.document.seq + 1;
            self.mark.position = Position::Live { next };
            let Asked { filter, beside, .. } = &self.asked;
            if evaluate::matches(filter, &told.document, beside.viewer) {
                self.block(told.text(beside)?, &mut text);
                count += 1;
            }
            self.chunk = Some((chunk, at + 1));
        }
        if count > 0 {
            self.in_use.shows(0, count);
        }
        Ok(text)
    }

    /// One event as the protocol writes it. JSON text has no line feeds.
    fn block(&self, event: &str, out: &mut String) {
        out.push_str("id: ");
        out.push_str(&self.id());
        out.push_str("\nevent: audit\ndata: ");
        out.push_str(event);
        out.push_str("\n\n");
    }

    fn id(&self) -> String {
        self.mark.write(&Bound {
            keys: &self.reader.keys,
            log: self.asked.log.log(),
            texts: &self.asked.texts,
        })
    }

    /// Finds what was there when the stream began. Behind the last of it, the log is followed.
    async fn fetch_page(&mut self) -> Result<bool, StoreError> {
        let Position::History { after } = self.mark.position else {
            return Ok(false);
        };
        let size = self.mark.size;
        if !self.more {
            self.mark.position = Position::Live { next: size };
            return Ok(false);
        }
        let search = Search {
            filter: self.asked.filter.clone(),
            viewer: self.asked.beside.viewer,
            order: Order::Oldest,
            after,
            size,
            limit: PAGE_EVENTS,
        };
        // Others of the tenant search as well: wait for a turn, but not with what was found in hand.
        let Ok(_turn) = self.server.searches.enter(self.asked.log.tenant()) else {
            self.ticks.tick().await;
            return Ok(false);
        };
        let page = self.server.index.search(self.asked.log, &search).await?;
        self.more = page.next.is_some();
        if let (Some(next), true) = (page.next, page.hits.is_empty()) {
            // Much was looked through and nothing found yet.
            self.mark.position = Position::History { after: Some(next) };
        }
        self.page = page.hits.into();
        Ok(false)
    }

    /// Waits for what comes next; `true` when it is time to show that the stream lives.
    async fn fetch_chunk(&mut self, next: u64) -> Result<bool, StoreError> {
        let server = Arc::clone(&self.server);
        let size = tokio::select! {
            biased;
            _ = self.ending.wait_for(|ending| *ending) => return Ok(false),
            _ = self.ticks.tick() => {
                self.idle_ticks += 1;
                return Ok(self.idle_ticks >= HEARTBEAT_TICKS);
            }
            size = server.store.grown(self.asked.log, next) => size?,
        };
        let chunk = server
            .streams
            .chunks
            .read(&server, self.asked.log, next, size);
        self.chunk = Some((chunk.await?, 0));
        Ok(false)
    }
}

fn shutting_down() -> StreamEnd {
    StreamEnd {
        code: code::SHUTTING_DOWN.to_owned(),
        detail: "the server is shutting down; connect again with Last-Event-ID".to_owned(),
    }
}

/// The end that an error makes. Its internal text goes to the server's own log: nobody else will see the answer.
fn ended_by(error: &HttpError) -> StreamEnd {
    let problem = error.problem();
    if problem.code == code::SHUTTING_DOWN {
        return shutting_down();
    }
    tracing::error!(why = %error, "a stream ended");
    StreamEnd {
        code: problem.code.clone(),
        detail: problem.detail.clone(),
    }
}

impl Pieces for Feed {
    type Error = Infallible;

    async fn next(&mut self) -> Option<Result<Bytes, Infallible>> {
        self.next_frame().await.map(Ok)
    }
}
