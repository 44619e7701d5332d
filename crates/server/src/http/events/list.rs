//! `GET /v1/events`: one page of the events that a query finds.

use std::fmt::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use ledger::json::write_string;
use ledger::time::Micros;
use query::Filter;
use schemars::JsonSchema;
use serde::Deserialize;
use store::LogRef;
use store::index::{Order, Page, Place, Search};

use super::beside::Beside;
use super::find::Found;
use super::merged;
use crate::access::{Question, QuestionKind, SearchId};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog, one_of, whole};
use crate::http::cursor::{Cursor, bad_cursor};
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// Events of a page unless another number is asked for.
const LIMIT_DEFAULT: usize = 50;
/// Bytes of events from which on a page ends early.
const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Pages with more events are written apart from the other requests.
const EVENTS_AT_ONCE: usize = 64;

/// Which events, and how many at once.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchParameters {
    /// The query.
    #[schemars(extend("maxLength" = query::limits::QUERY_BYTES_MAX, "example" = "operation:deployment.* outcome:failure"))]
    q: Option<String>,
    /// No event before this time, as `since:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "24h"))]
    since: Option<String>,
    /// No event at or after this time, as `until:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "2026-03-13"))]
    until: Option<String>,
    /// Most events of the page: 1 to 1000, by default 50.
    #[schemars(with = "Option<u16>", extend("minimum" = 1, "maximum" = store::index::HITS_MAX, "default" = LIMIT_DEFAULT))]
    limit: Option<String>,
    /// Where the page begins: `cursor` of the page before. The other parameters are left out then, or the same.
    cursor: Option<String>,
    /// `newest` (by default) or `oldest` first.
    #[schemars(extend("enum" = ["newest", "oldest"], "default" = "newest"))]
    order: Option<String>,
    /// `main` (by default) or `access`.
    #[schemars(extend("enum" = ["main", "access"], "default" = "main"))]
    log: Option<String>,
}

impl Expected for SearchParameters {
    const EXPECTED: &'static str =
        "expected no parameters but q, since, until, limit, cursor, order and log, each once";
}

/// A search, new or gone on with.
struct Asked {
    id: SearchId,
    log: LogRef,
    texts: Texts,
    read_at: Micros,
    filter: Filter,
    order: Order,
    size: u64,
    after: Option<Place>,
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<SearchParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let limit = parameters.limit.as_deref();
    let limit = whole("limit", limit, 1..=store::index::HITS_MAX, LIMIT_DEFAULT)?;
    let asked = match &parameters.cursor {
        None => begin(&server, &caller, &parameters).await?,
        Some(cursor) => go_on(&server, &caller, &parameters, cursor)?,
    };
    let is_new = parameters.cursor.is_none();
    let _turn = server.searches.enter(caller.tenant_id())?;
    let (id, log, viewer) = (asked.id, asked.log, caller.viewer());
    let in_use = server.enter_search(&caller, id, QuestionKind::Search, log, is_new)?;
    let search = Search {
        filter: asked.filter.clone(),
        viewer,
        order: asked.order,
        after: asked.after,
        size: asked.size,
        limit,
    };
    let page = if is_new {
        let question = Question {
            kind: QuestionKind::Search,
            log,
            texts: &asked.texts,
            more: Vec::new(),
        };
        let recording = server.record_question(&caller, &question, Some(id));
        let (recorded, page) = tokio::join!(recording, server.index.search(log, &search));
        recorded?;
        in_use.is_recorded();
        page?
    } else {
        server.index.search(log, &search).await?
    };
    let shown = show(&server, log, page, Beside::of(&server, &caller)).await?;
    in_use.shows(1, shown.count);
    let cursor = shown.next.map(|after| {
        let cursor = Cursor {
            search: id,
            log: log.log(),
            order: asked.order,
            read_at: asked.read_at,
            given_at: server.clock.wall(),
            size: asked.size,
            after,
            texts: asked.texts.clone(),
        };
        cursor.write(caller.keys(), caller.key_id())
    });
    if cursor.is_some() {
        in_use.goes_on();
    }
    Ok(answer(&asked, &shown, cursor.as_deref(), limit))
}

/// A new search: of everything that is there now.
async fn begin(
    server: &Server,
    caller: &Caller,
    parameters: &SearchParameters,
) -> Result<Asked, HttpError> {
    let log = caller.log_to_search(WhichLog::read(parameters.log.as_deref())?)?;
    let order = order(parameters)?;
    let texts = texts(parameters);
    let read_at = server.clock.wall();
    let filter = texts.filter(read_at, caller.known_countries())?;
    Ok(Asked {
        id: SearchId::random(&*server.rng),
        log,
        texts,
        read_at,
        filter,
        order,
        size: server.store.head(log).await?.size,
        after: None,
    })
}

/// The search of a cursor. What is said beside the cursor must be what was said at first.
fn go_on(
    server: &Server,
    caller: &Caller,
    parameters: &SearchParameters,
    cursor: &str,
) -> Result<Asked, HttpError> {
    let now = server.clock.wall();
    let cursor = Cursor::read(cursor, caller.keys(), caller.key_id(), now)?;
    let log = caller.log_of_cursor(cursor.log).ok_or_else(bad_cursor)?;
    let meant = |texts: &Texts| texts.filter(cursor.read_at, caller.known_countries());
    let filter = meant(&cursor.texts)?;
    let said = texts(parameters);
    let same_question = said.is_empty() || meant(&said)? == filter;
    let same_order = parameters.order.is_none() || order(parameters)? == cursor.order;
    let same_log = parameters.log.is_none()
        || caller.log_to_search(WhichLog::read(parameters.log.as_deref())?)? == log;
    if !(same_question && same_order && same_log) {
        return Err(bad_cursor());
    }
    Ok(Asked {
        id: cursor.search,
        log,
        texts: cursor.texts,
        read_at: cursor.read_at,
        filter,
        order: cursor.order,
        size: cursor.size,
        after: Some(cursor.after),
    })
}

fn texts(parameters: &SearchParameters) -> Texts {
    let SearchParameters {
        q, since, until, ..
    } = parameters;
    Texts::new(q.clone(), since.clone(), until.clone())
}

fn order(parameters: &SearchParameters) -> Result<Order, HttpError> {
    let words = [("newest", Order::Newest), ("oldest", Order::Oldest)];
    one_of("order", parameters.order.as_deref(), &words)
}

/// A page as text.
struct Shown {
    /// The events, with commas between them.
    events: String,
    count: u64,
    next: Option<Place>,
}

async fn show(
    server: &Server,
    log: LogRef,
    page: Page,
    beside: Beside,
) -> Result<Shown, HttpError> {
    if page.hits.len() <= EVENTS_AT_ONCE {
        return as_text(log, page, &beside);
    }
    let core = Arc::clone(&server.cores).acquire_owned().await;
    let written = tokio::task::spawn_blocking(move || {
        let _core = core;
        as_text(log, page, &beside)
    });
    written
        .await
        .map_err(|error| HttpError::internal(format!("writing a page: {error}")))?
}

fn as_text(log: LogRef, page: Page, beside: &Beside) -> Result<Shown, HttpError> {
    let mut shown = Shown {
        events: String::with_capacity(page.hits.len() * 1_024),
        count: 0,
        next: page.next,
    };
    let last = page.hits.len();
    for (index, hit) in page.hits.into_iter().enumerate() {
        if index > 0 {
            shown.events.push(',');
        }
        let record = hit.record;
        let text = merged::text(&Found { log, record }, beside, false)?;
        shown.events.push_str(&text);
        shown.count += 1;
        if shown.events.len() >= PAGE_BYTES_MAX && index + 1 < last {
            shown.next = Some(hit.place);
            break;
        }
    }
    Ok(shown)
}

/// Written by hand: events are text already, digit for digit.
fn answer(asked: &Asked, shown: &Shown, cursor: Option<&str>, limit: usize) -> Response<Body> {
    let mut body = String::with_capacity(shown.events.len() + 1_024);
    body.push_str("{\"events\":[");
    body.push_str(&shown.events);
    body.push(']');
    if let Some(cursor) = cursor {
        body.push_str(",\"cursor\":");
        write_string(cursor, &mut body);
    }
    body.push_str(",\"query\":");
    write_string(&asked.filter.to_string(), &mut body);
    let (log, kind, size) = (asked.log.log(), asked.log.kind().name(), asked.size);
    // Writing to a String cannot fail.
    _ = write!(
        body,
        ",\"searched\":{{\"log\":\"{log}\",\"kind\":\"{kind}\",\"size\":{size}}}}}"
    );
    let mut response = json::text(StatusCode::OK, "application/json", body);
    let link =
        cursor.map(|cursor| format!("</v1/events?cursor={cursor}&limit={limit}>; rel=\"next\""));
    if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
