//! What a request did: its operation, its nature and the type of what it was done to.

use std::borrow::Cow;

use ledger::json::Value;

use super::kinds::{self, Family, Way};
use super::request::{Request, Stage};
use super::uri;
use crate::clean;
use crate::event::Nature;
use crate::look;

/// What a request did.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// The operation.
    pub operation: Cow<'static, str>,
    /// Whether anything is different afterwards.
    pub nature: Nature,
    /// The type of the resource.
    pub kind: Cow<'static, str>,
    /// What kind of thing that is.
    pub family: Family,
}

/// Subresources whose requests stay open.
pub(super) const STREAMS: [&str; 3] = ["exec", "attach", "portforward"];
/// The annotation that `kubectl rollout restart` sets.
pub(super) const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// What of a kubelet may be looked at without consequences; anything else behind its proxy can run programs.
const KUBELET_READS: [&str; 8] = [
    "metrics",
    "stats",
    "healthz",
    "configz",
    "pods",
    "runningpods",
    "spec",
    "checkpoint_status",
];

impl Act {
    /// What a request did. What somebody looked at as somebody else is no plain read.
    pub(super) fn of(request: &Request<'_>) -> Self {
        let mut act = Self::plain(request);
        if act.nature == Nature::Read && request.impersonated.is_some() {
            act.nature = Nature::SensitiveRead;
        }
        act
    }

    fn plain(request: &Request<'_>) -> Self {
        let (kind, family) = kinds::of(request.group, request.resource);
        let act = |operation: Cow<'static, str>, nature| Self {
            operation,
            nature,
            kind: kind.clone(),
            family,
        };
        let reads = matches!(
            &*request.verb,
            "get" | "head" | "options" | "list" | "watch"
        );
        if request.resource.is_empty() {
            return Self {
                kind: Cow::Borrowed("path"),
                ..act("api.called".into(), nature(reads))
            };
        }
        if let Some((operation, nature)) = connection(request) {
            return act(operation.into(), nature);
        }
        if reads {
            let (operation, nature) = read(request, family);
            return act(operation.into(), nature);
        }
        if family == Family::Review {
            let operation = match request.resource {
                "tokenreviews" => "access_token.checked",
                _ => "permission.checked",
            };
            return act(operation.into(), Nature::Read);
        }
        if request.dry_run() {
            return act("resource.change_tried".into(), Nature::Read);
        }
        act(change(request, family), Nature::Change)
    }
}

fn nature(reads: bool) -> Nature {
    if reads { Nature::Read } else { Nature::Change }
}

/// Requests that open a way into a pod, node or service, whatever their verb: clients use `create` or `get`.
fn connection(request: &Request<'_>) -> Option<(&'static str, Nature)> {
    let ended = request.stage == Stage::Complete && request.is_success() && !request.is_from_google;
    let operation = match (request.resource, request.subresource) {
        ("pods", stream) if STREAMS.contains(&stream) && ended => "pod.connection_closed",
        ("pods", "exec") => "pod.exec_opened",
        ("pods", "attach") => "pod.attached",
        ("pods", "portforward") => "pod.port_forwarded",
        ("pods", "proxy") => "pod.proxied",
        ("nodes", "proxy") => "node.proxied",
        (_, "proxy") => "resource.connected",
        _ => return None,
    };
    let reads = matches!(
        &*request.verb,
        "get" | "head" | "options" | "list" | "watch"
    );
    let looked = match request.resource {
        _ if request.subresource != "proxy" || !reads => Nature::Change,
        "nodes" => {
            let path = uri::path(request.uri);
            let behind = path.split_once("/proxy/").map_or("", |(_, rest)| rest);
            let first = behind.split('/').next().unwrap_or_default();
            let is_plain = !behind.contains("..") && !behind.contains('%');
            nature(is_plain && KUBELET_READS.contains(&first))
        }
        // Behind a pod or a service may be anything, an administrator's page among it.
        _ => Nature::SensitiveRead,
    };
    Some((operation, looked))
}

fn read(request: &Request<'_>, family: Family) -> (&'static str, Nature) {
    match (family, request.subresource, &*request.verb) {
        (Family::Secret, "", "list") => ("secret.listed", Nature::SensitiveRead),
        (Family::Secret, "", _) => ("secret.read", Nature::SensitiveRead),
        (Family::Pod, "log", _) => ("pod.logs_read", Nature::SensitiveRead),
        (_, _, "list") => ("resource.listed", Nature::Read),
        (_, _, "watch") => ("resource.watched", Nature::Read),
        _ => ("resource.read", Nature::Read),
    }
}

fn change(request: &Request<'_>, family: Family) -> Cow<'static, str> {
    let named = match (request.resource, request.subresource, &*request.verb) {
        (_, _, "deletecollection") => "resource.collection_deleted",
        (_, _, "impersonate") => "user.impersonated",
        (_, _, "connect" | "proxy") => "resource.connected",
        ("serviceaccounts", "token", "create") => "access_token.created",
        ("pods", "eviction", "create") => "pod.evicted",
        ("pods", "binding", "create") | ("bindings", "", "create") => "pod.bound",
        ("pods", "ephemeralcontainers", _) => "pod.debugged",
        (_, "scale", "update" | "patch") => "service.scaled",
        ("certificatesigningrequests", "approval", _) => decision(request.sent),
        ("certificatesigningrequests", "status", _) if has_certificate(request.sent) => {
            "certificate.issued"
        }
        (_, "status", _) => "resource.status_updated",
        (_, _, "patch") => match patched(request.sent, family) {
            Some(operation) => operation,
            None => return kinds::operation(family, request.resource, Way::Updated),
        },
        (_, "", "create") => return kinds::operation(family, request.resource, Way::Created),
        (_, "", "delete") => return kinds::operation(family, request.resource, Way::Deleted),
        (_, _, "create" | "update" | "delete") => {
            return kinds::operation(family, request.resource, Way::Updated);
        }
        (_, _, verb) => return Cow::Owned(clean::operation(&format!("kubernetes.{verb}"))),
    };
    Cow::Borrowed(named)
}

/// What a request for a certificate was told.
fn decision(sent: Option<&Value<'_>>) -> &'static str {
    let conditions = sent.map_or(&[][..], |sent| look::items(sent, &["status", "conditions"]));
    let says = |word: &str| {
        conditions
            .iter()
            .any(|condition| look::text(condition, &["type"]) == Some(word))
    };
    if says("Denied") {
        "certificate.request_rejected"
    } else if says("Approved") {
        "certificate.request_approved"
    } else {
        "resource.updated"
    }
}

fn has_certificate(sent: Option<&Value<'_>>) -> bool {
    sent.is_some_and(|sent| look::at(sent, &["status", "certificate"]).is_some())
}

/// What a patch is for, where its body says so.
fn patched(sent: Option<&Value<'_>>, family: Family) -> Option<&'static str> {
    let sent = sent?;
    match family {
        Family::Node => match at_spec(sent, "unschedulable")? {
            Value::Bool(true) => Some("node.cordoned"),
            Value::Bool(false) | Value::Null => Some("node.uncordoned"),
            _ => None,
        },
        Family::Workload => {
            if is_only_restart(sent) {
                return Some("workload.restarted");
            }
            is_only_replicas(sent).then_some("service.scaled")
        }
        _ => None,
    }
}

/// A member of `spec` in a merge patch, or its value in a JSON patch; `null` where it is taken away.
fn at_spec<'v, 'a>(sent: &'v Value<'a>, name: &str) -> Option<&'v Value<'a>> {
    let Some(steps) = sent.as_array() else {
        return sent.member("spec")?.member(name);
    };
    let is_it = |step: &&Value<'_>| {
        look::text(step, &["path"]).and_then(|path| path.strip_prefix("/spec/")) == Some(name)
    };
    let step = steps.iter().rfind(is_it)?;
    match look::text(step, &["op"])? {
        "remove" => Some(&Value::Null),
        "add" | "replace" => step.member("value"),
        _ => None,
    }
}

/// Whether a patch sets the annotation of a restart and nothing beside it.
fn is_only_restart(sent: &Value<'_>) -> bool {
    if let Some(steps) = sent.as_array() {
        let [step] = steps else { return false };
        let path = look::text(step, &["path"])
            .and_then(|path| path.strip_prefix("/spec/template/metadata/annotations/"));
        return matches!(look::text(step, &["op"]), Some("add" | "replace"))
            && path.is_some_and(|name| name.replace("~1", "/") == RESTARTED_AT);
    }
    let mut at = sent;
    for name in ["spec", "template", "metadata", "annotations", RESTARTED_AT] {
        // At the root these two say what is patched, and change nothing.
        let says_what = |key: &str| name == "spec" && matches!(key, "apiVersion" | "kind");
        let mut members = at.as_object().unwrap_or_default().iter();
        if members.any(|(key, _)| *key != name && !says_what(key)) {
            return false;
        }
        let Some(inner) = at.member(name) else {
            return false;
        };
        at = inner;
    }
    at.as_str().is_some()
}

fn is_only_replicas(sent: &Value<'_>) -> bool {
    let only = |value: &Value<'_>, name: &str| {
        value.as_object().is_some_and(|members| {
            members.len() == 1 && members.first().is_some_and(|(key, _)| key == name)
        })
    };
    match sent.as_array() {
        Some([step]) => look::text(step, &["path"]) == Some("/spec/replicas"),
        Some(_) => false,
        None => {
            only(sent, "spec")
                && sent
                    .member("spec")
                    .is_some_and(|spec| only(spec, "replicas"))
        }
    }
}
