//! `veritrail state`: what is known of a resource at a time, from the changes that its events tell.
//!
//! Promises: what is not known is said to be unknown; values digit for digit. Signs of a change that nobody recorded are
//! warnings.

use std::collections::BTreeMap;

use api::{Actor, ResourceName};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Ending;
use crate::client::{Client, Connection, encode, with_parameters};
use crate::columns::plain;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::table::{Cell, Heading};
use crate::zone::{Zone, ZoneChoice};

/// Show what is known of a resource at a time
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail state environment_variable var_789
  veritrail state user 42 --at 2026-03-12

The second answers what the user was allowed to before 12 March.")]
pub(crate) struct State {
    /// Its type, such as deployment
    #[arg(value_name = "TYPE")]
    kind: String,

    /// Its id
    #[arg(value_name = "ID")]
    id: String,

    /// As of when: a time back from now (24h) or a date in UTC, which means its start [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    zone: ZoneChoice,

    #[command(flatten)]
    connection: Connection,
}

/// [`api::ResourceState`], with every value as text.
#[derive(Deserialize)]
struct Told {
    resource: ResourceName,
    at: String,
    exists: Option<bool>,
    fields: BTreeMap<String, Field>,
    unknown_before: Option<String>,
    #[serde(default)]
    inconsistencies: Vec<Inconsistency>,
    events: u64,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Field {
    value: Option<Box<RawValue>>,
    #[serde(default)]
    partial: bool,
    since: String,
    event: String,
    #[serde(default)]
    actor: Actor,
}

#[derive(Deserialize)]
struct Inconsistency {
    field: String,
    event: String,
    at: String,
    expected: Box<RawValue>,
    found: Box<RawValue>,
}

impl State {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        if self.kind.is_empty() || self.id.is_empty() {
            return Err(Failure::usage("expected the type and the id of a resource").into());
        }
        let zone = self.zone.zone(printer);
        let client = Client::new(&self.connection, printer)?;
        let path = format!(
            "/v1/resources/{}/{}/state",
            encode(&self.kind),
            encode(&self.id)
        );
        let path = with_parameters(&path, &[("at", self.at.as_deref())]);
        let (text, told): (String, Told) = client.read_json(&path).map_err(|failure| {
            let at = self.at.as_deref().unwrap_or_default();
            failure.pointing_into(&[("at", "--at ", at)])
        })?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        if told.events == 0 {
            printer.note(&format!(
                "no event before {} names this resource",
                zone.to_second(&told.at)
            ));
            return Ok(Ending::Done);
        }
        print(&told, &zone, printer);
        if self.at.as_deref().is_some_and(is_date) {
            printer.note(&format!(
                "a date means its start: what happened from {} on is left out",
                zone.to_second(&told.at)
            ));
        }
        warn(&told, &zone, printer);
        Ok(Ending::Done)
    }
}

fn print(told: &Told, zone: &Zone, printer: &mut Printer) {
    let ResourceName { kind, id, name } = &told.resource;
    let name = name
        .as_deref()
        .map_or(String::new(), |name| format!("  ({name})"));
    printer.heading(&format!("{kind} {id}{name}"));
    let exists = match told.exists {
        Some(true) => "yes",
        Some(false) => "no: it was deleted or is not there yet",
        None => "not known",
    };
    printer.line(&format!("  before  {}", zone.to_second(&told.at)));
    printer.line(&format!("  exists  {exists}"));
    printer.line(&format!("  events  {}", told.events));
    if let Some(time) = &told.unknown_before {
        let time = zone.to_second(time);
        printer.line(&format!(
            "  known   from {time} on: no event tells how it was made"
        ));
    }
    if told.fields.is_empty() {
        return;
    }
    printer.line("");
    let headings = vec![
        Heading::new("FIELD"),
        Heading::new("VALUE"),
        Heading::whole("SINCE"),
        Heading::new("BY"),
        Heading::new("EVENT"),
    ];
    let rows: Vec<Vec<Cell>> = told
        .fields
        .iter()
        .map(|(name, field)| {
            vec![
                Cell::new(name),
                Cell::new(&shown(field)),
                Cell::new(&zone.to_second(&field.since)),
                Cell::new(&by(&field.actor)),
                Cell::new(&field.event),
            ]
        })
        .collect();
    printer.fitting_table(headings, &rows);
}

fn shown(field: &Field) -> String {
    let value = match &field.value {
        None => "(changed; to what is not told)".to_owned(),
        Some(value) if value.get() == "null" => "(none)".to_owned(),
        Some(value) => plain(value),
    };
    if field.partial {
        format!("{value} (and what was there before)")
    } else {
        value
    }
}

fn by(actor: &Actor) -> String {
    let said = [&actor.email, &actor.name, &actor.id];
    let said = said.into_iter().flatten().next();
    said.map_or_else(|| format!("({})", actor.kind), Clone::clone)
}

fn warn(told: &Told, zone: &Zone, printer: &mut Printer) {
    for found in &told.inconsistencies {
        printer.warning(&format!(
            "{}: event {} of {} says it was {} before, but {} was known: a change was not recorded",
            found.field,
            found.event,
            zone.to_second(&found.at),
            found.found.get(),
            found.expected.get(),
        ));
    }
    if told.truncated {
        printer.warning("there is more than is kept of one resource: this is not all of it");
    }
}

/// Whether it names a period and not a point in time: no time of day with seconds, and not counted back from now.
fn is_date(text: &str) -> bool {
    let has_seconds = text.matches(':').count() >= 2 && text.contains(['T', 't']);
    let is_back = text
        .strip_suffix(['s', 'm', 'h', 'd', 'w'])
        .is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()));
    !has_seconds && !is_back && text != "now"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_times() {
        for text in [
            "2026-03-12",
            "2026-Q1",
            "yesterday",
            "2026-03-12T14",
            "2026-03-12T14:32",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "24h",
            "7d",
            "now",
            "2026-03-12T14:32:07Z",
            "2026-03-12T14:32:07.5+02:00",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_of_a_value_is_said() {
        let field = |text: &str| serde_json::from_str::<Field>(text).unwrap();
        let told = |text: &str| shown(&field(text));
        assert_eq!(
            told(r#"{"value":12345678901234567890.10,"since":"","event":""}"#),
            "12345678901234567890.10"
        );
        assert_eq!(
            told(r#"{"since":"","event":""}"#),
            "(changed; to what is not told)"
        );
        assert_eq!(
            told(r#"{"value":["a"],"partial":true,"since":"","event":""}"#),
            "[\"a\"] (and what was there before)"
        );
        // What is told to be nothing is not what is not told.
        assert!(
            field(r#"{"value":"x","since":"","event":""}"#)
                .value
                .is_some()
        );
    }
}
