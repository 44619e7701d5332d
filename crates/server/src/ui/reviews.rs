//! `/t/{tenant}/reviews`: which days were looked through, by whom; and marking a day or a view.

use std::collections::BTreeMap;

use api::{NewReview, Review, Reviews, Statistics};
use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{Method, Response, StatusCode};
use ledger::time::Micros;
use serde::Deserialize;

use super::access::{Choice, tabs};
use super::confirm::told;
use super::form::Sent;
use super::histogram::events;
use super::moment::Moment;
use super::page::{redirect, render};
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::visit::Visit;
use crate::auth::Act;
use crate::http::HttpError;
use crate::http::asked::Texts;
use crate::http::reviews::span;

/// Days of the page: six weeks.
const DAYS: i64 = 42;
const DAY_MICROS: i64 = 86_400_000_000;
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
/// Characters of a root that tell it from others at a glance.
const ROOT_SHOWN: usize = 12;

/// The page.
#[derive(Debug, Template)]
#[template(path = "reviews.html")]
struct ReviewsPage {
    shell: Shell,
    tabs: Vec<Choice>,
    days: Vec<Day>,
    reviewed: usize,
    open: usize,
    quiet: usize,
    marks: Vec<Mark>,
    more: bool,
    done: String,
}

/// One day.
#[derive(Debug)]
struct Day {
    date: String,
    weekday: &'static str,
    /// `reviewed`, `partly`, `open` or `quiet`.
    class: &'static str,
    count: String,
    /// Events that the review does not cover.
    since: u64,
    by: String,
    at: Option<Moment>,
    note: String,
    look: String,
    mark: String,
}

/// One mark.
#[derive(Debug)]
struct Mark {
    at: Option<Moment>,
    by: String,
    day: String,
    query: String,
    events: u64,
    size: u64,
    root: String,
    short_root: String,
    note: String,
    look: String,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

fn require(visit: &Visit) -> Result<(), Refused> {
    if visit.may(Act::ReviewEvents) {
        return Ok(());
    }
    let detail = "reviews are for auditors and administrators";
    Err(HttpError::new(api::code::FORBIDDEN, detail).into())
}

pub(super) async fn show(visit: Visit, Query(done): Query<Done>) -> Response<Body> {
    let page = page(&visit, &done).await;
    visit.finish(page)
}

async fn page(visit: &Visit, done: &Done) -> Result<Response<Body>, Refused> {
    require(visit)?;
    let today = visit.now.as_micros().div_euclid(DAY_MICROS);
    let first = today - DAYS + 1;
    let since = start_of(first).to_string();
    let ask = visit.ask();
    let known: Reviews = ask.get("/v1/reviews", &[("since", &since)]).await?;
    let until = start_of(today + 1).to_string();
    let counted: Statistics = ask
        .get(
            "/v1/stats",
            &[("since", &since), ("until", &until), ("interval", "1d")],
        )
        .await?;
    let counts: BTreeMap<&str, u64> = counted
        .histogram
        .iter()
        .filter_map(|bucket| Some((bucket.at.get(..10)?, bucket.count)))
        .collect();
    // The newest mark of a day counts.
    let mut newest: BTreeMap<&str, &Review> = BTreeMap::new();
    for review in known.reviews.iter().rev() {
        if let Some(day) = &review.day {
            newest.insert(day, review);
        }
    }
    let days = (first..=today).rev().map(|index| {
        let date = day_of(index);
        let count = counts.get(date.as_str()).copied().unwrap_or_default();
        day(visit, index, count, newest.get(date.as_str()).copied())
    });
    let days: Vec<_> = days.collect();
    let of_class = |class: &[&str]| days.iter().filter(|day| class.contains(&day.class)).count();
    let page = ReviewsPage {
        shell: visit.shell("Reviews", Section::Access),
        tabs: tabs(visit, "/reviews"),
        reviewed: of_class(&["reviewed"]),
        open: of_class(&["open", "partly"]),
        quiet: of_class(&["quiet"]),
        marks: known
            .reviews
            .iter()
            .map(|review| mark(visit, review))
            .collect(),
        more: known.more,
        done: match done.done.as_str() {
            "" => String::new(),
            _ => String::from("It is marked as reviewed."),
        },
        days,
    };
    Ok(render(StatusCode::OK, &page))
}

fn start_of(day: i64) -> Micros {
    Micros::from_micros(day.saturating_mul(DAY_MICROS))
}

/// The name of a day, `2026-03-12`.
fn day_of(day: i64) -> String {
    start_of(day)
        .to_string()
        .get(..10)
        .unwrap_or_default()
        .to_owned()
}

fn weekday(day: i64) -> &'static str {
    let index = usize::try_from(day.rem_euclid(7)).unwrap_or_default();
    WEEKDAYS.get(index).copied().unwrap_or_default()
}

fn day(visit: &Visit, index: i64, count: u64, review: Option<&Review>) -> Day {
    let date = day_of(index);
    let covered = review.map_or(0, |review| review.events);
    let class = match review {
        Some(_) if count > covered => "partly",
        Some(_) => "reviewed",
        None if count == 0 => "quiet",
        None => "open",
    };
    Day {
        weekday: weekday(index),
        class,
        count: events(count),
        since: count.saturating_sub(covered),
        by: review
            .and_then(|review| review.by.clone())
            .unwrap_or_default(),
        at: review.and_then(|review| Moment::read(&review.at, visit.now)),
        note: review
            .and_then(|review| review.note.clone())
            .unwrap_or_default(),
        look: look_at_day(visit, index),
        mark: visit.link("/reviews/new", &[("day", &date)]),
        date,
    }
}

/// The search that shows a day.
fn look_at_day(visit: &Visit, day: i64) -> String {
    let (since, until) = (start_of(day).to_string(), start_of(day + 1).to_string());
    visit.link("/search", &[("since", &since), ("until", &until)])
}

fn mark(visit: &Visit, review: &Review) -> Mark {
    let day = review.day.clone().unwrap_or_default();
    let index = Micros::parse(&format!("{day}T00:00:00Z")).ok();
    let index = index.map(|at| at.as_micros().div_euclid(DAY_MICROS));
    Mark {
        at: Moment::read(&review.at, visit.now),
        by: review.by.clone().unwrap_or_default(),
        look: match index {
            Some(index) => look_at_day(visit, index),
            None => visit.link("/search", &[("q", &review.query)]),
        },
        day,
        query: review.query.clone(),
        events: review.events,
        size: review.size,
        short_root: review.root_hash.chars().take(ROOT_SHOWN).collect(),
        root: review.root_hash.clone(),
        note: review.note.clone().unwrap_or_default(),
    }
}

/// What is to be marked, as addresses and forms say it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct What {
    #[serde(default)]
    day: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
}

/// The page to mark something.
#[derive(Debug, Template)]
#[template(path = "review_new.html")]
struct NewReviewPage {
    shell: Shell,
    sentence: String,
    events: u64,
    look: String,
    action: String,
    carried: Vec<(&'static str, String)>,
    note: String,
    refused: String,
    back: String,
}

impl What {
    fn of(sent: &Sent) -> Self {
        let text = |name| sent.get(name).to_owned();
        Self {
            day: text("day"),
            q: text("q"),
            since: text("since"),
            until: text("until"),
        }
    }

    /// A view in the absolute times that its mark will have: what is looked at is what is sent.
    fn fixed(&self, visit: &Visit) -> Result<Self, Refused> {
        let text = |text: &String| Some(text.clone());
        let asked = Texts::new(text(&self.q), text(&self.since), text(&self.until));
        let fixed = span::fixed(&asked, visit.now, visit.caller.known_countries())?;
        Ok(Self {
            day: String::new(),
            q: fixed.q.unwrap_or_default(),
            since: fixed.since.unwrap_or_default(),
            until: fixed.until.unwrap_or_default(),
        })
    }

    /// The title of its form, and what whoever sends it says.
    fn said(&self, counted: &Statistics) -> (String, String) {
        let count = events(counted.total);
        let said = format!("You say that you looked through the {count} of");
        if self.day.is_empty() {
            let title = String::from("Mark a view as reviewed");
            return (title, format!("{said} this view: {}", counted.query));
        }
        let title = format!("Mark {} as reviewed", self.day);
        (title, format!("{said} {}.", self.day))
    }

    /// The times of a day that has begun at `now`; nothing for what is none.
    fn day(&self, now: Micros) -> Option<(String, String)> {
        let start = Micros::parse(&format!("{}T00:00:00Z", self.day)).ok()?;
        if start > now {
            return None;
        }
        Some((start.to_string(), start.plus(DAY_MICROS).to_string()))
    }
}

pub(super) async fn form(visit: Visit, Query(what): Query<What>) -> Response<Body> {
    let page = form_page(&visit, &what, "", String::new()).await;
    visit.finish(page)
}

async fn form_page(
    visit: &Visit,
    what: &What,
    note: &str,
    refused: String,
) -> Result<Response<Body>, Refused> {
    require(visit)?;
    let viewed;
    let (what, (since, until)) = match what.day(visit.now) {
        Some(times) => (what, times),
        None if what.day.is_empty() => {
            viewed = what.fixed(visit)?;
            (&viewed, (viewed.since.clone(), viewed.until.clone()))
        }
        None => return Err(Refused::not_found()),
    };
    let question = [("q", what.q.as_str()), ("since", &since), ("until", &until)];
    let counted: Statistics = {
        let mut parameters = Vec::from(question);
        parameters.push(("interval", "none"));
        visit.ask().get("/v1/stats", &parameters).await?
    };
    let (title, sentence) = what.said(&counted);
    let status = if refused.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let carried = [
        ("day", &what.day),
        ("q", &what.q),
        ("since", &what.since),
        ("until", &what.until),
    ];
    let carried = carried.into_iter().filter(|(_, value)| !value.is_empty());
    let page = NewReviewPage {
        shell: visit.shell(&title, Section::Access),
        sentence,
        events: counted.total,
        look: visit.link("/search", &question),
        action: visit.path("/reviews/new"),
        carried: carried.map(|(name, value)| (name, value.clone())).collect(),
        note: note.to_owned(),
        refused,
        back: visit.path("/reviews"),
    };
    Ok(render(status, &page))
}

pub(super) async fn make(visit: Visit, sent: Sent) -> Response<Body> {
    let page = make_page(&visit, &sent).await;
    visit.finish(page)
}

async fn make_page(visit: &Visit, sent: &Sent) -> Result<Response<Body>, Refused> {
    require(visit)?;
    sent.check(visit)?;
    let new = NewReview {
        day: sent.text("day"),
        q: sent.text("q"),
        since: sent.text("since"),
        until: sent.text("until"),
        note: sent.text("note"),
    };
    let made: Result<Review, Refused> = visit.ask().send(Method::POST, "/v1/reviews", &new).await;
    match made {
        Ok(_) => Ok(redirect(&visit.link("/reviews", &[("done", "yes")]))),
        Err(refused) if refused.0.pointer.as_deref() == Some("/note") => {
            form_page(visit, &What::of(sent), sent.get("note"), told(&refused)).await
        }
        Err(refused) => Err(refused),
    }
}
