//! `/t/{tenant}/events/{id}`: one event, whole.
//!
//! Promises: every value that the API answers of it stands on the page as text, beside its place, so that the proof in the
//! page can hold the page to what is signed; what is withheld, erased or masked is said to be. Must never: show a value in
//! any other way than as text.

mod beside;
mod changes;
mod fields;
mod link;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Method, Response, StatusCode};
use ledger::json::{Bounds, Value, parse_within};
use serde::Deserialize;

use self::beside::Beside;
use self::changes::{Change, Sides};
use self::fields::{Form, Group, Leaf};
use super::ask::{segment, with_parameters};
use super::page::render;
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::telling::Told;
use super::visit::Visit;
use crate::auth::Act;

/// Exact texts are shown up to this many bytes; longer ones are there to be downloaded.
const EXACT_BYTES_MAX: usize = 16 * 1024;

/// Which of several events with one id.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    source: String,
}

/// The page.
#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    shell: Shell,
    told: Told,
    /// What the time in the heading is: the producer's or ours.
    told_at: &'static str,
    description: &'static str,
    operation_href: String,
    groups: Vec<Group>,
    changes: Vec<Change>,
    /// How many there are, if that is more than are shown.
    too_many_changes: Option<usize>,
    /// The resource's page, where something is masked.
    masks: Option<String>,
    missing: Vec<Missing>,
    exact: Vec<Exact>,
    json_href: String,
    location: Vec<Leaf>,
    beside: Beside,
    proof: ProofBox,
}

/// A part that is not there.
struct Missing {
    label: &'static str,
    withheld: bool,
}

/// A text as it is stored.
struct Exact {
    name: &'static str,
    bytes: usize,
    /// Empty if it is too long for a page.
    text: String,
}

/// What the proof in the page needs.
struct ProofBox {
    id: String,
    log: String,
    source: String,
    /// Whether the viewer may take proofs.
    allowed: bool,
    href: String,
}

/// Several events with one id.
#[derive(Template)]
#[template(path = "event_choice.html")]
struct ChoicePage {
    shell: Shell,
    id: String,
    sources: Vec<(String, String)>,
}

pub(super) async fn show(
    visit: Visit,
    Path((_, id)): Path<(String, String)>,
    Query(choice): Query<Choice>,
) -> Response<Body> {
    let page = page(&visit, &id, &choice.source).await;
    visit.finish(page)
}

async fn page(visit: &Visit, id: &str, source: &str) -> Result<Response<Body>, Refused> {
    let path = format!("/v1/events/{}", segment(id));
    let asked = [("source", source), ("include", "entry")];
    let answer = visit
        .ask()
        .text(Method::GET, &with_parameters(&path, &asked))
        .await;
    let text = match answer {
        Err(refused) if refused.0.code == api::code::AMBIGUOUS_ID => {
            return Ok(choose(visit, id, &refused));
        }
        other => other?,
    };
    let event: api::Event = serde_json::from_slice(&text).map_err(|_| Refused::internal())?;
    // Read a second time, since numbers of the first reading may have lost digits.
    let value = parse_within(&text, Bounds::ANSWER).map_err(|_| Refused::internal())?;
    let told = Told::new(&event, &visit.tenant, visit.now);
    let beside = Beside::ask(visit, &event, &told).await;
    let page = EventPage {
        shell: visit.shell(&told.text(), Section::None),
        told_at: if event.said.contains_key("timestamp") {
            "/timestamp"
        } else {
            "/recorded_at"
        },
        description: ledger::vocabulary::find(&event.operation)
            .map_or("", |operation| operation.description),
        operation_href: link::search(visit, &[("operation", &event.operation)]),
        groups: fields::groups(&value, visit),
        changes: changes::of(&value, visit),
        too_many_changes: changes::too_many(&value),
        masks: is_masked(&value).then(|| told.resource_href.clone()),
        missing: missing(&event, visit.may(Act::ReadPersons)),
        exact: exact(&event),
        json_href: with_parameters(&path, &asked),
        location: fields::location(&value, visit),
        proof: ProofBox {
            id: event.id.clone(),
            log: event.log.clone(),
            source: source.to_owned(),
            allowed: visit.may(Act::TakeProofs),
            href: with_parameters(&format!("{path}/proof"), &asked[..1]),
        },
        beside,
        told,
    };
    Ok(render(StatusCode::OK, &page))
}

/// The page on which one of several events is chosen.
fn choose(visit: &Visit, id: &str, refused: &Refused) -> Response<Body> {
    let page = format!("/events/{}", segment(id));
    let sources = refused.0.sources.iter();
    let sources = sources.map(|source| (source.clone(), visit.link(&page, &[("source", source)])));
    let page = ChoicePage {
        shell: visit.shell("Several events have this id", Section::None),
        id: id.to_owned(),
        sources: sources.collect(),
    };
    render(StatusCode::CONFLICT, &page)
}

/// The parts that the entry commits to and that are not in the answer.
fn missing(event: &api::Event, sees_parts: bool) -> Vec<Missing> {
    let withheld = |label: &str| {
        let withheld = event
            .said
            .get("withheld")
            .and_then(serde_json::Value::as_array);
        withheld.is_some_and(|labels| labels.iter().any(|known| known == label))
    };
    let parts = [
        ("person", &event.parts.person, &event.person),
        ("details", &event.parts.details, &event.details),
    ];
    let missing = parts.into_iter().filter_map(|(label, digest, text)| {
        digest.as_ref()?;
        let withheld = withheld(label);
        // Who may not see persons is given no stored texts: one that is not there says nothing then.
        (withheld || sees_parts && text.is_none()).then_some(Missing { label, withheld })
    });
    missing.collect()
}

fn exact(event: &api::Event) -> Vec<Exact> {
    let texts = [
        ("entry", &event.entry),
        ("person", &event.person),
        ("details", &event.details),
    ];
    let exact = texts.into_iter().filter_map(|(name, text)| {
        let text = text.as_ref()?;
        let shown = if text.len() > EXACT_BYTES_MAX {
            ""
        } else {
            text.as_str()
        };
        Some(Exact {
            name,
            bytes: text.len(),
            text: shown.to_owned(),
        })
    });
    exact.collect()
}

/// Whether anything in the event is a mask.
fn is_masked(value: &Value<'_>) -> bool {
    let Some(members) = value.as_object() else {
        return false;
    };
    // The stored texts would tell a viewer nothing more than the members that are made of them.
    let mut shown = members
        .iter()
        .filter(|(name, _)| !fields::BESIDE.contains(&name.as_ref()));
    shown.any(|(_, value)| value.to_compact().contains(fields::MASK))
}
