//! `/t/{tenant}/resources/{type}/{id}`: what became of something, and what it was at two times.

use std::collections::BTreeSet;

use api::{Events, FieldState, ResourceState, Statistics};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Response, StatusCode};
use ledger::time::Micros;
use ledger::vocabulary::sentence;
use query::visibility::is_person_type;
use serde::Deserialize;

use super::ask::segment;
use super::moment::Moment;
use super::page::render;
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::tally::{Tallied, counts};
use super::telling::Told;
use super::term::term;
use super::visit::Visit;
use super::window::read as read_time;
use crate::auth::Act;
use crate::http::HttpError;

/// Events that are listed.
const LISTED: &str = "60";
/// Longest value that is shown whole, in characters.
const VALUE_CHARS_MAX: usize = 2_000;

/// As of when.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Times {
    /// The earlier time.
    from: Option<String>,
    /// The later time.
    to: Option<String>,
}

/// A value at one of the two times.
struct Known {
    value: String,
    masked: bool,
    since: Option<Moment>,
    event: String,
    actor: String,
}

/// One field at both times.
struct Row {
    field: String,
    before: Option<Known>,
    after: Option<Known>,
    changed: bool,
}

#[derive(Template)]
#[template(path = "resource.html")]
struct ResourcePage {
    shell: Shell,
    name: String,
    kind: String,
    id: String,
    project: String,
    total: u64,
    first: Option<Moment>,
    last: Option<Moment>,
    all: String,
    here: String,
    from: Moment,
    to: Moment,
    bad_time: bool,
    existed: &'static str,
    exists: &'static str,
    rows: Vec<Row>,
    unknown_before: Option<Moment>,
    inconsistencies: Vec<(String, String, Moment)>,
    truncated: bool,
    operations: Vec<Tallied>,
    actors: Vec<Tallied>,
    events: Vec<Told>,
}

pub(super) async fn show(
    visit: Visit,
    Path((_, kind, id)): Path<(String, String, String)>,
    Query(times): Query<Times>,
) -> Response<Body> {
    let page = page(&visit, &kind, &id, &times).await;
    visit.finish(page)
}

/// The time in a field of the form, which has no zone: it is UTC. `None` where it is no time.
fn time(text: Option<&str>, otherwise: Micros) -> Option<Micros> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(otherwise);
    };
    read_time(text)
}

async fn page(
    visit: &Visit,
    kind: &str,
    id: &str,
    times: &Times,
) -> Result<Response<Body>, Refused> {
    check_persons(visit, kind)?;
    let q = format!(
        "{} {}",
        term("resource.type", kind),
        term("resource.id", id)
    );
    let state = format!("/v1/resources/{}/{}/state", segment(kind), segment(id));
    let by = if visit.may(Act::ReadPersons) {
        "operation,actor.id"
    } else {
        "operation"
    };
    let ask = visit.ask();
    let (whole, events) = tokio::join!(
        ask.get::<Statistics>("/v1/stats", &[("q", &q), ("by", by), ("interval", "none")]),
        ask.get::<Events>("/v1/events", &[("q", &q), ("limit", LISTED)]),
    );
    let (whole, events) = (whole?, events?);
    let Some(newest) = events.events.first() else {
        return Err(Refused::not_found());
    };
    let last = Moment::read_if(whole.latest.as_deref(), visit.now).map(|last| last.at);
    let Compared {
        at: (from, to),
        state: (earlier, later),
        bad_time,
    } = compare(visit, times, last, &state).await?;
    let newest = Told::new(newest, &visit.tenant, visit.now);
    let name = later
        .resource
        .name
        .clone()
        .map_or_else(|| newest.resource.clone(), |name| sentence::clean(&name));
    let mut actors = counts(visit, &whole, "actor.id", &q);
    name_actors(&mut actors, &events);
    let page = ResourcePage {
        shell: visit.shell(&name, Section::None),
        name,
        kind: kind.replace('_', " "),
        id: id.to_owned(),
        project: newest.project.clone(),
        total: whole.total,
        first: Moment::read_if(whole.earliest.as_deref(), visit.now),
        last: Moment::read_if(whole.latest.as_deref(), visit.now),
        all: visit.link(
            "/search",
            &[
                ("q", &q),
                ("since", whole.earliest.as_deref().unwrap_or_default()),
            ],
        ),
        here: visit.path(&format!("/resources/{}/{}", segment(kind), segment(id))),
        from: Moment::new(from, visit.now),
        to: Moment::new(to, visit.now),
        bad_time,
        existed: existence(earlier.exists),
        exists: existence(later.exists),
        rows: rows(visit, &earlier, &later),
        unknown_before: Moment::read_if(later.unknown_before.as_deref(), visit.now),
        inconsistencies: inconsistencies(visit, &later),
        truncated: earlier.truncated || later.truncated,
        operations: counts(visit, &whole, "operation", &q),
        actors,
        events: visit.told(&events.events),
    };
    Ok(render(StatusCode::OK, &page))
}

/// Counted ids as the names that the listed events tell.
fn name_actors(actors: &mut [Tallied], events: &Events) {
    for actor in actors {
        let known = events.events.iter().find_map(|event| {
            let said = event.said.get("actor")?;
            let id = said.get("id")?.as_str()?;
            (id.to_lowercase() == actor.label)
                .then(|| said.get("name")?.as_str())
                .flatten()
        });
        actor.label = sentence::clean(known.unwrap_or(&actor.label));
    }
}

/// Refuses pages of persons to who sees none.
fn check_persons(visit: &Visit, kind: &str) -> Result<(), Refused> {
    // Asked before anything is looked for: that there is one tells of a person, too.
    if is_person_type(kind) && !visit.may(Act::ReadPersons) {
        let persons = "pages of persons are for accounts that may see persons";
        return Err(HttpError::new(api::code::FORBIDDEN, persons).into());
    }
    Ok(())
}

/// What it was at two times.
struct Compared {
    at: (Micros, Micros),
    state: (ResourceState, ResourceState),
    bad_time: bool,
}

/// Asks for the states at the times that were asked for: by default before the last event, and now.
async fn compare(
    visit: &Visit,
    times: &Times,
    last: Option<Micros>,
    state: &str,
) -> Result<Compared, Refused> {
    // The state is that before a time: what the last event did is the difference that somebody came for.
    let usual = (last.unwrap_or(visit.now), visit.now);
    let from = time(times.from.as_deref(), usual.0);
    let to = time(times.to.as_deref(), usual.1);
    let bad_time = from.is_none() || to.is_none();
    let (from, to) = (from.unwrap_or(usual.0), to.unwrap_or(usual.1));
    let (from, to) = (from.min(to), from.max(to));
    let ask = visit.ask();
    let (earlier, later) = tokio::join!(
        ask.get::<ResourceState>(state, &[("at", &from.to_string())]),
        ask.get::<ResourceState>(state, &[("at", &to.to_string())]),
    );
    Ok(Compared {
        at: (from, to),
        state: (earlier?, later?),
        bad_time,
    })
}

fn existence(exists: Option<bool>) -> &'static str {
    match exists {
        Some(true) => "existed",
        Some(false) => "did not exist",
        None => "may or may not have existed: no event says",
    }
}

fn rows(visit: &Visit, earlier: &ResourceState, later: &ResourceState) -> Vec<Row> {
    let fields: BTreeSet<&String> = earlier.fields.keys().chain(later.fields.keys()).collect();
    let row = |field: &String| {
        let (before, after) = (earlier.fields.get(field), later.fields.get(field));
        let value = |state: Option<&FieldState>| state.and_then(|state| state.value.clone());
        Row {
            field: field.clone(),
            changed: value(before) != value(after) || before.is_some() != after.is_some(),
            before: before.map(|state| known(visit, state)),
            after: after.map(|state| known(visit, state)),
        }
    };
    let mut rows: Vec<Row> = fields.into_iter().map(row).collect();
    // What changed is what somebody came for.
    rows.sort_by_key(|row| !row.changed);
    rows
}

fn known(visit: &Visit, state: &FieldState) -> Known {
    let value = match &state.value {
        None => String::from("changed; no event says to what"),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let actor = &state.actor;
    let name = actor
        .name
        .as_ref()
        .or(actor.email.as_ref())
        .or(actor.id.as_ref());
    Known {
        masked: value.contains("[masked"),
        value: shortened(value),
        since: Moment::read(&state.since, visit.now),
        event: visit.path(&format!("/events/{}", segment(&state.event))),
        actor: name.map_or_else(
            || sentence::clean(&actor.kind.replace('_', " ")),
            |name| sentence::clean(name),
        ),
    }
}

fn shortened(value: String) -> String {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value,
    }
}

fn inconsistencies(visit: &Visit, state: &ResourceState) -> Vec<(String, String, Moment)> {
    let told = state.inconsistencies.iter().filter_map(|found| {
        let event = visit.path(&format!("/events/{}", segment(&found.event)));
        Some((
            found.field.clone(),
            event,
            Moment::read(&found.at, visit.now)?,
        ))
    });
    told.collect()
}
