//! What: API calls as operations of the vocabulary.
//!
//! Promises: a call of the tables has one meaning, whichever version its name carries (`CreateFunction20150331`); calls
//! that only look are `resource.read` or `resource.listed`, unless they look at something worth protecting; calls that
//! only create, change or delete something for which there is no word are `resource.created` and so on; anything else is
//! `aws.<service>.<call>`. Must never: let a text that people chose into an operation: names come from `eventName` and
//! `eventSource`, which AWS chooses, and from the tables.

mod data;
mod delivery;
mod identity;
mod networks;
mod safeguards;
mod secrets;
mod servers;

use std::borrow::Cow;

use ledger::json::Value;

use super::ending;
use crate::clean;
use crate::event::Nature;
use crate::look::{at, is_true, text, word};
use crate::payload::is_nothing;

/// What a record means.
pub(super) struct Meaning {
    /// The operation.
    pub(super) operation: Cow<'static, str>,
    /// What kind of act it is.
    pub(super) nature: Nature,
    /// What it is about, as `subject.rs` reads it; empty if it has to be guessed.
    pub(super) things: &'static str,
}

/// One API call.
struct Call {
    name: &'static str,
    operation: &'static str,
    nature: Nature,
    things: &'static str,
    /// Another meaning, if the request has something in this place, or exactly this: `path` or `path=value`.
    or: Option<(&'static str, &'static str, Nature)>,
}

const fn change(name: &'static str, operation: &'static str, things: &'static str) -> Call {
    call(name, operation, Nature::Change, things)
}

const fn read(name: &'static str, operation: &'static str, things: &'static str) -> Call {
    call(name, operation, Nature::Read, things)
}

/// A read of something worth protecting.
const fn sensitive(name: &'static str, operation: &'static str, things: &'static str) -> Call {
    call(name, operation, Nature::SensitiveRead, things)
}

const fn call(
    name: &'static str,
    operation: &'static str,
    nature: Nature,
    things: &'static str,
) -> Call {
    Call {
        name,
        operation,
        nature,
        things,
        or: None,
    }
}

impl Call {
    /// Another operation under a condition.
    const fn when(mut self, holds: &'static str, operation: &'static str) -> Self {
        self.or = Some((holds, operation, self.nature));
        self
    }

    /// A read that is worth protecting under a condition.
    const fn sensitive_when(mut self, holds: &'static str, operation: &'static str) -> Self {
        self.or = Some((holds, operation, Nature::SensitiveRead));
        self
    }
}

/// The calls of a service, by the first part of `eventSource`.
fn table(service: &str) -> &'static [Call] {
    match service {
        "iam" => identity::IAM,
        "sts" => identity::STS,
        "signin" => identity::SIGN_IN,
        "sso" | "sso-directory" | "identitystore" => identity::SSO,
        "cognito-idp" => identity::COGNITO,
        "cognito-identity" => identity::COGNITO_IDENTITY,
        "sso-oauth" | "sso-oidc" => identity::SSO_OIDC,
        "rolesanywhere" => identity::ROLES_ANYWHERE,
        "organizations" | "account" => identity::ORGANIZATIONS,
        "ram" => identity::RAM,
        "ec2" => servers::EC2,
        "ec2-instance-connect" => servers::INSTANCE_CONNECT,
        "autoscaling" => servers::AUTO_SCALING,
        "lambda" => servers::LAMBDA,
        "ecs" => servers::ECS,
        "eks" => servers::EKS,
        "ecr" | "ecr-public" => servers::ECR,
        "codeartifact" => delivery::CODEARTIFACT,
        "elasticloadbalancing" => networks::LOAD_BALANCING,
        "route53" | "route53domains" => networks::ROUTE53,
        "acm" | "acm-pca" => networks::CERTIFICATES,
        "cloudfront" => networks::CLOUDFRONT,
        "wafv2" | "waf" | "waf-regional" | "network-firewall" => networks::FIREWALLS,
        "s3" | "s3express" => data::S3,
        "rds" => data::RDS,
        "dynamodb" => data::DYNAMODB,
        "redshift" | "redshift-data" => data::REDSHIFT,
        "backup" => data::BACKUP,
        "athena" => data::ATHENA,
        "sqs" | "sns" => data::MESSAGES,
        "secretsmanager" => secrets::SECRETS_MANAGER,
        "ssm" => secrets::SSM,
        "kms" => secrets::KMS,
        "cloudtrail" => safeguards::CLOUDTRAIL,
        "config" => safeguards::CONFIG,
        "guardduty" => safeguards::GUARDDUTY,
        "securityhub" | "inspector2" | "macie2" | "access-analyzer" | "detective" => {
            safeguards::DETECTORS
        }
        "logs" => safeguards::LOGS,
        "monitoring" => safeguards::ALARMS,
        "cloudformation" => delivery::CLOUDFORMATION,
        "codepipeline" => delivery::CODEPIPELINE,
        "codebuild" => delivery::CODEBUILD,
        "codedeploy" => delivery::CODEDEPLOY,
        "codecommit" => delivery::CODECOMMIT,
        "states" => delivery::STATES,
        "apigateway" => delivery::API_GATEWAY,
        _ => &[],
    }
}

/// What a record means.
pub(super) fn meaning(record: &Value<'_>, source: &str, name: &str) -> Meaning {
    let (service, plain) = (service(source), unversioned(name));
    // More calls than usual, until there are no more.
    if let Some(state) = text(record, &["insightDetails", "state"]) {
        let operation = if state == "End" {
            "alarm.resolved"
        } else {
            "alarm.triggered"
        };
        return Meaning {
            operation: Cow::Borrowed(operation),
            nature: Nature::Change,
            things: "alarm:",
        };
    }
    let known = table(&service).iter().find(|call| call.name == plain);
    let Some(call) = known else {
        return guessed(record, &service, plain);
    };
    let other = call.or.filter(|(holds, ..)| is_met(record, holds));
    let (operation, nature) = match other {
        Some((_, operation, nature)) => (operation, nature),
        None => (call.operation, call.nature),
    };
    let operation = match operation {
        "" => generic(&service, plain),
        "sign-in" => Cow::Borrowed(sign_in(record, plain)),
        operation => Cow::Borrowed(operation),
    };
    Meaning {
        operation,
        nature,
        things: call.things,
    }
}

/// `eventSource` without its domain.
pub(super) fn service(source: &str) -> String {
    let host = source.split('.').next().unwrap_or_default();
    host.to_ascii_lowercase()
}

/// The name that is kept for what has no meaning here.
pub(super) fn generic(service: &str, name: &str) -> Cow<'static, str> {
    let word = |text: &str, otherwise: &'static str| {
        let word = clean::snake(text, 56);
        if word.is_empty() {
            otherwise.to_owned()
        } else {
            word
        }
    };
    let operation = format!("aws.{}.{}", word(service, "service"), word(name, "call"));
    Cow::Owned(clean::operation(&operation))
}

/// What a call is about, by its name: the words behind the verb, one of them.
pub(super) fn noun(name: &str) -> String {
    let whole = clean::snake(unversioned(name), 64);
    let noun = whole.split_once('_').map_or(&*whole, |(_, noun)| noun);
    let one = match noun {
        _ if noun.ends_with("ies") => noun.strip_suffix("ies").map(|stem| format!("{stem}y")),
        _ if ["sses", "xes", "ches"]
            .iter()
            .any(|end| noun.ends_with(end)) =>
        {
            noun.strip_suffix("es").map(str::to_owned)
        }
        _ if ["ss", "us", "is"].iter().any(|end| noun.ends_with(end)) => None,
        _ => noun.strip_suffix('s').map(str::to_owned),
    };
    clean::kind(&one.unwrap_or_else(|| noun.to_owned()))
}

/// A call's name without the version of the API that some services put behind it: `20150331`, `20150331v2`, `2020_05_31`.
fn unversioned(name: &str) -> &str {
    let digits = |name: &'_ str| {
        name.trim_end_matches(|sign: char| sign.is_ascii_digit())
            .len()
    };
    let stem = match name.rsplit_once('v') {
        Some((stem, version)) if version.len() == 1 && digits(version) == 0 => stem,
        _ => name,
    };
    let bare = stem.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '_');
    if stem.len() >= bare.len() + 8 {
        bare
    } else {
        name
    }
}

fn is_met(record: &Value<'_>, holds: &str) -> bool {
    let (path, expected) = match holds.split_once('=') {
        Some((path, expected)) => (path, Some(expected)),
        None => (holds, None),
    };
    let (base, path) = match path.strip_prefix('>') {
        Some(path) => ("responseElements", path),
        None => ("requestParameters", path),
    };
    let path: Vec<&str> = std::iter::once(base).chain(path.split('.')).collect();
    match expected {
        Some(expected) => word(record, &path).as_deref() == Some(expected),
        None => at(record, &path).is_some_and(|value| !is_nothing(value)),
    }
}

/// Sign-ins, by how they ended.
fn sign_in(record: &Value<'_>, name: &str) -> &'static str {
    let failed = ending::outcome(record).result != "success";
    match (name, failed) {
        ("CheckMfa" | "CredentialChallenge", true) => "mfa.challenge_failed",
        ("CheckMfa" | "CredentialChallenge", false) => "mfa.challenge_succeeded",
        (_, true) => "user.login_failed",
        (_, false) => "user.logged_in",
    }
}

/// Calls that are not in the tables, by their verb.
fn guessed(record: &Value<'_>, service: &str, name: &str) -> Meaning {
    let snake = clean::snake(name, 64);
    let verb = snake.split('_').next().unwrap_or_default();
    let looks = match at(record, &["readOnly"]) {
        Some(Value::Bool(flag)) => *flag,
        _ if text(record, &["readOnly"]) == Some("true") => true,
        _ => matches!(
            verb,
            "get" | "list" | "describe" | "lookup" | "search" | "head" | "check" | "batch"
        ),
    };
    let is_service_event = text(record, &["eventType"]) == Some("AwsServiceEvent");
    let (operation, nature) = match verb {
        "list" | "search" | "lookup" if looks => ("resource.listed", Nature::Read),
        "get" | "describe" | "head" | "check" | "view" if looks => ("resource.read", Nature::Read),
        // What a service says of itself is no call: its verb is only a part of a name.
        _ if is_service_event => ("", Nature::Change),
        _ if looks => ("", Nature::Read),
        _ if name == "CreateTags" || verb == "tag" => ("resource.tagged", Nature::Change),
        _ if name == "DeleteTags" || verb == "untag" => ("resource.untagged", Nature::Change),
        "create" => ("resource.created", Nature::Change),
        "update" | "modify" => ("resource.updated", Nature::Change),
        "delete" => ("resource.deleted", Nature::Change),
        _ => ("", Nature::Change),
    };
    let is_data = text(record, &["eventCategory"]) == Some("Data")
        && !is_true(record, &["managementEvent"])
        && nature == Nature::Read;
    Meaning {
        operation: match operation {
            "" => generic(service, name),
            operation => Cow::Borrowed(operation),
        },
        // Data events are recorded only where somebody asked AWS for them.
        nature: if is_data || (nature == Nature::Read && hands_out(verb, name)) {
            Nature::SensitiveRead
        } else {
            nature
        },
        things: "",
    }
}

/// Whether a call that only looks hands out what opens something: AWS marks `GetCredentialsForIdentity` and its like as
/// reads. Lists and descriptions name such things without handing them out.
fn hands_out(verb: &str, name: &str) -> bool {
    const OPENING: &[&str] = &[
        "Credential",
        "Password",
        "Secret",
        "Token",
        "ApiKey",
        "PrivateKey",
        "KeyPair",
        "AccessDetails",
        "InstanceAccess",
        "DataAccess",
        "PresignedUrl",
        "PresignedDomainUrl",
        "PresignedNotebook",
        "EmbedUrl",
        "StreamingUrl",
        "StreamingURL",
    ];
    !matches!(
        verb,
        "list" | "describe" | "head" | "search" | "lookup" | "check" | "validate"
    ) && !name.ends_with("Policy")
        && OPENING.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests;
