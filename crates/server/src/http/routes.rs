//! Every route of the service, in one table: what is served, and what the OpenAPI document says of it.

mod administration;
mod events;
mod exports;
mod logs;
mod questions;
mod reviews;
mod service;
mod sources;
mod views;

use api::code;
use ledger::rejection::Reason;
use serde_json::{Value, json};

use super::route::{Parameter, Route};

/// The table; each room with its name and what it is about.
pub(super) fn rooms() -> Vec<(&'static str, &'static str, Vec<Route>)> {
    vec![
        (
            "Events",
            "Sending, finding, seeing, following, proving.",
            events::routes(),
        ),
        (
            "Questions",
            "What events say together.",
            questions::routes(),
        ),
        ("Views", "Queries with a name.", views::routes()),
        (
            "Exports",
            "Taking events away, with proof.",
            exports::routes(),
        ),
        (
            "Logs",
            "Logs, as C2SP tlog-tiles serves them, and how they are doing.",
            logs::routes(),
        ),
        (
            "Reviews",
            "Marks that a day or a view was looked through.",
            reviews::routes(),
        ),
        (
            "Administration",
            "Tenants, keys, the clock, the index.",
            administration::routes(),
        ),
        (
            "Sources",
            "Ways in for vendors: webhooks and streams.",
            sources::routes(),
        ),
        (
            "Service",
            "The server itself; these take no key.",
            service::routes(),
        ),
    ]
}

/// What any request may be answered that is not about health.
pub(super) const ANY: &[&str] = &[code::BUSY, code::TIMEOUT];
/// What any request with a key may be answered, too.
pub(super) const SIGNED_IN: &[&str] = &[
    code::UNAUTHENTICATED,
    code::BAD_REQUEST,
    code::NOT_FOUND,
    code::FORBIDDEN,
    code::SHUTTING_DOWN,
    code::DAMAGED,
    code::INTERNAL,
];
/// What is answered when nothing can be written.
const WRITING: &[&str] = &[code::DISK_FULL, code::CLOCK, code::STOPPED];
/// What is answered when a read can't be recorded.
const RECORDED: &[&str] = &[code::ACCESS_NOT_RECORDED];
/// What questions to the index are answered.
const ASKED: &[&str] = &[
    code::TOO_MANY_SEARCHES,
    code::INDEX_UNAVAILABLE,
    code::QUERY_TOO_BROAD,
];
/// What small JSON bodies are answered.
const SMALL_BODY: &[&str] = &[code::BAD_FIELD, code::BAD_BODY, code::BODY_TOO_LARGE];
/// Why a text is no JSON that can be read.
const UNREADABLE: [Reason; 6] = [
    Reason::MalformedJson,
    Reason::NotUtf8,
    Reason::DuplicateMember,
    Reason::LoneSurrogate,
    Reason::TooDeep,
    Reason::TooManyValues,
];
/// Why an event is refused that can be read.
const UNACCEPTABLE: [Reason; 10] = [
    Reason::MissingField,
    Reason::WrongType,
    Reason::BadValue,
    Reason::TooLong,
    Reason::ControlCharacter,
    Reason::BadTime,
    Reason::BadOperation,
    Reason::ReservedOperation,
    Reason::UnknownOperation,
    Reason::PartTooLarge,
];

/// Every reason that an event is refused for.
pub(super) fn reasons() -> impl Iterator<Item = Reason> {
    UNREADABLE.into_iter().chain(UNACCEPTABLE)
}

fn codes(reasons: &[Reason]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.code()).collect()
}

/// An event's id in the path.
fn event_id() -> Parameter {
    Parameter {
        name: "id",
        description: "The event's id, as its receipt says.",
        schema: plain_text(),
        example: "evt_a1b2c3d4",
    }
}

/// A log's id in the path.
fn log_id() -> Parameter {
    Parameter {
        name: "log",
        description: "The log's id, as `GET /v1/logs` and receipts say.",
        schema: json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}),
        example: "b44d9e52ff24fdc3de0a940c9dfda3d0",
    }
}

fn plain_text() -> Value {
    json!({"type": "string", "minLength": 1})
}
