//! Why an event was refused: a stable code, the field (RFC 6901 pointer) and what was expected.
//!
//! Must never repeat a value that was sent: it may be a secret.

use std::borrow::Cow;
use std::fmt;

use crate::json::{JsonError, Problem};

/// The kinds of refusal. Their [`Reason::code`] is part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Not JSON.
    MalformedJson,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A member name twice in one object.
    DuplicateMember,
    /// Half a UTF-16 pair.
    LoneSurrogate,
    /// Nested beyond the limit.
    TooDeep,
    /// More values than the limit.
    TooManyValues,
    /// A required field is absent.
    MissingField,
    /// Another JSON type than expected.
    WrongType,
    /// The right type, but no legal value.
    BadValue,
    /// Longer than the limit.
    TooLong,
    /// A control character where none may stand.
    ControlCharacter,
    /// No RFC 3339 time, or one outside 1970 to 9999.
    BadTime,
    /// No well-formed `resource.action`.
    BadOperation,
    /// An operation under `veritrail.`, which only the server writes.
    ReservedOperation,
    /// Strict mode: not a canonical operation of the vocabulary.
    UnknownOperation,
    /// A part beyond its limit.
    PartTooLarge,
}

impl Reason {
    /// The stable code of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::NotUtf8 => "not_utf8",
            Self::DuplicateMember => "duplicate_member",
            Self::LoneSurrogate => "lone_surrogate",
            Self::TooDeep => "too_deep",
            Self::TooManyValues => "too_many_values",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::BadTime => "bad_time",
            Self::BadOperation => "bad_operation",
            Self::ReservedOperation => "reserved_operation",
            Self::UnknownOperation => "unknown_operation",
            Self::PartTooLarge => "part_too_large",
        }
    }
}

/// One refused event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// RFC 6901 pointer into the event; empty for the event as a whole.
    pub pointer: String,
    /// What was expected there.
    pub expected: Cow<'static, str>,
}

impl Rejection {
    /// A refusal of the field at `pointer`.
    pub fn new(
        reason: Reason,
        pointer: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            reason,
            pointer: pointer.into(),
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "the event"
        } else {
            &self.pointer
        };
        write!(f, "{place}: {}", self.expected)
    }
}

impl From<JsonError> for Rejection {
    fn from(error: JsonError) -> Self {
        let reason = match error.problem {
            Problem::Syntax(_) => Reason::MalformedJson,
            Problem::NotUtf8 => Reason::NotUtf8,
            Problem::DuplicateMember => Reason::DuplicateMember,
            Problem::LoneSurrogate => Reason::LoneSurrogate,
            Problem::TooDeep(_) => Reason::TooDeep,
            Problem::TooManyValues(_) => Reason::TooManyValues,
        };
        Self {
            reason,
            expected: error.to_string().into(),
            pointer: readable(&error.pointer),
        }
    }
}

/// The pointer without member names that hide a secret.
fn readable(pointer: &str) -> String {
    let tokens = pointer.split('/').map(|token| {
        if crate::secret::is_secret_shaped(token) {
            "…"
        } else {
            token
        }
    });
    tokens.collect::<Vec<_>>().join("/")
}
