//! Browsers that are signed in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its public id, as access records have it; no secret.
    pub id: String,
    /// What signed it in: `api_key` or `oidc`.
    pub with: String,
    /// What the identity provider calls the person, or the id of the key.
    pub whose: String,
    /// What the person is called, or the owner of the key.
    pub name: String,
    /// The person's address, if the provider verified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Readable names of the tenants that it may enter, of those that the caller looks after.
    pub tenants: Vec<String>,
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    pub begun_at: String,
    /// When it was last used.
    #[schemars(extend("format" = "date-time"))]
    pub seen_at: String,
}

/// Browsers that are signed in at this node of the server, the one used last first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// Those that live.
    pub sessions: Vec<Session>,
}
