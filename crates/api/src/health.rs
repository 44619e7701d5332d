//! What `GET /readyz` answers, with 200 when writes are taken and 503 when not.

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
