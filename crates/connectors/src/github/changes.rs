//! What is different: GitHub's `changes` object says what was, the object itself what is.
//!
//! Promises: texts that people write at length (bodies, messages) are named and not copied; persons are not copied;
//! whatever shape `changes` has, the work is bounded.

use ledger::json::Value;

use super::kind::{Kind, find, word};
use crate::clean;
use crate::event::Change;
use crate::limits::CHANGES_MAX;
use crate::look;

/// Deepest path of a changed field.
const DEPTH_MAX: usize = 4;
/// Fields whose text is named and left out.
const PROSE: &[&str] = &["body", "message", "text", "note", "comment"];

/// Everything that a body says is different.
pub(super) fn of(kind: Option<&Kind>, event: &str, action: &str, body: &Value<'_>) -> Vec<Change> {
    let mut changes = implied(event, action, body);
    if event == "security_and_analysis" {
        return features(body);
    }
    let thing = kind.map_or("", |kind| kind.thing);
    if let Some(members) = find(body, "changes").and_then(Value::as_object) {
        for (name, value) in members {
            collect(&Path(vec![name]), value, thing, body, &mut changes);
        }
    }
    changes.truncate(CHANGES_MAX);
    changes
}

/// A path of member names below `changes`.
struct Path<'a>(Vec<&'a str>);

impl Path<'_> {
    fn field(&self) -> String {
        self.0.join(".")
    }

    fn last(&self) -> &str {
        self.0.last().copied().unwrap_or_default()
    }

    /// What the field is now: below the object, below the body, or by its last name in the object.
    fn now<'v, 'a>(&self, thing: &str, body: &'v Value<'a>) -> Option<&'v Value<'a>> {
        let object = find(body, thing)?;
        look::at(object, &self.0)
            .or_else(|| look::at(body, &self.0))
            .or_else(|| look::at(object, &[self.last()]))
    }
}

fn collect(path: &Path<'_>, value: &Value<'_>, thing: &str, body: &Value<'_>, out: &mut Vec<Change>) {
    // `new_issue`, `old_repository`: whole objects on the other side of a transfer, not fields.
    let is_whole = path.last().starts_with("old_") || path.last().starts_with("new_");
    if out.len() >= CHANGES_MAX || (is_whole && value.member("from").is_none()) {
        return;
    }
    let Some(members) = value.as_object() else {
        if let Some(after) = plain(path.last(), value) {
            out.push(change(path.field(), None, Some(after)));
        }
        return;
    };
    if value.member("from").is_some() || value.member("to").is_some() {
        let field = path.field();
        let field = field.strip_prefix("old_").unwrap_or(&field);
        let field = if field.is_empty() { "value" } else { field };
        let after = match value.member("to") {
            Some(after) => Some(after),
            None => path.now(thing, body),
        };
        let before = value.member("from").and_then(|value| plain(path.last(), value));
        let after = after.and_then(|value| plain(path.last(), value));
        match out.iter_mut().find(|known| known.field == field) {
            // `old_permission` beside `permission`.
            Some(known) => {
                known.before = known.before.take().or(before);
                known.after = known.after.take().or(after);
            }
            None => out.push(change(field.to_owned(), before, after)),
        }
        return;
    }
    if path.0.len() >= DEPTH_MAX {
        out.push(change(path.field(), None, None));
        return;
    }
    for (name, member) in members {
        let mut deeper = path.0.clone();
        deeper.push(name);
        collect(&Path(deeper), member, thing, body, out);
    }
}

fn change(field: String, before: Option<Value<'static>>, after: Option<Value<'static>>) -> Change {
    Change { field, before, after }
}

/// A value as it may be kept: scalars and lists as they are, an object by its name.
fn plain(field: &str, value: &Value<'_>) -> Option<Value<'static>> {
    if PROSE.contains(&field) {
        return None;
    }
    match value {
        Value::Object(_) => {
            let inner = look::at(value, &["user"]).or_else(|| look::at(value, &["organization"]));
            let names = ["full_name", "login", "slug", "name", "title", "id"];
            let object = inner.unwrap_or(value);
            match names.iter().find_map(|name| look::word(object, &[name])) {
                Some(name) => Some(Value::string(clean::hide_emails(&name))),
                None => Some(kept(value)),
            }
        }
        other => Some(kept(other)),
    }
}

/// A bounded copy without addresses.
pub(super) fn kept(value: &Value<'_>) -> Value<'static> {
    clean::without_emails(&clean::kept(value))
}

/// What an action means, where `changes` is not sent.
fn implied(event: &str, action: &str, body: &Value<'_>) -> Vec<Change> {
    // What is private before or after may be internal as well; that it was public, or is, is certain.
    let switch = |field: &str, after: bool| {
        vec![change(
            field.to_owned(),
            Some(Value::Bool(!after)),
            Some(Value::Bool(after)),
        )]
    };
    match (event, action) {
        ("repository", "publicized") | ("public", _) => switch("private", false),
        ("repository", "privatized") => switch("private", true),
        ("repository", "archived") => switch("archived", true),
        ("repository", "unarchived") => switch("archived", false),
        ("pull_request", "synchronize") => {
            let side = |name| word(body, name).map(Value::string);
            vec![change("head_sha".to_owned(), side("before"), side("after"))]
        }
        ("custom_property_values", _) => {
            let side = |name| find(body, name).map(kept);
            vec![change(
                "custom_properties".to_owned(),
                side("old_property_values"),
                side("new_property_values"),
            )]
        }
        ("installation_repositories", _) => {
            let side = |name: &str| {
                let names = look::items(body, &[name]).iter();
                let names: Vec<_> = names
                    .filter_map(|item| look::text(item, &["full_name"]))
                    .map(|name| Value::string(name.to_owned()))
                    .collect();
                (!names.is_empty()).then(|| clean::kept(&Value::Array(names)))
            };
            vec![change(
                "repositories".to_owned(),
                side("repositories_removed"),
                side("repositories_added"),
            )]
        }
        _ => Vec::new(),
    }
}

/// Which security features were on before and are now.
fn features(body: &Value<'_>) -> Vec<Change> {
    let before = find(body, "changes/from/security_and_analysis").and_then(Value::as_object);
    let mut changes = Vec::new();
    for (feature, was) in before.unwrap_or_default().iter().take(CHANGES_MAX) {
        let was = look::text(was, &["status"]);
        let now = look::text(body, &["repository", "security_and_analysis", feature, "status"]);
        if was != now {
            let [was, now] = [was, now].map(|text| text.map(|text| Value::string(text.to_owned())));
            changes.push(change(feature.to_string(), was, now));
        }
    }
    changes
}
