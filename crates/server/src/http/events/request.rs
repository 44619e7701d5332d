//! From a body to prepared events: one object, an array, or lines.
//!
//! Promises: pure but for randomness; items fail alone where they can be told apart, the whole fails where not; nothing
//! is copied that can be borrowed.

use api::code;
use axum::http::{HeaderMap, header};
use ledger::json::{self, Item, JsonError, Problem, Value};
use ledger::limits::{BATCH_EVENTS_MAX, IDEMPOTENCY_KEY_BYTES_MAX};
use ledger::prepare::{Door, Prepared};
use ledger::rejection::Rejection;
use ledger::source::Rng;

use crate::http::HttpError;

/// What a body is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON, or nothing was said: looked at.
    Detect,
    /// One JSON text a line.
    Lines,
}

/// What became of each event at the door.
#[derive(Debug)]
pub(super) struct Request {
    /// Whether one object was sent, which is answered as such.
    pub(super) single: bool,
    /// The events to store, in order.
    pub(super) events: Vec<Prepared>,
    /// In the order sent: `Ok` is the next of `events`.
    pub(super) items: Vec<Result<(), HttpError>>,
}

/// Reads the form from `Content-Type`. What curl sends by itself is taken for JSON.
pub(super) fn form_of(headers: &HeaderMap) -> Result<Form, HttpError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(Form::Detect);
    };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/json" | "text/json" | "application/x-www-form-urlencoded" => Ok(Form::Detect),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Form::Lines),
        _ => Err(HttpError::new(
            code::UNSUPPORTED_TYPE,
            "expected Content-Type application/json or application/x-ndjson",
        )),
    }
}

/// Reads the `Idempotency-Key`.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, HttpError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(HttpError::new(
            code::BAD_REQUEST,
            format!(
                "expected an Idempotency-Key of 1 to {IDEMPOTENCY_KEY_BYTES_MAX} printable characters"
            ),
        )),
    }
}

/// How an event is prepared: [`ledger::prepare::prepare`], or that cuts what is too large.
pub(super) type Prepare = for<'a> fn(Value<'a>, &Door<'_>, &dyn Rng) -> Result<Prepared, Rejection>;

/// Reads and prepares every event of a body. An error refuses the whole.
pub(super) fn read(
    body: &[u8],
    form: Form,
    (door, prepare): (&Door<'_>, Prepare),
    rng: &dyn Rng,
) -> Result<Request, HttpError> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if form == Form::Lines {
        return read_lines(body, (door, prepare), rng);
    }
    if first == Some(&b'[') {
        return read_array(body, (door, prepare), rng);
    }
    match json::parse(body) {
        Ok(value) => {
            let item = prepare(value, &numbered(door, 0), rng).map_err(HttpError::of_rejection);
            Ok(collect(true, [item]))
        }
        Err(error) if is_followed(&error) => read_lines(body, (door, prepare), rng),
        Err(error) => Err(whole(error, body, None)),
    }
}

/// Whether a complete value is followed by more: lines that were not announced.
fn is_followed(error: &JsonError) -> bool {
    error.problem == Problem::Syntax("the end of the text")
}

fn read_array(
    body: &[u8],
    (door, prepare): (&Door<'_>, Prepare),
    rng: &dyn Rng,
) -> Result<Request, HttpError> {
    let items =
        json::split_array(body, BATCH_EVENTS_MAX).map_err(|error| whole(error, body, None))?;
    if items.len() > BATCH_EVENTS_MAX {
        return Err(too_many());
    }
    let mut prepared = Vec::with_capacity(items.len());
    for (index, Item { text, offset }) in items.into_iter().enumerate() {
        prepared.push(match json::parse(text) {
            Ok(value) => {
                prepare(value, &numbered(door, index), rng).map_err(HttpError::of_rejection)
            }
            Err(error) if error.is_local() => Err(HttpError::of_rejection(error.into())),
            Err(error) => {
                let error = JsonError {
                    offset: offset + error.offset,
                    pointer: format!("/{index}{}", error.pointer),
                    ..error
                };
                return Err(whole(error, body, Some(index)));
            }
        });
    }
    Ok(collect(false, prepared))
}

fn read_lines(
    body: &[u8],
    (door, prepare): (&Door<'_>, Prepare),
    rng: &dyn Rng,
) -> Result<Request, HttpError> {
    let mut prepared = Vec::new();
    for (number, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let index = prepared.len();
        if index == BATCH_EVENTS_MAX {
            return Err(too_many());
        }
        let item = match json::parse(line) {
            Ok(value) => {
                prepare(value, &numbered(door, index), rng).map_err(HttpError::of_rejection)
            }
            Err(error) => {
                let column = error.position(line).1;
                Err(HttpError::of_rejection(error.into()).at_position((number + 1, column)))
            }
        };
        prepared.push(item);
    }
    Ok(collect(false, prepared))
}

/// The door of the event at `index`.
fn numbered<'a>(door: &Door<'a>, index: usize) -> Door<'a> {
    Door {
        idempotency: door.idempotency.map(|(key, _)| (key, index)),
        ..*door
    }
}

fn collect(
    single: bool,
    prepared: impl IntoIterator<Item = Result<Prepared, HttpError>>,
) -> Request {
    let prepared = prepared.into_iter();
    let mut request = Request {
        single,
        events: Vec::with_capacity(prepared.size_hint().0),
        items: Vec::with_capacity(prepared.size_hint().0),
    };
    for item in prepared {
        request
            .items
            .push(item.map(|event| request.events.push(event)));
    }
    request
}

/// A text that can't be read as a whole.
fn whole(error: JsonError, body: &[u8], index: Option<usize>) -> HttpError {
    let position = error.position(body);
    let rejection = Rejection::from(error);
    let pointer = match index {
        Some(index) if rejection.pointer.is_empty() => format!("/{index}"),
        _ => rejection.pointer.clone(),
    };
    HttpError::of_rejection(rejection)
        .at(pointer)
        .at_position(position)
}

fn too_many() -> HttpError {
    HttpError::new(
        code::TOO_MANY_EVENTS,
        format!("expected at most {BATCH_EVENTS_MAX} events in one request (BATCH_EVENTS_MAX)"),
    )
}
