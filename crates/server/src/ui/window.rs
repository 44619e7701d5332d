//! A stretch of time that a page looks at, and what people call its days.
//!
//! Promises: both ends are absolute, so that a link shows the same to whoever opens it. Must never: read a clock.

use ledger::time::Micros;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// The first Monday of 1970: what weeks, and buckets of the API, are counted from.
pub(super) const MONDAY: i64 = 4 * DAY;
/// The last whole second that [`Micros`] can say: 9999-12-30T21:59:59Z.
const LAST: i64 = 253_402_207_199 * SECOND;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// From `since` to before `until`; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The first moment.
    pub(super) since: Micros,
    /// The moment behind the last.
    pub(super) until: Micros,
}

impl Window {
    /// Between two moments, in either order, a second long at least, within the years of the query language.
    pub(super) fn new(one: Micros, other: Micros) -> Self {
        let within = |at: Micros| at.as_micros().clamp(0, LAST);
        let (one, other) = (within(one), within(other));
        let since = one.min(other).min(LAST - SECOND);
        let until = one.max(other).max(since + SECOND);
        Self {
            since: Micros::from_micros(since),
            until: Micros::from_micros(until),
        }
    }

    /// The same from a start and a length in microseconds.
    pub(super) fn of(start: i64, length: i64) -> Self {
        let end = start.saturating_add(length);
        Self::new(Micros::from_micros(start), Micros::from_micros(end))
    }

    /// Its length in microseconds, one second at least.
    pub(super) fn micros(self) -> i64 {
        self.until.as_micros() - self.since.as_micros()
    }

    /// What both have; `None` if that is nothing.
    pub(super) fn within(self, other: Self) -> Option<Self> {
        let (since, until) = (self.since.max(other.since), self.until.min(other.until));
        (since < until).then_some(Self { since, until })
    }

    /// Both ends as URLs carry them.
    pub(super) fn texts(self) -> (String, String) {
        (short_iso(self.since), short_iso(self.until))
    }
}

/// A time as URLs and forms send it: RFC 3339, or without seconds or offset as browsers do, meant as UTC.
pub(super) fn read(text: &str) -> Option<Micros> {
    let text = text.trim();
    let plain = || match text.len() {
        16 => Micros::parse(&format!("{text}:00Z")),
        _ => Micros::parse(&format!("{text}Z")),
    };
    Micros::parse(text).or_else(|_| plain()).ok()
}

/// A time as short as it can be said exactly: `2026-03-12T14:32:07Z`.
pub(super) fn short_iso(at: Micros) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, fraction))
            if fraction
                .trim_end_matches('Z')
                .bytes()
                .all(|digit| digit == b'0') =>
        {
            format!("{seconds}Z")
        }
        _ => text,
    }
}

/// The start of the day that `at` is in.
pub(super) fn day_of(at: Micros) -> i64 {
    at.as_micros() - at.as_micros().rem_euclid(DAY)
}

/// `Thu 12 Mar`.
pub(super) fn day_name(at: Micros) -> String {
    format!("{} {}", weekday(at), day_of_month(at))
}

/// `Thu`.
pub(super) fn weekday(at: Micros) -> &'static str {
    let days = (at.as_micros() - MONDAY).div_euclid(DAY).rem_euclid(7);
    let index = usize::try_from(days).unwrap_or_default();
    WEEKDAYS.get(index).copied().unwrap_or_default()
}

/// `12 Mar`.
pub(super) fn day_of_month(at: Micros) -> String {
    let iso = at.to_string();
    let day = iso.get(8..10).unwrap_or_default().trim_start_matches('0');
    format!("{day} {}", month(at))
}

/// `Mar`.
pub(super) fn month(at: Micros) -> &'static str {
    let iso = at.to_string();
    let index = iso
        .get(5..7)
        .and_then(|month| month.parse::<usize>().ok())
        .unwrap_or(1);
    MONTHS
        .get(index.wrapping_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_called_as_calendars_call_them() {
        for (text, name) in [
            ("1970-01-01T00:00:00Z", "Thu 1 Jan"),
            ("2026-03-12T23:59:59Z", "Thu 12 Mar"),
            ("2024-02-29T12:00:00Z", "Thu 29 Feb"),
            ("2026-11-22T00:00:00Z", "Sun 22 Nov"),
        ] {
            assert_eq!(day_name(Micros::parse(text).unwrap()), name);
        }
    }

    #[test]
    fn a_window_is_never_empty_nor_beyond_what_a_query_can_say() {
        let ends = [i64::MIN, -1, 0, 1, LAST, i64::MAX].map(Micros::from_micros);
        for one in ends {
            for other in ends {
                let window = Window::new(one, other);
                assert!(window.since < window.until);
                for text in [window.texts().0, window.texts().1] {
                    assert!(
                        query::parse(&format!("since:{text}"), Micros::default()).is_ok(),
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_time_is_written_without_what_it_does_not_need() {
        let at = Micros::parse("2026-03-12T14:32:07Z").unwrap();
        assert_eq!(short_iso(at), "2026-03-12T14:32:07Z");
        assert_eq!(short_iso(at.plus(1_500)), "2026-03-12T14:32:07.001500Z");
    }
}
