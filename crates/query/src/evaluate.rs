//! The judge: whether an event is what a query asks for. Every store is held against it, so it is simple, not fast.
//!
//! Promises: looks at nothing but the document and the filter; a viewer without persons gets the answer that the event
//! would give if the restricted facts were not there.

use std::borrow::Cow;

use crate::address::address;
use crate::document::{Access, Document, Fact, Viewer};
use crate::field::{Field, Kind, Side};
use crate::limits::WORDS_MAX;
use crate::plan::{Filter, Leaf, Number, Test};
use crate::words::{fold, is_identifier, is_matched_whole, words};

/// Whether a filter accepts an event, as far as the viewer may search it.
pub fn matches(filter: &Filter, document: &Document<'_>, viewer: Viewer) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(members) => members
            .iter()
            .all(|member| matches(member, document, viewer)),
        Filter::Or(members) => members
            .iter()
            .any(|member| matches(member, document, viewer)),
        Filter::Not(inner) => !matches(inner, document, viewer),
        Filter::Leaf(leaf) => passes(leaf, document, viewer),
    }
}

fn passes(leaf: &Leaf, document: &Document<'_>, viewer: Viewer) -> bool {
    let test = &leaf.test;
    match leaf.field {
        Field::Timestamp => time_passes(test, document.time.as_micros()),
        Field::Recorded => time_passes(test, document.recorded_at.as_micros()),
        Field::Seq => value_passes(test, Kind::Number, &document.seq.to_string()),
        _ => match test {
            Test::Words { words, prefix } => searchable_words(document).any(|(fact, text)| {
                asks_for(leaf, fact, viewer) && stand_in(words, *prefix, &text)
            }),
            test => document.facts.iter().any(|fact| {
                asks_for(leaf, fact, viewer) && value_passes(test, leaf.field.kind(), &fact.text)
            }),
        },
    }
}

/// Facts with their words, in order, up to [`WORDS_MAX`] words of the event: what lies behind is kept and not found.
/// The words of restricted facts count, whoever asks.
pub fn searchable_words<'d>(
    document: &'d Document<'_>,
) -> impl Iterator<Item = (&'d Fact<'d>, Vec<Cow<'d, str>>)> {
    let mut left = WORDS_MAX;
    document
        .facts
        .iter()
        .filter(|fact| fact.counts_as_text())
        .map(move |fact| {
            let text: Vec<_> = words(&fact.text).take(left).collect();
            left -= text.len();
            (fact, text)
        })
}

/// Whether a condition is about a fact, and the viewer may search it.
fn asks_for(leaf: &Leaf, fact: &Fact<'_>, viewer: Viewer) -> bool {
    let visible = viewer == Viewer::Whole || fact.access == Access::Open;
    let meant = match (&leaf.field, &fact.field) {
        (Field::Text, _) => true,
        (
            Field::Change {
                name,
                side: Side::Either,
            },
            Field::Change { name: other, .. },
        ) => name == other,
        (asked, field) => asked == field,
    };
    visible && meant
}

fn time_passes(test: &Test, micros: i64) -> bool {
    match test {
        Test::Exists => true,
        Test::Time(span) => span.contains(|bound| micros.cmp(bound)),
        _ => false,
    }
}

fn value_passes(test: &Test, kind: Kind, text: &str) -> bool {
    match test {
        Test::Exists => true,
        Test::Is(value) => fold(text) == value.as_str(),
        Test::OneOf(values) => values.iter().any(|value| fold(text) == value.as_str()),
        Test::StartsWith(beginning) => {
            let value = fold(text);
            let whole_only = kind != Kind::Keyword && is_matched_whole(&value);
            !whole_only && value.starts_with(beginning.as_str())
        }
        Test::Words {
            words: asked,
            prefix,
        } => stand_in(asked, *prefix, &words(text).collect::<Vec<_>>()),
        Test::Number(span) => {
            Number::parse(text).is_some_and(|number| span.contains(|bound| number.compare(bound)))
        }
        Test::Within(network) => address(text).is_some_and(|address| network.contains(address)),
        // Events have two times, and neither is a fact.
        Test::Time(_) => false,
    }
}

/// Whether the words asked for stand side by side in a text.
fn stand_in(asked: &[String], prefix: bool, text: &[Cow<'_, str>]) -> bool {
    let Some((last, before)) = asked.split_last() else {
        return false;
    };
    text.windows(asked.len()).any(|window| {
        let Some((end, begun)) = window.split_last() else {
            return false;
        };
        let ends = if prefix {
            end.starts_with(last.as_str()) && !is_identifier(end)
        } else {
            end == last
        };
        ends && begun.iter().zip(before).all(|(word, asked)| word == asked)
    })
}
