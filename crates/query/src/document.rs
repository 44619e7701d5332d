//! One event as a query sees it: its facts, read from entry and parts, and where its address is.
//!
//! Promises: the same facts from the same bytes and places in every store; no mask's tag is ever among them; at most
//! [`crate::limits::FACTS_MAX`] of what there may be many of (changes, metadata, related things, texts), which never
//! crowd out what an event has once: nobody hides an act from its own resource. Pure: works on an entry alone, too.

use std::borrow::Cow;
use std::sync::Arc;

use ledger::entry::{Entry, NotAnEntry};
use ledger::json::{Member, Value};
use ledger::part::{Label, NotAPart, value_of};
use ledger::time::Micros;

use crate::address::address;
use crate::field::{Field, Side};
use crate::limits::{FACTS_MAX, METADATA_DEPTH_MAX};
use crate::place::{Location, Places};
use crate::visibility::{holds_address, is_person_type};
use crate::words::fold;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Sees everything.
    Whole,
    /// Sees no persons and no addresses: only facts that are [`Access::Open`].
    WithoutPersons,
}

/// Who may search a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Every reader.
    Open,
    /// Readers that see persons.
    Restricted,
}

/// The searchable view of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// The leaf index.
    pub seq: u64,
    /// The producer's time, or ours where it named none: what `since` and `until` mean and results are ordered by.
    pub time: Micros,
    /// Our time.
    pub recorded_at: Micros,
    /// What is said of the event; most facts count for free text, too ([`Fact::counts_as_text`]).
    pub facts: Vec<Fact<'a>>,
}

/// One value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// The field; [`Field::Text`] for what no field names. Changes come with [`Side::Before`](crate::field::Side) or
    /// `After`, never `Either`.
    pub field: Field,
    /// The value as it was sent, masks without their tags.
    pub text: Cow<'a, str>,
    /// Who may search it.
    pub access: Access,
}

/// Bytes that can't be searched because they are not what the ledger stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The entry is none.
    #[error(transparent)]
    Entry(#[from] NotAnEntry),
    /// A part is none.
    #[error(transparent)]
    Part(#[from] NotAPart),
}

impl<'a> Document<'a> {
    /// Reads an event from its stored bytes. Parts that are withheld or erased are left out. `places` say where it came
    /// from; [`crate::place::Nowhere`] says nothing.
    ///
    /// # Errors
    /// [`Unreadable`] for bytes that the ledger didn't seal; entry 0 of a log is one of them.
    pub fn read(
        entry: &'a [u8],
        person: Option<&'a [u8]>,
        details: Option<&'a [u8]>,
        places: &dyn Places,
    ) -> Result<Self, Unreadable> {
        let entry = Entry::parse(entry)?;
        let mut facts = Facts {
            facts: Vec::with_capacity(40),
            restricted: false,
        };
        facts.entry(&entry);
        if let Some(bytes) = person {
            facts.restricted = true;
            facts.person(value_of(Label::Person, bytes)?, places);
        }
        if let Some(bytes) = details {
            facts.restricted = is_person_type(entry.resource_type);
            facts.details(entry.resource_type, value_of(Label::Details, bytes)?);
        }
        Ok(Self {
            seq: entry.place.seq,
            time: entry.occurred_at.unwrap_or(entry.place.recorded_at),
            recorded_at: entry.place.recorded_at,
            facts: facts.facts,
        })
    }
}

impl Fact<'_> {
    /// Whether the fact's words count for free text: not what machines say of themselves in every event, nor what nobody
    /// said but a database.
    pub fn counts_as_text(&self) -> bool {
        !matches!(
            self.field,
            Field::ProducerSeq
                | Field::Producer
                | Field::Source
                | Field::Key
                | Field::Flag
                | Field::ActorType
                | Field::Country
                | Field::Subdivision
                | Field::City
        )
    }
}

/// Facts under construction.
struct Facts<'a> {
    facts: Vec<Fact<'a>>,
    /// Whether everything that comes is about a person.
    restricted: bool,
}

impl<'a> Facts<'a> {
    /// Of what there may be many.
    fn push(&mut self, field: Field, text: Cow<'a, str>) {
        if self.facts.len() < FACTS_MAX {
            self.keep(field, text);
        }
    }

    /// Of what an event has once.
    fn keep(&mut self, field: Field, text: Cow<'a, str>) {
        if text.is_empty() {
            return;
        }
        let text = without_tags(text);
        // Who approved is a person, whatever form the name has.
        let restricted = self.restricted || field == Field::ApprovedBy || holds_address(&text);
        self.facts.push(Fact {
            field,
            text,
            access: if restricted {
                Access::Restricted
            } else {
                Access::Open
            },
        });
    }

    /// What the entry says is for every reader.
    fn entry(&mut self, entry: &Entry<'a>) {
        let mut known = |field, text: &'a str| {
            self.facts.push(Fact {
                field,
                text: Cow::Borrowed(text),
                access: Access::Open,
            });
        };
        known(Field::Id, entry.id);
        known(Field::Operation, entry.operation);
        known(Field::ActorType, entry.actor_type);
        known(Field::ResourceType, entry.resource_type);
        known(Field::Source, entry.source);
        known(Field::Key, entry.key);
        for flag in &entry.flags {
            known(Field::Flag, flag);
        }
        if let Some(result) = entry.outcome {
            known(Field::Outcome, result);
        }
        if let Some(seq) = entry.producer_seq {
            self.keep(Field::ProducerSeq, Cow::Owned(seq.to_string()));
        }
    }

    fn person(&mut self, value: Value<'a>, places: &dyn Places) {
        for (name, value) in members(value) {
            match (name.as_ref(), value) {
                ("actor", Value::Object(inner)) => {
                    self.named(inner, |name| match name {
                        "id" => Some(Field::ActorId),
                        "email" => Some(Field::ActorEmail),
                        "name" => Some(Field::ActorName),
                        "credential_id" => Some(Field::Credential),
                        "on_behalf_of.id" => Some(Field::OnBehalfOf),
                        _ => None,
                    });
                }
                ("origin", Value::Object(inner)) => {
                    if let Some(location) = location_in(&inner, places) {
                        self.place(&location);
                    }
                    self.named(inner, |name| match name {
                        "ip" => Some(Field::Ip),
                        "user_agent" => Some(Field::UserAgent),
                        "device" => Some(Field::Device),
                        "session_id" => Some(Field::Session),
                        _ => None,
                    });
                }
                (_, value) => self.text(value),
            }
        }
    }

    /// Where the event's address is: for whoever may see the address.
    fn place(&mut self, location: &Location) {
        let said = [
            (Field::Country, &location.country),
            (Field::Subdivision, &location.region),
            (Field::City, &location.city),
        ];
        for (field, text) in said {
            if let Some(text) = text {
                self.keep(field, Cow::Owned(text.clone()));
            }
        }
    }

    fn details(&mut self, resource_type: &str, value: Value<'a>) {
        for (name, value) in members(value) {
            match (name.as_ref(), value) {
                ("resource", Value::Object(inner)) => self.resource(resource_type, inner),
                ("related", Value::Array(items)) => {
                    for item in items {
                        self.related(item);
                    }
                }
                ("changes", Value::Array(items)) => {
                    for item in items {
                        self.change(item);
                    }
                }
                ("metadata", value) => self.metadata("", value, 0),
                // Pointers of what was masked: nobody's words.
                ("masked", _) => {}
                ("outcome", Value::Object(inner)) => self.named(inner, |name| match name {
                    "code" => Some(Field::OutcomeCode),
                    "message" => Some(Field::OutcomeMessage),
                    _ => None,
                }),
                ("approval", Value::Object(inner)) => self.named(inner, |name| match name {
                    "by" => Some(Field::ApprovedBy),
                    "ticket" => Some(Field::Ticket),
                    _ => None,
                }),
                ("context", Value::Object(inner)) => self.named(inner, |name| match name {
                    "application" => Some(Field::Application),
                    "service" => Some(Field::Service),
                    "environment" => Some(Field::Environment),
                    "region" => Some(Field::Region),
                    "channel" => Some(Field::Channel),
                    "source_action" => Some(Field::SourceAction),
                    _ => None,
                }),
                ("producer", Value::Object(inner)) => self.named(inner, |name| match name {
                    "id" => Some(Field::Producer),
                    _ => None,
                }),
                ("reason", Value::String(text)) => self.keep(Field::Reason, text),
                ("request_id", Value::String(text)) => self.keep(Field::RequestId, text),
                ("correlation_id", Value::String(text)) => self.keep(Field::CorrelationId, text),
                ("causation_id", Value::String(text)) => self.keep(Field::CausationId, text),
                ("trace_id", Value::String(text)) => self.keep(Field::TraceId, text),
                (_, value) => self.text(value),
            }
        }
    }

    fn resource(&mut self, kind: &str, inner: Vec<Member<'a>>) {
        let id = inner.iter().find(|(name, _)| name == "id");
        if let Some((_, Value::String(id))) = id.filter(|_| kind == "project") {
            self.keep(Field::Project, id.clone());
        }
        self.named(inner, |name| match name {
            "id" => Some(Field::ResourceId),
            "name" => Some(Field::ResourceName),
            "project_id" => Some(Field::Project),
            _ => None,
        });
    }

    fn related(&mut self, item: Value<'a>) {
        let is_project = item.member("type").and_then(Value::as_str) == Some("project");
        let is_person = item
            .member("type")
            .and_then(Value::as_str)
            .is_some_and(is_person_type);
        let restricted = self.restricted;
        self.restricted |= is_person;
        let inner = members(item);
        let id = inner.iter().find(|(name, _)| name == "id");
        if let Some((_, Value::String(id))) = id.filter(|_| is_project) {
            self.push(Field::Project, id.clone());
        }
        self.fields(inner, Self::push, |name| match name {
            "type" => Some(Field::RelatedType),
            "id" => Some(Field::RelatedId),
            _ => None,
        });
        self.restricted = restricted;
    }

    fn change(&mut self, item: Value<'a>) {
        let Some(field) = item.member("field").and_then(Value::as_str) else {
            return self.text(item);
        };
        // As in metadata: whoever may not see an address must not find out by guessing that it is a name.
        let restricted = self.restricted;
        self.restricted |= holds_address(field);
        let name = without_tags(fold(field)).into_owned();
        for (member, value) in members(item) {
            let side = match member.as_ref() {
                "field" => {
                    if let Value::String(text) = value {
                        self.push(Field::Changed, text);
                    }
                    continue;
                }
                "before" => Side::Before,
                "after" => Side::After,
                _ => {
                    self.text(value);
                    continue;
                }
            };
            let name = name.clone();
            self.scalars(value, &mut |facts, text| {
                let name = name.clone();
                facts.push(Field::Change { name, side }, text);
            });
        }
        self.restricted = restricted;
    }

    /// Members of metadata by their path; items of arrays count for the array.
    fn metadata(&mut self, path: &str, value: Value<'a>, depth: usize) {
        match value {
            Value::Object(inner) if depth < METADATA_DEPTH_MAX => {
                for (name, value) in inner {
                    // A name that is an address names a person; its values are found by whoever sees persons.
                    let restricted = self.restricted;
                    self.restricted |= holds_address(&name);
                    let name = fold(&name);
                    let path = if path.is_empty() {
                        name.into_owned()
                    } else {
                        format!("{path}.{name}")
                    };
                    self.metadata(&path, value, depth + 1);
                    self.restricted = restricted;
                }
            }
            Value::Array(items) if depth < METADATA_DEPTH_MAX => {
                for item in items {
                    self.metadata(path, item, depth + 1);
                }
            }
            value => self.scalars(value, &mut |facts, text| {
                let path = without_tags(Cow::Borrowed(path)).into_owned();
                facts.push(Field::Metadata(path), text);
            }),
        }
    }

    /// The members of an object that an event has once: those with a field of their own; the rest is text.
    fn named(&mut self, inner: Vec<Member<'a>>, field_of: fn(&str) -> Option<Field>) {
        self.fields(inner, Self::keep, field_of);
    }

    /// The same of any object; `add` says whether there may be many of it.
    fn fields(
        &mut self,
        inner: Vec<Member<'a>>,
        add: fn(&mut Self, Field, Cow<'a, str>),
        field_of: fn(&str) -> Option<Field>,
    ) {
        for (name, value) in inner {
            let value = match (field_of(&name), value) {
                (Some(field), Value::String(text) | Value::Number(text)) => {
                    add(self, field, text);
                    continue;
                }
                (_, Value::Object(inner)) if name == "on_behalf_of" => {
                    for (member, value) in inner {
                        match value {
                            Value::String(text) if member == "id" => {
                                add(self, Field::OnBehalfOf, text);
                            }
                            value => self.text(value),
                        }
                    }
                    continue;
                }
                (_, value) => value,
            };
            self.text(value);
        }
    }

    fn text(&mut self, value: Value<'a>) {
        self.scalars(value, &mut |facts, text| {
            facts.push(Field::Text, text);
        });
    }

    /// Every scalar of a value as text. Depth is bounded by the JSON parser, too.
    fn scalars(&mut self, value: Value<'a>, take: &mut dyn FnMut(&mut Self, Cow<'a, str>)) {
        match value {
            Value::Null => {}
            Value::Bool(flag) => {
                take(self, Cow::Borrowed(if flag { "true" } else { "false" }));
            }
            Value::Number(text) | Value::String(text) => take(self, text),
            Value::Array(items) => {
                for item in items {
                    self.scalars(item, take);
                }
            }
            Value::Object(inner) => {
                for (_, item) in inner {
                    self.scalars(item, take);
                }
            }
        }
    }
}

/// Where the address is that stands among the members of `origin`.
pub fn location_in(origin: &[Member<'_>], places: &dyn Places) -> Option<Arc<Location>> {
    let (_, ip) = origin.iter().find(|(name, _)| name == "ip")?;
    places.locate(address(ip.as_str()?)?)
}

fn members(value: Value<'_>) -> Vec<Member<'_>> {
    match value {
        Value::Object(members) => members,
        _ => Vec::new(),
    }
}

const MASK: &str = "[masked:hmac-sha256:";

/// The text with every mask as `[masked]`: a tag must not be searchable, or a guess could be confirmed.
fn without_tags(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(MASK) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once(MASK) {
        out.push_str(before);
        out.push_str("[masked]");
        rest = after.split_once(']').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_may_be_many_of_is_bounded_and_what_there_is_once_is_kept() {
        let related = r#"{"type":"service","id":"s","on_behalf_of":{"id":"x"}}"#;
        let many = vec![related; 3 * FACTS_MAX].join(",");
        let text = format!(r#"{{"related":[{many}],"resource":{{"id":"r"}},"trace_id":"t"}}"#);
        let bounds = ledger::json::Bounds::PART;
        let value = ledger::json::parse_within(text.as_bytes(), bounds).unwrap();
        let mut facts = Facts {
            facts: Vec::new(),
            restricted: false,
        };
        facts.details("service", value);
        let has = |field| facts.facts.iter().any(|fact| fact.field == field);
        assert!(has(Field::ResourceId) && has(Field::TraceId));
        assert_eq!(facts.facts.len(), FACTS_MAX + 2);
    }
}
