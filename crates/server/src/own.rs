//! Events that the server itself records: who read, who administered, what the server did.
//!
//! Promises: they go through the same door as everybody's ([`ledger::prepare::prepare_own`]), so that what people typed
//! (names, ids asked for) is masked and kept in parts, never in the entry.

use std::borrow::Cow;

use ledger::json::{Member, Value};
use ledger::prepare::{Door, Prepared, prepare_own};
use ledger::source::Rng;
use ledger::time::Micros;
use ledger::vocabulary::{Mode, NO_ADDITIONS};
use store::Tenant;

use crate::http::HttpError;

/// The source of the server's own events; no key may have it.
pub const OWN_SOURCE: &str = "veritrail";

/// Who did what is recorded.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// Somebody with an API key.
    Key {
        /// The key's id.
        id: &'a str,
        /// Whose key it is.
        owner: &'a str,
    },
    /// A person whose browser is signed in.
    Person {
        /// What the identity provider calls them for ever.
        id: &'a str,
        /// What they are called.
        name: &'a str,
        /// Their address.
        email: Option<&'a str>,
        /// The session's public id.
        session: &'a str,
    },
    /// The server or its command line, by what it was doing.
    System(&'a str),
    /// Somebody who did not sign in.
    Anonymous,
}

/// One event of our own.
#[derive(Clone, Debug)]
pub struct OwnEvent<'a> {
    /// An operation under `veritrail.`.
    pub operation: &'static str,
    /// Who.
    pub actor: Actor<'a>,
    /// Type of what it was done to.
    pub resource_type: &'static str,
    /// Its id.
    pub resource_id: Option<&'a str>,
    /// Its readable name.
    pub resource_name: Option<&'a str>,
    /// How it ended, where that is not plain.
    pub outcome: Option<&'static str>,
    /// What else is to be known.
    pub metadata: Vec<(&'static str, Value<'a>)>,
}

impl<'a> OwnEvent<'a> {
    /// An event without anything that may be left out.
    pub fn new(operation: &'static str, actor: Actor<'a>, resource_type: &'static str) -> Self {
        Self {
            operation,
            actor,
            resource_type,
            resource_id: None,
            resource_name: None,
            outcome: None,
            metadata: Vec::new(),
        }
    }

    /// The event, ready for a log of `tenant`.
    pub fn prepare(
        &self,
        tenant: &Tenant,
        now: Micros,
        rng: &dyn Rng,
    ) -> Result<Prepared, HttpError> {
        let door = Door {
            keys: &tenant.keys,
            key: OWN_SOURCE,
            source: OWN_SOURCE,
            mode: Mode::Strict,
            additions: &NO_ADDITIONS,
            exceptions: &[],
            idempotency: None,
        };
        prepare_own(self.value(now), &door, rng).map_err(|rejection| {
            HttpError::internal(format!("our own {}: {rejection}", self.operation))
        })
    }

    fn value(&self, now: Micros) -> Value<'a> {
        let actor = match self.actor {
            Actor::Key { id, owner } => {
                vec![text("type", "api_key"), text("id", id), text("name", owner)]
            }
            Actor::Person {
                id,
                name,
                email,
                session,
            } => {
                let mut actor = vec![text("type", "user"), text("id", id), text("name", name)];
                actor.extend(email.map(|email| text("email", email)));
                actor.push(text("credential_id", session));
                actor
            }
            Actor::System(name) => vec![text("type", "system"), text("name", name)],
            Actor::Anonymous => vec![text("type", "anonymous")],
        };
        let mut resource = vec![text("type", self.resource_type)];
        resource.extend(self.resource_id.map(|id| text("id", id)));
        resource.extend(self.resource_name.map(|name| text("name", name)));
        let mut members = vec![
            text("operation", self.operation),
            text("timestamp", now.to_string()),
            (Cow::Borrowed("actor"), Value::Object(actor)),
            (Cow::Borrowed("resource"), Value::Object(resource)),
        ];
        if let Some(result) = self.outcome {
            let outcome = Value::Object(vec![text("result", result)]);
            members.push((Cow::Borrowed("outcome"), outcome));
        }
        if !self.metadata.is_empty() {
            let metadata = self.metadata.iter();
            let metadata = metadata.map(|(name, value)| (Cow::Borrowed(*name), value.clone()));
            members.push((Cow::Borrowed("metadata"), Value::Object(metadata.collect())));
        }
        Value::Object(members)
    }
}

/// A count as a value.
pub(crate) fn number(count: u64) -> Value<'static> {
    Value::Number(Cow::Owned(count.to_string()))
}

/// A named text.
pub(crate) fn text<'a>(name: &'static str, text: impl Into<Cow<'a, str>>) -> Member<'a> {
    (Cow::Borrowed(name), Value::string(text))
}
