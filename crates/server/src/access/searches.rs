//! Searches and streams that are going on: what each has shown so far.
//!
//! A search is one intent, durable before its first byte leaves, and one totals entry at its end or when its last cursor
//! expired, however many pages it had. What was shown is counted before it leaves, so totals may say more than left,
//! never less. Totals are written by a job, soon after the end; at shutdown all that are left. A page behind the end of
//! its search (or behind a restart) is counted apart: the search has further totals then.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use api::code;
use ledger::json::Value;
use ledger::name::to_hex;
use ledger::source::Rng;
use store::{Batch, LogRef};

use crate::auth::{Caller, Destination, Identity};
use crate::http::asked::Texts;
use crate::http::{CURSOR_MICROS, HttpError};
use crate::own::{OwnEvent, number};
use crate::server::Server;

/// Searches that wait for the next page. Beyond it, the one whose cursor expires first gets its totals now.
const OPEN_MAX: usize = 16_384;
/// Searches of any state. Beyond it no search begins until totals were written.
const KEPT_MAX: usize = 2 * OPEN_MAX;
/// Most totals of one write.
const BATCH_MAX: usize = 1_000;
/// How long after a cursor a search still waits: clocks are read one after the other.
const GRACE_MICROS: i64 = 2_000_000;

/// Names a search in its records and cursors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SearchId(pub(crate) [u8; 16]);

impl SearchId {
    pub(crate) fn random(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Debug for SearchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// What kind of question it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuestionKind {
    /// Events, page by page.
    Search,
    /// Events as they come.
    Stream,
    /// Counts.
    Statistics,
    /// Values to complete a query with.
    Values,
    /// A resource's state.
    State,
    /// What producers counted.
    Producers,
    /// Deployments and their figures.
    Deployments,
    /// What was marked as reviewed.
    Reviews,
}

impl QuestionKind {
    fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Stream => "stream",
            Self::Statistics => "statistics",
            Self::Values => "values",
            Self::State => "state",
            Self::Producers => "producers",
            Self::Deployments => "deployments",
            Self::Reviews => "reviews",
        }
    }
}

/// A question, as its record tells it.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    /// Its kind.
    pub(crate) kind: QuestionKind,
    /// The log that is asked.
    pub(crate) log: LogRef,
    /// What was asked, word for word.
    pub(crate) texts: &'a Texts,
    /// What else was asked: names and texts.
    pub(crate) more: Vec<(&'static str, &'a str)>,
}

/// Every search that has no totals yet.
#[derive(Debug, Default)]
pub(crate) struct OpenSearches(Mutex<BTreeMap<SearchId, OpenSearch>>);

#[derive(Clone, Debug)]
struct OpenSearch {
    kind: QuestionKind,
    who: Identity,
    log: LogRef,
    destination: Destination,
    pages: u64,
    events: u64,
    /// Whether its intent is durable.
    recorded: bool,
    /// Requests that work on it.
    in_use: usize,
    /// When its last cursor expires, on the monotonic clock; `None` when it has ended.
    open_until: Option<i64>,
}

/// A search while a request works on it. Dropped, it has ended, unless a cursor was given out.
#[derive(Debug)]
pub(crate) struct InUse {
    server: Arc<Server>,
    id: SearchId,
    goes_on: bool,
}

impl InUse {
    /// Counts a page with so many events. Call it before they leave.
    pub(crate) fn shows(&self, pages: u64, events: u64) {
        self.change(|search| {
            search.pages += pages;
            search.events += events;
        });
    }

    /// The intent is durable.
    pub(crate) fn is_recorded(&self) {
        self.change(|search| search.recorded = true);
    }

    /// A cursor is given out: the search waits for it.
    pub(crate) fn goes_on(mut self) {
        self.goes_on = true;
    }

    fn change(&self, change: impl FnOnce(&mut OpenSearch)) {
        let mut searches = self.server.open_searches.lock();
        if let Some(search) = searches.get_mut(&self.id) {
            change(search);
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let until = self.server.clock.monotonic() + CURSOR_MICROS + GRACE_MICROS;
        let mut searches = self.server.open_searches.lock();
        let Some(search) = searches.get_mut(&self.id) else {
            return;
        };
        search.in_use -= 1;
        search.open_until = self.goes_on.then_some(until);
        if !search.recorded && search.in_use == 0 {
            searches.remove(&self.id);
        }
    }
}

impl OpenSearches {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SearchId, OpenSearch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a search into use, whether it is new or not; `false` when there are too many.
    fn enter(&self, id: SearchId, fresh: OpenSearch) -> bool {
        let mut searches = self.lock();
        if let Some(search) = searches.get_mut(&id) {
            search.in_use += 1;
            return true;
        }
        if searches.len() >= KEPT_MAX {
            return false;
        }
        if searches.len() >= OPEN_MAX {
            let waiting = searches
                .values_mut()
                .filter(|search| search.in_use == 0 && search.open_until.is_some());
            if let Some(search) = waiting.min_by_key(|search| search.open_until) {
                search.open_until = None;
            }
        }
        searches.insert(id, fresh);
        true
    }

    /// Takes those whose totals are due, at most [`BATCH_MAX`] of one log.
    fn take(&self, is_due: impl Fn(&OpenSearch) -> bool) -> Vec<(SearchId, OpenSearch)> {
        let mut searches = self.lock();
        let mut due: Vec<SearchId> = Vec::new();
        let mut log = None;
        for (id, search) in searches.iter().filter(|(_, search)| is_due(search)) {
            let to = *log.get_or_insert(search.destination.log);
            if to == search.destination.log && due.len() < BATCH_MAX {
                due.push(*id);
            }
        }
        let taken = due.into_iter();
        taken
            .filter_map(|id| Some((id, searches.remove(&id)?)))
            .collect()
    }

    fn put_back(&self, taken: Vec<(SearchId, OpenSearch)>) {
        let mut searches = self.lock();
        for (id, search) in taken {
            match searches.get_mut(&id) {
                Some(again) => {
                    again.pages += search.pages;
                    again.events += search.events;
                }
                None => drop(searches.insert(id, search)),
            }
        }
    }
}

impl Server {
    /// Takes a search into use: a new one, or the one of a cursor.
    pub(crate) fn enter_search(
        self: &Arc<Self>,
        caller: &Caller,
        id: SearchId,
        kind: QuestionKind,
        log: LogRef,
        is_new: bool,
    ) -> Result<InUse, HttpError> {
        let fresh = OpenSearch {
            kind,
            who: caller.who(),
            log,
            destination: caller.destination(log, &self.instance),
            pages: 0,
            events: 0,
            recorded: !is_new,
            in_use: 1,
            open_until: None,
        };
        if !self.open_searches.enter(id, fresh) {
            return Err(HttpError::new(
                code::BUSY,
                "too many searches wait for their records; try again",
            )
            .retry_after(1));
        }
        Ok(InUse {
            server: Arc::clone(self),
            id,
            goes_on: false,
        })
    }

    /// Records what is asked. `id` names a search that goes on.
    pub(crate) async fn record_question(
        &self,
        caller: &Caller,
        question: &Question<'_>,
        id: Option<SearchId>,
    ) -> Result<(), HttpError> {
        let log = question.log.log().to_string();
        let id = id.map(|id| to_hex(&id.0));
        let mut event = OwnEvent::new("veritrail.search.performed", caller.actor(), "log");
        event.resource_id = Some(&log);
        event.resource_name = Some(question.log.kind().name());
        let mut tell = |name, text: Option<&str>| {
            let text = text.map(|text| Value::string(text.to_owned()));
            event.metadata.extend(text.map(|text| (name, text)));
        };
        tell("kind", Some(question.kind.name()));
        tell("search", id.as_deref());
        tell("q", question.texts.q.as_deref());
        tell("since", question.texts.since.as_deref());
        tell("until", question.texts.until.as_deref());
        for (name, text) in &question.more {
            tell(name, Some(*text).filter(|text| !text.is_empty()));
        }
        let to = caller.destination(question.log, &self.instance);
        self.record_read(&to, &event).await
    }

    /// Answers a question that is answered whole, when its record is durable: both are done at once, as one of the
    /// tenant's searches.
    pub(crate) async fn answer_recorded<T>(
        &self,
        caller: &Caller,
        question: &Question<'_>,
        answer: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
        let _turn = self.searches.enter(caller.tenant_id())?;
        let (recorded, answer) = tokio::join!(self.record_question(caller, question, None), answer);
        recorded?;
        answer
    }

    /// Records the totals of every search that has ended or whose cursors expired.
    pub(crate) async fn flush_ended_searches(&self) {
        let now = self.clock.monotonic();
        self.flush_searches(|search| search.open_until.is_none_or(|until| until <= now))
            .await;
    }

    /// Records the totals of every search, at shutdown.
    pub(crate) async fn flush_all_searches(&self) {
        self.flush_searches(|_| true).await;
    }

    async fn flush_searches(&self, is_due: impl Fn(&OpenSearch) -> bool) {
        // At most once for each that there can be.
        for _ in 0..KEPT_MAX {
            let taken = self
                .open_searches
                .take(|search| search.in_use == 0 && is_due(search));
            if taken.is_empty() {
                return;
            }
            if let Err(error) = self.record_search_totals(&taken).await {
                tracing::warn!(error = %error, "the totals of searches are recorded later");
                return self.open_searches.put_back(taken);
            }
        }
    }

    /// Records the totals of searches whose records go to one log.
    async fn record_search_totals(
        &self,
        taken: &[(SearchId, OpenSearch)],
    ) -> Result<(), HttpError> {
        let Some((_, first)) = taken.first() else {
            return Ok(());
        };
        let now = self.clock.wall();
        let mut events = Vec::with_capacity(taken.len());
        for (id, search) in taken {
            let log = search.log.log().to_string();
            let actor = search.who.actor();
            let mut event = OwnEvent::new("veritrail.search.completed", actor, "log");
            event.resource_id = Some(&log);
            event.resource_name = Some(search.log.kind().name());
            event.metadata = vec![
                ("kind", Value::string(search.kind.name())),
                ("search", Value::string(to_hex(&id.0))),
                ("pages", number(search.pages)),
                ("events", number(search.events)),
            ];
            events.push(event.prepare(&search.destination.tenant, now, &*self.rng)?);
        }
        let log = first.destination.log;
        self.store.append(Batch { log, events }).await?;
        Ok(())
    }
}
