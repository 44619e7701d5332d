//! `POST /v1/reviews`: marks a day or a view as reviewed.
//!
//! The mark says what it covers: the query with absolute times, how many events it found, and the size and root of the
//! log's checkpoint up to which they were counted, which is one that covers whatever was acknowledged before the mark was
//! asked for. What comes later is not covered by it.

use std::sync::Arc;

use api::{NewReview, Review, code};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use ledger::json::Value;
use ledger::time::Micros;
use store::index::Counting;
use store::{Batch, LogRef, SignedHead, StoreError};

use super::{OPERATION, span};
use crate::auth::{Act, Caller};
use crate::http::asked::{Texts, WhichLog};
use crate::http::{HttpError, json};
use crate::own::{OwnEvent, number};
use crate::server::Server;

/// Longest note in bytes.
const NOTE_BYTES_MAX: usize = 2_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// What is to be marked.
struct Reviewed {
    day: Option<String>,
    note: Option<String>,
    /// With absolute times.
    query: String,
    /// How many events it found.
    events: u64,
    head: SignedHead,
}

pub(crate) async fn record(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReviewEvents)?;
    let new: NewReview = json::read(body).await?;
    let now = server.clock.wall();
    let texts = span::fixed(&texts(&new, now)?, now, caller.known_countries())?;
    let note = note(&new)?;
    let log = caller.log_to_search(WhichLog::Main)?;
    let head = head(&server, log).await?;
    let filter = texts.filter(now, caller.known_countries())?;
    let query = filter.to_string();
    let counting = Counting {
        filter,
        viewer: caller.viewer(),
        size: head.size,
        histogram: None,
        top: Vec::new(),
        limit: 1,
    };
    let turn = server.searches.enter(caller.tenant_id())?;
    let counted = server.index.statistics(log, &counting).await?;
    drop(turn);
    let reviewed = Reviewed {
        day: new.day,
        note,
        query,
        events: counted.total,
        head,
    };
    let review = keep(&server, &caller, &reviewed, log.log().to_string()).await?;
    json::answer(StatusCode::CREATED, &review)
}

/// The checkpoint of everything that readers may have been shown when they asked for the mark.
async fn head(server: &Server, log: LogRef) -> Result<SignedHead, HttpError> {
    let last = server.store.head(log).await?.size.saturating_sub(1);
    let detail = "no checkpoint covers the newest events yet";
    let not_yet = || HttpError::new(code::NOT_SIGNED_YET, detail).retry_after(1);
    server.covering(log, last).await?.ok_or_else(not_yet)
}

/// Makes the mark durable, and answers it.
async fn keep(
    server: &Server,
    caller: &Caller,
    reviewed: &Reviewed,
    log: String,
) -> Result<Review, HttpError> {
    // As a read of the main log would be: in the tenant's access log.
    let main = caller.log_to_search(WhichLog::Main)?;
    let to = caller.destination(main, &server.instance);
    let root_hash = reviewed.head.root.to_hex();
    let name = match &reviewed.day {
        Some(day) => format!("the events of {day}"),
        None => String::from("a view of the log"),
    };
    let mut event = OwnEvent::new(OPERATION, caller.actor(), "review");
    event.resource_id = reviewed.day.as_deref();
    event.resource_name = Some(&name);
    let texts = [
        ("day", reviewed.day.as_deref()),
        ("query", Some(reviewed.query.as_str())),
        ("log", Some(log.as_str())),
        ("root_hash", Some(root_hash.as_str())),
        ("note", reviewed.note.as_deref()),
    ];
    let told = texts.into_iter();
    event.metadata = told
        .filter_map(|(name, text)| Some((name, Value::string(text?))))
        .collect();
    event.metadata.push(("size", number(reviewed.head.size)));
    event.metadata.push(("events", number(reviewed.events)));
    let prepared = event.prepare(&to.tenant, server.clock.wall(), &*server.rng)?;
    let batch = Batch {
        log: to.log,
        events: vec![prepared],
    };
    let outcomes = server.store.append(batch).await?;
    let receipt = outcomes.first().and_then(store::Outcome::receipt);
    let receipt = receipt.ok_or(StoreError::NotFound)?;
    // What was masked of the note is told by whoever lists it.
    Ok(Review {
        id: receipt.id.clone(),
        at: receipt.recorded_at.to_string(),
        by: Some(caller.owner().to_owned()),
        by_id: Some(caller.key_id().to_owned()),
        day: reviewed.day.clone(),
        query: reviewed.query.clone(),
        log,
        size: reviewed.head.size,
        root_hash,
        events: reviewed.events,
        note: None,
    })
}

/// What is asked of the log: a day, or a view.
fn texts(new: &NewReview, now: Micros) -> Result<Texts, HttpError> {
    let view = Texts::new(new.q.clone(), new.since.clone(), new.until.clone());
    let Some(day) = &new.day else {
        if view.is_empty() {
            let expected = "expected a day, or one or more of q, since and until";
            return Err(HttpError::new(code::BAD_FIELD, expected).at("/day"));
        }
        return Ok(view);
    };
    if !view.is_empty() {
        let expected = "expected a day or a view, not both";
        return Err(HttpError::new(code::BAD_FIELD, expected).at("/day"));
    }
    let start = Some(day).filter(|day| day.len() == 10);
    let start = start.and_then(|day| Micros::parse(&format!("{day}T00:00:00Z")).ok());
    let start = start.filter(|start| *start <= now).ok_or_else(|| {
        let expected = "expected a day that has begun, such as 2026-03-12";
        HttpError::new(code::BAD_FIELD, expected).at("/day")
    })?;
    let end = start.plus(DAY_MICROS);
    Ok(Texts::new(
        None,
        Some(start.to_string()),
        Some(end.to_string()),
    ))
}

fn note(new: &NewReview) -> Result<Option<String>, HttpError> {
    let note = new.note.as_deref().map(str::trim);
    let Some(note) = note.filter(|note| !note.is_empty()) else {
        return Ok(None);
    };
    let plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    // Browsers send both halves of a line's end.
    let note = note.replace("\r\n", "\n");
    if note.len() > NOTE_BYTES_MAX || !note.chars().all(plain) {
        let expected = format!("expected at most {NOTE_BYTES_MAX} bytes of text");
        return Err(HttpError::new(code::BAD_FIELD, expected).at("/note"));
    }
    Ok(Some(note))
}
