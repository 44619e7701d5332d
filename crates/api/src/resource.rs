//! What `GET /v1/resources/{type}/{id}/state` answers: what is known of a resource at a time, from the changes that its
//! events tell.
//!
//! Numbers in values are digit for digit in the text of the answer; reading them here may round them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The known state of a resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceState {
    /// The resource.
    pub resource: ResourceName,
    /// The time asked for: what happened at or after it is left out. Without one, now: what is dated later is left out.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Whether it existed; `null` when no event says so.
    pub exists: Option<bool>,
    /// What is known of its fields. What an event granted within a project stands under `<field>@project/<id>`.
    pub fields: BTreeMap<String, FieldState>,
    /// The time of the first event that is known, when that did not create the resource: what was before is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub unknown_before: Option<String>,
    /// Changes whose `before` is not what was known: signs of a change that was not recorded.
    #[serde(default)]
    pub inconsistencies: Vec<Inconsistency>,
    /// Events that were looked at, those without success included.
    pub events: u64,
    /// Whether there was more than is kept: more fields, members or inconsistencies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceName {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name as last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What is known of one field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldState {
    /// Its value as it was told, masks included. Absent when it changed and no event says to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether the value is a set of which members may be unknown: its beginning was not recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// When it got this value.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// The event that says so.
    pub event: String,
    /// Who did it.
    pub actor: Actor,
}

/// Who did something, as far as the caller may know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// `user`, `service_account`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A change whose `before` is not what was known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inconsistency {
    /// The field.
    pub field: String,
    /// The event.
    pub event: String,
    /// When it happened.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// What was known.
    pub expected: Value,
    /// What the event says was there.
    pub found: Value,
}
