//! A time as pages show it: absolute in UTC, and how long ago.

use std::fmt::Write;

use ledger::time::Micros;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// For machines: RFC 3339.
    pub(super) iso: String,
    /// The day, `2026-03-12`.
    pub(super) day: String,
    /// The time of day, `14:32:07`.
    pub(super) clock: String,
    /// How long ago, or how long until.
    pub(super) ago: String,
    /// The time itself.
    pub(super) at: Micros,
}

impl Moment {
    /// `at`, seen at `now`.
    pub(super) fn new(at: Micros, now: Micros) -> Self {
        let iso = at.to_string();
        Self {
            day: iso.get(..10).unwrap_or_default().to_owned(),
            clock: iso.get(11..19).unwrap_or_default().to_owned(),
            ago: ago(at, now),
            iso,
            at,
        }
    }

    /// The time in a text that may be absent.
    pub(super) fn read_if(text: Option<&str>, now: Micros) -> Option<Self> {
        Self::read(text?, now)
    }

    /// The time in a text, if it is one.
    pub(super) fn read(text: &str, now: Micros) -> Option<Self> {
        Micros::parse(text).ok().map(|at| Self::new(at, now))
    }
}

/// How long ago, in one unit.
fn ago(at: Micros, now: Micros) -> String {
    let seconds = now.as_micros().saturating_sub(at.as_micros()) / 1_000_000;
    let (length, future) = (seconds.abs(), seconds < 0);
    if length < 5 {
        return String::from("just now");
    }
    let text = length_of(length);
    if future {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}

/// A length of time in its largest unit, `14 min`, `3 days`.
pub(super) fn length_of(seconds: i64) -> String {
    let (count, unit) = match seconds {
        _ if seconds < MINUTE => (seconds, "s"),
        _ if seconds < HOUR => (seconds / MINUTE, "min"),
        _ if seconds < DAY => (seconds / HOUR, "h"),
        _ => (seconds / DAY, "days"),
    };
    let unit = if unit == "days" && count == 1 {
        "day"
    } else {
        unit
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    _ = write!(text, "{count} {unit}");
    text
}
