//! Ways in for vendors: `POST /v1/sources`, `GET /v1/sources` and what is under them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A source to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// Readable name of the tenant. Left out, it is an admin's own, and an operator's `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its name: `[a-z0-9][a-z0-9_.-]{0,63}`. Event ids are unique within it; a key for imports may have the same source.
    #[schemars(extend("pattern" = "^[a-z0-9][a-z0-9_.-]{0,63}$", "examples" = ["acme"]))]
    pub name: String,
    /// What sends to it.
    #[schemars(extend("enum" = ["github", "gitlab", "kubernetes", "cloudtrail", "argocd", "cloudevents", "hec"]))]
    pub vendor: String,
    /// What need not be kept; the vendor's own rules when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<NoiseRules>,
}

/// What of a source need not be kept. Of an event, the first list with a rule that matches it decides: `include`, `exclude`,
/// `sample`. What is left out is counted by rule and reported each hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseRules {
    /// Kept, whatever else is said.
    #[serde(default)]
    pub include: Vec<NoiseRule>,
    /// Left out.
    #[serde(default)]
    pub exclude: Vec<NoiseRule>,
    /// One in `keep_one_in` is kept.
    #[serde(default)]
    pub sample: Vec<NoiseRule>,
}

/// Matches an event when every pattern of it does; `*` stands for any text. At least one is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseRule {
    /// Its name in reports.
    #[schemars(extend("minLength" = 1, "maxLength" = 64, "examples" = ["health-checks"]))]
    pub name: String,
    /// The operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The actor's id or name, or `<type>:<id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The vendor's verb in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// The resource: `<type>` or `<type>:<id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// `change`, `read` or `sensitive_read`. Sensitive reads are left out only by a rule that says so or names their operation in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["change", "read", "sensitive_read", null]))]
    pub nature: Option<String>,
    /// Under `sample`: one in so many is kept, from 2 to 1,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_one_in: Option<u32>,
}

/// What is kept of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Readable name of its tenant.
    pub tenant: String,
    /// What sends to it.
    pub vendor: String,
    /// Where deliveries go, behind the server's own address.
    pub path: String,
    /// Whether the rules are the vendor's own.
    pub default_rules: bool,
    /// What need not be kept.
    pub rules: NoiseRules,
    /// When it was made.
    pub created_at: String,
    /// Until when the secret before the present one is taken, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<String>,
    /// When it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
}

/// A source with its secret, the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedSource {
    /// What the vendor signs with, or sends: `vts_…`.
    #[schemars(extend("pattern" = "^vts_"))]
    pub secret: String,
    /// The source.
    #[serde(flatten)]
    pub source: Source,
}

impl fmt::Debug for CreatedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedSource")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// The sources of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sources {
    /// By name; closed ones too.
    pub sources: Vec<Source>,
}

/// What became of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// Events that are durable now.
    pub stored: u64,
    /// Events that were there before.
    pub repeated: u64,
    /// Events of known ids with other content; the first ones stay.
    pub conflicts: u64,
    /// What need not be kept, by the name of the rule.
    pub left_out: BTreeMap<String, u64>,
    /// What can't be read, the first hundred.
    pub refused: Vec<RefusedItem>,
    /// How many can't be read.
    pub refused_count: u64,
}

/// One thing in a delivery that is no event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedItem {
    /// Which of the delivery.
    pub index: u64,
    /// The rule that refused it.
    pub rule: String,
    /// What was expected.
    pub detail: String,
}
