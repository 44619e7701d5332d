//! What `GET /v1/stats` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::search::Searched;

/// Counts of the events that a query accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// How the query was understood, as query text.
    pub query: String,
    /// Events.
    pub total: u64,
    /// Time of the earliest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub earliest: Option<String>,
    /// Time of the latest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub latest: Option<String>,
    /// Width of the histogram's buckets in seconds; absent without a histogram. May be wider than asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
    /// Buckets that hold events, by time.
    #[serde(default)]
    pub histogram: Vec<Bucket>,
    /// The most frequent values of each field asked for, in that order.
    #[serde(default)]
    pub top: Vec<TopValues>,
    /// What was looked through.
    pub searched: Searched,
}

/// Events of one span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    /// When it begins.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Events in it.
    pub count: u64,
}

/// The most frequent values of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopValues {
    /// The field's full name.
    pub field: String,
    /// The values, the most frequent first.
    pub values: Vec<ValueCount>,
}

/// A value in lower case and the events that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// Events.
    pub count: u64,
}
