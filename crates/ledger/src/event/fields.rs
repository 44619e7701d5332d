//! Taking members out of an object by name and by kind, with refusals that name the field.

use std::borrow::Cow;

use crate::json::{Member, Value, push_token};
use crate::limits::{ID_BYTES_MAX, TEXT_BYTES_MAX};
use crate::rejection::{Reason, Rejection};

/// The members of one object that have not been read yet.
pub(super) struct Fields<'a> {
    pointer: String,
    members: Vec<Member<'a>>,
}

impl<'a> Fields<'a> {
    /// Takes an object apart; `pointer` names it in refusals.
    pub(super) fn of(value: Value<'a>, pointer: &str) -> Result<Self, Rejection> {
        match value {
            Value::Object(members) => Ok(Self {
                pointer: pointer.to_owned(),
                members,
            }),
            other => Err(wrong_type(pointer, "an object", &other)),
        }
    }

    /// An object without members.
    pub(super) fn empty(pointer: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            members: Vec::new(),
        }
    }

    /// The pointer to member `name`.
    pub(super) fn pointer_to(&self, name: &str) -> String {
        let mut pointer = self.pointer.clone();
        push_token(&mut pointer, name);
        pointer
    }

    /// Removes a member; `null` counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let index = self.members.iter().position(|(key, _)| key == name)?;
        // The order of what is left does not matter: parts are put in order before they are encoded.
        let (_, value) = self.members.swap_remove(index);
        (value != Value::Null).then_some(value)
    }

    /// Removes an object member.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Fields<'a>>, Rejection> {
        let pointer = self.pointer_to(name);
        self.take(name)
            .map(|value| Fields::of(value, &pointer))
            .transpose()
    }

    /// Removes an array member.
    pub(super) fn array(&mut self, name: &str) -> Result<Option<Vec<Value<'a>>>, Rejection> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(wrong_type(&self.pointer_to(name), "an array", &other)),
        }
    }

    /// Removes a text member of bounded length.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Rejection> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let pointer = || self.pointer_to(name);
        match value {
            Value::String(text) if text.len() > TEXT_BYTES_MAX => Err(Rejection::new(
                Reason::TooLong,
                pointer(),
                format!(
                    "expected at most {TEXT_BYTES_MAX} bytes, found {}",
                    text.len()
                ),
            )),
            Value::String(text) => Ok(Some(text)),
            other => Err(wrong_type(&pointer(), "a string", &other)),
        }
    }

    /// Removes an identifier: a string without control characters, or an integer that every parser reads alike. An
    /// empty string counts as absent.
    pub(super) fn identifier(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Rejection> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let pointer = || self.pointer_to(name);
        let text = match value {
            Value::String(text) => text,
            Value::Number(text) if is_safe_integer(&text) => text,
            Value::Number(text) => {
                let found = if text
                    .bytes()
                    .all(|byte| byte == b'-' || byte.is_ascii_digit())
                {
                    "an integer beyond 2^53-1, which JSON parsers round"
                } else {
                    "a fractional number"
                };
                return Err(Rejection::new(
                    Reason::WrongType,
                    pointer(),
                    format!("expected a string, found {found}"),
                ));
            }
            other => return Err(wrong_type(&pointer(), "a string or an integer", &other)),
        };
        if text.len() > ID_BYTES_MAX {
            let expected = format!(
                "expected at most {ID_BYTES_MAX} bytes, found {}",
                text.len()
            );
            return Err(Rejection::new(Reason::TooLong, pointer(), expected));
        }
        if text.chars().any(char::is_control) {
            return Err(Rejection::new(
                Reason::ControlCharacter,
                pointer(),
                "expected an identifier without control characters",
            ));
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// What was not read, with its names.
    pub(super) fn rest(self) -> Vec<Member<'a>> {
        self.members
    }
}

pub(super) fn wrong_type(pointer: &str, expected: &str, found: &Value<'_>) -> Rejection {
    Rejection::new(
        Reason::WrongType,
        pointer,
        format!("expected {expected}, found {}", found.kind()),
    )
}

/// Whether this is an integer within ±(2^53 − 1) in plain digits.
fn is_safe_integer(text: &str) -> bool {
    text.parse::<i64>()
        .is_ok_and(|number| number.unsigned_abs() < 1 << 53)
}
