//! `CloudEvents` 1.0 over HTTP and from files: structured, batched and binary; JSON only.
//!
//! Promises: an event's id is made of `source` and `id`, which name one event by the specification, so that the same event
//! in any mode is one; the required attributes are checked, and an event that lacks one is refused by name; `type` stands
//! in `context.source_action` as it was sent. `CDEvents` are mapped by `cdevents.rs`. Who acted is said by the attributes of
//! the auth context extension (`authtype`, `authid`) or by `actor`, `actorname` and their like; without them it is the
//! source itself. How it ended is said by the data or an attribute, by the names of `stated.rs`. Must never: take an operation of the server's own from a `type`.

use std::borrow::Cow;

use ledger::json::Value;
use ledger::vocabulary::{self, Resolved};

use crate::delivery::{Delivery, parse};
use crate::event::{Event, Thing};
use crate::limits::EVENTS_MAX;
use crate::look::{at, text, word};
use crate::reading::{Item, Reading, Refusal, Unreadable};
use crate::sequence::Sequence;
use crate::{cdevents, clean, payload, stated};

/// Attributes that have a place in an event; others are kept as extensions.
const PLACED: &[&str] = &[
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "data",
    "data_base64",
    "datacontenttype",
    "dataschema",
    "actor",
    "actorid",
    "actorname",
    "actoremail",
    "actortype",
    "authtype",
    "authid",
    "traceparent",
    "correlationid",
];
/// Most attributes of one event in binary mode.
const ATTRIBUTES_MAX: usize = 100;

/// Reads a delivery.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let kind = delivery.header("content-type").unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if kind.starts_with("application/cloudevents") {
        return match kind
            .strip_prefix("application/cloudevents")
            .unwrap_or_default()
        {
            "+json" | "-batch+json" => structured(delivery),
            _ => Err(Unreadable::Shape {
                expected: "CloudEvents as JSON",
            }),
        };
    }
    if delivery.header("ce-specversion").is_some() || delivery.header("ce-id").is_some() {
        return Ok(binary(delivery, &kind));
    }
    structured(delivery)
}

/// One event, a batch, or events one after the other as in a file.
fn structured(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    let mut pieces = Sequence::new(delivery.body).enumerate().peekable();
    while let Some((count, piece)) = pieces.next() {
        let value = match parse(piece) {
            Ok(value) => value,
            Err(error) if count == 0 && pieces.peek().is_none() => return Err(error),
            Err(error) => {
                let index = reading.items.len();
                reading
                    .items
                    .push(refused("cloudevents.no_json", index, error.to_string()));
                continue;
            }
        };
        let batch = match &value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for one in batch {
            if reading.items.len() >= EVENTS_MAX {
                return Err(Unreadable::TooMany);
            }
            let index = reading.items.len();
            let item = entry(one, index);
            reading.items.push(item.unwrap_or_else(|| {
                refused(
                    "cloudevents.attributes",
                    index,
                    "a CloudEvent with specversion".into(),
                )
            }));
        }
    }
    // An empty batch is allowed by the specification; an empty body is no batch.
    if reading.items.is_empty() && delivery.body.trim_ascii().is_empty() {
        return Err(Unreadable::Shape {
            expected: "a CloudEvent",
        });
    }
    Ok(reading)
}

/// Attributes in header fields, the data as the body.
fn binary(delivery: &Delivery<'_>, kind: &str) -> Reading {
    let mut members = Vec::new();
    for (name, value) in delivery.headers.iter().take(ATTRIBUTES_MAX) {
        let Some(name) = name
            .to_ascii_lowercase()
            .strip_prefix("ce-")
            .map(str::to_owned)
        else {
            continue;
        };
        // The first of a name counts, as everywhere.
        if name != "data"
            && !members
                .iter()
                .any(|(known, _): &(Cow<'_, str>, _)| *known == name)
        {
            members.push((Cow::Owned(name), Value::string(decoded(value))));
        }
    }
    let is_json = kind == "application/json" || kind.ends_with("+json") || kind.is_empty();
    let data = match parse(delivery.body) {
        _ if delivery.body.is_empty() => None,
        Ok(value) if is_json => Some(value),
        _ => Some(match std::str::from_utf8(delivery.body) {
            Ok(words) => Value::string(clean::cut(words).into_owned()),
            Err(_) => Value::string(format!("[{} bytes]", delivery.body.len())),
        }),
    };
    members.extend(data.map(|data| (Cow::Borrowed("data"), data)));
    let event = Value::Object(members);
    Reading {
        items: vec![checked(&event, 0)],
    }
}

/// One event that came inside something else; `None` if it is none.
pub(crate) fn entry(value: &Value<'_>, index: usize) -> Option<Item> {
    if at(value, &["specversion"]).is_some() {
        return Some(checked(value, index));
    }
    // A CDEvent without the envelope says the same within.
    let kind = text(value, &["context", "type"])?;
    cdevents::parse(kind)?;
    let envelope = Value::Object(vec![
        ("specversion".into(), Value::string("1.0")),
        ("id".into(), Value::string(text(value, &["context", "id"])?)),
        (
            "source".into(),
            Value::string(text(value, &["context", "source"])?),
        ),
        ("type".into(), Value::string(kind)),
        ("data".into(), value.clone()),
    ]);
    Some(checked(&envelope, index))
}

fn refused(rule: &'static str, index: usize, expected: String) -> Item {
    Item::Refused(Refusal {
        rule,
        index,
        expected,
    })
}

fn checked(value: &Value<'_>, index: usize) -> Item {
    let attribute = |name: &str| text(value, &[name]);
    if attribute("specversion") != Some("1.0") {
        return refused(
            "cloudevents.attributes",
            index,
            "specversion 1.0".to_owned(),
        );
    }
    let (Some(id), Some(source), Some(kind)) =
        (attribute("id"), attribute("source"), attribute("type"))
    else {
        let expected = "the attributes id, source and type".to_owned();
        return refused("cloudevents.attributes", index, expected);
    };
    let id = crate::id::of("ce", &[source.as_bytes(), id.as_bytes()]);
    Item::Event(Box::new(event(value, id, source, kind)))
}

fn event(value: &Value<'_>, id: String, source: &str, kind: &str) -> Event {
    let subject = text(value, &["subject"]);
    let operation = operation(kind);
    let resource = Thing {
        kind: noun(&operation).into(),
        id: subject.or(Some(source)).map(str::to_owned),
        name: None,
    };
    let mut event = Event::new(id, operation, resource, kind);
    event.verb = kind.to_ascii_lowercase();
    event.timestamp = at(value, &["time"]).and_then(clean::time);
    act(&mut event, value, source);
    event.context.application = Some("cloudevents".into());
    event.context.service = Some(source.to_owned());
    event.trace_id = text(value, &["traceparent"]).and_then(trace);
    event.correlation_id = text(value, &["correlationid"]).map(str::to_owned);
    for (name, attribute) in [
        ("event_id", "id"),
        ("data_content_type", "datacontenttype"),
        ("data_schema", "dataschema"),
    ] {
        event.note(name, text(value, &[attribute]).map(clean::hide_emails));
    }
    if event.timestamp.is_none() {
        let time = word(value, &["time"]).map(|time| clean::hide_emails(&time));
        event.note("time_as_sent", time);
    }
    extend(&mut event, value);
    if let Some(mapping) = cdevents::parse(kind) {
        cdevents::apply(
            &mut event,
            &mapping,
            at(value, &["data"]).unwrap_or(&Value::Null),
        );
    } else {
        let data = at(value, &["data"]).unwrap_or(&Value::Null);
        stated::fill(&mut event, &[data, value]);
    }
    event
}

/// Data and extensions.
fn extend(event: &mut Event, value: &Value<'_>) {
    if let Some(data) = at(value, &["data"]) {
        event.metadata.push(("data", payload::kept(data, &[])));
    } else if let Some(encoded) = text(value, &["data_base64"]) {
        let note = format!("[{} bytes of base64]", encoded.len());
        event.metadata.push(("data", Value::string(note)));
    }
    let members = value.as_object().unwrap_or_default();
    let others = members
        .iter()
        .filter(|(name, _)| !PLACED.contains(&name.as_ref()));
    let others: Vec<_> = others.cloned().collect();
    let kept = payload::kept_if_any(Some(&Value::Object(others)), &[]);
    event.metadata.extend(kept.map(|kept| ("extensions", kept)));
}

/// Who acted, by extension attributes; else the source.
fn act(event: &mut Event, value: &Value<'_>, source: &str) {
    let said = |name: &str| word(value, &[name]);
    let id = said("actorid")
        .or_else(|| said("actor"))
        .or_else(|| said("authid"));
    let name = said("actorname");
    let email = said("actoremail").or_else(|| id.clone().filter(|id| clean::has_email(id)));
    let kind = said("actortype").or_else(|| said("authtype"));
    let is_known = id.is_some() || name.is_some() || email.is_some();
    event.actor.kind = match kind.as_deref() {
        Some("user" | "app_user") => "user",
        Some("service_account") => "service_account",
        Some("api_key") => "api_key",
        Some("agent") => "agent",
        Some("unauthenticated" | "anonymous") => "anonymous",
        Some("system") => "system",
        _ if is_known => "user",
        _ => "system",
    };
    event.actor.name = name;
    event.actor.email = email;
    event.actor.id = id.or_else(|| (!is_known).then(|| source.to_owned()));
}

/// What a type means: the vocabulary's name if it is one, whole or by its last parts, else a name made of it.
fn operation(kind: &str) -> Cow<'static, str> {
    let parts: Vec<&str> = kind.split('.').filter(|part| !is_version(part)).collect();
    let last = |count: usize| {
        let from = parts.len().saturating_sub(count);
        parts.get(from..).unwrap_or_default().join(".")
    };
    for name in [last(parts.len()), last(3), last(2)] {
        if !name.contains('.') {
            continue;
        }
        if let Ok(Resolved::Canonical(operation) | Resolved::Alias { operation }) =
            vocabulary::resolve(&name)
        {
            return Cow::Borrowed(operation.name);
        }
    }
    let generic = clean::operation(&last(4));
    // The server's own names, and what no name can be made of.
    match vocabulary::resolve(&generic) {
        Ok(_) => Cow::Owned(generic),
        Err(_) => Cow::Borrowed("cloudevents.event"),
    }
}

/// `v1`, `v2beta1`, `2`: versions at the end of types.
fn is_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or(part);
    digits.starts_with(|first: char| first.is_ascii_digit())
}

/// The kind of resource that an operation is about: the part before the last.
fn noun(operation: &str) -> String {
    let mut parts = operation.rsplit('.').skip(1);
    clean::kind(parts.next().unwrap_or("event"))
}

/// The trace of a `traceparent`: `00-<trace>-<span>-<flags>`.
fn trace(parent: &str) -> Option<String> {
    let trace = parent.split('-').nth(1)?;
    let is_hex = trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && trace.bytes().any(|byte| byte != b'0')).then(|| trace.to_ascii_lowercase())
}

/// A header field's value: percent-encoded where it would not be printable, perhaps in quotes.
fn decoded(value: &str) -> String {
    let value = value.trim();
    let value = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    clean::percent_decoded(value).unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests;
