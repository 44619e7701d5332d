//! The timeline: a lane for each project and environment, a mark for each deployment.

use std::collections::BTreeMap;

use api::{Deployment, DeploymentTrends, Deployments};
use ledger::vocabulary::sentence::clean;

use super::Address;
use super::charts::Scale;
use super::rows::{event_of, place_of};
use super::words;
use crate::ui::moment::Moment;

/// One deployment on a lane.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where, in per cent.
    pub(super) x: String,
    /// How far down, in pixels.
    pub(super) y: usize,
    /// Which shape: the name of an outcome, or `rollback`.
    pub(super) shape: &'static str,
    pub(super) href: String,
    pub(super) label: String,
}

/// One project and environment.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) place: String,
    pub(super) href: String,
    /// How many ended how, in words.
    pub(super) summary: String,
    pub(super) marks: Vec<Mark>,
    /// Height in pixels.
    pub(super) height: usize,
}

/// Where the uppermost marks of a lane are, in pixels.
const TOP: usize = 12;
/// From a mark to the one below it.
const STEP: usize = 14;
/// Most marks below each other.
const LEVELS: usize = 5;
/// Marks that are nearer than this, in hundredths of a per cent, are put below each other.
const NEAR: i64 = 180;

type Place = (Option<String>, Option<String>);

/// Lanes in the order of the groups; what is none of them comes last.
pub(super) fn lanes(
    address: &Address<'_>,
    list: &Deployments,
    figures: &DeploymentTrends,
    scale: Scale,
) -> Vec<Lane> {
    let mut found: BTreeMap<Place, Vec<&Deployment>> = BTreeMap::new();
    for deployment in &list.deployments {
        let place = (deployment.project.clone(), deployment.environment.clone());
        found.entry(place).or_default().push(deployment);
    }
    let window = &figures.window;
    let lane = |place: Place, deployments: &[&Deployment]| {
        let (project, environment) = (place.0.as_deref(), place.1.as_deref());
        let mut levels = Levels::default();
        // The earliest first, as they are read.
        let marks = deployments.iter().rev();
        let marks = marks.filter_map(|it| mark(address, it, scale, &mut levels));
        let marks: Vec<Mark> = marks.collect();
        Lane {
            place: place_of(project, environment),
            href: address.narrowed(&[
                ("since", &window.since),
                ("until", &window.until),
                ("project", project.unwrap_or_default()),
                ("environment", environment.unwrap_or_default()),
            ]),
            summary: summary(deployments),
            height: marks.iter().map(|mark| mark.y).max().unwrap_or(TOP) + TOP,
            marks,
        }
    };
    let mut lanes = Vec::with_capacity(found.len());
    for group in &figures.groups {
        let place = (group.project.clone(), group.environment.clone());
        if let Some(deployments) = found.remove(&place) {
            lanes.push(lane(place, &deployments));
        }
    }
    let rest = found.into_iter().map(|(place, rest)| lane(place, &rest));
    lanes.extend(rest);
    lanes
}

/// The last place that is taken on each level of a lane.
#[derive(Debug, Default)]
struct Levels([Option<i64>; LEVELS]);

impl Levels {
    /// The first level with room at a place that is behind all others; the last one where none has.
    fn take(&mut self, place: i64) -> usize {
        let is_free = |taken: &Option<i64>| taken.is_none_or(|taken| place - taken >= NEAR);
        let level = self.0.iter().position(is_free).unwrap_or(LEVELS - 1);
        if let Some(taken) = self.0.get_mut(level) {
            *taken = Some(place);
        }
        level
    }
}

fn mark(
    address: &Address<'_>,
    deployment: &Deployment,
    scale: Scale,
    levels: &mut Levels,
) -> Option<Mark> {
    let at = deployment
        .finished
        .as_deref()
        .or(deployment.started.as_deref());
    let at = at.or(deployment.events.first().map(|event| event.at.as_str()))?;
    let when = Moment::read(at, address.visit.now)?;
    let shape = match (deployment.outcome.as_str(), &deployment.rollback) {
        ("succeeded", Some(_)) => "rollback",
        ("succeeded", None) => "succeeded",
        ("failed", _) => "failed",
        ("rolled_back", _) => "rolled_back",
        ("cancelled", _) => "cancelled",
        ("running", _) => "running",
        _ => "undecided",
    };
    let version = deployment.version.as_deref().map(words::version);
    let version = version.or_else(|| deployment.resource.name.clone());
    let version = version.or_else(|| deployment.resource.id.clone());
    let told = if shape == "rollback" {
        "succeeded, a rollback"
    } else {
        words::outcome(&deployment.outcome)
    };
    Some(Mark {
        x: scale.percent(when.at),
        y: TOP + STEP * levels.take(scale.place(when.at)),
        shape,
        href: event_of(address.visit, deployment),
        label: format!(
            "{} {}: {} {told}",
            when.day,
            when.clock,
            clean(&version.unwrap_or_default())
        ),
    })
}

fn summary(deployments: &[&Deployment]) -> String {
    let counted = words::OUTCOMES.iter().filter_map(|(name, words)| {
        let count = deployments.iter().filter(|it| it.outcome == *name).count();
        (count > 0).then(|| format!("{count} {words}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_are_near_go_below_each_other() {
        let mut levels = Levels::default();
        let taken = [0, 100, 179, 180, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000];
        let taken = taken.map(|place| levels.take(place));
        assert_eq!(taken, [0, 1, 2, 0, 0, 1, 2, 3, 4, 4]);
    }
}
