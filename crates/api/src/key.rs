//! API keys: `POST /v1/keys`, `GET /v1/keys`, `DELETE /v1/keys/{id}`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A key to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Readable name of the tenant; an admin's own when left out. An operator names it, but for a platform's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whether it is a platform's, which names the tenant of each request in `Veritrail-Tenant`. Operators make these.
    #[serde(default, skip_serializing_if = "is_false")]
    pub platform: bool,
    /// Whether a platform's key makes a tenant that is not there yet when it sends events to it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub create_tenants: bool,
    /// What it may do: `writer`, `analyst`, `reader`, `auditor`, `admin`, `operator`; the last two not for a platform's.
    #[schemars(extend("items" = { "type": "string", "enum": ["writer", "analyst", "reader", "auditor", "admin", "operator"] }), extend("minItems" = 1))]
    pub roles: Vec<String>,
    /// The way in that it stands for: `[a-z0-9][a-z0-9_.-]{0,63}`. Event ids are unique within it.
    #[schemars(extend("pattern" = "^[a-z0-9][a-z0-9_.-]{0,63}$", "examples" = ["ci"]))]
    pub source: String,
    /// Whose key it is, for people.
    #[schemars(extend("minLength" = 1, "maxLength" = 128, "examples" = ["Platform team"]))]
    pub owner: String,
    /// When it ends, in seconds from now; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 316_224_000))]
    pub expires_in_seconds: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A key that was just made, and the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedKey {
    /// The key itself: `vtk_…`.
    #[schemars(extend("pattern" = "^vtk_"))]
    pub key: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub stored: Key,
}

impl fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedKey")
            .field("stored", &self.stored)
            .finish_non_exhaustive()
    }
}

/// The keys of a tenant, or of platforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Keys {
    /// Revoked and expired ones too.
    pub keys: Vec<Key>,
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Its public id.
    pub id: String,
    /// Readable name of its tenant; none of a platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whether it is a platform's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub platform: bool,
    /// Whether it makes tenants that are not there yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub create_tenants: bool,
    /// What it may do.
    #[schemars(extend("items" = { "type": "string", "enum": ["writer", "analyst", "reader", "auditor", "admin", "operator"] }))]
    pub roles: Vec<String>,
    /// The way in that it stands for.
    pub source: String,
    /// Whose key it is.
    pub owner: String,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: Option<String>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub revoked_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_key() {
        let key = Key {
            id: "id".into(),
            tenant: Some("t".into()),
            platform: false,
            create_tenants: false,
            roles: vec![],
            source: "s".into(),
            owner: "o".into(),
            created_at: String::new(),
            expires_at: None,
            revoked_at: None,
        };
        let created = CreatedKey {
            key: "vtk_hidden".into(),
            stored: key,
        };
        assert!(!format!("{created:?}").contains("hidden"));
        assert!(
            serde_json::to_string(&created)
                .unwrap()
                .contains(r#""key":"vtk_hidden","id":"id""#)
        );
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let error = serde_json::from_str::<NewKey>(
            r#"{"roles":[],"source":"s","owner":"o","expires":"1d"}"#,
        );
        assert!(error.unwrap_err().to_string().contains("`expires`"));
    }
}
