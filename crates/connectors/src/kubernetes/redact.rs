//! What may be kept of the body of a request.
//!
//! Promises: no value of a Secret or `ConfigMap`, no environment, argument, annotation, token or certificate,
//! not even where the API server repeats it in an error. Must never: keep
//! a text of a resource whose fields nobody here knows, but for a few names that say which version runs.

use std::borrow::Cow;

use ledger::json::Value;

use super::act::RESTARTED_AT;
use super::kinds::Family;
use crate::clean;

/// Longest text that is kept of a field, in bytes.
const VALUE_BYTES_MAX: usize = 512;
/// Longest name of a field, in bytes.
const FIELD_BYTES_MAX: usize = 400;

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not worth a word: machinery.
    Skip,
    /// Its name is kept.
    Name,
    /// Its value, too.
    Value,
}

/// Where the values of Secrets and `ConfigMaps` stand.
pub(super) const DATA: [&str; 3] = ["data", "stringData", "binaryData"];
/// Members whose values are left out wherever they stand.
const HIDDEN: [&str; 15] = [
    "args",
    "caBundle",
    "certificate",
    "clientCertificate",
    "clientKey",
    "command",
    "data",
    "binaryData",
    "stringData",
    "password",
    "privateKey",
    "tlsCrt",
    "tlsKey",
    "token",
    "tokens",
];
/// Metadata that the API server keeps.
const MACHINERY: [&str; 9] = [
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Fields whose texts are kept of custom resources: which version of what runs, and when.
const TELLING: [&str; 10] = [
    "branch",
    "chart",
    "image",
    "ref",
    "repoURL",
    "revision",
    "schedule",
    "tag",
    "targetRevision",
    "version",
];

/// What becomes of the field at a path. Items of lists stand in the path as `[name]`.
pub(super) fn fate(family: Family, path: &[String], value: &Value<'_>) -> Fate {
    let at = |index: usize| path.get(index).map_or("", String::as_str);
    let last = path.last().map_or("", String::as_str);
    let has = |name: &str| path.iter().any(|segment| segment == name);
    if matches!(at(0), "status" | "apiVersion" | "kind")
        || (at(0) == "metadata" && MACHINERY.contains(&at(1)))
        || has("managedFields")
        || has(LAST_APPLIED)
        || path
            .iter()
            .any(|segment| segment.starts_with("$setElementOrder"))
        || last.starts_with("$retainKeys")
    {
        return Fate::Skip;
    }
    if matches!(family, Family::Secret | Family::ConfigMap) {
        let public = at(0) == "type" || at(0) == "immutable" || at(1) == "labels";
        return if public { Fate::Value } else { Fate::Name };
    }
    let hidden = path
        .iter()
        .any(|segment| HIDDEN.contains(&segment.as_str()));
    let annotation = has("annotations") && last != RESTARTED_AT;
    let environment = has("env") && last == "value";
    let request = family == Family::CertificateRequest && has("request");
    if hidden || annotation || environment || request {
        return Fate::Name;
    }
    let is_text = matches!(value, Value::String(_));
    if family == Family::Custom && is_text && !TELLING.contains(&last) && !has("labels") {
        return Fate::Name;
    }
    Fate::Value
}

/// Behind these words the API server repeats what was sent: parts of a body that it could not read, values that it does
/// not take, lists and maps as Go prints them.
const REPEATS: [&str; 12] = [
    "cannot unmarshal !!",
    "error found in",
    "bigger context",
    "Invalid value:",
    "Unsupported value:",
    "Duplicate value:",
    "is missing in '",
    "parsing \"",
    "parsing time \"",
    "The order in patch list",
    "map[",
    "interface {}",
];

/// A message of the API server's up to where it repeats what was sent.
pub(super) fn message(text: &str) -> Cow<'_, str> {
    let ends = REPEATS
        .iter()
        .filter_map(|mark| Some(text.find(mark)? + mark.len()));
    match ends.min().and_then(|end| text.get(..end)) {
        Some(kept) => Cow::Owned(format!("{kept} [left out]")),
        None => Cow::Borrowed(text),
    }
}

/// A scalar as it may be kept.
pub(super) fn scalar(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::String(text) => Value::string(short(&clean::hide_emails(text), VALUE_BYTES_MAX)),
        Value::Object(_) => Value::Object(Vec::new()),
        Value::Array(_) => Value::Array(Vec::new()),
        other => other.clone().into_owned(),
    }
}

/// The name of a field at a path.
pub(super) fn field(path: &[String]) -> String {
    let mut name = String::new();
    for segment in path {
        if !name.is_empty() && !segment.starts_with('[') {
            name.push('.');
        }
        name.push_str(segment);
    }
    short(&clean::hide_emails(&name), FIELD_BYTES_MAX)
}

fn short(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let kept = text.floor_char_boundary(most);
    format!("{}…", text.get(..kept).unwrap_or_default())
}
