//! The parts of the timeline as the page and the Markdown show them.
//!
//! Promises: every text is one line and bounded. Must never: hold markup.

use ledger::time::Micros;
use ledger::vocabulary::sentence::clean;

use super::arrangement::{FOLD_SHOWN, Part};
use super::asked::Asked;
use super::fold::Line;
use super::group::Item;
use super::happening::Happening;
use super::relation::{Before, Break, next};
use super::window::{Window, day_name, offset, short};
use crate::ui::ask::with_parameters;
use crate::ui::histogram::{events, grouped};
use crate::ui::telling::Stretch;
use crate::ui::term::term;

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    /// Its page.
    pub(super) href: String,
    /// For machines.
    pub(super) iso: String,
    /// Time of day.
    pub(super) clock: String,
    pub(super) sentence: Vec<Stretch>,
    /// Class, sign and word of how it ended.
    pub(super) mark: Option<(&'static str, &'static str, &'static str)>,
    /// What it came before.
    pub(super) before: Option<Before>,
    /// What was said about it.
    pub(super) note: String,
    /// How far from T0, or how long ago.
    pub(super) from: String,
}

/// Many events in one line.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    /// The sentence that stands for all, if one does.
    pub(super) lead: Option<Row>,
    /// Who.
    pub(super) actor: String,
    /// What: `48 events of 6 kinds`.
    pub(super) what: String,
    /// When: `10:02–10:14`.
    pub(super) span: String,
    pub(super) iso: String,
    pub(super) from: String,
    /// The newest of them.
    pub(super) rows: Vec<Row>,
    /// How many more there are.
    pub(super) more: usize,
    /// The search that finds all.
    pub(super) href: String,
}

/// One item.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// An event.
    Row(Row),
    /// Many.
    Fold(Fold),
    /// A sentence with others under it.
    Group {
        lead: Row,
        /// `8 events, 16:02–16:24`.
        about: String,
        lines: Vec<Entry>,
    },
}

/// One part.
#[derive(Clone, Debug)]
pub(super) enum Section {
    /// A day.
    Day(String),
    /// T0.
    Rule,
    /// What happened.
    Entries(Vec<Entry>),
}

/// What rows are made with.
pub(super) struct Maker<'a> {
    pub(super) events: &'a [Happening],
    pub(super) breaks: &'a [Break],
    pub(super) asked: &'a Asked,
    /// The page of searches.
    pub(super) search: String,
}

impl Maker<'_> {
    /// The parts as they are shown.
    pub(super) fn sections(&self, parts: &[Part]) -> Vec<Section> {
        let shown = parts.iter().map(|part| match part {
            Part::Day(at) => Section::Day(day_name(*at)),
            Part::Rule => Section::Rule,
            Part::Items(items) => {
                Section::Entries(items.iter().filter_map(|item| self.entry(item)).collect())
            }
        });
        shown.collect()
    }

    fn entry(&self, item: &Item) -> Option<Entry> {
        match item {
            Item::Line(line) => self.line(line),
            Item::Quiet { lead, members } => {
                let fold = self.fold(members)?;
                Some(Entry::Fold(Fold {
                    lead: Some(self.row(*lead)?),
                    ..fold
                }))
            }
            Item::Group { lead, lines } => {
                let of_line = |line: &Line| match line {
                    Line::One(one) => vec![*one],
                    Line::Fold(members) => members.clone(),
                };
                let mut members: Vec<usize> = lines.iter().flat_map(of_line).collect();
                members.push(*lead);
                members.sort_unstable();
                let lead = self.row(*lead)?;
                let line = |line: &Line| {
                    let mut entry = self.line(line)?;
                    // What the heading says of all need not be said of each.
                    if let Entry::Row(row) = &mut entry
                        && row.before.as_ref().map(|before| &before.href)
                            == lead.before.as_ref().map(|before| &before.href)
                    {
                        row.before = None;
                    }
                    Some(entry)
                };
                Some(Entry::Group {
                    about: format!("{}, {}", events(members.len() as u64), self.span(&members)),
                    lines: lines.iter().filter_map(line).collect(),
                    lead,
                })
            }
        }
    }

    fn line(&self, line: &Line) -> Option<Entry> {
        match line {
            Line::One(index) => self.row(*index).map(Entry::Row),
            Line::Fold(members) => self.fold(members).map(Entry::Fold),
        }
    }

    fn row(&self, index: usize) -> Option<Row> {
        let event = self.events.get(index)?;
        Some(Row {
            id: event.told.id.clone(),
            href: event.told.href.clone(),
            iso: short(event.at),
            clock: event.told.when.clock.clone(),
            sentence: event.told.sentence.clone(),
            mark: event.mark.shown(),
            before: next(self.breaks, event),
            note: event.note.clone(),
            from: self.from(event),
        })
    }

    fn from(&self, event: &Happening) -> String {
        self.asked
            .t0
            .map_or_else(|| event.told.when.ago.clone(), |t0| offset(event.at, t0))
    }

    /// `10:02–10:14`.
    fn span(&self, members: &[usize]) -> String {
        let clock = |index: Option<&usize>| {
            let event = index.and_then(|index| self.events.get(*index));
            event
                .and_then(|event| event.told.when.clock.get(..5))
                .unwrap_or_default()
                .to_owned()
        };
        let (oldest, newest) = (clock(members.last()), clock(members.first()));
        if oldest == newest {
            oldest
        } else {
            format!("{oldest}–{newest}")
        }
    }

    fn fold(&self, members: &[usize]) -> Option<Fold> {
        let of = |index: &usize| self.events.get(*index);
        let (newest, oldest) = (members.first().and_then(of)?, members.last().and_then(of)?);
        let mut operations: Vec<&str> = members
            .iter()
            .filter_map(of)
            .map(|event| event.told.operation.as_str())
            .collect();
        operations.sort_unstable();
        operations.dedup();
        let what = match operations.as_slice() {
            [only] => format!("{} × {}", grouped(members.len() as u64), clean(only)),
            kinds => format!("{} of {} kinds", events(members.len() as u64), kinds.len()),
        };
        let reads = members
            .iter()
            .filter_map(of)
            .filter(|event| event.reads_protected)
            .count();
        let what = match reads {
            // The one kind says it by its name.
            0 => what,
            _ if operations.len() == 1 => what,
            reads => format!(
                "{what}, {} reading secrets or rights",
                grouped(reads as u64)
            ),
        };
        let mut actors: Vec<String> = Vec::new();
        for event in members.iter().filter_map(of) {
            let name = event.actor_name();
            if !actors.contains(&name) {
                actors.push(name);
            }
        }
        let rows: Vec<Row> = members
            .iter()
            .take(FOLD_SHOWN)
            .filter_map(|index| self.row(*index))
            .collect();
        Some(Fold {
            lead: None,
            actor: actors.join(", "),
            what,
            span: self.span(members),
            iso: short(newest.at),
            from: self.from(newest),
            more: members.len().saturating_sub(rows.len()),
            rows,
            href: self.find(newest, oldest.at),
        })
    }

    /// The search for what this actor did from then on.
    fn find(&self, newest: &Happening, since: Micros) -> String {
        let actor = match newest.actor_id.as_str() {
            "" => term("actor.type", &newest.told.actor_type),
            id => term("actor.id", id),
        };
        let window = Window::between(since, newest.at.plus(1)).unwrap_or(self.asked.window);
        let query = self.asked.query_with(&actor);
        let parameters = [
            ("q", query.as_str()),
            ("since", &short(window.since)),
            ("until", &short(window.until)),
        ];
        with_parameters(&self.search, &parameters)
    }
}
