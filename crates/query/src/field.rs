//! The fields a query can name: the one table of names, kinds and meanings.
//!
//! Promises: names are only ever added, and each means one thing. What the language accepts, the API lists and the
//! reference documents comes from [`FIELDS`] and [`SHORTHANDS`].

mod table;

use std::borrow::Cow;
use std::mem::discriminant;

use crate::words::fold;

pub use table::{FIELDS, SHORTHANDS};

/// A field of the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "FIELDS describes each of them")]
pub enum Field {
    Id,
    Seq,
    Timestamp,
    Recorded,
    Operation,
    ResourceType,
    ResourceId,
    ResourceName,
    Project,
    RelatedType,
    RelatedId,
    ActorType,
    ActorId,
    ActorEmail,
    ActorName,
    Credential,
    OnBehalfOf,
    Ip,
    UserAgent,
    Device,
    Session,
    Country,
    Subdivision,
    City,
    Outcome,
    OutcomeCode,
    OutcomeMessage,
    Reason,
    ApprovedBy,
    Ticket,
    Environment,
    Application,
    Service,
    Region,
    Channel,
    SourceAction,
    RequestId,
    CorrelationId,
    CausationId,
    TraceId,
    Producer,
    ProducerSeq,
    Source,
    Key,
    Flag,
    /// Names of the fields that an event changed.
    Changed,
    /// A value of the changed field of this name (folded).
    Change {
        name: String,
        side: Side,
    },
    /// A value under this path of metadata: folded names joined by dots.
    Metadata(String),
    /// Every text of the event.
    Text,
}

/// Which value of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Before or after.
    Either,
    /// Before.
    Before,
    /// After.
    After,
}

/// What tests a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Is`, `StartsWith`, `Exists`; every value can be found by its beginning.
    Keyword,
    /// `Is`, `Exists`: matched whole.
    Identifier,
    /// `Is`, `StartsWith`, `Exists`, `Number`: values nobody foresaw; identifiers among them are matched whole.
    Open,
    /// `Words`, `Exists`.
    Prose,
    /// `Number`, `Exists`.
    Number,
    /// `Time`.
    Time,
    /// `Within`, `Exists`.
    Address,
}

/// What is known of a field.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Its name. `<…>` stands for what the query names.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What tests it takes.
    pub kind: Kind,
    /// What it holds, as a phrase.
    pub description: &'static str,
    /// A condition on it.
    pub example: &'static str,
    /// The field; names within it do not count.
    pub(crate) field: &'static Field,
}

/// A name that stands for other conditions.
#[derive(Clone, Copy, Debug)]
pub struct Shorthand {
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it stands for, as a phrase.
    pub description: &'static str,
    /// A condition with it.
    pub example: &'static str,
    pub(crate) meaning: Meaning,
}

/// What a shorthand stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// One of these fields.
    AnyOf(&'static [Field]),
    /// Operations of a category.
    Category,
    /// Operations of a severity.
    Severity,
    /// There is a value of the field that the value names.
    Has,
    /// Not before.
    Since,
    /// Before.
    Until,
    /// Within a period.
    During,
}

impl Field {
    /// What is known of the field.
    pub fn info(&self) -> &'static FieldInfo {
        let known = |info: &&FieldInfo| discriminant(info.field) == discriminant(self);
        // A test holds the table to every field; free text is the last line.
        FIELDS.iter().find(known).unwrap_or(const { &table::TEXT })
    }

    /// What tests it takes.
    pub fn kind(&self) -> Kind {
        self.info().kind
    }

    /// The name that [`Field::parse`] reads back as this field.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Metadata(path) => Cow::Owned(open_name(METADATA, path, "")),
            Self::Change { name, side } => Cow::Owned(open_name(CHANGES, name, side.suffix())),
            other => Cow::Borrowed(other.info().name),
        }
    }

    /// The field of a name or an alias, in any case. Names that stand for several fields are none.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(path) = after(name, METADATA) {
            return Some(Self::Metadata(open_path(path)?));
        }
        if let Some(rest) = after(name, CHANGES) {
            let (name, side) = [Side::Before, Side::After]
                .into_iter()
                .find_map(|side| {
                    let at = rest.len().checked_sub(side.suffix().len())?;
                    let (name, suffix) = rest.split_at_checked(at)?;
                    (suffix.eq_ignore_ascii_case(side.suffix())).then_some((name, side))
                })
                .unwrap_or((rest, Side::Either));
            let name = open_path(name)?;
            return Some(Self::Change { name, side });
        }
        FIELDS
            .iter()
            .filter(|info| !info.name.ends_with('>'))
            .find(|info| is_named(name, info.name, info.aliases))
            .map(|info| info.field.clone())
    }
}

impl Side {
    /// What ends the name of a changed field's side.
    fn suffix(self) -> &'static str {
        match self {
            Self::Either => "",
            Self::Before => ".before",
            Self::After => ".after",
        }
    }
}

impl Shorthand {
    /// The shorthand of a name, in any case.
    pub(crate) fn parse(name: &str) -> Option<&'static Self> {
        SHORTHANDS
            .iter()
            .find(|shorthand| is_named(name, shorthand.name, shorthand.aliases))
    }
}

impl Kind {
    /// How the reference calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Identifier => "identifier",
            Self::Open => "open",
            Self::Prose => "prose",
            Self::Number => "number",
            Self::Time => "time",
            Self::Address => "address",
        }
    }
}

/// What begins the names of metadata.
pub(crate) const METADATA: &str = "metadata.";
/// What begins the names of changed values.
pub(crate) const CHANGES: &str = "changes.";
/// Longest name that a suggestion is looked for, in bytes.
const SUGGESTED_BYTES_MAX: usize = 32;

/// What follows `beginning` in a name.
fn after<'a>(name: &'a str, beginning: &str) -> Option<&'a str> {
    let (head, rest) = name.split_at_checked(beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then_some(rest)
}

fn is_named(name: &str, main: &str, aliases: &[&str]) -> bool {
    name.eq_ignore_ascii_case(main) || aliases.iter().any(|alias| name.eq_ignore_ascii_case(alias))
}

/// The folded path that stands in a name, plain or in quotes.
fn open_path(text: &str) -> Option<String> {
    if let Some(quoted) = text.strip_prefix('"') {
        return Some(fold(&unquoted(quoted.strip_suffix('"')?)?).into_owned());
    }
    (!text.is_empty() && !text.contains(is_special)).then(|| fold(text).into_owned())
}

/// What stands between quotes, its escapes undone; `None` if something else follows a backslash or a quote stands there.
fn unquoted(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => characters
                .next()
                .filter(|next| matches!(next, '"' | '\\'))?,
            '"' => return None,
            other => other,
        });
    }
    Some(out)
}

/// What can't stand in a plain name.
fn is_special(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '"' | '\\' | ':' | '*')
}

fn open_name(beginning: &str, path: &str, suffix: &str) -> String {
    let ambiguous = suffix.is_empty()
        && beginning == CHANGES
        && [Side::Before, Side::After]
            .iter()
            .any(|side| path.ends_with(side.suffix()));
    let plain = !path.is_empty() && !path.contains(is_special) && !ambiguous;
    let mut name = String::with_capacity(beginning.len() + path.len() + suffix.len() + 2);
    name.push_str(beginning);
    if plain {
        name.push_str(path);
    } else {
        quote(&mut name, path);
    }
    name.push_str(suffix);
    name
}

/// Writes a text in quotes.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// The name in the table that is nearest to one that isn't there, if one is near.
pub(crate) fn suggestion(name: &str) -> Option<&'static str> {
    if name.len() > SUGGESTED_BYTES_MAX {
        return None;
    }
    let name = name.to_ascii_lowercase();
    // A third of the letters wrong is another word.
    let within = (name.len() / 3).min(3);
    let fields = FIELDS.iter().map(|info| (info.name, info.aliases));
    let shorthands = SHORTHANDS
        .iter()
        .map(|shorthand| (shorthand.name, shorthand.aliases));
    fields
        .chain(shorthands)
        .flat_map(|(main, aliases)| std::iter::once(main).chain(aliases.iter().copied()))
        .filter(|known| known.len().abs_diff(name.len()) <= within)
        .map(|known| (edits(name.as_bytes(), known.as_bytes()), known))
        .filter(|(edits, _)| *edits <= within)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// Insertions, deletions and replacements from one short text to another (Levenshtein).
fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.iter().enumerate() {
        let mut diagonal = line;
        let mut beside = line + 1;
        for (cell, b) in row
            .iter_mut()
            .zip(std::iter::once(None).chain(right.iter().map(Some)))
        {
            let Some(b) = b else {
                *cell = line + 1;
                continue;
            };
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = replaced.min(*cell + 1).min(beside + 1);
            beside = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
