//! One event, as far as deployments depend on it.
//!
//! Promises: takes ids for joining and nothing else from what the viewer may not see. Must never take a mask for a version.

use ledger::json::Value;
use ledger::time::Micros;

use super::Target;

/// Longest text that is taken for a version, in bytes.
const VERSION_BYTES_MAX: usize = 256;
/// Members that hold a version, the most telling first.
const VERSIONS: [&str; 8] = [
    "version", "release", "revision", "tag", "image", "artifact", "sha", "commit",
];
/// Resources that are what is deployed.
const SERVICES: [&str; 5] = ["service", "application", "app", "workload", "function"];

/// What an event does to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Asks for it.
    Asks,
    /// Talks about it: approvals, pauses.
    Aside,
    /// Begins it.
    Begins,
    /// Stops it.
    Cancels,
    /// Does not let it go on.
    Rejects,
    /// Ends it well.
    Succeeds,
    /// Ends it badly.
    Fails,
    /// Undoes it.
    RollsBack,
    /// Was denied, or did not come about.
    Refused,
}

/// The operations that tell of deployments, in order, and what they do.
const ACTS: [(&str, Act); 16] = [
    ("application.sync_failed", Act::Fails),
    ("application.sync_started", Act::Begins),
    ("application.synced", Act::Succeeds),
    ("deployment.approval_requested", Act::Aside),
    ("deployment.approved", Act::Aside),
    ("deployment.cancelled", Act::Cancels),
    ("deployment.created", Act::Asks),
    ("deployment.deleted", Act::Aside),
    ("deployment.failed", Act::Fails),
    ("deployment.paused", Act::Aside),
    ("deployment.promoted", Act::Succeeds),
    ("deployment.rejected", Act::Rejects),
    ("deployment.resumed", Act::Aside),
    ("deployment.rolled_back", Act::RollsBack),
    ("deployment.started", Act::Begins),
    ("deployment.succeeded", Act::Succeeds),
];

/// The operations that tell of deployments.
pub(crate) const OPERATIONS: [&str; ACTS.len()] = {
    let mut names = [""; ACTS.len()];
    let mut at = 0;
    while at < ACTS.len() {
        names[at] = ACTS[at].0;
        at += 1;
    }
    names
};

impl Act {
    fn of(operation: &str, outcome: Option<&str>) -> Option<Self> {
        let act = ACTS.iter().find(|(name, _)| *name == operation)?.1;
        Some(match (operation, outcome) {
            // A reviewer who says no is the event, not its failure.
            ("deployment.rejected", Some("denied")) => act,
            (_, Some("denied")) | ("deployment.promoted", Some("failure" | "cancelled")) => {
                Self::Refused
            }
            (_, Some("failure")) if act == Self::Succeeds => Self::Fails,
            (_, Some("cancelled")) if act == Self::Succeeds => Self::Cancels,
            ("deployment.cancelled", _) => match outcome {
                // Somebody tried to stop it, in vain.
                Some("failure") => Self::Aside,
                _ => act,
            },
            (_, Some("failure" | "cancelled"))
                if matches!(act, Self::Asks | Self::Begins | Self::RollsBack) =>
            {
                Self::Refused
            }
            _ => act,
        })
    }
}

/// What joins events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A deployment with an id of its own.
    Deployment(String),
    /// One of several that act upon the same thing: the thing, and what they have in common.
    Run(String, String),
    /// A thing that is deployed again and again.
    Thing(String),
}

/// One event, as it was stored and as it may be shown.
#[derive(Clone, Debug)]
pub(crate) struct Said<'a> {
    /// The event's id.
    pub(crate) id: &'a str,
    /// When it happened.
    pub(crate) at: Micros,
    /// Its place in the log.
    pub(crate) seq: u64,
    /// What happened.
    pub(crate) operation: &'a str,
    /// How it ended.
    pub(crate) outcome: Option<&'a str>,
    /// The type of what was acted upon.
    pub(crate) resource_type: &'a str,
    /// The pseudonym of what was acted upon: equal for equal types and ids.
    pub(crate) resource_ref: Option<&'a str>,
    /// The correlation id as it was sent, for joining only.
    pub(crate) correlation: Option<String>,
    /// The details that may be shown.
    pub(crate) details: Option<&'a Value<'a>>,
    /// Who did it, as far as it may be shown.
    pub(crate) actor: api::Actor,
}

/// What is kept of one event.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(super) id: String,
    pub(super) at: Micros,
    pub(super) seq: u64,
    pub(super) operation: String,
    pub(super) act: Act,
    pub(super) key: Option<Key>,
    pub(super) resource_type: String,
    pub(super) resource_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) target: Target,
    pub(super) version: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) actor: api::Actor,
}

impl Told {
    /// Whether it happened at this time or later.
    pub(crate) fn is_since(&self, at: Micros) -> bool {
        self.at >= at
    }

    /// Reads an event; `None` for one that tells nothing of deployments.
    pub(crate) fn read(said: Said<'_>) -> Option<Self> {
        let act = Act::of(said.operation, said.outcome)?;
        let details = said.details;
        let resource = details.and_then(|details| details.member("resource"));
        let key = match (said.resource_type, said.resource_ref, said.correlation) {
            ("deployment", Some(reference), _) => Some(Key::Deployment(reference.to_owned())),
            (kind, reference, Some(correlation)) => {
                let thing = reference.unwrap_or(kind).to_owned();
                Some(Key::Run(thing, correlation))
            }
            (_, Some(reference), None) => Some(Key::Thing(reference.to_owned())),
            (_, None, None) => None,
        };
        let version = (act != Act::RollsBack)
            .then(|| details.and_then(version))
            .flatten();
        Some(Self {
            id: said.id.to_owned(),
            at: said.at,
            seq: said.seq,
            operation: said.operation.to_owned(),
            act,
            key,
            resource_type: said.resource_type.to_owned(),
            resource_id: text(resource, "id"),
            name: text(resource, "name"),
            target: target(said.resource_type, details),
            version,
            cause: text(details, "causation_id"),
            actor: said.actor,
        })
    }
}

fn target(resource_type: &str, details: Option<&Value<'_>>) -> Target {
    let resource = details.and_then(|details| details.member("resource"));
    let context = details.and_then(|details| details.member("context"));
    let related = |kinds: &[&str]| {
        let items = details?.member("related")?.as_array()?;
        let is_one = |item: &&Value<'_>| {
            let kind = item.member("type").and_then(Value::as_str);
            kind.is_some_and(|kind| kinds.contains(&kind))
        };
        text(items.iter().find(is_one), "id")
    };
    let itself = |kinds: &[&str]| {
        kinds
            .contains(&resource_type)
            .then(|| text(resource, "id").or_else(|| text(resource, "name")))
            .flatten()
    };
    Target {
        project: text(resource, "project_id")
            .or_else(|| itself(&["project"]))
            .or_else(|| related(&["project"])),
        environment: text(context, "environment")
            .or_else(|| itself(&["environment"]))
            .or_else(|| related(&["environment"])),
        service: itself(&SERVICES)
            .or_else(|| text(context, "service"))
            .or_else(|| related(&SERVICES)),
    }
}

fn version(details: &Value<'_>) -> Option<String> {
    let changes = details.member("changes").and_then(Value::as_array);
    let changed = |name: &str| {
        let is_it = |item: &&Value<'_>| {
            let field = item.member("field").and_then(Value::as_str);
            field.is_some_and(|field| field.eq_ignore_ascii_case(name))
        };
        text(changes?.iter().find(is_it), "after")
    };
    let metadata = details.member("metadata");
    let artifact = || {
        let items = details.member("related")?.as_array()?;
        let is_one = |item: &&Value<'_>| {
            let kind = item.member("type").and_then(Value::as_str);
            matches!(kind, Some("artifact" | "release" | "image"))
        };
        text(items.iter().find(is_one), "id")
    };
    VERSIONS
        .iter()
        .find_map(|name| changed(name))
        .or_else(|| VERSIONS.iter().find_map(|name| text(metadata, name)))
        .or_else(artifact)
        .filter(|text| text.len() <= VERSION_BYTES_MAX && !text.contains("[masked"))
}

/// A member that is a text or a number, and not empty.
fn text(value: Option<&Value<'_>>, name: &str) -> Option<String> {
    match value?.member(name)? {
        Value::String(text) | Value::Number(text) if !text.is_empty() => {
            Some(text.clone().into_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_tells_of_deployments_is_in_the_vocabulary() {
        for name in OPERATIONS {
            let known = ledger::vocabulary::all().any(|operation| operation.name == name);
            assert!(known, "{name}");
        }
        assert!(OPERATIONS.is_sorted());
    }

    #[test]
    fn what_was_denied_or_did_not_come_about_is_refused() {
        for (operation, outcome, act) in [
            ("deployment.created", "denied", Act::Refused),
            ("deployment.created", "failure", Act::Refused),
            ("deployment.succeeded", "denied", Act::Refused),
            ("deployment.failed", "denied", Act::Refused),
            ("deployment.rolled_back", "failure", Act::Refused),
            ("deployment.promoted", "failure", Act::Refused),
            ("deployment.rejected", "denied", Act::Rejects),
            ("deployment.succeeded", "failure", Act::Fails),
            ("deployment.succeeded", "cancelled", Act::Cancels),
            ("deployment.failed", "success", Act::Fails),
            ("deployment.cancelled", "cancelled", Act::Cancels),
            ("deployment.cancelled", "failure", Act::Aside),
        ] {
            assert_eq!(Act::of(operation, Some(outcome)), Some(act), "{operation}");
        }
        assert_eq!(Act::of("deployment.inactive", None), None);
        assert_eq!(Act::of("kubernetes_deployment.failed", None), None);
    }
}
