//! The text of SQL that reads a table.
//!
//! Promises: every name from outside is quoted, every value a parameter; every column comes as text, in one form for each
//! kind, so that nothing is lost to a type that this program does not know; a value that could be no part of an event is
//! left in the database. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::map::{Cursor, Join, Map, Overlap};
use super::row::Kind;
use crate::failure::Failure;

/// Longest value that leaves the database in bytes: as much as a request to Veritrail may have.
const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the database says of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its kind.
    pub(crate) kind: Kind,
    /// The name of its type, of a domain that beneath it.
    pub(crate) type_name: String,
    /// Whether every row has a value.
    pub(crate) is_filled: bool,
}

/// Columns of a table by name.
pub(crate) type Columns = BTreeMap<String, Column>;

/// A table's name, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    schema: Option<String>,
    table: String,
}

/// A column that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selected {
    /// As the map calls it.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Whether JSON is looked for in its text.
    pub(crate) is_parsed: bool,
}

/// A statement, and what its columns are: those of `columns`, the cursor, and whether something was too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Select {
    pub(crate) text: String,
    pub(crate) columns: Vec<Selected>,
    /// Its first parameter is where to begin; the second how far before that.
    pub(crate) has_beginning: bool,
    /// The cursor counts, or tells the time: how far back is how many ids, or seconds.
    pub(crate) steps: Option<Steps>,
}

/// What lies between two values of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steps {
    /// Numbers.
    Ids,
    /// Time.
    Seconds,
}

/// What a column of the catalogue is read by.
pub(crate) const DESCRIBE: &str = "\
select a.attname::text, coalesce(b.typname, t.typname)::text, coalesce(b.typcategory, t.typcategory)::text, a.attnotnull::text \
from pg_catalog.pg_attribute a \
join pg_catalog.pg_type t on t.oid = a.atttypid \
left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype \
where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped";

/// About how many rows the table has.
pub(crate) const ESTIMATE: &str = "\
select greatest(coalesce(sum(c.reltuples), 0), 0)::bigint from pg_catalog.pg_class c \
where c.oid = pg_catalog.to_regclass($1) or c.oid in \
(select inhrelid from pg_catalog.pg_inherits where inhparent = pg_catalog.to_regclass($1))";

impl TableName {
    /// `table`, `schema.table`, or either part in double quotes.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (first, rest) = part(text)?;
        let name = match rest {
            "" => Self {
                schema: None,
                table: first,
            },
            rest => {
                let (second, rest) = part(rest.strip_prefix('.')?)?;
                rest.is_empty().then_some(Self {
                    schema: Some(first),
                    table: second,
                })?
            }
        };
        Some(name)
    }

    /// The same, in the schema of another unless it names one.
    pub(crate) fn beside(mut self, other: &Self) -> Self {
        if self.schema.is_none() {
            self.schema.clone_from(&other.schema);
        }
        self
    }

    /// Quoted.
    pub(crate) fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(&self.table)),
            None => quoted(&self.table),
        }
    }

    /// As people write it.
    pub(crate) fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.table),
            None => self.table.clone(),
        }
    }
}

fn part(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return (!name.is_empty() && !name.contains(['"', '\0'])).then(|| (name.to_owned(), rest));
    };
    let mut name = String::new();
    let mut rest = inner;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (!name.is_empty() && !name.contains('\0')).then_some((name, after)),
        }
    }
}

/// An identifier that means itself.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text that means itself, whatever the session thinks of backslashes.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The kind of a type, by its name and category.
pub(crate) fn kind(type_name: &str, category: &str) -> Kind {
    match (type_name, category) {
        ("int2" | "int4" | "int8" | "oid", _) => Kind::Integer,
        ("numeric" | "float4" | "float8", _) => Kind::Number,
        ("bool", _) => Kind::Bool,
        ("json" | "jsonb", _) | (_, "A") => Kind::Json,
        ("timestamptz", _) => Kind::Instant,
        ("timestamp", _) => Kind::LocalTime,
        ("date", _) => Kind::Date,
        ("bytea", _) => Kind::Bytes,
        _ => Kind::Text,
    }
}

/// A column as text.
fn as_text(place: &str, column: &Column) -> String {
    match (column.kind, column.type_name.as_str()) {
        (Kind::Json, name) if name != "json" && name != "jsonb" => {
            format!("array_to_json({place})::text")
        }
        (Kind::Bytes, _) => format!("encode({place}, 'base64')"),
        // As text it would always bear its mask.
        (_, "inet") => format!("host({place})"),
        _ => format!("{place}::text"),
    }
}

/// Whether values can be long.
fn is_bounded(kind: Kind) -> bool {
    !matches!(kind, Kind::Text | Kind::Json | Kind::Bytes)
}

impl Select {
    /// The statement for a map. `tables` has the columns of each join's table; one that is missing and may be is left out.
    pub(crate) fn of(
        map: &Map,
        table: &TableName,
        own: &Columns,
        joined: &BTreeMap<String, Columns>,
        has_beginning: bool,
    ) -> Result<Self, Failure> {
        let columns = needed(map, own, joined)?;
        let mut text = String::from("select ");
        let mut long = Vec::new();
        for selected in &columns {
            let (place, column) =
                find(&selected.name, own, joined).ok_or_else(|| missing(&selected.name))?;
            let value = as_text(&place, column);
            // Writing to a string does not fail.
            if is_bounded(selected.kind) {
                let _ = write!(text, "{value}, ");
            } else {
                let _ = write!(
                    text,
                    "case when octet_length({value}) <= {VALUE_BYTES_MAX} then {value} end, "
                );
                long.push(format!(
                    "coalesce(octet_length({value}), 0) > {VALUE_BYTES_MAX}"
                ));
            }
        }
        let cursor = map
            .cursor
            .as_ref()
            .map(|cursor| At::of(cursor, own))
            .transpose()?;
        let shown = cursor.as_ref().map_or("null::text", |cursor| &cursor.shown);
        let too_large = if long.is_empty() {
            "false".to_owned()
        } else {
            long.join(" or ")
        };
        let _ = write!(
            text,
            "{shown}, ({too_large})::text from {} t",
            table.quoted()
        );
        for (name, join) in map
            .joins
            .iter()
            .filter(|(name, _)| joined.contains_key(*name))
        {
            push_join(&mut text, table, name, join, own)?;
        }
        let has_beginning = has_beginning && cursor.is_some();
        if let (Some(cursor), true) = (&cursor, has_beginning) {
            let _ = write!(text, " where {}", cursor.condition());
        }
        let _ = write!(text, " order by ");
        if let Some(cursor) = &cursor {
            let _ = write!(text, "{} nulls last, ", cursor.place);
        }
        let keys: Vec<String> = map
            .key
            .iter()
            .map(|key| format!("t.{}", quoted(key)))
            .collect();
        text.push_str(&keys.join(", "));
        Ok(Self {
            text,
            columns,
            has_beginning,
            steps: cursor.and_then(|cursor| cursor.steps),
        })
    }

    /// How far back the second parameter goes.
    pub(crate) fn back(&self, overlap: Overlap) -> String {
        match self.steps {
            Some(Steps::Ids) => overlap.ids.to_string(),
            Some(Steps::Seconds) => format!("{} seconds", overlap.seconds),
            None => String::new(),
        }
    }
}

/// Where a cursor is.
struct At {
    /// The expression that is compared.
    place: String,
    /// The same as text.
    shown: String,
    type_name: &'static str,
    steps: Option<Steps>,
    is_filled: bool,
}

impl At {
    fn of(cursor: &Cursor, own: &Columns) -> Result<Self, Failure> {
        let column = own
            .get(&cursor.column)
            .ok_or_else(|| missing(&cursor.column))?;
        let place = format!("t.{}", quoted(&cursor.column));
        if let Some(path) = &cursor.path {
            if !matches!(column.type_name.as_str(), "json" | "jsonb") {
                return Err(Failure::usage(
                    "the map's cursor has a path, but its column holds no json or jsonb",
                ));
            }
            let mut inner = format!("{place}::jsonb");
            for token in path.split('/').skip(1) {
                let token = token.replace("~1", "/").replace("~0", "~");
                let _ = write!(inner, " -> {}", literal(&token));
            }
            // What is no whole number there must not stop the others.
            let place = format!(
                "case when ({inner})::text ~ '^-?[0-9]{{1,18}}$' then ({inner})::text::bigint end"
            );
            return Ok(Self {
                shown: format!("({place})::text"),
                place,
                type_name: "bigint",
                steps: Some(Steps::Ids),
                is_filled: false,
            });
        }
        let (type_name, steps) = match column.type_name.as_str() {
            "int2" | "int4" | "int8" | "oid" => ("bigint", Some(Steps::Ids)),
            "numeric" => ("numeric", Some(Steps::Ids)),
            "timestamptz" => ("timestamptz", Some(Steps::Seconds)),
            "timestamp" => ("timestamp", Some(Steps::Seconds)),
            "date" => ("date", Some(Steps::Seconds)),
            "uuid" => ("uuid", None),
            "text" | "varchar" | "bpchar" => ("text", None),
            _ => {
                return Err(Failure::usage(
                    "the map's cursor is of no type that can be one: expected a number, a time, a uuid or a text",
                ));
            }
        };
        Ok(Self {
            shown: format!("{place}::text"),
            place,
            type_name,
            steps,
            is_filled: column.is_filled,
        })
    }

    /// Rows from `$1` less `$2` on, and those without a value: they are in no order, and must not be left out.
    fn condition(&self) -> String {
        let Self {
            place, type_name, ..
        } = self;
        let begin = format!("$1::text::{type_name}");
        let begin = match self.steps {
            Some(Steps::Ids) => format!("{begin} - $2::text::bigint"),
            Some(Steps::Seconds) => format!("{begin} - $2::text::interval"),
            // The parameter is there, and means nothing.
            None => format!("{begin} and $2::text is not null"),
        };
        if self.is_filled {
            format!("{place} >= {begin}")
        } else {
            format!("(({place} >= {begin}) or {place} is null)")
        }
    }
}

fn push_join(
    text: &mut String,
    table: &TableName,
    name: &str,
    join: &Join,
    own: &Columns,
) -> Result<(), Failure> {
    let other = TableName::read(&join.table).ok_or_else(|| no_table(&join.table))?;
    if !own.contains_key(&join.is) {
        return Err(missing(&join.is));
    }
    let (alias, other) = (quoted(&format!("j_{name}")), other.beside(table).quoted());
    let (column, is) = (quoted(&join.column), quoted(&join.is));
    let _ = write!(
        text,
        " left join {other} {alias} on {alias}.{column} = t.{is}"
    );
    Ok(())
}

/// Every column that the map names and the tables have.
fn needed(
    map: &Map,
    own: &Columns,
    joined: &BTreeMap<String, Columns>,
) -> Result<Vec<Selected>, Failure> {
    let (mut names, mut absent) = (BTreeSet::new(), None);
    let mut take = |name: &str, may_lack: bool| {
        if find(name, own, joined).is_some() {
            names.insert(name.to_owned());
        } else if !may_lack {
            absent.get_or_insert_with(|| name.to_owned());
        }
    };
    for (_, recipe) in map.recipes() {
        recipe.each_column(&mut |recipe, column| {
            let join = column
                .split_once('.')
                .and_then(|(name, _)| map.joins.get(name));
            let may_lack = recipe.optional || join.is_some_and(|join| join.optional);
            take(column, may_lack);
        });
        for name in recipe.template_columns() {
            // A place of a template is a field of the event, or a column.
            take(name, true);
        }
    }
    for key in &map.key {
        take(key, false);
    }
    if let Some(absent) = absent {
        return Err(missing(&absent));
    }
    let selected = names.into_iter().filter_map(|name| {
        let (_, column) = find(&name, own, joined)?;
        Some(Selected {
            kind: column.kind,
            is_parsed: map.parsed.contains(&name),
            name,
        })
    });
    Ok(selected.collect())
}

/// Where a column is, and what it is.
fn find<'c>(
    name: &str,
    own: &'c Columns,
    joined: &'c BTreeMap<String, Columns>,
) -> Option<(String, &'c Column)> {
    if let Some(column) = own.get(name) {
        return Some((format!("t.{}", quoted(name)), column));
    }
    let (join, name) = name.split_once('.')?;
    let column = joined.get(join)?.get(name)?;
    Some((
        format!("{}.{}", quoted(&format!("j_{join}")), quoted(name)),
        column,
    ))
}

fn missing(column: &str) -> Failure {
    Failure::usage(format!("the table has no column {column}, which the map names"))
        .hint("a column that need not be there is written { column = \"…\", optional = true }; `veritrail import --print-map` prints a map to start from")
}

/// No name of a table.
pub(crate) fn no_table(name: &str) -> Failure {
    Failure::usage(format!(
        "{name}: expected a table, or a schema and a table, such as audit.record_version"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(of: &[(&str, &str, &str)]) -> Columns {
        let column = |(name, type_name, category): &(&str, &str, &str)| {
            let column = Column {
                kind: kind(type_name, category),
                type_name: (*type_name).to_owned(),
                is_filled: *name == "id",
            };
            ((*name).to_owned(), column)
        };
        of.iter().map(column).collect()
    }

    fn map(more: &str) -> Map {
        let text = format!(
            "key = [\"id\"]\ncursor = \"id\"\n[event]\ntimestamp = \"at\"\noperation = \"op\"\n\"resource.type\" = {{ value = \"x\" }}\n{more}"
        );
        Map::read(&text, "n").unwrap()
    }

    #[test]
    fn names_from_outside_can_not_leave_their_quotes() {
        let own = columns(&[
            ("id", "int8", "N"),
            ("at", "timestamptz", "D"),
            ("op", "text", "S"),
            ("x\"; drop", "text", "S"),
        ]);
        let map = map("\"metadata.x\" = \"x\\\"; drop\"\n");
        let table = TableName::read("\"a\"\"b.c\".\"d; --\"").unwrap();
        let select = Select::of(&map, &table, &own, &BTreeMap::new(), true).unwrap();
        assert!(
            select.text.contains("from \"a\"\"b.c\".\"d; --\" t "),
            "{}",
            select.text
        );
        assert!(
            select.text.contains("t.\"x\"\"; drop\"::text"),
            "{}",
            select.text
        );
        assert!(
            select
                .text
                .contains("where t.\"id\" >= $1::text::bigint - $2::text::bigint order by"),
            "{}",
            select.text
        );
        for wrong in [
            "", ".", "a.", ".a", "a.b.c", "\"a", "a\"b", "\"\"", "a.\"b\"c",
        ] {
            assert_eq!(TableName::read(wrong), None, "{wrong}");
        }
        assert_eq!(literal("a'b\\"), "E'a''b\\\\'");
    }

    #[test]
    fn columns_that_may_be_missing_may() {
        let own = columns(&[
            ("id", "uuid", "U"),
            ("at", "timestamp", "D"),
            ("op", "text", "S"),
        ]);
        let table = TableName::read("t").unwrap();
        let of = |more: &str| Select::of(&map(more), &table, &own, &BTreeMap::new(), false);
        assert!(of("reason = { column = \"no\", optional = true }\n").is_ok());
        assert!(
            of("reason = \"no\"\n")
                .unwrap_err()
                .message
                .contains("no column no")
        );
        let join = "reason = \"j.no\"\n[join.j]\ntable = \"j\"\ncolumn = \"id\"\nis = \"id\"\noptional = true\n";
        assert!(of(join).is_ok());
        assert!(of(&join.replace("optional = true", "")).is_err());
    }

    #[test]
    fn kinds_follow_types() {
        for (name, category, expected) in [
            ("int4", "N", Kind::Integer),
            ("_text", "A", Kind::Json),
            ("jsonb", "U", Kind::Json),
            ("money", "N", Kind::Text),
            ("mood", "E", Kind::Text),
        ] {
            assert_eq!(kind(name, category), expected, "{name}");
        }
    }
}
