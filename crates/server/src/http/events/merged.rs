//! One event in the shape that producers send, from its entry and the parts that still stand.

use std::borrow::Cow;

use ledger::entry::Entry;
use ledger::json::{Member, Value, write_compact};
use ledger::part::{Label, value_of};
use query::Viewer;
use query::visibility::is_person_type;

use super::beside::Beside;
use super::find::Found;
use super::withhold::{withhold_addresses, withhold_related};
use crate::http::HttpError;
use crate::own::number;

/// The event as JSON text, with what stands beside it; with `exact`, the stored texts too.
pub(super) fn text(found: &Found, beside: &Beside, exact: bool) -> Result<String, HttpError> {
    let view = beside.viewer;
    let entry = found.entry()?;
    let person = found.part(Label::Person)?;
    let details = found.part(Label::Details)?;
    let person_shown = view == Viewer::Whole;
    let details_shown = view == Viewer::Whole || !is_person_type(entry.resource_type);
    let mut event = Merged::of_entry(&entry);
    if let Some(text) = person.filter(|_| person_shown) {
        event.add_part(Label::Person, text, view)?;
    }
    if let Some(text) = details.filter(|_| details_shown) {
        event.add_part(Label::Details, text, view)?;
    }
    let location = event.origin().and_then(|origin| beside.location(origin));
    event.add_ledger(found, &entry);
    if let Some(location) = location {
        event.push("location", location);
    }
    let withheld = [
        (
            "details",
            details.is_some() && view != Viewer::Whole && !details_shown,
        ),
        ("person", person.is_some() && !person_shown),
    ];
    let withheld: Vec<Value<'_>> = withheld
        .into_iter()
        .filter(|(_, hidden)| *hidden)
        .map(|(name, _)| Value::string(name))
        .collect();
    if !withheld.is_empty() {
        event.push("withheld", Value::Array(withheld));
    }
    if exact {
        let entry = str::from_utf8(&found.record.entry).unwrap_or_default();
        event.push("entry", Value::string(entry));
        if view == Viewer::Whole {
            for (name, text) in [("person", person), ("details", details)] {
                if let Some(text) = text {
                    event.push(name, Value::string(text));
                }
            }
        }
    }
    let mut out = String::with_capacity(2_048);
    write_compact(&Value::Object(event.0), &mut out);
    Ok(out)
}

/// Members under construction, in the order of the design's example.
struct Merged<'a>(Vec<Member<'a>>);

impl<'a> Merged<'a> {
    fn of_entry(entry: &Entry<'a>) -> Self {
        let mut merged = Self(Vec::with_capacity(24));
        merged.push("id", Value::string(entry.id));
        if let Some(at) = entry.occurred_at {
            merged.push("timestamp", Value::string(at.to_string()));
        }
        merged.push("operation", Value::string(entry.operation));
        merged
            .object("actor")
            .push(text_member("type", entry.actor_type));
        merged
            .object("resource")
            .push(text_member("type", entry.resource_type));
        if let Some(result) = entry.outcome {
            merged.object("outcome").push(text_member("result", result));
        }
        if let Some(seq) = entry.producer_seq {
            merged
                .object("producer")
                .push((Cow::Borrowed("seq"), number(seq)));
        }
        merged
    }

    /// What the producer said, each member at its place.
    fn add_part(&mut self, label: Label, text: &'a str, view: Viewer) -> Result<(), HttpError> {
        let mut value = value_of(label, text.as_bytes())
            .map_err(|error| HttpError::from(store::StoreError::Damaged(error.to_string())))?;
        if view == Viewer::WithoutPersons {
            withhold_related(&mut value);
            withhold_addresses(&mut value);
        }
        let Value::Object(members) = value else {
            return Err(store::StoreError::Damaged("a part is no object".to_owned()).into());
        };
        for (name, value) in members {
            match value {
                Value::Object(inner)
                    if matches!(name.as_ref(), "actor" | "resource" | "outcome" | "producer") =>
                {
                    self.object(&name).extend(inner);
                }
                other => self.0.push((name, other)),
            }
        }
        Ok(())
    }

    /// Where the actor was, as far as it is shown.
    fn origin(&self) -> Option<&[Member<'a>]> {
        self.0.iter().find_map(|(name, value)| match value {
            Value::Object(members) if name == "origin" => Some(members.as_slice()),
            _ => None,
        })
    }

    /// What the ledger knows of it.
    fn add_ledger(&mut self, found: &Found, entry: &Entry<'a>) {
        self.push("log", Value::string(entry.place.log.to_string()));
        self.push("seq", number(found.record.seq));
        self.push(
            "recorded_at",
            Value::string(entry.place.recorded_at.to_string()),
        );
        self.push("leaf_hash", Value::string(found.leaf().to_hex()));
        let flags = entry.flags.iter().map(|flag| Value::string(*flag));
        let ingest = self.object("ingest");
        ingest.push(text_member("key", entry.key));
        ingest.push(text_member("source", entry.source));
        ingest.push((Cow::Borrowed("flags"), Value::Array(flags.collect())));
        let parts = self.object("parts");
        parts.extend(entry.details.map(|digest| text_member("details", digest)));
        parts.extend(entry.person.map(|digest| text_member("person", digest)));
    }

    fn push(&mut self, name: &'static str, value: Value<'a>) {
        self.0.push((Cow::Borrowed(name), value));
    }

    /// The members of the object `name`, which is made if it isn't there.
    fn object(&mut self, name: &str) -> &mut Vec<Member<'a>> {
        let at = self
            .0
            .iter()
            .position(|(known, value)| known == name && matches!(value, Value::Object(_)));
        let at = at.unwrap_or_else(|| {
            let name = Cow::Owned(name.to_owned());
            self.0.push((name, Value::Object(Vec::new())));
            self.0.len() - 1
        });
        match &mut self.0[at].1 {
            Value::Object(members) => members,
            _ => unreachable!("an object was looked for or made"),
        }
    }
}

fn text_member<'a>(name: &'static str, text: &'a str) -> Member<'a> {
    (Cow::Borrowed(name), Value::string(text))
}
