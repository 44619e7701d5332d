//! What `GET /v1/fields` answers: the fields of the query language, or values to complete one with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::statistics::ValueCount;

/// What a query can name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fields {
    /// Fields of events.
    pub fields: Vec<Field>,
    /// Names that stand for other conditions.
    pub shorthands: Vec<Shorthand>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Its name; `<…>` stands for what the query names.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// `keyword`, `identifier`, `open`, `prose`, `number`, `time` or `address`.
    #[schemars(extend("enum" = ["keyword", "identifier", "open", "prose", "number", "time", "address"]))]
    pub kind: String,
    /// Whether its values can be counted and completed.
    pub countable: bool,
    /// What it holds.
    pub description: String,
    /// A condition on it.
    pub example: String,
}

/// A name that stands for other conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shorthand {
    /// Its name.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// What it stands for.
    pub description: String,
    /// A condition with it.
    pub example: String,
}

/// With `?field=`: values that begin as asked, the most frequent first. Operations that the vocabulary knows and no
/// event has follow with a count of 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Completions {
    /// The field's full name.
    pub field: String,
    /// The values.
    pub values: Vec<ValueCount>,
}
