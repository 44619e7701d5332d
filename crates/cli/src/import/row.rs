//! One row: what its columns hold, as JSON.
//!
//! Promises: nothing of a value is lost on the way: numbers stay the digits that they were, and a text that should have been
//! JSON and is not stays a text.

use std::borrow::Cow;

use ledger::json::{self, Value};

/// What kind of value a column holds, as far as that matters to what is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text, and everything that is told as its text.
    Text,
    /// A whole number.
    Integer,
    /// A number that may have a fraction, or be none ("NaN").
    Number,
    /// `true` or `false`.
    Bool,
    /// JSON, and arrays, which the database turns into it.
    Json,
    /// A point in time.
    Instant,
    /// A date and time of day, of a place that the column does not name.
    LocalTime,
    /// A date.
    Date,
    /// Bytes, in base64.
    Bytes,
}

/// A row: names of columns and their values; a column without a value is left out.
#[derive(Debug, Default)]
pub(crate) struct Row<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Row<'a> {
    /// Adds a column's value.
    pub(crate) fn put(&mut self, name: impl Into<Cow<'a, str>>, value: Value<'a>) {
        if !matches!(value, Value::Null) {
            self.0.push((name.into(), value));
        }
    }

    /// The value of a column.
    pub(crate) fn column(&self, name: &str) -> Option<&Value<'a>> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The whole of it, to be looked at.
    pub(crate) fn to_text(&self) -> String {
        let members = self.0.iter();
        let members = members.map(|(name, value)| (Cow::Borrowed(name.as_ref()), value.clone()));
        Value::Object(members.collect()).to_compact()
    }
}

/// A value from its text. `parsed`: a text in which JSON is looked for.
pub(crate) fn value(kind: Kind, text: &str, parsed: bool) -> Value<'_> {
    match kind {
        Kind::Integer => Value::Number(Cow::Borrowed(text)),
        Kind::Bool => Value::Bool(text == "true"),
        // "NaN" and "Infinity" are no numbers of JSON.
        Kind::Number => match json::parse(text.as_bytes()) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::string(text),
        },
        Kind::Json => json::parse(text.as_bytes()).unwrap_or_else(|_| Value::string(text)),
        Kind::Text if parsed => match json::parse(text.as_bytes()) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::string(text),
        },
        // In the session that reads, the zone is UTC and the style ISO: `2026-03-12 14:32:07.123+00`.
        Kind::Instant => match text.strip_suffix("+00") {
            Some(time) => Value::String(Cow::Owned(format!("{}Z", time.replacen(' ', "T", 1)))),
            None => Value::string(text),
        },
        Kind::LocalTime => Value::String(Cow::Owned(text.replacen(' ', "T", 1))),
        Kind::Bytes => Value::String(Cow::Owned(text.replace('\n', ""))),
        Kind::Text | Kind::Date => Value::string(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, text: &str, parsed: bool) -> String {
        value(kind, text, parsed).to_compact()
    }

    #[test]
    fn values_keep_what_the_database_said() {
        for (kind, text, expected) in [
            (Kind::Integer, "9223372036854775807", "9223372036854775807"),
            (Kind::Number, "1.10", "1.10"),
            (Kind::Number, "NaN", "\"NaN\""),
            (Kind::Bool, "false", "false"),
            (Kind::Json, "{\"a\": 1.0}", "{\"a\":1.0}"),
            (
                Kind::Json,
                "{\"a\":1,\"a\":2}",
                "\"{\\\"a\\\":1,\\\"a\\\":2}\"",
            ),
            (
                Kind::Instant,
                "2026-03-12 14:32:07.123+00",
                "\"2026-03-12T14:32:07.123Z\"",
            ),
            (Kind::Instant, "infinity", "\"infinity\""),
            (
                Kind::LocalTime,
                "2026-03-12 14:32:07",
                "\"2026-03-12T14:32:07\"",
            ),
            (Kind::Bytes, "AAAA\nBBBB", "\"AAAABBBB\""),
            (Kind::Text, "{\"a\":1}", "\"{\\\"a\\\":1}\""),
        ] {
            assert_eq!(shown(kind, text, false), expected, "{text}");
        }
    }

    #[test]
    fn json_is_looked_for_in_texts_where_a_map_says_so() {
        assert_eq!(shown(Kind::Text, "{\"a\":1}", true), "{\"a\":1}");
        for text in ["12", "{\"a\":", "plain"] {
            assert_eq!(shown(Kind::Text, text, true), format!("{text:?}"));
        }
    }

    #[test]
    fn a_row_leaves_out_what_has_no_value() {
        let mut row = Row::default();
        row.put("a", Value::Null);
        row.put("b", Value::Bool(true));
        assert!(row.column("a").is_none());
        assert_eq!(row.to_text(), "{\"b\":true}");
    }
}
