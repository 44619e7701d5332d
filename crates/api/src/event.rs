//! What `GET /v1/events/{id}` answers: the event in the shape that producers send, with what the ledger knows of it.
//!
//! Numbers in what a producer said are digit for digit in the text of the answer; reading it into [`Event`] may round
//! them. Show the text, or `entry`, `person` and `details`, where every digit counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::location::Location;

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What happened.
    pub operation: String,
    /// The log.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub log: String,
    /// The leaf index.
    pub seq: u64,
    /// The server's time.
    #[schemars(extend("format" = "date-time"))]
    pub recorded_at: String,
    /// Hex of the leaf's hash.
    #[schemars(extend("pattern" = "^[0-9a-f]{64}$"))]
    pub leaf_hash: String,
    /// What the server knows of how it came.
    pub ingest: Ingest,
    /// Digests of the parts, as the entry holds them.
    #[serde(default)]
    pub parts: Parts,
    /// Where its address is, if a database of the server says so; for keys that may see persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// With `?include=entry`: the entry's exact text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// With `?include=entry`: the stored `person` part, unless withheld or erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// With `?include=entry`: the stored `details` part, unless erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Everything else that the producer said: `timestamp`, `actor`, `origin`, `resource`, `changes`, `metadata`, …
    #[serde(flatten)]
    #[schemars(with = "Said")]
    pub said: Map<String, Value>,
}

/// What readers may count on among what a producer said; anything else may stand there, too.
#[derive(JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
#[expect(
    dead_code,
    reason = "a form, never a value: events are written as they were stored"
)]
struct Said {
    /// When it happened, as the producer says.
    #[schemars(extend("format" = "date-time"))]
    #[schemars(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    /// Who acted: `type`, and for keys that may see persons `id`, `name`, `email`, …
    actor: Map<String, Value>,
    /// Where the actor was.
    #[schemars(skip_serializing_if = "Option::is_none")]
    origin: Option<Map<String, Value>>,
    /// What was acted upon: `type`, `id`, `name`, `project_id`, …
    resource: Map<String, Value>,
    /// What else was concerned.
    #[schemars(skip_serializing_if = "Option::is_none")]
    related: Option<Vec<Map<String, Value>>>,
    /// How it ended: `result`, `code`, `message`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    outcome: Option<Map<String, Value>>,
    /// What changed: `field`, `before`, `after`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Map<String, Value>>>,
    /// The producer's own count.
    #[schemars(skip_serializing_if = "Option::is_none")]
    producer: Option<Map<String, Value>>,
    /// In which application, environment, …
    #[schemars(skip_serializing_if = "Option::is_none")]
    context: Option<Map<String, Value>>,
    /// Why.
    #[schemars(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What the producer added.
    #[schemars(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
    /// Members that the schema of events does not know.
    #[schemars(skip_serializing_if = "Option::is_none")]
    extra: Option<Map<String, Value>>,
    /// Parts that this key may not see: `details`, `person`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    withheld: Option<Vec<String>>,
}

/// What the server knows of how an event came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ingest {
    /// Id of the API key.
    pub key: String,
    /// The key's source.
    pub source: String,
    /// Flags that the server set, sorted.
    #[serde(default)]
    pub flags: Vec<String>,
}

/// Digests of the parts; an absent one was not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// Of `details`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Of `person`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}
