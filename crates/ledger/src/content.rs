//! Whether an event that comes again is the same: DESIGN "Version 1, exactly", same content.
//!
//! Compared in full: every field of the entry but its place and what we knew at the door, and every part that still
//! stands. What only newer masking rules explain counts as equal: a value stored in the clear equals the tag that it
//! would have today.

use crate::entry::Entry;
use crate::event::{Event, Party};
use crate::json::{self, Member, Value};
use crate::keyring::TenantKeys;
use crate::mask;
use crate::part::{self, Label};
use crate::prepare::Prepared;
use crate::vocabulary::{self, Resolved};

/// What became of a repeated event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// The stored event, sent again.
    Same,
    /// Another event under a known id.
    Different,
    /// Masked under another key than the stored event: prepare it again under the stored one and compare.
    OtherKey,
}

/// Compares a repeated event with what is stored. `parts` are the stored bytes, `None` where erased or never sent;
/// `keys` are the tenant's of today.
pub fn compare(
    stored: &Entry<'_>,
    parts: &[(Label, Option<&[u8]>)],
    event: &Prepared,
    keys: &TenantKeys,
) -> Repetition {
    let bytes = event.draft.complete(
        &stored.place.log.to_string(),
        0,
        RECORDED,
        event.draft.flags(),
    );
    let Ok(fresh) = Entry::parse(&bytes) else {
        return Repetition::Different;
    };
    if !same_entry(stored, &fresh, event) {
        return Repetition::Different;
    }
    let mut doubtful = false;
    for (label, bytes) in parts {
        let committed = match label {
            Label::Details => stored.details,
            Label::Person => stored.person,
        };
        match (bytes, event.part(*label)) {
            // Erased: nothing to compare with, and nothing comes back.
            (None, _) if committed.is_some() => {}
            (None, None) => {}
            (Some(stored), Some(sent)) => {
                let texts = (
                    part::value_text(*label, stored),
                    part::value_text(*label, &sent.bytes),
                );
                doubtful |= texts.0.is_none() || texts.0 != texts.1;
            }
            _ => doubtful = true,
        }
    }
    if doubtful {
        under_todays_rules(stored, parts, event, keys)
    } else {
        Repetition::Same
    }
}

/// Masks what is stored by the rules of today and compares once more.
fn under_todays_rules(
    stored: &Entry<'_>,
    parts: &[(Label, Option<&[u8]>)],
    event: &Prepared,
    keys: &TenantKeys,
) -> Repetition {
    let members = |label: Label| -> Option<Vec<Member<'_>>> {
        let bytes = parts.iter().find(|(found, _)| *found == label)?.1?;
        match part::value_of(label, bytes) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        }
    };
    let sent = |label: Label| -> Option<Vec<Member<'_>>> {
        match part::value_of(label, &event.part(label)?.bytes) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        }
    };
    let (person, details) = (members(Label::Person), members(Label::Details));
    let is_held = |label: Label| {
        parts
            .iter()
            .any(|(found, bytes)| *found == label && bytes.is_some())
    };
    if (person.is_none() && is_held(Label::Person))
        || (details.is_none() && is_held(Label::Details))
    {
        // Bytes that are no part: damaged, which is not erased.
        return Repetition::Different;
    }
    let held = person.iter().chain(&details).flatten();
    if held.clone().any(|(_, value)| other_key(value, keys.kid())) {
        return Repetition::OtherKey;
    }
    let resource_id = details
        .iter()
        .flatten()
        .find(|(name, _)| name == "resource");
    let resource_id = resource_id
        .and_then(|(_, value)| value.member("id"))
        .and_then(Value::as_str);
    let resource_id = resource_id.map(str::to_owned);
    let masked = |person: Option<Vec<Member<'_>>>, details: Option<Vec<Member<'_>>>| {
        said_masked(stored, resource_id.as_deref(), person, details, keys)
    };
    let erased = (
        person.is_none() && stored.person.is_some(),
        details.is_none() && stored.details.is_some(),
    );
    let before = masked(person, details);
    // What the tenant wants in the clear is masked here on both sides: an exception makes no other event.
    let after = masked(sent(Label::Person), sent(Label::Details));
    if (erased.0 || before.0 == after.0) && (erased.1 || before.1 == after.1) {
        Repetition::Same
    } else {
        Repetition::Different
    }
}

/// Members by name, as canonical texts.
type Said = Vec<(String, String)>;

/// What both parts say, masked by the rules of today.
fn said_masked(
    stored: &Entry<'_>,
    resource_id: Option<&str>,
    person: Option<Vec<Member<'_>>>,
    details: Option<Vec<Member<'_>>>,
    keys: &TenantKeys,
) -> (Said, Said) {
    let mut event = Event {
        id: None,
        timestamp: None,
        operation: stored.operation.into(),
        operation_pointer: "/operation",
        actor: Party {
            kind: stored.actor_type.into(),
            id: None,
        },
        resource: Party {
            kind: stored.resource_type.into(),
            id: resource_id.map(Into::into),
        },
        project_id: None,
        outcome: None,
        producer_id: None,
        producer_seq: None,
        person: person.unwrap_or_default(),
        details: details.unwrap_or_default(),
        warnings: Vec::new(),
    };
    mask::mask(&mut event, keys, &[]);
    (said(&event.person), said(&event.details))
}

/// Any time will do: the comparison leaves it out.
const RECORDED: &str = "1970-01-01T00:00:00.000000Z";

fn same_entry(stored: &Entry<'_>, fresh: &Entry<'_>, event: &Prepared) -> bool {
    let Entry {
        place: _,
        actor_type,
        actor_ref,
        id,
        flags: _,
        key: _,
        source,
        occurred_at,
        operation,
        outcome,
        details: _,
        person: _,
        producer_ref,
        producer_seq,
        project_ref,
        resource_ref,
        resource_type,
    } = stored;
    *actor_type == fresh.actor_type
        && *actor_ref == fresh.actor_ref
        && *id == fresh.id
        && *source == fresh.source
        && *occurred_at == fresh.occurred_at
        && same_operation(operation, fresh.operation, event)
        && *outcome == fresh.outcome
        && *producer_ref == fresh.producer_ref
        && *producer_seq == fresh.producer_seq
        && *project_ref == fresh.project_ref
        && *resource_ref == fresh.resource_ref
        && *resource_type == fresh.resource_type
}

/// What the producer said, without our own remarks, in an order that does not depend on how it was built.
fn said(members: &[Member<'_>]) -> Said {
    let theirs = members
        .iter()
        .filter(|(name, _)| !matches!(name.as_ref(), "masked" | "operation_as_sent"));
    let mut said: Vec<_> = theirs
        .map(|(name, value)| {
            let mut text = String::new();
            json::write_canonical(value, &mut text);
            (name.clone().into_owned(), text)
        })
        .collect();
    said.sort();
    said
}

/// Whether the stored value holds a mask made under another key than `kid`.
fn other_key(stored: &Value<'_>, kid: &str) -> bool {
    stored
        .to_compact()
        .split("[masked:hmac-sha256:")
        .skip(1)
        .any(|rest| !rest.starts_with(kid))
}

/// Names may gain aliases: a name stored as it came equals the one it is an alias of today, for everybody or for the
/// tenant that added it.
fn same_operation(stored: &str, fresh: &str, event: &Prepared) -> bool {
    stored == fresh
        || matches!(vocabulary::resolve(stored), Ok(Resolved::Alias { operation }) if operation.name == fresh)
        || is_sent_as(stored, event)
}

/// Whether the event came under the name `stored`, in any spelling.
fn is_sent_as(stored: &str, event: &Prepared) -> bool {
    let text = event
        .part(Label::Details)
        .and_then(|details| part::value_text(Label::Details, &details.bytes));
    let value = text.and_then(|text| json::parse_within(text.as_bytes(), json::Bounds::PART).ok());
    value
        .as_ref()
        .and_then(|value| value.member("operation_as_sent"))
        .and_then(Value::as_str)
        .and_then(|sent| vocabulary::resolve(sent).ok())
        .is_some_and(|resolved| resolved.name() == stored)
}

#[cfg(test)]
mod tests;
