//! What an event has to do with what broke: how long before the next failed deployment it happened.
//!
//! Promises: pure; only the same project and environment count, and only within [`WITHIN_MICROS`]. Must never: say it of
//! the deployment's own events, or of what changed nothing.

use ledger::time::Micros;

use super::happening::{Happening, Mark};
use crate::ui::moment::length_of;

/// Longest time before a failure that is told: an hour.
pub(super) const WITHIN_MICROS: i64 = 3_600_000_000;

/// A deployment that failed, or was taken back.
#[derive(Clone, Debug)]
pub(super) struct Break {
    at: Micros,
    scope: (String, String),
    deployment: Option<String>,
    correlation: Option<String>,
    name: String,
    href: String,
    word: &'static str,
}

/// What is said behind a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    /// How long before: `14 min`.
    pub(super) length: String,
    /// The deployment.
    pub(super) name: String,
    /// The event in which it failed.
    pub(super) href: String,
    /// What became of it.
    pub(super) word: &'static str,
}

/// Everything that broke among `events`, by time.
pub(super) fn breaks<'a>(events: impl Iterator<Item = &'a Happening>) -> Vec<Break> {
    let broken = events.filter(|event| event.is_broken_deploy());
    let mut breaks: Vec<Break> = broken
        .filter_map(|event| {
            Some(Break {
                at: event.at,
                scope: event.scope.clone()?,
                deployment: event.deployment.clone(),
                correlation: event.correlation.clone(),
                name: event.told.resource.clone(),
                href: event.told.href.clone(),
                word: if event.mark == Mark::RolledBack {
                    "was rolled back"
                } else {
                    "failed"
                },
            })
        })
        .collect();
    breaks.sort_by_key(|one| one.at);
    breaks
}

impl Break {
    /// Whether the event belongs to the deployment itself.
    fn owns(&self, event: &Happening) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        same(&self.deployment, &event.deployment) || same(&self.correlation, &event.correlation)
    }
}

/// What broke next after `event`, of `breaks` by time.
pub(super) fn next(breaks: &[Break], event: &Happening) -> Option<Before> {
    // That another deployment was asked for or began is told by how it ended.
    let scope = event
        .scope
        .as_ref()
        .filter(|_| event.changes && event.deploy_rank != 1)?;
    let later = breaks.get(breaks.partition_point(|one| one.at <= event.at)..)?;
    let micros = |one: &Break| one.at.as_micros() - event.at.as_micros();
    let mut within = later.iter().take_while(|one| micros(one) <= WITHIN_MICROS);
    let next = within.find(|one| one.scope == *scope && !one.owns(event))?;
    Some(Before {
        length: length_of(micros(next) / 1_000_000),
        name: next.name.clone(),
        href: next.href.clone(),
        word: next.word,
    })
}

#[cfg(test)]
mod tests {
    use super::super::happening::tests::happened;
    use super::*;
    use serde_json::{Value, json};

    const ANA: &str = "user/ana";

    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write what they send where they send it"
    )]
    fn failed(second: i64, more: Value) -> Happening {
        let mut said = json!({
            "resource": {"type": "deployment", "id": "dpl_1", "name": "1.4.2", "project_id": "shop"},
            "outcome": {"result": "failure"}, "correlation_id": "c",
        });
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        happened(second, "deployment.failed", "service_account/ci", said)
    }

    fn told(event: &Happening) -> Option<(String, String)> {
        let breaks = breaks([failed(840, json!({}))].iter());
        next(&breaks, event)
            .map(|before| (before.length, format!("{} {}", before.name, before.word)))
    }

    #[test]
    fn a_change_says_how_long_before_the_deployment_failed() {
        let change = happened(0, "environment_variable.updated", ANA, json!({}));
        assert_eq!(
            told(&change),
            Some(("14 min".into(), "1.4.2 failed".into()))
        );
    }

    #[test]
    fn nothing_is_said_of_what_has_nothing_to_do_with_it() {
        let changed = |second, more| happened(second, "environment_variable.updated", ANA, more);
        for event in [
            changed(0, json!({"context": {"environment": "staging"}})),
            changed(
                0,
                json!({"resource": {"type": "environment_variable", "id": "v", "project_id": "other"}}),
            ),
            changed(
                0,
                json!({"resource": {"type": "environment_variable", "id": "v"}}),
            ),
            changed(0, json!({"correlation_id": "c"})),
            changed(840, json!({})),
            changed(841, json!({})),
            changed(840 - 3_601, json!({})),
            happened(0, "secret.read", ANA, json!({})),
            happened(0, "deployment.approved", ANA, json!({})),
            happened(
                0,
                "deployment.started",
                ANA,
                json!({"resource": {"type": "deployment", "id": "dpl_1", "project_id": "shop"}}),
            ),
        ] {
            assert_eq!(told(&event), None, "{event:?}");
        }
        assert!(told(&changed(840 - 3_600, json!({}))).is_some());
    }

    #[test]
    fn a_deployment_that_was_rolled_back_counts_and_one_that_nobody_could_roll_back_does_not() {
        let back = |result: &str| {
            let resource =
                json!({"type": "deployment", "id": "d", "name": "d", "project_id": "shop"});
            happened(
                60,
                "deployment.rolled_back",
                ANA,
                json!({"resource": resource, "outcome": {"result": result}}),
            )
        };
        assert_eq!(breaks([back("success")].iter())[0].word, "was rolled back");
        assert!(breaks([back("denied")].iter()).is_empty());
    }
}
