//! JSON as an audit log needs it: strict, borrowed, numbers verbatim.
//!
//! Promises: a text that parses here means the same to every conforming parser. Refuses duplicate member names, lone
//! surrogates, nesting beyond [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX) and trailing bytes, and says where (RFC 6901 pointer, line,
//! column). Must never turn a number into a float or lose a digit.

mod parse;
mod write;

use std::borrow::Cow;
use std::fmt;

pub use parse::{Bounds, Item, parse, parse_within, split_array};
pub use write::{
    canonical_key_order, canonical_number, write_canonical, write_compact, write_string,
};

/// A JSON value that borrows from its text where it can. Objects keep the order of their members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, digit for digit as it was written.
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Self>),
    /// An object; no name stands twice.
    Object(Vec<Member<'a>>),
}

/// A named value of an object.
pub type Member<'a> = (Cow<'a, str>, Value<'a>);

impl<'a> Value<'a> {
    /// A borrowed or owned string value.
    pub fn string(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&[Member<'a>]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The member `name` of an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        self.as_object()?
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// What this is, in words for an error message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(text) if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => {
                "a fractional number"
            }
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The compact text: members as they stand, numbers verbatim.
    pub fn to_compact(&self) -> String {
        let mut out = String::new();
        write_compact(self, &mut out);
        out
    }

    /// The same value without borrowing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(text) => Value::Number(Cow::Owned(text.into_owned())),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Self::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }
}

/// What is wrong with a text that is no acceptable JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Not JSON: what stood to reason at this place.
    Syntax(&'static str),
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A member name that stands twice in one object.
    DuplicateMember,
    /// An escaped UTF-16 surrogate without its other half.
    LoneSurrogate,
    /// Nesting beyond so many levels.
    TooDeep(usize),
    /// More values than so many.
    TooManyValues(usize),
}

/// Where and why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct JsonError {
    /// What is wrong.
    pub problem: Problem,
    /// Byte offset in the text.
    pub offset: usize,
    /// RFC 6901 pointer to the value being read.
    pub pointer: String,
}

impl JsonError {
    /// Whether other items of an array can still be told apart: the text is JSON, but not JSON we accept.
    pub fn is_local(&self) -> bool {
        !matches!(self.problem, Problem::Syntax(_) | Problem::NotUtf8)
    }

    /// One-based line and column (in bytes) of the offset in `text`.
    pub fn position(&self, text: &[u8]) -> (usize, usize) {
        let before = text.get(..self.offset).unwrap_or(text);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
        (line, column)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Syntax(expected) => write!(f, "expected {expected}"),
            Problem::NotUtf8 => f.write_str("expected UTF-8"),
            Problem::DuplicateMember => f.write_str("expected each member name once in an object"),
            Problem::LoneSurrogate => f.write_str("expected surrogate escapes in pairs"),
            Problem::TooDeep(most) => write!(f, "expected at most {most} levels of nesting"),
            Problem::TooManyValues(most) => write!(f, "expected at most {most} values"),
        }?;
        write!(f, " at byte {}", self.offset)
    }
}

/// Appends one reference token to an RFC 6901 pointer.
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

#[cfg(test)]
mod tests;
