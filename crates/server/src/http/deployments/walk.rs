//! The events that tell of deployments in a window, read page by page and folded.
//!
//! Promises: at most `limits.deployment_events` events are looked at, or a page more, the latest, and the answer says how far that was. Must never
//! show what the viewer may not see: ids are joined by their pseudonyms.

use std::sync::Arc;

use ledger::entry::Entry;
use ledger::json::Value;
use ledger::part::{Label, value_of};
use ledger::time::Micros;
use query::plan::{Bound, Span};
use query::visibility::is_person_type;
use query::{Field, Filter, Test, Viewer};
use store::index::{HITS_MAX, Hit, Order, Search};
use store::{LogRef, Record, StoreError};

use crate::auth::Caller;
use crate::deployments::{DEFINITIONS, Folded, OPERATIONS, Said, Told, Window, fold};
use crate::http::HttpError;
use crate::http::asked::{Texts, bound};
use crate::http::events::{withhold_addresses, withhold_related};
use crate::http::resources::state::{actor, now_of};
use crate::server::Server;

/// Events that are read at once.
const PAGE_EVENTS: usize = 256;
const _: () = assert!(PAGE_EVENTS <= HITS_MAX);
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// How long before a window events are looked at.
const LOOKBACK: i64 = 30 * DAY;
/// The window when no beginning is asked for.
const WINDOW_DEFAULT: i64 = 28 * DAY;
/// The widest window.
const WINDOW_MAX: i64 = 400 * DAY;

/// Which events, as they were asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) texts: Texts,
    now: Micros,
    q: Filter,
    since: Option<Micros>,
    until: Option<Micros>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) folded: Folded,
    pub(super) window: Window,
    pub(super) size: u64,
    pub(super) events: usize,
    events_max: usize,
}

impl Asked {
    pub(super) fn read(server: &Server, caller: &Caller, texts: Texts) -> Result<Self, HttpError> {
        let now = server.clock.wall();
        let only_q = Texts::new(texts.q.clone(), None, None);
        let q = only_q.filter(now, caller.known_countries())?;
        if q.leaves().any(|leaf| leaf.field == Field::Timestamp) {
            let expected = "no time in the query; since and until say which window";
            return Err(HttpError::bad_parameter("q", expected));
        }
        let time = |name: &'static str, text: &Option<String>| {
            let text = text.as_deref().map(|text| bound(name, name, text, now));
            text.transpose()
        };
        let since = time("since", &texts.since)?.and_then(|it| it.time_bounds().0);
        let until = time("until", &texts.until)?.and_then(|it| it.time_bounds().1);
        let asked = Self {
            q,
            now,
            since: since.map(|it| Micros::from_micros(it.value + i64::from(!it.included))),
            until: until.map(|it| Micros::from_micros(it.value + i64::from(it.included))),
            texts,
        };
        // Before anything is looked up; once more when the log's time is known.
        asked.window(now)?;
        Ok(asked)
    }

    /// The window as seen at `now`. What is dated later has not happened.
    fn window(&self, now: Micros) -> Result<Window, HttpError> {
        // The next whole second: now belongs to the window.
        let next = Micros::from_micros((now.as_micros() / SECOND + 1) * SECOND);
        let until = self.until.unwrap_or(next).min(next);
        let since = self.since.unwrap_or(until.plus(-WINDOW_DEFAULT));
        let width = until.as_micros() - since.as_micros();
        if !(1..=WINDOW_MAX).contains(&width) {
            return Err(HttpError::bad_parameter(
                "since",
                "a time before until and before now, by at most 400 days",
            ));
        }
        Ok(Window {
            since,
            until,
            covered_since: since.plus(-LOOKBACK),
        })
    }
}

impl Found {
    /// The window as answers tell it.
    pub(super) fn window(&self) -> api::DeploymentWindow {
        let window = self.window;
        api::DeploymentWindow {
            since: window.since.to_string(),
            until: window.until.to_string(),
            time_zone: "UTC".to_owned(),
            complete: window.covered_since <= window.since,
            covered_since: window.covered_since.to_string(),
            events: self.events as u64,
            events_max: self.events_max as u64,
        }
    }

    /// The log as answers tell it.
    pub(super) fn searched(&self, log: LogRef) -> api::Searched {
        api::Searched {
            log: log.log().to_string(),
            kind: log.kind().name().to_owned(),
            size: self.size,
        }
    }
}

/// What the words of answers mean.
pub(super) fn definitions() -> Vec<api::Definition> {
    let told = DEFINITIONS.iter().map(|(name, text)| api::Definition {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    });
    told.collect()
}

/// Reads the latest events of the window and of the time before it, and folds them.
pub(super) async fn walk(
    server: &Server,
    log: LogRef,
    viewer: Viewer,
    asked: &Asked,
) -> Result<Found, HttpError> {
    let size = server.store.head(log).await?.size;
    let now = now_of(server, log, size, asked.now).await?;
    let mut window = asked.window(now)?;
    let mut search = Search {
        filter: asked.q.clone().and(told_within(window)),
        viewer,
        order: Order::Newest,
        after: None,
        size,
        limit: PAGE_EVENTS,
    };
    let events_max = server.config.limits.deployment_events;
    let mut told: Vec<Told> = Vec::new();
    let mut events = 0;
    loop {
        let page = server.index.search(log, &search).await?;
        for hit in &page.hits {
            told.extend(read(hit, viewer)?);
        }
        events += page.hits.len();
        search.after = page.next;
        let Some(next) = page.next else { break };
        if events >= events_max {
            // Of the last time that was read, more may follow.
            window.covered_since = next.time.plus(1).min(window.until);
            told.retain(|told| told.is_since(window.covered_since));
            break;
        }
    }
    let core = Arc::clone(&server.cores).acquire_owned().await;
    let folding = tokio::task::spawn_blocking(move || {
        let _core = core;
        fold(told)
    });
    let folded = folding
        .await
        .map_err(|error| HttpError::internal(format!("folding deployments: {error}")))?;
    Ok(Found {
        folded,
        window,
        size,
        events,
        events_max,
    })
}

/// The condition on events that tell of deployments, in the window or before.
fn told_within(window: Window) -> Filter {
    let span = Span {
        min: Some(Bound::included(window.covered_since.as_micros())),
        max: Some(Bound::excluded(window.until.as_micros())),
    };
    let operations = Test::one_of(OPERATIONS.map(str::to_owned));
    let operations = operations.map(|test| Filter::leaf(Field::Operation, test));
    Filter::leaf(Field::Timestamp, Test::Time(span)).and(operations.unwrap_or(Filter::All))
}

fn read(hit: &Hit, viewer: Viewer) -> Result<Option<Told>, HttpError> {
    let record = &hit.record;
    let entry = Entry::parse(&record.entry).map_err(|error| damaged(record, &error.to_string()))?;
    let mut details = part(record, Label::Details)?;
    let said = |name| {
        let said: &Value<'_> = details.as_ref()?.member(name)?;
        said.as_str().map(str::to_owned)
    };
    let correlation = said("correlation_id");
    let person = match viewer {
        Viewer::Whole => part(record, Label::Person)?,
        Viewer::WithoutPersons => None,
    };
    if viewer == Viewer::WithoutPersons {
        if is_person_type(entry.resource_type) {
            details = None;
        }
        if let Some(details) = &mut details {
            withhold_related(details);
            withhold_addresses(details);
        }
    }
    Ok(Told::read(Said {
        id: entry.id,
        at: hit.place.time,
        seq: record.seq,
        operation: entry.operation,
        outcome: entry.outcome,
        resource_type: entry.resource_type,
        resource_ref: entry.resource_ref,
        correlation,
        details: details.as_ref(),
        actor: actor(entry.actor_type, person.as_ref()),
    }))
}

/// The value of a part that still stands.
fn part(record: &Record, label: Label) -> Result<Option<Value<'_>>, StoreError> {
    let bytes = match label {
        Label::Details => &record.details,
        Label::Person => &record.person,
    };
    let value = bytes.as_deref().map(|bytes| value_of(label, bytes));
    let value = value.transpose();
    value.map_err(|error| damaged(record, &error.to_string()))
}

fn damaged(record: &Record, why: &str) -> StoreError {
    StoreError::Damaged(format!("seq {}: {why}", record.seq))
}
