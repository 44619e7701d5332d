//! The order of the page: days, the rule at T0, and the items between them.
//!
//! Promises: pure; newest first; no group or fold reaches over a day's end or over T0, so that what stands above the rule
//! happened after it. Must never: show more rows than asked for.

use ledger::time::Micros;

use super::fold::Line;
use super::group::{Item, group};
use super::happening::Happening;

/// Events of a fold that are shown; the rest are a search away.
pub(super) const FOLD_SHOWN: usize = 12;
const DAY_MICROS: i64 = 86_400_000_000;

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A day begins, read from the top.
    Day(Micros),
    /// T0.
    Rule,
    /// What happened.
    Items(Vec<Item>),
}

/// T0, and where its rule may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// The time.
    pub(super) at: Micros,
    /// Whether the list goes on to the window's start, so that a rule behind its last event is in the right place.
    pub(super) list_is_whole: bool,
}

fn day(at: Micros) -> i64 {
    at.as_micros().div_euclid(DAY_MICROS)
}

/// The parts of `events`, newest first.
pub(super) fn arrange(events: &[Happening], pin: Option<Pin>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rule = pin;
    let mut today = None;
    for (index, event) in events.iter().enumerate() {
        let due = rule.filter(|pin| event.at <= pin.at);
        let new_day = (today != Some(day(event.at))).then_some(event.at);
        if due.is_some() || new_day.is_some() {
            close(events, &mut open, &mut parts);
        }
        // T0 may be of the new day or of one before it.
        let rule_first = due.is_some_and(|pin| day(pin.at) != day(event.at));
        if rule_first {
            parts.push(Part::Rule);
        }
        if let Some(at) = new_day {
            parts.push(Part::Day(at));
            today = Some(day(at));
        }
        if due.is_some() {
            rule = None;
            if !rule_first {
                parts.push(Part::Rule);
            }
        }
        open.push(index);
    }
    close(events, &mut open, &mut parts);
    if rule.is_some_and(|pin| pin.list_is_whole) {
        parts.push(Part::Rule);
    }
    parts
}

fn close(events: &[Happening], open: &mut Vec<usize>, parts: &mut Vec<Part>) {
    if !open.is_empty() {
        parts.push(Part::Items(group(events, open)));
        open.clear();
    }
}

/// Rows that the parts take.
pub(super) fn rows(parts: &[Part]) -> usize {
    let of_line = |line: &Line| match line {
        Line::One(_) => 1,
        Line::Fold(members) => 1 + members.len().min(FOLD_SHOWN),
    };
    let of_item = |item: &Item| match item {
        Item::Line(line) => of_line(line),
        Item::Quiet { members, .. } => 1 + members.len().min(FOLD_SHOWN),
        Item::Group { lines, .. } => 1 + lines.iter().map(of_line).sum::<usize>(),
    };
    let of_part = |part: &Part| match part {
        Part::Day(_) | Part::Rule => 0,
        Part::Items(items) => items.iter().map(of_item).sum::<usize>(),
    };
    parts.iter().map(of_part).sum()
}

/// How many of `events`, from the newest on, can be shown in so many rows.
pub(super) fn fitting(events: &[Happening], pin: Option<Pin>, rows_max: usize) -> usize {
    let fits =
        |count: usize| rows(&arrange(events.get(..count).unwrap_or(events), pin)) <= rows_max;
    if fits(events.len()) {
        return events.len();
    }
    // Three events at least make a fold, so that three quarters of the rows always fit.
    let (mut fit, mut too_many) = ((rows_max * 3 / 4).min(events.len()), events.len());
    // Halves each time: as often as the number of events has digits, in twos.
    while too_many - fit > 1 {
        let middle = usize::midpoint(fit, too_many);
        if fits(middle) {
            fit = middle;
        } else {
            too_many = middle;
        }
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::super::happening::tests::happened;
    use super::*;
    use serde_json::json;

    fn changed(second: i64) -> Happening {
        happened(
            second,
            "environment_variable.updated",
            "user/ana",
            json!({}),
        )
    }

    fn machine(second: i64) -> Happening {
        happened(second, "workload.updated", "system/platform", json!({}))
    }

    fn pin(second: i64) -> Pin {
        Pin {
            at: changed(second).at,
            list_is_whole: true,
        }
    }

    fn shape(parts: &[Part]) -> String {
        let of = |part: &Part| match part {
            Part::Day(_) => "day".to_owned(),
            Part::Rule => "T0".to_owned(),
            Part::Items(items) => items.len().to_string(),
        };
        parts.iter().map(of).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_rule_stands_between_after_and_before() {
        let events = [changed(30), changed(20), changed(10)];
        for (t0, expected) in [
            (40, "day T0 3"),
            (30, "day T0 3"),
            (25, "day 1 T0 2"),
            (20, "day 1 T0 2"),
            (5, "day 3 T0"),
            (-86_400, "day 3 T0"),
            (86_400, "T0 day 3"),
        ] {
            assert_eq!(shape(&arrange(&events, Some(pin(t0)))), expected, "{t0}");
        }
        let cut = Pin {
            list_is_whole: false,
            ..pin(5)
        };
        assert_eq!(shape(&arrange(&events, Some(cut))), "day 3");
        assert_eq!(shape(&arrange(&[], None)), "");
    }

    #[test]
    fn no_fold_reaches_over_t0_or_midnight() {
        let events: Vec<Happening> = (0..10).rev().map(machine).collect();
        assert_eq!(shape(&arrange(&events, None)), "day 1");
        let parts = arrange(&events, Some(pin(4)));
        assert_eq!(shape(&parts), "day 1 T0 1");
        let above = Part::Items(vec![Item::Line(Line::Fold(vec![0, 1, 2, 3, 4]))]);
        assert_eq!(parts[1], above);
        // The tests' moment is 08:00.
        let midnight = 16 * 3_600;
        let events: Vec<Happening> = (midnight - 3..midnight + 3).rev().map(machine).collect();
        assert_eq!(shape(&arrange(&events, None)), "day 1 day 1");
    }

    #[test]
    fn what_is_shown_fits_and_a_long_run_of_machines_takes_few_rows() {
        let people: Vec<Happening> = (0..500).rev().map(changed).collect();
        assert_eq!(fitting(&people, None, 140), 140);
        let machines: Vec<Happening> = (0..500).rev().map(machine).collect();
        assert_eq!(fitting(&machines, None, 140), 500);
        let mixed: Vec<Happening> = (0..500)
            .rev()
            .map(|n| if n % 4 == 0 { changed(n) } else { machine(n) })
            .collect();
        let fit = fitting(&mixed, None, 140);
        assert!((105..500).contains(&fit), "{fit}");
        assert!(rows(&arrange(&mixed[..fit], None)) <= 140);
    }
}
