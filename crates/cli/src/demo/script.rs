//! Where the stories put their events, and what turns these into what producers send.
//!
//! Promises: events come in order of time; identifiers, requests and counts depend on nothing but the day and the
//! stories, so a shorter week is the beginning of a longer one.

use std::collections::BTreeMap;

use ledger::time::Micros;
use serde_json::{Value, json};

use super::calendar::Calendar;
use super::dice::Dice;
use super::event::Event;

/// The producer that loses events.
const LOSING: &str = "ci-2";
/// After how many events it loses some.
const LOSES_AFTER: u64 = 150;
/// How many it loses.
const LOST: u64 = 3;

/// A time some seconds later.
pub(super) fn seconds_after(at: Micros, seconds: i64) -> Micros {
    at.plus(seconds * 1_000_000)
}

/// What the stories have told so far.
#[derive(Debug)]
pub(super) struct Script {
    /// The days it happens on.
    pub(super) calendar: Calendar,
    events: Vec<Event>,
}

impl Script {
    pub(super) fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            events: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, event: Event) {
        self.events.push(event);
    }

    /// What is sent of what happened before `until`.
    pub(super) fn sent(mut self, until: Micros) -> Vec<Value> {
        let day = self.calendar.number(0);
        let mut dice = Dice::of("milliseconds", day);
        for event in &mut self.events {
            event.at = event.at.plus(dice.between(0, 999) * 1_000);
        }
        self.events.sort_by_key(|event| event.at);
        let prefix = format!("demo-{}", self.calendar.stamp());
        let named = |name: &str| format!("{prefix}-{name}");
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut sent = Vec::with_capacity(self.events.len());
        let happened = self.events.into_iter().take_while(|event| event.at < until);
        for (number, event) in (1_i64..).zip(happened) {
            let mut body = event.body;
            let mut put = |name: &str, value| body.insert(name.to_owned(), value);
            let id = event
                .name
                .map_or_else(|| format!("{prefix}-{number:05}"), named);
            put("id", json!(id));
            put("timestamp", json!(event.at.to_string()));
            let count = counts.entry(event.producer).or_default();
            *count += if event.producer == LOSING && *count == LOSES_AFTER {
                LOST + 1
            } else {
                1
            };
            put("producer", json!({ "id": event.producer, "seq": *count }));
            if let Some(cause) = event.cause {
                put("causation_id", json!(named(cause)));
            }
            let request = Dice::of("request", day * 100_000 + number).hex(12);
            body.entry("request_id")
                .or_insert_with(|| json!(format!("req_{request}")));
            sent.push(Value::Object(body));
        }
        sent
    }
}
