//! The named queries of `tests/bench/queries.json`, with parameters drawn from the events.
//!
//! Promises: parameters are values that the events hold, frequent ones more often; the same file, events and seed give
//! the same parameters, whatever other queries stand in the file. Must never draw from a clock: times count back from
//! the last event.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::time::Micros;
use serde::Deserialize;
use serde_json::Value;
use testkit::events::Events;
use testkit::sources::TestRng;

use super::Error;

/// A named query with its rounds of parameters.
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) rounds: Vec<Parameters>,
    template: String,
}

/// Values by the names that stand for them.
pub(crate) type Parameters = BTreeMap<String, String>;

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of the twelve.
    Selective,
    /// The newest of everything.
    Newest,
    /// Three facets and a histogram.
    Facets,
}

impl Question {
    /// The query with these parameters.
    pub(crate) fn text(&self, parameters: &Parameters) -> String {
        let mut text = self.template.clone();
        for (name, value) in parameters {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

#[derive(Deserialize)]
struct Defined {
    queries: Vec<Definition>,
    newest: Definition,
    facets: Definition,
}

#[derive(Deserialize)]
struct Definition {
    name: String,
    veritrail: String,
    draw: BTreeMap<String, Source>,
    #[serde(default, rename = "where")]
    conditions: Vec<Condition>,
}

/// Where a parameter comes from.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Value {
        of: String,
        #[serde(default, rename = "as")]
        form: Form,
    },
    Time {
        seconds_before_end: i64,
        #[serde(default)]
        spread: usize,
    },
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    Whole,
    BeforeDot,
    AfterDash,
    #[serde(rename = "network_24")]
    Network,
    #[serde(rename = "first_of_24")]
    NetworkFirst,
    #[serde(rename = "last_of_24")]
    NetworkLast,
}

/// What an event must have to be drawn from.
#[derive(Deserialize)]
struct Condition {
    of: String,
    is: Option<Value>,
    is_not: Option<Value>,
}

/// Events that parameters are drawn from, evenly spread over all.
const SAMPLES: usize = 20_000;

/// Reads the queries and draws `rounds` of parameters for each; the twelve, then newest, then facets.
pub(crate) fn draw(
    path: &Path,
    events: usize,
    seed: u64,
    rounds: usize,
) -> Result<Vec<Question>, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let defined: Defined =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let samples = Samples::take(events, seed)?;
    let selective = defined
        .queries
        .into_iter()
        .map(|one| (one, Kind::Selective));
    selective
        .chain([
            (defined.newest, Kind::Newest),
            (defined.facets, Kind::Facets),
        ])
        .map(|(definition, kind)| {
            Ok(Question {
                rounds: samples.draw(&definition, seed, rounds)?,
                name: definition.name,
                kind,
                template: definition.veritrail,
            })
        })
        .collect()
}

struct Samples {
    events: Vec<Value>,
    end: Micros,
}

impl Samples {
    fn take(count: usize, seed: u64) -> Result<Self, Error> {
        let step = (count / SAMPLES).max(1);
        let mut last = String::new();
        let mut events = Vec::new();
        for (index, text) in Events::new(seed).take(count).enumerate() {
            if index % step == 0 {
                events.push(serde_json::from_str(&text)?);
            }
            last = text;
        }
        let last: Value = serde_json::from_str(&last)?;
        let end = Micros::parse(
            last["timestamp"]
                .as_str()
                .ok_or("an event without a time")?,
        )?;
        Ok(Self { events, end })
    }

    fn draw(&self, one: &Definition, seed: u64, rounds: usize) -> Result<Vec<Parameters>, Error> {
        let name = one.name.bytes().fold(seed, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(byte.into())
        });
        let rng = TestRng::new(name);
        let from: Vec<&Value> = self
            .events
            .iter()
            .filter(|event| {
                one.conditions
                    .iter()
                    .all(|condition| condition.holds(event))
            })
            .collect();
        if from.is_empty() {
            return Err(format!("{}: no event passes its conditions", one.name).into());
        }
        (0..rounds)
            .map(|_| {
                let event = from[rng.below(from.len())];
                one.draw
                    .iter()
                    .map(|(name, source)| Ok((name.clone(), source.value(event, self.end, &rng)?)))
                    .collect()
            })
            .collect()
    }
}

impl Condition {
    fn holds(&self, event: &Value) -> bool {
        let value = event.pointer(&self.of);
        match (&self.is, &self.is_not) {
            (Some(wanted), _) => value == Some(wanted),
            (None, unwanted) => value.is_some() && value != unwanted.as_ref(),
        }
    }
}

impl Source {
    fn value(&self, event: &Value, end: Micros, rng: &TestRng) -> Result<String, Error> {
        match self {
            Self::Value { of, form } => {
                let value = event.pointer(of).and_then(Value::as_str);
                let value = value.ok_or_else(|| format!("{of}: not a text in every event"))?;
                form.of(value)
                    .ok_or_else(|| format!("{of}: not of this form").into())
            }
            Self::Time {
                seconds_before_end,
                spread,
            } => {
                let more = i64::try_from(rng.below(spread.saturating_add(1)))?;
                Ok(end
                    .plus(-(seconds_before_end + more) * 1_000_000)
                    .to_string())
            }
        }
    }
}

impl Form {
    fn of(self, value: &str) -> Option<String> {
        let network = |end: &str| Some(format!("{}{end}", value.rsplit_once('.')?.0));
        match self {
            Self::Whole => Some(value.to_owned()),
            Self::BeforeDot => Some(value.split_once('.')?.0.to_owned()),
            Self::AfterDash => Some(value.rsplit_once('-')?.1.to_owned()),
            Self::Network => network(".0/24"),
            Self::NetworkFirst => network(".0"),
            Self::NetworkLast => network(".255"),
        }
    }
}
