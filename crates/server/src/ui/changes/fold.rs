//! Folding: what machines do in long runs, and what is done over and over, becomes one line.
//!
//! Promises: pure; every event is in exactly one line; lines are newest first, by the newest of each. Must never: put
//! an event that stands ([`Happening::stands`]) into a fold, or fold across one.

use super::happening::Happening;

/// Fewer events than this are shown one by one.
pub(super) const FOLD_MIN: usize = 3;

/// One line: places in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// An event by itself.
    One(usize),
    /// Several, newest first, of one actor.
    Fold(Vec<usize>),
}

impl Line {
    /// Its newest event.
    pub(super) fn newest(&self) -> usize {
        match self {
            Self::One(one) => *one,
            Self::Fold(members) => members.first().copied().unwrap_or_default(),
        }
    }
}

/// What folds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key<'a> {
    actor: &'a str,
    /// A machine's work folds whatever it is; other people's only if it is the same again.
    operation: &'a str,
}

fn key(event: &Happening) -> Option<Key<'_>> {
    let actor = event.actor.as_str();
    match event {
        _ if event.stands => None,
        _ if event.machine => Some(Key {
            actor,
            operation: "",
        }),
        _ if event.ordinary => Some(Key {
            actor,
            operation: &event.told.operation,
        }),
        _ => None,
    }
}

/// Lines of `members`, which are places in `events`, newest first.
pub(super) fn fold(events: &[Happening], members: &[usize]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(members.len());
    let mut run: Vec<(Key<'_>, Vec<usize>)> = Vec::new();
    for index in members.iter().copied() {
        match events.get(index).and_then(key) {
            None => {
                end(&mut run, &mut lines);
                lines.push(Line::One(index));
            }
            Some(key) => match run.iter_mut().find(|(known, _)| *known == key) {
                Some((_, indexes)) => indexes.push(index),
                None => run.push((key, vec![index])),
            },
        }
    }
    end(&mut run, &mut lines);
    lines
}

/// Makes lines of a run that is over.
fn end(run: &mut Vec<(Key<'_>, Vec<usize>)>, lines: &mut Vec<Line>) {
    let begun = lines.len();
    for (_, indexes) in run.drain(..) {
        if indexes.len() >= FOLD_MIN {
            lines.push(Line::Fold(indexes));
        } else {
            lines.extend(indexes.into_iter().map(Line::One));
        }
    }
    if let Some(new) = lines.get_mut(begun..) {
        new.sort_by_key(Line::newest);
    }
}

#[cfg(test)]
mod tests {
    use super::super::happening::tests::happened;
    use super::*;
    use serde_json::json;

    const BOT: &str = "service_account/argocd";

    fn folded(events: &[Happening]) -> Vec<Line> {
        let all: Vec<usize> = (0..events.len()).collect();
        fold(events, &all)
    }

    /// Newest first, as the API answers.
    fn bot_run(length: i64) -> Vec<Happening> {
        let operations = [
            "workload.updated",
            "application.synced",
            "config_map.updated",
        ];
        let events = (0..length).rev().map(|second| {
            let operation = operations[usize::try_from(second).unwrap() % operations.len()];
            happened(second, operation, BOT, json!({}))
        });
        events.collect()
    }

    #[test]
    fn a_run_of_one_machine_is_one_line() {
        let lines = folded(&bot_run(48));
        assert_eq!(lines, [Line::Fold((0..48).collect())]);
    }

    #[test]
    fn a_failure_inside_a_run_of_five_hundred_stands_outside_the_fold() {
        for (operation, more) in [
            (
                "workload.updated",
                json!({"outcome": {"result": "failure"}}),
            ),
            ("workload.updated", json!({"outcome": {"result": "denied"}})),
            ("pod.deleted", json!({})),
            ("secret.updated", json!({})),
            ("role.updated", json!({})),
            ("acme.policy_attached", json!({})),
        ] {
            let mut events = bot_run(500);
            events[237] = happened(262, operation, BOT, more);
            let lines = folded(&events);
            let expected = [
                Line::Fold((0..237).collect()),
                Line::One(237),
                Line::Fold((238..500).collect()),
            ];
            assert_eq!(lines, expected, "{operation}");
        }
    }

    #[test]
    fn two_machines_at_once_are_two_folds_and_a_persons_change_parts_them() {
        let mut events: Vec<Happening> = (0..12)
            .rev()
            .map(|second| {
                let actor = if second % 2 == 0 {
                    BOT
                } else {
                    "system/platform"
                };
                happened(second, "workload.updated", actor, json!({}))
            })
            .collect();
        let lines = folded(&events);
        assert_eq!(
            lines,
            [
                Line::Fold(vec![0, 2, 4, 6, 8, 10]),
                Line::Fold(vec![1, 3, 5, 7, 9, 11])
            ]
        );
        events[6] = happened(5, "environment_variable.updated", "user/ana", json!({}));
        let lines = folded(&events);
        assert!(lines.contains(&Line::One(6)), "{lines:?}");
        let across = lines.iter().any(|line| matches!(line, Line::Fold(all) if all.iter().any(|i| *i < 6) && all.iter().any(|i| *i > 6)));
        assert!(!across, "{lines:?}");
    }

    #[test]
    fn people_fold_only_what_is_ordinary_and_the_same_again() {
        let ana = "user/ana";
        let viewed = |second| happened(second, "report.viewed", ana, json!({}));
        assert_eq!(
            folded(&[viewed(3), viewed(2), viewed(1)]),
            [Line::Fold(vec![0, 1, 2])]
        );
        assert_eq!(
            folded(&[viewed(2), viewed(1)]),
            [Line::One(0), Line::One(1)]
        );
        let changed = |second| happened(second, "environment_variable.updated", ana, json!({}));
        assert_eq!(folded(&[changed(3), changed(2), changed(1)]).len(), 3);
    }

    #[test]
    fn every_event_is_in_one_line() {
        let mut events = bot_run(60);
        for (index, event) in events
            .iter_mut()
            .enumerate()
            .filter(|(index, _)| index % 7 == 0)
        {
            let second = i64::try_from(index).unwrap();
            *event = happened(60 - second, "pod.deleted", "user/ana", json!({}));
        }
        let mut seen = Vec::new();
        for line in folded(&events) {
            match line {
                Line::One(one) => seen.push(one),
                Line::Fold(members) => {
                    assert!(members.iter().all(|index| !events[*index].stands));
                    seen.extend(members);
                }
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..60).collect::<Vec<_>>());
    }
}
