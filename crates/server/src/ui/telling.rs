//! An event as one sentence with links: who, what, to what.
//!
//! Promises: the words are those of [`ledger::vocabulary::sentence`]; names stand in it as text, whatever they hold.

use api::Event;
use ledger::time::Micros;
use ledger::vocabulary::sentence::{self, Part, Values};
use serde_json::{Map, Value};

use super::ask::segment;
use super::moment::Moment;
use super::withheld::is_withheld;

/// A stretch of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The text.
    pub(super) text: String,
    /// The page it leads to; empty for none.
    pub(super) href: String,
    /// `actor`, `resource`, or nothing.
    pub(super) kind: &'static str,
}

/// An event told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The event's id.
    pub(super) id: String,
    /// Its page.
    pub(super) href: String,
    /// When it happened.
    pub(super) when: Moment,
    /// The operation.
    pub(super) operation: String,
    /// The sentence.
    pub(super) sentence: Vec<Stretch>,
    /// How it ended: `success`, `failure`, `denied`, `cancelled`, or nothing.
    pub(super) outcome: String,
    /// What the actor is called; empty where that is not known or not to be seen.
    pub(super) actor: String,
    /// The actor's type.
    pub(super) actor_type: String,
    /// The actor's page; empty for none.
    pub(super) actor_href: String,
    /// What the resource is called.
    pub(super) resource: String,
    /// Its type.
    pub(super) resource_type: String,
    /// Its page; empty for none.
    pub(super) resource_href: String,
    /// The project's name or id.
    pub(super) project: String,
    /// The environment.
    pub(super) environment: String,
    /// The address; empty where it is not known or not to be seen.
    pub(super) ip: String,
    /// Where that is, `Zürich, Switzerland`.
    pub(super) place: String,
    /// The reason that was given.
    pub(super) reason: String,
}

/// The page of an actor or a resource, `page` being `actors` or `resources`; empty for none.
pub(super) fn page_of(tenant: &str, page: &str, of_type: Option<&str>, id: Option<&str>) -> String {
    match (of_type, id) {
        // Browsers take these away before they ask, however they are written.
        (_, Some("." | "..")) => String::new(),
        (Some(of_type), Some(id)) if is_withheld(of_type) || is_withheld(id) => String::new(),
        (Some(of_type), Some(id)) => {
            format!("/t/{tenant}/{page}/{}/{}", segment(of_type), segment(id))
        }
        _ => String::new(),
    }
}

impl Told {
    /// The event, for pages of `tenant`, seen at `now`.
    pub(super) fn new(event: &Event, tenant: &str, now: Micros) -> Self {
        let said = &event.said;
        let actor = Member(said.get("actor").and_then(Value::as_object));
        let resource = Member(said.get("resource").and_then(Value::as_object));
        let context = Member(said.get("context").and_then(Value::as_object));
        let origin = Member(said.get("origin").and_then(Value::as_object));
        let outcome = Member(said.get("outcome").and_then(Value::as_object));
        let page =
            |kind: &str, of: Member<'_>| page_of(tenant, kind, of.text("type"), of.text("id"));
        let at = said
            .get("timestamp")
            .and_then(Value::as_str)
            .unwrap_or(&event.recorded_at);
        let when = Micros::parse(at)
            .or_else(|_| Micros::parse(&event.recorded_at))
            .unwrap_or(now);
        let project = resource
            .named("project")
            .or_else(|| context.named("project"));
        let environment = context
            .text("environment")
            .or_else(|| resource.text("environment"));
        // Without what reorders or hides the text around it.
        let owned = |text: Option<&str>| text.map(sentence::clean).unwrap_or_default();
        let mut told = Self {
            id: event.id.clone(),
            href: format!("/t/{tenant}/events/{}", segment(&event.id)),
            when: Moment::new(when, now),
            operation: event.operation.clone(),
            sentence: Vec::new(),
            outcome: owned(
                outcome
                    .text("result")
                    .or_else(|| said.get("outcome").and_then(Value::as_str)),
            ),
            actor: owned(
                actor
                    .text("name")
                    .or_else(|| actor.text("email"))
                    .or_else(|| actor.text("id")),
            ),
            actor_type: owned(actor.text("type")),
            actor_href: page("actors", actor),
            resource: owned(resource.text("name").or_else(|| resource.text("id"))),
            resource_type: owned(resource.text("type")),
            resource_href: page("resources", resource),
            project: owned(project),
            environment: owned(environment),
            ip: owned(origin.text("ip")),
            place: place(event),
            reason: owned(said.get("reason").and_then(Value::as_str)),
        };
        told.sentence = told.stretches();
        told
    }

    /// The sentence as plain text.
    pub(super) fn text(&self) -> String {
        self.sentence
            .iter()
            .map(|stretch| stretch.text.as_str())
            .collect()
    }

    fn stretches(&self) -> Vec<Stretch> {
        let values = Values {
            actor: Some(&self.actor),
            resource: Some(&self.resource),
            resource_type: Some(&self.resource_type),
            project: Some(&self.project),
            environment: Some(&self.environment),
            outcome: Some(&self.outcome),
        };
        let parts = match ledger::vocabulary::find(&self.operation) {
            Some(operation) => sentence::parts(operation, &values),
            None => sentence::parts_unknown(&self.operation, &values),
        };
        let stretch = |part: Part| {
            let (href, kind) = match part.of {
                Some("actor") => (self.actor_href.as_str(), "actor"),
                Some("resource") => (self.resource_href.as_str(), "resource"),
                _ => ("", ""),
            };
            Stretch {
                text: part.text,
                href: href.to_owned(),
                kind,
            }
        };
        parts.into_iter().map(stretch).collect()
    }
}

/// Where the address is, for people.
fn place(event: &Event) -> String {
    let Some(location) = &event.location else {
        return String::new();
    };
    let country = location.country_name.as_ref().or(location.country.as_ref());
    let named = [location.city.as_ref(), country].into_iter().flatten();
    named.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// An object that an event may have.
#[derive(Clone, Copy)]
struct Member<'a>(Option<&'a Map<String, Value>>);

impl<'a> Member<'a> {
    fn text(self, name: &str) -> Option<&'a str> {
        let text = self.0?.get(name)?.as_str()?;
        (!text.trim().is_empty()).then_some(text)
    }

    /// What `project` is called: `project_name`, `project.name`, `project_id` or `project`.
    fn named(self, name: &str) -> Option<&'a str> {
        let joined = |suffix: &str| self.text(&format!("{name}_{suffix}"));
        let inner = Self(self.0.and_then(|members| members.get(name)?.as_object()));
        joined("name")
            .or_else(|| inner.text("name"))
            .or_else(|| joined("id"))
            .or_else(|| self.text(name))
    }
}
