//! What deployments did to each other at one target: which put an earlier version back, which was undone by that, and how
//! long what had failed stayed so.

use std::collections::{BTreeMap, BTreeSet};

use ledger::time::Micros;

use super::fold::Folded;
use super::{Deployment, Sign, Target};

/// A target that worked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Restoration {
    /// Which.
    pub(super) target: Target,
    /// When it first failed.
    pub(super) failed: Micros,
    /// When it worked again.
    pub(super) restored: Micros,
}

/// A target that failed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unrestored {
    /// Which.
    pub(super) target: Target,
    /// When it last failed.
    pub(super) failed: Micros,
}

/// What happened to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Failed,
    Works,
}

pub(super) fn find(folded: &mut Folded) {
    let deployments = &mut folded.deployments;
    let undoings: BTreeSet<String> = deployments
        .iter()
        .flat_map(|deployment| deployment.undoings.iter().cloned())
        .collect();
    let mut answered: BTreeSet<String> = BTreeSet::new();
    for deployment in deployments.iter_mut() {
        let causes = deployment.causes.iter();
        let undoing: Vec<String> = causes
            .filter(|id| undoings.contains(*id))
            .cloned()
            .collect();
        if !undoing.is_empty() {
            deployment.rollback = Some(Sign::Event);
            answered.extend(undoing);
        }
    }
    let mut targets: BTreeMap<Target, Vec<usize>> = BTreeMap::new();
    for (index, deployment) in deployments.iter().enumerate() {
        let target = deployment.target.clone();
        targets.entry(target).or_default().push(index);
    }
    for (target, mut members) in targets {
        members.sort_by_key(|index| deployments[*index].finished());
        put_back(deployments, &members);
        let mut marks = marks(deployments, &members, &answered);
        marks.sort_unstable();
        // Since when it fails, when it last failed, and what failed.
        let mut outage: Option<(Micros, Micros, Vec<usize>)> = None;
        for (at, mark, index) in marks {
            match (mark, &mut outage) {
                (Mark::Failed, None) => outage = Some((at, at, vec![index])),
                (Mark::Failed, Some((_, last, failed))) => {
                    *last = at;
                    failed.push(index);
                }
                (Mark::Works, None) => {}
                (Mark::Works, Some((since, _, failed))) => {
                    for index in failed {
                        deployments[*index].restored = Some(at);
                    }
                    folded.restorations.push(Restoration {
                        target: target.clone(),
                        failed: *since,
                        restored: at,
                    });
                    outage = None;
                }
            }
        }
        folded
            .unrestored
            .extend(outage.map(|(_, failed, _)| Unrestored { target, failed }));
    }
}

/// Finds what put an earlier version back, among the deployments of one target in order of their ends.
fn put_back(deployments: &mut [Deployment], members: &[usize]) {
    let mut served: BTreeSet<String> = BTreeSet::new();
    let mut before: Option<usize> = None;
    for index in members.iter().copied() {
        let this = &deployments[index];
        if this.succeeded.or(this.failed).is_none() {
            continue;
        }
        let ended = this.finished();
        let version = this.version.clone();
        let replaced = before
            .filter(|_| this.succeeded.is_some())
            .filter(|before| {
                let theirs = deployments[*before].version.as_ref();
                let both = version.as_ref().zip(theirs);
                both.is_some_and(|(ours, theirs)| ours != theirs && served.contains(ours))
            });
        if let Some(replaced) = replaced {
            let this = &mut deployments[index];
            this.rollback = this.rollback.or(Some(Sign::Version));
            let replaced = &mut deployments[replaced];
            if replaced.failed.is_none() && replaced.rolled_back.is_none() {
                replaced.rolled_back = ended;
            }
        }
        if let Some(before) = before.filter(|before| deployments[*before].succeeded.is_some()) {
            served.extend(deployments[before].version.clone());
        }
        before = Some(index);
    }
}

/// When the target failed and when it worked.
fn marks(
    deployments: &[Deployment],
    members: &[usize],
    answered: &BTreeSet<String>,
) -> Vec<(Micros, Mark, usize)> {
    let mut marks = Vec::new();
    for index in members.iter().copied() {
        let deployment = &deployments[index];
        marks.extend(deployment.failed.map(|at| (at, Mark::Failed, index)));
        marks.extend(deployment.succeeded.map(|at| (at, Mark::Works, index)));
        // The deployment that a rollback caused says when it worked again.
        let alone = deployment
            .undoings
            .iter()
            .any(|undoing| !answered.contains(undoing));
        let undone = deployment.rolled_back.filter(|_| alone);
        marks.extend(undone.map(|at| (at, Mark::Works, index)));
    }
    marks
}
