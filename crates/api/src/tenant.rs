//! Tenants: `POST /v1/tenants`, `GET /v1/tenants`.

use serde::{Deserialize, Serialize};

/// A tenant to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Its readable name: `[a-z0-9][a-z0-9-]{0,62}`.
    pub name: String,
    /// Whether operations outside the vocabulary are refused.
    #[serde(default)]
    pub strict: bool,
    /// Pointers (array indexes as `*`) of fields kept unmasked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mask_exceptions: Vec<String>,
}

/// Every tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenants {
    /// By name.
    pub tenants: Vec<Tenant>,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its opaque id, the only name of it that proofs show.
    pub id: String,
    /// Its readable name.
    pub name: String,
    /// Whether operations outside the vocabulary are refused.
    pub strict: bool,
    /// Pointers of fields kept unmasked.
    #[serde(default)]
    pub mask_exceptions: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// Its logs.
    pub logs: TenantLogs,
}

/// The ids of a tenant's logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantLogs {
    /// Its events.
    pub main: String,
    /// Who read them.
    pub access: String,
}
