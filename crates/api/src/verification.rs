//! A log checked by the server itself: `POST` and `GET /v1/logs/{log}/verify`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a check of a log is going, or went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// Which log.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub log: String,
    /// `never` checked, `running`, `verified`, `failed` (it does not hold) or `unfinished` (it could not be read to its end).
    #[schemars(extend("enum" = ["never", "running", "verified", "failed", "unfinished"]))]
    pub state: String,
    /// What the result rests on, in a sentence.
    pub rests_on: String,
    /// Entries that the checkpoint covers which it is held against.
    #[serde(default)]
    pub size: u64,
    /// Entries that were read so far.
    #[serde(default)]
    pub done: u64,
    /// The root that the entries have, in hex, when all were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_hash: Option<String>,
    /// The first entry that does not hold, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad_seq: Option<u64>,
    /// What was found that should not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub begun_at: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub ended_at: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Who asked for it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}
