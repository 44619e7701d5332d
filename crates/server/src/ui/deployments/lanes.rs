//! The timeline: a lane for each project and environment, a mark for each deployment.

use std::collections::BTreeMap;

use api::{Deployment, DeploymentTrends, Deployments};

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
}

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
        Lane {
            place: place_of(project, environment),
            href: address.of(&[
                ("since", &window.since),
                ("until", &window.until),
                ("project", project.unwrap_or_default()),
                ("environment", environment.unwrap_or_default()),
            ]),
            summary: summary(deployments),
            // The earliest first, as they are read.
            marks: deployments
                .iter()
                .rev()
                .filter_map(|it| mark(address, it, scale))
                .collect(),
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

fn mark(address: &Address<'_>, deployment: &Deployment, scale: Scale) -> Option<Mark> {
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
        shape,
        href: event_of(address.visit, deployment),
        label: format!(
            "{} {}: {} {told}",
            when.day,
            when.clock,
            version.unwrap_or_default()
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
