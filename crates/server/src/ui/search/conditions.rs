//! Conditions that a click adds to a query or takes out of it.
//!
//! Promises: what is written is written by the query language itself, so that any value stands for itself; the query
//! keeps the words that somebody typed where that means the same; and a link that could not be read back is none.

use ledger::time::Micros;
use query::address::Network;
use query::{Field, Filter, Kind, Leaf, Test};

/// What all of a filter's events must pass: its conditions at the top.
pub(super) fn members(filter: &Filter) -> Vec<&Filter> {
    match filter {
        Filter::All => Vec::new(),
        Filter::And(members) => members.iter().collect(),
        other => vec![other],
    }
}

/// A query while it is changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'q> {
    /// As it was written.
    pub(super) text: &'q str,
    /// As it was understood.
    pub(super) filter: &'q Filter,
    /// What times in it count from.
    pub(super) now: Micros,
    /// What `flag:unfamiliar_country` means in it.
    pub(super) known_countries: &'q [String],
}

/// The condition that a field has a value as counts name it; `None` where no query can say so.
pub(super) fn is(field: &Field, value: &str) -> Option<Filter> {
    let test = if field.kind() == Kind::Address {
        Test::Within(Network::parse(value)?)
    } else {
        Test::Is(value.to_owned())
    };
    let condition = Filter::leaf(field.clone(), test);
    let read = query::parse(&condition.to_string(), Micros::default()).ok()?;
    (read == condition).then_some(condition)
}

impl Query<'_> {
    fn reads_as(&self, text: &str, filter: &Filter) -> bool {
        query::parse_knowing(text, self.now, self.known_countries).is_ok_and(|read| read == *filter)
    }

    /// The query with one more condition. The opposite of it is taken out.
    pub(super) fn with(&self, condition: &Filter) -> String {
        let opposite = !condition.clone();
        if let Some(at) = members(self.filter)
            .into_iter()
            .position(|member| *member == opposite)
        {
            let text = self.without(at);
            let filter = query::parse_knowing(&text, self.now, self.known_countries);
            let filter = filter.unwrap_or(Filter::All);
            return Query {
                text: &text,
                filter: &filter,
                ..*self
            }
            .joined(condition);
        }
        self.joined(condition)
    }

    fn joined(&self, condition: &Filter) -> String {
        let both = self.filter.clone().and(condition.clone());
        let text = self.text.trim();
        if text.is_empty() {
            return condition.to_string();
        }
        [
            format!("{text} {condition}"),
            format!("({text}) {condition}"),
        ]
        .into_iter()
        .find(|candidate| self.reads_as(candidate, &both))
        .unwrap_or_else(|| both.to_string())
    }

    /// The query without the condition at this place of [`members`].
    pub(super) fn without(&self, at: usize) -> String {
        let members = members(self.filter);
        let Some(gone) = members.get(at) else {
            return self.text.to_owned();
        };
        let written = gone.to_string();
        let rest = members.iter().enumerate().filter(|(place, _)| *place != at);
        let rest = Filter::every(rest.map(|(_, member)| (*member).clone()));
        // As it stands in the text, if it does: once by itself, so that nothing else changes.
        let text = self.text;
        let cut = text.match_indices(&written).find_map(|(start, _)| {
            let before = text.get(..start)?.trim_end();
            let after = text.get(start + written.len()..)?.trim_start();
            let candidate = format!("{before} {after}").trim().to_owned();
            self.reads_as(&candidate, &rest).then_some(candidate)
        });
        cut.unwrap_or_else(|| rest.to_string())
    }

    /// The place of a condition among those at the top.
    pub(super) fn place_of(&self, condition: &Filter) -> Option<usize> {
        members(self.filter)
            .into_iter()
            .position(|member| member == condition)
    }
}

/// The value and the field of a condition that a facet could have made, and whether it is asked for or left out.
pub(super) fn as_value(filter: &Filter) -> Option<(&Field, String, bool)> {
    let (leaf, asked) = match filter {
        Filter::Leaf(leaf) => (leaf, true),
        Filter::Not(inner) => match inner.as_ref() {
            Filter::Leaf(leaf) => (leaf, false),
            _ => return None,
        },
        _ => return None,
    };
    let Leaf { field, test } = leaf;
    match test {
        Test::Is(value) => Some((field, value.clone(), asked)),
        Test::Within(network) => Some((field, network.to_string(), asked)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "plain",
        "two words",
        "-leading",
        ">5",
        "a..b",
        "\"quoted\"",
        "back\\slash",
        "co:lon",
        "(paren)",
        "star*",
        "or",
        "and",
        "not",
        "ünï cödé ✓",
        "\u{1f600}",
        "tab\there",
        "line\nfeed",
        "' or 1=1 --",
        "<script>alert(1)</script>",
        "%22&q=x",
        "\\",
        "\"",
        "*",
        "-",
        " leading and trailing ",
    ];

    fn query<'q>(text: &'q str, filter: &'q Filter) -> Query<'q> {
        Query {
            text,
            filter,
            now: Micros::default(),
            known_countries: &[],
        }
    }

    fn parsed(text: &str) -> Filter {
        query::parse(text, Micros::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn any_value_added_to_any_query_means_both_and_comes_out_again() {
        let fields = [
            Field::ResourceName,
            Field::Project,
            Field::ActorName,
            Field::Metadata("a b:\"c".into()),
        ];
        for text in [
            "",
            "a",
            "a OR b",
            "-a",
            "role:x (b OR c)",
            "x:\"y OR z\"",
            "severity:>=warning a",
        ] {
            let Ok(filter) = query::parse(text, Micros::default()) else {
                continue;
            };
            for field in &fields {
                for value in HOSTILE {
                    let Some(condition) = is(field, value) else {
                        panic!("{field:?} {value}")
                    };
                    for condition in [condition.clone(), !condition] {
                        let with = query(text, &filter).with(&condition);
                        let both = filter.clone().and(condition.clone());
                        assert_eq!(parsed(&with), both, "{with}");
                        let place = query(&with, &both).place_of(&condition).unwrap();
                        let without = query(&with, &both).without(place);
                        assert_eq!(parsed(&without), filter, "{with} -> {without}");
                    }
                }
            }
        }
    }

    #[test]
    fn words_stay_as_they_were_typed() {
        let filter = parsed("op:deployment.created  Foo");
        let env = is(&Field::Environment, "production").unwrap();
        let with = query("op:deployment.created  Foo", &filter).with(&env);
        assert_eq!(with, "op:deployment.created  Foo environment:production");
        let filter = parsed(&with);
        let place = query(&with, &filter).place_of(&env).unwrap();
        assert_eq!(
            query(&with, &filter).without(place),
            "op:deployment.created  Foo"
        );
        let without = query(&with, &filter).with(&!env);
        assert_eq!(
            without,
            "op:deployment.created  Foo -environment:production"
        );
    }

    #[test]
    fn an_address_is_asked_for_as_an_address() {
        let condition = is(&Field::Ip, "2001:db8::1").unwrap();
        assert_eq!(parsed(&condition.to_string()), condition);
        assert_eq!(is(&Field::Ip, "no address"), None);
    }
}
