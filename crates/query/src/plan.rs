//! The plan: a query after names, times and values were understood. Typed, and the same for every store.
//!
//! Promises: times are absolute, values are folded ([`crate::words::fold`]), every leaf's test fits its field's kind,
//! and no limit of [`crate::limits`] is exceeded when it came from [`crate::parse`]. A filter that was built by its
//! constructors is in normal form: `And` and `Or` hold two or more, none of them their own kind; `Not` holds no `Not`;
//! `All` stands for itself only. Must never hold anything that depends on when it is read.

mod number;

use std::cmp::{Ordering, Reverse};
use std::ops::Not;

use crate::address::Network;
use crate::field::Field;

pub use number::Number;

/// Which events are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every event.
    All,
    /// Events that all of these accept.
    And(Vec<Self>),
    /// Events that one of these accepts.
    Or(Vec<Self>),
    /// Events that this does not accept.
    Not(Box<Self>),
    /// Events of which some value of the field passes the test.
    Leaf(Leaf),
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where to look.
    pub field: Field,
    /// What to look for.
    pub test: Test,
}

/// A test of a field's values. An event passes when any of its values does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The folded value is this text.
    Is(String),
    /// The folded value begins with this text. Values of other fields than keywords that are matched whole only
    /// ([`crate::words::is_matched_whole`]) never pass.
    StartsWith(String),
    /// There is a value.
    Exists,
    /// The value is one of these folded texts, two or more in order: a group of values, or what a category or a severity
    /// stands for.
    OneOf(Vec<String>),
    /// These words stand side by side in the value. With `prefix`, the last one is only the beginning of a common word.
    Words {
        /// Folded words, as [`crate::words::words`] makes them; at least one.
        words: Vec<String>,
        /// Whether the last word is a prefix.
        prefix: bool,
    },
    /// The value is a number within these bounds.
    Number(Span<Number>),
    /// The value is a time within these bounds, in microseconds since 1970.
    Time(Span<i64>),
    /// The value is an address in this network.
    Within(Network),
}

/// Bounds from `min` to `max`; at least one is set. Of times, `min` is included and `max` is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span<T> {
    /// Smallest value that passes.
    pub min: Option<Bound<T>>,
    /// Largest value that passes.
    pub max: Option<Bound<T>>,
}

/// One end of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound<T> {
    /// The end.
    pub value: T,
    /// Whether the end itself passes.
    pub included: bool,
}

impl Filter {
    /// One condition.
    pub fn leaf(field: Field, test: Test) -> Self {
        Self::Leaf(Leaf { field, test })
    }

    /// What all of these accept; every event when there are none.
    pub fn every(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut members = Vec::new();
        for filter in filters {
            match filter {
                Self::All => {}
                Self::And(inner) => members.extend(inner),
                other => members.push(other),
            }
        }
        match members.len() {
            0 => Self::All,
            1 => members.swap_remove(0),
            _ => Self::And(members),
        }
    }

    /// What one of these accepts; nothing when there are none.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut members = Vec::new();
        for filter in filters {
            match filter {
                Self::All => return Self::All,
                Self::Or(inner) => members.extend(inner),
                other => members.push(other),
            }
        }
        match members.len() {
            0 => !Self::All,
            1 => members.swap_remove(0),
            _ => Self::Or(members),
        }
    }

    /// What both accept.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::every([self, other])
    }

    /// What either accepts.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// Every condition, from left to right.
    pub fn leaves(&self) -> Leaves<'_> {
        Leaves { ahead: vec![self] }
    }

    /// What every accepted event's time is known to lie between: the conditions on [`Field::Timestamp`] that all of
    /// them must pass. Nothing is concluded from alternatives and negations.
    pub fn time_bounds(&self) -> (Option<Bound<i64>>, Option<Bound<i64>>) {
        let conditions = match self {
            Self::And(members) => members.as_slice(),
            other => std::slice::from_ref(other),
        };
        let (mut min, mut max) = (None, None);
        for condition in conditions {
            if let Self::Leaf(Leaf {
                field: Field::Timestamp,
                test: Test::Time(span),
            }) = condition
            {
                // Of equal ends, the one that leaves itself out is the tighter.
                min = tighter(min, span.min.as_ref(), |bound| {
                    (bound.value, !bound.included)
                });
                max = tighter(max, span.max.as_ref(), |bound| {
                    (Reverse(bound.value), !bound.included)
                });
            }
        }
        (min, max)
    }
}

/// The one of two bounds that leaves out more.
fn tighter<K: Ord>(
    known: Option<Bound<i64>>,
    other: Option<&Bound<i64>>,
    tightness: fn(&Bound<i64>) -> K,
) -> Option<Bound<i64>> {
    known
        .into_iter()
        .chain(other.cloned())
        .max_by_key(tightness)
}

impl Not for Filter {
    type Output = Self;

    /// What this does not accept. `Not` of [`Filter::All`] accepts nothing, and no query text says it.
    fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

/// Iterator over the conditions of a filter.
#[derive(Clone, Debug)]
pub struct Leaves<'a> {
    /// What was not looked into yet, last first.
    ahead: Vec<&'a Filter>,
}

impl<'a> Iterator for Leaves<'a> {
    type Item = &'a Leaf;

    fn next(&mut self) -> Option<&'a Leaf> {
        while let Some(filter) = self.ahead.pop() {
            match filter {
                Filter::All => {}
                Filter::And(members) | Filter::Or(members) => {
                    self.ahead.extend(members.iter().rev());
                }
                Filter::Not(inner) => self.ahead.push(inner),
                Filter::Leaf(leaf) => return Some(leaf),
            }
        }
        None
    }
}

impl Test {
    /// The value is one of these folded texts: [`Test::Is`] for a single one, else [`Test::OneOf`] in order and each
    /// once. `None` without any.
    pub fn one_of(values: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut values: Vec<String> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        match values.len() {
            0 => None,
            1 => values.pop().map(Self::Is),
            _ => Some(Self::OneOf(values)),
        }
    }
}

impl<T> Bound<T> {
    /// A bound that passes itself.
    pub fn included(value: T) -> Self {
        Self {
            value,
            included: true,
        }
    }

    /// A bound that does not pass itself.
    pub fn excluded(value: T) -> Self {
        Self {
            value,
            included: false,
        }
    }
}

impl<T> Span<T> {
    /// Whether a value lies within the bounds; `against` says how it compares to a bound.
    pub fn contains(&self, against: impl Fn(&T) -> Ordering) -> bool {
        let passes = |bound: &Bound<T>, outside: Ordering| match against(&bound.value) {
            Ordering::Equal => bound.included,
            order => order != outside,
        };
        self.min
            .as_ref()
            .is_none_or(|min| passes(min, Ordering::Less))
            && self
                .max
                .as_ref()
                .is_none_or(|max| passes(max, Ordering::Greater))
    }
}
