//! What the API said of what is asked for.
//!
//! Promises: few questions, at once; all but the list itself may go unanswered, and then the page says less. Must never:
//! ask for more than [`EVENTS_MAX`] events, show more than [`ROWS_MAX`] rows, or count values among more events than
//! [`COUNTED_MAX`].

use ledger::time::Micros;

use super::arrangement::{Pin, arrange, fitting};
use super::asked::{Asked, Only};
use super::happening::Happening;
use super::histogram::bucket_seconds;
use super::relation::{Break, WITHIN_MICROS, breaks};
use super::shown::{Maker, Section};
use super::window::short;
use crate::ui::ask::Ask;
use crate::ui::histogram::{events, grouped};
use crate::ui::problem::Refused;
use crate::ui::visit::Visit;

/// Events that are asked for at once: long runs of machines among them take few rows.
const EVENTS_MAX: usize = 400;
/// Rows of the page.
const ROWS_MAX: usize = 120;
/// Failed deployments that changes are held against.
const BREAKS_MAX: &str = "100";
/// What counts as one.
const BREAKS: &str = "operation:(deployment.failed OR deployment.rolled_back) OR (outcome:failure \
                      operation:(deployment.created OR deployment.started OR deployment.promoted OR deployment.succeeded))";
/// Events up to which the values of the window are counted: counting them among millions takes too long for a page.
const COUNTED_MAX: u64 = 200_000;
/// Values of each field that are one click away.
const CHIPS: &str = "8";

/// What the API said.
pub(super) struct Found {
    pub(super) events: Vec<Happening>,
    pub(super) breaks: Vec<Break>,
    pub(super) all: Option<api::Statistics>,
    pub(super) wrong: Option<api::Statistics>,
    pub(super) projects: Vec<api::ValueCount>,
    pub(super) environments: Vec<api::ValueCount>,
    /// How many of the events are shown.
    pub(super) fit: usize,
    /// Where the page after this one ends and below which place, if there is one.
    pub(super) rest: Option<(Micros, Option<u64>)>,
    /// Whether the log holds nothing at all.
    pub(super) log_is_empty: bool,
}

/// What was counted, which takes longer than the list.
#[derive(Default)]
pub(super) struct Counted {
    all: Option<api::Statistics>,
    wrong: Option<api::Statistics>,
    projects: Vec<api::ValueCount>,
    environments: Vec<api::ValueCount>,
    /// What broke meanwhile.
    broken: Vec<api::Event>,
}

/// Asks the API, everything at once.
pub(super) async fn look(visit: &Visit, asked: &Asked) -> Result<Found, Refused> {
    let counting = count(visit.ask(), asked.clone());
    let (found, counted) = tokio::join!(list(visit, asked), counting);
    let mut found = found?;
    found.add(visit, counted);
    Ok(found)
}

/// Counts what there is, and for what else can be chosen when it is known how much that is.
pub(super) async fn count_with_choices(ask: Ask, asked: Asked) -> Counted {
    let mut counted = count(ask.clone(), asked.clone()).await;
    counted.count_values(&ask, &asked).await;
    counted
}

async fn count(ask: Ask, asked: Asked) -> Counted {
    let (query, problems, (since, until)) = (asked.query(), asked.problems(), asked.times());
    let interval = bucket_seconds(asked.window)
        .map_or_else(|| "none".to_owned(), |seconds| format!("{seconds}s"));
    let counting = |q| {
        [
            ("q", q),
            ("since", since.as_str()),
            ("until", until.as_str()),
            ("interval", interval.as_str()),
        ]
    };
    let (all, wrong) = (counting(query.as_str()), counting(problems.as_str()));
    let behind = short(asked.window.until.plus(WITHIN_MICROS));
    let broken = [
        ("q", BREAKS),
        ("since", &since),
        ("until", &behind),
        ("limit", BREAKS_MAX),
    ];
    // Where only what went wrong is asked for, all of it is that.
    let apart = asked.only != Only::Problems;
    let (broken, all, wrong) = tokio::join!(
        ask.get::<api::Events>("/v1/events", &broken),
        ask.get::<api::Statistics>("/v1/stats", &all),
        async {
            let asked = ask.get::<api::Statistics>("/v1/stats", &wrong);
            if apart { asked.await.ok() } else { None }
        },
    );
    let all = all.ok();
    Counted {
        broken: broken.map(|broken| broken.events).unwrap_or_default(),
        wrong: if apart { wrong } else { all.clone() },
        all,
        ..Counted::default()
    }
}

/// Asks for the list.
pub(super) async fn list(visit: &Visit, asked: &Asked) -> Result<Found, Refused> {
    let ask = visit.ask();
    let (query, (since, until)) = (asked.query(), asked.times());
    let limit = EVENTS_MAX.to_string();
    let list = [
        ("q", query.as_str()),
        ("since", &since),
        ("until", &until),
        ("limit", &limit),
    ];
    let list: api::Events = ask.get("/v1/events", &list).await?;
    let events = list.events.iter();
    let events: Vec<Happening> = events
        .map(|event| Happening::new(event, &visit.tenant, visit.now))
        .collect();
    let pin = asked.t0.map(|at| Pin {
        at,
        list_is_whole: true,
    });
    let fit = fitting(&events, pin, ROWS_MAX);
    Ok(Found {
        breaks: Vec::new(),
        rest: rest(&events, fit, list.cursor.is_some()),
        events,
        all: None,
        wrong: None,
        projects: Vec::new(),
        environments: Vec::new(),
        fit,
        log_is_empty: list.searched.size <= 1,
    })
}

/// Where what is not shown begins, if there is any: before a time, and in the last microsecond of it below a place.
fn rest(events: &[Happening], fit: usize, goes_on: bool) -> Option<(Micros, Option<u64>)> {
    let last = fit.checked_sub(1).and_then(|last| events.get(last))?;
    match events.get(fit) {
        Some(next) if next.at < last.at => Some((last.at, None)),
        // More of the same microsecond may follow: what was shown of it is left out by its place.
        next if next.is_some() || goes_on => Some((last.at.plus(1), Some(last.seq))),
        _ => None,
    }
}

impl Counted {
    /// Counts projects and environments, or only names them where there is too much to count.
    async fn count_values(&mut self, ask: &Ask, asked: &Asked) {
        let Some(total) = self.all.as_ref().map(|all| all.total) else {
            return;
        };
        if total <= COUNTED_MAX {
            let (query, (since, until)) = (asked.query(), asked.times());
            let counting = [
                ("q", query.as_str()),
                ("since", &since),
                ("until", &until),
                ("by", "project,environment"),
                ("top", CHIPS),
                ("interval", "none"),
            ];
            if let Ok(counted) = ask.get::<api::Statistics>("/v1/stats", &counting).await {
                let mut top = counted.top.into_iter().map(|top| top.values);
                self.projects = top.next().unwrap_or_default();
                self.environments = top.next().unwrap_or_default();
            }
            return;
        }
        let names = |field: &'static str| [("field", field), ("limit", CHIPS)];
        let (projects, environments) = (names("project"), names("environment"));
        let (projects, environments) = tokio::join!(
            ask.get::<api::Completions>("/v1/fields", &projects),
            ask.get::<api::Completions>("/v1/fields", &environments),
        );
        let named = |answer: Result<api::Completions, Refused>| {
            let values = answer.map(|answer| answer.values).unwrap_or_default();
            // Counts of the whole log say nothing of the window.
            values
                .into_iter()
                .map(|value| api::ValueCount { count: 0, ..value })
                .collect()
        };
        self.projects = named(projects);
        self.environments = named(environments);
    }
}

impl Found {
    /// What was counted.
    pub(super) fn add(&mut self, visit: &Visit, counted: Counted) {
        let broken = counted.broken.iter();
        let broken: Vec<Happening> = broken
            .map(|event| Happening::new(event, &visit.tenant, visit.now))
            .collect();
        self.breaks = breaks(broken.iter());
        self.all = counted.all;
        self.wrong = counted.wrong;
        self.projects = counted.projects;
        self.environments = counted.environments;
    }

    pub(super) fn sections(&self, visit: &Visit, asked: &Asked) -> Vec<Section> {
        let events = self.events.get(..self.fit).unwrap_or(&self.events);
        let pin = asked.t0.filter(|t0| asked.window.holds(*t0));
        let parts = arrange(
            events,
            pin.map(|at| Pin {
                at,
                list_is_whole: self.rest.is_none(),
            }),
        );
        let maker = Maker {
            events,
            breaks: &self.breaks,
            asked,
            search: visit.path("/search"),
        };
        maker.sections(&parts)
    }

    /// How much there is.
    pub(super) fn counts(&self) -> String {
        let Some(all) = &self.all else {
            return "How many there are could not be counted just now.".to_owned();
        };
        match self.wrong.as_ref().map_or(0, |wrong| wrong.total) {
            0 => format!("{}.", events(all.total)),
            wrong => format!(
                "{}, {} of them failed, denied or rolled back.",
                events(all.total),
                grouped(wrong)
            ),
        }
    }

    /// How much of it the page shows; empty where it is all.
    pub(super) fn shown_of(&self) -> String {
        if self.rest.is_none() {
            return String::new();
        }
        match &self.all {
            Some(all) => format!(
                "Shown are the newest {} of {}.",
                grouped(self.fit as u64),
                grouped(all.total)
            ),
            None => format!("Shown are the newest {}.", grouped(self.fit as u64)),
        }
    }
}
