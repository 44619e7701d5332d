//! Events with an `event_name` and flat members: system hooks, and those of groups about members, projects and subgroups.
//!
//! They say whom or what something was done to, and not by whom: the actor is `system`, except where a person tried to
//! sign in.

use std::borrow::Cow;

use ledger::json::Value;

use super::{actor, begun, facts, operation, relate, system, thing, when};
use crate::event::{Change, Event, Outcome, Thing};
use crate::limits::LIST_ITEMS_MAX;
use crate::look;

/// One event.
pub(super) fn read(id: String, name: &str, body: &Value<'_>) -> Event {
    let operation = operation::of_system(name);
    let mut event = begun(id, operation, resource(name, body), name);
    event.actor = system();
    event.timestamp = happened(name, body);
    event.project_id = ["path_with_namespace", "project_path_with_namespace"]
        .iter()
        .find_map(|member| look::text(body, &[member]))
        .or_else(|| look::text(body, &["project", "path_with_namespace"]))
        .map(str::to_owned);
    let text = |member: &str| look::text(body, &[member]);
    match name {
        "user_failed_login" => {
            event.actor = actor(
                look::word(body, &["user_id"]),
                text("username"),
                text("name"),
                text("email"),
            );
            event.outcome = Some(Outcome {
                code: text("state").map(str::to_owned),
                ..Outcome::of("denied")
            });
        }
        "repository_update" => {
            event.actor = actor(
                look::word(body, &["user_id"]),
                text("user_username"),
                text("user_name"),
                text("user_email"),
            );
            event.metadata.push(("refs", refs(body)));
        }
        _ => {}
    }
    event.changes = changes(body);
    for related in around(name, body) {
        relate(&mut event, related);
    }
    facts(
        &mut event,
        body,
        &[
            "access=group_access",
            "access=access_level",
            "access=project_access",
            "expires_at",
            "visibility=project_visibility",
            "parent=parent_full_path",
        ],
    );
    if event.operation.starts_with("gitlab.") {
        let kept = crate::unmapped::scalars(body);
        event.metadata.extend(kept.map(|kept| ("payload", kept)));
    }
    event
}

/// What it was done to. Of members, the person.
fn resource(name: &str, body: &Value<'_>) -> Thing {
    let project = ["path_with_namespace"];
    match name {
        "key_create" | "key_destroy" => thing("ssh_key", body, &["id"], &[]),
        "repository_update" => thing(
            "project",
            body,
            &["project_id"],
            &["project", "path_with_namespace"],
        ),
        name if name.starts_with("user_") => {
            let username = ["user_username", "username"];
            let username = username
                .iter()
                .find_map(|member| look::text(body, &[member]));
            Thing {
                kind: "user".into(),
                id: look::word(body, &["user_id"]),
                name: username.map(str::to_owned),
            }
        }
        name if name.starts_with("project_") => thing("project", body, &["project_id"], &project),
        name if name.starts_with("group_") || name.starts_with("subgroup_") => {
            let mut group = thing("group", body, &["group_id"], &["full_path"]);
            group.name = group.name.or_else(|| look::word(body, &["path"]));
            group
        }
        name => Thing {
            kind: Cow::Owned(name.to_owned()),
            id: look::word(body, &["id"]),
            name: None,
        },
    }
}

/// The group or project that it belongs to; of a key, whose it is.
fn around(name: &str, body: &Value<'_>) -> Vec<Thing> {
    let mut things = vec![
        thing(
            "project",
            body,
            &["project_id"],
            &["project_path_with_namespace"],
        ),
        thing("group", body, &["group_id"], &["group_path"]),
        thing("group", body, &["parent_group_id"], &["parent_full_path"]),
    ];
    if name.starts_with("key_") {
        things.extend(look::text(body, &["username"]).map(|name| Thing::new("user", name)));
    }
    things
}

/// When, as far as the times of the thing itself tell: those of a removed member are of joining.
fn happened(name: &str, body: &Value<'_>) -> Option<ledger::time::Micros> {
    match name {
        "user_failed_login" => None,
        name if name.contains("remove") || name.contains("destroy") => None,
        name if name.contains("create") || name.contains("_add_") => {
            when::first(body, &["created_at"])
        }
        _ => when::first(body, &["updated_at"]),
    }
}

/// `old_path` beside `path`.
fn changes(body: &Value<'_>) -> Vec<Change> {
    let members = body.as_object().unwrap_or_default();
    members
        .iter()
        .filter_map(|(name, before)| {
            let field = name.strip_prefix("old_")?;
            let plain = |value: &Value<'_>| {
                let text = value.as_str()?;
                Some(Value::string(crate::clean::cut(text).into_owned()))
            };
            Some(Change {
                field: field.to_owned(),
                before: Some(plain(before)?),
                after: look::at(body, &[field])
                    .or_else(|| look::at(body, &["user_username"]))
                    .and_then(plain),
            })
        })
        .collect()
}

fn refs(body: &Value<'_>) -> Value<'static> {
    let refs = look::items(body, &["refs"]).iter().take(LIST_ITEMS_MAX);
    let refs = refs.filter_map(Value::as_str);
    Value::Array(
        refs.map(|name| Value::string(crate::clean::cut(name).into_owned()))
            .collect(),
    )
}
