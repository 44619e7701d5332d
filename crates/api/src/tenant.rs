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
