//! From an error to a status: the one table, and the one error type of every handler.
//!
//! Promises: every refusal leaves as `application/problem+json` (RFC 9457); public text and internal text are two
//! fields, and only the public one leaves. The internal text is logged once, by [`crate::telemetry`].
//! Must never: repeat a value that was sent, or tell what exists to a caller who may not see it.

use std::fmt;

use api::{Problem, code};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use ledger::rejection::{Reason, Rejection};
use store::StoreError;

use super::rate_limit::RateLimit;

/// What a handler answers when it can't do what was asked.
#[derive(Clone, Debug)]
pub struct HttpError(Box<Refusal>);

#[derive(Clone, Debug)]
struct Refusal {
    problem: Problem,
    internal: Option<String>,
    retry_after_seconds: Option<u64>,
    rate_limit: Option<RateLimit>,
}

/// The internal text of an error, carried beside the answer to the one place that logs.
#[derive(Clone, Debug)]
pub(crate) struct Internal(pub(crate) String);

/// Code, status and title. Reasons of refused events are not listed: see [`HttpError::of_rejection`].
const TABLE: &[(&str, u16, &str)] = &[
    (code::UNAUTHENTICATED, 401, "A valid API key is needed"),
    (code::FORBIDDEN, 403, "The key has not the role for this"),
    (code::NOT_FOUND, 404, "Not found"),
    (code::METHOD_NOT_ALLOWED, 405, "Not a method of this path"),
    (code::CONFLICT, 409, "Another event has this id"),
    (code::AMBIGUOUS_ID, 409, "Several events have this id"),
    (code::EXISTS, 409, "The name is taken"),
    (code::BAD_REQUEST, 400, "The request is not well-formed"),
    (code::BAD_FIELD, 422, "A field has no legal value"),
    (code::BODY_TOO_LARGE, 413, "The body is too large"),
    (code::TOO_MANY_EVENTS, 413, "Too many events in one request"),
    (code::BAD_BODY, 400, "The body can't be read"),
    (
        code::UNSUPPORTED_ENCODING,
        415,
        "The body's encoding is not supported",
    ),
    (
        code::UNSUPPORTED_TYPE,
        415,
        "The body's type is not supported",
    ),
    (code::TOO_MANY_CONFLICTS, 429, "Too many conflicts"),
    (code::QUOTA_EXCEEDED, 429, "Too many events"),
    (code::TOO_MANY_SEARCHES, 429, "Too many searches"),
    (code::TOO_MANY_TENANTS, 403, "Too many tenants"),
    (code::BUSY, 503, "Too much is waiting"),
    (code::DISK_FULL, 503, "The disk is nearly full"),
    (code::CLOCK, 503, "The clock can't be trusted"),
    (code::STOPPED, 503, "Writing has stopped"),
    (code::SHUTTING_DOWN, 503, "The server is shutting down"),
    (
        code::ACCESS_NOT_RECORDED,
        503,
        "The read could not be recorded",
    ),
    (code::NOT_SIGNED_YET, 503, "No checkpoint covers this yet"),
    (code::TIMEOUT, 503, "The request took too long"),
    (code::BAD_QUERY, 400, "The query can't be read"),
    (code::QUERY_TOO_BROAD, 422, "The query is too broad"),
    (
        code::BAD_CURSOR,
        400,
        "The cursor is not one of this search",
    ),
    (code::CURSOR_EXPIRED, 400, "The cursor is too old"),
    (code::INDEX_UNAVAILABLE, 503, "Nothing can be searched now"),
    (code::TOO_MANY_STREAMS, 429, "Too many streams"),
    (code::DAMAGED, 500, "Stored bytes are damaged"),
    (code::INTERNAL, 500, "The server failed"),
];

impl HttpError {
    /// A refusal of one of [`api::code`], with what was expected.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let row = TABLE.iter().find(|(known, _, _)| *known == code);
        let (status, title) = row.map_or((500, "The server failed"), |(_, status, title)| {
            (*status, *title)
        });
        Self::of(code, status, title, detail.into())
    }

    fn of(code: &str, status: u16, title: &str, detail: String) -> Self {
        Self(Box::new(Refusal {
            problem: Problem {
                kind: Problem::kind_of(code),
                title: title.to_owned(),
                status,
                detail,
                code: code.to_owned(),
                ..Problem::default()
            },
            internal: None,
            retry_after_seconds: None,
            rate_limit: None,
        }))
    }

    /// A refused event: 400 when it is no JSON at all, else 422.
    pub fn of_rejection(rejection: Rejection) -> Self {
        let (status, title) = match rejection.reason {
            Reason::MalformedJson | Reason::NotUtf8 => (400, "The body is not JSON"),
            _ => (422, "The event was refused"),
        };
        Self::of(
            rejection.reason.code(),
            status,
            title,
            rejection.expected.into_owned(),
        )
        .at(rejection.pointer)
    }

    /// No key, or not a valid one: the same answer whatever was wrong.
    pub fn unauthenticated() -> Self {
        Self::new(
            code::UNAUTHENTICATED,
            "expected the header Authorization: Bearer vtk_… with a valid key",
        )
    }

    /// Nothing there, or nothing of the caller's: the same answer.
    pub fn not_found() -> Self {
        Self::new(
            code::NOT_FOUND,
            "nothing is here, or nothing that this key may see",
        )
    }

    /// Our fault.
    pub fn internal(internal: impl Into<String>) -> Self {
        Self::new(code::INTERNAL, "the server's log says more").because(internal)
    }

    /// Points at the field, from the root of the body.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.problem.pointer = Some(pointer.into());
        self
    }

    /// Names the query parameter.
    #[must_use]
    pub fn of_parameter(mut self, name: &str) -> Self {
        self.0.problem.parameter = Some(name.to_owned());
        self
    }

    /// A query parameter without a legal value; `expected` follows its name.
    pub fn bad_parameter(name: &str, expected: impl fmt::Display) -> Self {
        Self::new(code::BAD_REQUEST, format!("{name}: expected {expected}")).of_parameter(name)
    }

    /// A query that can't be read.
    pub fn of_query(error: &query::QueryError) -> Self {
        let mut refused = Self::new(code::BAD_QUERY, error.to_string()).of_parameter("q");
        let problem = &mut refused.0.problem;
        problem.column = u64::try_from(error.column).ok();
        problem.length = u64::try_from(error.length).ok();
        problem.hint.clone_from(&error.hint);
        refused
    }

    /// Points at a place of a malformed text.
    #[must_use]
    pub fn at_position(mut self, (line, column): (usize, usize)) -> Self {
        self.0.problem.line = u64::try_from(line).ok();
        self.0.problem.column = u64::try_from(column).ok();
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// Says which limit was reached.
    #[must_use]
    pub(crate) fn with_rate_limit(mut self, limit: RateLimit) -> Self {
        self.0.rate_limit = Some(limit);
        self
    }

    /// Lists the sources to choose from.
    #[must_use]
    pub fn with_sources(mut self, sources: Vec<String>) -> Self {
        self.0.problem.sources = sources;
        self
    }

    /// Adds the text for the server's own log.
    #[must_use]
    pub fn because(mut self, internal: impl Into<String>) -> Self {
        self.0.internal = Some(internal.into());
        self
    }

    /// What leaves.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl fmt::Display for HttpError {
    /// For our own log: the internal text where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.internal.as_ref().unwrap_or(&self.0.problem.detail);
        write!(f, "{}: {text}", self.0.problem.code)
    }
}

impl std::error::Error for HttpError {}

impl From<StoreError> for HttpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { retry_after_ms } => Self::new(
                code::BUSY,
                "nothing of the request was done; send it again after Retry-After",
            )
            .retry_after(retry_after_ms.div_ceil(1_000)),
            StoreError::DiskFull => Self::new(
                code::DISK_FULL,
                "nothing of the request was done; writes wait until there is room",
            )
            .retry_after(30)
            .because("the disk is nearly full"),
            StoreError::Clock(fault) => Self::new(
                code::CLOCK,
                "nothing of the request was done; writes wait until the clock is sane or an operator confirms it",
            )
            .retry_after(10)
            .because(fault.to_string()),
            StoreError::Poisoned => Self::new(
                code::STOPPED,
                "whether the request was done is open until the server was restarted; send it again then",
            )
            .because(StoreError::Poisoned.to_string()),
            StoreError::Closed => {
                Self::new(code::SHUTTING_DOWN, "nothing of the request was done").retry_after(5)
            }
            StoreError::NotFound => Self::not_found(),
            StoreError::Exists { what } => {
                Self::new(code::EXISTS, format!("{what} exists already"))
            }
            StoreError::Damaged(what) => Self::new(
                code::DAMAGED,
                "stored bytes are not what they should be; an operator should run veritrail verify",
            )
            .because(format!("damaged: {what}")),
            StoreError::IndexUnavailable { retry_after_ms, why } => Self::new(
                code::INDEX_UNAVAILABLE,
                "the index is being rebuilt or damaged; events are taken, shown and proved meanwhile",
            )
            .retry_after(retry_after_ms.div_ceil(1_000))
            .because(why),
            StoreError::TooBroad => Self::new(
                code::QUERY_TOO_BROAD,
                "too many events would have to be looked through: add a time range, or a field with a value",
            ),
            other => Self::internal(chain(&other)),
        }
    }
}

/// An error with its sources, for our own log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    const CAUSES_MAX: usize = 16;
    let mut text = error.to_string();
    let mut next = error.source();
    for _ in 0..CAUSES_MAX {
        let Some(cause) = next else { break };
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response<Body> {
        let status = self.status();
        let refusal = *self.0;
        // A problem is plain strings and numbers: it always serialises.
        let body = serde_json::to_vec(&refusal.problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(api::problem::MEDIA_TYPE),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = refusal.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(limit) = refusal.rate_limit {
            limit.put(headers);
        }
        if let Some(internal) = refusal.internal {
            response.extensions_mut().insert(Internal(internal));
        }
        response
    }
}

const RETRY_AFTER: HeaderName = header::RETRY_AFTER;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_wire_has_one_row() {
        for code in code::ALL {
            assert_eq!(
                TABLE.iter().filter(|(known, _, _)| *known == code).count(),
                1,
                "{code}"
            );
        }
        assert_eq!(TABLE.len(), code::ALL.len());
    }

    #[test]
    fn the_internal_text_stays_inside() {
        let error = HttpError::from(StoreError::engine("reading /secret/path", "io: broken"));
        assert!(error.0.internal.as_deref().unwrap().contains("io: broken"));
        let text = serde_json::to_string(error.problem()).unwrap();
        assert!(
            !text.contains("secret") && !text.contains("broken"),
            "{text}"
        );
    }
}
