//! What is known of one resource, folded from the changes that its events tell, in order of time. Pure.
//!
//! Promises: looks at nothing but the events it is given; what failed or was denied changes nothing; a `before` that is
//! not what was known is reported, never repaired; what isn't known is said to be unknown. Memory is bounded. Must
//! never: take part of a value for a value (masks are compared whole), or guess what an event does not say.
//!
//! Events change a resource in three ways. Their changes replace a field's value, `before` by `after`. What was granted
//! or revoked ([`meaning`]) joins or leaves a set, when the change tells one side only. And where a permission, a role or
//! a team was given to the resource, and the event names both but tells no change, the name itself joins or leaves.

mod meaning;
mod value;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ledger::json::Value;
use ledger::time::Micros;

use meaning::{Existence, Giving, Meaning};
pub(crate) use value::Shape;
use value::{Members, items, put, take};

/// Most fields that are kept.
const FIELDS_MAX: usize = 500;
/// Most inconsistencies that are kept.
const INCONSISTENCIES_MAX: usize = 200;

/// One event, as far as a resource's state depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Told<'a> {
    /// The event's id.
    pub(crate) id: &'a str,
    /// When it happened.
    pub(crate) time: Micros,
    /// What happened.
    pub(crate) operation: &'a str,
    /// How it ended.
    pub(crate) outcome: Option<&'a str>,
    /// The type of what was acted upon.
    pub(crate) resource_type: &'a str,
    /// The value of the `details` part.
    pub(crate) details: &'a Value<'a>,
    /// Who did it, as far as it may be shown.
    pub(crate) actor: &'a api::Actor,
}

/// Who changed something, when and by which event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// When.
    pub(crate) time: Micros,
    /// The event's id.
    pub(crate) event: String,
    /// Who.
    pub(crate) actor: api::Actor,
}

/// What is known of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its value.
    pub(crate) shape: Shape,
    /// Whether members of the set may be unknown.
    pub(crate) partial: bool,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// A change whose `before` is not what was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inconsistency {
    /// The field.
    pub(crate) field: String,
    /// The event.
    pub(crate) event: String,
    /// When it happened.
    pub(crate) time: Micros,
    /// What was known.
    pub(crate) expected: Value<'static>,
    /// What the event says was there.
    pub(crate) found: Value<'static>,
}

/// A resource's state under construction.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    kind: String,
    id: String,
    /// Its name as last told.
    pub(crate) name: Option<String>,
    /// Whether it exists, if an event says so.
    pub(crate) exists: Option<bool>,
    /// Its fields.
    pub(crate) fields: BTreeMap<String, Known>,
    /// Signs of changes that were not recorded.
    pub(crate) inconsistencies: Vec<Inconsistency>,
    /// Events that were looked at.
    pub(crate) events: u64,
    /// Whether there was more than is kept.
    pub(crate) truncated: bool,
    /// When the first event happened, unless it created the resource.
    pub(crate) unknown_before: Option<Micros>,
    /// Whether it was made or ended since: what no event told since then isn't there.
    complete: bool,
}

/// What an event has to do with the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It was acted upon.
    Resource,
    /// It was about it, too.
    Related,
}

impl Resource {
    pub(crate) fn new(kind: &str, id: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
            name: None,
            exists: None,
            fields: BTreeMap::new(),
            inconsistencies: Vec::new(),
            events: 0,
            truncated: false,
            unknown_before: None,
            complete: false,
        }
    }

    /// Takes the next event in order of time. One that isn't about the resource counts for nothing.
    pub(crate) fn add(&mut self, told: &Told<'_>) {
        let Some(part) = self.part_in(told) else {
            return;
        };
        let first = self.events == 0;
        self.events += 1;
        let sent = told.details.member("operation_as_sent");
        let sent = sent.and_then(Value::as_str);
        let meaning = Meaning::of(told.operation, sent, told.resource_type);
        let creates = part == Part::Resource
            && meaning.existence == Some(Existence::Begins)
            && is_effective(told);
        if first && !creates {
            self.unknown_before = Some(told.time);
        }
        if !is_effective(told) {
            return;
        }
        match part {
            Part::Resource => self.acted_upon(told, meaning),
            Part::Related => self.related(told, meaning),
        }
    }

    /// Searches find folded texts; the resource is the one of exactly this type and id.
    fn part_in(&self, told: &Told<'_>) -> Option<Part> {
        let is_this = |kind: Option<&str>, item: Option<&Value<'_>>| {
            kind == Some(self.kind.as_str()) && text(item, "id").is_some_and(|id| id == self.id)
        };
        if is_this(Some(told.resource_type), told.details.member("resource")) {
            return Some(Part::Resource);
        }
        related(told)
            .any(|item| is_this(text(Some(item), "type").as_deref(), Some(item)))
            .then_some(Part::Related)
    }

    fn acted_upon(&mut self, told: &Told<'_>, meaning: Meaning) {
        let resource = told.details.member("resource");
        if let Some(name) = text(resource, "name") {
            self.name = Some(name.into_owned());
        }
        if meaning.existence == Some(Existence::Begins) && self.exists != Some(true) {
            self.exists = Some(true);
            self.begin_anew();
        }
        let scope = meaning.gives.and_then(|_| project(told));
        self.change(told, meaning.gives, scope.as_deref());
        if let (Some(giving), None) = (meaning.gives, told.details.member("changes")) {
            for item in related(told) {
                let given = text(Some(item), "type").zip(text(Some(item), "id"));
                if let Some((kind, id)) = given.filter(|(kind, _)| meaning::can_be_given(kind)) {
                    self.give(told, giving, &scoped(&kind, scope.as_deref()), &id);
                }
            }
        }
        if meaning.existence == Some(Existence::Ends) {
            self.exists = Some(false);
            self.begin_anew();
        }
    }

    /// What was given to the resource, or taken from it, by acting upon something else.
    fn related(&mut self, told: &Told<'_>, meaning: Meaning) {
        let resource = told.details.member("resource");
        let scope = project(told).or_else(|| {
            let id = text(resource, "id")?;
            let kind = told.resource_type;
            (!meaning::can_be_given(kind)).then(|| format!("{kind}/{id}"))
        });
        if meaning.is_about_rights {
            self.change(told, meaning.gives, scope.as_deref());
        }
        let Some(giving) = meaning.gives else { return };
        let named = text(resource, "id").or_else(|| text(resource, "name"));
        if let Some(named) = named.filter(|_| meaning::can_be_given(told.resource_type)) {
            let scope = project(told);
            let field = scoped(told.resource_type, scope.as_deref());
            self.give(told, giving, &field, &named);
        }
    }

    /// From here on, everything there is has been told.
    fn begin_anew(&mut self) {
        self.fields.clear();
        self.complete = true;
    }

    fn change(&mut self, told: &Told<'_>, giving: Option<Giving>, scope: Option<&str>) {
        let changes = told.details.member("changes").and_then(Value::as_array);
        let changes = changes.unwrap_or_default();
        let repeated = repeated(changes);
        let mut begun = BTreeSet::new();
        for item in changes {
            let Some(name) = text(Some(item), "field") else {
                continue;
            };
            let side = |name| item.member(name).filter(|value| **value != Value::Null);
            let (before, after) = (side("before"), side("after"));
            let field = scoped(&name, scope);
            match (giving, before, after) {
                (Some(Giving::Grants), None, Some(given)) => self.join(told, &field, given),
                (Some(Giving::Revokes), Some(taken), None)
                | (Some(Giving::Revokes), None, Some(taken)) => self.leave(told, &field, taken),
                (None, None, Some(given)) if repeated.contains(&name) => {
                    // The first tells where the set begins, the others are its further members.
                    if begun.insert(field.clone()) {
                        self.keep(told, &field, Shape::Set(Members::new()));
                    }
                    self.join(told, &field, given);
                }
                _ => self.replace(told, &field, item, before, after),
            }
        }
    }

    /// `before` gives way to `after`.
    fn replace(
        &mut self,
        told: &Told<'_>,
        field: &str,
        item: &Value<'_>,
        before: Option<&Value<'_>>,
        after: Option<&Value<'_>>,
    ) {
        if item.member("before").is_some() {
            self.expect(told, field, before.unwrap_or(&Value::Null));
        }
        let shape = match (after, item.member("after").is_some()) {
            (Some(after), _) => {
                let (shape, whole) = Shape::of(after);
                self.truncated |= !whole;
                shape
            }
            (None, true) => Shape::One(Value::Null),
            (None, false) => Shape::Untold,
        };
        self.keep(told, field, shape);
    }

    /// Reports what was known if it isn't `found`.
    fn expect(&mut self, told: &Told<'_>, field: &str, found: &Value<'_>) {
        let Some(known) = self.fields.get(field) else {
            return;
        };
        if known.partial || known.shape.may_be(found) {
            return;
        }
        let expected = known.shape.to_value().unwrap_or(Value::Null);
        self.report(told, field, expected, found);
    }

    fn report(
        &mut self,
        told: &Told<'_>,
        field: &str,
        expected: Value<'static>,
        found: &Value<'_>,
    ) {
        if self.inconsistencies.len() >= INCONSISTENCIES_MAX {
            self.truncated = true;
            return;
        }
        self.inconsistencies.push(Inconsistency {
            field: field.to_owned(),
            event: told.id.to_owned(),
            time: told.time,
            expected,
            found: found.clone().into_owned(),
        });
    }

    /// What is granted joins the set.
    fn join(&mut self, told: &Told<'_>, field: &str, given: &Value<'_>) {
        let mut whole = true;
        self.change_set(told, field, |members, _| {
            for item in items(given) {
                whole &= put(members, item);
            }
        });
        self.truncated |= !whole;
    }

    /// What is revoked leaves the set. What was not in it must have joined unrecorded.
    fn leave(&mut self, told: &Told<'_>, field: &str, taken: &Value<'_>) {
        let mut unknown = Vec::new();
        self.change_set(told, field, |members, partial| {
            for item in items(taken) {
                if !take(members, item) && !partial {
                    unknown.push(item);
                }
            }
        });
        for item in unknown {
            self.report(told, field, Value::Null, item);
        }
    }

    /// Changes the members of a field, which is made if it isn't there. The change learns whether some may be unknown.
    fn change_set(
        &mut self,
        told: &Told<'_>,
        field: &str,
        change: impl FnOnce(&mut Members, bool),
    ) {
        if !self.fields.contains_key(field) {
            self.keep(told, field, Shape::Set(Members::new()));
            if let Some(known) = self.fields.get_mut(field) {
                known.partial = !self.complete;
            }
        }
        let Some(known) = self.fields.get_mut(field) else {
            return;
        };
        let shape = std::mem::replace(&mut known.shape, Shape::Untold);
        let (mut members, whole) = shape.into_members();
        known.partial |= !whole;
        change(&mut members, known.partial);
        known.shape = Shape::Set(members);
        known.source = Source::of(told);
    }

    fn give(&mut self, told: &Told<'_>, giving: Giving, field: &str, name: &str) {
        let name = Value::string(name);
        match giving {
            Giving::Grants => self.join(told, field, &name),
            Giving::Revokes => self.leave(told, field, &name),
        }
    }

    fn keep(&mut self, told: &Told<'_>, field: &str, shape: Shape) {
        if self.fields.len() >= FIELDS_MAX && !self.fields.contains_key(field) {
            self.truncated = true;
            return;
        }
        let known = Known {
            shape,
            partial: false,
            source: Source::of(told),
        };
        self.fields.insert(field.to_owned(), known);
    }
}

impl Source {
    fn of(told: &Told<'_>) -> Self {
        Self {
            time: told.time,
            event: told.id.to_owned(),
            actor: told.actor.clone(),
        }
    }
}

/// Whether what was tried came about.
fn is_effective(told: &Told<'_>) -> bool {
    !matches!(told.outcome, Some("failure" | "denied" | "cancelled"))
}

/// The string member `name` of an object.
fn text<'v>(object: Option<&'v Value<'_>>, name: &str) -> Option<Cow<'v, str>> {
    match object?.member(name)? {
        Value::String(text) | Value::Number(text) => Some(Cow::Borrowed(text.as_ref())),
        _ => None,
    }
}

fn related<'t>(told: &'t Told<'_>) -> impl Iterator<Item = &'t Value<'t>> {
    let items = told.details.member("related").and_then(Value::as_array);
    items.unwrap_or_default().iter()
}

/// The project within which it happened, as a scope: rights in one project are not rights in another.
fn project(told: &Told<'_>) -> Option<String> {
    let resource = told.details.member("resource");
    let own = text(resource, "project_id")
        .or_else(|| text(resource, "id").filter(|_| told.resource_type == "project"));
    let beside = || {
        related(told)
            .find(|item| text(Some(item), "type").is_some_and(|kind| kind == "project"))
            .and_then(|item| text(Some(item), "id"))
    };
    own.or_else(beside).map(|id| format!("project/{id}"))
}

fn scoped(field: &str, scope: Option<&str>) -> String {
    match scope {
        Some(scope) => format!("{field}@{scope}"),
        None => field.to_owned(),
    }
}

/// Names of fields that an event tells several times.
fn repeated<'v>(changes: &'v [Value<'v>]) -> BTreeSet<Cow<'v, str>> {
    let mut seen = BTreeSet::new();
    changes
        .iter()
        .filter_map(|item| text(Some(item), "field"))
        .filter(|name| !seen.insert(name.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
