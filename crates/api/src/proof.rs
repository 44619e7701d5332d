//! What `GET /v1/events/{id}/proof` answers with `Accept: application/json`; else the `.tlog-proof` text alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event's proof: enough, with the log's verifier key, to check it offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// The event's id.
    pub id: String,
    /// The log.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub log: String,
    /// The leaf index.
    pub seq: u64,
    /// Hex of the leaf's hash.
    #[schemars(extend("pattern" = "^[0-9a-f]{64}$"))]
    pub leaf_hash: String,
    /// How many entries the checkpoint covers. Verifiers take it from the verified checkpoint.
    pub size: u64,
    /// The checkpoint as a signed note.
    pub checkpoint: String,
    /// The inclusion proof, the leaf's sibling first.
    pub proof: Vec<String>,
    /// All of it as a C2SP `.tlog-proof` text, with [`Disclosures`] in its `extra` line.
    pub tlog_proof: String,
    /// The entry's exact text.
    pub entry: String,
    /// The stored `person` part, unless erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The stored `details` part, unless erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// What the `extra` line of our `.tlog-proof` texts holds, as JSON: the entry and the parts that still stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disclosures {
    /// Base64 of the entry's bytes.
    pub entry: String,
    /// Base64 of the stored `person` part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Base64 of the stored `details` part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}
