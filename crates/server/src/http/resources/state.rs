//! `GET /v1/resources/{type}/{id}/state`: what is known of a resource at a time.

use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use ledger::entry::Entry;
use ledger::json::{Member, Value, write_compact};
use ledger::limits::ID_BYTES_MAX;
use ledger::part::{Label, value_of};
use ledger::time::Micros;
use query::plan::{Bound, Span};
use query::visibility::is_person_type;
use query::words::fold;
use query::{Field, Filter, Test, Viewer};
use schemars::JsonSchema;
use serde::Deserialize;
use store::index::{HITS_MAX, Hit, Order, Search};
use store::{LogRef, StoreError};

use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog, bound};
use crate::http::events::{withhold_addresses, withhold_related};
use crate::http::extract::{Expected, Parameters, Segments};
use crate::http::json;
use crate::own::{number, text};
use crate::resource::{Inconsistency, Resource, Told};
use crate::server::Server;

/// Most events of one resource that are looked at.
const EVENTS_MAX: u64 = 50_000;
/// Events that are read at once.
const PAGE_EVENTS: usize = 256;
const _: () = assert!(PAGE_EVENTS <= HITS_MAX);

/// As of when.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateParameters {
    /// The state before this time, as `until:` takes it; by default that of now. What is dated later is left out.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "2026-03-12"))]
    at: Option<String>,
}

impl Expected for StateParameters {
    const EXPECTED: &'static str = "expected no parameter but at=<time>";
}

pub(crate) async fn state(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(kind, id): Segments,
    Parameters(parameters): Parameters<StateParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let log = caller.log_to_search(WhichLog::Main)?;
    if is_person_type(&kind) {
        caller.require(Act::ReadPersons)?;
    }
    // No event names a resource of another form.
    if !is_type(&kind) || id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(HttpError::not_found());
    }
    let now = server.clock.wall();
    let at = parameters.at.filter(|at| !at.is_empty());
    let asked = at.as_deref().map(|at| bound("at", "until", at, now));
    let asked = asked.transpose()?;
    let viewer = caller.viewer();
    let question = Question {
        kind: QuestionKind::State,
        log,
        texts: &Texts::default(),
        more: vec![
            ("resource_type", &kind),
            ("resource_id", &id),
            ("at", at.as_deref().unwrap_or_default()),
        ],
    };
    let folding = async {
        let size = server.store.head(log).await?.size;
        let (at, until) = match asked {
            Some(until) => (end_of(&until).unwrap_or(now), until),
            None => until_now(now_of(&server, log, size, now).await?),
        };
        let about = Search {
            filter: about(&kind, &id).and(until),
            viewer,
            order: Order::Oldest,
            after: None,
            size,
            limit: PAGE_EVENTS,
        };
        let resource = Resource::new(&kind, &id);
        Ok((fold_events(&server, log, about, resource).await?, at))
    };
    let (resource, at) = server.answer_recorded(&caller, &question, folding).await?;
    let shown = shown(&resource, &kind, &id, at, viewer);
    Ok(json::text(StatusCode::OK, "application/json", shown))
}

/// Whether a resource can have this type. docs/formats/event.md.
fn is_type(kind: &str) -> bool {
    let begins = kind
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    let goes_on = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    begins && kind.len() <= 64 && kind.bytes().all(goes_on)
}

/// When the last moment ends that a condition on time accepts.
fn end_of(until: &Filter) -> Option<Micros> {
    let (_, end) = until.time_bounds();
    end.map(|end| Micros::from_micros(end.value))
}

/// The condition on time that leaves out what is dated later than `now`.
fn until_now(now: Micros) -> (Micros, Filter) {
    let end = Bound {
        value: now.as_micros().saturating_add(1),
        included: false,
    };
    let span = Span {
        min: None,
        max: Some(end),
    };
    (now, Filter::leaf(Field::Timestamp, Test::Time(span)))
}

/// The time by the log's clock, which stands still while ours was put back: what was acknowledged isn't in the future.
pub(in crate::http) async fn now_of(
    server: &Server,
    log: LogRef,
    size: u64,
    now: Micros,
) -> Result<Micros, StoreError> {
    let last = size.saturating_sub(1)..size;
    let records = server.store.records(log, last).await?;
    let newest = records
        .last()
        .and_then(|record| Entry::parse(&record.entry).ok());
    Ok(newest.map_or(now, |entry| now.max(entry.place.recorded_at)))
}

/// Events that act upon the resource or name it, oldest first, folded as they are read.
async fn fold_events(
    server: &Server,
    log: LogRef,
    mut search: Search,
    mut resource: Resource,
) -> Result<Resource, HttpError> {
    let mut looked_at = 0;
    loop {
        let page = server.index.search(log, &search).await?;
        for hit in &page.hits {
            add(&mut resource, hit, search.viewer)?;
        }
        looked_at += page.hits.len() as u64;
        search.after = page.next;
        if page.next.is_none() {
            return Ok(resource);
        }
        if looked_at >= EVENTS_MAX {
            return Err(HttpError::new(
                code::QUERY_TOO_BROAD,
                format!(
                    "more than {EVENTS_MAX} events name this resource; ask for an earlier time"
                ),
            ));
        }
    }
}

fn about(kind: &str, id: &str) -> Filter {
    let is = |field, text: &str| Filter::leaf(field, Test::Is(fold(text).into_owned()));
    let acted_upon = is(Field::ResourceType, kind).and(is(Field::ResourceId, id));
    let related = is(Field::RelatedType, kind).and(is(Field::RelatedId, id));
    acted_upon.or(related)
}

fn add(resource: &mut Resource, hit: &Hit, viewer: Viewer) -> Result<(), HttpError> {
    let record = &hit.record;
    let damaged = |why: String| StoreError::Damaged(format!("seq {}: {why}", record.seq));
    let entry = Entry::parse(&record.entry).map_err(|error| damaged(error.to_string()))?;
    // Found by its details, so it has them, unless they were erased since.
    let Some(details) = &record.details else {
        return Ok(());
    };
    let mut details =
        value_of(Label::Details, details).map_err(|error| damaged(error.to_string()))?;
    if viewer == Viewer::WithoutPersons {
        withhold_related(&mut details);
        withhold_addresses(&mut details);
    }
    let person = match (&record.person, viewer) {
        (Some(person), Viewer::Whole) => {
            Some(value_of(Label::Person, person).map_err(|error| damaged(error.to_string()))?)
        }
        _ => None,
    };
    resource.add(&Told {
        id: entry.id,
        time: hit.place.time,
        operation: entry.operation,
        outcome: entry.outcome,
        resource_type: entry.resource_type,
        details: &details,
        actor: &actor(entry.actor_type, person.as_ref()),
    });
    Ok(())
}

/// Who acted, as far as `person` says it.
pub(in crate::http) fn actor(kind: &str, person: Option<&Value<'_>>) -> api::Actor {
    let said = person.and_then(|person| person.member("actor"));
    let member = |name| Some(said?.member(name)?.as_str()?.to_owned());
    api::Actor {
        kind: kind.to_owned(),
        id: member("id"),
        name: member("name"),
        email: member("email"),
    }
}

/// Written by hand: values stay digit for digit. A test holds it to [`api::ResourceState`].
fn shown(resource: &Resource, kind: &str, id: &str, at: Micros, viewer: Viewer) -> String {
    let mut id = Value::string(id);
    if viewer == Viewer::WithoutPersons {
        withhold_addresses(&mut id);
    }
    let mut name = vec![text("type", kind), ("id".into(), id)];
    name.extend(resource.name.as_deref().map(|known| text("name", known)));
    let exists = resource.exists.map_or(Value::Null, Value::Bool);
    let fields = resource.fields.iter().map(|(name, known)| {
        let mut members: Vec<Member<'_>> = Vec::with_capacity(5);
        members.extend(known.shape.to_value().map(|value| ("value".into(), value)));
        if known.partial {
            members.push(("partial".into(), Value::Bool(true)));
        }
        let source = &known.source;
        members.push(text("since", source.time.to_string()));
        members.push(text("event", source.event.as_str()));
        members.push(("actor".into(), actor_value(&source.actor)));
        (name.as_str().into(), Value::Object(members))
    });
    let inconsistencies = resource.inconsistencies.iter().map(inconsistency);
    let mut members: Vec<Member<'_>> = vec![
        ("resource".into(), Value::Object(name)),
        text("at", at.to_string()),
        ("exists".into(), exists),
        ("fields".into(), Value::Object(fields.collect())),
        (
            "inconsistencies".into(),
            Value::Array(inconsistencies.collect()),
        ),
        ("events".into(), number(resource.events)),
    ];
    let unknown = resource.unknown_before;
    members.extend(unknown.map(|time| text("unknown_before", time.to_string())));
    if resource.truncated {
        members.push(("truncated".into(), Value::Bool(true)));
    }
    let mut out = String::with_capacity(1_024);
    write_compact(&Value::Object(members), &mut out);
    out
}

fn inconsistency(found: &Inconsistency) -> Value<'_> {
    Value::Object(vec![
        text("field", found.field.as_str()),
        text("event", found.event.as_str()),
        text("at", found.time.to_string()),
        ("expected".into(), found.expected.clone()),
        ("found".into(), found.found.clone()),
    ])
}

fn actor_value(actor: &api::Actor) -> Value<'_> {
    let mut members = vec![text("type", actor.kind.as_str())];
    for (name, said) in [
        ("id", &actor.id),
        ("name", &actor.name),
        ("email", &actor.email),
    ] {
        members.extend(said.as_deref().map(|said| text(name, said)));
    }
    Value::Object(members)
}
