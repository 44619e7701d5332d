//! What `GET /v1/producers` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every producer that counts its own events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Producers {
    /// By id.
    pub producers: Vec<Producer>,
}

/// One producer. Counts that are missing are events that were lost before they came here, or are on their way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Producer {
    /// Its id; absent when the parts that say it are gone, or name a person to a key that may not see persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its pseudonym, as entries bear it.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Events of it that bear a count.
    pub events: u64,
    /// The highest count.
    pub highest: u64,
    /// Counts from 1 to the highest that no event bears.
    pub missing: u64,
    /// The first ranges of them, ends included.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// Events recorded after one with a higher count.
    pub late: u64,
    /// Events whose count another event bears, too.
    pub doubled: u64,
    /// When the last of its events was recorded.
    #[schemars(extend("format" = "date-time"))]
    pub last_recorded_at: String,
}

/// Counts that no event bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}
