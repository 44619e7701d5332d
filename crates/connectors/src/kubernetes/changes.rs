//! What a request changed, as far as its body says: the fields of a patch, and of a whole object those that matter when
//! somebody asks what changed before things broke. What stood there before is never known.

use ledger::json::Value;

use super::act::Act;
use super::kinds::Family;
use super::redact::{self, DATA, Fate};
use super::request::Request;
use crate::clean;
use crate::event::{Change, Thing};
use crate::limits::{CHANGES_MAX, LIST_ITEMS_MAX};
use crate::look;

/// Most fields that are kept of a whole object.
const DECLARED_MAX: usize = 60;

/// What was changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The fields.
    pub list: Vec<Change>,
    /// Whether there were more.
    pub is_cut: bool,
    /// Who was given something, or what else is concerned.
    pub related: Vec<Thing>,
}

impl Changes {
    /// What a request changed.
    pub(super) fn of(request: &Request<'_>, act: &Act) -> Self {
        let mut walk = Walk {
            family: act.family,
            path: Vec::new(),
            most: CHANGES_MAX,
            found: Self::default(),
        };
        let body = request.sent.or(request.answered);
        let quiet = act.family == Family::Review || matches!(&*act.kind, "event" | "lease");
        match (&*request.verb, request.subresource, body) {
            _ if quiet => {}
            ("patch", "status", _) => {}
            ("patch", _, _) => {
                if let Some(patch) = request.sent {
                    walk.patch(patch);
                }
            }
            ("create" | "update", part, Some(object)) => walk.declared(object, request, part),
            _ => {}
        }
        let mut found = walk.found;
        if act.family == Family::Binding {
            found.related = subjects(request);
        }
        found
    }
}

/// A walk over a body.
struct Walk {
    family: Family,
    path: Vec<String>,
    most: usize,
    found: Changes,
}

impl Walk {
    fn push(&mut self, field: String, after: Option<Value<'static>>) {
        if self.found.list.len() >= self.most {
            self.found.is_cut = true;
            return;
        }
        self.found.list.push(Change {
            field,
            before: None,
            after,
        });
    }

    fn within(&mut self, segment: String, walk: impl FnOnce(&mut Self)) {
        if !self.found.is_cut {
            self.path.push(segment);
            walk(self);
            self.path.pop();
        }
    }

    /// Every leaf below a value. The reader of the JSON bounds the depth.
    fn leaves(&mut self, value: &Value<'_>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (name, member) in members {
                    self.within(name.to_string(), |walk| walk.leaves(member));
                }
            }
            Value::Array(items) if items.iter().any(is_container) => {
                for (index, item) in items.iter().enumerate() {
                    let name = look::text(item, &["name"]).map(str::to_owned);
                    let name = name.unwrap_or_else(|| index.to_string());
                    self.within(format!("[{name}]"), |walk| walk.leaves(item));
                }
            }
            // A list of words is one value.
            Value::Array(items) if !items.is_empty() => {
                let kept = items
                    .iter()
                    .take(LIST_ITEMS_MAX)
                    .map(redact::scalar)
                    .collect();
                self.leaf(value, Value::Array(kept));
            }
            _ => self.leaf(value, redact::scalar(value)),
        }
    }

    fn leaf(&mut self, value: &Value<'_>, kept: Value<'static>) {
        let text = match value {
            Value::Array(items) => items.first().unwrap_or(value),
            other => other,
        };
        // Text that looks like a name alone, such as the `name` of the item that is patched, says nothing new.
        let is_key = self.path.last().is_some_and(|last| last == "name")
            && self
                .path
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|item| item.starts_with('['));
        match redact::fate(self.family, &self.path, text) {
            _ if is_key => {}
            Fate::Skip => {}
            Fate::Name => self.push(redact::field(&self.path), None),
            Fate::Value => self.push(redact::field(&self.path), Some(kept)),
        }
    }

    /// A merge patch or an object to be applied, or the steps of a JSON patch.
    fn patch(&mut self, patch: &Value<'_>) {
        let Some(steps) = patch.as_array() else {
            self.leaves(patch);
            return;
        };
        for step in steps {
            let (Some(op), Some(pointer)) = (look::text(step, &["op"]), step.member("path")) else {
                continue;
            };
            let pointer = pointer.as_str().unwrap_or_default();
            self.path = pointer
                .split('/')
                .skip(1)
                .map(|token| token.replace("~1", "/").replace("~0", "~"))
                .collect();
            match op {
                "add" | "replace" => self.leaves(step.member("value").unwrap_or(&Value::Null)),
                "remove" => self.leaf(&Value::Null, Value::Null),
                "move" | "copy" => self.push(redact::field(&self.path), None),
                _ => {}
            }
            self.path.clear();
        }
    }

    /// Of a whole object what matters.
    fn declared(&mut self, object: &Value<'_>, request: &Request<'_>, part: &str) {
        self.most = DECLARED_MAX;
        match (self.family, part) {
            (_, "token") => {
                self.pick(object, &["spec", "audiences"]);
                self.pick(object, &["spec", "expirationSeconds"]);
                self.pick(object, &["spec", "boundObjectRef", "name"]);
            }
            (_, "scale") => self.pick(object, &["spec", "replicas"]),
            (_, "binding") => self.pick(object, &["target", "name"]),
            (_, "status" | "eviction" | "approval" | "finalize") => {}
            (Family::Secret | Family::ConfigMap, _) => {
                for data in DATA {
                    for (key, _) in look::at(object, &[data])
                        .and_then(Value::as_object)
                        .unwrap_or_default()
                    {
                        self.push(redact::field(&[data.to_owned(), key.to_string()]), None);
                    }
                }
                self.pick(object, &["type"]);
                self.pick(object, &["immutable"]);
            }
            (Family::Pod, _) => self.pods(object, &["spec"]),
            (Family::Workload, _) => {
                self.pick(object, &["spec", "replicas"]);
                self.pods(object, &["spec", "template", "spec"]);
            }
            (Family::Named("cron_job"), _) => {
                self.pick(object, &["spec", "schedule"]);
                self.pick(object, &["spec", "suspend"]);
                self.pods(object, &["spec", "jobTemplate", "spec", "template", "spec"]);
            }
            (Family::Definition, _) => {
                self.pick(object, &["spec", "group"]);
                self.pick(object, &["spec", "names", "kind"]);
                self.pick(object, &["spec", "scope"]);
            }
            (Family::CertificateRequest, _) => {
                self.pick(object, &["spec", "signerName"]);
                self.pick(object, &["spec", "usages"]);
            }
            (Family::Binding, _) => {
                if let Some(role) = role(object) {
                    self.push("roleRef".into(), Some(Value::string(role)));
                }
            }
            (Family::Role, _) => {
                let rules = look::at(object, &["rules"]).map(clean::kept);
                let rules = rules.map(|rules| clean::without_emails(&rules));
                if let Some(rules) = rules {
                    self.push("rules".into(), Some(rules));
                }
            }
            _ if request.resource == "endpoints" || request.resource == "endpointslices" => {}
            _ => self.leaves(object),
        }
    }

    /// One field of an object, if it is there.
    fn pick(&mut self, object: &Value<'_>, path: &[&str]) {
        if let Some(value) = look::at(object, path) {
            self.path = path.iter().map(|&segment| segment.to_owned()).collect();
            self.leaves(value);
            self.path.clear();
        }
    }

    /// Which images run, and what they may reach on their node.
    fn pods(&mut self, object: &Value<'_>, spec: &[&str]) {
        for name in [
            "serviceAccountName",
            "hostNetwork",
            "hostPID",
            "hostIPC",
            "nodeName",
        ] {
            self.pick(object, &[spec, &[name][..]].concat());
        }
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            let at = [spec, &[list][..]].concat();
            for (index, item) in look::items(object, &at).iter().enumerate() {
                let name = look::text(item, &["name"]).map(str::to_owned);
                let name = format!("[{}]", name.unwrap_or_else(|| index.to_string()));
                for inner in [
                    &["image"][..],
                    &["securityContext", "privileged"],
                    &["securityContext", "capabilities", "add"],
                ] {
                    if let Some(value) = look::at(item, inner) {
                        let item = at
                            .iter()
                            .copied()
                            .chain([&*name])
                            .chain(inner.iter().copied());
                        self.path = item.map(str::to_owned).collect();
                        self.leaves(value);
                        self.path.clear();
                    }
                }
            }
        }
        let volumes = [spec, &["volumes"][..]].concat();
        for volume in look::items(object, &volumes) {
            let path = look::text(volume, &["hostPath", "path"]);
            if let (Some(name), Some(path)) = (look::text(volume, &["name"]), path) {
                let name = format!("[{name}]");
                let at = [&volumes[..], &[&*name, "hostPath", "path"]].concat();
                let at: Vec<String> = at.into_iter().map(str::to_owned).collect();
                self.push(
                    redact::field(&at),
                    Some(redact::scalar(&Value::string(path))),
                );
            }
        }
    }
}

fn is_container(value: &Value<'_>) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

/// `ClusterRole/admin`.
fn role(object: &Value<'_>) -> Option<String> {
    let kind = look::text(object, &["roleRef", "kind"])?;
    Some(format!(
        "{kind}/{}",
        look::text(object, &["roleRef", "name"])?
    ))
}

/// To whom a binding gives which role, from what was sent or, where that doesn't say, from the answer.
fn subjects(request: &Request<'_>) -> Vec<Thing> {
    let has_subjects = |object: &&Value<'_>| look::at(object, &["subjects"]).is_some();
    let Some(object) = [request.sent, request.answered]
        .into_iter()
        .flatten()
        .find(has_subjects)
    else {
        return Vec::new();
    };
    let mut things = Vec::new();
    if let (Some(kind), Some(name)) = (
        look::text(object, &["roleRef", "kind"]),
        look::text(object, &["roleRef", "name"]),
    ) {
        things.push(Thing::new(clean::kind(kind), name));
    }
    for subject in look::items(object, &["subjects"])
        .iter()
        .take(LIST_ITEMS_MAX)
    {
        let Some(name) = look::text(subject, &["name"]) else {
            continue;
        };
        let namespace = look::text(subject, &["namespace"]);
        things.push(match (look::text(subject, &["kind"]), namespace) {
            (Some("ServiceAccount"), Some(namespace)) => Thing::new(
                "service_account",
                format!("system:serviceaccount:{namespace}:{name}"),
            ),
            (Some("Group"), _) => Thing::new("group", name),
            (kind, _) => Thing::new(clean::kind(kind.unwrap_or("user")), name),
        });
    }
    things
}
