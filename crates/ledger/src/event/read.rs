//! From JSON to [`Event`]: the canonical form, the well-known short form, and other names for the same members.

use std::borrow::Cow;
use std::net::IpAddr;

use super::fields::{Fields, wrong_type};
use super::{ACTOR_TYPES, Event, OUTCOMES, Party};
use crate::json::{Member, Value};
use crate::rejection::{Reason, Rejection};
use crate::secret;
use crate::time::Micros;
use crate::warning::Warning;

/// Reads one event in any accepted form. Refusals name the field as it was sent.
pub fn read(value: Value<'_>) -> Result<Event<'_>, Rejection> {
    let mut fields = Fields::of(value, "")?;
    let mut event = Draft::default();
    let (operation, operation_pointer) = operation(&mut fields)?;
    let id = event_id(&mut fields)?;
    let timestamp = event.timestamp(&mut fields)?;
    let actor = event.actor(&mut fields)?;
    let (resource, project_id) = event.resource(&mut fields)?;
    event.changes(&mut fields)?;
    let (producer_id, producer_seq) = event.producer(&mut fields)?;
    let outcome = event.outcome(&mut fields)?;
    event.correlation(&mut fields)?;
    for (name, member) in fields.rest() {
        event.unknown(&name);
        event.extra.push((name, member));
    }
    if !event.extra.is_empty() {
        event
            .details
            .push((Cow::Borrowed("extra"), Value::Object(event.extra)));
    }
    Ok(Event {
        id,
        timestamp,
        operation,
        operation_pointer,
        actor,
        resource,
        project_id,
        outcome,
        producer_id,
        producer_seq,
        person: event.person,
        details: event.details,
        warnings: event.warnings,
    })
}

/// What gathers while the members are read.
#[derive(Default)]
struct Draft<'a> {
    person: Vec<Member<'a>>,
    details: Vec<Member<'a>>,
    extra: Vec<Member<'a>>,
    warnings: Vec<Warning>,
}

impl<'a> Draft<'a> {
    fn timestamp(&mut self, fields: &mut Fields<'a>) -> Result<Option<Micros>, Rejection> {
        let (pointer, value) = match (fields.take("timestamp"), fields.take("occurred_at")) {
            (Some(value), None) => ("/timestamp", value),
            (None, Some(value)) => ("/occurred_at", value),
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                let expected = "expected either timestamp or occurred_at, found both";
                return Err(Rejection::new(Reason::BadValue, "/occurred_at", expected));
            }
        };
        let Value::String(text) = value else {
            return Err(wrong_type(pointer, "an RFC 3339 time in a string", &value));
        };
        let micros = Micros::parse(&text)
            .map_err(|error| Rejection::new(Reason::BadTime, pointer, error.to_string()))?;
        // The entry keeps UTC at microseconds; an offset or further digits are the producer's words: keep them.
        let kept = text.len() <= 27 && text.ends_with('Z');
        if !kept {
            self.details
                .push((Cow::Borrowed("timestamp_as_sent"), Value::String(text)));
        }
        Ok(Some(micros))
    }

    fn actor(&mut self, fields: &mut Fields<'a>) -> Result<Party<'a>, Rejection> {
        let origin = fields
            .object("origin")?
            .unwrap_or_else(|| Fields::empty("/origin"));
        let Some(mut actor) = fields.object("actor")? else {
            return Err(Rejection::new(
                Reason::MissingField,
                "/actor",
                "expected an object such as {\"id\": \"42\"}",
            ));
        };
        let kind = actor.text("type")?.unwrap_or(Cow::Borrowed("user"));
        let Some(kind) = ACTOR_TYPES.into_iter().find(|known| *known == kind) else {
            let expected = format!("expected one of {}", ACTOR_TYPES.join(", "));
            return Err(Rejection::new(Reason::BadValue, "/actor/type", expected));
        };
        let (id, user_id) = (actor.identifier("id")?, actor.identifier("user_id")?);
        if id.is_some() && user_id.is_some() && id != user_id {
            return Err(Rejection::new(
                Reason::BadValue,
                "/actor/user_id",
                "expected the same as actor.id, or neither",
            ));
        }
        let id = id.or(user_id);
        let mut person = Members::default();
        person.text("id", id.clone());
        for name in ["email", "name", "credential_id"] {
            person.text(
                name,
                if name == "credential_id" {
                    actor.identifier(name)?
                } else {
                    actor.text(name)?
                },
            );
        }
        if let Some(other) = actor.object("on_behalf_of")? {
            person
                .0
                .push((Cow::Borrowed("on_behalf_of"), delegate(other)?));
        }
        let sent_ip = actor.text("ip_address")?;
        let sent_agent = actor.text("user_agent")?;
        for (name, member) in actor.rest() {
            self.unknown_at("/actor/", &name);
            person.0.push((name, member));
        }
        self.person("actor", person);
        self.origin(origin, sent_ip, sent_agent)?;
        Ok(Party {
            kind: Cow::Borrowed(kind),
            id,
        })
    }

    /// Where the actor was; the short form says it under `actor`.
    fn origin(
        &mut self,
        mut origin: Fields<'a>,
        mut sent_ip: Option<Cow<'a, str>>,
        mut sent_agent: Option<Cow<'a, str>>,
    ) -> Result<(), Rejection> {
        let mut place = Members::default();
        let (ip, pointer) = match origin.text("ip")? {
            Some(ip) => (Some(ip), "/origin/ip"),
            None => (sent_ip.take(), "/actor/ip_address"),
        };
        if let Some(ip) = ip.filter(|ip| !ip.is_empty()) {
            let usual = address(&ip, pointer)?;
            // A port, or another spelling: kept as it was said, too.
            let as_sent = (usual != ip).then(|| ip.clone());
            place.text(
                "ip",
                Some(if as_sent.is_none() { ip } else { usual.into() }),
            );
            place.text("ip_as_sent", as_sent);
        }
        let agent = origin.text("user_agent")?;
        if agent.is_none() {
            place.text("user_agent", sent_agent.take());
        }
        place.text("user_agent", agent);
        // Said twice: the origin's words count, the actor's are kept beside them.
        place.text("actor_ip_address", sent_ip);
        place.text("actor_user_agent", sent_agent);
        for name in ["device", "session_id"] {
            place.text(name, origin.text(name)?);
        }
        for (name, member) in origin.rest() {
            self.unknown_at("/origin/", &name);
            place.0.push((name, member));
        }
        self.person("origin", place);
        Ok(())
    }

    fn resource(
        &mut self,
        fields: &mut Fields<'a>,
    ) -> Result<(Party<'a>, Option<Cow<'a, str>>), Rejection> {
        let mut related = fields.array("related")?.unwrap_or_default();
        let resource = fields.object("resource")?;
        let targets = fields.array("targets")?;
        let mut resource = match (resource, targets) {
            (Some(resource), None) => resource,
            (None, Some(targets)) => {
                let mut targets = targets.into_iter();
                let Some(first) = targets.next() else {
                    return Err(Rejection::new(
                        Reason::MissingField,
                        "/targets/0",
                        "expected the resource acted upon",
                    ));
                };
                related.splice(0..0, targets);
                Fields::of(first, "/targets/0")?
            }
            (Some(_), Some(_)) => {
                return Err(Rejection::new(
                    Reason::BadValue,
                    "/targets",
                    "expected either resource or targets, found both",
                ));
            }
            (None, None) => {
                let expected =
                    "expected an object such as {\"type\": \"deployment\", \"id\": \"dpl_1\"}";
                return Err(Rejection::new(Reason::MissingField, "/resource", expected));
            }
        };
        let kind = resource_type(&mut resource)?;
        let id = resource.identifier("id")?;
        let project_id = resource.identifier("project_id")?;
        let mut members = Members::default();
        members.text("id", id.clone());
        members.text("name", resource.text("name")?);
        members.text("project_id", project_id.clone());
        for (name, member) in resource.rest() {
            self.unknown_at("/resource/", &name);
            members.0.push((name, member));
        }
        self.detail("resource", members);
        for (index, item) in related.iter().enumerate() {
            if item.as_object().is_none() {
                return Err(wrong_type(
                    &format!("/related/{index}"),
                    "an object with type and id",
                    item,
                ));
            }
        }
        if !related.is_empty() {
            self.details
                .push((Cow::Borrowed("related"), Value::Array(related)));
        }
        Ok((Party { kind, id }, project_id))
    }

    fn changes(&mut self, fields: &mut Fields<'a>) -> Result<(), Rejection> {
        let Some(items) = fields.array("changes")? else {
            return Ok(());
        };
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("/changes/{index}");
            if item.as_object().is_none() {
                return Err(wrong_type(
                    &pointer,
                    "an object with field, before and after",
                    item,
                ));
            }
            match item.member("field") {
                Some(Value::String(_)) => {}
                Some(other) => {
                    return Err(wrong_type(&format!("{pointer}/field"), "a string", other));
                }
                None => {
                    let expected = "expected the name of the field that changed";
                    return Err(Rejection::new(
                        Reason::MissingField,
                        format!("{pointer}/field"),
                        expected,
                    ));
                }
            }
        }
        self.details
            .push((Cow::Borrowed("changes"), Value::Array(items)));
        Ok(())
    }

    fn producer(
        &mut self,
        fields: &mut Fields<'a>,
    ) -> Result<(Option<Cow<'a, str>>, Option<u64>), Rejection> {
        let Some(mut producer) = fields.object("producer")? else {
            return Ok((None, None));
        };
        let id = producer.identifier("id")?;
        let expected = "expected a count from 1 to 2^53-1";
        let seq = match producer.take("seq") {
            None => None,
            Some(Value::Number(text) | Value::String(text)) => match text.parse::<u64>() {
                Ok(seq) if (1..1 << 53).contains(&seq) => Some(seq),
                _ => return Err(Rejection::new(Reason::BadValue, "/producer/seq", expected)),
            },
            Some(other) => return Err(wrong_type("/producer/seq", "a count", &other)),
        };
        if seq.is_some() && id.is_none() {
            let expected = "expected the producer whose count this is";
            return Err(Rejection::new(
                Reason::MissingField,
                "/producer/id",
                expected,
            ));
        }
        let mut members = Members::default();
        members.text("id", id.clone());
        members.0.extend(producer.rest());
        self.detail("producer", members);
        Ok((id, seq))
    }

    fn outcome(&mut self, fields: &mut Fields<'a>) -> Result<Option<&'static str>, Rejection> {
        let (pointer, result, mut rest) = match fields.take("outcome") {
            None => return Ok(None),
            Some(Value::String(text)) => ("/outcome", Some(text), Fields::empty("/outcome")),
            Some(value) => {
                let mut outcome = Fields::of(value, "/outcome")?;
                ("/outcome/result", outcome.text("result")?, outcome)
            }
        };
        let result = match result {
            None => None,
            Some(text) => {
                let Some(known) = OUTCOMES.into_iter().find(|known| *known == text) else {
                    let expected = format!("expected one of {}", OUTCOMES.join(", "));
                    return Err(Rejection::new(Reason::BadValue, pointer, expected));
                };
                Some(known)
            }
        };
        let mut members = Members::default();
        members.text("code", rest.identifier("code")?);
        members.text("message", rest.text("message")?);
        members.0.extend(rest.rest());
        self.detail("outcome", members);
        Ok(result)
    }

    /// Reason, approval, context, the correlating identifiers and metadata.
    fn correlation(&mut self, fields: &mut Fields<'a>) -> Result<(), Rejection> {
        let mut metadata = fields
            .object("metadata")?
            .unwrap_or_else(|| Fields::empty("/metadata"));
        let mut context = fields
            .object("context")?
            .unwrap_or_else(|| Fields::empty("/context"));
        let mut members = Members::default();
        for name in [
            "application",
            "service",
            "environment",
            "region",
            "channel",
            "source_action",
        ] {
            members.text(name, context.text(name)?);
        }
        members.0.extend(context.rest());
        let mut request_id = fields.identifier("request_id")?;
        // The short form's metadata fills what was left empty; it stays where the producer put it as well.
        let kept = metadata.rest();
        metadata = Fields::empty("/metadata");
        for (name, member) in &kept {
            if let Value::String(text) = member {
                if name == "request_id" && request_id.is_none() && !text.is_empty() {
                    request_id = Some(text.clone());
                }
                if name == "source" && !members.has("channel") && !text.is_empty() {
                    members.text("channel", Some(text.clone()));
                }
            }
        }
        drop(metadata);
        self.detail("context", members);
        self.detail("metadata", Members(kept));
        let mut texts = Members::default();
        texts.text("request_id", request_id);
        for name in ["correlation_id", "causation_id", "trace_id"] {
            texts.text(name, fields.identifier(name)?);
        }
        texts.text("reason", fields.text("reason")?);
        self.details.append(&mut texts.0);
        if let Some(approval) = fields.object("approval")? {
            self.detail("approval", Members(approval.rest()));
        }
        Ok(())
    }

    fn person(&mut self, name: &'static str, members: Members<'a>) {
        if !members.0.is_empty() {
            self.person
                .push((Cow::Borrowed(name), Value::Object(members.0)));
        }
    }

    fn detail(&mut self, name: &'static str, members: Members<'a>) {
        if !members.0.is_empty() {
            self.details
                .push((Cow::Borrowed(name), Value::Object(members.0)));
        }
    }

    fn unknown(&mut self, name: &str) {
        let detail =
            "not a field of an event: kept under extra; fields of your own belong under metadata";
        self.warn_unknown("/", name, detail);
    }

    fn unknown_at(&mut self, parent: &str, name: &str) {
        self.warn_unknown(parent, name, "not a field of an event: kept as it is");
    }

    fn warn_unknown(&mut self, parent: &str, name: &str, detail: &'static str) {
        // A name may hide a secret and goes back to the producer only if it reads like a name.
        let plain = name.len() <= 40
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let pointer = format!("{parent}{}", if plain { name } else { "…" });
        self.warnings
            .push(Warning::new("unknown_field", pointer, detail));
    }
}

/// Members under construction.
#[derive(Default)]
struct Members<'a>(Vec<Member<'a>>);

impl<'a> Members<'a> {
    fn text(&mut self, name: &'static str, text: Option<Cow<'a, str>>) {
        if let Some(text) = text {
            self.0.push((Cow::Borrowed(name), Value::String(text)));
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

fn operation<'a>(fields: &mut Fields<'a>) -> Result<(Cow<'a, str>, &'static str), Rejection> {
    let expected = "expected an operation such as environment_variable.updated";
    let (pointer, value) = match (fields.take("operation"), fields.take("action")) {
        (Some(operation), None) => ("/operation", operation),
        (None, Some(action)) => ("/action", action),
        (None, None) => {
            return Err(Rejection::new(Reason::MissingField, "/operation", expected));
        }
        (Some(_), Some(_)) => {
            return Err(Rejection::new(
                Reason::BadValue,
                "/action",
                "expected either operation or action, found both",
            ));
        }
    };
    match value {
        Value::String(name) => Ok((name, pointer)),
        other => Err(wrong_type(pointer, "a string", &other)),
    }
}

fn event_id<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Rejection> {
    match fields.take("id") {
        None => Ok(None),
        Some(Value::String(id)) if id.is_empty() => Ok(None),
        Some(Value::String(id)) if id.len() > crate::limits::ID_BYTES_MAX => Err(Rejection::new(
            Reason::TooLong,
            "/id",
            format!(
                "expected at most {} bytes, found {}",
                crate::limits::ID_BYTES_MAX,
                id.len()
            ),
        )),
        Some(Value::String(id)) => Ok(Some(id)),
        Some(other) => Err(wrong_type("/id", "a string", &other)),
    }
}

fn delegate(mut other: Fields<'_>) -> Result<Value<'_>, Rejection> {
    let mut members = Members::default();
    members.text("type", other.text("type")?);
    members.text("id", other.identifier("id")?);
    members.0.extend(other.rest());
    Ok(Value::Object(members.0))
}

/// An address in its usual notation; a port behind it is left out.
fn address(text: &str, pointer: &str) -> Result<String, Rejection> {
    text.parse::<IpAddr>()
        .or_else(|_| {
            text.parse::<std::net::SocketAddr>()
                .map(|socket| socket.ip())
        })
        .map(|address| address.to_string())
        .map_err(|_| {
            Rejection::new(
                Reason::BadValue,
                pointer,
                "expected an IPv4 or IPv6 address",
            )
        })
}

fn resource_type<'a>(resource: &mut Fields<'a>) -> Result<Cow<'a, str>, Rejection> {
    let type_pointer = resource.pointer_to("type");
    let Some(kind) = resource.text("type")? else {
        return Err(Rejection::new(
            Reason::MissingField,
            type_pointer,
            "expected a type such as deployment",
        ));
    };
    if secret::is_secret_shaped(&kind) {
        let expected = "expected a type such as deployment, found what looks like a secret";
        return Err(Rejection::new(Reason::BadValue, type_pointer, expected));
    }
    if !is_resource_type(&kind) {
        let expected = "expected 1 to 64 of a-z, 0-9 and _, beginning with a letter";
        return Err(Rejection::new(Reason::BadValue, type_pointer, expected));
    }
    Ok(kind)
}

fn is_resource_type(kind: &str) -> bool {
    kind.len() <= 64
        && kind.starts_with(|first: char| first.is_ascii_lowercase())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
