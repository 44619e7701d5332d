//! What a connector makes of a delivery.

use ledger::json::JsonError;

use crate::event::Event;

/// Everything that was in one delivery, in its order.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// One for each thing that the vendor said.
    pub items: Vec<Item>,
}

/// One thing that a vendor said.
#[derive(Clone, Debug)]
pub enum Item {
    /// An event.
    Event(Box<Event>),
    /// Nothing that happened to anything: a test of the connection, an acknowledgement. Named, so that it is counted.
    Passed {
        /// The rule, such as `github.ping`.
        rule: &'static str,
    },
    /// Something in it that can't be read; the rest is.
    Refused(Refusal),
}

/// Why one item of a delivery is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule, such as `kubernetes.no_audit_id`.
    pub rule: &'static str,
    /// Where: index of the item in the delivery.
    pub index: usize,
    /// What was expected, without anything that was sent.
    pub expected: String,
}

/// Why a whole delivery can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Not JSON that can be accepted.
    #[error("{0}")]
    Json(JsonError),
    /// JSON of another shape.
    #[error("expected {expected}")]
    Shape {
        /// What was expected.
        expected: &'static str,
    },
    /// A header field that the vendor always sends is missing or malformed.
    #[error("expected the header field {name}")]
    Header {
        /// Its name.
        name: &'static str,
    },
    /// More items than one delivery may have.
    #[error(
        "expected at most {} events in one delivery",
        crate::limits::EVENTS_MAX
    )]
    TooMany,
}

impl Reading {
    /// One event.
    pub fn of(event: Event) -> Self {
        Self {
            items: vec![Item::Event(Box::new(event))],
        }
    }

    /// Nothing to keep, by the rule of that name.
    pub fn passed(rule: &'static str) -> Self {
        Self {
            items: vec![Item::Passed { rule }],
        }
    }

    /// The events alone.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.items.iter().filter_map(|item| match item {
            Item::Event(event) => Some(&**event),
            _ => None,
        })
    }
}
