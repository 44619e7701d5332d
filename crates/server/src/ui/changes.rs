//! `/t/{tenant}/`: what changed, as whoever is on call reads it; `/t/{tenant}/timeline.md`: the same for a post-mortem.
//!
//! Promises: newest first, in sentences, within absolute times; what failed, was denied or was taken away is never folded
//! (`fold`); the page says how much of the window it shows. A question beside the list that could not be answered leaves
//! its part of the page out. Must never: show persons or places that the API withheld.

mod arrangement;
mod asked;
mod fold;
mod found;
mod group;
mod happening;
mod histogram;
mod markdown;
mod relation;
mod shown;
mod window;

use api::code;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderValue, Response, StatusCode, header};
use ledger::vocabulary::sentence;

use self::asked::{Asked, Fault, Only, Parameters};
use self::found::Found;
use self::histogram::Histogram;
use self::shown::{Entry, Section};
use self::window::{Window, end_for_form, for_form, plain};
use super::histogram::grouped;
use super::later::Later;
use super::page::{guarded, in_two, render};
use super::problem::Refused;
use super::shell::{Section as At, Shell};
use super::visit::Visit;

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

impl Choice {
    /// Of what is not counted.
    fn of(label: &str, href: String, current: bool) -> Self {
        Self {
            label: label.to_owned(),
            count: String::new(),
            href,
            current,
        }
    }
}

/// Where to go on behind the last event of the page.
struct More {
    href: String,
    older: String,
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
    let visit = Arc::new(visit);
    let page = page(&visit, sent).await;
    visit.finish(page)
}

/// The timeline as Markdown.
pub(super) async fn timeline(visit: Visit, Query(sent): Query<Parameters>) -> Response<Body> {
    let text = text(&visit, sent).await;
    visit.finish(text)
}

async fn page(visit: &Arc<Visit>, sent: Parameters) -> Result<Response<Body>, Refused> {
    let (asked, fault) = Asked::read(sent, visit.now, visit.caller.known_countries());
    if fault.is_some() {
        return Ok(render(
            StatusCode::BAD_REQUEST,
            &ChangesPage::new(visit, &asked, fault),
        ));
    }
    let mut counted = Later::new(found::count_with_choices(visit.ask(), asked.clone()));
    let found = match counted.beside(found::list(visit, &asked)).await {
        Ok(found) => found,
        // A query that only the API refuses, such as one that is too long with what was added to it.
        Err(refused) if refused.0.code == code::BAD_QUERY => {
            let fault = Some(Fault::of(&refused.0.detail));
            return Ok(render(
                StatusCode::BAD_REQUEST,
                &ChangesPage::new(visit, &asked, fault),
            ));
        }
        Err(refused) => return Err(refused),
    };
    let first = ChangesPage::new(visit, &asked, None);
    let visit = Arc::clone(visit);
    Ok(in_two(&first, async move {
        let mut found = found;
        found.add(&visit, counted.wait().await);
        let mut page = ChangesPage::new(&visit, &asked, None);
        page.show(&visit, &asked, &found);
        page
    }))
}

async fn text(visit: &Visit, sent: Parameters) -> Result<Response<Body>, Refused> {
    let (asked, fault) = Asked::read(sent, visit.now, visit.caller.known_countries());
    if let Some(fault) = fault {
        return Err(fault.refusal().into());
    }
    let found = found::look(visit, &asked).await?;
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
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

impl ChangesPage {
    /// What stands on the page whatever was found.
    fn new(visit: &Visit, asked: &Asked, fault: Option<Fault>) -> Self {
        let window = asked.window;
        let (since, until) = asked.times();
        let presets = Window::presets(visit.now)
            .map(|(label, preset)| Choice::of(label, asked.at(preset), preset == window));
        let only = Only::ALL.iter().map(|(only, _, label)| {
            let href = asked.with(|other| {
                other.only = *only;
            });
            Choice::of(label, href, *only == asked.only)
        });
        let at = |window: Option<Window>| window.map(|window| asked.at(window)).unwrap_or_default();
        let state: Vec<(&'static str, String)> = asked
            .parameters()
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let without = |names: &[&str]| {
            state
                .iter()
                .filter(|(name, _)| !names.contains(name))
                .cloned()
                .collect()
        };
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
            unpin: asked.with(|other| {
                other.t0 = None;
            }),
            around: asked
                .t0
                .map(|t0| asked.at(Window::around(t0)))
                .unwrap_or_default(),
            rule_is_shown: false,
            counts: String::new(),
            shown_of: String::new(),
            histogram: None,
            sections: Vec::new(),
            more: None,
            markdown: asked.href("timeline.md"),
            search: visit.link(
                "/search",
                &[("q", &query), ("since", &since), ("until", &until)],
            ),
            log_is_empty: false,
            is_filtered: !query.is_empty(),
            week: week
                .filter(|week| week.micros() > window.micros())
                .map(|week| asked.at(week))
                .unwrap_or_default(),
        }
    }

    /// Puts what was found on the page.
    fn show(&mut self, visit: &Visit, asked: &Asked, found: &Found) {
        self.sections = found.sections(visit, asked);
        self.rule_is_shown = self
            .sections
            .iter()
            .any(|section| matches!(section, Section::Rule));
        self.counts = found.counts();
        self.shown_of = found.shown_of();
        self.log_is_empty = found.log_is_empty;
        // An address that is long already is not repeated for each bar: the page would grow beyond its bounds.
        let repeats = asked.href("").len() <= BAR_LINK_BYTES_MAX;
        if let (Some(all), Some(wrong)) = (&found.all, &found.wrong) {
            let link = |part: Window| {
                if repeats {
                    asked.at(part)
                } else {
                    String::new()
                }
            };
            self.histogram = Histogram::new(all, wrong, asked.window, asked.t0, link);
        }
        let choices =
            |values: &[api::ValueCount], current: &str, choose: fn(&mut Asked, String)| {
                let mut names: Vec<(String, u64)> = values
                    .iter()
                    .map(|value| (value.value.clone(), value.count))
                    .collect();
                if !current.is_empty() && !names.iter().any(|(name, _)| name == current) {
                    names.insert(0, (current.to_owned(), 0));
                }
                let choice = |(name, count): (String, u64)| {
                    let current = name == current;
                    let chosen = if current { String::new() } else { name.clone() };
                    Choice {
                        count: Some(count)
                            .filter(|count| *count > 0)
                            .map(grouped)
                            .unwrap_or_default(),
                        current,
                        href: asked.with(|other| choose(other, chosen)),
                        label: sentence::clean(&name),
                    }
                };
                names.into_iter().map(choice).collect::<Vec<Choice>>()
            };
        self.projects = choices(&found.projects, &asked.project, |asked, name| {
            asked.project = name;
        });
        self.environments = choices(&found.environments, &asked.environment, |asked, name| {
            asked.environment = name;
        });
        self.more = found.rest.and_then(|(until, below)| {
            let window = Window::between(asked.window.since, until)?;
            let href = asked.with(|other| {
                other.window = window;
                other.below = below;
            });
            Some(More {
                href,
                older: plain(until),
            })
        });
    }
}
