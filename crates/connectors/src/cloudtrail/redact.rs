//! What is left out of requests, answers and messages: credentials, and values that were set for programs.
//!
//! Promises: values go by the name of the member that they stand under, at any depth and in any call, so that a service
//! that is new is covered; names of variables, options and parameters stay, lists of texts are counted. Must never: need
//! a call to be known before an environment variable of it is left out.

use ledger::json::{Member, Value};

use super::calls;
use crate::look::text;
use crate::payload;

/// Members whose values are never kept, in lower case.
const SECRETS: &[&str] = &[
    "password",
    "newpassword",
    "oldpassword",
    "temporarypassword",
    "proposedpassword",
    "masteruserpassword",
    "masterpassword",
    "adminpassword",
    "userpassword",
    "authtoken",
    "secretstring",
    "secretbinary",
    "secretaccesskey",
    "sessiontoken",
    "securitytoken",
    "x-amz-security-token",
    "x-amz-signature",
    "privatekey",
    "privatekeyplaintext",
    "keymaterial",
    "encryptedkeymaterial",
    "plaintext",
    "ciphertextblob",
    "plaintextprivatekey",
    "userdata",
    "passworddata",
    "clientsecret",
    "webidentitytoken",
    "samlassertion",
    "token",
    "authorizationtoken",
    "accesstoken",
    "refreshtoken",
    "signintoken",
    "tokencode",
    "authenticationcode1",
    "authenticationcode2",
    "base32stringseed",
    "qrcodepng",
    "zipfile",
    "variables",
    "environment",
    "environmentvariables",
    "secrets",
    "passphrase",
    "oauthtoken",
    "secretkey",
    "apikey",
    "sshpublickeybody",
    "servicepassword",
    "tokenvalue",
    "connectionpassword",
    "env",
    "parameteroverrides",
    "provisioningparameters",
    "authparameters",
    "headerparameters",
    "querystringparameters",
    "bodyparameters",
    "apikeyvalue",
    "buildspec",
    "buildspecoverride",
    "command",
    "commands",
    "entrypoint",
    "args",
    "arguments",
    "defaultarguments",
    "nonoverridablearguments",
    "streamurl",
    "presignedurl",
    "authorizedurl",
    "signedurl",
];
/// Names that say so in a part: `runtimeEnvironmentVariables`, `environmentVariablesOverride`.
const PARTS: &[&str] = &[
    "environmentvariable",
    "environmentsecret",
    "environment.variables",
    "envvar",
    "privatekey",
];
/// Names that say so at their end: `adminUserPassword`. A flag of that name (`manageMasterUserPassword`) is no secret.
const ENDS: &[&str] = &["password", "passphrase", "secretkey", "clientsecret"];
/// Members that are a secret in one call only: service, call, member.
const OF_CALLS: &[(&str, &str, &str)] = &[
    ("ssm", "PutParameter", "value"),
    ("apigateway", "CreateApiKey", "value"),
    ("apigateway", "GetApiKey", "value"),
    ("geo", "CreateKey", "key"),
];
/// Members of a list's items that name what is set, and are kept.
const NAMING: &[&str] = &[
    "name",
    "key",
    "type",
    "namespace",
    "optionname",
    "isvaluesecret",
];

/// What is kept of a part of a record; `None` if there is nothing in it.
pub(super) fn kept(record: &Value<'_>, part: Option<&Value<'_>>) -> Option<Value<'static>> {
    let mut value = payload::kept_if_any(part, &[])?;
    let source = text(record, &["eventSource"]).unwrap_or_default();
    let (service, name) = (calls::service(source), text(record, &["eventName"]));
    let own: Vec<&str> = OF_CALLS
        .iter()
        .filter(|(of, call, _)| *of == service && name == Some(*call))
        .map(|(.., member)| *member)
        .collect();
    leave_out(&mut value, &own);
    Some(value)
}

fn leave_out(value: &mut Value<'static>, own: &[&str]) {
    match value {
        Value::Object(members) => {
            let set = setting(members);
            for (name, member) in members {
                let name = name.to_ascii_lowercase();
                if is_secret(&name, member) || own.contains(&&*name) || set == Some(&*name) {
                    empty(member);
                } else {
                    leave_out(member, own);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| leave_out(item, own)),
        _ => {}
    }
}

fn is_secret(name: &str, value: &Value<'_>) -> bool {
    let plain: String = name.chars().filter(|sign| !"_-".contains(*sign)).collect();
    SECRETS.contains(&name)
        || SECRETS.contains(&&*plain)
        || PARTS.iter().any(|part| plain.contains(part))
        || (!matches!(value, Value::Bool(_)) && ENDS.iter().any(|end| plain.ends_with(end)))
}

/// The member of an object that holds a value which was set, where the members beside it say so: parameters of stacks,
/// and options of Elastic Beanstalk that are environment variables or passwords.
fn setting(members: &[Member<'static>]) -> Option<&'static str> {
    let of = |wanted: &str| {
        let mut named = members.iter();
        named.find_map(|(name, member)| name.eq_ignore_ascii_case(wanted).then_some(member))
    };
    if of("parameterKey").is_some() {
        return Some("parametervalue");
    }
    let option = of("optionName")?.as_str().unwrap_or_default();
    let place = of("namespace").and_then(Value::as_str).unwrap_or_default();
    let place = place.to_ascii_lowercase();
    let is_plain = !place.is_empty()
        && !place.ends_with(":application:environment")
        && !place.contains("environmentsecrets")
        && !is_secret(&option.to_ascii_lowercase(), &Value::Null);
    (!is_plain).then_some("value")
}

/// Replaces every text, number and flag. Names stay; lists of texts are counted.
fn empty(value: &mut Value<'static>) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(_, member)| empty(member)),
        Value::Array(items) if items.iter().any(|item| item.as_object().is_some()) => {
            items.iter_mut().for_each(empty_item);
        }
        Value::Array(items) => *value = Value::string(format!("[{} left out]", items.len())),
        Value::Null => {}
        other => *other = Value::string("[left out]"),
    }
}

/// One of a list of settings, `{"name": …, "value": …}`: its name stays.
fn empty_item(item: &mut Value<'static>) {
    let Value::Object(members) = item else {
        return empty(item);
    };
    let is_value = |(name, _): &Member<'static>| name.to_ascii_lowercase().starts_with("value");
    let has_value = members.iter().any(is_value);
    for (name, member) in members {
        if !(has_value && NAMING.contains(&&*name.to_ascii_lowercase())) {
            empty(member);
        }
    }
}

/// How messages of AWS begin the value that they found wrong, and how they end it.
const QUOTED: &[(&str, &str)] = &[
    ("value '", "'"),
    ("value \"", "\""),
    ("value (", ")"),
    ("value: '", "'"),
    ("token '", "'"),
];

/// A message of AWS without the values that it found wrong, which are the caller's: `Value '…' at 'environment.variables'
/// failed`. Where stays.
pub(super) fn message(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((start, end)) = first(rest) {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        out.push_str(before);
        out.push_str("[left out]");
        rest = after(from, end);
    }
    out.push_str(rest);
    out
}

/// Where the next value begins, and the mark that ends it.
fn first(words: &str) -> Option<(usize, &'static str)> {
    let lower = words.to_ascii_lowercase();
    let found = QUOTED.iter().filter_map(|(begin, end)| {
        let at = lower.find(begin)?;
        Some((at + begin.len(), *end))
    });
    found.min_by_key(|(at, _)| *at)
}

/// What stands behind a value, from the mark that ends it. A value may hold that mark itself: its end is what is followed by a
/// place, and without one the rest is left out.
fn after<'w>(from: &'w str, end: &str) -> &'w str {
    const PLACES: &[&str] = &[" at '", " for ", " (namespace", ": was expecting"];
    let lower = from.to_ascii_lowercase();
    // As far as the next value of the same message, so that every place is kept.
    let reach = lower.find("; value").unwrap_or(lower.len());
    let within = lower.get(..reach).unwrap_or_default();
    let place = PLACES
        .iter()
        .find_map(|place| within.rfind(&format!("{end}{place}")));
    place
        .or(Some(reach))
        .and_then(|at| from.get(at..))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
