//! What readers ask: query texts to a filter, and the small parameters that several handlers share.
//!
//! Promises: every refusal names its parameter; what was sent is never repeated. Must never read a clock.

use std::fmt::Display;
use std::ops::RangeInclusive;

use ledger::time::Micros;
use query::Filter;

use super::error::HttpError;

/// Longest `since`, `until` or `at` in bytes.
pub(crate) const TIME_BYTES_MAX: usize = 64;

/// The texts of a question, as they were sent; what was sent empty was not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    /// The query.
    pub(crate) q: Option<String>,
    /// No event before this.
    pub(crate) since: Option<String>,
    /// No event at or after this.
    pub(crate) until: Option<String>,
}

impl Texts {
    pub(crate) fn new(q: Option<String>, since: Option<String>, until: Option<String>) -> Self {
        let sent = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            q: sent(q),
            since: sent(since),
            until: sent(until),
        }
    }

    /// Whether nothing was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.q.is_none() && self.since.is_none() && self.until.is_none()
    }

    /// What the texts ask for when read at `now` for a tenant that knows these countries.
    pub(crate) fn filter(
        &self,
        now: Micros,
        known_countries: &[String],
    ) -> Result<Filter, HttpError> {
        let q = self.q.as_deref().unwrap_or_default();
        let q = query::parse_knowing(q, now, known_countries)
            .map_err(|error| HttpError::of_query(&error))?;
        let bounds = [("since", &self.since), ("until", &self.until)];
        let mut filters = vec![q];
        for (name, text) in bounds {
            if let Some(text) = text {
                filters.push(bound(name, name, text, now)?);
            }
        }
        Ok(Filter::every(filters))
    }
}

/// The condition on time that `word` (`since` or `until`) makes of the text of a parameter.
pub(crate) fn bound(
    parameter: &'static str,
    word: &'static str,
    text: &str,
    now: Micros,
) -> Result<Filter, HttpError> {
    // Nothing that could end the condition and begin another one.
    let is_one_value = text.len() <= TIME_BYTES_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-:._".contains(&byte));
    if !is_one_value {
        return Err(HttpError::bad_parameter(
            parameter,
            "a time such as 24h, 2026-03-12 or 2026-03-12T14:32:07Z",
        ));
    }
    match query::parse(&format!("{word}:{text}"), now) {
        Ok(filter @ Filter::Leaf(_)) => Ok(filter),
        Ok(_) => Err(HttpError::bad_parameter(parameter, "a single time")),
        Err(error) => Err(HttpError::bad_parameter(parameter, error.expected)),
    }
}

/// A whole number within bounds; the default when it was not sent.
pub(crate) fn whole(
    parameter: &'static str,
    sent: Option<&str>,
    bounds: RangeInclusive<usize>,
    default: usize,
) -> Result<usize, HttpError> {
    let Some(text) = sent else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (bounds.start(), bounds.end());
        HttpError::bad_parameter(
            parameter,
            format_args!("a whole number from {least} to {most}"),
        )
    })
}

/// One of a few words; the first when it was not sent.
pub(crate) fn one_of<T: Copy>(
    parameter: &'static str,
    sent: Option<&str>,
    words: &[(&str, T)],
) -> Result<T, HttpError> {
    let chosen = match sent {
        None => words.first(),
        Some(text) => words.iter().find(|(word, _)| *word == text),
    };
    chosen.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        HttpError::bad_parameter(parameter, Alternatives(&words))
    })
}

/// Words joined by `or`.
struct Alternatives<'a>(&'a [&'a str]);

impl Display for Alternatives<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" or "))
    }
}

/// Which of a tenant's logs is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhichLog {
    /// The tenant's events.
    Main,
    /// Who read them.
    Access,
}

impl WhichLog {
    /// Reads the parameter `log`.
    pub(crate) fn read(sent: Option<&str>) -> Result<Self, HttpError> {
        one_of(
            "log",
            sent,
            &[("main", Self::Main), ("access", Self::Access)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Micros {
        Micros::from_micros(1_795_248_000_000_000)
    }

    fn refused(text: &str) -> String {
        let error = bound("until", "until", text, now()).unwrap_err();
        assert_eq!(error.problem().parameter.as_deref(), Some("until"));
        error.problem().detail.clone()
    }

    #[test]
    fn a_time_smuggles_no_condition_in() {
        for text in [
            "2026 OR actor:42",
            "(2026)",
            "\"2026\"",
            "2026*",
            "2026\u{a0}x",
            "hunter2",
            "",
        ] {
            let said = refused(text);
            assert!(said.starts_with("until: expected "), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn what_was_sent_empty_was_not_sent() {
        let texts = Texts::new(Some(String::new()), Some(String::new()), None);
        assert!(texts.is_empty());
        assert_eq!(texts.filter(now(), &[]).unwrap(), Filter::All);
    }

    #[test]
    fn numbers_are_refused_beyond_their_bounds_never_clamped() {
        assert_eq!(whole("limit", None, 1..=1_000, 50).unwrap(), 50);
        for text in ["0", "1001", "-1", "1e3", "", "99999999999999999999999"] {
            let error = whole("limit", Some(text), 1..=1_000, 50).unwrap_err();
            assert_eq!(
                error.problem().detail,
                "limit: expected a whole number from 1 to 1000"
            );
        }
    }
}
