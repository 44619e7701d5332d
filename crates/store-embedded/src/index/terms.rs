//! Terms: what of an event goes into the inverted index, byte for byte. docs/formats/index.md.
//!
//! Promises: the terms of an event are sorted and without doubles; every term but an identifier's begins with the
//! number of the log, and an identifier's hash covers it, so that a log's postings are its own. Must never: hold a
//! mask's tag (the document has none).
//!
//! ```text
//! log u32, 'l'                                     every event
//! log u32, 'v', access, field, [name, 0], value    a value that is found whole and by its beginning
//! log u32, 'b', access, field, beginning           a keyword that is too long for a value begins so: its first 128 bytes
//! log u32, 'e', access, field, [name]              there is a value; of fields of few values: one that is no term
//! log u32, 'w', access, word                       a common word of any text
//! log u32, 'n', access, level, prefix              the network of an address
//! log u32, 'p', beginning                          the operation up to a dot, which is in it
//! log u32, 'o'                                     not all of its words are here
//! ff ff ff ff, lane u8, bucket u16                 13 bits of an identifier's hash; four lanes make 52
//! ff ff ff ff, 4, bucket u16                       13 bits of the hash of a word and the number behind it
//! ```
//! Identifiers hardly ever repeat, and a term of its own for each costs 5 µs and 30 bytes (docs/adr/0012): they share
//! buckets, and what all four buckets have in common is the identifier's events. Numbers stand in most events, so that
//! "deployment-63" would be looked for in every event about a deployment that has 63 anywhere: a number and the word
//! before it are a term, too.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use query::Kind;
use query::document::{Access, Document, Fact};
use query::field::{Field, Side};
use query::limits::{VALUE_BYTES_MAX, WORDS_MAX};
use query::words::{fold, is_identifier, is_matched_whole, words};

/// What stands where other terms have their log.
const IDENTIFIERS: [u8; 4] = [0xff; 4];
/// Lanes of an identifier's hash.
pub(crate) const LANES: u8 = 4;
/// Where words side by side have their buckets.
const PAIRS_LANE: u8 = LANES;
/// Numbers of more digits are rare enough to be found alone.
const NUMBER_BYTES_MAX: usize = 8;
/// Bits of the hash in one lane.
const LANE_BITS: u32 = 13;
/// Prefix lengths in bytes at which networks are indexed, of the 16 bytes of an address; IPv4 is mapped, so that 14 is
/// a /16 and 15 a /24.
pub(crate) const LEVELS: [usize; 6] = [4, 6, 8, 13, 14, 15];

/// The sorted terms of one event in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    bytes: Box<[u8]>,
    /// Where each term begins; the end closes the list.
    starts: Box<[u32]>,
}

impl Terms {
    /// The terms of a document in log number `log`.
    pub(crate) fn of(log: u32, document: &Document<'_>) -> Self {
        let mut builder = Builder::new(log);
        builder.push(|term| term.push(b'l'));
        let mut words_left = WORDS_MAX;
        for fact in &document.facts {
            builder.fact(fact, &mut words_left);
        }
        builder.finish()
    }

    /// The term that every event of the same log has.
    pub(crate) fn of_its_log(&self) -> Vec<u8> {
        let mut term = self.get(0).get(..4).unwrap_or_default().to_vec();
        term.push(b'l');
        term
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let bound = |at: usize| {
            self.starts
                .get(at)
                .map_or(self.bytes.len(), |at| *at as usize)
        };
        self.bytes
            .get(bound(index)..bound(index + 1))
            .unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The first term that is not below `from`.
    pub(crate) fn lower_bound(&self, from: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.get(middle) < from {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether this term is among them.
    pub(crate) fn has(&self, term: &[u8]) -> bool {
        let at = self.lower_bound(term);
        at < self.len() && self.get(at) == term
    }

    /// Whether a term from `from` to below `to` is among them.
    pub(crate) fn has_between(&self, from: &[u8], to: &[u8]) -> bool {
        let at = self.lower_bound(from);
        at < self.len() && self.get(at) < to
    }
}

/// Every event of a log.
pub(crate) fn of_log(log: u32) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    term.push(b'l');
    term
}

/// Events with more words than are indexed.
pub(crate) fn overflow(log: u32) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    term.push(b'o');
    term
}

/// What the terms of a field's values begin with.
pub(crate) fn values_of(log: u32, access: Access, field: &Field) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    value_head(&mut term, access, field);
    term
}

/// A value.
pub(crate) fn value(log: u32, access: Access, field: &Field, value: &str) -> Vec<u8> {
    let mut term = values_of(log, access, field);
    term.extend_from_slice(value.as_bytes());
    term
}

/// What the terms of long values of a keyword begin with that begin with `beginning`; the whole term when that is long
/// itself.
pub(crate) fn beginning(log: u32, access: Access, field: &Field, beginning: &str) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    beginning_into(&mut term, access, field, beginning);
    term
}

/// The operations of a resource: `beginning` ends with a dot.
pub(crate) fn operations(log: u32, beginning: &str) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    term.push(b'p');
    term.extend_from_slice(beginning.as_bytes());
    term
}

/// An address as a value.
pub(crate) fn address(log: u32, access: Access, address: [u8; 16]) -> Vec<u8> {
    let mut term = values_of(log, access, &Field::Ip);
    term.extend_from_slice(&address);
    term
}

/// The network that an address is in, `level` bytes long.
pub(crate) fn network(log: u32, access: Access, level: usize, prefix: &[u8]) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    network_into(&mut term, access, level, prefix);
    term
}

/// That there is a value.
pub(crate) fn exists(log: u32, access: Access, field: &Field) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    exists_into(&mut term, access, field);
    term
}

/// A common word.
pub(crate) fn word(log: u32, access: Access, word: &str) -> Vec<u8> {
    let mut term = log.to_be_bytes().to_vec();
    term.extend_from_slice(&[b'w', code_of_access(access)]);
    term.extend_from_slice(word.as_bytes());
    term
}

/// The buckets of an identifier.
pub(crate) fn identifier(log: u32, access: Access, word: &str) -> [Vec<u8>; LANES as usize] {
    let hash = hash(log, access, word);
    std::array::from_fn(|lane| {
        let mut term = IDENTIFIERS.to_vec();
        lane_into(&mut term, hash, u8::try_from(lane).unwrap_or_default());
        term
    })
}

/// Whether two words side by side have a bucket: a word and the number behind it.
pub(crate) fn is_pair(first: &str, second: &str) -> bool {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    second.len() <= NUMBER_BYTES_MAX && is_number(second) && !is_number(first)
}

/// The bucket of two words side by side.
pub(crate) fn pair(log: u32, access: Access, first: &str, second: &str) -> Vec<u8> {
    let mut term = IDENTIFIERS.to_vec();
    lane_into(&mut term, pair_hash(log, access, first, second), PAIRS_LANE);
    term
}

/// Whether a term is one of a single log. A bucket has other logs' events, too, when hashes meet.
pub(crate) fn is_of_one_log(term: &[u8]) -> bool {
    !term.starts_with(&IDENTIFIERS)
}

/// The first term behind all that begin with `prefix`.
pub(crate) fn behind(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xff; 8]
}

/// The 16 bytes of an address, IPv4 mapped.
pub(crate) fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// Whether values of the field may be too long for a term and are found by their beginning all the same. The others'
/// values are names that can't be as long.
pub(crate) fn has_beginnings(field: &Field) -> bool {
    field.kind() == Kind::Keyword
        && !matches!(
            field,
            Field::Operation
                | Field::ResourceType
                | Field::ActorType
                | Field::Outcome
                | Field::Source
                | Field::Key
                | Field::Flag
        )
}

/// Whether values of the field are in the index as terms; the others are found by their words.
pub(crate) fn is_term(field: &Field, value: &str) -> bool {
    is_term_of(field.kind(), value)
}

fn is_term_of(kind: Kind, value: &str) -> bool {
    match kind {
        Kind::Keyword => value.len() <= VALUE_BYTES_MAX,
        Kind::Open | Kind::Identifier => !is_matched_whole(value),
        Kind::Prose | Kind::Number | Kind::Time | Kind::Address => false,
    }
}

struct Builder {
    log: [u8; 4],
    number: u32,
    bytes: Vec<u8>,
    spans: Vec<(u32, u32)>,
}

impl Builder {
    fn new(log: u32) -> Self {
        Self {
            log: log.to_be_bytes(),
            number: log,
            bytes: Vec::with_capacity(1_536),
            spans: Vec::with_capacity(96),
        }
    }

    fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.push_with(self.log, write);
    }

    fn push_with(&mut self, head: [u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&head);
        write(&mut self.bytes);
        self.spans
            .push((position(start), position(self.bytes.len())));
    }

    fn fact(&mut self, fact: &Fact<'_>, words_left: &mut usize) {
        let (field, access) = (&fact.field, fact.access);
        let mut is_value = false;
        match field.kind() {
            Kind::Address => self.address(fact),
            kind @ (Kind::Keyword | Kind::Open | Kind::Identifier) => {
                let value = fold(&fact.text);
                is_value = is_term_of(kind, &value);
                if is_value {
                    self.push(|term| {
                        value_head(term, access, field);
                        term.extend_from_slice(value.as_bytes());
                    });
                    if *field == Field::Operation {
                        self.operations(&value);
                    }
                } else if has_beginnings(field) {
                    self.push(|term| beginning_into(term, access, field, &value));
                }
            }
            Kind::Prose | Kind::Number | Kind::Time => {}
        }
        if needs_exists(field) && !(is_value && has_few_values(field)) {
            self.push(|term| exists_into(term, access, field));
        }
        if fact.counts_as_text() {
            let mut before: Option<Cow<'_, str>> = None;
            for word in words(&fact.text) {
                // What the evaluator looks at, no more.
                if *words_left == 0 {
                    return self.push(|term| term.push(b'o'));
                }
                *words_left -= 1;
                if let Some(before) = &before
                    && is_pair(before, &word)
                {
                    let hash = pair_hash(self.number, access, before, &word);
                    self.push_with(IDENTIFIERS, |term| lane_into(term, hash, PAIRS_LANE));
                }
                if is_identifier(&word) {
                    let hash = hash(self.number, access, &word);
                    for lane in 0..LANES {
                        self.push_with(IDENTIFIERS, |term| lane_into(term, hash, lane));
                    }
                } else {
                    self.push(|term| {
                        term.extend_from_slice(&[b'w', code_of_access(access)]);
                        term.extend_from_slice(word.as_bytes());
                    });
                }
                before = Some(word);
            }
        }
    }

    fn operations(&mut self, operation: &str) {
        for (at, _) in operation.match_indices('.') {
            let beginning = operation.get(..=at).unwrap_or_default();
            self.push(|term| {
                term.push(b'p');
                term.extend_from_slice(beginning.as_bytes());
            });
        }
    }

    fn address(&mut self, fact: &Fact<'_>) {
        let Ok(address) = fact.text.parse::<IpAddr>() else {
            return;
        };
        let octets = octets(address);
        self.push(|term| {
            value_head(term, fact.access, &Field::Ip);
            term.extend_from_slice(&octets);
        });
        for level in levels_of(octets) {
            let prefix = octets.get(..level).unwrap_or_default();
            self.push(|term| network_into(term, fact.access, level, prefix));
        }
    }

    fn finish(self) -> Terms {
        let Self { bytes, spans, .. } = self;
        let text = |span: &(u32, u32)| {
            bytes
                .get(span.0 as usize..span.1 as usize)
                .unwrap_or_default()
        };
        // A few bytes decide nearly always, and numbers compare faster than slices.
        let mut spans: Vec<(u64, (u32, u32))> = spans
            .into_iter()
            .map(|span| (head(text(&span)), span))
            .collect();
        spans.sort_unstable_by(|left, right| {
            let rest = || text(&left.1).cmp(text(&right.1));
            left.0.cmp(&right.0).then_with(rest)
        });
        spans.dedup_by(|left, right| left.0 == right.0 && text(&left.1) == text(&right.1));
        let mut sorted = Vec::with_capacity(bytes.len());
        let mut starts = Vec::with_capacity(spans.len() + 1);
        for (_, span) in &spans {
            starts.push(position(sorted.len()));
            sorted.extend_from_slice(text(span));
        }
        starts.push(position(sorted.len()));
        Terms {
            bytes: sorted.into_boxed_slice(),
            starts: starts.into_boxed_slice(),
        }
    }
}

/// What follows a term's first four bytes, as a number of the same order: the log is the same in all that are
/// compared, and buckets come behind.
fn head(term: &[u8]) -> u64 {
    let (log, rest) = term.split_at_checked(4).unwrap_or_default();
    let mut bytes = [0; 8];
    let length = rest.len().min(8);
    if let (Some(to), Some(from)) = (bytes.get_mut(..length), rest.get(..length)) {
        to.copy_from_slice(from);
    }
    // Letters and lanes leave the highest bit free.
    let is_bucket = u64::from(log == IDENTIFIERS) << 63;
    u64::from_be_bytes(bytes) | is_bucket
}

/// The levels at which the networks of an address are indexed.
pub(crate) fn levels_of(octets: [u8; 16]) -> impl Iterator<Item = usize> {
    let v4 = Ipv6Addr::from(octets).to_ipv4_mapped().is_some();
    LEVELS.into_iter().filter(move |level| (*level > 12) == v4)
}

/// A document is at most 512 KiB of parts and its terms a small multiple of that.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Fields of few values, most of which most events have: that there is one is asked of the values, and only what is too
/// long for a term says that it is there.
pub(crate) fn has_few_values(field: &Field) -> bool {
    matches!(
        field,
        Field::Outcome
            | Field::Environment
            | Field::Application
            | Field::Service
            | Field::Region
            | Field::Channel
            | Field::Producer
            | Field::Country
    )
}

/// Every event has these, so that asking for them needs no term.
fn needs_exists(field: &Field) -> bool {
    !matches!(
        field,
        Field::Id
            | Field::Operation
            | Field::ActorType
            | Field::ResourceType
            | Field::Source
            | Field::Key
            | Field::Text
    )
}

fn value_head(term: &mut Vec<u8>, access: Access, field: &Field) {
    term.extend_from_slice(&[b'v', code_of_access(access), code_of_field(field)]);
    if let Some(name) = name_of(field) {
        // A name holds no zero: it would end the name.
        term.extend(name.bytes().filter(|byte| *byte != 0));
        term.push(0);
    }
}

fn beginning_into(term: &mut Vec<u8>, access: Access, field: &Field, value: &str) {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    term.extend_from_slice(&[b'b', code_of_access(access), code_of_field(field)]);
    term.extend_from_slice(value.get(..end).unwrap_or_default().as_bytes());
}

fn exists_into(term: &mut Vec<u8>, access: Access, field: &Field) {
    term.extend_from_slice(&[b'e', code_of_access(access), code_of_field(field)]);
    if let Some(name) = name_of(field) {
        term.extend(name.bytes().filter(|byte| *byte != 0));
    }
}

fn network_into(term: &mut Vec<u8>, access: Access, level: usize, prefix: &[u8]) {
    let level = u8::try_from(level).unwrap_or_default();
    term.extend_from_slice(&[b'n', code_of_access(access), level]);
    term.extend_from_slice(prefix);
}

fn lane_into(term: &mut Vec<u8>, hash: u64, lane: u8) {
    let bucket = (hash >> (u32::from(lane % LANES) * LANE_BITS)) & ((1 << LANE_BITS) - 1);
    term.push(lane);
    term.extend_from_slice(&u16::try_from(bucket).unwrap_or_default().to_be_bytes());
}

/// 64 bits that depend on every byte. Whoever tries finds two identifiers of one hash, so what the buckets name is
/// judged like any other guess.
fn hash(log: u32, access: Access, word: &str) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, block: u64| {
        let state = (state ^ block).wrapping_mul(MULTIPLIER);
        state ^ (state >> 29)
    };
    let mut state = mix(u64::from(log), u64::from(code_of_access(access)));
    for chunk in word.as_bytes().chunks(8) {
        let block = chunk.iter().fold(chunk.len() as u64, |block, byte| {
            (block << 8) | u64::from(*byte)
        });
        state = mix(state, block);
    }
    mix(mix(state, word.len() as u64), MULTIPLIER)
}

fn pair_hash(log: u32, access: Access, first: &str, second: &str) -> u64 {
    hash(log, access, first).rotate_left(32) ^ hash(log, access, second)
}

fn name_of(field: &Field) -> Option<&str> {
    match field {
        Field::Change { name, .. } | Field::Metadata(name) => Some(name),
        _ => None,
    }
}

fn code_of_access(access: Access) -> u8 {
    match access {
        Access::Open => 0,
        Access::Restricted => 1,
    }
}

/// Codes stand in index files; a new field gets the next one.
fn code_of_field(field: &Field) -> u8 {
    match field {
        Field::Id => 1,
        Field::Seq => 2,
        Field::Timestamp => 3,
        Field::Recorded => 4,
        Field::Operation => 5,
        Field::ResourceType => 6,
        Field::ResourceId => 7,
        Field::ResourceName => 8,
        Field::Project => 9,
        Field::RelatedType => 10,
        Field::RelatedId => 11,
        Field::ActorType => 12,
        Field::ActorId => 13,
        Field::ActorEmail => 14,
        Field::ActorName => 15,
        Field::Credential => 16,
        Field::OnBehalfOf => 17,
        Field::Ip => 18,
        Field::UserAgent => 19,
        Field::Device => 20,
        Field::Session => 21,
        Field::Outcome => 22,
        Field::OutcomeCode => 23,
        Field::OutcomeMessage => 24,
        Field::Reason => 25,
        Field::ApprovedBy => 26,
        Field::Ticket => 27,
        Field::Environment => 28,
        Field::Application => 29,
        Field::Service => 30,
        Field::Region => 31,
        Field::Channel => 32,
        Field::SourceAction => 33,
        Field::RequestId => 34,
        Field::CorrelationId => 35,
        Field::CausationId => 36,
        Field::TraceId => 37,
        Field::Producer => 38,
        Field::ProducerSeq => 39,
        Field::Source => 40,
        Field::Key => 41,
        Field::Flag => 42,
        Field::Changed => 43,
        Field::Change {
            side: Side::Before, ..
        } => 44,
        Field::Change {
            side: Side::After | Side::Either,
            ..
        } => 45,
        Field::Metadata(_) => 46,
        Field::Country => 47,
        Field::Subdivision => 48,
        Field::City => 49,
        // Text has no values of its own, and what is newer than this file is found by its words.
        _ => 0,
    }
}
