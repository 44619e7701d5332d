//! The forms in which audit events come, and what managed clusters wrap around them.
//!
//! Promises: what stands beside audit events in the same log is passed over by name; a part that can't be read doesn't hide
//! the others.

use base64ct::{Base64, Encoding};
use ledger::json::Value;

use super::audit::{self, Told};
use super::request::Place;
use super::{Found, cloud_logging, skim};
use crate::delivery::parse;
use crate::limits::BODY_BYTES_MAX;
use crate::look;
use crate::reading::Unreadable;

/// The lists that forms have, by the name of their member.
const LISTS: [&[u8]; 2] = [b"items", b"records"];
/// What an audit event can be read without.
const BODIES: [&str; 2] = ["requestObject", "responseObject"];
/// How deep forms may be wrapped: an event in a form in a line.
const WRAPS_MAX: usize = 3;
const EXPECTED: &str = "audit events of Kubernetes, or a form that a cloud wraps around them";

/// Whether a text holds an object a line. The first line of a file that was cut may be damaged.
pub(super) fn is_lines(text: &[u8]) -> bool {
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let heads = [lines.next(), lines.next()];
    heads[1].is_some()
        && !text.trim_ascii_start().starts_with(b"[")
        && heads
            .into_iter()
            .flatten()
            .any(|line| skim::members(line).is_some())
}

/// Reads one line of a file.
pub(super) fn line(text: &[u8], found: &mut Found) {
    match parse(text) {
        Ok(value) => form(&value, WRAPS_MAX, found),
        Err(_) if salvage(text, found) => {}
        Err(error) => found.refuse("kubernetes.unreadable", error.to_string()),
    }
}

/// Reads a body that is one JSON value.
pub(super) fn whole(text: &[u8], found: &mut Found) -> Result<(), Unreadable> {
    let value = match parse(text) {
        Ok(value) => value,
        Err(_) if salvage(text, found) => return Ok(()),
        Err(error) => return Err(error),
    };
    if shape(&value).is_none() {
        return Err(Unreadable::Shape { expected: EXPECTED });
    }
    form(&value, WRAPS_MAX, found);
    Ok(())
}

/// What a value is.
#[derive(Clone, Copy)]
enum Shape {
    Array,
    EventList,
    Event,
    CloudWatch,
    PubSub,
    Azure,
    LogEntry,
}

fn shape(value: &Value<'_>) -> Option<Shape> {
    let has = |path: &[&str]| look::at(value, path).is_some();
    let is_list = |path: &[&str]| look::at(value, path).is_some_and(|at| at.as_array().is_some());
    let kind = look::text(value, &["kind"]);
    match value {
        Value::Array(_) => Some(Shape::Array),
        _ if kind == Some("EventList") => is_list(&["items"]).then_some(Shape::EventList),
        _ if has(&["auditID"]) || kind == Some("Event") => Some(Shape::Event),
        _ if look::text(value, &["messageType"]) == Some("DATA_MESSAGE") => {
            is_list(&["logEvents"]).then_some(Shape::CloudWatch)
        }
        _ if has(&["messageType"]) => Some(Shape::CloudWatch),
        _ if has(&["message", "data"]) => Some(Shape::PubSub),
        _ if has(&["records"]) => is_list(&["records"]).then_some(Shape::Azure),
        _ if has(&["properties", "log"]) => Some(Shape::Azure),
        _ if has(&["protoPayload"]) || has(&["logName"]) => Some(Shape::LogEntry),
        _ => None,
    }
}

/// Reads a value of any form. `wraps` is how often it may be wrapped.
fn form(value: &Value<'_>, wraps: usize, found: &mut Found) {
    let Some((shape, wraps)) = shape(value).zip(wraps.checked_sub(1)) else {
        return match value {
            Value::Object(_) => found.refuse("kubernetes.unknown_form", EXPECTED),
            _ => found.refuse("kubernetes.not_an_object", EXPECTED),
        };
    };
    match shape {
        Shape::Array => {
            for item in value.as_array().unwrap_or_default() {
                form(item, wraps, found);
            }
        }
        Shape::EventList => {
            let version = look::text(value, &["apiVersion"]);
            for item in look::items(value, &["items"]) {
                event(item, version, &Place::default(), found);
            }
        }
        Shape::Event => event(value, None, &Place::default(), found),
        Shape::CloudWatch => cloud_watch(value, found),
        Shape::PubSub => pub_sub(value, wraps, found),
        Shape::Azure if look::at(value, &["records"]).is_none() => azure(value, found),
        Shape::Azure => {
            for record in look::items(value, &["records"]) {
                azure(record, found);
            }
        }
        Shape::LogEntry => cloud_logging::read(value, found),
    }
}

fn event(event: &Value<'_>, list_version: Option<&str>, place: &Place, found: &mut Found) {
    let told = Told {
        event,
        list_version,
        place,
        is_bodiless: false,
    };
    audit::read(&told, found);
}

/// An event as text; without its bodies where they can't be read.
fn event_text(text: &[u8], list_version: Option<&str>, place: &Place, found: &mut Found) {
    match parse(text) {
        Ok(value) => event(&value, list_version, place, found),
        Err(error) => {
            if !without_bodies(text, list_version, place, found) {
                found.refuse("kubernetes.unreadable", error.to_string());
            }
        }
    }
}

/// Reads an event without the bodies of request and answer, which whoever asked has written: members that stand twice,
/// half surrogates or endless nesting in them must not keep the request out of the record.
fn without_bodies(text: &[u8], version: Option<&str>, place: &Place, found: &mut Found) -> bool {
    let Some(members) = skim::members(text) else {
        return false;
    };
    let is_body = |name: &[u8]| BODIES.iter().any(|body| body.as_bytes() == name);
    if !members.iter().any(|(name, _)| is_body(name)) {
        return false;
    }
    let mut rest = Vec::with_capacity(text.len().min(64 * 1024));
    rest.push(b'{');
    for (name, value) in members.iter().filter(|(name, _)| !is_body(name)) {
        if rest.len() > 1 {
            rest.push(b',');
        }
        rest.push(b'"');
        rest.extend_from_slice(name);
        rest.extend_from_slice(b"\":");
        rest.extend_from_slice(value);
    }
    rest.push(b'}');
    let Ok(value) = parse(&rest) else {
        return false;
    };
    if !matches!(shape(&value), Some(Shape::Event)) && version.is_none() {
        return false;
    }
    let told = Told {
        event: &value,
        list_version: version,
        place,
        is_bodiless: true,
    };
    audit::read(&told, found);
    true
}

/// Reads what can be told apart of a text that can't be read whole. Says whether it could.
fn salvage(text: &[u8], found: &mut Found) -> bool {
    if text.starts_with(b"[") {
        let Some(items) = skim::items(text) else {
            return false;
        };
        for item in items {
            line_of_list(item, found);
        }
        return true;
    }
    let Some(members) = skim::members(text) else {
        return false;
    };
    // A member that stands twice is no member: which one is meant?
    let member = |wanted: &[u8]| {
        let mut named = members.iter().filter(|(name, _)| *name == wanted);
        let (_, value) = named.next()?;
        named.next().is_none().then_some(*value)
    };
    for list in LISTS {
        let Some(items) = member(list).and_then(skim::items) else {
            continue;
        };
        let version = member(b"apiVersion").and_then(|text| parse(text).ok());
        let version = version.as_ref().and_then(Value::as_str);
        for item in items {
            if list == b"items" {
                event_text(item, version, &Place::default(), found);
            } else {
                line_of_list(item, found);
            }
        }
        return true;
    }
    without_bodies(text, None, &Place::default(), found)
}

/// One item of a list that couldn't be read whole.
fn line_of_list(text: &[u8], found: &mut Found) {
    match parse(text) {
        Ok(value) => form(&value, WRAPS_MAX, found),
        Err(error) => {
            if !without_bodies(text, None, &Place::default(), found) {
                found.refuse("kubernetes.unreadable", error.to_string());
            }
        }
    }
}

/// A subscription of `CloudWatch` Logs, as EKS' control plane logs come through one.
fn cloud_watch(value: &Value<'_>, found: &mut Found) {
    if look::text(value, &["messageType"]) != Some("DATA_MESSAGE") {
        return found.pass("kubernetes.control_message");
    }
    let group = look::text(value, &["logGroup"]).unwrap_or_default();
    let cluster = group.strip_prefix("/aws/eks/");
    let place = Place {
        cluster: cluster.map(|rest| rest.strip_suffix("/cluster").unwrap_or(rest).to_owned()),
        account: look::text(value, &["owner"]).map(str::to_owned),
        region: None,
    };
    let stream = look::text(value, &["logStream"]).unwrap_or_default();
    for entry in look::items(value, &["logEvents"]) {
        let message = look::text(entry, &["message"]).unwrap_or_default().trim();
        if stream.starts_with("kube-apiserver-audit") || message.contains("\"auditID\"") {
            event_text(message.as_bytes(), None, &place, found);
        } else {
            found.pass("kubernetes.other_log");
        }
    }
}

/// A message that Pub/Sub pushes: an entry of Cloud Logging, or an audit event that somebody put there.
fn pub_sub(value: &Value<'_>, wraps: usize, found: &mut Found) {
    let data = look::text(value, &["message", "data"]).unwrap_or_default();
    let bytes = Base64::decode_vec(data).unwrap_or_default();
    if bytes.is_empty() || bytes.len() > BODY_BYTES_MAX {
        return found.refuse("kubernetes.not_base64", "data in base64");
    }
    match parse(&bytes) {
        Ok(value) => form(&value, wraps, found),
        Err(error) => {
            if !without_bodies(&bytes, None, &Place::default(), found)
                && !cloud_logging::without_bodies(&bytes, found)
            {
                found.refuse("kubernetes.unreadable", error.to_string());
            }
        }
    }
}

/// A record of AKS' diagnostic logs.
fn azure(record: &Value<'_>, found: &mut Found) {
    if record.as_object().is_none() {
        return found.refuse("kubernetes.not_an_object", "a record, which is an object");
    }
    if !matches!(
        look::text(record, &["category"]),
        Some("kube-audit" | "kube-audit-admin")
    ) {
        return found.pass("kubernetes.other_log");
    }
    let resource = look::text(record, &["resourceId"]).unwrap_or_default();
    let part = |name: &str| {
        let mut parts = resource.split('/');
        parts.find(|part| part.eq_ignore_ascii_case(name))?;
        parts.next().map(str::to_ascii_lowercase)
    };
    let place = Place {
        cluster: part("managedclusters"),
        account: part("subscriptions"),
        region: look::text(record, &["location"]).map(str::to_owned),
    };
    match look::at(record, &["properties", "log"]) {
        Some(Value::String(text)) => event_text(text.trim().as_bytes(), None, &place, found),
        Some(value) => event(value, None, &place, found),
        None => found.refuse(
            "kubernetes.unreadable",
            "an audit event under properties/log",
        ),
    }
}
