//! Counts over time as bars, each of which is a link to its stretch of time.
//!
//! Promises: bars lie on the window's own scale, empty ones between them; a link never leaves the window; at most
//! [`BARS_MAX`] bars and [`MARKS_MAX`] marks, however long the window. Whoever shows one asks `GET /v1/stats` with
//! [`Histogram::interval`] and includes `histogram.html`.

use std::fmt::Write;

use ledger::time::Micros;

use super::window::{
    DAY, HOUR, MINUTE, MONDAY, SECOND, Window, day_name, day_of_month, month, weekday,
};

/// Most bars.
const BARS_MAX: i64 = 64;
/// Most marks under the bars.
const MARKS_MAX: i64 = 8;
/// Marks stand left of this, in hundredths of a percent.
const MARK_PLACE_MAX: i64 = 9_200;
/// Widths that people read easily, and how the API calls them.
const WIDTHS: [(i64, &str); 16] = [
    (SECOND, "1s"),
    (5 * SECOND, "5s"),
    (15 * SECOND, "15s"),
    (30 * SECOND, "30s"),
    (MINUTE, "1m"),
    (5 * MINUTE, "5m"),
    (15 * MINUTE, "15m"),
    (30 * MINUTE, "30m"),
    (HOUR, "1h"),
    (3 * HOUR, "3h"),
    (6 * HOUR, "6h"),
    (12 * HOUR, "12h"),
    (DAY, "1d"),
    (7 * DAY, "1w"),
    (28 * DAY, "4w"),
    (364 * DAY, "52w"),
];
/// Longer windows are mostly empty: what is shown of them goes from the first event to the last.
const LONG: i64 = 800 * DAY;

/// Bars, and what stands under them.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// In words, for whoever does not see it.
    pub(super) label: String,
    /// Stretches with events, by time.
    pub(super) bars: Vec<Bar>,
    /// Days, or whatever divides the window well.
    pub(super) marks: Vec<Mark>,
}

/// One stretch with events. Places and sizes are hundredths of a percent of the whole, as text.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) y: String,
    pub(super) height: String,
    /// The page with this stretch alone; empty for none.
    pub(super) href: String,
    /// When, and how many.
    pub(super) label: String,
}

/// One mark under the bars.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) x: String,
    /// What stands there: `Thu 12`.
    pub(super) text: String,
    /// The same in full.
    pub(super) label: String,
    /// The page with what begins there alone; empty for none.
    pub(super) href: String,
}

impl Histogram {
    /// The `interval` to ask for.
    pub(super) fn interval(window: Window) -> &'static str {
        if window.micros() > LONG {
            return "auto";
        }
        width_for(window, BARS_MAX).map_or("auto", |(_, name)| name)
    }

    /// Of counts asked for with [`Histogram::interval`] within `window`; `link` makes the URL of a part of it.
    pub(super) fn new(
        counted: &api::Statistics,
        window: Window,
        link: impl Fn(Window) -> String,
    ) -> Self {
        let told = counted
            .interval_seconds
            .and_then(|seconds| i64::try_from(seconds).ok());
        let width = told
            .and_then(|seconds| seconds.checked_mul(SECOND))
            .unwrap_or(DAY)
            .max(SECOND);
        let window = shown(counted, width, window);
        let highest = counted
            .histogram
            .iter()
            .map(|bucket| bucket.count)
            .max()
            .unwrap_or_default();
        let scale = Scale(window);
        let buckets = counted.histogram.iter().filter_map(|bucket| {
            let at = Micros::parse(&bucket.at).ok()?;
            let part = Window::of(at.as_micros(), width).within(window)?;
            Some((part, bucket.count))
        });
        let bars = buckets.map(|(part, count)| {
            let height = (count.saturating_mul(10_000) / highest.max(1)).clamp(250, 10_000);
            Bar {
                x: percent(scale.place(part.since)),
                width: percent((scale.place(part.until) - scale.place(part.since)).max(20)),
                y: percent(10_000 - i64::try_from(height).unwrap_or(10_000)),
                height: percent(i64::try_from(height).unwrap_or_default()),
                label: format!("{}: {}", stretch(part), events(count)),
                href: link(part),
            }
        });
        let bars: Vec<Bar> = bars.collect();
        let lead = bars.iter().any(|bar| !bar.href.is_empty());
        Self {
            label: format!(
                "{} over time, {} a bar.{}",
                events(counted.total),
                in_words(width),
                if lead {
                    " Each bar leads to its time."
                } else {
                    ""
                }
            ),
            bars,
            marks: marks(window, scale, link),
        }
    }
}

/// What is shown of a window: all of it, or of a long one the buckets with events.
fn shown(counted: &api::Statistics, width: i64, window: Window) -> Window {
    let read = |at: &Option<String>| Micros::parse(at.as_deref()?).ok();
    let ends = read(&counted.earliest).zip(read(&counted.latest));
    let Some((earliest, latest)) = ends.filter(|_| window.micros() > LONG) else {
        return window;
    };
    let start = |at: Micros| at.as_micros() - (at.as_micros() - MONDAY).rem_euclid(width);
    let behind = Micros::from_micros(start(latest)).plus(width);
    let filled = Window::new(Micros::from_micros(start(earliest)), behind);
    filled.within(window).unwrap_or(window)
}

/// Where a time stands in the window.
#[derive(Clone, Copy)]
struct Scale(Window);

impl Scale {
    /// Hundredths of a percent from the left.
    fn place(self, at: Micros) -> i64 {
        let from = i128::from(at.as_micros() - self.0.since.as_micros());
        i64::try_from(from * 10_000 / i128::from(self.0.micros())).unwrap_or_default()
    }
}

/// The narrowest usual width that makes at most so many stretches.
fn width_for(window: Window, most: i64) -> Option<(i64, &'static str)> {
    let count = |width: i64| {
        let index = |at: i64| (at - MONDAY).div_euclid(width);
        index(window.until.as_micros() - 1) - index(window.since.as_micros()) + 1
    };
    WIDTHS.into_iter().find(|(width, _)| count(*width) <= most)
}

fn marks(window: Window, scale: Scale, link: impl Fn(Window) -> String) -> Vec<Mark> {
    let width =
        width_for(window, MARKS_MAX).map_or(window.micros() / MARKS_MAX + 1, |(width, _)| width);
    let since = window.since.as_micros();
    let mut start = since - (since - MONDAY).rem_euclid(width);
    let mut marks = Vec::new();
    for _ in 0..MARKS_MAX {
        // What begins at the right edge has no room for its name.
        let has_room = |part: &Window| marks.is_empty() || scale.place(part.since) < MARK_PLACE_MAX;
        if let Some(part) = Window::of(start, width).within(window).filter(has_room) {
            marks.push(Mark {
                x: percent(scale.place(part.since)),
                text: short_name(part.since, width),
                label: format!("Only {}", stretch(part)),
                href: link(part),
            });
        }
        start = start.saturating_add(width);
    }
    marks
}

/// What a stretch of this width that begins at `at` is called under the bars.
fn short_name(at: Micros, width: i64) -> String {
    let iso = at.to_string();
    let piece = |range: std::ops::Range<usize>| iso.get(range).unwrap_or_default();
    match width {
        ..MINUTE => piece(11..19).to_owned(),
        MINUTE..DAY => piece(11..16).to_owned(),
        DAY => day_short(at),
        _ if width > 28 * DAY => format!("{} {}", month(at), piece(0..4)),
        _ => day_of_month(at),
    }
}

/// `Thu 12`: the month is in the label, and in the times above.
fn day_short(at: Micros) -> String {
    let full = day_of_month(at);
    let day = full.split(' ').next().unwrap_or_default();
    format!("{} {day}", weekday(at))
}

/// `Thu 12 Mar 2026, 09:00 to 12:00`, or `Thu 12 Mar 2026` for the whole day.
fn stretch(part: Window) -> String {
    let (from, to) = (part.since.to_string(), part.until.to_string());
    let year = |iso: &str| iso.get(..4).unwrap_or_default().to_owned();
    let clock = |iso: &str| {
        let clock = iso.get(11..19).unwrap_or_default();
        clock.strip_suffix(":00").unwrap_or(clock).to_owned()
    };
    let day = |at: Micros, iso: &str| format!("{} {}", day_name(at), year(iso));
    let starts_day = part.since.as_micros().rem_euclid(DAY) == 0;
    if starts_day && part.micros() == DAY {
        return day(part.since, &from);
    }
    let last = Micros::from_micros(part.until.as_micros() - 1);
    if from.get(..10) == last.to_string().get(..10) {
        let end = if to.get(11..19) == Some("00:00:00") {
            "24:00".to_owned()
        } else {
            clock(&to)
        };
        return format!("{}, {} to {end}", day(part.since, &from), clock(&from));
    }
    format!(
        "{} {} to {} {}",
        day(part.since, &from),
        clock(&from),
        day(part.until, &to),
        clock(&to)
    )
}

/// A length in microseconds: `3 hours`.
pub(super) fn in_words(width: i64) -> String {
    let seconds = width / SECOND;
    let units = [
        (604_800, "week"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| seconds % unit == 0)
        .unwrap_or((1, "second"));
    let count = seconds / unit;
    if count == 1 {
        format!("one {name}")
    } else {
        format!("{count} {name}s")
    }
}

/// `1,234 events`.
pub(super) fn events(count: u64) -> String {
    if count == 1 {
        return "1 event".to_owned();
    }
    format!("{} events", grouped(count))
}

/// `1,234`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Hundredths of a percent as a percentage.
fn percent(hundredths: i64) -> String {
    let hundredths = hundredths.clamp(0, 10_000);
    let mut text = String::new();
    // Writing to a String cannot fail.
    _ = write!(text, "{}.{:02}%", hundredths / 100, hundredths % 100);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        Micros::parse(text).unwrap()
    }

    fn week() -> Window {
        Window::new(at("2026-03-09T00:00:00Z"), at("2026-03-16T00:00:00Z"))
    }

    fn counted(interval_seconds: u64, buckets: &[(&str, u64)]) -> api::Statistics {
        api::Statistics {
            total: buckets.iter().map(|(_, count)| count).sum(),
            interval_seconds: Some(interval_seconds),
            histogram: buckets
                .iter()
                .map(|(at, count)| api::Bucket {
                    at: (*at).to_owned(),
                    count: *count,
                })
                .collect(),
            ..api::Statistics::default()
        }
    }

    #[test]
    fn a_bar_stands_at_its_time_and_leads_to_it() {
        assert_eq!(Histogram::interval(week()), "3h");
        let counted = counted(
            10_800,
            &[("2026-03-12T12:00:00Z", 2), ("2026-03-15T21:00:00Z", 200)],
        );
        let shown = Histogram::new(&counted, week(), |part| part.texts().0);
        let [first, last] = shown.bars.as_slice() else {
            panic!("{shown:?}")
        };
        assert_eq!(
            (first.x.as_str(), first.href.as_str()),
            ("50.00%", "2026-03-12T12:00:00Z")
        );
        assert_eq!(first.label, "Thu 12 Mar 2026, 12:00 to 15:00: 2 events");
        assert_eq!(
            (first.height.as_str(), last.height.as_str()),
            ("2.50%", "100.00%")
        );
        assert_eq!(last.label, "Sun 15 Mar 2026, 21:00 to 24:00: 200 events");
        assert_eq!(
            shown.label,
            "202 events over time, 3 hours a bar. Each bar leads to its time."
        );
    }

    #[test]
    fn the_days_of_a_week_are_links_of_one_day_each() {
        let shown = Histogram::new(&counted(10_800, &[]), week(), |part| part.texts().1);
        let texts: Vec<_> = shown.marks.iter().map(|mark| mark.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Mon 9", "Tue 10", "Wed 11", "Thu 12", "Fri 13", "Sat 14", "Sun 15"
            ]
        );
        assert_eq!(shown.marks[3].label, "Only Thu 12 Mar 2026");
        assert_eq!(shown.marks[3].href, "2026-03-13T00:00:00Z");
    }

    #[test]
    fn no_link_leaves_the_window() {
        let window = Window::new(at("2026-03-12T13:30:00Z"), at("2026-03-12T14:10:00Z"));
        let counted = counted(
            3_600,
            &[("2026-03-12T13:00:00Z", 1), ("2026-03-12T14:00:00Z", 1)],
        );
        let shown = Histogram::new(&counted, window, |part| {
            assert!(window.since <= part.since && part.until <= window.until);
            String::new()
        });
        assert_eq!(shown.bars.len(), 2);
    }

    #[test]
    fn any_window_has_a_bounded_number_of_bars_and_marks() {
        let mut length = 1;
        while length < 253_402_300_799 {
            let window = Window::of(1_795_248_000_000_000 % (length * SECOND), length * SECOND);
            let width = width_for(window, BARS_MAX).filter(|_| window.micros() <= LONG);
            assert!(
                width.is_none_or(|(width, _)| window.micros() / width <= BARS_MAX),
                "{length}"
            );
            assert_eq!(
                Histogram::interval(window) == "auto",
                window.micros() > LONG
            );
            let shown = Histogram::new(&counted(1, &[]), window, |_| String::new());
            assert!((1..=8).contains(&shown.marks.len()), "{length}: {shown:?}");
            length *= 3;
        }
    }

    #[test]
    fn of_a_long_window_only_what_has_events_is_shown() {
        let all_time = Window::new(Micros::default(), at("2026-03-16T00:00:00Z"));
        let mut counted = counted(
            86_400,
            &[("2026-03-10T00:00:00Z", 1), ("2026-03-13T00:00:00Z", 1)],
        );
        counted.earliest = Some("2026-03-10T05:00:00Z".to_owned());
        counted.latest = Some("2026-03-13T05:00:00Z".to_owned());
        let shown = Histogram::new(&counted, all_time, |part| part.texts().0);
        let places: Vec<_> = shown.bars.iter().map(|bar| bar.x.as_str()).collect();
        assert_eq!(places, ["0.00%", "75.00%"]);
    }

    #[test]
    fn counts_are_grouped() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (5_000_000, "5,000,000"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }
}
