//! Who a caller is: an API key, or a person whose browser is signed in. What is kept of a caller beyond its request.
//!
//! Promises: whoever it is, records name it the same way at the beginning and at the end of what it does. Must never:
//! hold what lets somebody in, be it a key's text or a session's.

use std::sync::Arc;

use store::{ApiKey, Roles};

use crate::own::Actor;

/// The source that a person's events would have. No role of a person sends any.
const SOURCE_OF_PERSONS: &str = "person";

/// Who it is.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// Somebody with an API key.
    Key(Arc<ApiKey>),
    /// A person, in a browser that is signed in.
    Person(Arc<Person>),
}

/// A person, and what they may do in the tenant of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The public id of the session.
    pub(crate) session: String,
    /// What the identity provider calls them for ever.
    pub(crate) id: String,
    /// What they are called.
    pub(crate) name: String,
    /// Their address, if the provider vouches for it.
    pub(crate) email: Option<String>,
    /// What they may do.
    pub(crate) roles: Roles,
}

impl Identity {
    /// The public id of what they signed in with: the key's, or the session's.
    pub(crate) fn credential_id(&self) -> &str {
        match self {
            Self::Key(key) => &key.id,
            Self::Person(person) => &person.session,
        }
    }

    /// Who that is, for people.
    pub(crate) fn owner(&self) -> &str {
        match self {
            Self::Key(key) => &key.owner,
            Self::Person(person) => &person.name,
        }
    }

    /// What they may do.
    pub(crate) fn roles(&self) -> &Roles {
        match self {
            Self::Key(key) => &key.roles,
            Self::Person(person) => &person.roles,
        }
    }

    /// The way in that they stand for.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Key(key) => &key.source,
            Self::Person(_) => SOURCE_OF_PERSONS,
        }
    }

    /// As the actor of our own records.
    pub(crate) fn actor(&self) -> Actor<'_> {
        match self {
            Self::Key(key) => Actor::Key {
                id: &key.id,
                owner: &key.owner,
            },
            Self::Person(person) => person.actor(),
        }
    }
}

impl Person {
    /// As the actor of our own records.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor::Person {
            id: &self.id,
            name: &self.name,
            email: self.email.as_deref(),
            session: &self.session,
        }
    }
}
