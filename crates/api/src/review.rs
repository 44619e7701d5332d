//! Periodic review of a log: `POST /v1/reviews`, `GET /v1/reviews`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mark that a day or a view was looked through. Either `day`, or one or more of `q`, `since` and `until`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    /// A day, UTC: `2026-03-12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub day: Option<String>,
    /// The query of a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// No event before this time, as `since:` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// No event at or after this time, as `until:` takes it; the time of the mark if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What was found, for people; masked like anything that is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxLength" = 2000))]
    pub note: Option<String>,
}

/// A mark that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The id of the event that records it, in the tenant's access log.
    pub id: String,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who made it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whose key, or what else they signed in with: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_id: Option<String>,
    /// The day, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// What was reviewed, as a query with absolute times.
    pub query: String,
    /// The log.
    pub log: String,
    /// How many entries the log's checkpoint covered then.
    pub size: u64,
    /// The root in that checkpoint, in hex.
    pub root_hash: String,
    /// How many events were reviewed.
    pub events: u64,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Marks that were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reviews {
    /// The newest first.
    pub reviews: Vec<Review>,
    /// Whether there are older ones within the time that was asked for.
    pub more: bool,
}
