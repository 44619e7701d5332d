//! `veritrail show`: one event in full.
//!
//! Promises: every field that the server answers is shown, numbers digit for digit; with `--json` the answer's own
//! text. Must never let an event's text reach a terminal unescaped (the printer sees to it).

use std::fmt::Write as _;

use api::Event;
use ledger::json::{self, Value};

use super::Ending;
use super::emit::event_path;
use crate::client::{Client, Connection};
use crate::printer::Printer;

/// Show one event in full
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The event's id
    #[arg(value_name = "ID", required_unless_present = "named")]
    id: Option<String>,

    /// The same, by name
    #[arg(long = "id", value_name = "ID", conflicts_with = "id")]
    named: Option<String>,

    /// The source that sent it, where several used the id
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// What stands first, and how it is named there.
const FIRST: [(&str, &str); 4] = [
    ("timestamp", "happened"),
    ("recorded_at", "recorded"),
    ("log", "log"),
    ("seq", "entry"),
];

impl Show {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let id = self.id.or(self.named).unwrap_or_default();
        let path = event_path(&id, "", self.source.as_deref())?;
        let client = Client::new(&self.connection, printer)?;
        let (text, event): (String, Event) = client.read_json(&path)?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        // Our own reading keeps every digit; an answer beyond its limits is still an answer.
        let read = json::parse_within(text.as_bytes(), json::Bounds::ANSWER);
        let Ok(Value::Object(members)) = read else {
            printer.json(&text);
            return Ok(Ending::Done);
        };
        printer.heading(&format!("{}  {}", event.operation, event.id));
        let mut rows = Vec::new();
        for (name, label) in FIRST {
            let found = members.iter().find(|(member, _)| member == name);
            rows.extend(found.map(|(_, value)| (label.to_owned(), scalar(value))));
        }
        for (name, value) in &members {
            let shown = FIRST.iter().any(|(first, _)| first == name);
            if !shown && name != "operation" && name != "id" {
                flatten(name.to_string(), value, &mut rows);
            }
        }
        let widths = rows.iter().map(|(label, _)| label.chars().count());
        let width = widths.max().unwrap_or(0);
        for (label, value) in rows {
            printer.line(&format!("  {label:width$}  {value}"));
        }
        Ok(Ending::Done)
    }
}

/// One row for each scalar, under its dotted path.
fn flatten(path: String, value: &Value<'_>, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                flatten(format!("{path}.{name}"), value, rows);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            if items.iter().all(|item| !is_container(item)) {
                let items: Vec<String> = items.iter().map(scalar).collect();
                rows.push((path, items.join(", ")));
                return;
            }
            for (index, item) in items.iter().enumerate() {
                let mut path = path.clone();
                // Writing to a string does not fail.
                let _ = write!(path, "[{index}]");
                flatten(path, item, rows);
            }
        }
        scalar_or_empty => rows.push((path, scalar(scalar_or_empty))),
    }
}

fn is_container(value: &Value<'_>) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

fn scalar(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => text.clone().into_owned(),
        other => other.to_compact(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_has_a_row_with_its_path_and_all_its_digits() {
        let text = br#"{"b":[1,2],"c":[{"f":1.50},{"f":12345678901234567890}],"d":{},"e":null}"#;
        let value = json::parse(text).unwrap();
        let mut rows = Vec::new();
        flatten("a".into(), &value, &mut rows);
        let rows: Vec<String> = rows
            .into_iter()
            .map(|(path, value)| path + "=" + &value)
            .collect();
        assert_eq!(
            rows,
            [
                "a.b=1, 2",
                "a.c[0].f=1.50",
                "a.c[1].f=12345678901234567890",
                "a.d={}",
                "a.e=null"
            ]
        );
    }
}
