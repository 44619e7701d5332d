//! One audit event (`audit.k8s.io`) as the API server writes it.
//!
//! Promises: an event of a version that isn't known yet is read as far as it fits. Whether it fits is asked of what must be
//! there: an audit id, a verb and a stage.

use std::borrow::Cow;

use ledger::json::Value;

use super::request::{Answer, Place, Request, Stage};
use super::subject::Subject;
use super::{Found, uri};
use crate::limits::LIST_ITEMS_MAX;
use crate::reading::Item;
use crate::{clean, id, look};

/// Longest id of a request in bytes; clients choose it.
const AUDIT_ID_BYTES_MAX: usize = 512;
/// The versions that are known.
const VERSIONS: [&str; 3] = [
    "audit.k8s.io/v1",
    "audit.k8s.io/v1beta1",
    "audit.k8s.io/v1alpha1",
];

/// An event and what is known about it from outside.
pub(super) struct Told<'v, 'a> {
    /// The event.
    pub event: &'v Value<'a>,
    /// The version of the list that it stood in.
    pub list_version: Option<&'v str>,
    /// Which cluster.
    pub place: &'v Place,
    /// Whether its bodies had to be left out.
    pub is_bodiless: bool,
}

/// Reads an event.
pub(super) fn read(told: &Told<'_, '_>, found: &mut Found) {
    let event = told.event;
    if event.as_object().is_none() {
        return found.refuse(
            "kubernetes.not_an_object",
            "an audit event, which is an object",
        );
    }
    let version = version(told);
    if version.is_some_and(|version| !version.starts_with("audit.k8s.io/")) {
        return found.refuse("kubernetes.not_audit", "an event of audit.k8s.io");
    }
    let is_known = version.is_none_or(|version| VERSIONS.contains(&version));
    let (no_id, no_verb) = if is_known {
        ("kubernetes.no_audit_id", "kubernetes.no_verb")
    } else {
        ("kubernetes.version", "kubernetes.version")
    };
    let Some(audit_id) = look::text(event, &["auditID"]) else {
        return found.refuse(no_id, "an auditID");
    };
    let Some(verb) = look::text(event, &["verb"]) else {
        return found.refuse(no_verb, "a verb");
    };
    let stage = match look::text(event, &["stage"]) {
        Some("ResponseComplete") => Stage::Complete,
        Some("Panic") => Stage::Panic,
        Some("ResponseStarted") => Stage::Started,
        Some("RequestReceived") => return found.pass("kubernetes.stage"),
        _ => return found.refuse("kubernetes.stage_unknown", "a stage that is known"),
    };
    let request = request(told, audit_id, verb, stage);
    if stage == Stage::Started && !(request.is_stream() && request.is_success()) {
        return found.pass("kubernetes.stage");
    }
    found.item(Item::Event(Box::new(request.into_event())));
}

/// The version that an event has, or the list that it stood in.
fn version<'v>(told: &Told<'v, '_>) -> Option<&'v str> {
    look::text(told.event, &["apiVersion"]).or(told.list_version)
}

fn request<'v>(told: &Told<'v, '_>, audit_id: &'v str, verb: &'v str, stage: Stage) -> Request<'v> {
    let event: &'v Value<'v> = told.event;
    let text = |path: &[&str]| look::text(event, path).unwrap_or_default();
    let user = look::at(event, &["user"]);
    let addresses = look::items(event, &["sourceIPs"])
        .iter()
        .take(LIST_ITEMS_MAX);
    let (resource, subresource) = (
        text(&["objectRef", "resource"]),
        text(&["objectRef", "subresource"]),
    );
    let group = text(&["objectRef", "apiGroup"]);
    let uri = text(&["requestURI"]);
    let answer = answer(event, stage);
    let is_stream = super::act::STREAMS.contains(&subresource);
    let has_ended = is_stream && stage == Stage::Complete && answer.result == Some("success");
    // An open request ended when its stage did; any other happened when it came.
    let times = if has_ended {
        ["stageTimestamp", "requestReceivedTimestamp", "timestamp"]
    } else {
        ["requestReceivedTimestamp", "timestamp", "stageTimestamp"]
    };
    Request {
        id: event_id(event, audit_id),
        audit_id: truncated(audit_id),
        stage,
        is_from_google: false,
        verb: Cow::Owned(verb.to_ascii_lowercase()),
        group,
        version: text(&["objectRef", "apiVersion"]),
        resource,
        subresource,
        namespace: text(&["objectRef", "namespace"]),
        name: text(&["objectRef", "name"]),
        unknown_version: version(told).filter(|version| !VERSIONS.contains(version)),
        uri,
        subject: user.map_or_else(|| Subject::named(""), Subject::of),
        impersonated: look::at(event, &["impersonatedUser"]).map(Subject::of),
        addresses: addresses.filter_map(Value::as_str).collect(),
        user_agent: look::text(event, &["userAgent"]),
        answer,
        sent: look::at(event, &["requestObject"]),
        answered: look::at(event, &["responseObject"]),
        is_bodiless: told.is_bodiless,
        at: times
            .iter()
            .find_map(|name| clean::time(look::at(event, &[name])?)),
        action: action(verb, group, resource, subresource, uri),
        place: told.place.clone(),
    }
}

fn truncated(audit_id: &str) -> &str {
    audit_id
        .get(..audit_id.floor_char_boundary(AUDIT_ID_BYTES_MAX))
        .unwrap_or_default()
}

/// `patch deployments.apps/scale`; for what is no resource `get /healthz`.
fn action(verb: &str, group: &str, resource: &str, subresource: &str, path: &str) -> String {
    if resource.is_empty() {
        return format!("{verb} {}", uri::path(path));
    }
    let mut action = format!("{verb} {resource}");
    for (mark, part) in [('.', group), ('/', subresource)] {
        if !part.is_empty() {
            action.push(mark);
            action.push_str(part);
        }
    }
    action
}

/// The id commits to what was asked, by whom and when, too: clients may send the audit id of their choice, and an earlier
/// one would otherwise make their request look like a repetition.
fn event_id(event: &Value<'_>, audit_id: &str) -> String {
    let text = |path: &[&str]| look::text(event, path).unwrap_or_default().as_bytes();
    id::of(
        "k8s",
        &[
            audit_id.as_bytes(),
            text(&["stage"]),
            text(&["requestReceivedTimestamp"]),
            text(&["stageTimestamp"]),
            text(&["verb"]),
            text(&["requestURI"]),
            text(&["user", "username"]),
        ],
    )
}

fn answer<'v>(event: &'v Value<'v>, stage: Stage) -> Answer<'v> {
    let annotation = |name: &str| look::text(event, &["annotations", name]);
    let decision = annotation("authorization.k8s.io/decision");
    let code = look::word(event, &["responseStatus", "code"]);
    let number: Option<u16> = code.as_deref().and_then(|code| code.parse().ok());
    let result = match (stage, number) {
        (Stage::Panic, _) => Some("failure"),
        (_, Some(number)) => result(number),
        _ => None,
    };
    let reason = look::text(event, &["responseStatus", "reason"]);
    let result =
        result.or_else(
            || match (look::text(event, &["responseStatus", "status"])?, reason) {
                ("Success", _) => Some("success"),
                ("Failure", Some("Forbidden" | "Unauthorized")) => Some("denied"),
                ("Failure", _) => Some("failure"),
                _ => None,
            },
        );
    Answer {
        result: result.or((decision == Some("forbid")).then_some("denied")),
        code,
        reason,
        message: look::text(event, &["responseStatus", "message"]),
        decision,
        decision_reason: annotation("authorization.k8s.io/reason"),
    }
}

/// What a code of HTTP says. 101 is how `exec` succeeds.
pub(super) fn result(code: u16) -> Option<&'static str> {
    match code {
        100..=399 => Some("success"),
        401 | 403 => Some("denied"),
        400..=599 => Some("failure"),
        _ => None,
    }
}
