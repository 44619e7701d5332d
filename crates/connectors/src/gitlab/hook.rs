//! Webhooks with an `object_kind`: pushes, merge requests, issues, notes, pipelines, jobs, deployments, releases, flags,
//! tokens.

use std::borrow::Cow;

use ledger::json::Value;

use super::kind::{self, Kind};
use super::{actor, begun, facts, operation, reference, relate, short, thing, when};
use crate::clean;
use crate::event::{Actor, Change, Event, Thing};
use crate::limits::CHANGES_MAX;
use crate::look;

/// One event of a webhook.
pub(super) fn read(id: String, name: &str, body: &Value<'_>) -> Event {
    if matches!(name, "push" | "tag_push") {
        return push(id, name, body);
    }
    let row = kind::of(name);
    let action = short(action(name, body));
    let resource = resource(name, &row, body);
    let source_action = match action {
        "" => name.to_owned(),
        action => format!("{name}.{action}"),
    };
    let mut event = begun(
        id,
        operation::of_hook(name, action, body),
        resource,
        &source_action,
    );
    event.timestamp = happened(name, action, body);
    event.actor = user(body);
    event.context.environment = ["environment", "name"]
        .iter()
        .find_map(|last| look::text(body, &["environment", last]))
        .or_else(|| look::text(body, &["environment"]))
        .map(str::to_owned);
    if matches!(name, "pipeline" | "build" | "deployment") {
        event.outcome = operation::outcome(action);
        if let Some(outcome) = &mut event.outcome {
            outcome.code = look::text(body, &["build_failure_reason"])
                .filter(|_| action == "failed")
                .map(str::to_owned);
        }
    }
    let pipeline = match name {
        "pipeline" => look::word(body, &["object_attributes", "id"]),
        _ => look::word(body, &["pipeline_id"]),
    };
    event.correlation_id = pipeline.map(|id| format!("pipeline/{id}"));
    place(&mut event, body);
    for (kind, member) in [
        ("user", "assignee"),
        ("merge_request", "merge_request"),
        ("issue", "issue"),
    ] {
        relate(&mut event, thing(kind, body, &[member, "id"], &[]));
    }
    event.changes = changes(name, body);
    facts(&mut event, body, row.facts);
    if row.resource.is_empty() {
        let object = look::at(body, &["object_attributes"]).unwrap_or(body);
        let kept = crate::unmapped::scalars(object);
        event.metadata.extend(kept.map(|kept| ("payload", kept)));
    }
    event
}

fn push(id: String, name: &str, body: &Value<'_>) -> Event {
    let operation = Cow::Borrowed(reference::operation(name, body));
    let mut event = begun(id, operation, reference::pushed(body), name);
    let text = |name: &str| look::text(body, &[name]);
    event.actor = actor(
        look::word(body, &["user_id"]),
        text("user_username"),
        text("user_name"),
        text("user_email"),
    );
    place(&mut event, body);
    facts(
        &mut event,
        body,
        &["ref", "before", "after", "protected=ref_protected"],
    );
    reference::commits(body, &mut event);
    event
}

/// The action where there is one, the state where that is what the event tells.
fn action<'v>(name: &str, body: &'v Value<'_>) -> &'v str {
    let paths: &[&[&str]] = match name {
        "pipeline" => &[&["object_attributes", "status"]],
        "build" => &[&["build_status"]],
        "deployment" => &[&["status"]],
        "vulnerability" => &[&["object_attributes", "state"]],
        "emoji" => &[&["object_attributes", "action"], &["event_type"]],
        "access_token" | "deploy_token" => &[&["event_name"]],
        _ => &[&["object_attributes", "action"], &["action"]],
    };
    paths
        .iter()
        .find_map(|path| look::text(body, path))
        .unwrap_or_default()
}

fn resource(name: &str, row: &Kind, body: &Value<'_>) -> Thing {
    // A comment is on something: that is what it is about.
    if name == "note" {
        let object = |name: &'static str, kind: &'static str| {
            look::at(body, &[name]).map(|_| numbered(kind, body, &[name]))
        };
        let on = object("merge_request", "merge_request")
            .or_else(|| object("issue", "issue"))
            .or_else(|| object("snippet", "snippet"));
        let commit = || {
            let sha = look::text(body, &["object_attributes", "commit_id"])?;
            Some(Thing::new("commit", sha))
        };
        return on
            .or_else(commit)
            .unwrap_or_else(|| thing("comment", body, row.id, row.name));
    }
    if matches!(name, "merge_request" | "issue" | "work_item") {
        return numbered(row.resource, body, &["object_attributes"]);
    }
    let mut thing = thing(row.resource, body, row.id, row.name);
    if row.resource.is_empty() {
        thing.kind = Cow::Owned(name.to_owned());
    }
    thing
}

/// Something with a number in its project: `group/project!7`, `group/project#7`.
fn numbered(kind: &'static str, body: &Value<'_>, object: &[&str]) -> Thing {
    let inside = |last: &str| look::word(body, &[object, &[last]].concat());
    let sign = if kind == "merge_request" { '!' } else { '#' };
    let project = look::text(body, &["project", "path_with_namespace"]).unwrap_or_default();
    Thing {
        kind: kind.into(),
        id: inside("id"),
        name: inside("iid").map(|number| format!("{project}{sign}{number}")),
    }
}

/// Who acted: the `user` of the event.
fn user(body: &Value<'_>) -> Actor {
    let text = |name: &str| look::text(body, &["user", name]);
    actor(
        look::word(body, &["user", "id"]),
        text("username"),
        text("name"),
        text("email"),
    )
}

/// Project and group.
fn place(event: &mut Event, body: &Value<'_>) {
    event.project_id = look::text(body, &["project", "path_with_namespace"]).map(str::to_owned);
    let mut project = thing(
        "project",
        body,
        &["project", "id"],
        &["project", "path_with_namespace"],
    );
    project.id = project.id.or_else(|| look::word(body, &["project_id"]));
    relate(event, project);
    let name = ["full_path", "group_path", "path"]
        .iter()
        .find_map(|last| look::text(body, &["group", last]));
    relate(
        event,
        Thing {
            kind: "group".into(),
            id: look::word(body, &["group", "group_id"])
                .or_else(|| look::word(body, &["group", "id"])),
            name: name.map(str::to_owned),
        },
    );
}

fn happened(name: &str, action: &str, body: &Value<'_>) -> Option<ledger::time::Micros> {
    let object = look::at(body, &["object_attributes"]).unwrap_or(body);
    match (name, action) {
        ("pipeline", "success" | "failed" | "canceled") => when::first(object, &["finished_at"]),
        ("build", "success" | "failed" | "canceled") => when::first(body, &["build_finished_at"]),
        ("build", "running") => when::first(body, &["build_started_at"]),
        ("build", "created" | "pending") => when::first(body, &["build_created_at"]),
        ("deployment", _) => when::first(body, &["status_changed_at"]),
        ("release", "create") => when::first(body, &["released_at", "created_at"]),
        ("note", "update") => when::first(object, &["updated_at"]),
        ("pipeline", "created" | "pending") | ("note" | "emoji", _) => {
            when::first(object, &["created_at"])
        }
        ("merge_request" | "issue" | "work_item" | "milestone" | "vulnerability", _) => {
            when::first(object, &["updated_at", "created_at"])
        }
        _ => None,
    }
}

/// Fields that change with every other one, and texts that people write at length.
const LEFT_OUT: &[&str] = &[
    "updated_at",
    "updated_by_id",
    "last_edited_at",
    "last_edited_by_id",
    "description",
    "note",
];

/// What was and is. Persons are kept by id, labels by title.
fn changes(name: &str, body: &Value<'_>) -> Vec<Change> {
    if name == "feature_flag" {
        let active = look::is_true(body, &["object_attributes", "active"]);
        return vec![Change {
            field: "active".to_owned(),
            before: Some(Value::Bool(!active)),
            after: Some(Value::Bool(active)),
        }];
    }
    let members = look::at(body, &["changes"]).and_then(Value::as_object);
    let mut changes: Vec<Change> = members
        .unwrap_or_default()
        .iter()
        .filter(|(field, _)| !LEFT_OUT.contains(&&**field))
        .take(CHANGES_MAX)
        .map(|(field, sides)| Change {
            field: field.to_string(),
            before: look::at(sides, &["previous"]).map(plain),
            after: look::at(sides, &["current"]).map(plain),
        })
        .collect();
    if let Some(before) = look::text(body, &["object_attributes", "oldrev"]) {
        let after = look::text(body, &["object_attributes", "last_commit", "id"]);
        changes.push(Change {
            field: "head_sha".to_owned(),
            before: Some(Value::string(before.to_owned())),
            after: after.map(|hash| Value::string(hash.to_owned())),
        });
    }
    changes
}

fn plain(value: &Value<'_>) -> Value<'static> {
    let one = |item: &Value<'_>| match item {
        Value::Object(_) => {
            let title = look::text(item, &["title"]).map(str::to_owned);
            let name = title.or_else(|| look::word(item, &["id"]));
            Value::string(name.unwrap_or_default())
        }
        other => clean::kept(other),
    };
    let bounded = match value {
        Value::Array(items) => Value::Array(items.iter().take(CHANGES_MAX).map(one).collect()),
        other => one(other),
    };
    clean::without_emails(&clean::kept(&bounded))
}
