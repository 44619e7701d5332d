//! `/t/{tenant}/`: what changed, as whoever is on call reads it; `/t/{tenant}/timeline.md`: the same for a post-mortem.
//!
//! Promises: newest first, in sentences, within absolute times; what failed, was denied or was taken away is never folded
//! (`fold`); the page says how much of the window it shows. A question beside the list that could not be answered leaves
//! its part of the page out. Must never: ask more than [`EVENTS_MAX`] events, or show more than [`ROWS_MAX`] rows.

mod arrangement;
mod asked;
mod fold;
mod group;
mod happening;
mod histogram;
mod markdown;
mod relation;
mod shown;
mod window;

use api::code;
use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderValue, Response, StatusCode, header};
use ledger::time::Micros;

use self::arrangement::{Pin, arrange, fitting};
use self::asked::{Asked, Fault, Only, Parameters};
use self::happening::Happening;
use self::histogram::{Histogram, bucket_seconds, grouped};
use self::relation::{WITHIN_MICROS, breaks};
use self::shown::{Entry, Maker, Section, changes};
use self::window::{Window, end_for_form, for_form, plain, short};
use super::page::{guarded, render};
use super::problem::Refused;
use super::shell::{Section as At, Shell};
use super::visit::Visit;

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
/// Longest address that is repeated for each bar, in bytes.
const BAR_LINK_BYTES_MAX: usize = 400;

/// Something to click that changes what is shown.
struct Choice {
    label: String,
    /// How many; empty where that was not counted.
    count: String,
    href: String,
    current: bool,
}

/// Where to go on behind the last event of the page.
struct More {
    href: String,
    older: String,
}

/// What the API said.
struct Found {
    events: Vec<Happening>,
    breaks: Vec<relation::Break>,
    all: Option<api::Statistics>,
    wrong: Option<api::Statistics>,
    projects: Vec<api::ValueCount>,
    environments: Vec<api::ValueCount>,
    /// How many of the events are shown.
    fit: usize,
    /// Where the page after this one ends and below which place, if there is one.
    rest: Option<(Micros, Option<u64>)>,
    /// Whether the log holds nothing at all.
    log_is_empty: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    shell: Shell,
    q: String,
    fault: Option<Fault>,
    since_field: String,
    until_field: String,
    t0_field: String,
    span: String,
    /// What the form of the times repeats, and what the one of T0 does.
    kept: Vec<(&'static str, String)>,
    state: Vec<(&'static str, String)>,
    presets: Vec<Choice>,
    older: String,
    newer: String,
    only: Vec<Choice>,
    projects: Vec<Choice>,
    environments: Vec<Choice>,
    t0: String,
    unpin: String,
    around: String,
    rule_is_shown: bool,
    counts: String,
    shown_of: String,
    histogram: Option<Histogram>,
    sections: Vec<Section>,
    more: Option<More>,
    markdown: String,
    search: String,
    log_is_empty: bool,
    is_filtered: bool,
    week: String,
}

pub(super) async fn show(visit: Visit, Query(sent): Query<Parameters>) -> Response<Body> {
    let page = page(&visit, sent).await;
    visit.finish(page)
}

/// The timeline as Markdown.
pub(super) async fn timeline(visit: Visit, Query(sent): Query<Parameters>) -> Response<Body> {
    let text = text(&visit, sent).await;
    visit.finish(text)
}

async fn page(visit: &Visit, sent: Parameters) -> Result<Response<Body>, Refused> {
    let (asked, fault) = Asked::read(sent, visit.now, visit.caller.known_countries());
    if fault.is_some() {
        return Ok(render(StatusCode::BAD_REQUEST, &ChangesPage::new(visit, &asked, fault)));
    }
    let found = match look(visit, &asked, true).await {
        Ok(found) => found,
        // A query that only the API refuses, such as one that is too long with what was added to it.
        Err(refused) if refused.0.code == code::BAD_QUERY => {
            let fault = Some(Fault::of(&refused.0.detail));
            return Ok(render(StatusCode::BAD_REQUEST, &ChangesPage::new(visit, &asked, fault)));
        }
        Err(refused) => return Err(refused),
    };
    let mut page = ChangesPage::new(visit, &asked, None);
    page.show(visit, &asked, &found);
    Ok(render(StatusCode::OK, &page))
}

async fn text(visit: &Visit, sent: Parameters) -> Result<Response<Body>, Refused> {
    let (asked, fault) = Asked::read(sent, visit.now, visit.caller.known_countries());
    if let Some(fault) = fault {
        let said = format!("{}\n", fault.expected);
        return Ok(guarded(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", said));
    }
    let found = look(visit, &asked, false).await?;
    let sections = found.sections(visit, &asked);
    let head = markdown::Head {
        tenant: &visit.tenant,
        since: asked.window.since,
        until: asked.window.until,
        query: &asked.query(),
        t0: asked.t0,
        counts: &format!("{} {}", found.counts(), found.shown_of()),
        now: visit.now,
    };
    let text = markdown::write(&head, &sections);
    let mut response = guarded(StatusCode::OK, "text/markdown; charset=utf-8", text);
    if let Ok(value) = HeaderValue::try_from("attachment; filename=\"timeline.md\"") {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Asks the API: everything at once, and the counts of values when it is known that they are few enough.
async fn look(visit: &Visit, asked: &Asked, with_choices: bool) -> Result<Found, Refused> {
    let ask = visit.ask();
    let (query, problems, (since, until)) = (asked.query(), asked.problems(), asked.times());
    let limit = EVENTS_MAX.to_string();
    let list = [("q", query.as_str()), ("since", &since), ("until", &until), ("limit", &limit)];
    let interval = bucket_seconds(asked.window).map_or_else(|| "none".to_owned(), |seconds| format!("{seconds}s"));
    let counting = |q| [("q", q), ("since", since.as_str()), ("until", until.as_str()), ("interval", interval.as_str())];
    let (all, wrong) = (counting(query.as_str()), counting(problems.as_str()));
    let behind = short(asked.window.until.plus(WITHIN_MICROS));
    let broken = [("q", BREAKS), ("since", &since), ("until", &behind), ("limit", BREAKS_MAX)];
    let (list, all, wrong, broken) = tokio::join!(
        ask.get::<api::Events>("/v1/events", &list),
        ask.get::<api::Statistics>("/v1/stats", &all),
        ask.get::<api::Statistics>("/v1/stats", &wrong),
        ask.get::<api::Events>("/v1/events", &broken),
    );
    let list = list?;
    let tell = |events: &[api::Event]| -> Vec<Happening> {
        events.iter().map(|event| Happening::new(event, &visit.tenant, visit.now)).collect()
    };
    let events = tell(&list.events);
    let broken = broken.map(|broken| tell(&broken.events)).unwrap_or_default();
    let fit = fitting(&events, asked.t0.map(|at| Pin { at, list_is_whole: true }), ROWS_MAX);
    let rest = match (fit.checked_sub(1).and_then(|last| events.get(last)), events.get(fit)) {
        (Some(last), Some(next)) if next.at < last.at => Some((last.at, None)),
        // Whether more of the last microsecond follows is not known: what was shown of it is left out by its place.
        (Some(last), next) if next.is_some() || list.cursor.is_some() => Some((last.at.plus(1), Some(last.seq))),
        _ => None,
    };
    let mut found = Found {
        breaks: breaks(broken.iter()),
        events,
        all: all.ok(),
        wrong: wrong.ok(),
        projects: Vec::new(),
        environments: Vec::new(),
        fit,
        rest,
        log_is_empty: list.searched.size <= 1,
    };
    if with_choices {
        found.count_values(visit, asked).await;
    }
    Ok(found)
}

impl Found {
    /// Counts projects and environments, or only names them where there is too much to count.
    async fn count_values(&mut self, visit: &Visit, asked: &Asked) {
        let ask = visit.ask();
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
            values.into_iter().map(|value| api::ValueCount { count: 0, ..value }).collect()
        };
        self.projects = named(projects);
        self.environments = named(environments);
    }

    fn sections(&self, visit: &Visit, asked: &Asked) -> Vec<Section> {
        let events = self.events.get(..self.fit).unwrap_or(&self.events);
        let pin = asked.t0.filter(|t0| asked.window.holds(*t0));
        let parts = arrange(events, pin.map(|at| Pin { at, list_is_whole: self.rest.is_none() }));
        let maker = Maker { events, breaks: &self.breaks, asked, search: visit.path("/search") };
        maker.sections(&parts)
    }

    /// How much there is.
    fn counts(&self) -> String {
        let Some(all) = &self.all else {
            return "How many there are could not be counted just now.".to_owned();
        };
        let total = usize::try_from(all.total).unwrap_or(usize::MAX);
        match self.wrong.as_ref().map_or(0, |wrong| wrong.total) {
            0 => format!("{}.", changes(total)),
            wrong => format!("{}, {} of them failed, denied or rolled back.", changes(total), grouped(wrong)),
        }
    }

    /// How much of it the page shows; empty where it is all.
    fn shown_of(&self) -> String {
        if self.rest.is_none() {
            return String::new();
        }
        match &self.all {
            Some(all) => format!("Shown are the newest {} of {}.", grouped(self.fit as u64), grouped(all.total)),
            None => format!("Shown are the newest {}.", grouped(self.fit as u64)),
        }
    }
}

impl ChangesPage {
    /// What stands on the page whatever was found.
    fn new(visit: &Visit, asked: &Asked, fault: Option<Fault>) -> Self {
        let window = asked.window;
        let (since, until) = asked.times();
        let presets = Window::presets(visit.now).map(|(label, preset)| Choice {
            label: label.to_owned(),
            count: String::new(),
            href: asked.at(preset),
            current: preset == window,
        });
        let only = Only::ALL.iter().map(|(only, _, label)| Choice {
            label: (*label).to_owned(),
            count: String::new(),
            href: asked.with(|other| other.only = *only),
            current: *only == asked.only,
        });
        let at = |window: Option<Window>| window.map(|window| asked.at(window)).unwrap_or_default();
        let state: Vec<(&'static str, String)> =
            asked.parameters().into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let without = |names: &[&str]| state.iter().filter(|(name, _)| !names.contains(name)).cloned().collect();
        let query = asked.query();
        let week = Window::between(window.until.plus(-7 * 86_400_000_000), window.until);
        Self {
            shell: visit.shell("What changed", At::Changes),
            q: asked.q.clone(),
            fault,
            since_field: for_form(window.since),
            until_field: end_for_form(window.until),
            t0_field: asked.t0.map(for_form).unwrap_or_default(),
            span: format!("{} to {}", plain(window.since), plain(window.until)),
            kept: without(&["since", "until", "q", "below"]),
            state: without(&["t0"]),
            presets: presets.collect(),
            older: at(window.older()),
            newer: at(window.newer(visit.now)),
            only: only.collect(),
            projects: Vec::new(),
            environments: Vec::new(),
            t0: asked.t0.map(plain).unwrap_or_default(),
            unpin: asked.with(|other| other.t0 = None),
            around: asked.t0.map(|t0| asked.at(Window::around(t0))).unwrap_or_default(),
            rule_is_shown: false,
            counts: String::new(),
            shown_of: String::new(),
            histogram: None,
            sections: Vec::new(),
            more: None,
            markdown: asked.href("timeline.md"),
            search: visit.link("/search", &[("q", &query), ("since", &since), ("until", &until)]),
            log_is_empty: false,
            is_filtered: !query.is_empty(),
            week: week.filter(|week| week.micros() > window.micros()).map(|week| asked.at(week)).unwrap_or_default(),
        }
    }

    /// Puts what was found on the page.
    fn show(&mut self, visit: &Visit, asked: &Asked, found: &Found) {
        self.sections = found.sections(visit, asked);
        self.rule_is_shown = self.sections.iter().any(|section| matches!(section, Section::Rule));
        self.counts = found.counts();
        self.shown_of = found.shown_of();
        self.log_is_empty = found.log_is_empty;
        // An address that is long already is not repeated for each bar: the page would grow beyond its bounds.
        let repeats = asked.href("").len() <= BAR_LINK_BYTES_MAX;
        if let (Some(all), Some(wrong)) = (&found.all, &found.wrong) {
            let link = |part: Window| if repeats { asked.at(part) } else { String::new() };
            self.histogram = Histogram::new(all, wrong, asked.window, asked.t0, link);
        }
        let choices = |values: &[api::ValueCount], current: &str, choose: fn(&mut Asked, String)| {
            let mut names: Vec<(String, u64)> = values.iter().map(|value| (value.value.clone(), value.count)).collect();
            if !current.is_empty() && !names.iter().any(|(name, _)| name == current) {
                names.insert(0, (current.to_owned(), 0));
            }
            let choice = |(name, count): (String, u64)| Choice {
                count: if count == 0 { String::new() } else { grouped(count) },
                current: name == current,
                href: asked.with(|other| choose(other, if name == current { String::new() } else { name.clone() })),
                label: name,
            };
            names.into_iter().map(choice).collect::<Vec<Choice>>()
        };
        self.projects = choices(&found.projects, &asked.project, |asked, name| asked.project = name);
        self.environments = choices(&found.environments, &asked.environment, |asked, name| asked.environment = name);
        self.more = found.rest.and_then(|(until, below)| {
            let window = Window::between(asked.window.since, until)?;
            let href = asked.with(|other| {
                other.window = window;
                other.below = below;
            });
            Some(More { href, older: plain(until) })
        });
    }
}
