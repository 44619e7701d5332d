//! Why a query was refused: where in its text, what was expected there, and what to do about it.
//!
//! Must never repeat what was sent: a secret may stand in it. Names of fields come from the table, never from the text.

/// A refused query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}")]
#[non_exhaustive]
pub struct QueryError {
    /// Where it went wrong: characters from 1; one behind the last when something is missing at the end.
    pub column: usize,
    /// How many characters are meant; 0 when something is missing.
    pub length: usize,
    /// What was expected there.
    pub expected: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Bytes of the query text that a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte behind the last.
    pub(crate) end: usize,
}

/// A refusal whose place is still counted in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    place: Place,
    expected: String,
    hint: Option<String>,
}

impl Refusal {
    pub(crate) fn new(place: Place, expected: impl Into<String>) -> Self {
        Self {
            place,
            expected: expected.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Counts columns: once, for the one refusal that a query gets.
    pub(crate) fn within(self, text: &str) -> QueryError {
        let characters = |from: usize, to: usize| {
            text.char_indices()
                .filter(|(at, _)| (from..to).contains(at))
                .count()
        };
        QueryError {
            column: characters(0, self.place.start) + 1,
            length: characters(self.place.start, self.place.end),
            expected: self.expected,
            hint: self.hint,
        }
    }
}
