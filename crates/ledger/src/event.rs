//! What a producer sends: the canonical form of DESIGN section 2 and the other forms accepted for it.
//!
//! Promises: everything the producer said is in [`Event::person`] or [`Event::details`]; a field of the wrong type is
//! refused by name. Must never guess: an identifier is a string or an integer that every JSON parser reads alike.

mod fields;
mod read;

use std::borrow::Cow;

use crate::json::{Member, Value};
use crate::time::Micros;
use crate::warning::Warning;

pub use read::read;

/// One event, its members sorted into what the entry commits to and what the parts carry.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The producer's id, as sent.
    pub id: Option<Cow<'a, str>>,
    /// The producer's claim of when it happened.
    pub timestamp: Option<Micros>,
    /// The operation's name as sent; the vocabulary is asked later.
    pub operation: Cow<'a, str>,
    /// Where the operation stood: `/operation` or `/action`.
    pub operation_pointer: &'static str,
    /// Who acted.
    pub actor: Party<'a>,
    /// What was acted upon.
    pub resource: Party<'a>,
    /// The resource's project.
    pub project_id: Option<Cow<'a, str>>,
    /// How it ended.
    pub outcome: Option<&'static str>,
    /// Which producer sent it.
    pub producer_id: Option<Cow<'a, str>>,
    /// The producer's own count.
    pub producer_seq: Option<u64>,
    /// Members of the `person` part.
    pub person: Vec<Member<'a>>,
    /// Members of the `details` part.
    pub details: Vec<Member<'a>>,
    /// Remarks for the receipt.
    pub warnings: Vec<Warning>,
}

/// A type and, where known, an identifier.
#[derive(Clone, Debug)]
pub struct Party<'a> {
    /// The type: for actors one of [`ACTOR_TYPES`].
    pub kind: Cow<'a, str>,
    /// The identifier; numbers as decimal text.
    pub id: Option<Cow<'a, str>>,
}

/// The kinds of actor.
pub const ACTOR_TYPES: [&str; 6] = [
    "agent",
    "anonymous",
    "api_key",
    "service_account",
    "system",
    "user",
];
/// The kinds of outcome.
pub const OUTCOMES: [&str; 4] = ["cancelled", "denied", "failure", "success"];

impl Event<'_> {
    /// Adds a member to `details` unless it is there.
    pub(crate) fn add_detail(&mut self, name: &'static str, value: Value<'static>) {
        if !self.details.iter().any(|(known, _)| known == name) {
            self.details.push((Cow::Borrowed(name), value));
        }
    }
}

#[cfg(test)]
mod tests;
