//! An event that a connector made, before it has the form of JSON.
//!
//! Promises: [`Event::to_value`] gives an event that the door accepts whatever a vendor sent, but for its size: texts are
//! cut, control characters and malformed addresses are moved or left out, types are spelled as they must be.

use std::borrow::Cow;
use std::net::IpAddr;

use ledger::json::{Member, Value};
use ledger::time::Micros;
use ledger::vocabulary::{self, Resolved};

use crate::clean;
use crate::limits::{CHANGES_MAX, LIST_ITEMS_MAX};

/// One event. Fields are DESIGN section 2's; what is `None` or empty is left out.
#[derive(Clone, Debug)]
pub struct Event {
    /// From [`crate::id`]; 1 to 64 of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// When it happened, if the vendor says.
    pub timestamp: Option<Micros>,
    /// A name of the vocabulary; one of the vendor's only where there is no mapping (`github.some_event`).
    pub operation: Cow<'static, str>,
    /// What kind of act it is, for noise rules.
    pub nature: Nature,
    /// The vendor's own verb in lower case, for noise rules: `get`, `push`, `listusers`.
    pub verb: String,
    /// Who acted.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// What was acted upon.
    pub resource: Thing,
    /// The resource's project: for repositories `owner/name`, for clouds the account.
    pub project_id: Option<String>,
    /// What else it concerns.
    pub related: Vec<Thing>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// Where it happened.
    pub context: Context,
    /// What is different.
    pub changes: Vec<Change>,
    /// The vendor's id of the request or delivery.
    pub request_id: Option<String>,
    /// What belongs together: a workflow run, a deployment.
    pub correlation_id: Option<String>,
    /// A trace.
    pub trace_id: Option<String>,
    /// What else is worth knowing. No persons: those belong to `actor`.
    pub metadata: Vec<(&'static str, Value<'static>)>,
    /// What is worth knowing and names persons; kept in the `person` part.
    pub personal: Vec<(&'static str, Value<'static>)>,
}

/// What kind of act an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nature {
    /// Something is different afterwards, or was meant to be.
    #[default]
    Change,
    /// Something was looked at.
    Read,
    /// Something was looked at that is worth protecting: secrets, variables, credentials, exports.
    SensitiveRead,
}

/// Who acted.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// One of the ledger's actor types; empty means `user`.
    pub kind: &'static str,
    /// The vendor's id.
    pub id: Option<String>,
    /// The sign-in or display name.
    pub name: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Key, token or certificate that was used: its id, never itself.
    pub credential_id: Option<String>,
    /// For whom.
    pub on_behalf_of: Option<Thing>,
}

/// From where somebody acted.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// An address; what is none is kept under metadata.
    pub ip: Option<String>,
    /// The program.
    pub user_agent: Option<String>,
    /// A session.
    pub session_id: Option<String>,
}

/// A thing with a type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thing {
    /// `[a-z][a-z0-9_]{0,63}`; anything else is spelled so.
    pub kind: Cow<'static, str>,
    /// Its id.
    pub id: Option<String>,
    /// Its readable name.
    pub name: Option<String>,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// `success`, `failure`, `denied` or `cancelled`.
    pub result: &'static str,
    /// The vendor's code.
    pub code: Option<String>,
    /// The vendor's words.
    pub message: Option<String>,
}

/// Where it happened.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The product that said so: `github`, `kubernetes`, `aws`.
    pub application: Option<Cow<'static, str>>,
    /// A part of it: `iam.amazonaws.com`.
    pub service: Option<String>,
    /// `production`.
    pub environment: Option<String>,
    /// A region.
    pub region: Option<String>,
    /// The way in: `webhook`, `console`, `api`.
    pub channel: Option<Cow<'static, str>>,
    /// The vendor's own name of what happened; always searchable.
    pub source_action: Option<String>,
}

/// One changed field.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its name.
    pub field: String,
    /// Before, if known.
    pub before: Option<Value<'static>>,
    /// After, if known.
    pub after: Option<Value<'static>>,
}

impl Thing {
    /// A thing with an id.
    pub fn new(kind: impl Into<Cow<'static, str>>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: Some(id.into()),
            name: None,
        }
    }

    /// The same with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl Outcome {
    /// An outcome without more to say.
    pub fn of(result: &'static str) -> Self {
        Self {
            result,
            ..Self::default()
        }
    }
}

impl Event {
    /// An event with what each must have.
    pub fn new(
        id: String,
        operation: impl Into<Cow<'static, str>>,
        resource: Thing,
        source_action: impl Into<String>,
    ) -> Self {
        let source_action = source_action.into();
        Self {
            id,
            timestamp: None,
            operation: operation.into(),
            nature: Nature::Change,
            verb: String::new(),
            actor: Actor::default(),
            origin: Origin::default(),
            resource,
            project_id: None,
            related: Vec::new(),
            outcome: None,
            reason: None,
            context: Context {
                source_action: Some(source_action),
                ..Context::default()
            },
            changes: Vec::new(),
            request_id: None,
            correlation_id: None,
            trace_id: None,
            metadata: Vec::new(),
            personal: Vec::new(),
        }
    }

    /// Gives the operation the name that the vocabulary has for it. Mappings name operations as their vendors' users
    /// would; noise rules, and the entry, have one name for each.
    pub(crate) fn canonicalise(&mut self) {
        if let Ok(Resolved::Alias { operation }) = vocabulary::resolve(&self.operation) {
            self.operation = Cow::Borrowed(operation.name);
        }
    }

    /// Adds something worth knowing, if it is there.
    pub fn note(&mut self, name: &'static str, value: Option<String>) {
        self.metadata
            .extend(value.map(|text| (name, Value::string(clean::cut(&text).into_owned()))));
    }

    /// The event as its producer would send it.
    pub fn to_value(&self) -> Value<'static> {
        let mut metadata = self.metadata.clone();
        let mut members = vec![
            text("id", &self.id),
            (
                "operation".into(),
                Value::string(clean::operation(&self.operation)),
            ),
            ("actor".into(), self.actor_value()),
            ("resource".into(), self.resource_value()),
        ];
        members.extend(
            self.timestamp
                .map(|time| text("timestamp", &time.to_string())),
        );
        push(&mut members, "origin", self.origin.value(&mut metadata));
        let related = self.related.iter().take(LIST_ITEMS_MAX);
        let related: Vec<_> = related
            .map(|thing| Value::Object(thing.members()))
            .collect();
        if !related.is_empty() {
            members.push(("related".into(), Value::Array(related)));
        }
        if let Some(outcome) = &self.outcome {
            members.push(("outcome".into(), outcome.value()));
        }
        members.extend(self.reason.as_deref().map(|reason| text("reason", reason)));
        push(&mut members, "context", self.context.members());
        let changes = self.changes.iter().take(CHANGES_MAX).map(Change::value);
        let changes: Vec<_> = changes.collect();
        if !changes.is_empty() {
            members.push(("changes".into(), Value::Array(changes)));
        }
        for (name, value) in [
            ("request_id", &self.request_id),
            ("correlation_id", &self.correlation_id),
            ("trace_id", &self.trace_id),
        ] {
            members.extend(value.as_deref().and_then(|value| identifier(name, value)));
        }
        let metadata = metadata
            .into_iter()
            .map(|(name, value)| (Cow::Borrowed(name), value));
        push(&mut members, "metadata", metadata.collect());
        Value::Object(members)
    }

    fn actor_value(&self) -> Value<'static> {
        let actor = &self.actor;
        let kind = if actor.kind.is_empty() {
            "user"
        } else {
            actor.kind
        };
        let mut members = vec![text("type", kind)];
        for (name, value) in [("id", &actor.id), ("credential_id", &actor.credential_id)] {
            members.extend(value.as_deref().and_then(|value| identifier(name, value)));
        }
        for (name, value) in [("name", &actor.name), ("email", &actor.email)] {
            members.extend(value.as_deref().map(|value| text(name, value)));
        }
        if let Some(other) = &actor.on_behalf_of {
            members.push(("on_behalf_of".into(), Value::Object(other.members())));
        }
        for (name, value) in &self.personal {
            members.push((Cow::Borrowed(*name), value.clone()));
        }
        Value::Object(members)
    }

    fn resource_value(&self) -> Value<'static> {
        let mut members = self.resource.members();
        let project = self.project_id.as_deref();
        members.extend(project.and_then(|project| identifier("project_id", project)));
        Value::Object(members)
    }
}

impl Thing {
    fn members(&self) -> Vec<Member<'static>> {
        let mut members = vec![("type".into(), Value::string(clean::kind(&self.kind)))];
        members.extend(self.id.as_deref().and_then(|id| identifier("id", id)));
        members.extend(self.name.as_deref().map(|name| text("name", name)));
        members
    }
}

impl Origin {
    /// An address that is none (`AWS Internal`, a host name) goes to the metadata.
    fn value(&self, metadata: &mut Vec<(&'static str, Value<'static>)>) -> Vec<Member<'static>> {
        let mut members = Vec::new();
        if let Some(ip) = self.ip.as_deref().filter(|ip| !ip.is_empty()) {
            if ip.parse::<IpAddr>().is_ok() {
                members.push(text("ip", ip));
            } else {
                metadata.push(("source_host", Value::string(clean::cut(ip).into_owned())));
            }
        }
        let rest = [
            ("user_agent", &self.user_agent),
            ("session_id", &self.session_id),
        ];
        members.extend(
            rest.into_iter()
                .filter_map(|(name, value)| Some(text(name, value.as_deref()?))),
        );
        members
    }
}

impl Outcome {
    fn value(&self) -> Value<'static> {
        let mut members = vec![text("result", self.result)];
        members.extend(
            self.code
                .as_deref()
                .and_then(|code| identifier("code", code)),
        );
        members.extend(self.message.as_deref().map(|words| text("message", words)));
        Value::Object(members)
    }
}

impl Context {
    fn members(&self) -> Vec<Member<'static>> {
        let fields = [
            ("application", self.application.as_deref()),
            ("service", self.service.as_deref()),
            ("environment", self.environment.as_deref()),
            ("region", self.region.as_deref()),
            ("channel", self.channel.as_deref()),
            ("source_action", self.source_action.as_deref()),
        ];
        let there = fields.into_iter();
        there
            .filter_map(|(name, value)| Some(text(name, value?)))
            .collect()
    }
}

impl Change {
    fn value(&self) -> Value<'static> {
        let mut members = vec![text("field", &self.field)];
        members.extend(self.before.clone().map(|value| ("before".into(), value)));
        members.extend(self.after.clone().map(|value| ("after".into(), value)));
        Value::Object(members)
    }
}

fn text(name: &'static str, value: &str) -> Member<'static> {
    (name.into(), Value::string(clean::cut(value).into_owned()))
}

fn identifier(name: &'static str, value: &str) -> Option<Member<'static>> {
    Some((name.into(), Value::string(clean::identifier(value)?)))
}

fn push(members: &mut Vec<Member<'static>>, name: &'static str, value: Vec<Member<'static>>) {
    if !value.is_empty() {
        members.push((name.into(), Value::Object(value)));
    }
}

#[cfg(test)]
mod tests;
