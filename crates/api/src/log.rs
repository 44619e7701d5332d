//! What `GET /v1/logs` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The logs that the caller's key may look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Logs {
    /// Each of them.
    pub logs: Vec<Log>,
}

/// One log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Log {
    /// Its id.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub id: String,
    /// `main`, `access` or `instance`.
    #[schemars(extend("enum" = ["main", "access", "instance"]))]
    pub kind: String,
    /// Entries that are durable and visible.
    pub size: u64,
    /// Entries that the newest checkpoint covers; 0 before the first.
    pub signed_size: u64,
    /// The name that its checkpoints bear.
    pub origin: String,
    /// When its last entry was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub recorded_at: Option<String>,
    /// When the last entry was recorded that the newest checkpoint covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub signed_to: Option<String>,
}
