//! What `GET /v1/events/{id}` answers: the event in the shape that producers send, with what the ledger knows of it.
//!
//! Numbers in what a producer said are digit for digit in the text of the answer; reading it into [`Event`] may round
//! them. Show the text, or `entry`, `person` and `details`, where every digit counts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What happened.
    pub operation: String,
    /// The log.
    pub log: String,
    /// The leaf index.
    pub seq: u64,
    /// The server's time.
    pub recorded_at: String,
    /// Hex of the leaf's hash.
    pub leaf_hash: String,
    /// What the server knows of how it came.
    pub ingest: Ingest,
    /// Digests of the parts, as the entry holds them.
    #[serde(default)]
    pub parts: Parts,
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
    pub said: Map<String, Value>,
}

/// What the server knows of how an event came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Of `details`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Of `person`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}
