//! GitHub webhooks.
//!
//! `X-GitHub-Event` chooses the mapping and nothing else is taken from header fields: only the body is signed. An event's
//! id is derived from the body, so that a redelivery, or a captured body sent again under another `X-GitHub-Delivery`, is
//! the event that is there already. A body sent again under another event's name must have that event's shape
//! (`github.shape`), so that no deletion can be told as a creation; under a name that is in no table it must have the shape of
//! none that is.
//!
//! Promises: the sender is the actor and the only person who is named, unless the event is about a person; authors,
//! committers and pushers of commits, and the bodies of issues, comments and reviews, are left out; others whom an event
//! concerns are kept by id. What has no mapping keeps GitHub's name (`github.<event>_<action>`) and its scalars.
//!
//! `github/kind.rs` is the form of the tables, the other files beside it are the tables and what they cannot say.

mod changes;
mod code;
mod form;
mod kind;
pub(crate) mod operation;
pub(crate) mod outcome;
mod planning;
mod reference;
mod repositories;
mod runs;
mod security;
mod teams;
mod when;

use ledger::json::Value;

use self::kind::{Kind, Number, find, first, text, word};
use crate::clean;
use crate::delivery::{Delivery, parse};
use crate::event::{Actor, Context, Event, Thing};
use crate::limits::LIST_ITEMS_MAX;
use crate::look;
use crate::reading::{Item, Reading, Refusal, Unreadable};

/// The header field that names the event.
const EVENT: &str = "X-GitHub-Event";
/// Longest name of an event in bytes.
const EVENT_BYTES_MAX: usize = 64;
/// Longest action in bytes; `repository_dispatch` lets senders choose theirs.
const ACTION_BYTES_MAX: usize = 100;

/// Reads a delivery: one event, a ping that is passed over, or a body that is not of the event that the header names.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let event = delivery
        .header(EVENT)
        .filter(|name| is_event_name(name))
        .ok_or(Unreadable::Header { name: EVENT })?;
    let payload = form::payload(delivery.body);
    let body = parse(&payload)?;
    if body.as_object().is_none() {
        return Err(Unreadable::Shape {
            expected: "an object",
        });
    }
    if event == "ping" {
        return Ok(match text(&body, "zen") {
            Some(_) => Reading::passed("github.ping"),
            None => misshapen(),
        });
    }
    let kind = kind::of_event(event);
    // A name that nobody knows would make a delivery generic, and its true one a repetition.
    let is_misnamed = match kind {
        Some(kind) => !kind.fits(&body),
        None => kind::tables().any(|kind| kind.is_of(&body)) || is_ping(&body),
    };
    if is_misnamed {
        return Ok(misshapen());
    }
    let id = crate::id::of_body("gh", &payload, 0);
    Ok(Reading::of(read_body(id, event, kind, &body)))
}

fn is_ping(body: &Value<'_>) -> bool {
    text(body, "zen").is_some() && find(body, "hook").is_some()
}

fn is_event_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=EVENT_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain)
}

fn misshapen() -> Reading {
    let refusal = Refusal {
        rule: "github.shape",
        index: 0,
        expected: format!("a body of the event that {EVENT} names"),
    };
    Reading {
        items: vec![Item::Refused(refusal)],
    }
}

fn read_body(id: String, event: &str, kind: Option<&'static Kind>, body: &Value<'_>) -> Event {
    let action = text(body, "action").unwrap_or_default();
    let action = action
        .get(..action.floor_char_boundary(ACTION_BYTES_MAX))
        .unwrap_or_default();
    let source_action = match action {
        "" => event.to_owned(),
        action => format!("{event}.{}", clean::hide_emails(action)),
    };
    let operation = operation::of(kind, event, action, body);
    let resource = resource(kind, event, body);
    let mut made = Event::new(id, operation, resource, source_action.clone());
    made.timestamp = when::of(kind, event, action, body);
    made.verb = source_action;
    made.actor = actor(kind, action, body);
    made.project_id = text(body, "repository/full_name").map(str::to_owned);
    made.outcome = outcome::of(event, action, body);
    made.changes = changes::of(kind, event, action, body);
    made.correlation_id = correlation(body);
    made.context = Context {
        application: Some("github".into()),
        channel: Some("webhook".into()),
        environment: environment(body),
        ..made.context
    };
    made.related = related(&made.resource, kind, event, body);
    match kind {
        Some(kind) => facts(kind, body, &mut made),
        None => scalars(event, body, &mut made),
    }
    if event == "push" {
        reference::commits(body, &mut made);
    }
    if event == "gollum" {
        wiki_pages(body, &mut made);
    }
    made
}

/// Who acted: the sender. An app that acts for the sender is the credential that was used.
fn actor(kind: Option<&Kind>, action: &str, body: &Value<'_>) -> Actor {
    let Some(sender) = find(body, "sender") else {
        return Actor {
            kind: "system",
            id: Some("github".to_owned()),
            ..Actor::default()
        };
    };
    // The app by which a thing was made is told with the thing ever after; it acted only when it was made.
    let is_making = matches!(action, "created" | "opened" | "submitted");
    let app = kind
        .filter(|_| is_making)
        .and_then(|kind| find(body, kind.thing))
        .and_then(|thing| look::word(thing, &["performed_via_github_app", "id"]));
    Actor {
        kind: match look::text(sender, &["type"]) {
            Some("Bot" | "Organization" | "Enterprise") => "service_account",
            _ => "user",
        },
        id: look::word(sender, &["id"]),
        name: look::text(sender, &["login"]).map(str::to_owned),
        email: look::text(sender, &["email"]).map(str::to_owned),
        credential_id: app.map(|id| format!("github_app:{id}")),
        on_behalf_of: None,
    }
}

/// What was acted upon.
fn resource(kind: Option<&Kind>, event: &str, body: &Value<'_>) -> Thing {
    let Some(kind) = kind else {
        return unmapped_resource(event, body);
    };
    match event {
        "push" => return reference::pushed(body),
        "create" | "delete" => return reference::named(body),
        // About a person: the person is what is acted upon.
        "organization" => {
            for path in ["membership/user", "user"] {
                if let Some(user) = find(body, path) {
                    return user_thing(user);
                }
            }
            if let Some(invitation) = word(body, "invitation/id") {
                return Thing::new("invitation", invitation);
            }
        }
        _ => {}
    }
    let numbers = [
        "pull_request/number",
        "issue/number",
        "discussion/number",
        "alert/number",
    ];
    let number = first(body, &numbers);
    let repository = |name: &str| word(body, &format!("repository/{name}"));
    let mut thing = Thing {
        kind: kind.resource.into(),
        id: first(body, kind.id),
        name: first(body, kind.name).map(|name| clean::hide_emails(&name)),
    };
    match (kind.number, number) {
        (Number::Name, Some(number)) => {
            let name = repository("full_name").unwrap_or_default();
            thing.name = Some(format!("{name}#{number}"));
        }
        (Number::Id, Some(number)) => {
            let inside = repository("id").unwrap_or_default();
            thing.id = Some(format!("{inside}/{number}"));
            thing.name = repository("full_name").map(|name| format!("{name}#{number}"));
        }
        _ => {}
    }
    if event == "issue_comment" && find(body, "issue/pull_request").is_some() {
        thing.kind = "pull_request".into();
    }
    // The enterprise of an own server is not always named: there is one only.
    if event == "enterprise" && thing.id.is_none() {
        thing.id = Some("enterprise".to_owned());
    }
    // Known by a name within a commit, and by a path within a repository.
    if event == "status" {
        let context = thing.name.as_deref().unwrap_or_default();
        thing.id = thing.id.map(|sha| format!("{sha}/{context}"));
    }
    if event == "workflow_dispatch" {
        let inside = repository("id").unwrap_or_default();
        thing.id = thing.id.map(|path| format!("{inside}/{path}"));
    }
    thing
}

/// Of an event that nobody here knows: the object of its name, else the repository or organisation.
fn unmapped_resource(event: &str, body: &Value<'_>) -> Thing {
    let own = |path: &str| {
        let thing = find(body, path)?;
        let id = ["id", "node_id", "number"];
        let id = id.iter().find_map(|name| look::word(thing, &[name]))?;
        let names = ["full_name", "login", "slug", "name"];
        let name = names.iter().find_map(|name| look::text(thing, &[name]));
        Some((id, name.map(clean::hide_emails)))
    };
    for (kind, path) in [
        (event, event),
        ("repository", "repository"),
        ("organization", "organization"),
        ("enterprise", "enterprise"),
    ] {
        if let Some((id, name)) = own(path) {
            return Thing {
                kind: kind.to_owned().into(),
                id: Some(id),
                name,
            };
        }
    }
    Thing {
        kind: event.to_owned().into(),
        ..Thing::default()
    }
}

fn user_thing(user: &Value<'_>) -> Thing {
    Thing {
        kind: "user".into(),
        id: look::word(user, &["id"]),
        name: look::text(user, &["login"]).map(str::to_owned),
    }
}

/// Repository, organisation, branch, team and whom else it concerns, each once and never the resource itself.
fn related(resource: &Thing, kind: Option<&Kind>, event: &str, body: &Value<'_>) -> Vec<Thing> {
    let mut things = Vec::new();
    let mut add = |kind: &'static str, id: Option<String>, name: Option<&str>| {
        let thing = Thing {
            kind: kind.into(),
            id,
            name: name.map(str::to_owned),
        };
        let is_same = |other: &Thing| other.kind == thing.kind && other.id == thing.id;
        if thing.id.is_some() && !is_same(resource) && !things.iter().any(is_same) {
            things.push(thing);
        }
    };
    for (kind, path, name) in [
        ("repository", "repository", "full_name"),
        ("organization", "organization", "login"),
        ("enterprise", "enterprise", "slug"),
        ("app_installation", "installation", "app_slug"),
        ("team", "team", "slug"),
        ("team", "requested_team", "slug"),
        ("repository", "changes/new_repository", "full_name"),
        ("repository", "changes/old_repository", "full_name"),
    ] {
        let name = text(body, &format!("{path}/{name}"));
        add(kind, word(body, &format!("{path}/id")), name);
    }
    // Whoever acted is the actor already.
    let sender = word(body, "sender/id");
    for path in kind.map_or(&[][..], |kind| kind.people) {
        let id = word(body, &format!("{path}/id")).filter(|id| Some(id) != sender.as_ref());
        add("user", id, None);
    }
    if event == "deployment_review" {
        for reviewer in look::items(body, &["reviewers"])
            .iter()
            .take(LIST_ITEMS_MAX)
        {
            let kind = match look::text(reviewer, &["type"]) {
                Some("Team") => "team",
                _ => "user",
            };
            add(kind, look::word(reviewer, &["reviewer", "id"]), None);
        }
    }
    things.extend(reference::related_branch(resource, event, body));
    things
}

/// Where it is deployed to.
fn environment(body: &Value<'_>) -> Option<String> {
    let paths = [
        "deployment_status/environment",
        "deployment/environment",
        "environment",
        "workflow_job_run/environment",
    ];
    paths
        .iter()
        .find_map(|path| text(body, path))
        .map(str::to_owned)
}

/// What belongs together: one run of a workflow, one deployment, one suite of checks.
fn correlation(body: &Value<'_>) -> Option<String> {
    let paths = [
        ("workflow_run", "workflow_run/id"),
        ("workflow_run", "workflow_job/run_id"),
        ("deployment", "deployment/id"),
        ("check_suite", "check_run/check_suite/id"),
        ("check_suite", "check_suite/id"),
    ];
    paths
        .iter()
        .find_map(|(kind, path)| Some(format!("{kind}/{}", word(body, path)?)))
}

/// What the table says is worth knowing.
fn facts(kind: &Kind, body: &Value<'_>, made: &mut Event) {
    for fact in kind.facts {
        let (name, path) = fact.split_once('=').unwrap_or((fact, fact));
        match find(body, path) {
            None => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(value) => made.metadata.push((name, changes::kept(value))),
        }
    }
}

/// Of an event without a mapping: the scalars of its main object, or of the body.
fn scalars(event: &str, body: &Value<'_>, made: &mut Event) {
    let object = find(body, event).filter(|object| object.as_object().is_some());
    let kept = crate::unmapped::scalars(object.unwrap_or(body));
    made.metadata.extend(kept.map(|kept| ("payload", kept)));
}

/// Which pages of a wiki changed, and how.
fn wiki_pages(body: &Value<'_>, made: &mut Event) {
    let pages = look::items(body, &["pages"]).iter().take(LIST_ITEMS_MAX);
    let pages = pages.filter_map(|page| {
        let title = look::text(page, &["title"])?;
        let action = look::text(page, &["action"]).unwrap_or("edited");
        Some(Value::string(format!("{action}: {title}")))
    });
    let pages = Value::Array(pages.collect());
    made.metadata.push(("pages", changes::kept(&pages)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_or_operation(event: &str, body: &str) -> String {
        let headers = [(EVENT, event)];
        let delivery = Delivery {
            headers: &headers,
            body: body.as_bytes(),
        };
        match read(&delivery).unwrap().items.as_slice() {
            [Item::Event(event)] => event.operation.to_string(),
            [Item::Refused(refusal)] => refusal.rule.to_owned(),
            [Item::Passed { rule }] => (*rule).to_owned(),
            others => panic!("{others:?}"),
        }
    }

    /// The name of an event is not signed: one that nobody knows must not take the place of the true delivery.
    #[test]
    fn a_known_events_body_under_an_unknown_name_is_refused() {
        for body in [
            r#"{"action":"closed","number":7,"pull_request":{"id":1},"sender":{"id":1}}"#,
            r#"{"action":"completed","check_run":{"id":1}}"#,
            r#"{"deployment":{"id":1}}"#,
            r#"{"action":"deleted","repository":{"id":1},"organization":{"id":2},"sender":{"id":1}}"#,
            r#"{"repository":{"id":1},"sender":{"id":1}}"#,
            r#"{"action":"member_removed","organization":{"id":2},"membership":{"user":{"id":3}}}"#,
            r#"{"action":"member_invited","organization":{"id":2},"invitation":{"id":3},"user":{}}"#,
            r#"{"action":"created","installation":{"id":2,"account":{}},"repositories":[]}"#,
            r#"{"action":"revoked","sender":{"id":1}}"#,
            r#"{"zen":"Design for failure.","hook_id":1,"hook":{"id":1},"sender":{"id":1}}"#,
        ] {
            assert_eq!(
                rule_or_operation("zzz_event", body),
                "github.shape",
                "{body}"
            );
        }
    }

    #[test]
    fn an_event_that_is_new_is_kept_under_its_own_name() {
        for body in [
            r#"{"action":"opened","gate":{"id":1},"repository":{"id":1},"sender":{"id":1}}"#,
            r#"{"action":"opened","gate":{"id":1},"organization":{"id":1},"sender":{"id":1}}"#,
            r#"{"action":"opened","gate":{"id":1}}"#,
        ] {
            assert_eq!(rule_or_operation("gate", body), "github.gate_opened");
        }
    }
}
