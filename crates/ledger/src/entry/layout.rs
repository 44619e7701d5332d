//! Reading an entry's bytes: the one layout that the writer produces, byte for byte, and nothing else.
//!
//! A strict scanner instead of a JSON parser: what it accepts is canonical by construction, so a verifier needs no
//! second encoding to compare with.

use super::{Place, VERSION};
use crate::name::LogId;
use crate::time::Micros;

/// The fields of an entry, borrowed from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of the entry; docs/formats/entry.md describes them"
)]
pub struct Entry<'a> {
    pub place: Place,
    pub actor_type: &'a str,
    pub actor_ref: Option<&'a str>,
    pub id: &'a str,
    pub flags: Vec<&'a str>,
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

/// Bytes that are no entry of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {VERSION} entry: expected {expected} at byte {offset}")]
pub struct NotAnEntry {
    /// What was expected.
    pub expected: &'static str,
    /// Byte offset.
    pub offset: usize,
}

impl<'a> Entry<'a> {
    /// Reads an entry; anything but the canonical bytes of the schema is refused.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotAnEntry> {
        let text = str::from_utf8(bytes).map_err(|_| NotAnEntry {
            expected: "ASCII",
            offset: 0,
        })?;
        let mut scan = Scan { text, at: 0 };
        scan.literal("{\"actor\":{", "actor")?;
        let actor_ref = scan.optional("\"ref\":")?;
        let actor_type = scan.last("\"type\":", "}", "actor.type")?;
        scan.literal(",", "id")?;
        let id = scan.member("\"id\":", "id")?;
        scan.literal("\"ingest\":{", "ingest")?;
        let flags = scan.flags()?;
        let key = scan.member("\"key\":", "ingest.key")?;
        let source = scan.last("\"source\":", "}", "ingest.source")?;
        scan.literal(",", "log")?;
        let log = scan.member("\"log\":", "log")?;
        let occurred_at = scan.optional("\"occurred_at\":")?;
        let operation = scan.member("\"operation\":", "operation")?;
        let outcome = scan.optional("\"outcome\":")?;
        let (details, person) = scan.pair("\"parts\":{", "\"details\":", "\"person\":")?;
        let (producer_ref, producer_seq) = scan.pair("\"producer\":{", "\"ref\":", "\"seq\":")?;
        if producer_seq.is_some() && producer_ref.is_none() {
            return Err(scan.expected("the producer whose count this is"));
        }
        let recorded_at = scan.member("\"recorded_at\":", "recorded_at")?;
        scan.literal("\"resource\":{", "resource")?;
        let project_ref = scan.optional("\"project_ref\":")?;
        let resource_ref = scan.optional("\"ref\":")?;
        let resource_type = scan.last("\"type\":", "}", "resource.type")?;
        scan.literal(",", "seq")?;
        let seq = scan.member("\"seq\":", "seq")?;
        scan.literal("\"v\":\"", "v")?;
        scan.literal(VERSION, "the version veritrail/entry/1")?;
        scan.literal("\"}", "the end")?;
        if scan.at != text.len() {
            return Err(scan.expected("the end"));
        }
        Ok(Self {
            place: Place {
                log: LogId::parse(log).ok_or(NotAnEntry {
                    expected: "a log id",
                    offset: 0,
                })?,
                seq: count(seq)?,
                recorded_at: time(recorded_at)?,
            },
            actor_type,
            actor_ref,
            id,
            flags,
            key,
            source,
            occurred_at: occurred_at.map(time).transpose()?,
            operation,
            outcome,
            details,
            person,
            producer_ref,
            producer_seq: producer_seq.map(count).transpose()?,
            project_ref,
            resource_ref,
            resource_type,
        })
    }
}

fn time(text: &str) -> Result<Micros, NotAnEntry> {
    // Other spellings of a time (`t` for `T`, an offset) may have the same length.
    let micros = Micros::parse(text)
        .ok()
        .filter(|micros| micros.to_string() == text);
    micros.ok_or(NotAnEntry {
        expected: "a time of fixed width",
        offset: 0,
    })
}

fn count(text: &str) -> Result<u64, NotAnEntry> {
    decimal(text).ok_or(NotAnEntry {
        expected: "a decimal count",
        offset: 0,
    })
}

/// A decimal number without leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain =
        text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse().ok().filter(|_| plain)
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn expected(&self, expected: &'static str) -> NotAnEntry {
        NotAnEntry {
            expected,
            offset: self.at,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn literal(&mut self, literal: &str, expected: &'static str) -> Result<(), NotAnEntry> {
        if !self.rest().starts_with(literal) {
            return Err(self.expected(expected));
        }
        self.at += literal.len();
        Ok(())
    }

    /// A plain string with its quotes.
    fn string(&mut self) -> Result<&'a str, NotAnEntry> {
        self.literal("\"", "a string")?;
        let rest = self.rest();
        let length = rest
            .bytes()
            .position(|byte| !matches!(byte, 0x20..=0x7e) || byte == b'"' || byte == b'\\');
        let text = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        self.at += text.len();
        self.literal("\"", "a plain string")?;
        Ok(text)
    }

    /// A required member, and the comma behind it.
    fn member(&mut self, name: &str, expected: &'static str) -> Result<&'a str, NotAnEntry> {
        self.last(name, ",", expected)
    }

    /// A required member, and what must follow it.
    fn last(
        &mut self,
        name: &str,
        end: &str,
        expected: &'static str,
    ) -> Result<&'a str, NotAnEntry> {
        self.literal(name, expected)?;
        let text = self.string()?;
        self.literal(end, expected)?;
        Ok(text)
    }

    /// A member that may be absent, with the comma behind it.
    fn optional(&mut self, name: &str) -> Result<Option<&'a str>, NotAnEntry> {
        if self.rest().starts_with(name) {
            self.member(name, "a member").map(Some)
        } else {
            Ok(None)
        }
    }

    /// An object that may be absent, of up to two members but not none.
    fn pair(
        &mut self,
        open: &str,
        first: &str,
        second: &str,
    ) -> Result<(Option<&'a str>, Option<&'a str>), NotAnEntry> {
        if !self.rest().starts_with(open) {
            return Ok((None, None));
        }
        self.literal(open, "an object")?;
        let mut one = None;
        if self.rest().starts_with(first) {
            self.literal(first, "a member")?;
            one = Some(self.string()?);
            if self.rest().starts_with("},") {
                self.literal("},", "a closing brace")?;
                return Ok((one, None));
            }
            self.literal(",", "a comma")?;
        }
        let two = self.last(second, "},", "a member")?;
        Ok((one, Some(two)))
    }

    fn flags(&mut self) -> Result<Vec<&'a str>, NotAnEntry> {
        let mut flags: Vec<&str> = Vec::new();
        if !self.rest().starts_with("\"flags\":[") {
            return Ok(flags);
        }
        self.literal("\"flags\":[", "flags")?;
        loop {
            let flag = self.string()?;
            if flags.last().is_some_and(|last| *last >= flag) {
                return Err(self.expected("flags in sorted order"));
            }
            flags.push(flag);
            if self.rest().starts_with("],") {
                self.literal("],", "a closing bracket")?;
                return Ok(flags);
            }
            self.literal(",", "a comma")?;
        }
    }
}
