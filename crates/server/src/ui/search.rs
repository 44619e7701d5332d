//! `/t/{tenant}/search`: what a query finds.
//!
//! Promises: every state is a URL with absolute times; what is wrong with a query is shown under the word; the first
//! rows leave before everything is counted, and a page whose counts fail still has its rows. Must never: count or find
//! anything but through the API.

mod commands;
mod conditions;
pub(super) mod export;
mod facets;
pub(super) mod live;
mod question;
pub(super) mod views;

use api::{Events, Statistics, Views, code};
use askama::Template;
use axum::body::Body;
use axum::extract::Query as QueryString;
use axum::http::{Response, StatusCode};
use ledger::time::Micros;

use super::ask::Ask;
use super::histogram::{Histogram, events};
use super::later::Later;
use super::moment::{Moment, length_of};
use super::page::{begun, redirect, render};
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::telling::Told;
use super::visit::Visit;
use super::window::{DAY, HOUR, SECOND, Window, day_name, day_of};
use crate::auth::Act;
use commands::Commands;
use conditions::Query;
use facets::{Chip, Facet, chips, facets};
use question::{Mistake, Parameters, Question, Reading, now_up};

/// Rows of a page.
const ROWS: &str = "50";
/// How old the end of a window may be for the page to go on by itself, in microseconds.
const LIVE_MICROS: i64 = HOUR;
/// How far before the table new rows begin, in microseconds.
const LIVE_OVERLAP_MICROS: i64 = 10 * SECOND;
/// From which age on the end of a window is told, in microseconds.
const STALE_MICROS: i64 = 60 * SECOND;
/// Days of the calendar.
const CALENDAR_DAYS: i64 = 14;
/// Where the counts go into a page. No text of anybody's can hold it: what others said is escaped.
const COUNTS: &str = "<!--counts-->";

/// The page.
#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    shell: Shell,
    form: Form,
    rows: Vec<Told>,
    chips: Vec<Chip>,
    /// Why rows could not be found; the rest of the page stands.
    refused: Option<Refusal>,
    /// The next page, in this session.
    next: String,
    /// What follows the last row, for anybody.
    share_next: String,
    /// The first page, when this is not.
    first: String,
    /// The same the other way round.
    turned: String,
    oldest_first: bool,
    /// Where new rows come from; empty where none are to be expected.
    live: String,
    commands: Option<Commands>,
    /// Saved views: names, and where they lead.
    views: Vec<SavedView>,
    may_save: bool,
    examples: Vec<(&'static str, String)>,
}

/// The form on top.
#[derive(Clone, Debug, Default)]
struct Form {
    path: String,
    q: String,
    since: String,
    until: String,
    oldest_first: bool,
    /// The window in words.
    window: String,
    /// Presets, as links.
    presets: Vec<(String, String)>,
    /// Days, as links.
    days: Vec<Day>,
    /// How old the end of the window is; empty when it is now.
    stale: String,
    /// The same up to now.
    to_now: String,
    mistake: Option<Box<Mistake>>,
}

/// One day of the calendar.
#[derive(Clone, Debug)]
struct Day {
    text: String,
    label: String,
    href: String,
    current: bool,
}

/// A saved view.
#[derive(Clone, Debug)]
struct SavedView {
    name: String,
    href: String,
    current: bool,
}

/// Why there are no rows, with a way on.
#[derive(Clone, Debug)]
struct Refusal {
    text: String,
    href: String,
    link: &'static str,
}

/// What was counted, which comes after the rows.
#[derive(Template)]
#[template(path = "search_counts.html")]
struct CountsPart {
    total: String,
    histogram: Histogram,
    facets: Vec<Facet>,
    /// Whether the query is too long to be repeated by every count.
    links_left_out: bool,
    /// Why there are no counts.
    refused: String,
}

pub(super) async fn show(
    visit: Visit,
    QueryString(parameters): QueryString<Parameters>,
) -> Response<Body> {
    let known = visit.caller.known_countries();
    match Question::read(visit.path("/search"), &parameters, visit.now, known) {
        Reading::Whole(question) => {
            let cursor = parameters.get("cursor").cloned().unwrap_or_default();
            let page = page(&visit, question, &cursor).await;
            visit.finish(page)
        }
        Reading::Elsewhere(question) => redirect(&question.here()),
        Reading::Wrong(mistake) => wrong(&visit, &parameters, mistake),
    }
}

/// The page for what can't be read: the query as it was sent, and the place.
fn wrong(visit: &Visit, parameters: &Parameters, mistake: Box<Mistake>) -> Response<Body> {
    let text = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let form = Form {
        path: visit.path("/search"),
        q: text("q"),
        since: text("since"),
        until: text("until"),
        oldest_first: text("order") == "oldest",
        mistake: Some(mistake),
        ..Form::default()
    };
    let page = SearchPage {
        shell: shell(visit, &form.q),
        form,
        rows: Vec::new(),
        chips: Vec::new(),
        refused: None,
        next: String::new(),
        share_next: String::new(),
        first: String::new(),
        turned: String::new(),
        oldest_first: false,
        live: String::new(),
        commands: None,
        views: Vec::new(),
        may_save: false,
        examples: Vec::new(),
    };
    render(StatusCode::BAD_REQUEST, &page)
}

fn shell(visit: &Visit, q: &str) -> Shell {
    let title = if q.is_empty() {
        "Search".to_owned()
    } else {
        format!("{q} · Search")
    };
    Shell {
        q: q.to_owned(),
        ..visit.shell(&title, Section::Search)
    }
}

async fn page(visit: &Visit, question: Question, cursor: &str) -> Result<Response<Body>, Refused> {
    let mut counting = Later::new(count(
        visit.ask(),
        question.clone(),
        visit.now,
        known(visit),
    ));
    let ask = visit.ask();
    // Views are a comfort: without them the page stands.
    let listing = async {
        tokio::join!(
            list(visit.ask(), &question, cursor),
            ask.get::<Views>("/v1/views", &[])
        )
    };
    let (found, views) = counting.beside(listing).await;
    let (found, refused) = match found {
        Ok(found) => (Some(found), None),
        Err(refused) => (None, Some(refusal(refused, &question)?)),
    };
    let status = if refused.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let mut page = assemble(visit, &question, cursor, found, refused);
    if let Ok(views) = views {
        page.may_save = visit.may(Act::ManageViews);
        page.views = views
            .views
            .into_iter()
            .map(|view| saved(&question, view))
            .collect();
    }
    let text = page.render().map_err(|_| Refused::internal())?;
    let (head, tail) = text.split_once(COUNTS).ok_or_else(Refused::internal)?;
    let tail = tail.to_owned();
    let rest = async move { counting.wait().await + &tail };
    Ok(begun(status, head.to_owned(), rest))
}

fn known(visit: &Visit) -> Vec<String> {
    visit.caller.known_countries().to_vec()
}

async fn list(ask: Ask, question: &Question, cursor: &str) -> Result<Events, Refused> {
    let [q, since, until] = question.parameters();
    let order = if question.oldest_first {
        "oldest"
    } else {
        "newest"
    };
    let asked = [
        ("q", q.1.as_str()),
        ("since", &since.1),
        ("until", &until.1),
        ("order", order),
        ("limit", ROWS),
        ("cursor", cursor),
    ];
    ask.get("/v1/events", &asked).await
}

/// Refusals that leave the page standing: what to do is on it.
fn refusal(refused: Refused, question: &Question) -> Result<Refusal, Refused> {
    let text = match refused.0.code.as_str() {
        code::CURSOR_EXPIRED => {
            "This page of results has expired: the way on from page to page is good for 15 minutes."
        }
        code::BAD_CURSOR => {
            "This page of results was made for another session, or for another search."
        }
        _ => return Err(refused),
    };
    Ok(Refusal {
        text: text.to_owned(),
        href: question.here(),
        link: "Search again from the first page",
    })
}

fn assemble(
    visit: &Visit,
    question: &Question,
    cursor: &str,
    found: Option<Events>,
    refused: Option<Refusal>,
) -> SearchPage {
    let (events, onward) = found.map_or((Vec::new(), None), |found| (found.events, found.cursor));
    let rows = visit.told(&events);
    let known = visit.caller.known_countries();
    let query = Query {
        text: &question.q,
        filter: &question.filter,
        now: visit.now,
        known_countries: known,
    };
    let last = rows
        .last()
        .filter(|_| onward.is_some())
        .map(|told| told.when.at);
    let share_next = last.map(|last| question.within(from(question, last)));
    let age = visit.now.as_micros() - question.window.until.as_micros();
    let is_live =
        cursor.is_empty() && !question.oldest_first && age < LIVE_MICROS && refused.is_none();
    // From before the table was read, so that nothing falls between the two; what both have is shown once.
    let live_from = visit
        .now
        .plus(-LIVE_OVERLAP_MICROS)
        .min(question.window.until);
    let since = live_from.to_string();
    let live = visit.link("/search/live", &[("q", &question.q), ("since", &since)]);
    SearchPage {
        shell: shell(visit, &question.q),
        form: form(visit, question),
        chips: chips(question, &query),
        next: onward
            .as_deref()
            .map(|cursor| question.next(cursor))
            .unwrap_or_default(),
        share_next: share_next.unwrap_or_default(),
        first: if cursor.is_empty() {
            String::new()
        } else {
            question.here()
        },
        turned: question.turned(),
        oldest_first: question.oldest_first,
        live: if is_live { live } else { String::new() },
        commands: refused
            .is_none()
            .then(|| Commands::new(question, visit.may(Act::Export))),
        views: Vec::new(),
        may_save: false,
        examples: if rows.is_empty() {
            examples(question)
        } else {
            Vec::new()
        },
        refused,
        rows,
    }
}

fn saved(question: &Question, view: api::View) -> SavedView {
    SavedView {
        href: question.with_query(&view.q),
        current: view.q == question.q,
        name: view.name,
    }
}

/// The window from the last row on. Events of the same moment stand on both pages: none is left out.
fn from(question: &Question, last: Micros) -> Window {
    if question.oldest_first {
        Window::new(last, question.window.until)
    } else {
        Window::new(question.window.since, last.plus(1))
    }
}

fn form(visit: &Visit, question: &Question) -> Form {
    let (since, until) = question.window.texts();
    let now = now_up(visit.now);
    let age = visit.now.as_micros() - question.window.until.as_micros();
    let back = |length: i64| question.within(Window::of(now - length, length));
    let presets = [
        ("Last hour", HOUR),
        ("24 hours", DAY),
        ("7 days", 7 * DAY),
        ("30 days", 30 * DAY),
        ("A year", 365 * DAY),
    ];
    let mut presets: Vec<_> = presets
        .iter()
        .map(|(name, length)| ((*name).to_owned(), back(*length)))
        .collect();
    presets.push(("All time".to_owned(), question.within(Window::of(0, now))));
    let to_now = Window::new(question.window.since, Micros::from_micros(now));
    Form {
        path: visit.path("/search"),
        q: question.q.clone(),
        oldest_first: question.oldest_first,
        window: in_words(question.window, visit.now),
        presets,
        days: if question.is_long() {
            Vec::new()
        } else {
            days(question, visit.now)
        },
        stale: if age > STALE_MICROS {
            Moment::new(question.window.until, visit.now).ago
        } else {
            String::new()
        },
        to_now: question.within(to_now),
        since,
        until,
        mistake: None,
    }
}

/// The last days, today first.
fn days(question: &Question, now: Micros) -> Vec<Day> {
    let today = day_of(now);
    let day = |back: i64| {
        let window = Window::of(today - back * DAY, DAY);
        let name = day_name(window.since);
        Day {
            label: match back {
                0 => format!("Today, {name}"),
                1 => format!("Yesterday, {name}"),
                _ => format!(
                    "{name}, {}",
                    Moment::new(window.since, Micros::from_micros(today)).ago
                ),
            },
            text: name,
            current: window == question.window,
            href: question.within(window),
        }
    };
    (0..CALENDAR_DAYS).map(day).collect()
}

/// `Thu 12 Mar 00:00 to Thu 19 Mar 08:00:01 (7 days)`.
fn in_words(window: Window, now: Micros) -> String {
    let year = |at: Micros| at.to_string().get(..4).unwrap_or_default().to_owned();
    let said = |at: Micros| {
        let moment = Moment::new(at, now);
        let clock = moment
            .clock
            .strip_suffix(":00")
            .unwrap_or(&moment.clock)
            .to_owned();
        let year = if year(at) == year(now) {
            String::new()
        } else {
            format!(" {}", year(at))
        };
        format!("{}{year} {clock}", day_name(at))
    };
    if window.micros() == DAY && day_of(window.since) == window.since.as_micros() {
        return format!(
            "{}, the whole day",
            said(window.since).trim_end_matches(" 00:00")
        );
    }
    format!(
        "{} to {} ({})",
        said(window.since),
        said(window.until),
        length_of(window.micros() / SECOND)
    )
}

/// What to try when nothing was found.
fn examples(question: &Question) -> Vec<(&'static str, String)> {
    let texts = [
        "outcome:failure",
        "severity:>=warning",
        "category:deployments",
        "operation:*.deleted has:reason",
    ];
    let fine = texts
        .into_iter()
        .filter(|text| query::parse(text, Micros::default()).is_ok());
    fine.map(|text| (text, question.with_query(text))).collect()
}

/// The part of the page with the counts; they may fail by themselves.
async fn count(ask: Ask, question: Question, now: Micros, known: Vec<String>) -> String {
    let [q, since, until] = question.parameters();
    let by = facets::by();
    let asked = [
        ("q", q.1.as_str()),
        ("since", &since.1),
        ("until", &until.1),
        ("by", &by),
        ("top", facets::VALUES),
        ("interval", Histogram::interval(question.window)),
    ];
    let counted: Result<Statistics, Refused> = ask.get("/v1/stats", &asked).await;
    let part = match counted {
        Ok(counted) => {
            let query = Query {
                text: &question.q,
                filter: &question.filter,
                now,
                known_countries: &known,
            };
            CountsPart {
                total: events(counted.total),
                histogram: Histogram::new(&counted, question.window, |part| question.part(part)),
                facets: facets(&counted, &question, &query),
                links_left_out: question.is_long(),
                refused: String::new(),
            }
        }
        Err(refused) => CountsPart {
            total: String::new(),
            histogram: Histogram::default(),
            facets: Vec::new(),
            links_left_out: false,
            refused: format!("{}: {}", refused.0.title, refused.0.detail),
        },
    };
    part.render().unwrap_or_default()
}
