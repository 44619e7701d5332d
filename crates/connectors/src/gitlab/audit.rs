//! Streamed audit events: the one place where GitLab says who acted in everything, and from where.

use std::borrow::Cow;

use ledger::json::Value;

use super::{begun, operation, relate, short, when};
use crate::clean;
use crate::event::{Actor, Change, Event, Nature, Outcome, Thing};
use crate::look;

/// Whether a body is an audit event.
pub(super) fn is_event(body: &Value<'_>) -> bool {
    let has = |name: &str| body.member(name).is_some();
    has("author_id") && has("entity_type") && has("details") && !has("object_kind")
}

/// One event.
pub(super) fn read(id: String, body: &Value<'_>) -> Event {
    let event_type = look::text(body, &["event_type"]).map_or("audit_event", short);
    let operation = operation::of_audit(event_type);
    let resource = resource(&operation, body);
    let mut event = begun(id, operation, resource, event_type);
    event.context.channel = Some("audit_log".into());
    event.timestamp = when::first(body, &["created_at"]);
    event.actor = actor(body);
    event.origin.ip = look::text(body, &["ip_address"])
        .or_else(|| look::text(body, &["details", "ip_address"]))
        .map(str::to_owned);
    let is_project = look::text(body, &["entity_type"]) == Some("Project");
    event.project_id = look::text(body, &["entity_path"])
        .filter(|_| is_project)
        .map(str::to_owned);
    if event_type.starts_with("repository_") {
        event.nature = Nature::Read;
    }
    if event_type.contains("failed") {
        event.outcome = Some(Outcome::of("denied"));
    }
    event.changes = changes(body);
    let entity = entity(body);
    relate(&mut event, entity);
    // What GitLab's sentence says may name people: it stays with the person.
    if let Some(message) = look::text(body, &["details", "custom_message"]) {
        let message = clean::hide_emails(&clean::cut(message));
        event.personal.push(("message", Value::string(message)));
    }
    for (name, path) in [
        ("action", ["details", "custom_message", "action"]),
        ("protocol", ["details", "custom_message", "protocol"]),
    ] {
        event.note(name, look::word(body, &path));
    }
    event
}

/// Who acted. `-1` is nobody who signed in.
fn actor(body: &Value<'_>) -> Actor {
    let id = look::word(body, &["author_id"]);
    let text = |name: &str| look::text(body, &["details", name]);
    let class = text("author_class").unwrap_or("User");
    let kind = match (id.as_deref(), class) {
        (Some("-1"), _) => "anonymous",
        (None, _) => "system",
        (_, "User") => "user",
        _ => "service_account",
    };
    Actor {
        kind,
        id: id.filter(|id| id != "-1"),
        name: look::text(body, &["author_name"])
            .or_else(|| text("author_name"))
            .map(str::to_owned),
        email: text("author_email")
            .filter(|email| clean::has_email(email))
            .map(str::to_owned),
        ..Actor::default()
    }
}

/// The target, else the entity.
fn resource(operation: &str, body: &Value<'_>) -> Thing {
    let either =
        |name: &str| look::word(body, &[name]).or_else(|| look::word(body, &["details", name]));
    // A variable is known by its key, which is unique where it belongs only.
    if operation.starts_with("environment_variable.") {
        let entity = entity(body);
        let key = either("target_details").or_else(|| either("target_id"));
        return Thing {
            kind: "environment_variable".into(),
            id: key
                .as_ref()
                .map(|key| format!("{}/{}/{key}", entity.kind, entity.id.unwrap_or_default())),
            name: key,
        };
    }
    match (either("target_type"), either("target_id")) {
        (Some(kind), Some(id)) => Thing {
            kind: Cow::Owned(kind.rsplit("::").next().unwrap_or_default().to_owned()),
            id: Some(id),
            name: either("target_details").map(|name| clean::hide_emails(&name)),
        },
        _ => entity(body),
    }
}

/// The project, group, user or instance that it belongs to.
fn entity(body: &Value<'_>) -> Thing {
    let kind = look::text(body, &["entity_type"]).unwrap_or("entity");
    Thing {
        kind: Cow::Owned(clean::kind(kind.rsplit("::").next().unwrap_or_default())),
        id: look::word(body, &["entity_id"]),
        name: look::text(body, &["entity_path"]).map(str::to_owned),
    }
}

fn changes(body: &Value<'_>) -> Vec<Change> {
    let Some(field) = look::word(body, &["details", "change"]) else {
        return Vec::new();
    };
    let side = |name: &str| {
        let value = look::at(body, &["details", name])?;
        Some(clean::without_emails(&clean::kept(value)))
    };
    vec![Change {
        field,
        before: side("from"),
        after: side("to"),
    }]
}
