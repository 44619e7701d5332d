//! What the page's address asks for, and the addresses that lead on from it.
//!
//! Promises: every address bears absolute times, so that it shows the same to whoever opens it. Must never: put what was
//! sent into a query without quoting it.

use ledger::time::Micros;
use serde::Deserialize;

use super::window::{self, Window};
use crate::http::HttpError;
use crate::ui::ask::with_parameters;
use crate::ui::term::term;

/// Longest name of a project or environment that is filtered by, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Events of machines are left out.
const PEOPLE: &str = "-actor.type:(agent OR api_key OR service_account OR system)";
/// What went wrong, and what was taken back.
const PROBLEMS: &str =
    "(outcome:(failure OR denied) OR operation:(deployment.failed OR deployment.rolled_back))";

/// What a browser sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::ui) struct Parameters {
    q: Option<String>,
    since: Option<String>,
    until: Option<String>,
    project: Option<String>,
    environment: Option<String>,
    only: Option<String>,
    t0: Option<String>,
    below: Option<String>,
}

/// Whose events are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Only {
    /// Everybody's.
    #[default]
    Everything,
    /// Those of people.
    People,
    /// What went wrong.
    Problems,
}

impl Only {
    /// Each with its name in addresses and on the page.
    pub(super) const ALL: [(Self, &str, &str); 3] = [
        (Self::Everything, "", "Everything"),
        (Self::People, "people", "People"),
        (Self::Problems, "problems", "Failed, denied, rolled back"),
    ];

    fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(only, ..)| *only == self)
            .map_or("", |(_, name, _)| *name)
    }

    fn query(self) -> &'static str {
        match self {
            Self::Everything => "",
            Self::People => PEOPLE,
            Self::Problems => PROBLEMS,
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The query in the box.
    pub(super) q: String,
    /// The stretch of time.
    pub(super) window: Window,
    /// Only of this project.
    pub(super) project: String,
    /// Only of this environment.
    pub(super) environment: String,
    /// Whose.
    pub(super) only: Only,
    /// The moment that everything is measured from.
    pub(super) t0: Option<Micros>,
    /// In the window's last microsecond, only what stands below this place of the log: where a page before ended.
    pub(super) below: Option<u64>,
}

/// What could not be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// The parameter that it is about; empty for none.
    pub(super) parameter: &'static str,
    /// The query up to what is meant; empty where it is not about the query.
    pub(super) before: String,
    /// What is meant.
    pub(super) word: String,
    /// The query behind it.
    pub(super) after: String,
    /// What was expected.
    pub(super) expected: String,
    /// What to do about it.
    pub(super) hint: String,
}

impl Fault {
    /// Something that is not about one word.
    pub(super) fn of(expected: &str) -> Self {
        Self {
            expected: expected.to_owned(),
            ..Self::default()
        }
    }

    /// The same, of a parameter.
    fn at(parameter: &'static str, expected: &str) -> Self {
        Self {
            parameter,
            ..Self::of(expected)
        }
    }

    /// The same where there is no form to say it in.
    pub(super) fn refusal(&self) -> HttpError {
        let expected = self.expected.strip_prefix("expected ");
        let expected = expected.unwrap_or(&self.expected);
        if self.hint.is_empty() {
            HttpError::bad_parameter(self.parameter, expected)
        } else {
            HttpError::bad_parameter(self.parameter, format_args!("{expected}; {}", self.hint))
        }
    }

    /// What the page says of it: as the fields of its form are called.
    pub(super) fn said(&self) -> String {
        let label = match self.parameter {
            "since" => "from: ",
            "until" => "to: ",
            "t0" => "T0: ",
            _ => "",
        };
        format!("{label}{}", self.expected)
    }

    fn of_query(q: &str, error: &query::QueryError) -> Self {
        let mut characters = q.chars();
        let mut take = |count: usize| characters.by_ref().take(count).collect::<String>();
        let (before, word) = (take(error.column.saturating_sub(1)), take(error.length));
        Self {
            parameter: "q",
            before,
            // What is missing has no letters: the mark stands where it should be.
            word: if word.is_empty() {
                "␣".to_owned()
            } else {
                word
            },
            after: characters.collect(),
            expected: format!("expected {}", error.expected),
            hint: error.hint.clone().unwrap_or_default(),
        }
    }
}

impl Asked {
    /// What a browser asks for at `now`, and what of it could not be understood.
    pub(super) fn read(
        sent: Parameters,
        now: Micros,
        known_countries: &[String],
    ) -> (Self, Option<Fault>) {
        let mut fault = None;
        let mut time = |text: Option<String>, name: &'static str| {
            let text = text.filter(|text| !text.trim().is_empty())?;
            let time = window::read(&text);
            if time.is_none() {
                let expected = "expected a time such as 2026-03-12T14:32:07Z";
                fault.get_or_insert_with(|| Fault::at(name, expected));
            }
            time
        };
        let (since, until) = (time(sent.since, "since"), time(sent.until, "until"));
        let t0 = time(sent.t0, "t0");
        let window = Window::said(since, until, now).unwrap_or_else(|| {
            fault.get_or_insert_with(|| Fault::at("until", "expected an end after the beginning"));
            Window::newest(now)
        });
        let q = sent.q.unwrap_or_default().trim().to_owned();
        if let Err(error) = query::parse_knowing(&q, now, known_countries) {
            fault.get_or_insert_with(|| Fault::of_query(&q, &error));
        }
        let name = |text: Option<String>| {
            text.filter(|text| text.len() <= NAME_BYTES_MAX)
                .unwrap_or_default()
        };
        let only = sent.only.unwrap_or_default();
        let asked = Self {
            q,
            window,
            project: name(sent.project),
            environment: name(sent.environment),
            only: Only::ALL
                .iter()
                .find(|(_, name, _)| *name == only)
                .map_or_else(Only::default, |(only, ..)| *only),
            t0,
            below: sent.below.and_then(|text| text.parse().ok()),
        };
        (asked, fault)
    }

    /// The query for the API, without times.
    pub(super) fn query(&self) -> String {
        self.query_with("")
    }

    /// The same with one more condition.
    pub(super) fn query_with(&self, more: &str) -> String {
        let named = |field: &str, value: &str| match value {
            "" => String::new(),
            value => term(field, value),
        };
        let below = self.below.map_or_else(String::new, |below| {
            let last = window::short(self.window.until.plus(-1));
            format!("-(timestamp:>={last} seq:>={below})")
        });
        let q = if self.q.is_empty() {
            String::new()
        } else {
            format!("({})", self.q)
        };
        let parts = [
            q,
            named("project", &self.project),
            named("environment", &self.environment),
            self.only.query().to_owned(),
            below,
            more.to_owned(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            // As it was typed: it is shown to people on the page of searches.
            [_] if !self.q.is_empty() => self.q.clone(),
            parts => parts.join(" "),
        }
    }

    /// What went wrong among it.
    pub(super) fn problems(&self) -> String {
        self.query_with(PROBLEMS)
    }

    /// `since` and `until` for the API.
    pub(super) fn times(&self) -> (String, String) {
        (
            window::short(self.window.since),
            window::short(self.window.until),
        )
    }

    /// The parameters of this page's address, those without a value too.
    pub(super) fn parameters(&self) -> [(&'static str, String); 8] {
        let (since, until) = self.times();
        [
            ("since", since),
            ("until", until),
            ("q", self.q.clone()),
            ("project", self.project.clone()),
            ("environment", self.environment.clone()),
            ("only", self.only.name().to_owned()),
            ("t0", self.t0.map(window::short).unwrap_or_default()),
            (
                "below",
                self.below
                    .map(|below| below.to_string())
                    .unwrap_or_default(),
            ),
        ]
    }

    /// The address of `page` with this, from the page itself; the page has the empty name.
    pub(super) fn href(&self, page: &str) -> String {
        let parameters = self.parameters();
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        with_parameters(page, &parameters)
    }

    /// The address of this page with something changed.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut other = self.clone();
        change(&mut other);
        other.href("")
    }

    /// The address of another stretch of time.
    pub(super) fn at(&self, window: Window) -> String {
        self.with(|other| {
            other.below = if window.until == self.window.until {
                self.below
            } else {
                None
            };
            other.window = window;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Micros {
        window::read("2026-03-12T14:32:07Z").unwrap()
    }

    fn asked(set: impl FnOnce(&mut Parameters)) -> (Asked, Option<Fault>) {
        let mut parameters = Parameters::default();
        set(&mut parameters);
        Asked::read(parameters, now(), &[])
    }

    #[test]
    fn nothing_breaks_out_of_a_filter() {
        for name in ["x\" OR actor:\"42", "\\", "a\\\" b", "(", "*", "ä ö"] {
            let (asked, _) = asked(|sent| sent.project = Some(name.to_owned()));
            let filter = query::parse(&asked.query(), now()).unwrap();
            assert!(
                matches!(filter, query::Filter::Leaf(_)),
                "{name}: {filter:?}"
            );
        }
        let (alone, fault) = asked(|sent| sent.q = Some("a) OR (b".to_owned()));
        assert_eq!(fault.unwrap().word, ")", "{alone:?}");
    }

    #[test]
    fn every_question_that_the_page_puts_is_one_that_the_language_has() {
        for only in ["", "people", "problems", "nonsense"] {
            let (asked, fault) = asked(|sent| {
                sent.only = Some(only.to_owned());
                sent.q = Some("a OR b".to_owned());
                sent.environment = Some("production".to_owned());
                sent.below = Some("17".to_owned());
            });
            assert_eq!(fault, None);
            for text in [asked.query(), asked.problems()] {
                assert!(query::parse(&text, now()).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn the_fault_is_under_its_word() {
        let (_, fault) = asked(|sent| sent.q = Some("actor:1 nofield:2 x".to_owned()));
        let fault = fault.unwrap();
        assert_eq!(
            (
                fault.before.as_str(),
                fault.word.as_str(),
                fault.after.as_str()
            ),
            ("actor:1 ", "nofield", ":2 x")
        );
        let (asked, fault) = asked(|sent| sent.since = Some("yesterday<".to_owned()));
        assert!(!fault.unwrap().expected.contains('<'));
        assert_eq!(asked.window, Window::newest(now()));
    }

    #[test]
    fn an_address_asks_for_what_it_was_made_of() {
        let (first, _) = asked(|sent| {
            sent.q = Some("name:\"a&b=c\" 100%".to_owned());
            sent.t0 = Some("2026-03-12T14:00".to_owned());
            sent.below = Some("9".to_owned());
        });
        let href = first.href("");
        assert!(
            href.starts_with("?since=2026-03-11T14%3A33%3A00Z&until="),
            "{href}"
        );
        assert!(
            href.contains("&q=name%3A%22a%26b%3Dc%22%20100%25&") && href.ends_with("&below=9"),
            "{href}"
        );
    }
}
