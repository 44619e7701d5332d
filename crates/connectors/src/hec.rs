//! Splunk's HTTP event collector as input: for what streams to Splunk and can be pointed here instead.
//!
//! Promises: envelopes one after the other or in arrays (`{"time": …, "event": …}`) and raw lines are read; entries of GitHub's audit
//! log, `CloudTrail` records and `CloudEvents` within become what their own connectors make of them, with the same ids; the
//! rest is kept in a generic form, `hec.<sourcetype>`. As in Splunk, what stands before a broken envelope is kept and
//! the rest is refused, with the number of the broken one. An event's id is made of the envelope's bytes, counted among
//! equal ones of a delivery, if it has a time of its own; else of the whole delivery, so that two equal lines of
//! different deliveries remain two. What an event says of how it ended is its outcome (`stated.rs`). Must never: guess at the
//! meaning of a text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::json::{self, Value};
use ledger::vocabulary::{self, Resolved};

use crate::delivery::{Delivery, parse};
use crate::event::{Event, Thing};
use crate::limits::EVENTS_MAX;
use crate::look::{at, text, word};
use crate::reading::{Item, Reading, Refusal, Unreadable};
use crate::sequence::Sequence;
use crate::{clean, cloudevents, cloudtrail, github_audit, payload, stated};

/// Members of an envelope; anything else at its top is not Splunk's.
const ENVELOPE: &[&str] = &[
    "time",
    "host",
    "source",
    "sourcetype",
    "index",
    "event",
    "fields",
];

/// The header field under which the server says that a body came to the endpoint for raw lines.
const RAW: &str = "veritrail-collector";

/// What stands in a body. Where nobody says which of Splunk's two endpoints it came to (a file), the first piece does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Envelopes, as for `/services/collector/event`.
    Envelopes,
    /// JSON values without an envelope, for `/services/collector/raw`.
    Values,
    /// Lines of text, for the same.
    Lines,
}

/// Reads a delivery.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let form = form(delivery.body, delivery.header(RAW) == Some("raw"));
    let lines = delivery.body.split(|byte| *byte == b'\n');
    let lines = lines
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let pieces: Box<dyn Iterator<Item = &[u8]>> = match form {
        Form::Lines => Box::new(lines),
        Form::Envelopes => Box::new(Sequence::new(delivery.body).flat_map(listed)),
        Form::Values => Box::new(Sequence::new(delivery.body)),
    };
    let mut reading = Reading::default();
    let mut seen = BTreeMap::new();
    for (index, piece) in pieces.enumerate() {
        if index >= EVENTS_MAX {
            return Err(Unreadable::TooMany);
        }
        let place = Place {
            delivery,
            index,
            piece,
        };
        let item = match (form, parse(piece)) {
            (Form::Envelopes, Ok(value)) => place.envelope(&value, &mut seen),
            (Form::Envelopes, Err(_)) => {
                place.refused("hec.invalid_data", "an object with event as JSON")
            }
            (Form::Values | Form::Lines, Ok(value)) => place.line(&value),
            (Form::Values | Form::Lines, Err(_)) => place.words(),
        };
        let is_broken = matches!(item, Item::Refused(_));
        reading.items.push(item);
        if is_broken && form == Form::Envelopes {
            break;
        }
    }
    if reading.items.is_empty() {
        return Ok(Reading::passed("hec.no_data"));
    }
    Ok(reading)
}

fn form(body: &[u8], is_raw: bool) -> Form {
    let Some(first) = Sequence::new(body).next() else {
        return Form::Lines;
    };
    match parse(first) {
        Ok(value) if !is_raw && is_envelope(&value) => Form::Envelopes,
        Ok(Value::Object(_)) => Form::Values,
        Ok(Value::Array(items)) if !is_raw && items.first().is_some_and(is_envelope) => {
            Form::Envelopes
        }
        Err(_) if !is_raw && (first.starts_with(b"{") || first.starts_with(b"[{\"")) => {
            Form::Envelopes
        }
        _ => Form::Lines,
    }
}

/// The envelopes of an array, each by its own text, so that its id is what it would be alone; anything else as it is.
fn listed(piece: &[u8]) -> Vec<&[u8]> {
    let items = match piece.first() {
        Some(b'[') => json::split_array(piece, EVENTS_MAX).unwrap_or_default(),
        _ => Vec::new(),
    };
    if items.is_empty() {
        return vec![piece];
    }
    items.iter().map(|item| item.text).collect()
}

/// Whether a value is meant as an envelope: nothing but Splunk's own members, or an event among others.
fn is_envelope(value: &Value<'_>) -> bool {
    let Some(members) = value.as_object() else {
        return false;
    };
    let known = |name: &str| ENVELOPE.contains(&name);
    value.member("event").is_some() || members.iter().all(|(name, _)| known(name))
}

/// One piece of a delivery.
struct Place<'d, 'a> {
    delivery: &'d Delivery<'a>,
    index: usize,
    piece: &'a [u8],
}

impl Place<'_, '_> {
    fn refused(&self, rule: &'static str, expected: &str) -> Item {
        Item::Refused(Refusal {
            rule,
            index: self.index,
            expected: expected.to_owned(),
        })
    }

    /// The id of what has no time of its own.
    fn id(&self) -> String {
        crate::id::of_body("hec", self.delivery.body, self.index)
    }

    fn envelope(&self, value: &Value<'_>, seen: &mut BTreeMap<String, u64>) -> Item {
        let Some(event) = at(value, &["event"]) else {
            return self.refused("hec.no_event", "an event in each object");
        };
        if payload::is_nothing(event) {
            return self.refused("hec.blank_event", "an event that is not blank");
        }
        // Some senders put JSON into a text.
        let inner = event
            .as_str()
            .filter(|words| words.trim_start().starts_with('{'))
            .and_then(|words| parse(words.as_bytes()).ok());
        if let Some(item) = known(inner.as_ref().unwrap_or(event), self.index) {
            return item;
        }
        let id = match at(value, &["time"]).and_then(clean::time) {
            Some(_) => {
                let digest = crate::id::of("hec", &[b"envelope", self.piece]);
                let count = seen.entry(digest).or_default();
                *count += 1;
                crate::id::of("hec", &[b"envelope", self.piece, &count.to_be_bytes()])
            }
            None => self.id(),
        };
        Item::Event(Box::new(generic(
            id,
            value,
            inner.as_ref().unwrap_or(event),
        )))
    }

    /// A raw line that is JSON.
    fn line(&self, value: &Value<'_>) -> Item {
        known(value, self.index)
            .unwrap_or_else(|| Item::Event(Box::new(generic(self.id(), &Value::Null, value))))
    }

    /// A raw line that is none.
    fn words(&self) -> Item {
        match std::str::from_utf8(self.piece) {
            Ok(words) => {
                let words = Value::string(words);
                Item::Event(Box::new(generic(self.id(), &Value::Null, &words)))
            }
            Err(_) => self.refused("hec.no_utf8", "a line of UTF-8"),
        }
    }
}

/// What another connector knows.
fn known(event: &Value<'_>, index: usize) -> Option<Item> {
    event.as_object()?;
    if is_github_entry(event) {
        return Some(github_audit::entry(event, index));
    }
    cloudtrail::entry(event, index).or_else(|| cloudevents::entry(event, index))
}

/// Whether an event is an entry of GitHub's audit log: an action of two parts, and what GitHub alone writes beside it.
fn is_github_entry(event: &Value<'_>) -> bool {
    let has = |name: &str| at(event, &[name]).is_some();
    match text(event, &["action"]) {
        // Sent when somebody tries out a stream, with little else.
        Some("audit_log_streaming.check") => true,
        Some(action) => {
            action.contains('.') && (has("_document_id") || (has("@timestamp") && has("actor_id")))
        }
        None => false,
    }
}

fn generic(id: String, envelope: &Value<'_>, event: &Value<'_>) -> Event {
    let source_type = text(envelope, &["sourcetype"]);
    let action = [
        "operation",
        "action",
        "event_type",
        "eventName",
        "event_name",
        "type",
    ]
    .iter()
    .find_map(|name| text(event, &[name]));
    let host = text(envelope, &["host"]).or_else(|| text(event, &["host"]));
    let source = text(envelope, &["source"]);
    let resource = Thing {
        kind: "log".into(),
        id: source.or(host).or(source_type).map(str::to_owned),
        name: None,
    };
    let name = action.or(source_type).unwrap_or("event");
    let mut made = Event::new(id, operation(action, source_type), resource, name);
    made.verb = name.to_ascii_lowercase();
    made.timestamp = at(envelope, &["time"]).and_then(clean::time).or_else(|| {
        let own = ["time", "timestamp", "@timestamp"];
        own.iter()
            .find_map(|name| at(event, &[name]).and_then(clean::time))
    });
    act(&mut made, event, host);
    let fields = at(envelope, &["fields"]).unwrap_or(&Value::Null);
    stated::fill(&mut made, &[event, fields]);
    let time = at(envelope, &["time"]).filter(|time| clean::time(time).is_none());
    if time.is_some() {
        let time = word(envelope, &["time"]).map(|time| clean::hide_emails(&time));
        made.note("time_as_sent", time);
    }
    made.context.application = Some("splunk_hec".into());
    made.context.service = source_type.map(str::to_owned);
    for (name, value) in [
        ("host", host),
        ("source", source),
        ("index", text(envelope, &["index"])),
    ] {
        made.note(name, value.map(clean::hide_emails));
    }
    let fields = payload::kept_if_any(at(envelope, &["fields"]), &[]);
    made.metadata
        .extend(fields.map(|fields| ("fields", fields)));
    made.metadata.push(("event", payload::kept(event, &[])));
    made
}

/// Who acted, where an event says so by a usual name; else the host.
fn act(made: &mut Event, event: &Value<'_>, host: Option<&str>) {
    let names = ["user", "username", "user_name", "actor"];
    let user = names.iter().find_map(|name| word(event, &[name]));
    made.origin.ip = ["src_ip", "client_ip", "actor_ip", "ip"]
        .iter()
        .find_map(|name| text(event, &[name]))
        .map(str::to_owned);
    if let Some(user) = user {
        made.actor.email = Some(user.clone()).filter(|user| clean::has_email(user));
        made.actor.id = Some(user);
    } else {
        made.actor.kind = "system";
        made.actor.id = host.map(str::to_owned);
    }
}

/// The vocabulary's name, if the event uses one; else its source type's.
fn operation(action: Option<&str>, source_type: Option<&str>) -> Cow<'static, str> {
    if let Some(action) = action.filter(|action| action.contains('.'))
        && let Ok(Resolved::Canonical(operation) | Resolved::Alias { operation }) =
            vocabulary::resolve(action)
    {
        return Cow::Borrowed(operation.name);
    }
    let name = clean::snake(source_type.unwrap_or_default(), 60);
    if name.is_empty() {
        Cow::Borrowed("hec.event")
    } else {
        Cow::Owned(format!("hec.{name}"))
    }
}

#[cfg(test)]
mod tests;
