//! From a filter to conditions on terms, places in time and places in the log.
//!
//! Promises: a condition accepts every event that the filter accepts; when it is *exact*, no other. Where the index
//! can't say (words side by side, numbers in metadata, values too long for a term) the condition is wider, and whoever
//! uses it asks the evaluator about each event. Pure.

use std::collections::HashSet;
use std::net::Ipv6Addr;

use query::address::Network;
use query::document::{Access, Viewer};
use query::field::{Field, Side};
use query::limits::VALUE_BYTES_MAX;
use query::plan::{Bound, Leaf, Number, Span};
use query::words::{is_identifier, words};
use query::{Filter, Kind, Test};
use store::StoreError;

use super::terms;

/// What an event must have, in terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Condition {
    /// Every event of the log.
    All,
    /// No event.
    Nothing,
    /// This term.
    Term(Vec<u8>),
    /// A term from the first to below the second.
    Between(Vec<u8>, Vec<u8>),
    /// One of these.
    Any(Vec<Self>),
    /// All of these.
    Every(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A time within these bounds, both included, in microseconds.
    Time(i64, i64),
    /// A seq within these bounds, both included.
    Seq(u64, u64),
}

/// A condition and whether it says all that the filter does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiled {
    pub(crate) condition: Condition,
    pub(crate) exact: bool,
}

/// What compiling needs to know of the log.
pub(crate) struct Context<'a> {
    /// The log's number in the index.
    pub(crate) log: u32,
    pub(crate) viewer: Viewer,
    /// The first seq that was recorded at or after a time in microseconds.
    pub(crate) seq_of: &'a dyn Fn(i64) -> Result<u64, StoreError>,
}

impl Condition {
    /// Whether no event of another log can meet it.
    pub(crate) fn is_of_one_log(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Term(term) | Self::Between(term, _) => terms::is_of_one_log(term),
            Self::Any(parts) => parts.iter().all(Self::is_of_one_log),
            Self::Every(parts) => parts.iter().any(Self::is_of_one_log),
            Self::All | Self::Not(_) | Self::Time(..) | Self::Seq(..) => false,
        }
    }
}

impl Context<'_> {
    /// Compiles a filter.
    pub(crate) fn compile(&self, filter: &Filter) -> Result<Compiled, StoreError> {
        Ok(match filter {
            Filter::All => exact(Condition::All),
            Filter::And(parts) => {
                let parts = self.each(parts)?;
                let exact = parts.iter().all(|part| part.exact);
                let parts = parts.into_iter().map(|part| part.condition);
                Compiled {
                    condition: every(parts.collect()),
                    exact,
                }
            }
            Filter::Or(parts) => {
                let parts = self.each(parts)?;
                let exact = parts.iter().all(|part| part.exact);
                let parts = parts.into_iter().map(|part| part.condition);
                Compiled {
                    condition: any(parts.collect()),
                    exact,
                }
            }
            Filter::Not(inner) => {
                let inner = self.compile(inner)?;
                if inner.exact {
                    exact(not(inner.condition))
                } else {
                    wider(Condition::All)
                }
            }
            Filter::Leaf(leaf) => self.leaf(leaf)?,
        })
    }

    fn each(&self, parts: &[Filter]) -> Result<Vec<Compiled>, StoreError> {
        parts.iter().map(|part| self.compile(part)).collect()
    }

    fn leaf(&self, leaf: &Leaf) -> Result<Compiled, StoreError> {
        let field = &leaf.field;
        if let Field::Change {
            name,
            side: Side::Either,
        } = field
        {
            let sides = [Side::Before, Side::After].map(|side| {
                let name = name.clone();
                self.leaf(&Leaf {
                    field: Field::Change { name, side },
                    test: leaf.test.clone(),
                })
            });
            let [before, after] = sides;
            let (before, after) = (before?, after?);
            return Ok(Compiled {
                exact: before.exact && after.exact,
                condition: any(vec![before.condition, after.condition]),
            });
        }
        Ok(match &leaf.test {
            Test::Is(value) => self.is(field, value),
            Test::StartsWith(prefix) => self.starts_with(field, prefix),
            Test::Exists => exact(self.exists(field)),
            Test::OneOf(values) => {
                let values: Vec<Compiled> =
                    values.iter().map(|value| self.is(field, value)).collect();
                Compiled {
                    exact: values.iter().all(|value| value.exact),
                    condition: any(values.into_iter().map(|value| value.condition).collect()),
                }
            }
            Test::Words { words, prefix } => self.words(field, words, *prefix),
            Test::Number(span) if *field == Field::Seq => exact(seqs(span)),
            Test::Number(_) => wider(self.exists(field)),
            Test::Time(span) => exact(self.time(field, span)?),
            Test::Within(network) => {
                exact(self.for_each_access(field, |access| self.network(access, *network)))
            }
            // A test that is newer than this file.
            #[expect(unreachable_patterns, reason = "tests may be added to the plan")]
            _ => wider(Condition::All),
        })
    }

    fn starts_with(&self, field: &Field, prefix: &str) -> Compiled {
        if *field == Field::Operation && prefix.ends_with('.') {
            return exact(Condition::Term(terms::operations(self.log, prefix)));
        }
        let between = |from: Vec<u8>| {
            let to = terms::behind(&from);
            Condition::Between(from, to)
        };
        let condition = self.for_each_access(field, |access| {
            let values = between(terms::value(self.log, access, field, prefix));
            if !terms::has_beginnings(field) {
                return values;
            }
            let beginnings = terms::beginning(self.log, access, field, prefix);
            any(vec![values, between(beginnings)])
        });
        // Of what is longer the index knows no more than that.
        if prefix.len() > VALUE_BYTES_MAX {
            wider(condition)
        } else {
            exact(condition)
        }
    }

    fn is(&self, field: &Field, value: &str) -> Compiled {
        if terms::is_term(field, value) {
            return exact(self.for_each_access(field, |access| {
                Condition::Term(terms::value(self.log, access, field, value))
            }));
        }
        // Too long or an identifier: its words lead to it.
        let mut parts = vec![if terms::has_beginnings(field) {
            self.for_each_access(field, |access| {
                Condition::Term(terms::beginning(self.log, access, field, value))
            })
        } else {
            self.exists(field)
        }];
        if is_text(field) {
            let all = every(words(value).map(|word| self.word(&word)).collect());
            parts.push(any(vec![all, Condition::Term(terms::overflow(self.log))]));
        }
        wider(every(parts))
    }

    fn exists(&self, field: &Field) -> Condition {
        match field {
            Field::Id
            | Field::Seq
            | Field::Timestamp
            | Field::Recorded
            | Field::Operation
            | Field::ActorType
            | Field::ResourceType
            | Field::Source
            | Field::Key
            | Field::Text => Condition::All,
            _ => self.for_each_access(field, |access| {
                let exists = Condition::Term(terms::exists(self.log, access, field));
                if !terms::has_few_values(field) {
                    return exists;
                }
                let from = terms::values_of(self.log, access, field);
                let to = terms::behind(&from);
                any(vec![Condition::Between(from, to), exists])
            }),
        }
    }

    fn words(&self, field: &Field, words: &[String], prefix: bool) -> Compiled {
        let mut parts = Vec::with_capacity(words.len() + 1);
        if field.kind() == Kind::Prose {
            parts.push(self.exists(field));
        }
        let last = words.len().saturating_sub(1);
        for (index, word) in words.iter().enumerate() {
            parts.push(if prefix && index == last {
                self.for_each_access(&Field::Text, |access| {
                    let from = terms::word(self.log, access, word);
                    let to = terms::behind(&from);
                    Condition::Between(from, to)
                })
            } else {
                self.word(word)
            });
        }
        let end = words.len() - usize::from(prefix && !words.is_empty());
        for pair in words.get(..end).unwrap_or_default().windows(2) {
            if let [first, second] = pair
                && terms::is_pair(first, second)
            {
                parts.push(self.for_each_access(&Field::Text, |access| {
                    Condition::Term(terms::pair(self.log, access, first, second))
                }));
            }
        }
        // Identifiers and pairs share buckets, and other words side by side are no term.
        let exact = match words {
            [word] if *field == Field::Text => prefix || !is_identifier(word),
            _ => false,
        };
        Compiled {
            condition: every(parts),
            exact,
        }
    }

    fn word(&self, word: &str) -> Condition {
        self.for_each_access(&Field::Text, |access| {
            if is_identifier(word) {
                let lanes = terms::identifier(self.log, access, word);
                every(lanes.into_iter().map(Condition::Term).collect())
            } else {
                Condition::Term(terms::word(self.log, access, word))
            }
        })
    }

    fn time(&self, field: &Field, span: &Span<i64>) -> Result<Condition, StoreError> {
        let min = span.min.as_ref().map_or(i64::MIN, |bound| {
            bound.value.saturating_add(i64::from(!bound.included))
        });
        let max = span.max.as_ref().map_or(i64::MAX, |bound| {
            bound.value.saturating_sub(i64::from(!bound.included))
        });
        if min > max {
            return Ok(Condition::Nothing);
        }
        if *field == Field::Timestamp {
            return Ok(Condition::Time(min, max));
        }
        // Our times never decrease along a log.
        let first = if span.min.is_some() {
            (self.seq_of)(min)?
        } else {
            0
        };
        let end = if span.max.is_some() && max < i64::MAX {
            (self.seq_of)(max + 1)?
        } else {
            u64::MAX
        };
        Ok(match end.checked_sub(1) {
            Some(last) if first <= last => Condition::Seq(first, last),
            _ => Condition::Nothing,
        })
    }

    /// Addresses of a network. The narrowest network that is a term and has all of it says quickly who is not in it.
    fn network(&self, access: Access, network: Network) -> Condition {
        let (first, last) = (
            terms::octets(network.first()),
            terms::octets(network.last()),
        );
        let is_v4 = network.first().is_ipv4();
        let bits = usize::from(network.prefix()) + if is_v4 { 96 } else { 0 };
        let levels = || {
            let levels = terms::LEVELS.into_iter();
            levels.filter(|level| (*level > 12) == is_v4)
        };
        let within = levels().filter(|level| level * 8 <= bits).max();
        let around = within.map(|level| self.networks(access, level, first, first));
        if within.is_some_and(|level| level * 8 == bits) {
            return around.unwrap_or(Condition::All);
        }
        let narrower = levels().filter(|level| level * 8 >= bits).min();
        let inside = match narrower {
            Some(level) => self.networks(access, level, first, last),
            None if is_v4 => self.addresses(access, first, last),
            None => self.v6_addresses(access, first, last),
        };
        every(around.into_iter().chain([inside]).collect())
    }

    /// The networks of a level from one address to another.
    fn networks(&self, access: Access, level: usize, first: [u8; 16], last: [u8; 16]) -> Condition {
        let term = |octets: [u8; 16]| {
            let prefix = octets.get(..level).unwrap_or_default();
            terms::network(self.log, access, level, prefix)
        };
        let (first, last) = (term(first), term(last));
        if first == last {
            Condition::Term(first)
        } else {
            Condition::Between(first, terms::behind(&last))
        }
    }

    fn addresses(&self, access: Access, first: [u8; 16], last: [u8; 16]) -> Condition {
        let (first, last) = (
            terms::address(self.log, access, first),
            terms::address(self.log, access, last),
        );
        if first == last {
            Condition::Term(first)
        } else {
            Condition::Between(first, terms::behind(&last))
        }
    }

    /// IPv4 addresses stand among these, mapped; they are no part of an IPv6 network.
    fn v6_addresses(&self, access: Access, first: [u8; 16], last: [u8; 16]) -> Condition {
        let octets = |bits: u128| Ipv6Addr::from_bits(bits).octets();
        let (below, above) = (octets(0xffff_0000_0000), octets(0xffff_ffff_ffff));
        if first > above || last < below {
            return self.addresses(access, first, last);
        }
        let (before, behind) = (octets(0xfffe_ffff_ffff), octets(0x1_0000_0000_0000));
        let mut parts = Vec::new();
        if first <= before {
            parts.push(self.addresses(access, first, before));
        }
        if last >= behind {
            parts.push(self.addresses(access, behind, last));
        }
        any(parts)
    }

    fn for_each_access(&self, field: &Field, of: impl Fn(Access) -> Condition) -> Condition {
        let seen = match self.viewer {
            Viewer::Whole => accesses(field),
            Viewer::WithoutPersons if accesses(field).contains(&Access::Open) => &[Access::Open],
            Viewer::WithoutPersons => &[],
        };
        any(seen.iter().map(|access| of(*access)).collect())
    }
}

/// Who may search facts of this field: what the entry says everybody, persons few, the rest depends on the event.
pub(crate) fn accesses(field: &Field) -> &'static [Access] {
    match field {
        Field::Id
        | Field::Operation
        | Field::ActorType
        | Field::ResourceType
        | Field::Source
        | Field::Key
        | Field::Flag
        | Field::Outcome => &[Access::Open],
        Field::ActorId
        | Field::ActorEmail
        | Field::ActorName
        | Field::Credential
        | Field::OnBehalfOf
        | Field::Ip
        | Field::Country
        | Field::Subdivision
        | Field::City
        | Field::UserAgent
        | Field::Device
        | Field::Session => &[Access::Restricted],
        _ => &[Access::Open, Access::Restricted],
    }
}

/// Whether the field's words are in the index ([`query::Fact::counts_as_text`]).
fn is_text(field: &Field) -> bool {
    !matches!(
        field,
        Field::Producer
            | Field::ProducerSeq
            | Field::Source
            | Field::Key
            | Field::Flag
            | Field::ActorType
            | Field::Country
            | Field::Subdivision
            | Field::City
    )
}

fn exact(condition: Condition) -> Compiled {
    Compiled {
        condition,
        exact: true,
    }
}

fn wider(condition: Condition) -> Compiled {
    Compiled {
        condition,
        exact: false,
    }
}

/// All of these, simplified.
pub(crate) fn every(parts: Vec<Condition>) -> Condition {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Condition::All => {}
            Condition::Nothing => return Condition::Nothing,
            Condition::Every(inner) => kept.extend(inner),
            part => kept.push(part),
        }
    }
    without_doubles(&mut kept);
    match kept.len() {
        0 => Condition::All,
        1 => kept.pop().unwrap_or(Condition::All),
        _ => Condition::Every(kept),
    }
}

/// One of these, simplified.
fn any(parts: Vec<Condition>) -> Condition {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Condition::All => return Condition::All,
            Condition::Nothing => {}
            Condition::Any(inner) => kept.extend(inner),
            part => kept.push(part),
        }
    }
    without_doubles(&mut kept);
    match kept.len() {
        0 => Condition::Nothing,
        1 => kept.pop().unwrap_or(Condition::Nothing),
        _ => Condition::Any(kept),
    }
}

/// A phrase may say one word two thousand times; each is looked up once.
fn without_doubles(parts: &mut Vec<Condition>) {
    if parts.len() > 1 {
        let mut known = HashSet::with_capacity(parts.len());
        parts.retain(|part| known.insert(part.clone()));
    }
}

fn not(inner: Condition) -> Condition {
    match inner {
        Condition::All => Condition::Nothing,
        Condition::Nothing => Condition::All,
        Condition::Not(inner) => *inner,
        inner => Condition::Not(Box::new(inner)),
    }
}

/// The whole numbers within a span of decimals.
fn seqs(span: &Span<Number>) -> Condition {
    let passes_min = |seq: u64, bound: &Bound<Number>| {
        let order = number(seq).compare(&bound.value);
        order.is_gt() || (bound.included && order.is_eq())
    };
    let passes_max = |seq: u64, bound: &Bound<Number>| {
        let order = number(seq).compare(&bound.value);
        order.is_lt() || (bound.included && order.is_eq())
    };
    let first = match &span.min {
        Some(bound) => first_where(|seq| passes_min(seq, bound)),
        None => Some(0),
    };
    let end = match &span.max {
        Some(bound) => first_where(|seq| !passes_max(seq, bound)).unwrap_or(u64::MAX),
        None => u64::MAX,
    };
    match (first, end.checked_sub(1)) {
        (Some(first), Some(last)) if first <= last => Condition::Seq(first, last),
        _ => Condition::Nothing,
    }
}

fn number(seq: u64) -> Number {
    Number::parse(&seq.to_string()).expect("digits are a number")
}

/// The smallest number that passes a test which all larger ones pass, too.
fn first_where(passes: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut low, mut high) = (0, u64::MAX);
    if !passes(high) {
        return None;
    }
    while low < high {
        let middle = u64::midpoint(low, high);
        if passes(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}
