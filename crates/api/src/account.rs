//! People's accounts: `POST /v1/accounts`, `GET /v1/accounts`, `DELETE /v1/accounts/{id}`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An account to be made. The person is named by `email` or `subject`, and one of them only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Readable name of the tenant; an admin's own when left out. An operator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The person's address. It counts for whom the identity provider says that it has verified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxLength" = 254, "examples" = ["auditor@example.com"]))]
    pub email: Option<String>,
    /// What the identity provider calls the person for ever (`sub`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxLength" = 255))]
    pub subject: Option<String>,
    /// What they may do: `analyst`, `reader`, `auditor`, `admin`; in the instance's own tenant `reader`, `auditor`,
    /// `operator`.
    #[schemars(extend("items" = { "type": "string", "enum": ["analyst", "reader", "auditor", "admin", "operator"] }), extend("minItems" = 1))]
    pub roles: Vec<String>,
    /// When it ends: a time, or a day (its end in UTC). Never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxLength" = 40, "examples" = ["2027-03-31"]))]
    pub ends_at: Option<String>,
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Its public id.
    pub id: String,
    /// Readable name of its tenant.
    pub tenant: String,
    /// The person's address, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the identity provider calls the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What they may do.
    pub roles: Vec<String>,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub ends_at: Option<String>,
    /// When somebody ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub ended_at: Option<String>,
}

/// The accounts of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accounts {
    /// Those that have ended, too.
    pub accounts: Vec<Account>,
}
