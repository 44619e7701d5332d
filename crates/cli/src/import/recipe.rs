//! How one field of an event is made of a row.
//!
//! Promises: a recipe that can't be right is refused when the map is read; a row never makes it fail: what it does not find
//! is absent. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ledger::json::Value;
use ledger::time::Micros;
use ledger::vocabulary;
use serde::Deserialize;

use super::row::Row;

/// Longest part of a name for a kind of resource.
const RESOURCE_TYPE_BYTES_MAX: usize = 64;
/// What an operation is called whose own name is no name of an operation.
const NAMELESS: &str = "event.recorded";

/// A field's recipe, as a map writes it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    /// The column that it comes from: `name`, or `join.name`.
    pub(crate) column: Option<String>,
    /// RFC 6901 pointer into the column's JSON.
    pub(crate) path: Option<String>,
    /// Always this.
    pub(crate) value: Option<toml::Value>,
    /// A text with `{…}` for fields of the event (`resource.type`) and columns; beside a column, `{}` stands for that.
    pub(crate) template: Option<String>,
    /// The first of these that is there.
    pub(crate) first: Option<Vec<Written>>,
    /// The column may be missing in the table.
    #[serde(default)]
    pub(crate) optional: bool,
    /// The column's text holds JSON.
    #[serde(default)]
    pub(crate) json: bool,
    /// What words become; `*` stands for any other.
    pub(crate) map: Option<BTreeMap<String, String>>,
    /// What it is where nothing is there.
    pub(crate) default: Option<toml::Value>,
    /// How it is to be read.
    #[serde(rename = "as")]
    pub(crate) reading: Option<Reading>,
    /// Of a number that tells a time: since 1970, in these.
    pub(crate) unit: Option<Unit>,
    /// The zone of a date and time that has none.
    pub(crate) zone: Option<String>,
}

/// A recipe, or a column's name alone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Written {
    /// The column.
    Column(String),
    /// A recipe.
    Recipe(Box<Recipe>),
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reading {
    /// As a text, whatever it was.
    Text,
    /// As an operation, in the vocabulary's spelling.
    Operation,
    /// As a kind of resource.
    ResourceType,
    /// As an operation, of which the kind of resource is taken.
    ResourceOfOperation,
}

/// What a number of a time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
}

impl Written {
    /// As a recipe.
    pub(crate) fn into_recipe(self) -> Recipe {
        match self {
            Self::Column(column) => Recipe {
                column: Some(column),
                ..Recipe::default()
            },
            Self::Recipe(recipe) => *recipe,
        }
    }

    fn as_recipe(&self) -> Cow<'_, Recipe> {
        match self {
            Self::Column(_) => Cow::Owned(self.clone().into_recipe()),
            Self::Recipe(recipe) => Cow::Borrowed(recipe),
        }
    }
}

impl Recipe {
    /// Names that a table of a map has where it is a recipe.
    pub(crate) const NAMES: [&str; 12] = [
        "column", "path", "value", "template", "first", "optional", "json", "map", "default", "as",
        "unit", "zone",
    ];

    /// What is wrong with it, if something is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let sources = [
            self.column.is_some(),
            self.value.is_some(),
            self.template.is_some() && self.column.is_none(),
            self.first.is_some(),
        ];
        let path = self.path.as_deref();
        let constant = |value: &toml::Value| {
            matches!(
                value,
                toml::Value::String(_) | toml::Value::Integer(_) | toml::Value::Boolean(_)
            )
        };
        if sources.iter().filter(|source| **source).count() != 1 {
            Some("expected one of column, value, template and first")
        } else if path.is_some() && self.column.is_none() {
            Some("expected a column beside path")
        } else if path.is_some_and(|path| !path.starts_with('/')) {
            Some("expected a path such as /actor/id")
        } else if ![&self.value, &self.default]
            .into_iter()
            .flatten()
            .all(constant)
        {
            Some("expected a text, a whole number, true or false")
        } else if self
            .zone
            .as_deref()
            .is_some_and(|zone| TimeZone::get(zone).is_err())
        {
            Some("expected the name of a time zone that this machine knows, such as UTC")
        } else {
            let mut inner = self.first.iter().flatten();
            inner.find_map(|one| one.as_recipe().fault())
        }
    }

    /// Hands over each recipe with a column in it.
    pub(crate) fn each_column(&self, tell: &mut impl FnMut(&Self, &str)) {
        if let Some(column) = &self.column {
            tell(self, column);
        }
        for one in self.first.iter().flatten() {
            one.as_recipe().each_column(tell);
        }
    }

    /// Names in its template, and in those within it.
    pub(crate) fn template_columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for text in [&self.template, &self.path].into_iter().flatten() {
            let places = text.split('{').skip(1);
            names.extend(places.filter_map(|place| Some(place.split_once('}')?.0)));
        }
        for one in self.first.iter().flatten() {
            if let Written::Recipe(recipe) = one {
                names.extend(recipe.template_columns());
            }
        }
        names.retain(|name| !name.is_empty());
        names
    }

    /// The field. `known` has what was made of the row so far.
    pub(crate) fn made<'a>(&self, row: &Row<'a>, known: &Value<'_>) -> Option<Value<'a>> {
        let found = self.found(row, known);
        let made = found.and_then(|found| self.read(found, row, known));
        made.or_else(|| self.default.as_ref().map(constant))
    }

    fn found<'a>(&self, row: &Row<'a>, known: &Value<'_>) -> Option<Value<'a>> {
        if let Some(value) = &self.value {
            return Some(constant(value));
        }
        if let (None, Some(template)) = (&self.column, &self.template) {
            return filled(template, "", row, known).map(Value::string);
        }
        if let Some(first) = &self.first {
            let mut made = first.iter();
            return made.find_map(|one| one.as_recipe().made(row, known));
        }
        let value = row.column(self.column.as_deref()?)?;
        let value = match &self.path {
            Some(path) => pointed(value, &filled(path, "", row, known)?)?,
            None => value,
        };
        Some(value.clone()).filter(is_there)
    }

    fn read<'a>(&self, value: Value<'a>, row: &Row<'a>, known: &Value<'_>) -> Option<Value<'a>> {
        let value = match &self.map {
            Some(map) => {
                let word = text_of(&value)?;
                let mapped = map.get(word.as_ref()).or_else(|| map.get("*"));
                Value::String(Cow::Owned(mapped?.clone()))
            }
            None => value,
        };
        let value = match &self.template {
            Some(template) if self.column.is_some() => {
                Value::string(filled(template, &text_of(&value)?, row, known)?)
            }
            _ => value,
        };
        let value = match self.unit {
            Some(unit) => unit.time(value),
            None => value,
        };
        let value = match &self.zone {
            Some(zone) => placed(value, zone),
            None => value,
        };
        let Some(reading) = self.reading else {
            return Some(value);
        };
        let text = text_of(&value)?;
        let text = match reading {
            Reading::Text => text.into_owned(),
            Reading::Operation => operation(&text),
            Reading::ResourceType => resource_type(&text)?,
            Reading::ResourceOfOperation => resource_type(resource_of(&operation(&text)))?,
        };
        Some(Value::String(Cow::Owned(text)))
    }
}

impl Unit {
    /// A number as a time; anything else, and a number of no time, as it is.
    fn time(self, value: Value<'_>) -> Value<'_> {
        let digits = match &value {
            Value::Number(text) | Value::String(text) => text.parse::<i64>().ok(),
            _ => None,
        };
        let factor = match self {
            Self::Seconds => 1_000_000,
            Self::Millis => 1_000,
            Self::Micros => 1,
        };
        match digits.and_then(|number| number.checked_mul(factor)) {
            Some(micros) if Micros::from_micros(micros).as_micros() == micros => {
                Value::String(Cow::Owned(Micros::from_micros(micros).to_string()))
            }
            _ => value,
        }
    }
}

/// A date and time of day in a zone as a point in time; anything else as it is.
fn placed<'a>(value: Value<'a>, zone: &str) -> Value<'a> {
    let Value::String(text) = &value else {
        return value;
    };
    let placed = text
        .parse::<DateTime>()
        .ok()
        .filter(|_| Micros::parse(text).is_err());
    let placed = placed.and_then(|time| TimeZone::get(zone).ok()?.to_timestamp(time).ok());
    let micros = placed.map(jiff::Timestamp::as_microsecond);
    // Outside of the years that a time may be of, it is left as it is: no time.
    match micros.map(|micros| (micros, Micros::from_micros(micros))) {
        Some((micros, time)) if time.as_micros() == micros => {
            Value::String(Cow::Owned(time.to_string()))
        }
        _ => value,
    }
}

/// Whether a value says something.
pub(crate) fn is_there(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// The word of a scalar.
pub(crate) fn text_of<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(text) | Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What an RFC 6901 pointer points at.
pub(crate) fn pointed<'v, 'a>(value: &'v Value<'a>, path: &str) -> Option<&'v Value<'a>> {
    let mut at = value;
    for token in path.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        at = match at {
            Value::Array(items) => items.get(token.parse::<usize>().ok()?)?,
            other => other.member(&token)?,
        };
    }
    Some(at)
}

fn constant<'a>(value: &toml::Value) -> Value<'a> {
    match value {
        toml::Value::String(text) => Value::String(Cow::Owned(text.clone())),
        toml::Value::Integer(number) => Value::Number(Cow::Owned(number.to_string())),
        toml::Value::Boolean(flag) => Value::Bool(*flag),
        _ => Value::Null,
    }
}

/// A template with its places filled, `{}` with `itself`; nothing if one of them has nothing.
fn filled(template: &str, itself: &str, row: &Row<'_>, known: &Value<'_>) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        text.push_str(before);
        rest = after;
        if name.is_empty() {
            text.push_str(itself);
            continue;
        }
        let field = format!("/{}", name.replace('.', "/"));
        let value = pointed(known, &field).or_else(|| row.column(name))?;
        text.push_str(&text_of(value)?);
    }
    text.push_str(rest);
    Some(text)
}

/// The operation that a name means.
fn operation(sent: &str) -> String {
    let resolved = vocabulary::resolve(sent.trim());
    resolved.map_or_else(
        |_| NAMELESS.to_owned(),
        |operation| operation.name().to_owned(),
    )
}

fn resource_of(operation: &str) -> &str {
    operation
        .rsplit_once('.')
        .map_or(operation, |(resource, _)| resource)
}

/// A kind of resource: lower case, words joined by `_`. A plural becomes the singular where the vocabulary knows that one:
/// what is done to the table `api_keys` is done to an API key, and is masked as such.
fn resource_type(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut before = None;
    for character in text.trim().chars() {
        let upper = character.is_ascii_uppercase();
        let after_lower =
            before.is_some_and(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if (upper && after_lower || !character.is_ascii_alphanumeric())
            && !name.is_empty()
            && !name.ends_with('_')
        {
            name.push('_');
        }
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        }
        before = Some(character);
    }
    let name = name.trim_end_matches('_');
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let name = singular(name).unwrap_or_else(|| name.to_owned());
    let end = name.len().min(RESOURCE_TYPE_BYTES_MAX);
    name.get(..end)
        .filter(|name| !name.is_empty())
        .map(|name| name.trim_end_matches('_').to_owned())
}

fn singular(name: &str) -> Option<String> {
    let known = |name: &str| {
        vocabulary::all().any(|operation| resource_of(operation.name).replace('.', "_") == name)
    };
    if known(name) {
        return None;
    }
    let stem = name.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let others = ["es", "s"].iter().filter_map(|end| name.strip_suffix(end));
    let mut candidates = stem.into_iter().chain(others.map(str::to_owned));
    candidates.find(|candidate| known(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(text: &str) -> Recipe {
        let table: BTreeMap<String, Written> = toml::from_str(&format!("r = {text}")).unwrap();
        table.into_values().next().unwrap().into_recipe()
    }

    fn made(text: &str) -> String {
        let mut row = Row::default();
        let data = b"{\"a\":{\"b/c\":[1,2.50]},\"env_id\":7,\"empty\":\"\"}";
        row.put("data", ledger::json::parse(data).unwrap());
        row.put("op", Value::string("API_KEY_CREATED"));
        row.put("ok", Value::Bool(false));
        row.put("at", Value::Number("1710253927123".into()));
        let known = ledger::json::parse(b"{\"resource\":{\"type\":\"env\"}}").unwrap();
        let recipe = recipe(text);
        assert_eq!(recipe.fault(), None, "{text}");
        recipe
            .made(&row, &known)
            .map_or_else(String::new, |value| value.to_compact())
    }

    #[test]
    fn recipes_make_what_they_say() {
        for (text, expected) in [
            ("\"ok\"", "false"),
            ("{ column = \"data\", path = \"/a/b~1c/1\" }", "2.50"),
            ("{ column = \"data\", path = \"/a/x\" }", ""),
            (
                "{ column = \"data\", path = \"/empty\", default = \"d\" }",
                "\"d\"",
            ),
            ("{ column = \"data\", path = \"/{resource.type}_id\" }", "7"),
            (
                "{ column = \"ok\", map = { true = \"success\", false = \"failure\" } }",
                "\"failure\"",
            ),
            ("{ column = \"op\", map = { \"*\" = \"any\" } }", "\"any\""),
            (
                "{ column = \"none\", map = { \"*\" = \"any\" }, default = \"no\" }",
                "\"no\"",
            ),
            ("{ column = \"op\", map = { a = \"b\" } }", ""),
            ("{ template = \"{resource.type}:{ok}\" }", "\"env:false\""),
            ("{ template = \"{none}\" }", ""),
            (
                "{ column = \"ok\", map = { false = \"deleted\" }, template = \"{resource.type}.{}\" }",
                "\"env.deleted\"",
            ),
            ("{ value = 5 }", "5"),
            (
                "{ first = [\"none\", { column = \"data\", path = \"/env_id\" }] }",
                "7",
            ),
            (
                "{ column = \"op\", as = \"operation\" }",
                "\"api_key.created\"",
            ),
            (
                "{ column = \"op\", as = \"resource_of_operation\" }",
                "\"api_key\"",
            ),
            (
                "{ value = \"HELLO\", as = \"operation\" }",
                "\"event.recorded\"",
            ),
            (
                "{ column = \"at\", unit = \"ms\" }",
                "\"2024-03-12T14:32:07.123000Z\"",
            ),
            (
                "{ value = \"2024-03-12T14:32:07Z\", unit = \"ms\" }",
                "\"2024-03-12T14:32:07Z\"",
            ),
            ("{ column = \"at\", unit = \"s\" }", "1710253927123"),
            (
                "{ value = \"2026-03-12T14:32:07\", zone = \"UTC\" }",
                "\"2026-03-12T14:32:07.000000Z\"",
            ),
            (
                "{ value = \"2026-03-12T14:32:07+01:00\", zone = \"UTC\" }",
                "\"2026-03-12T14:32:07+01:00\"",
            ),
            ("{ value = \"infinity\", zone = \"UTC\" }", "\"infinity\""),
            ("{ column = \"at\", as = \"text\" }", "\"1710253927123\""),
        ] {
            assert_eq!(made(text), expected, "{text}");
        }
    }

    #[test]
    fn kinds_of_resources_are_known_by_their_plurals_too() {
        for (text, expected) in [
            ("api_keys", Some("api_key")),
            ("Environment Variables", Some("environment_variable")),
            ("DeploymentTarget", Some("deployment_target")),
            ("accounts", Some("accounts")),
            ("2fa", Some("fa")),
            ("__", None),
            ("ünïcode", Some("n_code")),
        ] {
            assert_eq!(resource_type(text).as_deref(), expected, "{text}");
        }
        assert!(resource_type(&"x".repeat(500)).unwrap().len() <= RESOURCE_TYPE_BYTES_MAX);
    }

    #[test]
    fn recipes_that_can_not_be_right_are_refused() {
        for text in [
            "{ path = \"/a\" }",
            "{ column = \"a\", value = \"b\" }",
            "{ column = \"a\", path = \"b\" }",
            "{ value = [1] }",
            "{ column = \"a\", zone = \"Mars/Olympus\" }",
            "{ first = [{ optional = true }] }",
        ] {
            assert!(recipe(text).fault().is_some(), "{text}");
        }
    }
}
