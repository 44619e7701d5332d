//! What is known of one kind of GitHub event: the shape of its body, what it is about, and what its actions are called.
//!
//! Promises: rows are data; whatever a row names and a body lacks is absent, never an error.
//! Must never: decide by a header field. Only `X-GitHub-Event` chooses the row, and the row's shape must fit the body.

use ledger::json::Value;

use super::{code, planning, repositories, runs, security, teams};
use crate::look;

/// One kind of event. Paths are member names joined by `/`, from the root of the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The name in `X-GitHub-Event`.
    pub event: &'static str,
    /// What a body of this kind has and has not: `path` is there, `?path` is there and may be null, `!path` is not there
    /// or null, `path=text` is that text (`!path=text` is not), `@` an action that the row knows. Where two kinds are alike, what tells them apart
    /// stands here.
    pub shape: &'static [&'static str],
    /// For bodies that hold little of their own: nothing that another kind is known by may stand in them, but for these.
    pub alone: Option<&'static [&'static str]>,
    /// The type of what is acted upon.
    pub resource: &'static str,
    /// Where the object stands that the event is about; empty for the root.
    pub thing: &'static str,
    /// Where its id stands; the first that is there.
    pub id: &'static [&'static str],
    /// Where its readable name stands; the first that is there.
    pub name: &'static [&'static str],
    /// Whether its number is its name (`owner/name#7`) or its id within the repository (alerts).
    pub number: Number,
    /// Vocabulary by action; `*` is any other action or none.
    pub operations: &'static [(&'static str, &'static str)],
    /// What else is kept, as `path` or `name=path`.
    pub facts: &'static [&'static str],
    /// Users whom it concerns and who did not act: kept by id only.
    pub people: &'static [&'static str],
}

/// Members that bodies of every kind may have.
const EVERYWHERE: &[&str] = &[
    "action",
    "changes",
    "enterprise",
    "installation",
    "organization",
    "repository",
    "sender",
];

/// What the number of a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// It has none.
    None,
    /// Its readable name, behind the repository's: `owner/name#7`.
    Name,
    /// Its id, within its repository.
    Id,
}

/// A row. `resource` is also where the object of the event stands unless [`Kind::of`] says otherwise.
pub(super) const fn kind(
    event: &'static str,
    shape: &'static [&'static str],
    resource: &'static str,
) -> Kind {
    Kind {
        event,
        shape,
        alone: None,
        resource,
        thing: "",
        id: &[],
        name: &[],
        number: Number::None,
        operations: &[],
        facts: &[],
        people: &[],
    }
}

impl Kind {
    /// Nothing of another kind stands in the body, but for `allowed`.
    pub(super) const fn alone(mut self, allowed: &'static [&'static str]) -> Self {
        self.alone = Some(allowed);
        self
    }

    /// Where the object stands.
    pub(super) const fn of(mut self, thing: &'static str) -> Self {
        self.thing = thing;
        self
    }

    /// Where its id stands.
    pub(super) const fn id(mut self, id: &'static [&'static str]) -> Self {
        self.id = id;
        self
    }

    /// Where its name stands.
    pub(super) const fn named(mut self, name: &'static [&'static str]) -> Self {
        self.name = name;
        self
    }

    /// What its number is.
    pub(super) const fn numbered(mut self, number: Number) -> Self {
        self.number = number;
        self
    }

    /// What its actions are called.
    pub(super) const fn maps(
        mut self,
        operations: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.operations = operations;
        self
    }

    /// What else is kept.
    pub(super) const fn facts(mut self, facts: &'static [&'static str]) -> Self {
        self.facts = facts;
        self
    }

    /// Whom it concerns.
    pub(super) const fn people(mut self, people: &'static [&'static str]) -> Self {
        self.people = people;
        self
    }

    /// Whether a body has the shape of this kind.
    pub(super) fn fits(&self, body: &Value<'_>) -> bool {
        let alone = self.alone.is_none_or(|allowed| {
            let members = body.as_object().unwrap_or_default();
            members
                .iter()
                .all(|(name, _)| allowed.contains(&&**name) || !self.is_foreign(name))
        });
        alone && self.shape.iter().all(|rule| self.holds(rule, body))
    }

    /// Whether a body that came under an unknown name is of this kind. Kinds that are known by what every body may have
    /// claim only bodies without anything that is strange to them: new events have a member of their own.
    pub(super) fn is_of(&self, body: &Value<'_>) -> bool {
        let is_distinct = self.asked().any(|path| !EVERYWHERE.contains(&path));
        let is_strange = |name: &str| {
            let mut own = self.marks().chain(self.named_members());
            let is_allowed = self.alone.is_some_and(|allowed| allowed.contains(&name));
            !is_allowed && !EVERYWHERE.contains(&name) && !own.any(|known| known == name)
        };
        let mut members = body.as_object().unwrap_or_default().iter();
        self.fits(body) && (is_distinct || !members.any(|(name, _)| is_strange(name)))
    }

    /// The members that the row reads.
    fn named_members(&self) -> impl Iterator<Item = &'static str> {
        let paths = self.id.iter().chain(self.name).chain(self.people);
        let facts = self.facts.iter();
        let facts = facts.map(|fact| fact.split_once('=').map_or(*fact, |(_, path)| path));
        let paths = paths.copied().chain(facts);
        paths.filter_map(|path| path.split('/').next())
    }

    fn holds(&self, rule: &str, body: &Value<'_>) -> bool {
        if rule == "@" {
            let action = text(body, "action").unwrap_or_default();
            return self.operations.iter().any(|(known, _)| *known == action);
        }
        if let Some(rule) = rule.strip_prefix('!') {
            return !self.holds(rule, body);
        }
        if let Some(name) = rule.strip_prefix('?') {
            return body.member(name).is_some();
        }
        match rule.split_once('=') {
            Some((path, wanted)) => text(body, path) == Some(wanted),
            None => find(body, rule).is_some(),
        }
    }

    /// Whether another kind of event is known by a member of that name, and this one is not.
    fn is_foreign(&self, name: &str) -> bool {
        let is_own = |kind: &Self| kind.marks().any(|mark| mark == name);
        !EVERYWHERE.contains(&name) && !is_own(self) && tables().any(is_own)
    }

    /// The members of the body that a kind is known by.
    fn marks(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.thing)
            .chain(self.asked())
            .filter_map(|path| path.split('/').next())
    }

    /// The paths that its shape asks for.
    fn asked(&self) -> impl Iterator<Item = &'static str> {
        let rules = self.shape.iter();
        let rules = rules.filter(|rule| !rule.starts_with(['!', '@']));
        rules.filter_map(|rule| rule.trim_start_matches('?').split('=').next())
    }

    /// The vocabulary's name of an action, where the table alone knows it.
    pub(super) fn operation(&self, action: &str) -> Option<&'static str> {
        let named = |wanted: &str| self.operations.iter().find(|(known, _)| *known == wanted);
        named(action).or_else(|| named("*")).map(|(_, name)| *name)
    }
}

/// The row of an event.
pub(super) fn of_event(event: &str) -> Option<&'static Kind> {
    tables().find(|kind| kind.event == event)
}

/// Every row.
pub(super) fn tables() -> impl Iterator<Item = &'static Kind> {
    [
        code::KINDS,
        runs::KINDS,
        security::KINDS,
        teams::KINDS,
        repositories::KINDS,
        planning::KINDS,
    ]
    .into_iter()
    .flatten()
}

/// The value under a path of member names joined by `/`.
pub(super) fn find<'v, 'a>(body: &'v Value<'a>, path: &str) -> Option<&'v Value<'a>> {
    path.split('/')
        .filter(|name| !name.is_empty())
        .try_fold(body, |value, name| look::at(value, &[name]))
}

/// A text, number or boolean under a path, as text.
pub(super) fn word(body: &Value<'_>, path: &str) -> Option<String> {
    look::word(find(body, path)?, &[])
}

/// A text under a path.
pub(super) fn text<'v>(body: &'v Value<'_>, path: &str) -> Option<&'v str> {
    look::text(find(body, path)?, &[])
}

/// The first of several paths that leads to a text, number or boolean.
pub(super) fn first(body: &Value<'_>, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| word(body, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_one_row_and_a_shape_that_tells_it_apart() {
        let mut seen = std::collections::BTreeSet::new();
        for row in tables() {
            assert!(seen.insert(row.event), "{} stands twice", row.event);
            assert!(!row.shape.is_empty(), "{} has no shape", row.event);
            assert_eq!(
                row.resource,
                crate::clean::kind(row.resource),
                "{}",
                row.event
            );
            let paths = row
                .id
                .iter()
                .chain(row.name)
                .chain(row.facts)
                .chain(row.people);
            for path in paths {
                assert!(
                    !path.is_empty() && !path.contains(' '),
                    "{}: {path}",
                    row.event
                );
            }
        }
        assert!(seen.len() > 70, "{}", seen.len());
    }

    #[test]
    fn every_name_of_the_tables_is_of_the_vocabulary() {
        for row in tables() {
            for (action, name) in row.operations {
                let is_known = ledger::vocabulary::find(name).is_some();
                assert!(is_known, "{}.{action}: {name}", row.event);
            }
        }
    }
}
