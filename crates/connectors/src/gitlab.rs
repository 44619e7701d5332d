//! GitLab: webhooks of projects and groups, system hooks, streamed audit events.
//!
//! The body says by itself what it is (`object_kind`, `event_name`, or the members of an audit event), so no header field
//! chooses the mapping. Header fields do count for the id: GitLab signs nothing, the token in `X-Gitlab-Token` speaks for the
//! whole request, and many bodies bear no time (a feature flag turned on, off and on again; a refused sign-in), so that
//! two happenings may have one body. `Idempotency-Key` is what GitLab gives each event once and repeats when it tries
//! again; before 17.4, `X-Gitlab-Event-UUID` stands in. The body counts beside them, so that an id always commits to it. Audit events carry an id and a time to the
//! millisecond: there the body alone counts, so that importing them again adds nothing.
//!
//! Promises: e-mail addresses are kept of nobody but who acted; authors of commits, texts of issues, comments and merge
//! requests, and public keys are left out; others whom an event concerns are kept by id. What has no mapping keeps
//! GitLab's name: `gitlab.<kind>_<action>`.
//! Must never: take somebody for the actor whom GitLab does not name as such. System hooks about members name who was
//! added, not who did it: their actor is `system`.

mod audit;
mod hook;
mod kind;
mod operation;
mod reference;
mod system;
mod when;

use ledger::json::Value;

use crate::clean;
use crate::delivery::Delivery;
use crate::event::{Actor, Context, Event, Thing};
use crate::look;
use crate::reading::{Item, Reading, Refusal, Unreadable};

/// Longest name of a kind or action in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Reads a delivery: one event.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let body = delivery.json()?;
    if body.as_object().is_none() {
        return Err(Unreadable::Shape {
            expected: "an object",
        });
    }
    if audit::is_event(&body) {
        let id = crate::id::of_body("gl", delivery.body, 0);
        return Ok(Reading::of(audit::read(id, &body)));
    }
    let id = id(delivery);
    let kind = look::text(&body, &["object_kind"]).map(short);
    let name = look::text(&body, &["event_name"]).map(short);
    Ok(match (kind, name) {
        // Pushes of system hooks had no `object_kind` before GitLab 10.
        (Some(kind), _) | (None, Some(kind @ ("push" | "tag_push"))) => {
            Reading::of(hook::read(id, kind, &body))
        }
        (None, Some(name)) => Reading::of(system::read(id, name, &body)),
        (None, None) => Reading {
            items: vec![Item::Refused(Refusal {
                rule: "gitlab.no_kind",
                index: 0,
                expected: "object_kind, event_name or the members of an audit event".to_owned(),
            })],
        },
    })
}

/// See the head of this file.
fn id(delivery: &Delivery<'_>) -> String {
    let header = |name| delivery.header(name).filter(|value| !value.is_empty());
    match header("Idempotency-Key").or_else(|| header("X-Gitlab-Event-UUID")) {
        Some(key) => crate::id::of("gl", &[b"key", key.as_bytes(), delivery.body]),
        None => crate::id::of_body("gl", delivery.body, 0),
    }
}

fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(NAME_BYTES_MAX))
        .unwrap_or_default()
}

/// An event with what all of GitLab's have.
fn begun(id: String, operation: operation::Name, resource: Thing, source_action: &str) -> Event {
    let mut event = Event::new(id, operation, resource, source_action);
    event.verb = source_action.to_lowercase();
    event.context = Context {
        application: Some("gitlab".into()),
        channel: Some("webhook".into()),
        ..event.context
    };
    event
}

/// Nobody whom GitLab names.
fn system() -> Actor {
    Actor {
        kind: "system",
        id: Some("gitlab".to_owned()),
        ..Actor::default()
    }
}

/// Somebody who acted. Access tokens of projects and groups act as users with a name of their own.
fn actor(
    id: Option<String>,
    username: Option<&str>,
    name: Option<&str>,
    email: Option<&str>,
) -> Actor {
    if id.is_none() && username.is_none() {
        return system();
    }
    let is_bot = username.is_some_and(|name| {
        (name.starts_with("project_") || name.starts_with("group_")) && name.contains("_bot")
    });
    Actor {
        kind: if is_bot { "service_account" } else { "user" },
        id,
        name: username.or(name).map(str::to_owned),
        email: email
            .filter(|email| clean::has_email(email))
            .map(str::to_owned),
        ..Actor::default()
    }
}

/// A thing whose id is at one place and whose name is at another.
fn thing(kind: &'static str, body: &Value<'_>, id: &[&str], name: &[&str]) -> Thing {
    Thing {
        kind: kind.into(),
        id: look::word(body, id),
        name: look::text(body, name).map(clean::hide_emails),
    }
}

/// Adds a related thing if it has an id and is not the resource.
fn relate(event: &mut Event, thing: Thing) {
    let is_same = |other: &Thing| other.kind == thing.kind && other.id == thing.id;
    if thing.id.is_some() && !is_same(&event.resource) && !event.related.iter().any(is_same) {
        event.related.push(thing);
    }
}

/// Keeps members of an object as metadata, as `name` or `name=member/member`.
fn facts(event: &mut Event, body: &Value<'_>, facts: &'static [&'static str]) {
    for fact in facts {
        let (name, path) = fact.split_once('=').unwrap_or((fact, fact));
        let path: Vec<&str> = path.split('/').collect();
        match look::at(body, &path) {
            None => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(value) => {
                let kept = clean::without_emails(&clean::kept(value));
                event.metadata.push((name, kept));
            }
        }
    }
}
