//! `GET /v1/events/stream`: events as they come, as server-sent events.

mod chunk;
mod feed;
mod open;

use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use ledger::time::Micros;
use schemars::JsonSchema;
use serde::Deserialize;

use super::beside::Beside;
use crate::access::{Question, QuestionKind, SearchId};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog};
use crate::http::cursor::{Bound, Mark, Position};
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::http::pulled::PulledBody;
use crate::http::rate_limit::RateLimit;
use crate::server::Server;

pub(crate) use open::OpenStreams;

use feed::{Asked, Feed, Reader};

/// What browsers send when they connect again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells a proxy not to gather what should go out at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Which events.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamParameters {
    /// The query.
    #[schemars(extend("maxLength" = query::limits::QUERY_BYTES_MAX, "example" = "operation:deployment.* outcome:failure"))]
    q: Option<String>,
    /// Events from this time on are shown first, oldest first. Without it the stream begins with what comes next.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "1h"))]
    since: Option<String>,
    /// `main` (by default) or `access`.
    #[schemars(extend("enum" = ["main", "access"], "default" = "main"))]
    log: Option<String>,
    /// The id of the last event that was seen: the stream goes on right behind it. As the header `Last-Event-ID`.
    last_event_id: Option<String>,
}

impl Expected for StreamParameters {
    const EXPECTED: &'static str =
        "expected no parameters but q, since, log and last_event_id, each once";
}

pub(crate) async fn stream(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<StreamParameters>,
    headers: HeaderMap,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let log = caller.log_to_search(WhichLog::read(parameters.log.as_deref())?)?;
    let texts = Texts::new(parameters.q, parameters.since, None);
    let size = server.store.head(log).await?.size;
    let to = Bound {
        keys: caller.keys(),
        log: log.log(),
        texts: &texts,
    };
    let mark = match last_seen(parameters.last_event_id.as_deref(), &headers) {
        Some(id) => resumed(id, &to, size)?,
        None => begun(&texts, size, server.clock.wall()),
    };
    let filter = texts.filter(mark.read_at, caller.known_countries())?;
    let slot = server.streams.enter(log.tenant());
    let slot = slot.ok_or_else(|| too_many(server.config.limits.tenant_streams))?;
    let id = SearchId::random(&*server.rng);
    let in_use = server.enter_search(&caller, id, QuestionKind::Stream, log, true)?;
    let question = Question {
        kind: QuestionKind::Stream,
        log,
        texts: &texts,
        more: Vec::new(),
    };
    server.record_question(&caller, &question, Some(id)).await?;
    in_use.is_recorded();
    let asked = Asked {
        log,
        texts,
        filter,
        beside: Beside::of(&server, &caller),
    };
    let reader = Reader {
        standing: caller.standing(),
        keys: caller.shared_keys(),
    };
    let feed = Feed::new(server, reader, asked, mark, in_use, slot);
    let body = Body::new(PulledBody::new(feed));
    let mut response = json::text(StatusCode::OK, "text/event-stream", body);
    let headers = response.headers_mut();
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// The id of the last event that was seen. What was sent empty was not sent.
fn last_seen<'a>(parameter: Option<&'a str>, headers: &'a HeaderMap) -> Option<&'a str> {
    let header = headers.get(LAST_EVENT_ID);
    // A browser connects again with the URL it began with: the header is newer.
    let header = header.map(|value| value.to_str().unwrap_or("?"));
    let sent = header.filter(|id| !id.is_empty()).or(parameter);
    sent.filter(|id| !id.is_empty())
}

fn begun(texts: &Texts, size: u64, now: Micros) -> Mark {
    let position = if texts.since.is_some() {
        Position::History { after: None }
    } else {
        Position::Live { next: size }
    };
    Mark {
        read_at: now,
        size,
        position,
    }
}

fn resumed(id: &str, to: &Bound<'_>, size: u64) -> Result<Mark, HttpError> {
    let within = |mark: &Mark| {
        let next = match mark.position {
            Position::History { .. } => mark.size,
            Position::Live { next } => next,
        };
        // A log that is shorter than what was seen of it is not the log that was seen.
        mark.size <= size && next <= size
    };
    Mark::read(id, to).filter(within).ok_or_else(|| {
        HttpError::new(
            code::BAD_CURSOR,
            "expected the id of an event of this stream, with the same q, since and log",
        )
        .of_parameter("last_event_id")
    })
}

fn too_many(max: usize) -> HttpError {
    HttpError::new(
        code::TOO_MANY_STREAMS,
        "the tenant has as many streams open as it may (limits.tenant_streams); end one",
    )
    .retry_after(10)
    .with_rate_limit(RateLimit::of_concurrency("streams", max))
}
