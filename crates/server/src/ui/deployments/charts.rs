//! Bars over a window, drawn by attributes only: places in per cent, so that they fit every width.

use std::fmt::Write;

use api::{DeploymentBucket, DeploymentFigures};
use ledger::time::Micros;

/// Height of a chart, in pixels.
const HEIGHT: u64 = 56;
/// The same of a small one.
const SMALL: u64 = 22;
const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// Parts of a rate: a bar of a rate has this height at 100 %.
const PARTS: u64 = 1_000;

/// A window as the width of a chart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    since: Micros,
    until: Micros,
    bucket_micros: i64,
}

/// One bar: places in per cent and pixels.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) width: String,
    /// What is fine, at the bottom: top and height.
    pub(super) good: (u64, u64),
    /// What is not, on top of it.
    pub(super) bad: (u64, u64),
    pub(super) label: String,
}

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
}

/// A chart without words, as two outlines in a box of 1000 by 22.
#[derive(Clone, Debug, Default)]
pub(super) struct Spark {
    pub(super) good: String,
    pub(super) bad: String,
}

impl Scale {
    pub(super) fn new(since: Micros, until: Micros, bucket: &str) -> Self {
        let days = if bucket == "week" { 7 } else { 1 };
        Self {
            since,
            until,
            bucket_micros: days * DAY_MICROS,
        }
    }

    /// How far into the window, in hundredths of a per cent.
    pub(super) fn place(self, at: Micros) -> i64 {
        let whole = (self.until.as_micros() - self.since.as_micros()).max(1);
        let part = at.as_micros() - self.since.as_micros();
        let place = i128::from(part) * 10_000 / i128::from(whole);
        i64::try_from(place.clamp(0, 10_000)).unwrap_or(0)
    }

    /// The same for an attribute.
    pub(super) fn percent(self, at: Micros) -> String {
        percent(self.place(at))
    }

    /// Where a bucket begins and how wide it is, as far as it lies in the window.
    fn span(self, at: Micros) -> (i64, i64) {
        let begin = self.place(at);
        let end = self.place(at.plus(self.bucket_micros));
        // A gap between bars, of a sixth.
        (begin, ((end - begin) * 5 / 6).max(20))
    }

    /// Days to write under a chart: beginning, quarters, end.
    pub(super) fn ticks(self) -> Vec<String> {
        let whole = self.until.as_micros() - self.since.as_micros();
        let ticks = (0..=4).map(|quarter| {
            let at = self.since.plus(whole / 4 * quarter).to_string();
            let text = if whole > 4 * DAY_MICROS {
                at.get(..10)
            } else {
                at.get(5..16)
            };
            text.unwrap_or_default().replace('T', " ")
        });
        ticks.collect()
    }
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// A rate as parts of 1000.
pub(super) fn parts(rate: Option<f64>) -> u64 {
    // From one of our own answers: between 0 and 1, with four digits.
    let text = format!("{:.0}", rate.unwrap_or(0.0) * 1_000.0);
    text.parse().unwrap_or(0)
}

impl Chart {
    /// A chart of what is fine and what is not of each bucket; none where there is nothing to draw.
    pub(super) fn new(
        title: &'static str,
        trend: &[DeploymentBucket],
        scale: Scale,
        value: fn(&DeploymentFigures) -> (u64, u64),
        tell: &dyn Fn(&DeploymentFigures) -> String,
    ) -> Option<Self> {
        let is_rate = title.ends_with("rate");
        let sums = trend.iter().map(|bucket| {
            let (good, bad) = value(&bucket.figures);
            good + bad
        });
        let most = if is_rate { PARTS } else { sums.max()? };
        if most == 0 {
            return None;
        }
        let bars = trend.iter().filter_map(|bucket| {
            let at = Micros::parse(&bucket.at).ok()?;
            let (good, bad) = value(&bucket.figures);
            let (x, width) = scale.span(at);
            let good = drawn(good, most, HEIGHT);
            let bad = drawn(bad, most, HEIGHT);
            let top = HEIGHT.saturating_sub(good);
            Some(Bar {
                x: percent(x),
                width: percent(width),
                good: (top, good),
                bad: (top.saturating_sub(bad), bad),
                label: format!(
                    "{}: {}",
                    bucket.at.get(..10).unwrap_or_default(),
                    tell(&bucket.figures)
                ),
            })
        });
        Some(Self {
            label: format!("{title} over time; the table of the trend says the same"),
            bars: bars.collect(),
        })
    }
}

/// The height of a part; whatever there is can be seen.
fn drawn(part: u64, most: u64, height: u64) -> u64 {
    let exact = part.saturating_mul(height) / most.max(1);
    exact.max(u64::from(part > 0) * 2).min(height)
}

impl Spark {
    /// Finished deployments of each bucket, those that failed or were rolled back on top.
    pub(super) fn new(trend: &[DeploymentBucket], scale: Scale) -> Self {
        let most = trend.iter().map(|bucket| bucket.figures.finished).max();
        let most = most.unwrap_or(0);
        let mut spark = Self::default();
        for bucket in trend.iter().filter(|bucket| bucket.figures.finished > 0) {
            let Ok(at) = Micros::parse(&bucket.at) else {
                continue;
            };
            let (x, width) = scale.span(at);
            let (x, width) = (x / 10, (width / 10).max(1));
            let figures = &bucket.figures;
            let bad = drawn(figures.failed + figures.rolled_back, most, SMALL);
            let good = drawn(figures.succeeded, most, SMALL - bad.min(SMALL));
            let bottom = SMALL - good;
            if good > 0 {
                // Writing to a String cannot fail.
                _ = write!(spark.good, "M{x} {SMALL}v-{good}h{width}v{good}z");
            }
            if bad > 0 {
                _ = write!(spark.bad, "M{x} {bottom}v-{bad}h{width}v{bad}z");
            }
        }
        spark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        Micros::parse(text).unwrap()
    }

    fn scale() -> Scale {
        Scale::new(
            at("2026-03-02T00:00:00Z"),
            at("2026-03-23T00:00:00Z"),
            "week",
        )
    }

    #[test]
    fn places_are_parts_of_the_window_and_never_outside() {
        assert_eq!(scale().percent(at("2026-03-12T12:00:00Z")), "50.00%");
        assert_eq!(scale().percent(at("2026-03-01T00:00:00Z")), "0.00%");
        assert_eq!(scale().percent(at("2027-03-01T00:00:00Z")), "100.00%");
        assert_eq!(scale().span(at("2026-03-09T00:00:00Z")), (3_333, 2_777));
        assert_eq!(scale().ticks().len(), 5);
        assert_eq!(parts(Some(0.4375)), 438);
    }

    #[test]
    fn bars_stand_on_each_other_within_the_height() {
        let bucket = |at: &str, succeeded, failed| DeploymentBucket {
            at: at.to_owned(),
            figures: DeploymentFigures {
                finished: succeeded + failed,
                succeeded,
                failed,
                ..DeploymentFigures::default()
            },
            ..DeploymentBucket::default()
        };
        let trend = [
            bucket("2026-03-02T00:00:00Z", 3, 1),
            bucket("2026-03-09T00:00:00Z", 0, 0),
        ];
        let chart = Chart::new(
            "Finished",
            &trend,
            scale(),
            |it| (it.succeeded, it.failed),
            &|_| String::new(),
        );
        let bars = chart.unwrap().bars;
        assert_eq!((bars[0].good, bars[0].bad), ((14, 42), (0, 14)));
        assert_eq!((bars[1].good, bars[1].bad), ((56, 0), (56, 0)));
        let spark = Spark::new(&trend, scale());
        assert_eq!(
            (spark.good.as_str(), spark.bad.as_str()),
            ("M0 22v-12h277v12z", "M0 10v-5h277v5z")
        );
    }
}
