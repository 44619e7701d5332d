//! Saved views: `GET /v1/views`, `POST /v1/views`, `DELETE /v1/views/{name}`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A view to be saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// Its name, for everybody of the tenant: 1 to 64 characters.
    #[schemars(extend("minLength" = 1, "maxLength" = 64, "examples" = ["Production deletions"]))]
    pub name: String,
    /// The query: at most 1024 bytes. It names no person and holds no address and no secret, since everybody sees it and
    /// it can't be erased.
    #[schemars(extend("minLength" = 1, "maxLength" = 1024, "examples" = ["operation:environment_variable.deleted env:production"]))]
    pub q: String,
}

/// A saved view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// Its name.
    pub name: String,
    /// The query.
    pub q: String,
    /// When it was saved. Who saved it is in the access log.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
}

/// The tenant's saved views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Views {
    /// By name.
    pub views: Vec<View>,
}
