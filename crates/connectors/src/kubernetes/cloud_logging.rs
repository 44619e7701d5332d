//! Entries of Google's Cloud Logging that hold an audit log of `k8s.io`: how GKE tells of requests.
//!
//! Google tells of each request once, in its own words: the method `io.k8s.core.v1.pods.delete`, the resource
//! `core/v1/namespaces/shop/pods/web-1`, codes of gRPC. Its ids are those of the log entry.

use std::borrow::Cow;

use ledger::json::Value;

use super::request::{Answer, Place, Request, Stage};
use super::subject::Subject;
use super::{Found, audit, skim};
use crate::delivery::parse;
use crate::reading::Item;
use crate::{clean, id, look};

/// gRPC's codes for callers that are not allowed to, or not known.
const DENIED: [u16; 2] = [7, 16];
/// gRPC's code for calls that their caller gave up.
const CANCELLED: u16 = 1;

/// Reads an entry.
pub(super) fn read(entry: &Value<'_>, found: &mut Found) {
    read_with(entry, false, found);
}

/// Reads an entry without the bodies of request and answer. Says whether it could.
pub(super) fn without_bodies(text: &[u8], found: &mut Found) -> bool {
    let rest = |text: &[u8], names: &[&[u8]]| {
        let mut rest = Vec::new();
        for (name, value) in skim::members(text)? {
            if !names.contains(&name) {
                rest.push((name.to_vec(), value.to_vec()));
            }
        }
        Some(rest)
    };
    let object = |members: &[(Vec<u8>, Vec<u8>)]| {
        let texts = members
            .iter()
            .map(|(name, value)| [b"\"", name.as_slice(), b"\":", value.as_slice()].concat());
        let texts: Vec<_> = texts.collect();
        [b"{", texts.join(&b","[..]).as_slice(), b"}"].concat()
    };
    let Some(mut members) = rest(text, &[]) else {
        return false;
    };
    for (name, value) in &mut members {
        if name == b"protoPayload" {
            let Some(payload) = rest(value, &[b"request", b"response"]) else {
                return false;
            };
            *value = object(&payload);
        }
    }
    let text = object(&members);
    match parse(&text) {
        Ok(entry) if look::at(&entry, &["protoPayload"]).is_some() => {
            read_with(&entry, true, found);
            true
        }
        _ => false,
    }
}

fn read_with(entry: &Value<'_>, is_bodiless: bool, found: &mut Found) {
    let payload = |path: &[&str]| {
        let path = [&["protoPayload"][..], path].concat();
        look::text(entry, &path)
    };
    if payload(&["serviceName"]) != Some("k8s.io") {
        return found.pass("kubernetes.other_log");
    }
    let Some(insert_id) = look::text(entry, &["insertId"]) else {
        return found.refuse("kubernetes.no_audit_id", "an insertId");
    };
    let (Some(method), Some(path)) = (payload(&["methodName"]), payload(&["resourceName"])) else {
        return found.refuse("kubernetes.no_verb", "a methodName and a resourceName");
    };
    let method = Method::of(method);
    let object = Object::of(path, &method);
    let subject =
        Subject::named(payload(&["authenticationInfo", "principalEmail"]).unwrap_or_default());
    let label = |name: &str| look::text(entry, &["resource", "labels", name]).map(str::to_owned);
    let log = look::text(entry, &["logName"]).unwrap_or_default();
    let time = look::text(entry, &["timestamp"]).unwrap_or_default();
    let pieces = ["gke", log, insert_id, time].map(str::as_bytes);
    let selector = payload(&["authenticationInfo", "authoritySelector"]);
    let request = Request {
        id: id::of("k8s", &pieces),
        audit_id: look::text(entry, &["operation", "id"]).unwrap_or(insert_id),
        stage: Stage::Complete,
        is_from_google: true,
        verb: Cow::Owned(method.verb.to_ascii_lowercase()),
        group: object.group,
        version: object.version,
        resource: method.resource,
        subresource: method.subresource,
        namespace: object.namespace,
        name: object.name,
        unknown_version: None,
        uri: if method.resource.is_empty() { path } else { "" },
        subject,
        impersonated: selector.map(Subject::named),
        addresses: payload(&["requestMetadata", "callerIp"])
            .into_iter()
            .collect(),
        user_agent: payload(&["requestMetadata", "callerSuppliedUserAgent"]),
        answer: answer(entry),
        sent: look::at(entry, &["protoPayload", "request"]),
        answered: look::at(entry, &["protoPayload", "response"]),
        is_bodiless,
        at: look::at(entry, &["timestamp"]).and_then(clean::time),
        action: method.text.to_owned(),
        place: Place {
            cluster: label("cluster_name"),
            account: label("project_id"),
            region: label("location"),
        },
    };
    found.item(Item::Event(Box::new(request.into_event())));
}

/// A method's name, taken apart behind its version.
struct Method<'v> {
    text: &'v str,
    resource: &'v str,
    subresource: &'v str,
    verb: &'v str,
}

impl<'v> Method<'v> {
    /// `io.k8s.core.v1.pods.exec.create`; what has no version is the verb of a path.
    fn of(text: &'v str) -> Self {
        let parts: Vec<&str> = text.split('.').collect();
        let (verb, before) = parts.split_last().unwrap_or((&"", &[]));
        let version = before.iter().position(|part| is_version(part));
        let behind = version.map_or(&[][..], |at| before.get(at + 1..).unwrap_or_default());
        Self {
            text,
            resource: behind.first().copied().unwrap_or_default(),
            subresource: behind.get(1).copied().unwrap_or_default(),
            verb,
        }
    }
}

/// `v1`, `v2beta1`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// A resource's path, taken apart.
#[derive(Default)]
struct Object<'v> {
    group: &'v str,
    version: &'v str,
    namespace: &'v str,
    name: &'v str,
}

impl<'v> Object<'v> {
    /// `apps/v1/namespaces/shop/deployments/web/scale`, or without a namespace `core/v1/nodes/a`.
    fn of(path: &'v str, method: &Method<'_>) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        let mut object = Self::default();
        let rest = match parts.as_slice() {
            [group, version, rest @ ..] if is_version(version) => {
                object.group = if *group == "core" { "" } else { group };
                object.version = version;
                rest
            }
            rest => rest,
        };
        match rest {
            ["namespaces", namespace, resource, rest @ ..] if *resource == method.resource => {
                object.namespace = namespace;
                object.name = rest.first().copied().unwrap_or_default();
            }
            [resource, name, ..] if *resource == method.resource => object.name = name,
            _ => {}
        }
        object
    }
}

fn answer<'v>(entry: &'v Value<'v>) -> Answer<'v> {
    let status = |name: &str| look::word(entry, &["protoPayload", "status", name]);
    let label = |name: &str| look::text(entry, &["labels", name]);
    let decision = label("authorization.k8s.io/decision");
    // A status without a code is the code 0: what is zero is left out.
    let is_there = look::at(entry, &["protoPayload", "status"]).is_some();
    let code = status("code").or_else(|| is_there.then(|| "0".to_owned()));
    let number: Option<u16> = code.as_deref().and_then(|code| code.parse().ok());
    let refused = look::items(entry, &["protoPayload", "authorizationInfo"])
        .iter()
        .any(|info| matches!(look::at(info, &["granted"]), Some(Value::Bool(false))));
    let result = match number {
        Some(0) => Some("success"),
        Some(CANCELLED) => Some("cancelled"),
        Some(code) if DENIED.contains(&code) => Some("denied"),
        Some(code @ 100..) => audit::result(code),
        Some(_) => Some("failure"),
        None if refused || decision == Some("forbid") => Some("denied"),
        None => None,
    };
    Answer {
        result,
        code,
        reason: None,
        message: look::text(entry, &["protoPayload", "status", "message"]),
        decision,
        decision_reason: label("authorization.k8s.io/reason"),
    }
}
