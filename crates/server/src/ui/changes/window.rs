//! The stretch of time that the page looks at.
//!
//! Promises: both ends are absolute, so that a link shows the same to whoever opens it. Must never: read a clock.

use ledger::time::Micros;

use crate::ui::window::{DAY, HOUR, MINUTE, SECOND};
pub(super) use crate::ui::window::{Window, read, short_iso as short};

/// What is shown when nothing is said.
const DEFAULT: i64 = DAY;
/// Lengths that are one click away.
const PRESETS: [(&str, i64); 4] = [
    ("1 h", HOUR),
    ("6 h", 6 * HOUR),
    ("24 h", DAY),
    ("7 d", 7 * DAY),
];

/// Which stretches this page offers.
impl Window {
    /// From one moment to another; `None` if that is nothing.
    pub(super) fn between(since: Micros, until: Micros) -> Option<Self> {
        (since < until).then_some(Self { since, until })
    }

    /// The last so many microseconds.
    fn last(length: i64, now: Micros) -> Self {
        let until = next_minute(now);
        Self {
            since: until.plus(-length),
            until,
        }
    }

    /// What is shown at `now` when nothing is said.
    pub(super) fn newest(now: Micros) -> Self {
        Self::last(DEFAULT, now)
    }

    /// What was said, as far as it was; `None` if it ends before it begins.
    pub(super) fn said(since: Option<Micros>, until: Option<Micros>, now: Micros) -> Option<Self> {
        match (since, until) {
            (None, None) => Some(Self::newest(now)),
            (Some(since), None) => Self::between(since, next_minute(now)),
            (None, Some(until)) => Self::between(until.plus(-DEFAULT), until),
            (Some(since), Some(until)) => Self::between(since, until),
        }
    }

    /// The one before it.
    pub(super) fn older(self) -> Option<Self> {
        Self::between(self.since.plus(-self.micros()), self.since)
    }

    /// The one after it, if it has begun at `now`.
    pub(super) fn newer(self, now: Micros) -> Option<Self> {
        let begun = self.until < next_minute(now);
        Self::between(self.until, self.until.plus(self.micros())).filter(|_| begun)
    }

    /// An hour before to a quarter of an hour after a moment.
    pub(super) fn around(at: Micros) -> Self {
        Self {
            since: at.plus(-HOUR),
            until: at.plus(15 * MINUTE),
        }
    }

    /// Whether a moment is in it.
    pub(super) fn holds(self, at: Micros) -> bool {
        self.since <= at && at < self.until
    }

    /// Windows that end now, each with its name.
    pub(super) fn presets(now: Micros) -> impl Iterator<Item = (&'static str, Self)> {
        PRESETS
            .into_iter()
            .map(move |(name, length)| (name, Self::last(length, now)))
    }
}

/// The minute that begins next: what happens now is before it.
fn next_minute(now: Micros) -> Micros {
    now.plus(MINUTE - now.as_micros().rem_euclid(MINUTE))
}

/// For a form's field, in whole seconds.
pub(super) fn for_form(at: Micros) -> String {
    at.to_string().get(..19).unwrap_or_default().to_owned()
}

/// The same for an end: nothing before it is left out.
pub(super) fn end_for_form(at: Micros) -> String {
    for_form(at.plus(SECOND - 1))
}

/// `2026-03-12 14:32:07`, without seconds if they are none.
pub(super) fn plain(at: Micros) -> String {
    let text = at.to_string();
    let (day, clock) = (
        text.get(..10).unwrap_or_default(),
        text.get(11..19).unwrap_or_default(),
    );
    format!("{day} {}", clock.strip_suffix(":00").unwrap_or(clock))
}

/// `Thursday 12 March 2026`.
pub(super) fn day_name(at: Micros) -> String {
    let stamp = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    stamp
        .to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%A %-d %B %Y")
        .to_string()
}

/// How far from T0: `T0 − 14 m`.
pub(super) fn offset(at: Micros, t0: Micros) -> String {
    let micros = at.as_micros() - t0.as_micros();
    let seconds = micros.abs() / SECOND;
    let length = match seconds {
        0 => return "T0".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => joined((seconds / 3_600, "h"), (seconds % 3_600 / 60, "m")),
        _ => joined((seconds / 86_400, "d"), (seconds % 86_400 / 3_600, "h")),
    };
    format!("T0 {} {length}", if micros < 0 { '−' } else { '+' })
}

fn joined((large, unit): (i64, &str), (small, small_unit): (i64, &str)) -> String {
    if small == 0 {
        format!("{large} {unit}")
    } else {
        format!("{large} {unit} {small} {small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        read(text).unwrap()
    }

    #[test]
    fn offsets_are_told_in_two_units_at_most() {
        let t0 = at("2026-03-12T14:32:07Z");
        for (seconds, told) in [
            (0, "T0"),
            (-40, "T0 − 40 s"),
            (-14 * 60 - 3, "T0 − 14 m"),
            (3 * 60, "T0 + 3 m"),
            (-7_500, "T0 − 2 h 5 m"),
            (7_200, "T0 + 2 h"),
            (-3 * 86_400 - 4 * 3_600, "T0 − 3 d 4 h"),
        ] {
            assert_eq!(offset(t0.plus(seconds * SECOND), t0), told);
        }
    }

    #[test]
    fn a_form_and_a_link_say_the_same_time() {
        for text in [
            "2026-03-12T14:32",
            "2026-03-12T14:32:00",
            "2026-03-12T14:32:00Z",
            "2026-03-12T15:32:00+01:00",
        ] {
            assert_eq!(short(at(text)), "2026-03-12T14:32:00Z");
        }
        for text in [
            "",
            "yesterday",
            "2026-03-12",
            "2026-02-30T00:00",
            "2026-03-12T14:32:00Z[x]",
            "ä026-03-12T14:3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_forms_end_leaves_nothing_out() {
        let end = at("2026-03-12T14:32:07.000001Z");
        assert_eq!(end_for_form(end), "2026-03-12T14:32:08");
        assert_eq!(
            end_for_form(at("2026-03-12T14:32:07Z")),
            "2026-03-12T14:32:07"
        );
    }

    #[test]
    fn a_window_is_never_empty() {
        let now = at("2026-03-12T14:32:07Z");
        assert_eq!(Window::said(Some(now), Some(now), now), None);
        assert_eq!(Window::said(Some(at("2026-03-13T00:00")), None, now), None);
        assert_eq!(Window::said(None, Some(Micros::default()), now), None);
        let newest = Window::said(None, None, now).unwrap();
        assert_eq!(
            (short(newest.since), short(newest.until)),
            ("2026-03-11T14:33:00Z".into(), "2026-03-12T14:33:00Z".into())
        );
        assert_eq!(newest.newer(now), None);
        assert_eq!(newest.older().unwrap().newer(now), Some(newest));
        assert_eq!(
            Window::between(Micros::default(), now).unwrap().older(),
            None
        );
    }
}
