//! What `GET /readyz` answers, with 200 when writes are taken and 503 when not, and `GET /v1/health` to those who look
//! after a log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::index::Index;
use crate::location::PlaceDatabase;

/// Whether the server takes writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ready {
    /// Whether it does.
    pub ready: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusing: Option<String>,
    /// Batches that wait for the writer.
    pub queue_batches: u64,
    /// Acknowledged entries that no checkpoint covers yet.
    pub unsigned_entries: u64,
    /// Bytes free where the data lies.
    pub disk_free_bytes: u64,
    /// Kinds of places that the last anchor did not reach; writes go on without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchors_failing: Vec<String>,
    /// The databases that say where addresses are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub geolocation: Vec<PlaceDatabase>,
    /// How the index is doing; writes go on without it.
    #[serde(default)]
    pub index: Index,
    /// When the newest checkpoint was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub signed_at: Option<String>,
}

/// How the server is doing, as far as it concerns who may look at logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// When this was so.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Whether writes are taken.
    pub writing: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusing: Option<String>,
    /// When the newest checkpoint of any log was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub signed_at: Option<String>,
    /// Why nothing can be searched; absent when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsearchable: Option<String>,
    /// While the index is built anew: how much of it is done, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuilt_percent: Option<u64>,
    /// How often heads are recorded and handed to the places outside.
    pub anchor_interval_seconds: u64,
    /// The places outside; none where none is configured.
    #[serde(default)]
    pub anchors: Vec<AnchorPlace>,
    /// Bytes free where the data lies. For admins and operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_free_bytes: Option<u64>,
    /// Figures of all tenants together. For operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
}

/// A place outside that takes anchors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnchorPlace {
    /// What kind of place: `file`, `command` or `url`.
    pub kind: String,
    /// What became of the last anchor: `published`, `failed` or `skipped`; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["published", "failed", "skipped", null]))]
    pub last: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub last_at: Option<String>,
    /// When an anchor last got there, since the server started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub published_at: Option<String>,
    /// When one last did not, since the server started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub failed_at: Option<String>,
}

/// Figures of all tenants together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Logs that exist.
    pub logs: u64,
    /// Batches that wait for the writer.
    pub queue_batches: u64,
    /// Acknowledged entries that no checkpoint covers yet.
    pub unsigned_entries: u64,
    /// Events in the index.
    pub indexed: u64,
    /// Acknowledged events that are searched in memory until they are indexed.
    pub index_waiting: u64,
    /// Bytes of the index on disk.
    pub index_bytes: u64,
}
