//! A plan as query text: what is recorded of a search, and shown to whoever wonders what a query meant.
//!
//! Promises: [`crate::parse`] makes the same filter of it at any time, unless it is longer than a query may be: times
//! and fields that were written short stand here in full. Holds for what `parse` made; a filter that no text says
//! (a prefix with a space, the negation of everything) is printed as well as can be.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter, Write};

use ledger::time::Micros;

use crate::field::{Field, Kind, quote};
use crate::plan::{Bound, Filter, Leaf, Number, Span, Test};
use crate::time::last;
use crate::value::shorthand_of;

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Or(members) => joined(f, members, " OR ", |member| matches!(member, Self::Or(_))),
            Self::And(members) => joined(f, members, " ", |member| {
                matches!(member, Self::Or(_) | Self::And(_))
            }),
            Self::Not(inner) => {
                f.write_char('-')?;
                match inner.as_ref() {
                    Self::Leaf(leaf) => leaf.fmt(f),
                    other => write!(f, "({other})"),
                }
            }
            Self::Leaf(leaf) => leaf.fmt(f),
        }
    }
}

fn joined(
    f: &mut Formatter<'_>,
    members: &[Filter],
    between: &str,
    in_parentheses: fn(&Filter) -> bool,
) -> fmt::Result {
    for (place, member) in members.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        if in_parentheses(member) {
            write!(f, "({member})")?;
        } else {
            member.fmt(f)?;
        }
    }
    Ok(())
}

impl Display for Leaf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = match &self.test {
            Test::Is(text) => plain_or_quoted(text).into_owned(),
            Test::StartsWith(text) => format!("{text}*"),
            Test::Exists => "*".to_owned(),
            Test::OneOf(texts) => {
                if let Some(shorthand) = (self.field == Field::Operation)
                    .then(|| shorthand_of(&self.test))
                    .flatten()
                {
                    return f.write_str(&shorthand);
                }
                let texts: Vec<_> = texts.iter().map(|text| plain_or_quoted(text)).collect();
                format!("({})", texts.join(" OR "))
            }
            Test::Words { words, prefix } => {
                let text = phrase(words, *prefix);
                // A colon in a word without a name could be taken for a name's.
                if self.field == Field::Text && (text.starts_with('"') || !text.contains(':')) {
                    return f.write_str(&text);
                }
                text
            }
            Test::Number(span) => numbers(span, self.field.kind()),
            Test::Time(span) => times(span),
            Test::Within(network) => network.to_string(),
        };
        write!(f, "{}:{value}", self.field.name())
    }
}

/// A whole value. Quoted when anything in it could mean something by itself, in a group or to an open field.
fn plain_or_quoted(text: &str) -> Cow<'_, str> {
    let special = |character: char| {
        character.is_whitespace() || character.is_control() || "()\"*\\".contains(character)
    };
    if !text.is_empty()
        && !text.starts_with(['-', '<', '>'])
        && !text.contains(special)
        && !text.contains("..")
    {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quote(&mut quoted, text);
    Cow::Owned(quoted)
}

/// Words that stand side by side.
fn phrase(words: &[String], prefix: bool) -> String {
    // The only letter whose lower case isn't one: the dot would cut the word.
    let words: Vec<String> = words
        .iter()
        .map(|word| word.replace("i\u{307}", "İ"))
        .collect();
    if prefix {
        return format!("{}*", words.join("_"));
    }
    match words.as_slice() {
        [word] if !word.contains(':') => word.clone(),
        words => {
            let mut quoted = String::new();
            quote(&mut quoted, &words.join(" "));
            quoted
        }
    }
}

fn numbers(span: &Span<Number>, kind: Kind) -> String {
    match (&span.min, &span.max) {
        (Some(min), Some(max)) if min == max && kind == Kind::Number => min.value.to_string(),
        (Some(min), Some(max)) => format!("{}..{}", min.value, max.value),
        (Some(min), None) => compared('>', min, &min.value),
        (None, Some(max)) => compared('<', max, &max.value),
        (None, None) => "*".to_owned(),
    }
}

fn times(span: &Span<i64>) -> String {
    // A written time is a period of one microsecond, the end of a range included.
    let included = |bound: &Bound<i64>| {
        if bound.included {
            bound.value
        } else {
            bound.value - 1
        }
    };
    match (&span.min, &span.max) {
        (Some(min), Some(max)) => {
            let first = if min.included {
                min.value
            } else {
                min.value + 1
            };
            format!("{}..{}", written(first), written(included(max)))
        }
        (Some(min), None) if min.value > last() => format!(">{}", written(last())),
        (Some(min), None) => compared('>', min, &written(min.value)),
        (None, Some(max)) if max.value > last() => format!("<={}", written(last())),
        (None, Some(max)) => compared('<', max, &written(max.value)),
        (None, None) => "*".to_owned(),
    }
}

fn compared<T>(sign: char, bound: &Bound<T>, value: &dyn Display) -> String {
    let equal = if bound.included { "=" } else { "" };
    format!("{sign}{equal}{value}")
}

fn written(micros: i64) -> String {
    Micros::from_micros(micros).to_string()
}
