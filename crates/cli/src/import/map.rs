//! Maps: how the rows of a table become events, in TOML, so that people can write their own.
//!
//! Promises: a map that can't be right is refused before anything is read, with the place; fields are made in an order in
//! which a template finds what it names. docs/guide/import.md describes the form. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::recipe::{Recipe, Written};
use crate::failure::Failure;

/// Longest map in bytes.
pub(crate) const MAP_BYTES_MAX: u64 = 1024 * 1024;
/// How deep names of fields are nested.
const DEPTH_MAX: usize = 8;
/// How many ids are read again where a map does not say.
const OVERLAP_IDS: u64 = 10_000;
/// How many seconds are read again where a map does not say.
const OVERLAP_SECONDS: u64 = 600;

/// What may stand for a field of an event, and whether it has fields of its own.
const FIELDS: [(&str, bool); 14] = [
    ("timestamp", false),
    ("operation", false),
    ("actor", true),
    ("origin", true),
    ("resource", true),
    ("outcome", true),
    ("reason", false),
    ("approval", true),
    ("context", true),
    ("request_id", false),
    ("correlation_id", false),
    ("causation_id", false),
    ("trace_id", false),
    ("metadata", true),
];

/// Names of fields, in parts, and how each is made.
pub(crate) type Fields = Vec<(Vec<String>, Recipe)>;

/// A map that was understood.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    /// Begins every event's id.
    pub(crate) name: String,
    /// Whether it was the map that said so.
    pub(crate) is_named: bool,
    /// Which table, unless the command line says.
    pub(crate) table: Option<String>,
    /// Columns that name a row for ever.
    pub(crate) key: Vec<String>,
    /// What rows are read in the order of.
    pub(crate) cursor: Option<Cursor>,
    /// How much is read again.
    pub(crate) overlap: Overlap,
    /// Tables beside it, by the name that columns of theirs begin with.
    pub(crate) joins: BTreeMap<String, Join>,
    /// Fields of the event, in the order of making.
    pub(crate) fields: Fields,
    /// Other resources.
    pub(crate) related: Vec<Fields>,
    /// What changed.
    pub(crate) changes: Option<Changes>,
    /// Columns in whose text JSON is looked for.
    pub(crate) parsed: BTreeSet<String>,
}

/// A column that only grows, or something in its JSON that does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// The column.
    pub(crate) column: String,
    /// RFC 6901 pointer to a whole number in it.
    pub(crate) path: Option<String>,
}

/// How far back each round reads again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// Of numbers.
    pub(crate) ids: u64,
    /// Of times.
    pub(crate) seconds: u64,
}

/// A table beside the one that is read: of it the row whose `column` is what `is` names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    /// The table.
    pub(crate) table: String,
    /// Its column.
    pub(crate) column: String,
    /// The column of the table that is read.
    pub(crate) is: String,
    /// Without the table, its columns are empty.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// Two objects that are compared field by field.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    /// As it was.
    pub(crate) before: Written,
    /// As it is.
    pub(crate) after: Written,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMap {
    name: Option<String>,
    table: Option<String>,
    #[serde(default)]
    key: Vec<String>,
    cursor: Option<WrittenCursor>,
    overlap: Option<toml::Value>,
    #[serde(default)]
    join: BTreeMap<String, Join>,
    event: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WrittenCursor {
    Column(String),
    Within(Cursor),
}

impl Map {
    /// Reads a map. `named` says what it is called where it does not say.
    pub(crate) fn read(text: &str, named: &str) -> Result<Self, Failure> {
        let written: WrittenMap = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(String::new(), |span| {
                let before = text.get(..span.start).unwrap_or_default();
                format!(" (line {})", before.matches('\n').count() + 1)
            });
            bad(&format!("{}{place}", error.message()))
        })?;
        if written.key.is_empty() {
            return Err(bad(
                "expected key = [\"id\"]: the columns that name a row for ever",
            ));
        }
        let mut event = written.event;
        let related = related(event.remove("related"))?;
        let changes = changes(event.remove("changes"))?;
        let mut fields = Vec::new();
        flatten(&[], event, &mut fields)?;
        for (path, _) in &mut fields {
            check_field(path)?;
        }
        // What a template may name comes first, and a whole before what is put into it.
        fields.sort_by_cached_key(|(path, _)| {
            let early = match path.join(".").as_str() {
                "resource.type" => 0,
                "operation" => 1,
                _ => 2,
            };
            (early, path.len(), path.clone())
        });
        let mut map = Self {
            parsed: BTreeSet::new(),
            is_named: written.name.is_some(),
            name: written.name.unwrap_or_else(|| named.to_owned()),
            table: written.table,
            key: written.key,
            cursor: written.cursor.map(|cursor| match cursor {
                WrittenCursor::Column(column) => Cursor { column, path: None },
                WrittenCursor::Within(cursor) => cursor,
            }),
            overlap: written
                .overlap
                .map_or(Ok(Overlap::USUAL), |overlap| Overlap::read(&overlap))?,
            joins: written.join,
            fields,
            related,
            changes,
        };
        map.check()?;
        for (_, recipe) in map.recipes() {
            recipe.each_column(&mut |recipe, column| {
                if recipe.json || recipe.path.is_some() {
                    map.parsed.insert(column.to_owned());
                }
            });
        }
        Ok(map)
    }

    fn check(&self) -> Result<(), Failure> {
        for (name, recipe) in self.recipes() {
            if let Some(fault) = recipe.fault() {
                return Err(bad(&format!("{name}: {fault}")));
            }
        }
        for required in ["timestamp", "operation", "resource.type"] {
            if !self
                .fields
                .iter()
                .any(|(path, _)| path.join(".") == required)
            {
                return Err(bad(&format!("expected a recipe for {required}")));
            }
        }
        if let Some(path) = self
            .cursor
            .as_ref()
            .and_then(|cursor| cursor.path.as_deref())
            && !path.starts_with('/')
        {
            return Err(bad("cursor: expected a path such as /received"));
        }
        Ok(())
    }

    /// Every recipe, with the name of what it makes.
    pub(crate) fn recipes(&self) -> Vec<(String, Recipe)> {
        let own = self.fields.iter();
        let mut all: Vec<(String, Recipe)> = own
            .chain(self.related.iter().flatten())
            .map(|(path, recipe)| (path.join("."), recipe.clone()))
            .collect();
        if let Some(changes) = &self.changes {
            for side in [&changes.before, &changes.after] {
                all.push(("changes".to_owned(), side.clone().into_recipe()));
            }
        }
        all
    }
}

impl Overlap {
    const USUAL: Self = Self {
        ids: OVERLAP_IDS,
        seconds: OVERLAP_SECONDS,
    };

    /// From a number, or a text such as `10m`.
    fn read(value: &toml::Value) -> Result<Self, Failure> {
        match value {
            toml::Value::Integer(ids) => u64::try_from(*ids)
                .ok()
                .map(|ids| Self { ids, ..Self::USUAL }),
            toml::Value::String(text) => Self::parse(text),
            _ => None,
        }
        .ok_or_else(|| bad("overlap: expected a number of ids, or a time such as \"10m\""))
    }

    /// From a text: `5000` ids or `10m` of time.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(ids) = text.parse() {
            return Some(Self { ids, ..Self::USUAL });
        }
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
        Some(Self {
            seconds,
            ..Self::USUAL
        })
    }
}

/// Names with their recipes, out of tables in tables.
fn flatten(above: &[String], table: toml::Table, fields: &mut Fields) -> Result<(), Failure> {
    if above.len() > DEPTH_MAX {
        return Err(bad("fields are nested too deep"));
    }
    for (name, value) in table {
        let mut path = above.to_vec();
        path.extend(name.split('.').map(str::to_owned));
        match value {
            toml::Value::Table(inner)
                if !inner.is_empty()
                    && inner
                        .keys()
                        .all(|name| Recipe::NAMES.contains(&name.as_str())) =>
            {
                let recipe = inner.try_into().map_err(|error: toml::de::Error| {
                    bad(&format!("{}: {}", path.join("."), error.message()))
                })?;
                fields.push((path, recipe));
            }
            toml::Value::Table(inner) => flatten(&path, inner, fields)?,
            toml::Value::String(column) => {
                fields.push((path, Written::Column(column).into_recipe()));
            }
            _ => {
                let expected =
                    "expected a column's name or a recipe such as { value = \"system\" }";
                return Err(bad(&format!("{}: {expected}", path.join("."))));
            }
        }
    }
    Ok(())
}

/// Whether an event has such a field. An outcome in one word is its result.
fn check_field(path: &mut Vec<String>) -> Result<(), Failure> {
    let [first, below @ ..] = path.as_slice() else {
        return Err(bad("expected the name of a field"));
    };
    let known = FIELDS.iter().find(|(name, _)| name == first);
    let fits = match (known, below) {
        (Some((_, false)), []) => true,
        (Some((name, true)), []) => matches!(*name, "outcome" | "metadata"),
        (Some((_, true)), below) => below.iter().all(|name| !name.is_empty()),
        _ => false,
    };
    if !fits {
        let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        return Err(bad(&format!(
            "{}: an event has no such field; it has {}, related and changes",
            path.join("."),
            names.join(", ")
        )));
    }
    if first == "outcome" && below.is_empty() {
        path.push("result".to_owned());
    }
    Ok(())
}

fn related(value: Option<toml::Value>) -> Result<Vec<Fields>, Failure> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(toml::Value::Array(items)) => items,
        Some(_) => return Err(bad("related: expected [[event.related]] with type and id")),
    };
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let toml::Value::Table(table) = item else {
            return Err(bad("related: expected [[event.related]] with type and id"));
        };
        let mut fields = Vec::new();
        flatten(&[], table, &mut fields)?;
        if !["type", "id"]
            .iter()
            .all(|name| fields.iter().any(|(path, _)| path == &[*name]))
        {
            return Err(bad("related: expected type and id"));
        }
        all.push(fields);
    }
    Ok(all)
}

fn changes(value: Option<toml::Value>) -> Result<Option<Changes>, Failure> {
    let read = value.map(toml::Value::try_into::<Changes>).transpose();
    read.map_err(|_| bad("changes: expected before and after, each a column or a recipe"))
}

fn bad(what: &str) -> Failure {
    Failure::usage(format!("the map can not be used: {what}")).hint(
        "docs/guide/import.md describes maps; `veritrail import --print-map classic` prints one",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "key = [\"id\"]\n[event]\ntimestamp = \"at\"\noperation = \"op\"\n\"resource.type\" = { value = \"thing\" }\n";

    fn refusal(text: &str) -> String {
        Map::read(text, "n").unwrap_err().message
    }

    #[test]
    fn names_may_be_dotted_quoted_or_nested() {
        let more = "actor.id = \"a\"\n\"actor.name\" = \"b\"\nmetadata = { column = \"data\" }\n\"metadata.x\" = \"c\"\noutcome = \"ok\"\n[event.context]\nservice = { value = \"s\" }\n";
        let map = Map::read(&format!("{LEAST}{more}"), "n").unwrap();
        let names: Vec<String> = map.fields.iter().map(|(path, _)| path.join(".")).collect();
        assert_eq!(
            names,
            [
                "resource.type",
                "operation",
                "metadata",
                "timestamp",
                "actor.id",
                "actor.name",
                "context.service",
                "metadata.x",
                "outcome.result"
            ]
        );
        assert_eq!((map.name.as_str(), map.overlap), ("n", Overlap::USUAL));
    }

    #[test]
    fn what_can_not_be_right_is_refused_with_its_place() {
        for (text, words) in [
            ("[event]\n", "key"),
            ("key = 5\n[event]\n", "line 1"),
            ("keys = []\n[event]\n", "unknown field"),
            ("key = [\"id\"]\n[event]\n", "timestamp"),
            (
                &format!("{LEAST}weather = \"w\"\n"),
                "weather: an event has no such field",
            ),
            (&format!("{LEAST}actor = \"w\"\n"), "actor"),
            (
                &format!("{LEAST}\"actor.id\" = 5\n"),
                "actor.id: expected a column",
            ),
            (
                &format!("{LEAST}\"actor.id\" = {{ path = \"/a\" }}\n"),
                "actor.id: expected one of",
            ),
            (
                &format!("{LEAST}\"actor.id\" = {{ column = 5 }}\n"),
                "actor.id",
            ),
            (&format!("{LEAST}changes = \"x\"\n"), "before and after"),
            (
                &format!("{LEAST}[[event.related]]\ntype = \"x\"\n"),
                "type and id",
            ),
            (&format!("overlap = \"soon\"\n{LEAST}"), "overlap"),
            (
                &format!("cursor = {{ column = \"a\", path = \"b\" }}\n{LEAST}"),
                "path",
            ),
        ] {
            assert!(refusal(text).contains(words), "{text}: {}", refusal(text));
        }
    }

    #[test]
    fn an_overlap_is_ids_or_a_time() {
        assert_eq!(Overlap::parse("7").unwrap().ids, 7);
        assert_eq!(Overlap::parse("2h").unwrap().seconds, 7_200);
        for text in ["", "m", "-1", "1y", "99999999999999999999d", "é"] {
            assert_eq!(Overlap::parse(text), None, "{text}");
        }
    }
}
