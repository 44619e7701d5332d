//! The bytes of a heads file, version 1.
//!
//! ASCII lines. A header, then groups; each call of the signer appends one group with one fsync:
//!
//! ```text
//! veritrail-heads 1 <public key, 64 hex>
//! + <group number, 16 hex> <bytes of the group, 8 hex>
//! <log id, 32 hex> <size, decimal> <root, 64 hex> <origin, or - where the log has one already>
//! = <group number> <bytes of the group> <SHA-256(check of the group before ‖ the group up to here), 64 hex>
//! ```
//!
//! The first group's predecessor is the SHA-256 of the header. The framing lines have a fixed length; "bytes of the
//! group" counts them too.
//!
//! Promises: a file whose last group a crash tore is read without that group; any other change is a flaw. How the two
//! are told apart: a crash loses whole sectors, which read as zeros (no byte of the text is zero), or the end of the
//! file; and it can only reach the last group, because every earlier one was synced before the next was begun.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ledger::hash::Hash;
use ledger::name::{LogId, from_hex, to_hex};

use super::PinnedHead;

/// First words of the file; the version follows.
const MAGIC: &str = "veritrail-heads ";
/// `veritrail-heads 1 <64 hex>\n`
pub(super) const HEADER_BYTES: usize = 16 + 2 + 64 + 1;
/// `+ <16 hex> <8 hex>\n`
const OPENING_BYTES: usize = 2 + 16 + 1 + 8 + 1;
/// `= <16 hex> <8 hex> <64 hex>\n`
const CLOSING_BYTES: usize = OPENING_BYTES + 64 + 1;
/// What a disk writes whole or not at all, at least.
const SECTOR_BYTES: usize = 512;

/// What a file says, and where it goes on.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) key: [u8; 32],
    pub(super) heads: BTreeMap<LogId, PinnedHead>,
    /// Records in the file, dead ones included.
    pub(super) records: u64,
    pub(super) groups: u64,
    /// Check of the last group.
    pub(super) chain: Hash,
    /// Where the last whole group ends.
    pub(super) end: u64,
}

/// A group ready to be appended.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) bytes: Vec<u8>,
    pub(super) chain: Hash,
}

/// Why a file is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Newer,
    Damaged { offset: u64, why: &'static str },
}

pub(super) fn header(key: &[u8; 32]) -> String {
    format!("{MAGIC}1 {}\n", to_hex(key))
}

/// Reads a file up to its last whole group.
pub(super) fn parse(bytes: &[u8]) -> Result<Memory, Flaw> {
    let mut memory = Memory::empty(parse_header(bytes)?);
    loop {
        let offset = usize::try_from(memory.end).unwrap_or(usize::MAX);
        let tail = bytes.get(offset..).unwrap_or_default();
        if tail.is_empty() {
            return Ok(memory);
        }
        match whole_group(tail, &memory) {
            Ok((group, chain)) => memory
                .apply(group, chain)
                .map_err(|why| damaged(offset, why))?,
            Err(_) if torn(tail, offset, memory.groups) => return Ok(memory),
            Err(why) => return Err(damaged(offset, why)),
        }
    }
}

impl Memory {
    /// That of a file which is a header only.
    pub(super) fn empty(key: [u8; 32]) -> Self {
        Self {
            key,
            heads: BTreeMap::new(),
            records: 0,
            groups: 0,
            chain: Hash::of(header(&key).as_bytes()),
            end: HEADER_BYTES as u64,
        }
    }

    /// The group that would record these heads next.
    pub(super) fn group(&self, changed: &BTreeMap<LogId, PinnedHead>) -> Group {
        let mut body = String::new();
        for (log, head) in changed {
            let origin = match self.heads.get(log) {
                Some(known) if known.origin == head.origin => "-",
                _ => &head.origin,
            };
            // Writing to a string does not fail.
            let _ = writeln!(body, "{log} {} {} {origin}", head.size, head.root);
        }
        let length = OPENING_BYTES + body.len() + CLOSING_BYTES;
        let frame = format!("{:016x} {length:08x}", self.groups);
        let mut text = format!("+ {frame}\n{body}= {frame} ");
        let chain = check(&self.chain, text.as_bytes());
        text.push_str(&chain.to_hex());
        text.push('\n');
        debug_assert_eq!(text.len(), length, "the framing lines have a fixed length");
        Group {
            bytes: text.into_bytes(),
            chain,
        }
    }

    /// Takes over a group whose check is right. What is wrong now was written wrong.
    fn apply(&mut self, group: &[u8], chain: Hash) -> Result<(), &'static str> {
        let body = &group[OPENING_BYTES..group.len() - CLOSING_BYTES];
        let body = std::str::from_utf8(body).map_err(|_| "a record is not UTF-8")?;
        for line in body.lines() {
            let (log, head) = self.record(line).ok_or("a record can't be read")?;
            if let Some(last) = self.heads.get(&log) {
                if last.size > head.size || (last.size == head.size && last.root != head.root) {
                    return Err("a record contradicts an earlier one");
                }
                if last.origin != head.origin {
                    return Err("a record changes an origin");
                }
            }
            self.heads.insert(log, head);
            self.records += 1;
        }
        self.groups += 1;
        self.chain = chain;
        self.end += group.len() as u64;
        Ok(())
    }

    fn record(&self, line: &str) -> Option<(LogId, PinnedHead)> {
        let mut words = line.split(' ');
        let log = LogId::parse(words.next()?)?;
        let size = words.next()?.parse().ok()?;
        let root = Hash(from_hex(words.next()?)?);
        let origin = match words.next()? {
            "-" => self.heads.get(&log)?.origin.clone(),
            origin => origin.to_owned(),
        };
        if words.next().is_some() {
            return None;
        }
        Some((log, PinnedHead { origin, size, root }))
    }
}

/// The group at the beginning of `tail` and its check.
fn whole_group<'a>(tail: &'a [u8], memory: &Memory) -> Result<(&'a [u8], Hash), &'static str> {
    let opening = Frame::opening(tail).ok_or("no group begins here")?;
    if opening.number != memory.groups {
        return Err("a group is out of order");
    }
    if opening.bytes < OPENING_BYTES + CLOSING_BYTES {
        return Err("a group has an impossible length");
    }
    let group = tail.get(..opening.bytes).ok_or("a group is cut off")?;
    let (closing, sealed) = Frame::closing(group).ok_or("a group does not end where it should")?;
    let computed = check(&memory.chain, &group[..group.len() - 65]);
    if closing != opening || sealed != computed {
        return Err("a group does not match its check");
    }
    Ok((group, sealed))
}

/// Whether `tail`, which is no whole group and begins at `offset`, is what a crash made of the one group `number`.
fn torn(tail: &[u8], offset: usize, number: u64) -> bool {
    let opening = Frame::opening(tail);
    let closing = Frame::closing(tail).map(|(frame, _)| frame);
    let fits = |frame: Frame| frame.number == number && frame.bytes >= tail.len();
    // Anything that belongs to a second group: then this one was synced, and no crash can have touched it.
    if opening.is_some_and(|frame| !fits(frame))
        || closing.is_some_and(|frame| !fits(frame) || frame.bytes != tail.len())
        || frames_within(tail)
    {
        return false;
    }
    if lost_sector(tail, offset) {
        return true;
    }
    let short = opening.is_some_and(|frame| frame.bytes > tail.len()) || tail.len() < OPENING_BYTES;
    short && closing.is_none()
}

/// Whether a framing line stands anywhere but at the beginning and the end.
fn frames_within(tail: &[u8]) -> bool {
    tail.windows(2)
        .enumerate()
        .filter(|(_, pair)| pair == b"\n+" || pair == b"\n=")
        .filter_map(|(at, _)| tail.get(at + 1..))
        .any(|line| {
            let closing = line.get(..CLOSING_BYTES).and_then(Frame::closing);
            Frame::opening(line).is_some() || (closing.is_some() && line.len() > CLOSING_BYTES)
        })
}

/// Whether some sector's share of `tail` is all zeros.
fn lost_sector(tail: &[u8], offset: usize) -> bool {
    let first = (SECTOR_BYTES - offset % SECTOR_BYTES).min(tail.len());
    let (head, rest) = tail.split_at(first);
    std::iter::once(head)
        .chain(rest.chunks(SECTOR_BYTES))
        .any(|sector| sector.iter().all(|byte| *byte == 0))
}

/// What both framing lines say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    number: u64,
    bytes: usize,
}

impl Frame {
    /// Reads the opening line with which `bytes` begins.
    fn opening(bytes: &[u8]) -> Option<Self> {
        let line = bytes.get(..OPENING_BYTES)?;
        Self::parse(line.strip_prefix(b"+ ")?.strip_suffix(b"\n")?)
    }

    /// Reads the closing line with which `bytes` ends, and its check.
    fn closing(bytes: &[u8]) -> Option<(Self, Hash)> {
        let start = bytes.len().checked_sub(CLOSING_BYTES)?;
        let line = bytes.get(start..)?.strip_prefix(b"= ")?;
        let (frame, check) = line.strip_suffix(b"\n")?.split_at_checked(25)?;
        let check = std::str::from_utf8(check.strip_prefix(b" ")?).ok()?;
        Some((Self::parse(frame)?, Hash(from_hex(check)?)))
    }

    /// Reads `<16 hex> <8 hex>`.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (number, length) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
        let length = u32::from_be_bytes(from_hex(length)?);
        Some(Self {
            number: u64::from_be_bytes(from_hex(number)?),
            bytes: usize::try_from(length).ok()?,
        })
    }
}

fn parse_header(bytes: &[u8]) -> Result<[u8; 32], Flaw> {
    let wrong = damaged(0, "no heads file begins like this");
    let version = bytes.strip_prefix(MAGIC.as_bytes());
    if version.is_some_and(|version| !version.starts_with(b"1 ")) {
        return Err(Flaw::Newer);
    }
    let header = bytes.get(..HEADER_BYTES).unwrap_or_default();
    std::str::from_utf8(header)
        .ok()
        .and_then(|line| line.strip_prefix(MAGIC)?.strip_prefix("1 "))
        .and_then(|line| from_hex(line.strip_suffix('\n')?))
        .ok_or(wrong)
}

fn check(before: &Hash, bytes: &[u8]) -> Hash {
    let mut checked = before.0.to_vec();
    checked.extend_from_slice(bytes);
    Hash::of(&checked)
}

fn damaged(offset: usize, why: &'static str) -> Flaw {
    Flaw::Damaged {
        offset: offset as u64,
        why,
    }
}

#[cfg(test)]
mod tests;
