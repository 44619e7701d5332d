//! Grouping: what came with one deployment or one correlation stands under one sentence.
//!
//! Promises: pure; every event is in exactly one item; items are newest first, by the event that is shown for each.
//! What stands never disappears in a fold: it is a line of its group.

use std::collections::BTreeMap;

use super::fold::{FOLD_MIN, Line, fold};
use super::happening::Happening;

/// Fewer events than this are no group.
const GROUP_MIN: usize = 2;

/// One item of the timeline: places in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A line by itself.
    Line(Line),
    /// A deployment that only machines worked on and that went well: folded under the sentence of one of its events.
    Quiet {
        /// The event that tells most.
        lead: usize,
        /// All of them, newest first.
        members: Vec<usize>,
    },
    /// A sentence with lines under it.
    Group {
        /// The event that tells most.
        lead: usize,
        /// The others.
        lines: Vec<Line>,
    },
}

impl Item {
    /// The event whose time the item bears.
    pub(super) fn shown(&self) -> usize {
        match self {
            Self::Line(line) => line.newest(),
            Self::Quiet { lead, .. } | Self::Group { lead, .. } => *lead,
        }
    }
}

/// What ties an event to others.
fn ties(events: &[Happening], members: &[usize]) -> Vec<Option<String>> {
    let of = |index: &usize| events.get(*index);
    let mut correlations: BTreeMap<&str, &str> = BTreeMap::new();
    for event in members.iter().filter_map(of) {
        if let (Some(deployment), Some(correlation)) = (&event.deployment, &event.correlation) {
            correlations.entry(deployment).or_insert(correlation);
        }
    }
    let tie = |event: &Happening| {
        let of_deployment = event.deployment.as_deref();
        let correlation = event.correlation.as_deref();
        let correlation = correlation.or_else(|| correlations.get(of_deployment?).copied());
        correlation
            .map(|id| format!("c/{id}"))
            .or_else(|| of_deployment.map(|id| format!("d/{id}")))
    };
    members
        .iter()
        .map(|index| of(index).and_then(tie))
        .collect()
}

/// The items of `members`, which are places in `events`, newest first.
pub(super) fn group(events: &[Happening], members: &[usize]) -> Vec<Item> {
    let ties = ties(events, members);
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (tie, index) in ties.iter().zip(members) {
        if let Some(tie) = tie {
            groups.entry(tie).or_default().push(*index);
        }
    }
    let mut items = Vec::new();
    groups.retain(|_, indexes| match whole(events, indexes) {
        Some(item) => {
            items.push(item);
            true
        }
        None => false,
    });
    let is_grouped =
        |tie: &Option<String>| tie.as_deref().is_some_and(|tie| groups.contains_key(tie));
    let single = ties.iter().zip(members).filter(|(tie, _)| !is_grouped(tie));
    let single: Vec<usize> = single.map(|(_, index)| *index).collect();
    items.extend(fold(events, &single).into_iter().map(Item::Line));
    items.sort_by_key(Item::shown);
    items
}

/// The item of what has one tie, if it is worth one.
fn whole(events: &[Happening], members: &[usize]) -> Option<Item> {
    let lead = lead(events, members)?;
    let is_quiet = |index: &usize| {
        events
            .get(*index)
            .is_some_and(|event| event.machine && !event.stands)
    };
    if members.iter().all(is_quiet) {
        // What machines do without a deployment folds with the rest of what they do.
        let is_deployment = events.get(lead).is_some_and(|event| event.deploy_rank > 0);
        return (is_deployment && members.len() >= FOLD_MIN).then(|| Item::Quiet {
            lead,
            members: members.to_vec(),
        });
    }
    let others: Vec<usize> = members
        .iter()
        .copied()
        .filter(|index| *index != lead)
        .collect();
    (members.len() >= GROUP_MIN).then(|| Item::Group {
        lead,
        lines: fold(events, &others),
    })
}

/// The event that tells most: how a deployment ended, else the first thing that stands, else the first thing.
fn lead(events: &[Happening], members: &[usize]) -> Option<usize> {
    let of = |index: &usize| events.get(*index);
    let rank = |index: &usize| of(index).map_or(0, |event| event.deploy_rank);
    let highest = members.iter().map(rank).max().unwrap_or_default();
    if highest > 0 {
        return members.iter().copied().find(|index| rank(index) == highest);
    }
    let mut oldest_first = members.iter().rev().copied();
    let standing = oldest_first
        .clone()
        .find(|index| of(index).is_some_and(|event| event.stands));
    standing.or_else(|| oldest_first.next())
}

#[cfg(test)]
mod tests {
    use super::super::happening::tests::happened;
    use super::*;
    use serde_json::{Value, json};

    const CI: &str = "service_account/ci";

    fn of(second: i64, operation: &str, actor: &str, correlation: &str) -> Happening {
        happened(
            second,
            operation,
            actor,
            json!({ "correlation_id": correlation }),
        )
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write what they send where they send it"
    )]
    fn of_deployment(second: i64, operation: &str, actor: &str, more: Value) -> Happening {
        let mut said = json!({ "resource": {"type": "deployment", "id": "dpl_1"} });
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        happened(second, operation, actor, said)
    }

    fn grouped(events: &[Happening]) -> Vec<Item> {
        let all: Vec<usize> = (0..events.len()).collect();
        group(events, &all)
    }

    #[test]
    fn a_rollback_heads_everything_that_came_with_it_and_the_failure_is_a_line_of_its_own() {
        let events = [
            of(9, "deployment.rolled_back", "user/bruno", "c"),
            happened(8, "page.viewed", "user/ana", json!({})),
            of(7, "deployment.failed", CI, "c"),
            of(6, "deployment.started", CI, "c"),
            of(5, "deployment.created", CI, "c"),
            of(4, "build.succeeded", CI, "c"),
            of(3, "deployment.approved", "user/ana", "c"),
        ];
        let lines = vec![Line::One(2), Line::Fold(vec![3, 4, 5]), Line::One(6)];
        assert_eq!(
            grouped(&events),
            [Item::Group { lead: 0, lines }, Item::Line(Line::One(1))]
        );
    }

    #[test]
    fn a_deployment_that_went_well_by_machines_alone_is_one_line() {
        let events = [
            of(4, "deployment.succeeded", CI, "c"),
            of(3, "deployment.started", CI, "c"),
            of(2, "build.succeeded", CI, "c"),
        ];
        assert_eq!(
            grouped(&events),
            [Item::Quiet {
                lead: 0,
                members: vec![0, 1, 2]
            }]
        );
    }

    #[test]
    fn a_failure_hides_in_no_quiet_deployment() {
        let events = [
            of(4, "deployment.succeeded", CI, "c"),
            of(3, "secret.updated", CI, "c"),
            of(2, "test_run.failed", CI, "c"),
            of(1, "build.succeeded", CI, "c"),
        ];
        let lines = vec![Line::One(1), Line::One(2), Line::One(3)];
        assert_eq!(grouped(&events), [Item::Group { lead: 0, lines }]);
    }

    #[test]
    fn what_names_its_deployment_joins_what_names_its_correlation() {
        let events = [
            of_deployment(3, "deployment.failed", CI, json!({})),
            of_deployment(
                2,
                "deployment.created",
                "user/ana",
                json!({"correlation_id": "c"}),
            ),
            of(1, "release.created", "user/ana", "c"),
        ];
        let lines = vec![Line::One(1), Line::One(2)];
        assert_eq!(grouped(&events), [Item::Group { lead: 0, lines }]);
    }

    #[test]
    fn what_machines_do_without_a_deployment_folds_over_its_correlations() {
        let correlations = ["a", "a", "b", "b", "c", "c"];
        let events: Vec<Happening> = (0..6)
            .rev()
            .map(|second| {
                of(
                    second,
                    "workload.updated",
                    CI,
                    correlations[usize::try_from(second).unwrap()],
                )
            })
            .collect();
        assert_eq!(grouped(&events), [Item::Line(Line::Fold((0..6).collect()))]);
    }

    #[test]
    fn one_event_of_a_correlation_is_no_group() {
        let events = [of(1, "environment_variable.updated", "user/ana", "c")];
        assert_eq!(grouped(&events), [Item::Line(Line::One(0))]);
    }
}
