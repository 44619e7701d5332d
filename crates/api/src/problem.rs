//! Refusals: RFC 9457 `application/problem+json`.
//!
//! Promises: nothing in a problem comes from another tenant, repeats a value that was sent, or shows the inside of the
//! server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The media type of [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:veritrail:problem:<code>`.
    #[serde(rename = "type")]
    #[schemars(extend("pattern" = "^urn:veritrail:problem:[a-z0-9_]+$"))]
    pub kind: String,
    /// What happened, the same for every problem of this code.
    pub title: String,
    /// The HTTP status; within a batch, what the event would have got alone.
    #[schemars(extend("minimum" = 400, "maximum" = 599))]
    pub status: u16,
    /// What was expected here.
    pub detail: String,
    /// The request's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The stable code: one of [`crate::code`] or of `ledger::rejection::Reason`.
    pub code: String,
    /// RFC 6901 pointer to the field, from the root of the body (of the event within a batch's result).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Line of a malformed text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column of a malformed text in bytes, from 1; of a query in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// With `bad_query`: how many characters from the column on are meant; 0 when something is missing there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Several faults, where there is more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// With `ambiguous_id`: the sources that used the id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

impl Problem {
    /// The `type` of a code.
    pub fn kind_of(code: &str) -> String {
        format!("urn:veritrail:problem:{code}")
    }
}

/// One fault of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// The stable code.
    pub code: String,
    /// RFC 6901 pointer to the field.
    pub pointer: String,
    /// What was expected there.
    pub detail: String,
}
