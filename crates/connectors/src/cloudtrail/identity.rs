//! Who: `userIdentity` as the actor of an event.
//!
//! The actor is who AWS let in, by the ARN of the principal, or its unique id where a record has no ARN (failed console
//! sign-ins have none). Of a session of a role the actor is the session, and the role stands in `on_behalf_of`: everything
//! that was done under a role is found by the role, and who opened the session by the `AssumeRole` event that names it.
//! A person whom AWS itself names (`onBehalfOf`, identity centre) goes before the role there. A service that acts for
//! itself is a `system`; a service that passes on somebody's call leaves that somebody the actor and is kept as
//! `metadata.invoked_by`. Must never: take a name for an id where AWS hides the name.

use ledger::json::Value;

use crate::clean;
use crate::event::{Actor, Event, Thing};
use crate::look::{at, text, word};

/// What AWS writes in place of a user name that was mistyped and may be a password.
pub(super) const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Writes the actor and what belongs to them into an event.
pub(super) fn fill(event: &mut Event, record: &Value<'_>) {
    let none = Value::Null;
    let identity = at(record, &["userIdentity"]).unwrap_or(&none);
    let kind = text(identity, &["type"]).unwrap_or_default();
    event.actor = actor(identity, kind);
    event.origin.session_id = session(identity);
    for (name, path) in [
        ("principal_id", &["principalId"][..]),
        ("source_identity", &["sessionContext", "sourceIdentity"]),
        ("identity_provider", &["identityProvider"]),
        (
            "session_created_at",
            &["sessionContext", "attributes", "creationDate"],
        ),
    ] {
        let value = text(identity, path);
        let value = value.map(|value| Value::string(clean::cut(value).into_owned()));
        event.personal.extend(value.map(|value| (name, value)));
    }
    if !kind.is_empty() {
        event.note("identity_type", Some(kind.to_owned()));
    }
    event.note(
        "invoked_by",
        text(identity, &["invokedBy"]).map(str::to_owned),
    );
    if kind == "Root" {
        event.metadata.push(("root", Value::Bool(true)));
    }
    // Another account's principal: who it is can be found there only.
    let account = text(identity, &["accountId"]);
    if account.is_some() && account != text(record, &["recipientAccountId"]) {
        event.note("actor_account", account.map(str::to_owned));
    }
    let mfa = second_factor(record, identity);
    event
        .metadata
        .extend(mfa.map(|used| ("mfa", Value::Bool(used))));
}

/// Whether a second factor was used, where a record says so.
fn second_factor(record: &Value<'_>, identity: &Value<'_>) -> Option<bool> {
    let at_sign_in = word(record, &["additionalEventData", "MFAUsed"]);
    let of_session = word(
        identity,
        &["sessionContext", "attributes", "mfaAuthenticated"],
    );
    match at_sign_in.or(of_session)?.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

fn actor(identity: &Value<'_>, kind: &str) -> Actor {
    let said = |name: &str| {
        text(identity, &[name])
            .filter(|value| *value != HIDDEN)
            .map(str::to_owned)
    };
    let arn = said("arn");
    let is_anonymous = said("accountId").as_deref() == Some("ANONYMOUS_PRINCIPAL")
        || said("principalId").as_deref() == Some("Anonymous");
    let mut actor = Actor {
        kind: "user",
        id: arn.clone().or_else(|| said("principalId")),
        name: said("userName"),
        credential_id: said("accessKeyId").or_else(|| said("credentialId")),
        on_behalf_of: on_behalf_of(identity),
        ..Actor::default()
    };
    match kind {
        _ if is_anonymous => {
            actor.kind = "anonymous";
            actor.id = None;
        }
        "Root" => {
            actor.name = Some("root".to_owned());
            actor.id = arn.or_else(|| {
                said("accountId").map(|account| format!("arn:aws:iam::{account}:root"))
            });
        }
        "AssumedRole" | "Role" => assumed(&mut actor, identity, arn.as_deref()),
        "FederatedUser" => actor.name = actor.name.or_else(|| last(arn.as_deref()?)),
        "AWSAccount" if !said("principalId").is_some_and(|id| id.starts_with("AIDA")) => {
            actor.kind = "service_account";
            actor.id = actor.id.or_else(|| said("accountId"));
        }
        "IdentityCenterUser" => {
            actor.id = word(identity, &["onBehalfOf", "userId"]).or(actor.id);
            actor.on_behalf_of = None;
        }
        "AWSService" => {
            actor.kind = "system";
            actor.id = said("invokedBy").or(actor.id);
        }
        // Service events name no principal: the service did it by itself.
        _ if actor.id.is_none() && actor.name.is_none() => {
            let by = said("invokedBy");
            // A sign-in under a name that doesn't exist is nobody's.
            let is_nobody = by.is_none() && !kind.is_empty();
            actor.kind = if is_nobody { "anonymous" } else { "system" };
            actor.id = by;
        }
        _ => {}
    }
    actor
}

/// A session of a role. People come through roles of the identity centre, or under their address as the session's name.
fn assumed(actor: &mut Actor, identity: &Value<'_>, arn: Option<&str>) {
    let role = text(identity, &["sessionContext", "sessionIssuer", "userName"]);
    let session = arn.and_then(last);
    let is_address = session.as_deref().is_some_and(clean::has_email);
    let is_service = text(identity, &["sessionContext", "sessionIssuer", "arn"])
        .is_some_and(|arn| arn.contains(":role/aws-service-role/"));
    actor.kind = if is_service {
        "system"
    } else if is_address || role.is_some_and(|role| role.starts_with("AWSReservedSSO_")) {
        "user"
    } else {
        "service_account"
    };
    actor.name = match (role, &session) {
        (Some(role), Some(session)) => Some(format!("{role}/{session}")),
        (role, _) => role.map(str::to_owned).or_else(|| session.clone()),
    };
    actor.email = session.filter(|_| is_address);
}

fn on_behalf_of(identity: &Value<'_>) -> Option<Thing> {
    if let Some(person) = word(identity, &["onBehalfOf", "userId"]) {
        return Some(Thing::new("user", person));
    }
    let issuer = at(identity, &["sessionContext", "sessionIssuer"])?;
    let kind = match text(issuer, &["type"]) {
        Some("Role") => "role",
        Some("IAMUser" | "Root") => "user",
        _ => "principal",
    };
    let id = text(issuer, &["arn"]).or_else(|| text(issuer, &["principalId"]))?;
    let name = text(issuer, &["userName"]).filter(|name| *name != HIDDEN);
    let name = name.map(str::to_owned).or_else(|| last(id));
    Some(Thing {
        name,
        ..Thing::new(kind, id)
    })
}

/// The session of a role: the last part of its ARN.
fn session(identity: &Value<'_>) -> Option<String> {
    let arn = text(identity, &["arn"])?;
    arn.contains(":assumed-role/").then(|| last(arn))?
}

/// The last part of an ARN: what people call the thing.
pub(super) fn last(arn: &str) -> Option<String> {
    let name = arn.rsplit(['/', ':']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}
