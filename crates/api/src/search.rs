//! What `GET /v1/events` answers, and how `GET /v1/events/stream` ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Event;

/// One page of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Events {
    /// The events in the order asked for, each as `GET /v1/events/{id}` shows it.
    pub events: Vec<Event>,
    /// Where the next page begins: `?cursor=`. Absent when nothing follows. A page with fewer events than asked for may
    /// have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How the query was understood, as query text: names and times in full.
    pub query: String,
    /// What was looked through.
    pub searched: Searched,
}

/// What was looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Searched {
    /// The log.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub log: String,
    /// `main`, `access` or `instance`.
    #[schemars(extend("enum" = ["main", "access", "instance"]))]
    pub kind: String,
    /// Entries that the log had: nothing at or beyond this seq was looked at. The same for all pages of a search.
    pub size: u64,
}

/// The data of the last server-sent event of a stream, `event: end`. A stream that ends without one was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamEnd {
    /// Why: `key_revoked`, `key_expired`, `session_ended`, or one of [`crate::code`], such as `shutting_down`.
    pub code: String,
    /// What to do.
    pub detail: String,
}

impl StreamEnd {
    /// The browser signed out, its session came to its end, or what its person may do.
    pub const SESSION_ENDED: &str = "session_ended";
    /// The API key was revoked.
    pub const KEY_REVOKED: &str = "key_revoked";
    /// The API key has expired.
    pub const KEY_EXPIRED: &str = "key_expired";
}
