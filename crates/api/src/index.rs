//! What `GET /v1/index` answers, and `/readyz` beside other things.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the index is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    /// Why searches are refused; absent when they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// Events in the index.
    pub indexed: u64,
    /// Acknowledged events that are searched in memory until they are indexed.
    pub waiting: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// While it is being rebuilt: how far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuilding: Option<Progress>,
}

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// Events done.
    pub done: u64,
    /// Events there are.
    pub total: u64,
}
