//! Events to deployments: what belongs together, what begins another one, how each ended.

use std::collections::BTreeMap;

use ledger::time::Micros;

use super::consequences::{self, Restoration, Unrestored};
use super::told::{Act, Key, Told};
use super::{Deployment, Step, Target};

/// Events of one deployment that are listed.
const STEPS_MAX: usize = 20;
/// Causes, and undoings, that are kept of one deployment.
const CAUSES_MAX: usize = 8;
/// Deployments of one key, the latest first, among which an event looks for its own.
const LOOKED_AT_MAX: usize = 16;

/// What the events told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    /// The deployments, in no particular order.
    pub(crate) deployments: Vec<Deployment>,
    /// What worked again.
    pub(super) restorations: Vec<Restoration>,
    /// What does not.
    pub(super) unrestored: Vec<Unrestored>,
    /// When and where something was refused.
    pub(super) refused: Vec<(Target, Micros)>,
}

/// Folds events, whatever order they come in.
pub(crate) fn fold(mut events: Vec<Told>) -> Folded {
    // At one time a beginning goes before an end: clocks of vendors stand still for a second.
    events.sort_by(|left, right| {
        let key = |told: &Told| (told.at, told.act, told.seq);
        key(left).cmp(&key(right))
    });
    let mut folding = Folding::default();
    for told in events {
        folding.add(told);
    }
    let mut folded = Folded {
        deployments: folding.deployments,
        refused: folding.refused,
        ..Folded::default()
    };
    folded.deployments.retain(Deployment::is_real);
    consequences::find(&mut folded);
    folded
}

#[derive(Debug, Default)]
struct Folding {
    deployments: Vec<Deployment>,
    /// Where the deployments of a key are, in order.
    by_key: BTreeMap<Key, Vec<usize>>,
    refused: Vec<(Target, Micros)>,
}

impl Folding {
    fn add(&mut self, told: Told) {
        if told.act == Act::Refused {
            return self.refused.push((told.target, told.at));
        }
        let found = self.find(&told);
        let is_thing = matches!(told.key, Some(Key::Thing(_)));
        let own = found.filter(|at| {
            let known = self.deployments.get(*at);
            known.is_some_and(|known| takes(known, told.act, is_thing))
        });
        let at = own.unwrap_or_else(|| self.begin(&told));
        if let Some(deployment) = self.deployments.get_mut(at) {
            take(deployment, told);
        }
    }

    /// The latest deployment that the event may be of.
    fn find(&self, told: &Told) -> Option<usize> {
        let known = self.by_key.get(told.key.as_ref()?)?;
        let mut latest = known.iter().rev().take(LOOKED_AT_MAX).copied();
        latest.find(|at| {
            let known = self.deployments.get(*at);
            known.is_some_and(|known| {
                let undoes_it = told.act != Act::RollsBack || known.is_real();
                fits(&known.target, &told.target) && undoes_it
            })
        })
    }

    fn begin(&mut self, told: &Told) -> usize {
        let at = self.deployments.len();
        if let Some(key) = &told.key {
            self.by_key.entry(key.clone()).or_default().push(at);
        }
        self.deployments.push(Deployment {
            resource_type: told.resource_type.clone(),
            resource_id: told.resource_id.clone(),
            name: told.name.clone(),
            target: told.target.clone(),
            version: None,
            actor: told.actor.clone(),
            asked: None,
            began: None,
            succeeded: None,
            failed: None,
            cancelled: None,
            rolled_back: None,
            rollback: None,
            restored: None,
            last: told.at,
            causes: Vec::new(),
            undoings: Vec::new(),
            steps: Vec::new(),
            events: 0,
        });
        at
    }
}

/// Whether two targets do not contradict each other.
fn fits(known: &Target, told: &Target) -> bool {
    let agree = |left: &Option<String>, right: &Option<String>| match (left, right) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    };
    agree(&known.project, &told.project) && agree(&known.environment, &told.environment)
}

/// Whether an event is of a deployment that is known, or of another one.
fn takes(known: &Deployment, act: Act, is_thing: bool) -> bool {
    let decided = known.is_decided();
    match act {
        Act::RollsBack => true,
        Act::Asks => !(decided || is_thing && known.asked.or(known.began).is_some()),
        Act::Begins => !(decided || is_thing && known.began.is_some()),
        // What is said of a deployment that has ended may be of the next one; a thing's next one begins anew.
        Act::Aside | Act::Rejects => !decided,
        // A success after a failure is a retry.
        Act::Succeeds => !decided || (!is_thing && known.failed.is_none()),
        Act::Cancels | Act::Fails => !decided || !is_thing,
        Act::Refused => false,
    }
}

fn take(deployment: &mut Deployment, told: Told) {
    let at = told.at;
    let first = |known: &mut Option<Micros>| *known = known.or(Some(at));
    match told.act {
        Act::Asks => {
            if deployment.asked.is_none() {
                deployment.actor = told.actor;
            }
            first(&mut deployment.asked);
        }
        Act::Begins => first(&mut deployment.began),
        Act::Succeeds => first(&mut deployment.succeeded),
        Act::Fails => first(&mut deployment.failed),
        // Too late to stop what has ended.
        Act::Cancels if deployment.is_decided() => {}
        Act::Cancels => first(&mut deployment.cancelled),
        Act::Rejects if deployment.is_real() => first(&mut deployment.cancelled),
        Act::RollsBack => {
            first(&mut deployment.rolled_back);
            if deployment.undoings.len() < CAUSES_MAX {
                deployment.undoings.push(told.id.clone());
            }
        }
        Act::Rejects | Act::Aside | Act::Refused => {}
    }
    let adopt = |known: &mut Option<String>, said: Option<String>| {
        if known.is_none() {
            *known = said;
        }
    };
    adopt(&mut deployment.resource_id, told.resource_id);
    adopt(&mut deployment.name, told.name);
    adopt(&mut deployment.version, told.version);
    adopt(&mut deployment.target.project, told.target.project);
    adopt(&mut deployment.target.environment, told.target.environment);
    adopt(&mut deployment.target.service, told.target.service);
    // What caused the rollback of a deployment did not cause the deployment.
    let cause = told.cause.filter(|_| told.act != Act::RollsBack);
    if deployment.causes.len() < CAUSES_MAX {
        deployment.causes.extend(cause);
    }
    deployment.last = at;
    deployment.events += 1;
    if deployment.steps.len() < STEPS_MAX {
        deployment.steps.push(Step {
            id: told.id,
            operation: told.operation,
            at,
        });
    }
}
