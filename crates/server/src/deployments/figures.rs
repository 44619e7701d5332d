//! Figures of folded deployments, over a window and by day or week of it.
//!
//! Promises: what is counted once in the window is counted once in its buckets. Numbers are those of `definitions.rs`.

use std::collections::BTreeMap;

use ledger::time::Micros;
use store::index::bucket_of;

use super::{Deployment, Folded, Outcome, Target};

const SECOND: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;
/// Groups that are told.
const GROUPS_MAX: usize = 200;

/// The window that figures are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Its beginning, which belongs to it.
    pub(crate) since: Micros,
    /// Its end, which does not.
    pub(crate) until: Micros,
    /// From here on everything is known.
    pub(crate) covered_since: Micros,
}

/// How wide buckets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
}

impl Bucket {
    fn micros(self) -> i64 {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
        };
        days * DAY_SECONDS * SECOND
    }

    /// Its name in answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// Whose figures are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trends {
    /// Of this project only.
    pub(crate) project: Option<String>,
    /// Of this environment only.
    pub(crate) environment: Option<String>,
}

impl Window {
    fn contains(self, at: Micros) -> bool {
        self.since <= at && at < self.until
    }

    /// The part of a span that was covered, in seconds.
    fn seconds_within(self, from: Micros, to: Micros) -> u32 {
        let from = from.max(self.since).max(self.covered_since);
        let micros = to.min(self.until).as_micros() - from.as_micros();
        u32::try_from(micros / SECOND).unwrap_or(0)
    }

    /// Whether the window has this deployment: by its end, or while it has none by still being there.
    pub(crate) fn has(self, deployment: &Deployment) -> bool {
        match deployment.outcome(self.until) {
            Outcome::Running => true,
            Outcome::Undecided => self.contains(deployment.last),
            _ => self.contains(deployment.at()),
        }
    }
}

impl Trends {
    /// Whether a target is one of those asked for.
    pub(crate) fn has(&self, target: &Target) -> bool {
        let is = |asked: &Option<String>, known: &Option<String>| asked.is_none() || asked == known;
        is(&self.project, &target.project) && is(&self.environment, &target.environment)
    }

    /// The figures, with nothing in them of what was looked at.
    pub(crate) fn of(
        &self,
        folded: &Folded,
        window: Window,
        bucket: Bucket,
    ) -> api::DeploymentTrends {
        let mut total = Tallies::default();
        let mut groups: BTreeMap<(Option<String>, Option<String>), Tallies> = BTreeMap::new();
        let mut count = |target: &Target, at: Micros, change: &dyn Fn(&mut Tally)| {
            if !self.has(target) {
                return;
            }
            let at = bucket_of(at.max(window.since), bucket.micros());
            let group = (target.project.clone(), target.environment.clone());
            for tallies in [&mut total, groups.entry(group).or_default()] {
                change(&mut tallies.whole);
                change(tallies.by_bucket.entry(at).or_default());
            }
        };
        for deployment in folded.deployments.iter().filter(|it| window.has(it)) {
            count(&deployment.target, deployment.at(), &|tally| {
                tally.add(deployment, window.until);
            });
        }
        for (target, at) in folded.refused.iter().filter(|it| window.contains(it.1)) {
            count(target, *at, &|tally| tally.figures.refused += 1);
        }
        for it in &folded.restorations {
            if window.contains(it.restored) {
                let micros = it.restored.as_micros() - it.failed.as_micros();
                count(&it.target, it.restored, &|tally| {
                    tally.restores.push(micros);
                });
            }
        }
        for it in &folded.unrestored {
            if window.contains(it.failed) {
                count(&it.target, it.failed, &|tally| {
                    tally.figures.unrestored += 1;
                });
            }
        }
        let (figures, trend) = total.finish(window, bucket);
        let mut groups: Vec<api::DeploymentGroup> = groups
            .into_iter()
            .map(|((project, environment), tallies)| {
                let (figures, trend) = tallies.finish(window, bucket);
                api::DeploymentGroup {
                    project,
                    environment,
                    figures,
                    trend,
                }
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.figures.finished));
        let left_out = groups.len().saturating_sub(GROUPS_MAX);
        groups.truncate(GROUPS_MAX);
        api::DeploymentTrends {
            total: figures,
            trend,
            groups,
            groups_left_out: left_out as u64,
            bucket: bucket.name().to_owned(),
            ..api::DeploymentTrends::default()
        }
    }
}

/// Counts of a window and of its buckets.
#[derive(Debug, Default)]
struct Tallies {
    whole: Tally,
    by_bucket: BTreeMap<Micros, Tally>,
}

impl Tallies {
    fn finish(
        self,
        window: Window,
        bucket: Bucket,
    ) -> (api::DeploymentFigures, Vec<api::DeploymentBucket>) {
        let seconds = window.seconds_within(window.since, window.until);
        let buckets = self.by_bucket.into_iter().map(|(at, tally)| {
            let end = at.plus(bucket.micros());
            let seconds = window.seconds_within(at, end);
            api::DeploymentBucket {
                at: at.to_string(),
                partial: i64::from(seconds) * SECOND < bucket.micros(),
                figures: tally.finish(seconds),
            }
        });
        let buckets = buckets.collect();
        (self.whole.finish(seconds), buckets)
    }
}

/// Counts of one window or bucket.
#[derive(Debug, Default)]
struct Tally {
    figures: api::DeploymentFigures,
    durations: Vec<i64>,
    restores: Vec<i64>,
}

impl Tally {
    fn add(&mut self, deployment: &Deployment, until: Micros) {
        let outcome = deployment.outcome(until);
        let figures = &mut self.figures;
        *match outcome {
            Outcome::Succeeded => &mut figures.succeeded,
            Outcome::Failed => &mut figures.failed,
            Outcome::RolledBack => &mut figures.rolled_back,
            Outcome::Cancelled => &mut figures.cancelled,
            Outcome::Running => &mut figures.running,
            Outcome::Undecided => &mut figures.undecided,
        } += 1;
        if !outcome.is_finished() {
            return;
        }
        figures.finished += 1;
        figures.rollbacks += u64::from(deployment.rollback.is_some());
        if deployment.succeeded.is_some() && deployment.failed.is_none() {
            self.durations.extend(deployment.duration_micros());
        }
    }

    fn finish(mut self, seconds: u32) -> api::DeploymentFigures {
        let figures = &mut self.figures;
        let finished = figures.finished;
        let days = f64::from(seconds) / f64::from(86_400_u32);
        let rate = |part: u64| (finished > 0).then(|| rounded(float(part) / float(finished)));
        figures.per_day = match seconds {
            0 => 0.0,
            _ => rounded(float(finished) / days),
        };
        figures.change_failure_rate = rate(figures.failed + figures.rolled_back);
        figures.rollback_rate = rate(figures.rolled_back);
        figures.durations = self.durations.len() as u64;
        figures.duration_seconds_median = median_seconds(&mut self.durations);
        figures.restored = self.restores.len() as u64;
        figures.restore_seconds_median = median_seconds(&mut self.restores);
        self.figures
    }
}

/// Counts of deployments fit.
fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// To four digits after the point.
fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

fn median_seconds(micros: &mut [i64]) -> Option<u64> {
    micros.sort_unstable();
    let middle = micros.len() / 2;
    let upper = *micros.get(middle)?;
    let lower = match micros.len() % 2 {
        0 => *micros.get(middle.checked_sub(1)?)?,
        _ => upper,
    };
    u64::try_from(i64::midpoint(lower, upper) / SECOND).ok()
}
