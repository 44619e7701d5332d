//! From an event to everything its entry needs but its place in a log.
//!
//! Promises: pure and parallel, all the costly work (masking, parts, digests, pseudonyms) is done here, outside any
//! lock; [`Prepared`] holds no secret in the clear. [`crate::seal`] gives it a place.

use crate::entry::EntryDraft;
use crate::event::{self, Event};
use crate::flags::Flags;
use crate::json::Value;
use crate::keyring::TenantKeys;
use crate::limits::PART_BYTES_MAX;
use crate::mask;
use crate::part::{Label, Part};
use crate::rejection::{Reason, Rejection};
use crate::secret;
use crate::source::Rng;
use crate::time::Micros;
use crate::vocabulary::{self, Additions, Mode, NameError, Resolved};
use crate::warning::Warning;

/// Who brings an event, and under which of the tenant's rules.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// The tenant's keys.
    pub keys: &'a TenantKeys,
    /// Id of the API key that brought it.
    pub key: &'a str,
    /// The key's source.
    pub source: &'a str,
    /// Whether unknown operations and aliases are accepted.
    pub mode: Mode,
    /// The tenant's own operations; [`vocabulary::NO_ADDITIONS`] for none.
    pub additions: &'a Additions,
    /// Pointers the tenant wants unmasked.
    pub exceptions: &'a [String],
    /// The request's `Idempotency-Key` and this event's index in it.
    pub idempotency: Option<(&'a str, usize)>,
}

/// An event that is ready to be sealed.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The entry but for log, seq, `recorded_at` and clock flags.
    pub draft: EntryDraft,
    /// The event's id within (log, source).
    pub id: String,
    /// The source that brought it.
    pub source: String,
    /// The producer's time.
    pub occurred_at: Option<Micros>,
    /// Who acted, where and for whom.
    pub person: Option<Part>,
    /// Everything else the producer said.
    pub details: Option<Part>,
    /// Remarks for the receipt.
    pub warnings: Vec<Warning>,
    /// Whether the id was made up because the producer sent neither an id nor an `Idempotency-Key`: such an event
    /// cannot be a repetition.
    pub fresh_id: bool,
}

impl Prepared {
    /// The part under `label`.
    pub fn part(&self, label: Label) -> Option<&Part> {
        match label {
            Label::Details => self.details.as_ref(),
            Label::Person => self.person.as_ref(),
        }
    }

    /// Bytes held, for bounding queues.
    pub fn size(&self) -> usize {
        512 + self.draft.size()
            + self.person.as_ref().map_or(0, |part| part.bytes.len())
            + self.details.as_ref().map_or(0, |part| part.bytes.len())
    }
}

/// Reads, names, masks and encodes a producer's event.
pub fn prepare(value: Value<'_>, door: &Door<'_>, rng: &dyn Rng) -> Result<Prepared, Rejection> {
    let mut event = event::read(value)?;
    let mut flags = Flags::default();
    let operation = name(&mut event, door, &mut flags)?;
    finish(event, &operation, flags, Oversize::Refuse, door, rng)
}

/// [`prepare`] for events of vendors: a part that is too large is cut to size, with a flag, a warning for each cut text,
/// its length and a keyed tag of the whole. Nobody is there who could send it again in a smaller form.
pub fn prepare_cut(
    value: Value<'_>,
    door: &Door<'_>,
    rng: &dyn Rng,
) -> Result<Prepared, Rejection> {
    let mut event = event::read(value)?;
    let mut flags = Flags::default();
    let operation = name(&mut event, door, &mut flags)?;
    finish(event, &operation, flags, Oversize::Cut, door, rng)
}

/// What becomes of a part that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Oversize {
    Refuse,
    Cut,
}

/// Prepares an event that the server itself records under `veritrail.`; `value` is of the canonical form.
pub fn prepare_own(
    value: Value<'_>,
    door: &Door<'_>,
    rng: &dyn Rng,
) -> Result<Prepared, Rejection> {
    let event = event::read(value)?;
    let operation = match vocabulary::find(&event.operation) {
        Some(operation) if operation.name.starts_with("veritrail.") => operation.name,
        _ => {
            return Err(Rejection::new(
                Reason::UnknownOperation,
                "/operation",
                "expected an operation of the server's own",
            ));
        }
    };
    let flags = Flags::default();
    finish(event, operation, flags, Oversize::Refuse, door, rng)
}

fn finish(
    mut event: Event<'_>,
    operation: &str,
    mut flags: Flags,
    oversize: Oversize,
    door: &Door<'_>,
    rng: &dyn Rng,
) -> Result<Prepared, Rejection> {
    let keys = door.keys;
    let (id, fresh_id) = identify(&mut event, door, rng, &mut flags);
    // Pseudonyms are of the identifiers as sent: a masked id still points at the same thing.
    let actor_ref = event
        .actor
        .id
        .as_deref()
        .map(|id| keys.reference(&event.actor.kind, id));
    let resource_ref = event
        .resource
        .id
        .as_deref()
        .map(|id| keys.reference(&event.resource.kind, id));
    let project_ref = event
        .project_id
        .as_deref()
        .map(|id| keys.reference("project", id));
    let producer_ref = event
        .producer_id
        .as_deref()
        .map(|id| keys.reference("producer", id));
    // The rules ask what was done, whatever it was called.
    event.operation = operation.to_owned().into();
    let masked = mask::mask(&mut event, keys, door.exceptions);
    if !masked.is_empty() {
        flags = flags.with(Flags::MASKED);
        for pointer in &masked {
            event.warnings.push(Warning::new(
                "masked",
                pointer.clone(),
                "a secret was replaced by a keyed tag",
            ));
        }
        let list = masked.into_iter().map(Value::string).collect();
        event.add_detail("masked", Value::Array(list));
    }
    // After masking: what is cut can't be half a secret.
    if oversize == Oversize::Cut && fit::fit(&mut event, keys) {
        flags = flags.with(Flags::TRUNCATED);
    }
    let person = seal_part(Label::Person, std::mem::take(&mut event.person), rng)?;
    let details = seal_part(Label::Details, std::mem::take(&mut event.details), rng)?;
    let draft = EntryDraft::new(&crate::entry::Fields {
        actor_type: &event.actor.kind,
        actor_ref: actor_ref.as_deref(),
        id: &id,
        flags,
        key: door.key,
        source: door.source,
        occurred_at: event.timestamp,
        operation,
        outcome: event.outcome,
        details: details.as_ref().map(|part| part.digest.as_str()),
        person: person.as_ref().map(|part| part.digest.as_str()),
        producer_ref: producer_ref.as_deref(),
        producer_seq: event.producer_seq,
        project_ref: project_ref.as_deref(),
        resource_ref: resource_ref.as_deref(),
        resource_type: &event.resource.kind,
    });
    Ok(Prepared {
        draft,
        id,
        source: door.source.to_owned(),
        occurred_at: event.timestamp,
        person,
        details,
        warnings: event.warnings,
        fresh_id,
    })
}

/// Resolves the operation; an event is never lost over a well-formed name in open mode.
fn name(event: &mut Event<'_>, door: &Door<'_>, flags: &mut Flags) -> Result<String, Rejection> {
    let pointer = event.operation_pointer;
    let resolved = vocabulary::check_with(&event.operation, door.mode, door.additions)
        .map_err(|error| refused_name(&error, pointer))?;
    let (canonical, flag, code, detail) = match resolved {
        Resolved::Canonical(operation) => return Ok(operation.name.to_owned()),
        Resolved::Addition { name } => return Ok(name),
        Resolved::Alias { .. } | Resolved::AdditionAlias { .. } => {
            let detail = format!("stored as {}", resolved.name());
            let name = resolved.name().to_owned();
            (name, Flags::ALIAS, "operation_alias", detail)
        }
        // A name that is kept as it is stands in the entry for ever.
        Resolved::Unknown { .. } if secret::is_secret_shaped(&event.operation) => {
            let expected = "expected an operation such as environment_variable.updated, found what looks like a secret";
            return Err(Rejection::new(Reason::BadOperation, pointer, expected));
        }
        Resolved::Unknown { name } => {
            let detail = "not in the vocabulary: kept as it is".to_owned();
            (name, Flags::UNKNOWN_OPERATION, "operation_unknown", detail)
        }
    };
    *flags = flags.with(flag);
    event.warnings.push(Warning::new(code, pointer, detail));
    if canonical != event.operation {
        let sent = event.operation.clone().into_owned();
        event.add_detail("operation_as_sent", Value::string(sent));
    }
    Ok(canonical)
}

fn refused_name(error: &NameError, pointer: &'static str) -> Rejection {
    let reason = match error {
        NameError::Reserved => Reason::ReservedOperation,
        NameError::TooLong => Reason::TooLong,
        NameError::NotCanonical { .. } => Reason::UnknownOperation,
        _ => Reason::BadOperation,
    };
    Rejection::new(reason, pointer, error.to_string())
}

/// The event's id, and whether it is a made-up one. A producer's id that can't be kept goes to `details`.
fn identify(
    event: &mut Event<'_>,
    door: &Door<'_>,
    rng: &dyn Rng,
    flags: &mut Flags,
) -> (String, bool) {
    if let Some(sent) = event.id.take() {
        if is_plain_id(&sent) && !secret::is_secret_shaped(&sent) {
            return (sent.into_owned(), false);
        }
        *flags = flags.with(Flags::ID_REPLACED);
        event.warnings.push(Warning::new(
            "id_replaced",
            "/id",
            "expected 1 to 64 of A-Z, a-z, 0-9, _ and -, not beginning with vt-: a derived id took its place",
        ));
        let id = door.keys.event_id("id", door.source, &sent);
        event.add_detail("original_id", Value::string(sent.into_owned()));
        return (id, false);
    }
    if let Some((key, index)) = door.idempotency {
        return (
            door.keys
                .event_id("idempotency-key", door.source, &format!("{key}#{index}")),
            false,
        );
    }
    let mut bytes = [0; 16];
    rng.fill(&mut bytes);
    (format!("vt-{}", crate::entry::base64url(&bytes)), true)
}

fn is_plain_id(id: &str) -> bool {
    (1..=crate::limits::EVENT_ID_BYTES_MAX).contains(&id.len())
        && !id.starts_with("vt-")
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn seal_part(
    label: Label,
    members: Vec<crate::json::Member<'_>>,
    rng: &dyn Rng,
) -> Result<Option<Part>, Rejection> {
    if members.is_empty() {
        return Ok(None);
    }
    let mut value = Value::Object(members);
    let part = Part::seal(label, &mut value, rng);
    if part.bytes.len() <= PART_BYTES_MAX {
        return Ok(Some(part));
    }
    let expected = format!(
        "expected at most {PART_BYTES_MAX} bytes of {}, found {}",
        label.name(),
        part.bytes.len()
    );
    let largest = value
        .as_object()
        .unwrap_or_default()
        .iter()
        .max_by_key(|(_, member)| member.to_compact().len());
    let pointer = largest
        .map(|(name, _)| format!("/{name}"))
        .unwrap_or_default();
    Err(Rejection::new(Reason::PartTooLarge, pointer, expected))
}

mod fit;
#[cfg(test)]
mod tests;
