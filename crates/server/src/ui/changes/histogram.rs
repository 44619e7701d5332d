//! Counts over time as bars: what went wrong stacked apart, each bar a link to its stretch of time.
//!
//! Promises: bars lie on the window's own scale, empty ones between them; at most [`BARS_MAX`] and one; a link never
//! leaves the window; every count stands in words, too.

use ledger::time::Micros;

use super::window::{Window, plain, short};
use crate::ui::histogram::{grouped, in_words};
use crate::ui::window::{MONDAY, SECOND};

/// Most buckets of a window, but for one at its end.
const BARS_MAX: i64 = 48;
/// Widths that people read easily, in seconds.
const WIDTHS: [i64; 20] = [
    1,
    5,
    15,
    30,
    60,
    120,
    300,
    900,
    1_800,
    3_600,
    10_800,
    21_600,
    43_200,
    86_400,
    604_800,
    2_419_200,
    7_257_600,
    31_449_600,
    62_899_200,
    157_248_000,
];
/// Height of the drawing; a bar's share of it is its share of the highest.
const HEIGHT: u64 = 100;
/// Width of a bar with the gap behind it.
const STEP: usize = 10;

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// From the left.
    pub(super) x: usize,
    /// Height of all, and of what went wrong.
    pub(super) height: u64,
    pub(super) wrong_height: u64,
    /// Where these begin from the top.
    pub(super) y: u64,
    pub(super) wrong_y: u64,
    /// When.
    pub(super) span: String,
    /// How many.
    pub(super) count: String,
    pub(super) wrong: String,
    /// The page of that time alone.
    pub(super) href: String,
}

/// Bars, and what stands around them.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    /// Those that hold something.
    pub(super) bars: Vec<Bar>,
    /// Width of the drawing.
    pub(super) width: usize,
    /// T0 from the left, if it is within.
    pub(super) t0: Option<usize>,
    /// For scripts: where the bars begin, and how wide they are in seconds.
    pub(super) begin: String,
    pub(super) seconds: i64,
    pub(super) buckets: usize,
    /// In words: how wide a bar is, and which is the highest.
    pub(super) summary: String,
    /// Times under the bars.
    pub(super) marks: Vec<String>,
}

/// What to ask the API for: seconds of a bucket; `None` for windows that have no useful bars.
pub(super) fn bucket_seconds(window: Window) -> Option<i64> {
    WIDTHS
        .into_iter()
        .find(|seconds| window.micros() / (seconds * SECOND) <= BARS_MAX)
}

fn index(at: Micros, width: i64) -> i64 {
    (at.as_micros() - MONDAY).div_euclid(width)
}

impl Histogram {
    /// Of the counts of `window`, and of what went wrong in it. `link` makes the address of a stretch; an empty one is
    /// no link.
    pub(super) fn new(
        all: &api::Statistics,
        wrong: &api::Statistics,
        window: Window,
        t0: Option<Micros>,
        link: impl Fn(Window) -> String,
    ) -> Option<Self> {
        let seconds = i64::try_from(all.interval_seconds?).ok()?;
        let width = seconds.checked_mul(SECOND).filter(|width| *width > 0)?;
        let first = index(window.since, width);
        let buckets = index(window.until.plus(-1), width) - first + 1;
        let buckets = usize::try_from(buckets)
            .ok()
            .filter(|buckets| *buckets <= store::index::BUCKETS_MAX)?;
        let highest = all.histogram.iter().max_by_key(|bucket| bucket.count)?;
        let begin = |at: i64| Micros::from_micros((first + at) * width + MONDAY);
        let bars = all.histogram.iter().filter_map(|bucket| {
            let at = Micros::parse(&bucket.at).ok()?;
            let place = index(at, width) - first;
            let x = usize::try_from(place)
                .ok()
                .filter(|place| *place < buckets)?
                * STEP;
            let part = Window::between(at.max(window.since), begin(place + 1).min(window.until))?;
            let failed = wrong
                .histogram
                .iter()
                .find(|other| other.at == bucket.at)
                .map_or(0, |other| other.count);
            let height = |count: u64| match count {
                0 => 0,
                // What is there is seen.
                count => (count.saturating_mul(HEIGHT) / highest.count.max(1)).clamp(3, HEIGHT),
            };
            let (height, wrong_height) = (height(bucket.count), height(failed));
            Some(Bar {
                x,
                height,
                wrong_height,
                y: HEIGHT - height,
                wrong_y: HEIGHT - wrong_height,
                span: span(part),
                count: grouped(bucket.count),
                wrong: grouped(failed),
                href: link(part),
            })
        });
        let bars: Vec<Bar> = bars.collect();
        let t0 = t0.filter(|t0| window.holds(*t0)).map(|t0| {
            let into = (t0.as_micros() - begin(0).as_micros())
                / (width / i64::try_from(STEP).unwrap_or(1)).max(1);
            usize::try_from(into).unwrap_or_default()
        });
        let busiest = Micros::parse(&highest.at).map(plain).unwrap_or_default();
        Some(Self {
            bars,
            width: buckets * STEP,
            t0,
            begin: short(begin(0)),
            seconds,
            buckets,
            summary: format!(
                "The highest bar, of {busiest}, has {}; {} a bar.",
                grouped(highest.count),
                in_words(width)
            ),
            marks: marks(window),
        })
    }
}

/// Times at the window's ends and quarters.
fn marks(window: Window) -> Vec<String> {
    let of_days = window.micros() > 2 * 86_400 * SECOND;
    let at = |quarter: i64| {
        let text = plain(window.since.plus(window.micros() / 4 * quarter));
        let range = if of_days {
            5..text.len()
        } else {
            11..text.len()
        };
        text.get(range).unwrap_or_default().to_owned()
    };
    (0..=4).map(at).collect()
}

/// `2026-03-12 10:00–10:30`.
pub(super) fn span(part: Window) -> String {
    let (from, to) = (plain(part.since), plain(part.until));
    match from.get(..11).and_then(|day| to.strip_prefix(day)) {
        Some(clock) => format!("{from}–{clock}"),
        None => format!("{from} – {to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::read;
    use super::*;

    fn window(since: &str, until: &str) -> Window {
        Window::between(read(since).unwrap(), read(until).unwrap()).unwrap()
    }

    fn counted(seconds: u64, buckets: &[(&str, u64)]) -> api::Statistics {
        let bucket = |(at, count): &(&str, u64)| api::Bucket {
            at: (*at).to_owned(),
            count: *count,
        };
        api::Statistics {
            interval_seconds: Some(seconds),
            histogram: buckets.iter().map(bucket).collect(),
            ..api::Statistics::default()
        }
    }

    #[test]
    fn bars_stand_at_their_time_and_never_lead_out_of_the_window() {
        let window = window("2026-03-12T10:10", "2026-03-12T13:10");
        let all = counted(
            3_600,
            &[
                ("2026-03-12T10:00:00.000000Z", 4),
                ("2026-03-12T13:00:00.000000Z", 400),
            ],
        );
        let wrong = counted(3_600, &[("2026-03-12T10:00:00.000000Z", 1)]);
        let t0 = read("2026-03-12T12:30");
        let shown = Histogram::new(&all, &wrong, window, t0, |part| {
            format!("{} {}", short(part.since), short(part.until))
        });
        let shown = shown.unwrap();
        assert_eq!((shown.buckets, shown.width, shown.t0), (4, 40, Some(25)));
        let [first, last] = shown.bars.as_slice() else {
            panic!("{shown:?}")
        };
        assert_eq!(
            (
                first.x,
                first.height,
                first.wrong_height,
                last.x,
                last.height
            ),
            (0, 3, 3, 30, 100)
        );
        assert_eq!(first.href, "2026-03-12T10:10:00Z 2026-03-12T11:00:00Z");
        assert_eq!(last.href, "2026-03-12T13:00:00Z 2026-03-12T13:10:00Z");
        assert_eq!(
            (first.span.as_str(), first.wrong.as_str()),
            ("2026-03-12 10:10–11:00", "1")
        );
    }

    #[test]
    fn any_window_has_few_bars_or_none() {
        let mut length = 1;
        for _ in 0..36 {
            let window = Window::between(Micros::default(), Micros::from_micros(length)).unwrap();
            if let Some(seconds) = bucket_seconds(window) {
                assert!(window.micros() / (seconds * SECOND) <= BARS_MAX);
            }
            length *= 3;
        }
        assert!(
            Histogram::new(
                &counted(1, &[]),
                &counted(1, &[]),
                window("1971-01-01T00:00", "2026-01-01T00:00"),
                None,
                |_| String::new()
            )
            .is_none()
        );
    }
}
