//! The figures on top of the page.

use api::{Definition, DeploymentFigures, DeploymentTrends};

use super::charts::{self, Chart, Scale};
use super::words;

/// One figure: its number, how it came about, its trend, its definitions.
pub(super) struct Card {
    pub(super) title: &'static str,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) chart: Option<Chart>,
    pub(super) definitions: Vec<Definition>,
}

/// Every figure, in reading order.
pub(super) fn cards(figures: &DeploymentTrends, scale: Scale) -> Vec<Card> {
    let of = Of { figures, scale };
    vec![
        of.frequency(),
        of.failure(),
        of.rollback(),
        of.restore(),
        of.duration(),
        of.rest(),
    ]
}

/// What cards are of.
struct Of<'a> {
    figures: &'a DeploymentTrends,
    scale: Scale,
}

impl Of<'_> {
    fn frequency(&self) -> Card {
        let total = &self.figures.total;
        let bad = |it: &DeploymentFigures| it.failed + it.rolled_back;
        Card {
            title: "Deployment frequency",
            value: words::frequency(total.per_day),
            note: format!("{} finished", total.finished),
            chart: self.chart(
                "Finished deployments",
                |it| (it.succeeded, it.failed + it.rolled_back),
                &|it| {
                    let (finished, bad) = (it.finished, bad(it));
                    format!("{finished} finished, {bad} of them failed or rolled back")
                },
            ),
            definitions: self.defined(&["deployment", "retry", "finished", "deployment frequency"]),
        }
    }

    fn failure(&self) -> Card {
        let total = &self.figures.total;
        let bad = total.failed + total.rolled_back;
        Card {
            title: "Change failure rate",
            value: rate(total.change_failure_rate),
            note: format!(
                "{bad} of {}: {} failed, {} rolled back",
                total.finished, total.failed, total.rolled_back
            ),
            chart: self.chart(
                "Change failure rate",
                |it| (0, charts::parts(it.change_failure_rate)),
                &|it| words::rate(it.change_failure_rate),
            ),
            definitions: self.defined(&["failed", "change failure rate"]),
        }
    }

    fn rollback(&self) -> Card {
        let total = &self.figures.total;
        Card {
            title: "Rollback rate",
            value: rate(total.rollback_rate),
            note: format!("{} of {}", total.rolled_back, total.finished),
            chart: self.chart(
                "Rollback rate",
                |it| (0, charts::parts(it.rollback_rate)),
                &|it| words::rate(it.rollback_rate),
            ),
            definitions: self.defined(&["rolled back", "rollback", "rollback rate"]),
        }
    }

    fn restore(&self) -> Card {
        let total = &self.figures.total;
        Card {
            title: "Median time to restore",
            value: seconds(total.restore_seconds_median, "–"),
            note: format!("{} restored, {} not yet", total.restored, total.unrestored),
            chart: self.chart(
                "Median time to restore",
                |it| (it.restore_seconds_median.unwrap_or(0), 0),
                &|it| seconds(it.restore_seconds_median, "nothing restored"),
            ),
            definitions: self.defined(&["time to restore", "target", "median"]),
        }
    }

    fn duration(&self) -> Card {
        let total = &self.figures.total;
        Card {
            title: "Median duration",
            value: seconds(total.duration_seconds_median, "–"),
            note: format!("of {} that succeeded", total.durations),
            chart: self.chart(
                "Median duration",
                |it| (it.duration_seconds_median.unwrap_or(0), 0),
                &|it| seconds(it.duration_seconds_median, "no duration known"),
            ),
            definitions: self.defined(&["duration", "median"]),
        }
    }

    fn rest(&self) -> Card {
        let total = &self.figures.total;
        Card {
            title: "In no rate",
            value: (total.cancelled + total.running + total.undecided).to_string(),
            note: format!(
                "{} cancelled, {} running, {} undecided; {} refused before",
                total.cancelled, total.running, total.undecided, total.refused
            ),
            chart: None,
            definitions: self.defined(&["running, undecided, cancelled", "refused", "window"]),
        }
    }

    fn chart(
        &self,
        title: &'static str,
        value: fn(&DeploymentFigures) -> (u64, u64),
        tell: &dyn Fn(&DeploymentFigures) -> String,
    ) -> Option<Chart> {
        Chart::new(title, &self.figures.trend, self.scale, value, tell)
    }

    fn defined(&self, names: &[&str]) -> Vec<Definition> {
        let known = self.figures.definitions.iter();
        known
            .filter(|known| names.contains(&known.name.as_str()))
            .cloned()
            .collect()
    }
}

fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), words::percent)
}

fn seconds(seconds: Option<u64>, otherwise: &str) -> String {
    seconds.map_or_else(|| otherwise.to_owned(), words::length)
}
