//! One row of an export as a line of JSON: the exact bytes of an entry and of the parts that still stood.
//!
//! ```text
//! {"seq":7,"leaf_hash":"…","chain":"…","entry":"…","person":"…","details":"…"}
//! {"row":1,"seq":7,"leaf_hash":"…","entry":"…","person":null,"proof":["…"]}
//! ```
//!
//! Promises: a part that the entry commits to is a string, or `null` where it was withheld or erased by then; one that
//! was never sent is not named. A line that parses prints to the same bytes.

use std::borrow::Cow;
use std::fmt::Write;

use base64ct::{Base64, Encoding};

use crate::hash::Hash;
use crate::json::{self, Value, write_string};
use crate::limits::PROOF_HASHES_MAX;
use crate::name::from_hex;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its number in the file from 1; of filtered exports.
    pub row: Option<u64>,
    /// The leaf index.
    pub seq: u64,
    /// The leaf hash.
    pub leaf: Hash,
    /// The derived chain at this entry; of whole exports from entry 0.
    pub chain: Option<Hash>,
    /// The entry's bytes.
    pub entry: Cow<'a, str>,
    /// The `person` part.
    pub person: PartText<'a>,
    /// The `details` part.
    pub details: PartText<'a>,
    /// The inclusion proof, the leaf's sibling first; of filtered exports.
    pub proof: Option<Vec<Hash>>,
}

/// A part in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartText<'a> {
    /// The entry commits to none.
    NotSent,
    /// Withheld or erased when the export was made.
    Absent,
    /// Its bytes.
    Here(Cow<'a, str>),
}

/// A line that is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a row of an export: {expected}")]
pub struct NotARow {
    /// What was expected.
    pub expected: &'static str,
}

impl Row<'_> {
    /// Appends the line, its line feed included.
    pub fn write(&self, out: &mut String) {
        out.push('{');
        // Writing to a String cannot fail.
        if let Some(row) = self.row {
            _ = write!(out, "\"row\":{row},");
        }
        _ = write!(out, "\"seq\":{},\"leaf_hash\":\"", self.seq);
        push_hex(&self.leaf, out);
        if let Some(chain) = &self.chain {
            out.push_str("\",\"chain\":\"");
            push_hex(chain, out);
        }
        out.push_str("\",\"entry\":");
        write_string(&self.entry, out);
        for (name, part) in [
            (",\"person\":", &self.person),
            (",\"details\":", &self.details),
        ] {
            match part {
                PartText::NotSent => {}
                PartText::Absent => {
                    out.push_str(name);
                    out.push_str("null");
                }
                PartText::Here(text) => {
                    out.push_str(name);
                    write_string(text, out);
                }
            }
        }
        if let Some(proof) = &self.proof {
            out.push_str(",\"proof\":[");
            for (index, hash) in proof.iter().enumerate() {
                out.push_str(if index > 0 { ",\"" } else { "\"" });
                out.push_str(&Base64::encode_string(&hash.0));
                out.push('"');
            }
            out.push(']');
        }
        out.push_str("}\n");
    }

    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// [`NotARow`], for a line with members that rows don't have, too.
    pub fn parse(line: &[u8]) -> Result<Row<'_>, NotARow> {
        let refused = |expected| NotARow { expected };
        let value = json::parse(line).map_err(|_| refused("a JSON object"))?;
        let Value::Object(members) = value else {
            return Err(refused("a JSON object"));
        };
        let (mut row, mut seq, mut leaf, mut chain, mut proof) = (None, None, None, None, None);
        let mut entry = None;
        let (mut person, mut details) = (PartText::NotSent, PartText::NotSent);
        for (name, value) in members {
            match name.as_ref() {
                "row" => row = Some(number(&value).ok_or(refused("a row number"))?),
                "seq" => seq = number(&value),
                "leaf_hash" => leaf = hex(&value),
                "chain" => chain = Some(hex(&value).ok_or(refused("a chain hash in hex"))?),
                "proof" => proof = Some(hashes(&value).ok_or(refused("a proof"))?),
                "entry" => entry = string(value),
                "person" => person = part(value).ok_or(refused("a part or null"))?,
                "details" => details = part(value).ok_or(refused("a part or null"))?,
                _ => return Err(refused("no other members")),
            }
        }
        Ok(Row {
            row,
            seq: seq.ok_or(refused("a seq"))?,
            leaf: leaf.ok_or(refused("a leaf hash in hex"))?,
            chain,
            entry: entry.ok_or(refused("an entry"))?,
            person,
            details,
            proof,
        })
    }
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Number(text) => crate::checkpoint::parse_decimal(text),
        _ => None,
    }
}

fn hex(value: &Value<'_>) -> Option<Hash> {
    from_hex(value.as_str()?).map(Hash)
}

fn hashes(value: &Value<'_>) -> Option<Vec<Hash>> {
    let items = value.as_array()?;
    if items.len() > PROOF_HASHES_MAX {
        return None;
    }
    let items = items.iter();
    items
        .map(|item| crate::checkpoint::parse_hash(item.as_str()?))
        .collect()
}

fn string(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn part(value: Value<'_>) -> Option<PartText<'_>> {
    match value {
        Value::Null => Some(PartText::Absent),
        Value::String(text) => Some(PartText::Here(text)),
        _ => None,
    }
}

/// Appends lower-case hex.
pub fn push_hex(hash: &Hash, out: &mut String) {
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(hash.0) {
        for (digit, value) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = value + if value < 10 { b'0' } else { b'a' - 10 };
        }
    }
    out.push_str(str::from_utf8(&digits).unwrap_or_default());
}
