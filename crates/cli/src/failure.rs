//! Why a command could not do what it was asked, in the kinds that exit codes are made of.
//!
//! Promises: the message says what was expected and, where one is known, a hint says what to do next. Must never
//! choose an exit code; `main.rs` does.

use std::fmt;

/// What the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Write the command, or its input, differently.
    Usage,
    /// Try again later, or let the server be looked at: it was not reached, would not let us in, or could not answer.
    Unreachable,
    /// Look into it: stored bytes contradict each other or what was expected.
    Tampered,
}

/// One failure, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the caller does next.
    pub(crate) kind: Kind,
    /// What failed, lower case, without a full stop.
    pub(crate) message: String,
    /// What to do, if that is known.
    pub(crate) hint: Option<String>,
    /// The server's stable code, if it was the server that refused.
    pub(crate) code: Option<String>,
    /// Which part of a question the server refused, if it said so.
    pub(crate) about: Option<Box<About>>,
    /// What was typed, and where in it the fault is.
    pub(crate) excerpt: Option<Box<Excerpt>>,
    /// How many seconds the server asks to wait before it is tried again.
    pub(crate) retry_after: Option<u64>,
}

/// The part of a question that a refusal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// Name of the parameter.
    pub(crate) parameter: String,
    /// Characters from 1, where the refusal points into the parameter's text.
    pub(crate) column: Option<usize>,
    /// How many characters are meant; 0 when something is missing.
    pub(crate) length: usize,
}

/// Something that was typed, and a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// As it was typed.
    pub(crate) text: String,
    /// Characters from 1.
    pub(crate) column: usize,
    /// How many characters are meant; 0 when something is missing.
    pub(crate) length: usize,
}

impl Failure {
    /// A command or an input that can't be right.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Something that was out of reach.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unreachable, message)
    }

    /// Evidence that does not hold.
    pub(crate) fn tampered(message: impl Into<String>) -> Self {
        Self::new(Kind::Tampered, message)
    }

    /// The same with advice.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what was typed, where the refusal says what it is about. `typed` has the text of each parameter
    /// with what stands before it on a command line, such as `("since", "--since ", "24x")`.
    #[must_use]
    pub(crate) fn pointing_into(mut self, typed: &[(&str, &str, &str)]) -> Self {
        let Some(about) = &self.about else {
            return self;
        };
        let found = typed.iter().find(|(name, _, _)| *name == about.parameter);
        self.excerpt = found.map(|(_, before, text)| {
            let (column, length) = match about.column {
                Some(column) => (column, about.length),
                None => (1, text.chars().count()),
            };
            Box::new(Excerpt {
                text: format!("{before}{text}"),
                column: column.saturating_add(before.chars().count()),
                length,
            })
        });
        self
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            code: None,
            about: None,
            excerpt: None,
            retry_after: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
