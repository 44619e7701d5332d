//! The entry: the exact bytes that commit to one event. RFC 8785 JSON of a closed schema, `veritrail/entry/1`.
//!
//! Promises: every byte is fixed by docs/formats; no text that a producer chose freely gets in, only identifiers of a
//! narrow alphabet and pseudonyms, so nothing here needs escaping. Must never be rebuilt once it is sealed.

mod layout;
mod opening;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::flags::Flags;
use crate::name::LogId;
use crate::time::Micros;

pub use layout::{Entry, NotAnEntry};
pub use opening::{Kind, Opening, Predecessor};

/// Schema name of an event's entry.
pub const VERSION: &str = "veritrail/entry/1";
/// Schema name of entry 0 of every log.
pub const OPENING_VERSION: &str = "veritrail/log/1";

/// Unpadded base64url.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What an entry says, but for its place in a log.
#[derive(Clone, Copy, Debug)]
#[expect(
    missing_docs,
    reason = "the names are those of the entry; docs/formats/entry.md describes them"
)]
pub struct Fields<'a> {
    pub actor_type: &'a str,
    pub actor_ref: Option<&'a str>,
    pub id: &'a str,
    pub flags: Flags,
    pub key: &'a str,
    pub source: &'a str,
    pub occurred_at: Option<Micros>,
    pub operation: &'a str,
    pub outcome: Option<&'a str>,
    pub details: Option<&'a str>,
    pub person: Option<&'a str>,
    pub producer_ref: Option<&'a str>,
    pub producer_seq: Option<u64>,
    pub project_ref: Option<&'a str>,
    pub resource_ref: Option<&'a str>,
    pub resource_type: &'a str,
}

/// An entry in three pieces, between which [`crate::seal`] writes what it alone knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryDraft {
    text: String,
    ingest_end: usize,
    before_recorded: usize,
    flags: Flags,
    head_end: usize,
}

impl EntryDraft {
    /// Encodes the fields.
    pub fn new(fields: &Fields<'_>) -> Self {
        let mut text = String::with_capacity(512);
        text.push_str("{\"actor\":{");
        optional(&mut text, "ref", fields.actor_ref);
        member(&mut text, "type", fields.actor_type);
        text.push_str("},");
        member(&mut text, "id", fields.id);
        text.push_str(",\"ingest\":{");
        let head_end = text.len();
        member(&mut text, "key", fields.key);
        text.push(',');
        member(&mut text, "source", fields.source);
        text.push_str("},");
        let ingest_end = text.len();
        if let Some(at) = fields.occurred_at {
            optional(&mut text, "occurred_at", Some(&at.to_string()));
        }
        optional(&mut text, "operation", Some(fields.operation));
        optional(&mut text, "outcome", fields.outcome);
        if fields.details.is_some() || fields.person.is_some() {
            text.push_str("\"parts\":{");
            optional(&mut text, "details", fields.details);
            optional(&mut text, "person", fields.person);
            close(&mut text);
        }
        if let Some(reference) = fields.producer_ref {
            text.push_str("\"producer\":{");
            optional(&mut text, "ref", Some(reference));
            if let Some(seq) = fields.producer_seq {
                optional(&mut text, "seq", Some(&seq.to_string()));
            }
            close(&mut text);
        }
        let before_recorded = text.len();
        text.push_str("\"resource\":{");
        optional(&mut text, "project_ref", fields.project_ref);
        optional(&mut text, "ref", fields.resource_ref);
        optional(&mut text, "type", Some(fields.resource_type));
        close(&mut text);
        Self {
            text,
            ingest_end,
            before_recorded,
            flags: fields.flags,
            head_end,
        }
    }

    /// The flags known before sealing.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// The entry's bytes at its place. `recorded_at` is the fixed-width text of the time.
    pub(crate) fn complete(&self, log: &str, seq: u64, recorded_at: &str, flags: Flags) -> Vec<u8> {
        let mut text = String::with_capacity(self.text.len() + 192);
        let piece = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        text.push_str(piece(0, self.head_end));
        if !flags.is_empty() {
            text.push_str("\"flags\":");
            let mut open = '[';
            for name in flags.names() {
                text.push(open);
                text.push('"');
                text.push_str(name);
                text.push('"');
                open = ',';
            }
            text.push_str("],");
        }
        text.push_str(piece(self.head_end, self.ingest_end));
        optional(&mut text, "log", Some(log));
        text.push_str(piece(self.ingest_end, self.before_recorded));
        optional(&mut text, "recorded_at", Some(recorded_at));
        text.push_str(piece(self.before_recorded, self.text.len()));
        optional(&mut text, "seq", Some(&seq.to_string()));
        member(&mut text, "v", VERSION);
        text.push('}');
        text.into_bytes()
    }
}

/// Where an entry stands: what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The log.
    pub log: LogId,
    /// The leaf index.
    pub seq: u64,
    /// Our time.
    pub recorded_at: Micros,
}

/// Whether a text may stand in an entry without escapes.
pub fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\')
}

fn member(out: &mut String, name: &str, value: &str) {
    assert!(is_plain(value), "an entry's values are of a plain alphabet");
    out.push('"');
    out.push_str(name);
    out.push_str("\":\"");
    out.push_str(value);
    out.push('"');
}

fn optional(out: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        member(out, name, value);
        out.push(',');
    }
}

/// Turns the comma behind the last member into a closing brace and a comma.
fn close(out: &mut String) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push_str("},");
}

#[cfg(test)]
mod tests;
