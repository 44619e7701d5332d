//! What a mark of a view covers, in absolute times.
//!
//! Promises: it has an end, and means the same whenever it is read. Must never read a clock.

use api::code;
use ledger::time::Micros;
use query::Filter;

use crate::http::HttpError;
use crate::http::asked::{Texts, bound};

/// The same question in absolute times. Where no end is said it ends at `now`: what happens later was not looked through.
pub(crate) fn fixed(
    asked: &Texts,
    now: Micros,
    known_countries: &[String],
) -> Result<Texts, HttpError> {
    let since = match &asked.since {
        Some(text) => bound("since", "since", text, now)?.time_bounds().0,
        None => None,
    };
    let until = match &asked.until {
        Some(text) => bound("until", "until", text, now)?.time_bounds().1,
        None => None,
    };
    let since = since.map(|bound| bound.value);
    let end = until.map_or(now.as_micros(), |bound| bound.value);
    if since.is_some_and(|since| since >= end) {
        let refused = match asked.until {
            Some(_) => HttpError::new(code::BAD_FIELD, "expected a time after since").at("/until"),
            None => HttpError::new(code::BAD_FIELD, "expected a time before now").at("/since"),
        };
        return Err(refused);
    }
    let time = |at: i64| Some(Micros::from_micros(at).to_string());
    let q = match asked.q.as_deref() {
        Some(q) => Some(absolute(q, now, known_countries)?),
        None => None,
    };
    Ok(Texts::new(q, since.and_then(time), time(end)))
}

/// The query as it reads at `now`; as it was sent where that would be longer than a query may be.
fn absolute(q: &str, now: Micros, known_countries: &[String]) -> Result<String, HttpError> {
    let read = |text: &str| query::parse_knowing(text, now, known_countries);
    let filter: Filter = read(q).map_err(|error| HttpError::of_query(&error))?;
    let text = filter.to_string();
    Ok(match read(&text) {
        Ok(same) if same == filter => text,
        _ => q.to_owned(),
    })
}
