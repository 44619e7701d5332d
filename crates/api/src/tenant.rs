//! Tenants: `POST /v1/tenants`, `GET /v1/tenants`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tenant to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Its readable name: `[a-z0-9][a-z0-9-]{0,62}`.
    #[schemars(extend("pattern" = "^[a-z0-9][a-z0-9-]{0,62}$", "examples" = ["acme"]))]
    pub name: String,
    /// Whether operations outside the vocabulary are refused.
    #[serde(default)]
    pub strict: bool,
    /// Pointers (array indexes as `*`) of fields kept unmasked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("items" = { "type": "string", "pattern": "^/", "maxLength": 512 }), extend("maxItems" = 100))]
    pub mask_exceptions: Vec<String>,
}

/// What shall be different of a tenant; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantChange {
    /// The revision that is being changed, so that nobody's change is lost; whichever it is when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Whether operations outside the vocabulary are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Pointers (array indexes as `*`) of fields kept unmasked. Operators alone change these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = { "type": "string", "pattern": "^/", "maxLength": 512 }), extend("maxItems" = 100))]
    pub mask_exceptions: Option<Vec<String>>,
    /// Countries from which nothing is unusual, as ISO 3166-1 codes or English names; none when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = { "type": "string", "minLength": 2 }), extend("maxItems" = 60))]
    pub known_countries: Option<Vec<String>>,
    /// Every operation of the tenant's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<Vec<OwnOperation>>,
}

/// An operation of a tenant's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnOperation {
    /// Its name: two to four dotted parts of lower-case letters, digits and `_`, the action in the past tense.
    #[schemars(extend("examples" = ["rocket.launched"]))]
    pub name: String,
    /// What it is about, such as `infrastructure`.
    pub category: String,
    /// How much attention it deserves: `info`, `notice`, `warning`, `critical`.
    pub severity: String,
    /// One plain sentence.
    #[serde(default)]
    pub description: String,
    /// Other names for it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Every tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenants {
    /// By name.
    pub tenants: Vec<Tenant>,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Its opaque id, the only name of it that proofs show.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub id: String,
    /// Its readable name.
    pub name: String,
    /// Whether operations outside the vocabulary are refused.
    pub strict: bool,
    /// Pointers of fields kept unmasked.
    #[serde(default)]
    pub mask_exceptions: Vec<String>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
    /// Countries from which nothing is unusual.
    #[serde(default)]
    pub known_countries: Vec<String>,
    /// Operations of its own.
    #[serde(default)]
    pub vocabulary: Vec<OwnOperation>,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// Its logs.
    pub logs: TenantLogs,
}

/// The ids of a tenant's logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantLogs {
    /// Its events.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub main: String,
    /// Who read them.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub access: String,
}
