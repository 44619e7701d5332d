//! What a search page asks: the query, an absolute window, an order; and the URLs of what is near it.
//!
//! Promises: a question that was read from a URL without absolute times, or with times among its conditions, says where
//! it stands in full, so that a link shows the same to whoever opens it. Must never: read a clock.

use std::collections::BTreeMap;

use ledger::time::Micros;
use query::plan::{Bound, Leaf};
use query::{Field, Filter, QueryError, Test};

use crate::http::asked::bound;
use crate::ui::ask::with_parameters;
use crate::ui::page::REPEATED_BYTES_MAX;
use crate::ui::window::{DAY, SECOND, Window, day_of};

/// Days of the window when nobody said, besides today.
const DAYS_DEFAULT: i64 = 7;
/// Characters of a wrong query that are shown before the place that is meant, and behind it.
const EXCERPT_CHARACTERS: usize = 48;

/// A question in full.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The page.
    path: String,
    /// The query as it was written, without times that hold for all of it.
    pub(super) q: String,
    /// The query understood.
    pub(super) filter: Filter,
    /// When.
    pub(super) window: Window,
    /// Whether the oldest come first.
    pub(super) oldest_first: bool,
}

/// What was read from a URL.
#[derive(Debug)]
pub(super) enum Reading {
    /// A question in full.
    Whole(Question),
    /// A question whose URL says less than it should: go where it says all.
    Elsewhere(Question),
    /// No question.
    Wrong(Box<Mistake>),
}

/// Why there is no question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// `q`, `since` or `until`.
    pub(super) parameter: &'static str,
    /// What was expected.
    pub(super) detail: String,
    /// What to do.
    pub(super) hint: String,
    /// The query around the place, for `q`.
    pub(super) before: String,
    /// The place that is meant.
    pub(super) meant: String,
    /// What follows it.
    pub(super) after: String,
    /// Under the place.
    pub(super) carets: String,
}

/// The parameters of a URL: each once, the last of several.
pub(super) type Parameters = BTreeMap<String, String>;

impl Question {
    /// Reads the parameters of the page at `path`.
    pub(super) fn read(
        path: String,
        parameters: &Parameters,
        now: Micros,
        known_countries: &[String],
    ) -> Reading {
        let text = |name: &str| parameters.get(name).map_or("", |text| text.trim());
        let (q, since, until) = (text("q"), text("since"), text("until"));
        let filter = match query::parse_knowing(q, now, known_countries) {
            Ok(filter) => filter,
            Err(error) => return Reading::Wrong(Box::new(Mistake::of_query(q, &error))),
        };
        let ends = read_end("since", since, now)
            .and_then(|since| Ok((since, read_end("until", until, now)?)));
        let (mut first, mut last) = match ends {
            Ok(ends) => ends,
            Err(mistake) => return Reading::Wrong(mistake),
        };
        let (rest, lifted) = lift_times(&filter);
        // What is written in the query was written later than what the page carries along.
        if let Some((lifted_since, lifted_until)) = lifted {
            let fits = |one: Option<i64>, other: Option<i64>| {
                one.zip(other).is_none_or(|(one, other)| one < other)
            };
            first = lifted_since.or(first.filter(|first| fits(Some(*first), lifted_until)));
            last = lifted_until.or(last.filter(|last| fits(lifted_since, Some(*last))));
        }
        let q = if lifted.is_some() {
            rest.to_string()
        } else {
            absolute(q, &filter, now, known_countries)
        };
        let question = Self {
            path,
            q,
            filter: rest,
            window: window(first, last, now),
            oldest_first: text("order") == "oldest",
        };
        let (since_in_full, until_in_full) = question.window.texts();
        if (
            question.q.as_str(),
            since_in_full.as_str(),
            until_in_full.as_str(),
        ) == (text("q"), since, until)
        {
            Reading::Whole(question)
        } else {
            Reading::Elsewhere(question)
        }
    }

    /// The URL of another query in the same window.
    pub(super) fn with_query(&self, q: &str) -> String {
        url(&self.path, q, self.window, self.oldest_first, &[])
    }

    /// The URL of the same query in another window.
    pub(super) fn within(&self, window: Window) -> String {
        url(&self.path, &self.q, window, self.oldest_first, &[])
    }

    /// Whether the query is longer than each of many links should repeat.
    pub(super) fn is_long(&self) -> bool {
        self.q.len() > REPEATED_BYTES_MAX
    }

    /// Another query, for one of many links; empty, and not made, where the query is long.
    pub(super) fn one_of_many(&self, q: impl FnOnce() -> String) -> String {
        if self.is_long() {
            return String::new();
        }
        self.with_query(&q())
    }

    /// The same query in another window, for one of many links; empty where the query is long.
    pub(super) fn part(&self, window: Window) -> String {
        if self.is_long() {
            return String::new();
        }
        self.within(window)
    }

    /// This page's own URL, from its first result on.
    pub(super) fn here(&self) -> String {
        self.within(self.window)
    }

    /// The URL of the same in the other order.
    pub(super) fn turned(&self) -> String {
        url(&self.path, &self.q, self.window, !self.oldest_first, &[])
    }

    /// The URL of what follows, in this session.
    pub(super) fn next(&self, cursor: &str) -> String {
        url(
            &self.path,
            &self.q,
            self.window,
            self.oldest_first,
            &[("cursor", cursor)],
        )
    }

    /// The URL of another page that takes the same question.
    pub(super) fn at(&self, page: &str, more: &[(&str, &str)]) -> String {
        url(
            &format!("{}/{page}", self.path),
            &self.q,
            self.window,
            false,
            more,
        )
    }

    /// What the API is asked with.
    pub(super) fn parameters(&self) -> [(&'static str, String); 3] {
        let (since, until) = self.window.texts();
        [("q", self.q.clone()), ("since", since), ("until", until)]
    }
}

/// A URL with a question in full.
fn url(path: &str, q: &str, window: Window, oldest: bool, more: &[(&str, &str)]) -> String {
    let (since, until) = window.texts();
    let order = if oldest { "oldest" } else { "" };
    let mut parameters = vec![
        ("q", q),
        ("since", &since),
        ("until", &until),
        ("order", order),
    ];
    parameters.extend_from_slice(more);
    with_parameters(path, &parameters)
}

impl Mistake {
    fn of_query(q: &str, error: &QueryError) -> Self {
        let start = error.column.saturating_sub(1);
        let shown: Vec<char> = q
            .chars()
            .map(|sign| if sign.is_control() { ' ' } else { sign })
            .collect();
        let start = start.min(shown.len());
        let end = start.saturating_add(error.length).min(shown.len());
        let from = start.saturating_sub(EXCERPT_CHARACTERS);
        let to = end.saturating_add(EXCERPT_CHARACTERS).min(shown.len());
        let piece = |from: usize, to: usize| {
            shown
                .get(from..to)
                .unwrap_or_default()
                .iter()
                .collect::<String>()
        };
        let cut = if from > 0 { "…" } else { "" };
        let before = format!("{cut}{}", piece(from, start));
        let carets = format!(
            "{}{}",
            " ".repeat(before.chars().count()),
            "^".repeat((end - start).max(1))
        );
        Self {
            parameter: "q",
            detail: error.to_string(),
            hint: error.hint.clone().unwrap_or_default(),
            before,
            meant: piece(start, end),
            after: piece(end, to),
            carets,
        }
    }
}

fn read_end(name: &'static str, text: &str, now: Micros) -> Result<Option<i64>, Box<Mistake>> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = bound(name, name, text, now).map_err(|error| {
        Box::new(Mistake {
            parameter: name,
            detail: error.problem().detail.clone(),
            hint: error.problem().hint.clone().unwrap_or_default(),
            before: String::new(),
            meant: String::new(),
            after: String::new(),
            carets: String::new(),
        })
    })?;
    let (min, max) = read.time_bounds();
    Ok(first_of(min).or_else(|| behind(max)))
}

/// The first moment that passes.
fn first_of(bound: Option<Bound<i64>>) -> Option<i64> {
    bound.map(|bound| bound.value.saturating_add(i64::from(!bound.included)))
}

/// The moment behind the last that passes.
fn behind(bound: Option<Bound<i64>>) -> Option<i64> {
    bound.map(|bound| bound.value.saturating_add(i64::from(bound.included)))
}

/// The first moment and the one behind the last, where there are any.
type Ends = (Option<i64>, Option<i64>);

/// What is left of a filter without the times that hold for all of it, and these, if there are any.
fn lift_times(filter: &Filter) -> (Filter, Option<Ends>) {
    let is_time = |member: &Filter| {
        matches!(
            member,
            Filter::Leaf(Leaf {
                field: Field::Timestamp,
                test: Test::Time(_)
            })
        )
    };
    let members = super::conditions::members(filter);
    if !members.iter().any(|member| is_time(member)) {
        return (filter.clone(), None);
    }
    let rest = members
        .into_iter()
        .filter(|member| !is_time(member))
        .cloned();
    let (min, max) = filter.time_bounds();
    (Filter::every(rest), Some((first_of(min), behind(max))))
}

/// The query as it was written, unless a time stands in it that means another thing tomorrow.
fn absolute(q: &str, filter: &Filter, now: Micros, known_countries: &[String]) -> String {
    let read = |at: Micros| query::parse_knowing(q, at, known_countries).ok();
    let tomorrow = read(now.plus(DAY));
    let in_full = filter.to_string();
    let same = |text: &str| {
        query::parse_knowing(text, now, known_countries).is_ok_and(|read| read == *filter)
    };
    if tomorrow.as_ref() == Some(filter) || !same(&in_full) {
        q.to_owned()
    } else {
        in_full
    }
}

fn window(first: Option<i64>, last: Option<i64>, now: Micros) -> Window {
    let now = now_up(now);
    let days_before = |end: i64| day_of(Micros::from_micros(end)) - DAYS_DEFAULT * DAY;
    let (since, until) = match (first, last) {
        (Some(since), Some(until)) => (since, until),
        (Some(since), None) => (since, now.max(since)),
        (None, Some(until)) => (days_before(until), until),
        (None, None) => (days_before(now), now),
    };
    Window::new(Micros::from_micros(since), Micros::from_micros(until))
}

/// The next full second: what happened just now belongs to it.
pub(super) fn now_up(now: Micros) -> i64 {
    now.as_micros().div_euclid(SECOND) * SECOND + SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-19T08:00:00Z, a Thursday.
    fn now() -> Micros {
        Micros::parse("2026-03-19T08:00:00Z").unwrap()
    }

    fn read(parameters: &[(&str, &str)]) -> Reading {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let parameters = parameters.iter().map(owned).collect();
        Question::read("/s".to_owned(), &parameters, now(), &[])
    }

    /// Where a URL with these parameters leads, and that it stays there.
    fn settled(parameters: &[(&str, &str)]) -> String {
        let question = match read(parameters) {
            Reading::Whole(question) | Reading::Elsewhere(question) => question,
            Reading::Wrong(mistake) => panic!("{mistake:?}"),
        };
        let [(_, q), (_, since), (_, until)] = question.parameters();
        let again = read(&[("q", &q), ("since", &since), ("until", &until)]);
        assert!(
            matches!(again, Reading::Whole(_)),
            "{parameters:?}: {again:?}"
        );
        format!("{q}|{since}|{until}")
    }

    #[test]
    fn every_question_gets_absolute_times_and_keeps_them() {
        for (parameters, expect) in [
            (vec![], "|2026-03-12T00:00:00Z|2026-03-19T08:00:01Z"),
            (
                vec![("q", "a OR b")],
                "a OR b|2026-03-12T00:00:00Z|2026-03-19T08:00:01Z",
            ),
            (
                vec![("since", "2h")],
                "|2026-03-19T06:00:00Z|2026-03-19T08:00:01Z",
            ),
            (
                vec![("until", "2026-03-10T12:00")],
                "|2026-03-03T00:00:00Z|2026-03-10T12:00:00Z",
            ),
            (
                vec![
                    ("q", "deleted during:last-thursday"),
                    ("since", "2026-01-01"),
                    ("until", "2026-01-02"),
                ],
                "deleted|2026-03-12T00:00:00Z|2026-03-13T00:00:00Z",
            ),
            (
                vec![
                    ("q", "since:1h"),
                    ("since", "2026-03-01"),
                    ("until", "2026-03-19T07:30:00Z"),
                ],
                "|2026-03-19T07:00:00Z|2026-03-19T07:30:00Z",
            ),
            (
                vec![
                    ("q", "since:1h"),
                    ("since", "2026-03-01"),
                    ("until", "2026-03-02"),
                ],
                "|2026-03-19T07:00:00Z|2026-03-19T08:00:01Z",
            ),
            (
                vec![("q", "x OR since:1h")],
                "x OR timestamp:>=2026-03-19T07:00:00.000000Z|2026-03-12T00:00:00Z|2026-03-19T08:00:01Z",
            ),
            (
                vec![("since", "2026-03-02"), ("until", "2026-03-01")],
                "|2026-03-01T00:00:00Z|2026-03-02T00:00:00Z",
            ),
        ] {
            assert_eq!(settled(&parameters), expect, "{parameters:?}");
        }
    }

    #[test]
    fn the_wrong_word_is_pointed_at_whatever_stands_around_it() {
        let Reading::Wrong(mistake) = read(&[("q", "rolé operaton:x b")]) else {
            panic!()
        };
        assert_eq!(mistake.before, "rolé ");
        assert_eq!(mistake.meant, "operaton");
        assert_eq!(mistake.after, ":x b");
        assert_eq!(mistake.carets, "     ^^^^^^^^");
        assert!(mistake.hint.contains("operation"));
        let long = format!("{} \"", "x ".repeat(200));
        let Reading::Wrong(mistake) = read(&[("q", &long)]) else {
            panic!()
        };
        assert!(mistake.before.starts_with('…') && mistake.before.chars().count() < 64);
        assert_eq!(mistake.carets.trim(), "^");
        let Reading::Wrong(mistake) = read(&[("q", "actor:")]) else {
            panic!()
        };
        assert_eq!(
            (mistake.meant.as_str(), mistake.carets.as_str()),
            ("", "      ^")
        );
        let Reading::Wrong(mistake) = read(&[("since", "hunter2")]) else {
            panic!()
        };
        assert_eq!(mistake.parameter, "since");
    }
}
