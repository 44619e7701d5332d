//! GitHub's audit log: entries as they are streamed (Splunk HEC among others) and as they are exported.
//!
//! An entry's id is derived from `_document_id`, which GitHub gives once; where an export lacks it, from the entry's own
//! text. So streaming, and importing the export afterwards, give one event.
//!
//! Promises: `action` is the verb and `context.source_action`, and stays searchable; `name_was`, `old_name` and
//! `previous_name` beside `name` become changes; scalars without a place of their own are kept under `metadata.entry`.
//! Configurations of webhooks, messages, bodies and e-mail addresses are left out.

mod operation;

use ledger::json::Value;

use crate::clean;
use crate::event::{Actor, Change, Context, Event, Nature, Origin, Outcome, Thing};
use crate::limits::LIST_ITEMS_MAX;
use crate::look;
use crate::reading::{Item, Refusal};

/// Most members of an entry that are kept under `metadata.entry`.
const MEMBERS_MAX: usize = 60;

/// Reads one entry. `index` is where it stands among others.
pub(crate) fn entry(value: &Value<'_>, index: usize) -> Item {
    let Some(action) = look::text(value, &["action"]) else {
        return Item::Refused(Refusal {
            rule: "github_audit.no_action",
            index,
            expected: "an object with the member action".to_owned(),
        });
    };
    // Sent when a stream is set up and every now and then: nothing happened.
    if action == "audit_log_streaming.check" {
        return Item::Passed {
            rule: "github.streaming_check",
        };
    }
    Item::Event(Box::new(read_entry(value, action)))
}

fn read_entry(value: &Value<'_>, action: &str) -> Event {
    let id = match look::text(value, &["_document_id"]) {
        Some(document) => crate::id::of("gh", &[b"audit", document.as_bytes()]),
        None => crate::id::of("gh", &[b"audit entry", value.to_compact().as_bytes()]),
    };
    let operation = operation::of(action, value);
    let resource = resource(action, &operation, value);
    let mut event = Event::new(id, operation, resource, action);
    event.timestamp = ["@timestamp", "created_at", "timestamp"]
        .iter()
        .find_map(|name| look::at(value, &[name]).and_then(clean::time));
    event.verb = action.to_lowercase();
    event.nature = nature(action, value);
    event.actor = actor(value);
    event.personal = personal(value);
    event.origin = Origin {
        ip: text(value, "actor_ip"),
        user_agent: text(value, "user_agent"),
        session_id: None,
    };
    event.project_id = repository(value);
    event.outcome = outcome(action, value);
    event.request_id = text(value, "request_id");
    event.correlation_id =
        look::word(value, &["workflow_run_id"]).map(|run| format!("workflow_run/{run}"));
    event.context = Context {
        application: Some("github".into()),
        channel: Some("audit_log".into()),
        environment: text(value, "environment_name"),
        ..event.context
    };
    event.changes = changes(value);
    event.related = related(&event.resource, value);
    let members = rest(value);
    if !members.is_empty() {
        let kept = clean::without_emails(&clean::kept(&Value::Object(members)));
        event.metadata.push(("entry", kept));
    }
    event
}

fn text(value: &Value<'_>, name: &str) -> Option<String> {
    look::text(value, &[name]).map(str::to_owned)
}

/// `owner/name`, under either of the names that entries give it.
fn repository(value: &Value<'_>) -> Option<String> {
    text(value, "repo").or_else(|| text(value, "repository"))
}

fn actor(value: &Value<'_>) -> Actor {
    let name = text(value, "actor");
    let id = look::word(value, &["actor_id"]).filter(|id| id != "0");
    let is_bot = look::is_true(value, &["actor_is_bot"])
        || name.as_deref().is_some_and(|name| name.ends_with("[bot]"));
    let nobody = name.is_none() && id.is_none();
    let kind = match (nobody, is_bot) {
        (true, _) => "system",
        (_, true) => "service_account",
        _ => "user",
    };
    // What the token was is GitHub's to know; its id, or the hash that GitHub shows, finds all that was done with it.
    let credential = ["token_id", "hashed_token"]
        .iter()
        .find_map(|name| look::word(value, &[name]))
        .filter(|id| id != "0");
    Actor {
        kind,
        id: if nobody { Some("github".to_owned()) } else { id },
        name,
        email: None,
        credential_id: credential,
        on_behalf_of: None,
    }
}

/// The person's name at the identity provider.
fn personal(value: &Value<'_>) -> Vec<(&'static str, Value<'static>)> {
    ["external_identity_nameid", "external_identity_username"]
        .into_iter()
        .filter_map(|name| {
            let text = look::text(value, &[name])?;
            Some((name, Value::string(clean::cut(text).into_owned())))
        })
        .collect()
}

fn nature(action: &str, value: &Value<'_>) -> Nature {
    let is_export = action.ends_with("_export") || action.contains("export.") || action.contains("download");
    let is_read = look::text(value, &["operation_type"]) == Some("access")
        || matches!(action, "git.clone" | "git.fetch");
    match (is_export, is_read) {
        (true, _) => Nature::SensitiveRead,
        (_, true) => Nature::Read,
        _ => Nature::Change,
    }
}

fn outcome(action: &str, value: &Value<'_>) -> Option<Outcome> {
    if let Some(conclusion) = look::text(value, &["conclusion"]) {
        return crate::github::outcome::of_conclusion(conclusion);
    }
    let (_, verb) = action.split_once('.').unwrap_or_default();
    if verb.contains("failed") {
        return Some(Outcome::of("failure"));
    }
    let is_denied = verb.contains("denied") || verb.starts_with("reject");
    is_denied.then(|| Outcome::of("denied"))
}

/// What was acted upon: the person whom a change of members or roles is about, else what the action's category names.
fn resource(action: &str, operation: &str, value: &Value<'_>) -> Thing {
    let user = Thing {
        kind: "user".into(),
        id: look::word(value, &["user_id"]).or_else(|| text(value, "user")),
        name: text(value, "user"),
    };
    let is_about_user = operation::is_about_person(operation);
    if is_about_user && user.id.is_some() {
        return user;
    }
    let category = action.split('.').next().unwrap_or_default();
    let own = operation::thing(category, operation).and_then(|(kind, ids, names)| {
        let id = ids.iter().find_map(|name| look::word(value, &[name]))?;
        let name = names.iter().find_map(|name| text(value, name));
        Some(Thing {
            kind: kind.into(),
            id: Some(match kind {
                // Known by a name that is unique within a repository or organisation only.
                "secret" | "environment_variable" | "environment" => {
                    let inside = repository(value).or_else(|| text(value, "org"));
                    format!("{}/{id}", inside.unwrap_or_default())
                }
                _ => id,
            }),
            name: name.map(|name| clean::hide_emails(&name)),
        })
    });
    own.or_else(|| places(value).into_iter().next()).unwrap_or(Thing {
        kind: category.to_owned().into(),
        ..if user.id.is_some() { user } else { Thing::default() }
    })
}

/// Repository, team, organisation and enterprise, from the narrowest.
fn places(value: &Value<'_>) -> Vec<Thing> {
    [
        ("repository", "repo_id", "repo"),
        ("repository", "repository_id", "repository"),
        ("team", "team_id", "team"),
        ("organization", "org_id", "org"),
        ("enterprise", "business_id", "business"),
    ]
    .into_iter()
    .filter_map(|(kind, id, name)| {
        let name = text(value, name);
        let id = look::word(value, &[id]).or_else(|| name.clone())?;
        Some(Thing {
            kind: kind.into(),
            id: Some(id),
            name,
        })
    })
    .collect()
}

fn related(resource: &Thing, value: &Value<'_>) -> Vec<Thing> {
    let mut things: Vec<Thing> = Vec::new();
    let user = look::word(value, &["user_id"]).map(|id| Thing::new("user", id));
    for thing in places(value).into_iter().chain(user) {
        let is_same = |other: &Thing| other.kind == thing.kind && other.id == thing.id;
        if !is_same(resource) && !things.iter().any(is_same) {
            things.push(thing);
        }
    }
    things
}

/// Names of what was, and what is under the name itself.
fn base_of(name: &str) -> Option<&str> {
    name.strip_suffix("_was")
        .or_else(|| name.strip_prefix("previous_"))
        .or_else(|| name.strip_prefix("old_"))
        .filter(|base| !base.is_empty())
}

fn changes(value: &Value<'_>) -> Vec<Change> {
    let members = value.as_object().unwrap_or_default();
    let kept = |value: &Value<'_>| clean::without_emails(&clean::kept(value));
    members
        .iter()
        .filter(|(name, before)| is_kept(name, before))
        .filter_map(|(name, before)| {
            let base = base_of(name)?;
            let after = look::at(value, &[base])
                .or_else(|| look::at(value, &[&format!("new_{base}")]));
            Some(Change {
                field: base.to_owned(),
                before: Some(kept(before)),
                after: after.map(kept),
            })
        })
        .collect()
}

/// What has no place of its own.
fn rest<'a>(value: &Value<'a>) -> Vec<ledger::json::Member<'a>> {
    let members = value.as_object().unwrap_or_default();
    members
        .iter()
        .filter(|(name, value)| {
            base_of(name).is_none() && !PLACED.contains(&&**name) && is_kept(name, value)
        })
        .take(MEMBERS_MAX)
        .cloned()
        .collect()
}

/// Scalars and lists of scalars that are no message, configuration or address.
fn is_kept(name: &str, value: &Value<'_>) -> bool {
    let is_scalar = |value: &Value<'_>| {
        !matches!(value, Value::Object(_) | Value::Array(_) | Value::Null)
    };
    let fits = match value {
        Value::Array(items) => items.len() <= LIST_ITEMS_MAX && items.iter().all(is_scalar),
        other => is_scalar(other),
    };
    let is_private = name.contains("email")
        || name.starts_with("config")
        || matches!(name, "body" | "message" | "comment" | "explanation" | "request_body");
    fits && !is_private
}

/// Members that stand elsewhere in the event.
const PLACED: &[&str] = &[
    "@timestamp",
    "_document_id",
    "action",
    "actor",
    "actor_id",
    "actor_ip",
    "actor_is_bot",
    "business",
    "business_id",
    "created_at",
    "environment_name",
    "external_identity_nameid",
    "external_identity_username",
    "hashed_token",
    "org",
    "org_id",
    "repo",
    "repo_id",
    "repository",
    "repository_id",
    "request_id",
    "token_id",
    "user",
    "user_agent",
    "user_id",
];

#[cfg(test)]
mod tests;
