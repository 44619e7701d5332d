//! A tenant's own names: operations that the tenant added to the vocabulary.
//!
//! Promises: what [`Additions::new`] takes collides with no built-in name or alias, and nothing in it with anything else
//! in it; what was once taken is read again by [`Additions::parse`] in every later version, where it goes before
//! built-ins that came later, so that a name never changes its meaning. Must never: hold one of the server's own names;
//! repeat what was sent in an error.

use std::collections::BTreeMap;

use crate::json::{self, Value};
use crate::limits::{
    ADDITION_ALIASES_MAX, ADDITION_DESCRIPTION_BYTES_MAX, ADDITIONS_BYTES_MAX, ADDITIONS_MAX,
};

use super::spelling::Spelling;
use super::{Category, INDEX, Severity};

/// The additions of everybody who has none.
pub static NO_ADDITIONS: Additions = Additions {
    list: Vec::new(),
    spellings: Vec::new(),
};

/// One operation of a tenant's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Canonical name: two to four dotted parts of `[a-z][a-z0-9_]*`.
    pub name: String,
    /// What it is about; not [`Category::AuditLog`], which is the server's.
    pub category: Category,
    /// How much attention it deserves when nothing else is known.
    pub severity: Severity,
    /// One plain sentence, one line; may be empty.
    pub description: String,
    /// Other names for it. Case and separators do not matter.
    pub aliases: Vec<String>,
}

/// All operations of a tenant's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Additions {
    /// By name.
    list: Vec<Addition>,
    /// The flat spelling of each name and alias, sorted, and the place in `list`.
    spellings: Vec<(String, usize)>,
}

/// Why additions were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("addition {index} at `{pointer}`: {problem}", pointer = .field.as_str())]
pub struct AdditionError {
    /// Which of them, from 0.
    pub index: usize,
    /// What of it.
    pub field: AdditionField,
    /// What is wrong with it.
    pub problem: AdditionProblem,
}

/// What of an addition is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdditionField {
    /// It as a whole.
    Whole,
    /// `name`.
    Name,
    /// `category`.
    Category,
    /// `severity`.
    Severity,
    /// `description`.
    Description,
    /// `aliases`.
    Aliases,
}

impl AdditionField {
    /// The pointer to it within an addition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Name => "/name",
            Self::Category => "/category",
            Self::Severity => "/severity",
            Self::Description => "/description",
            Self::Aliases => "/aliases",
        }
    }
}

/// What is wrong with an addition. Never holds or shows what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdditionProblem {
    /// More than [`ADDITIONS_MAX`].
    #[error("expected at most {ADDITIONS_MAX} additions")]
    TooMany,
    /// More aliases than [`ADDITION_ALIASES_MAX`].
    #[error("expected at most {ADDITION_ALIASES_MAX} aliases")]
    TooManyAliases,
    /// Longer than [`ADDITION_DESCRIPTION_BYTES_MAX`], or more than one line.
    #[error("expected one line of at most {ADDITION_DESCRIPTION_BYTES_MAX} bytes")]
    Description,
    /// The name is not in canonical spelling.
    #[error(
        "expected `resource.action`: two to four dotted parts of lower-case letters, digits and `_`, each starting with a letter"
    )]
    NotCanonical,
    /// An alias cannot be read as a name.
    #[error("expected names of ASCII letters, digits and separators")]
    Malformed,
    /// Names under `veritrail` are the server's own.
    #[error("expected no name under `veritrail`, which is the server's own")]
    Reserved,
    /// The category is the server's own.
    #[error("expected another category than `audit_log`, which is the server's own")]
    ReservedCategory,
    /// A name or alias of the built-in vocabulary; case and separators do not matter.
    #[error("expected names that are not in the vocabulary; this one stands for `{0}`")]
    BuiltIn(&'static str),
    /// Another addition has the name or alias, or this one has it twice.
    #[error("expected names that no other addition has")]
    Taken,
    /// What is kept is not what [`Additions::to_json`] writes.
    #[error("expected name, category, severity, description and aliases")]
    Unreadable,
}

impl Additions {
    /// Takes what a tenant wants to add.
    ///
    /// # Errors
    /// [`AdditionError`] for the first that is not sound.
    pub fn new(additions: Vec<Addition>) -> Result<Self, AdditionError> {
        Self::of(additions, built_in)
    }

    /// Reads what [`Self::to_json`] wrote, in this version or an earlier one.
    ///
    /// # Errors
    /// [`AdditionError`] if it is anything else. A name that has become a built-in one since is no error.
    pub fn parse(text: &[u8]) -> Result<Self, AdditionError> {
        let unreadable = |index, field| AdditionError {
            index,
            field,
            problem: AdditionProblem::Unreadable,
        };
        if text.len() > ADDITIONS_BYTES_MAX {
            return Err(unreadable(0, AdditionField::Whole));
        }
        let value = json::parse(text).map_err(|_| unreadable(0, AdditionField::Whole))?;
        let items = value
            .as_array()
            .ok_or_else(|| unreadable(0, AdditionField::Whole))?;
        let mut additions = Vec::with_capacity(items.len().min(ADDITIONS_MAX));
        for (index, item) in items.iter().enumerate().take(ADDITIONS_MAX + 1) {
            additions.push(read(item).map_err(|field| unreadable(index, field))?);
        }
        Self::of(additions, |_| None)
    }

    /// As a JSON array, by name: what a store keeps and [`Self::parse`] reads.
    pub fn to_json(&self) -> String {
        let items = self.list.iter().map(|addition| {
            let strings = addition.aliases.iter().map(String::as_str);
            Value::Object(vec![
                ("name".into(), Value::string(addition.name.as_str())),
                ("category".into(), Value::string(addition.category.as_str())),
                ("severity".into(), Value::string(addition.severity.as_str())),
                (
                    "description".into(),
                    Value::string(addition.description.as_str()),
                ),
                (
                    "aliases".into(),
                    Value::Array(strings.map(Value::string).collect()),
                ),
            ])
        });
        Value::Array(items.collect()).to_compact()
    }

    /// All of them, by name.
    pub fn all(&self) -> &[Addition] {
        &self.list
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The one of exactly this canonical name.
    pub fn find(&self, name: &str) -> Option<&Addition> {
        let index = self
            .list
            .binary_search_by(|addition| addition.name.as_str().cmp(name))
            .ok()?;
        self.list.get(index)
    }

    /// The one that a name or alias in this spelling stands for.
    pub(super) fn spelled(&self, flat: &str) -> Option<&Addition> {
        let index = self
            .spellings
            .binary_search_by(|(spelling, _)| spelling.as_str().cmp(flat))
            .ok()?;
        self.list.get(self.spellings.get(index)?.1)
    }

    /// The one of the nearest spelling within `within` edits, and how many it took.
    pub(super) fn nearest(&self, flat: &str) -> Option<(&Addition, usize)> {
        let (index, edits) = super::nearest::nearest(flat, &self.spellings)?;
        Some((self.list.get(*index)?, edits))
    }

    fn of(
        mut additions: Vec<Addition>,
        taken: impl Fn(&str) -> Option<&'static str>,
    ) -> Result<Self, AdditionError> {
        let refused = |index, field, problem| AdditionError {
            index,
            field,
            problem,
        };
        if additions.len() > ADDITIONS_MAX {
            return Err(refused(
                ADDITIONS_MAX,
                AdditionField::Whole,
                AdditionProblem::TooMany,
            ));
        }
        let mut claims = BTreeMap::new();
        for (index, addition) in additions.iter().enumerate() {
            check(addition, index, &taken, &mut claims)
                .map_err(|(field, problem)| refused(index, field, problem))?;
        }
        let names: Vec<String> = additions.iter().map(|it| it.name.clone()).collect();
        additions.sort_by(|left, right| left.name.cmp(&right.name));
        // Claims are in the order of spelling, and point into the order in which the additions came.
        let spellings = claims.into_iter().filter_map(|(flat, index)| {
            let name = names.get(index)?;
            let place = additions.binary_search_by(|it| it.name.cmp(name)).ok()?;
            Some((flat, place))
        });
        Ok(Self {
            spellings: spellings.collect(),
            list: additions,
        })
    }
}

/// The built-in name that a spelling stands for.
fn built_in(flat: &str) -> Option<&'static str> {
    INDEX.spelled(flat).map(|operation| operation.name)
}

/// Whether an addition is sound; `claims` gains its spellings.
fn check(
    addition: &Addition,
    index: usize,
    taken: &impl Fn(&str) -> Option<&'static str>,
    claims: &mut BTreeMap<String, usize>,
) -> Result<(), (AdditionField, AdditionProblem)> {
    let name = Spelling::read(&addition.name)
        .map_err(|_| (AdditionField::Name, AdditionProblem::NotCanonical))?;
    claim(&name, index, taken, claims).map_err(|problem| (AdditionField::Name, problem))?;
    if name.into_name().as_deref() != Ok(addition.name.as_str()) {
        return Err((AdditionField::Name, AdditionProblem::NotCanonical));
    }
    if addition.category == Category::AuditLog {
        return Err((AdditionField::Category, AdditionProblem::ReservedCategory));
    }
    if addition.description.len() > ADDITION_DESCRIPTION_BYTES_MAX
        || addition.description.chars().any(char::is_control)
    {
        return Err((AdditionField::Description, AdditionProblem::Description));
    }
    if addition.aliases.len() > ADDITION_ALIASES_MAX {
        return Err((AdditionField::Aliases, AdditionProblem::TooManyAliases));
    }
    for alias in &addition.aliases {
        let refused = |problem| (AdditionField::Aliases, problem);
        let alias = Spelling::read(alias).map_err(|_| refused(AdditionProblem::Malformed))?;
        claim(&alias, index, taken, claims).map_err(refused)?;
    }
    Ok(())
}

fn claim(
    spelling: &Spelling,
    index: usize,
    taken: &impl Fn(&str) -> Option<&'static str>,
    claims: &mut BTreeMap<String, usize>,
) -> Result<(), AdditionProblem> {
    if spelling.is_reserved() {
        return Err(AdditionProblem::Reserved);
    }
    let flat = spelling.flat();
    if let Some(name) = taken(&flat) {
        return Err(AdditionProblem::BuiltIn(name));
    }
    match claims.insert(flat, index) {
        None => Ok(()),
        Some(_) => Err(AdditionProblem::Taken),
    }
}

/// One addition as kept; else the field that is not as it has to be.
fn read(item: &Value<'_>) -> Result<Addition, AdditionField> {
    let text = |name: &str, field| item.member(name).and_then(Value::as_str).ok_or(field);
    let aliases = item
        .member("aliases")
        .and_then(Value::as_array)
        .ok_or(AdditionField::Aliases)?
        .iter()
        .take(ADDITION_ALIASES_MAX + 1)
        .map(|alias| alias.as_str().map(str::to_owned));
    Ok(Addition {
        name: text("name", AdditionField::Name)?.to_owned(),
        category: text("category", AdditionField::Category)
            .and_then(|name| Category::parse(name).ok_or(AdditionField::Category))?,
        severity: text("severity", AdditionField::Severity)
            .and_then(|name| Severity::parse(name).ok_or(AdditionField::Severity))?,
        description: text("description", AdditionField::Description)?.to_owned(),
        aliases: aliases
            .collect::<Option<_>>()
            .ok_or(AdditionField::Aliases)?,
    })
}

#[cfg(test)]
mod tests;
