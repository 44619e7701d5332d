//! Where an event's address is, as the server's databases say: derived, and no part of what is signed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place. What the database does not say is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// ISO 3166-1 alpha-2 code of the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The country's English name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// The state or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Roughly where that is, in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Roughly where that is, in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// The network that the database says this of.
    pub network: String,
    /// The database.
    pub database: String,
    /// When the database was built.
    #[schemars(extend("format" = "date-time"))]
    pub built_at: String,
    /// Whether the country is one that the tenant knows; left out where the tenant named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<bool>,
}

/// A database of places that the server asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceDatabase {
    /// What its maker calls it.
    pub database: String,
    /// When it was built.
    #[schemars(extend("format" = "date-time"))]
    pub built_at: String,
}
