//! What of an event stands in which column of a table.
//!
//! Promises: numbers digit for digit as the server told them; what an event does not say is an empty cell. Must never
//! fail over an event's content.

use std::collections::BTreeMap;

use ledger::vocabulary::{self, Severity};
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::table::{Cell, Heading, Tone};
use crate::zone::Zone;

/// What is shown unless other columns are asked for.
const USUAL: [&str; 6] = [
    "time",
    "actor",
    "operation",
    "resource",
    "project",
    "outcome",
];
/// Most columns.
const COLUMNS_MAX: usize = 24;
/// Deepest path into an event.
const DEPTH_MAX: usize = 16;

/// Names that are shorter than the paths they stand for.
const SHORT: &[(&str, &str)] = &[
    ("id", "id"),
    ("seq", "seq"),
    ("log", "log"),
    ("reason", "reason"),
    ("ip", "origin.ip"),
    ("user_agent", "origin.user_agent"),
    ("country", "location.country"),
    ("city", "location.city"),
    ("session", "origin.session_id"),
    ("credential", "actor.credential_id"),
    ("ticket", "approval.ticket"),
    ("environment", "context.environment"),
    ("env", "context.environment"),
    ("application", "context.application"),
    ("service", "context.service"),
    ("region", "context.region"),
    ("channel", "context.channel"),
    ("source", "ingest.source"),
    ("key", "ingest.key"),
    ("flags", "ingest.flags"),
    ("producer", "producer.id"),
    ("request_id", "request_id"),
    ("correlation_id", "correlation_id"),
    ("causation_id", "causation_id"),
    ("trace_id", "trace_id"),
];

/// Members of events that paths may lead into.
const ROOTS: [&str; 11] = [
    "actor", "origin", "location", "resource", "outcome", "approval", "context", "producer",
    "metadata", "ingest", "parts",
];

/// A column of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    name: String,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Time,
    RecordedAt,
    Actor,
    Operation,
    Resource,
    Project,
    Outcome,
    Changes,
    Path(String),
}

/// The columns of these names, or the usual ones.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<Column>, Failure> {
    let names: Vec<&str> = if names.is_empty() {
        USUAL.to_vec()
    } else {
        names.iter().map(|name| name.trim()).collect()
    };
    if names.len() > COLUMNS_MAX {
        return Err(Failure::usage(format!(
            "expected at most {COLUMNS_MAX} columns"
        )));
    }
    names.into_iter().map(Column::of).collect()
}

impl Column {
    fn of(name: &str) -> Result<Self, Failure> {
        let content = match name {
            "time" | "timestamp" => Content::Time,
            "recorded" | "recorded_at" => Content::RecordedAt,
            "actor" | "user" => Content::Actor,
            "operation" | "type" => Content::Operation,
            "resource" => Content::Resource,
            "project" => Content::Project,
            "outcome" => Content::Outcome,
            "changes" => Content::Changes,
            name => Content::Path(path(name).ok_or_else(|| unknown(name))?.to_owned()),
        };
        Ok(Self {
            name: name.to_owned(),
            content,
        })
    }

    /// Its heading.
    pub(crate) fn heading(&self) -> Heading {
        // Names of metadata have capital letters of their own.
        let name = if self.name.starts_with("metadata.") {
            self.name.clone()
        } else {
            self.name.to_uppercase()
        };
        match self.content {
            Content::Time | Content::RecordedAt => Heading::whole(&name),
            // Of less, the deed is lost.
            Content::Operation => Heading::dotted(&name).at_least(12),
            _ => Heading::new(&name),
        }
    }

    /// How wide it is where events are not known beforehand.
    pub(crate) fn usual_width(&self, zone: &Zone) -> usize {
        match self.content {
            Content::Time | Content::RecordedAt => zone.seconds_width(),
            Content::Operation | Content::Resource => 30,
            Content::Changes => 40,
            Content::Outcome => 9,
            Content::Actor => 24,
            Content::Project | Content::Path(_) => 16,
        }
    }

    /// Its cell of an event.
    pub(crate) fn cell(&self, event: &Event<'_>, zone: &Zone) -> Cell {
        match &self.content {
            Content::Time => {
                let time = event
                    .text("timestamp")
                    .or_else(|| event.text("recorded_at"));
                Cell::new(&zone.to_second(&time.unwrap_or_default()))
            }
            Content::RecordedAt => {
                Cell::new(&zone.to_second(&event.text("recorded_at").unwrap_or_default()))
            }
            Content::Actor => Cell::new(&event.actor()),
            Content::Operation => {
                let name = event.text("operation").unwrap_or_default();
                let tone =
                    vocabulary::find(&name).map_or(Tone::Plain, |known| tone(known.severity));
                Cell::toned(&name, tone)
            }
            Content::Resource => Cell::new(&event.resource()),
            Content::Project => Cell::new(&event.text("resource.project_id").unwrap_or_default()),
            Content::Outcome => {
                let result = event.text("outcome.result").unwrap_or_default();
                let tone = match result.as_str() {
                    "failure" => Tone::Alarm,
                    "denied" => Tone::Warning,
                    _ => Tone::Plain,
                };
                Cell::toned(&result, tone)
            }
            Content::Changes => Cell::new(&event.changes()),
            Content::Path(path) => Cell::new(&event.text(path).unwrap_or_default()),
        }
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Alarm,
        Severity::Warning => Tone::Warning,
        _ => Tone::Plain,
    }
}

fn path(name: &str) -> Option<&str> {
    let short = SHORT.iter().find(|(short, _)| *short == name);
    if let Some((_, path)) = short {
        return Some(path);
    }
    let (root, rest) = name.split_once('.')?;
    let leads_in = ROOTS.contains(&root) && !rest.is_empty();
    (leads_in && name.split('.').count() <= DEPTH_MAX).then_some(name)
}

fn unknown(name: &str) -> Failure {
    let known = USUAL.iter().copied().chain(["recorded", "changes"]);
    let known: Vec<&str> = known.chain(SHORT.iter().map(|(short, _)| *short)).collect();
    Failure::usage(format!("there is no column {name}")).hint(format!(
        "columns are {}, and paths such as metadata.build or actor.type",
        known.join(", ")
    ))
}

/// An event as the server told it.
#[derive(Debug)]
pub(crate) struct Event<'a>(Members<'a>);

type Members<'a> = BTreeMap<String, &'a RawValue>;

impl<'a> Event<'a> {
    /// Reads an event; what is none has nothing to say.
    pub(crate) fn read(text: &'a str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// What stands at a path: a text as it is, anything else as JSON.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        found(&self.0, path).map(plain)
    }

    /// Who did it: the readable name first.
    fn actor(&self) -> String {
        let mut said = ["actor.email", "actor.name", "actor.id"]
            .into_iter()
            .filter_map(|path| self.text(path));
        said.next().unwrap_or_else(|| {
            // Withheld, erased or never said.
            let kind = self.text("actor.type").unwrap_or_default();
            format!("({kind})")
        })
    }

    fn resource(&self) -> String {
        let mut said = ["resource.name", "resource.id"]
            .into_iter()
            .filter_map(|path| self.text(path));
        said.next().unwrap_or_else(|| {
            let kind = self.text("resource.type").unwrap_or_default();
            format!("({kind})")
        })
    }

    /// `role: viewer → admin; plan: free → pro`
    fn changes(&self) -> String {
        let changes = self.0.get("changes").map(|raw| raw.get());
        let changes: Vec<Members<'_>> = changes
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let told = changes.iter().map(|change| {
            let side = |name| change.get(name).map(|value| plain(value));
            let field = side("field").unwrap_or_default();
            match (side("before"), side("after")) {
                (None, None) => field,
                (None, Some(after)) => format!("{field}: {after}"),
                (Some(before), None) => format!("{field}: {before} → "),
                (Some(before), Some(after)) => format!("{field}: {before} → {after}"),
            }
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

/// Follows a path; a name may have dots in it.
fn found<'a>(members: &Members<'a>, path: &str) -> Option<&'a RawValue> {
    if let Some(value) = members.get(path) {
        return Some(value);
    }
    let dots = path.match_indices('.').take(DEPTH_MAX);
    dots.into_iter().find_map(|(at, _)| {
        let (name, rest) = (path.get(..at)?, path.get(at + 1..)?);
        let inner: Members<'a> = serde_json::from_str(members.get(name)?.get()).ok()?;
        found(&inner, rest)
    })
}

/// A text as it is, anything else as JSON in one line.
pub(crate) fn plain(value: &RawValue) -> String {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
        _ if text == "null" => String::new(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"id":"e1","timestamp":"2026-03-12T14:32:07.123000Z","operation":"user.role_changed",
        "actor":{"type":"user","id":"42","email":"dev@example.com"},
        "resource":{"type":"user","id":"7","name":"Zoë"},
        "outcome":{"result":"denied"},
        "changes":[{"field":"role","before":"viewer","after":"admin"},{"field":"n","after":12345678901234567890.10}],
        "metadata":{"a.b":1,"c":{"d.e":{"f":1e400}},"g":null},"recorded_at":"2026-03-12T14:32:08.000000Z"}"#;

    #[test]
    fn paths_lead_to_values_digit_for_digit() {
        let event = Event::read(TEXT);
        for (path, expect) in [
            ("id", Some("e1")),
            ("actor.email", Some("dev@example.com")),
            ("metadata.a.b", Some("1")),
            ("metadata.c.d.e.f", Some("1e400")),
            ("metadata.g", Some("")),
            ("metadata.x", None),
            (
                "metadata",
                Some(r#"{"a.b":1,"c":{"d.e":{"f":1e400}},"g":null}"#),
            ),
        ] {
            assert_eq!(event.text(path).as_deref(), expect, "{path}");
        }
        assert_eq!(
            event.changes(),
            "role: viewer → admin; n: 12345678901234567890.10"
        );
    }

    #[test]
    fn who_and_what_have_readable_names_where_there_are_some() {
        let event = Event::read(TEXT);
        assert_eq!(event.actor(), "dev@example.com");
        assert_eq!(event.resource(), "Zoë");
        let withheld = Event::read(r#"{"actor":{"type":"user"},"resource":{"type":"user"}}"#);
        assert_eq!(withheld.actor(), "(user)");
        assert_eq!(withheld.resource(), "(user)");
    }

    #[test]
    fn columns_have_names_that_are_known() {
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(chosen(&[]).unwrap().len(), 6);
        assert!(chosen(&names("time, id,ip,metadata.Build.number,actor.type")).is_ok());
        for text in ["colour", "", "metadata", "metadata.", "elsewhere.x"] {
            let refused = chosen(&names(text)).unwrap_err();
            assert!(refused.hint.unwrap().contains("request_id"), "{text}");
        }
        assert!(chosen(&vec!["id".to_owned(); 25]).is_err());
    }

    #[test]
    fn what_is_no_event_makes_empty_cells() {
        for text in ["", "null", "[]", "{\"changes\":{}}"] {
            let event = Event::read(text);
            assert_eq!(event.changes(), "");
            assert_eq!(event.text("id"), None);
        }
    }
}
