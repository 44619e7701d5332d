//! To which: the things that a record is about.
//!
//! What a call of `calls.rs` is about is written as one line: `kind:place|place; kind:place`. The first kind is the
//! resource, the rest is related; of several places the first that has something counts; a place that has several
//! things gives all of them. A place is a path into the request (`instancesSet.items.*.instanceId`, `*` for every item),
//! or, after a sign: `>` into the answer, `+` into `additionalEventData`, `!` into `serviceEventDetails`; `@` are the
//! ARNs that the record lists, `~` is the user who acts (for calls that are about oneself when nobody is named), `#` the
//! account. Calls that are not in the table are looked through for what their name says.

use ledger::json::Value;

use super::identity::{HIDDEN, last};
use crate::clean;
use crate::event::Thing;
use crate::limits::LIST_ITEMS_MAX;
use crate::look::{at, items, text};

/// Kinds that have another name here than in AWS.
const KINDS: &[(&str, &str, &str)] = &[
    ("s3", "bucket", "storage_bucket"),
    ("s3", "object", "storage_object"),
    ("ec2", "instance", "server"),
    ("ssm", "instance", "server"),
    ("ec2", "key_pair", "ssh_key"),
    ("iam", "group", "team"),
    ("iam", "access_key", "api_key"),
    ("iam", "ssh_public_key", "ssh_key"),
    ("rds", "db_instance", "database"),
    ("rds", "db_cluster", "database"),
    ("rds", "db_snapshot", "snapshot"),
    ("rds", "db_cluster_snapshot", "snapshot"),
    ("dynamodb", "table", "database_table"),
    ("kms", "key", "encryption_key"),
    ("cloudtrail", "trail", "audit_trail"),
    ("route53", "hosted_zone", "dns_zone"),
    ("ecr", "repository", "image_repository"),
    ("organizations", "account", "cloud_account"),
    ("rds", "db", "database"),
];

/// Words that ARNs begin with behind the account.
#[rustfmt::skip] // a table of words reads better packed
const WORDS: &[&str] = &[
    "role", "user", "group", "policy", "instance-profile", "mfa", "saml-provider", "oidc-provider",
    "assumed-role", "federated-user", "instance", "image", "snapshot", "volume", "vpc", "subnet",
    "security-group", "network-interface", "key-pair", "key", "alias", "secret", "parameter",
    "document", "table", "function", "layer", "cluster", "service", "task", "task-definition",
    "nodegroup", "db", "trail", "log-group", "detector", "stack", "stackset", "loadbalancer",
    "targetgroup", "certificate", "hostedzone", "distribution", "repository", "project", "build",
    "alarm", "rule", "event-bus", "pipeline", "stateMachine", "execution", "workgroup", "account",
    "organization", "trust-anchor", "profile", "vault", "backup-vault", "recovery-point",
];

/// The resource and what else a record is about. `spec` is empty for calls that are not in the table.
pub(super) fn things(
    record: &Value<'_>,
    source: &str,
    name: &str,
    spec: &str,
) -> (Thing, Vec<Thing>) {
    if spec.is_empty() {
        return (guessed(record, source, name), Vec::new());
    }
    let mut all = Vec::new();
    let mut first_kind = None;
    for part in spec.split(';') {
        let (kind, places) = part.trim().split_once(':').unwrap_or((part.trim(), ""));
        first_kind = first_kind.or(Some(kind));
        let found = places
            .split('|')
            .map(|place| found(record, place))
            .find(|found| !found.is_empty());
        let found = found.unwrap_or_default();
        if all.is_empty() && found.is_empty() {
            // The resource is there though nothing names it, unless the refusal does.
            all.push(Thing {
                kind: kind.to_owned().into(),
                id: refused(record),
                name: None,
            });
        }
        all.extend(found.into_iter().map(|id| thing(kind, id)));
    }
    all.truncate(LIST_ITEMS_MAX);
    let mut all = all.into_iter();
    let mut resource = all.next().unwrap_or_default();
    // A key names an object together with its bucket only.
    if resource.kind == "storage_object"
        && let Some(bucket) = text(record, &["requestParameters", "bucketName"])
        && let Some(key) = resource.id.take()
    {
        resource.id = Some(format!("{bucket}/{key}"));
        resource.name = Some(key);
    }
    (resource, all.filter(|thing| thing.id.is_some()).collect())
}

/// The things whose ARNs stand in a list.
pub(super) fn of_arns(value: &Value<'_>, path: &[&str]) -> Vec<Thing> {
    let listed = items(value, path).iter().take(LIST_ITEMS_MAX);
    let named = listed.filter_map(|item| {
        let arn = item.as_str().or_else(|| text(item, &["ARN"]))?;
        let kind = text(item, &["type"]).and_then(kind_of_type);
        Some(thing(
            &kind.unwrap_or_else(|| kind_of_arn(arn)),
            arn.to_owned(),
        ))
    });
    named.collect()
}

/// A thing; those with an ARN are called by its last part.
fn thing(kind: &str, id: String) -> Thing {
    let name = if id.starts_with("arn:") {
        last(&id)
    } else {
        None
    };
    Thing {
        name,
        ..Thing::new(kind.to_owned(), id)
    }
}

/// What stands in one place.
fn found(record: &Value<'_>, place: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut signs = place.chars();
    let (base, path) = match signs.next() {
        None => return out,
        Some('>') => ("responseElements", signs.as_str()),
        Some('+') => ("additionalEventData", signs.as_str()),
        Some('!') => ("serviceEventDetails", signs.as_str()),
        Some('@') => {
            out.extend(
                of_arns(record, &["resources"])
                    .into_iter()
                    .filter_map(|thing| thing.id),
            );
            return out;
        }
        Some('~') => {
            let user = text(record, &["userIdentity", "userName"]).filter(|name| *name != HIDDEN);
            let root = text(record, &["userIdentity", "type"]).filter(|kind| *kind == "Root");
            out.extend(user.or(root.map(|_| "root")).map(str::to_owned));
            return out;
        }
        Some('#') => {
            out.extend(text(record, &["recipientAccountId"]).map(str::to_owned));
            return out;
        }
        Some(_) => ("requestParameters", place),
    };
    if let Some(value) = at(record, &[base]) {
        let path: Vec<&str> = path.split('.').collect();
        collect(value, &path, &mut out);
    }
    out
}

fn collect(value: &Value<'_>, path: &[&str], out: &mut Vec<String>) {
    if out.len() >= LIST_ITEMS_MAX {
        return;
    }
    match (path.split_first(), value) {
        (None, Value::String(text)) if !text.is_empty() => out.push(text.to_string()),
        (None, Value::Number(digits)) => out.push(digits.to_string()),
        (Some((&"*", rest)), Value::Array(list)) => {
            for item in list {
                collect(item, rest, out);
            }
        }
        // Lists of one are written as the item itself by some services.
        (Some((&"*", rest)), other) => collect(other, rest, out),
        (Some((name, rest)), other) => {
            if let Some(member) = other.member(name) {
                collect(member, rest, out);
            }
        }
        _ => {}
    }
}

/// What a refusal names: `… on resource: <arn> because …`.
fn refused(record: &Value<'_>) -> Option<String> {
    let message = text(record, &["errorMessage"])?;
    let (_, rest) = message.split_once("on resource: ")?;
    let arn = rest.split_whitespace().next()?;
    let arn = arn.trim_end_matches([',', '.', ';']);
    arn.starts_with("arn:").then(|| arn.to_owned())
}

/// What a call that is not in the table is about: the words behind its verb, and what the request calls so.
fn guessed(record: &Value<'_>, source: &str, name: &str) -> Thing {
    let service = super::calls::service(source);
    let noun = super::calls::noun(name);
    let parameters = at(record, &["requestParameters"]).and_then(Value::as_object);
    let mut fallback = None;
    for (member, value) in parameters.unwrap_or_default() {
        let Some(id) = value.as_str().filter(|id| !id.is_empty()) else {
            continue;
        };
        let Some(stem) = stem(member) else { continue };
        if stem == noun || (stem.is_empty() && fallback.is_none()) {
            return thing(&usual(&service, &noun), id.to_owned());
        }
        if fallback.is_none() && !matches!(&*stem, "account" | "request" | "catalog" | "owner") {
            fallback = Some(thing(&usual(&service, &stem), id.to_owned()));
        }
    }
    let listed = || of_arns(record, &["resources"]).into_iter().next();
    fallback.or_else(listed).unwrap_or_else(|| Thing {
        kind: usual(&service, &noun).into(),
        id: refused(record),
        name: None,
    })
}

/// The kind of thing that a parameter names: `vpcId` a `vpc`, `dBInstanceIdentifier` a `db_instance`, `name` nothing said.
fn stem(member: &str) -> Option<String> {
    let endings = ["Identifier", "Arn", "ARN", "Name", "Id", "ID"];
    let whole = ["name", "arn", "id"];
    if whole.iter().any(|plain| member.eq_ignore_ascii_case(plain)) {
        return Some(String::new());
    }
    let stem = endings.iter().find_map(|end| member.strip_suffix(end))?;
    // `dBInstance` is AWS's way to begin `DBInstance` in lower case.
    let stem = match stem.strip_prefix("dB") {
        Some(rest) => format!("Db{rest}"),
        None => stem.to_owned(),
    };
    Some(clean::snake(&stem, 64))
}

fn usual(service: &str, kind: &str) -> String {
    KINDS
        .iter()
        .find(|(of, theirs, _)| *of == service && *theirs == kind)
        .map_or(kind, |(_, _, ours)| ours)
        .to_owned()
}

/// The kind of thing that a type of `CloudFormation`'s names: `AWS::S3::Bucket`.
fn kind_of_type(name: &str) -> Option<String> {
    let mut parts = name.split("::").skip(1);
    let (service, kind) = (parts.next()?, parts.next()?);
    Some(usual(
        &service.to_ascii_lowercase(),
        &clean::snake(kind, 64),
    ))
}

/// The kind of thing that an ARN names: the word before its first `/` or `:`, if it is one of AWS's own, else the
/// service. Elsewhere names of people's stand in that place, which must not become a type.
fn kind_of_arn(arn: &str) -> String {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next().unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    let (head, has_more) = match resource.split_once(['/', ':']) {
        Some((head, _)) => (head, true),
        None => (resource, false),
    };
    let kind = match (service, has_more) {
        ("s3", false) => "bucket",
        ("s3", true) => "object",
        (_, true) if WORDS.contains(&head) => head,
        _ => service,
    };
    let plain = kind
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let kind = if plain && kind.len() <= 32 {
        kind
    } else {
        "resource"
    };
    usual(service, &clean::kind(kind))
}
