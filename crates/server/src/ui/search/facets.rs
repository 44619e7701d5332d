//! Values with counts, each of which a click adds to the query or leaves out of it.
//!
//! Promises: a value's link finds as many events as its count says, in the same window; a value that no query could name
//! has no link, nor have any where the query is too long for each to repeat it. Must never: show what the API did not count for this viewer.

use ledger::vocabulary::sentence;
use query::{Field, country};

use super::conditions::{Query, as_value, is, members};
use super::question::Question;
use crate::ui::histogram::grouped;

/// What is counted, how it is called, and how many values are shown: all usual operations, in a list of their own
/// height, so that a rare one is a click away. At most eight: the API's limit.
const FACETS: [(&str, &str, usize); 8] = [
    ("operation", "Operation", 100),
    ("actor.name", "Actor", 12),
    ("environment", "Environment", 8),
    ("project", "Project", 12),
    ("resource.type", "Resource type", 12),
    ("outcome", "Outcome", 8),
    ("country", "Country", 12),
    ("source", "Source", 8),
];
/// Values of each that are asked for.
pub(super) const VALUES: &str = "100";
/// Values of each that can be left out: each link costs as much as the value.
const EXCLUDED_MAX: usize = 12;

/// One field with its values.
#[derive(Clone, Debug)]
pub(super) struct Facet {
    /// In words.
    pub(super) label: &'static str,
    /// The most frequent first; those in the query before them.
    pub(super) values: Vec<FacetValue>,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct FacetValue {
    pub(super) text: String,
    /// How many; empty for one that was left out.
    pub(super) count: String,
    /// Whether it is asked for (`is`), left out (`not`), or neither.
    pub(super) state: &'static str,
    /// Adds it, or takes it out where it stands in the query. Empty for none.
    pub(super) href: String,
    /// Leaves it out. Empty for none.
    pub(super) exclude: String,
}

/// One condition of the query.
#[derive(Clone, Debug)]
pub(super) struct Chip {
    /// As the language writes it.
    pub(super) text: String,
    /// The page without it; empty for none.
    pub(super) href: String,
}

/// The parameter `by`.
pub(super) fn by() -> String {
    FACETS.map(|(name, ..)| name).join(",")
}

/// The conditions of a question that can be taken out one by one.
pub(super) fn chips(question: &Question, query: &Query<'_>) -> Vec<Chip> {
    let chip = |(place, member): (usize, &query::Filter)| Chip {
        text: member.to_string(),
        href: question.one_of_many(|| query.without(place)),
    };
    members(query.filter)
        .into_iter()
        .enumerate()
        .map(chip)
        .collect()
}

/// What was counted, as facets.
pub(super) fn facets(
    counted: &api::Statistics,
    question: &Question,
    query: &Query<'_>,
) -> Vec<Facet> {
    let facet = |(name, label, most): (&str, &'static str, usize)| {
        let field = Field::parse(name)?;
        let found = counted.top.iter().find(|top| top.field == name)?;
        let mut values = left_out(&field, question, query);
        for value in found.values.iter().take(most) {
            let excludes = values.len() < EXCLUDED_MAX;
            values.push(one(&field, value, excludes, (question, query)));
        }
        (!values.is_empty()).then_some(Facet { label, values })
    };
    FACETS.into_iter().filter_map(facet).collect()
}

fn one(
    field: &Field,
    value: &api::ValueCount,
    excludes: bool,
    (question, query): (&Question, &Query<'_>),
) -> FacetValue {
    let mut shown = FacetValue {
        text: shown_as(field, &value.value),
        count: grouped(value.count),
        state: "",
        href: String::new(),
        exclude: String::new(),
    };
    let Some(condition) = is(field, &value.value) else {
        return shown;
    };
    if let Some(place) = query.place_of(&condition) {
        shown.state = "is";
        shown.href = question.one_of_many(|| query.without(place));
    } else {
        shown.href = question.one_of_many(|| query.with(&condition));
        if excludes {
            shown.exclude = question.one_of_many(|| query.with(&!condition));
        }
    }
    shown
}

/// Values of the field that the query leaves out: no count has them.
fn left_out(field: &Field, question: &Question, query: &Query<'_>) -> Vec<FacetValue> {
    let of_field = |(place, member): (usize, &query::Filter)| {
        let (of, value, asked) = as_value(member)?;
        (of == field && !asked).then(|| FacetValue {
            text: shown_as(field, &value),
            count: String::new(),
            state: "not",
            href: question.one_of_many(|| query.without(place)),
            exclude: String::new(),
        })
    };
    members(query.filter)
        .into_iter()
        .enumerate()
        .filter_map(of_field)
        .collect()
}

/// A value for people: counts have it in lower case.
fn shown_as(field: &Field, value: &str) -> String {
    let country = (*field == Field::Country).then(|| country::name_of(&value.to_ascii_uppercase()));
    sentence::clean(country.flatten().unwrap_or(value))
}
