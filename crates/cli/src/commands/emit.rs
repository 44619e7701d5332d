//! `veritrail emit`: records events, from flags or from JSON.
//!
//! Promises: stdout gets one receipt (or refusal) a line, in JSON, in the order sent, as `verify --receipts` reads them;
//! nothing is sent twice. JSON goes out byte for byte as it came.

use std::path::PathBuf;

use api::{BatchAnswer, Outcome};
use ledger::limits::BATCH_BYTES_MAX;
use serde_json::{Map, Value};

use super::Ending;
use crate::client::{Client, Connection, Upload, encode, refused};
use crate::failure::Failure;
use crate::input;
use crate::printer::Printer;

/// Record an event
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  veritrail emit --operation secret.rotated --actor 42 --email dev@example.com \\
      --resource secret/sec_1 --name DATABASE_URL --reason 'INC-212: rotate after leak'

The receipt on stdout says which entry of which log holds the event. Keep it: `veritrail verify
--receipts FILE` holds the log to it.")]
pub(crate) struct Emit {
    /// Send JSON instead: one event, an array, or one event a line; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["operation", "actor", "resource"])]
    json: Option<PathBuf>,

    /// What happened, such as deployment.created
    #[arg(long, value_name = "NAME", required_unless_present = "json")]
    operation: Option<String>,

    /// Who did it: an id
    #[arg(long, value_name = "ID", required_unless_present = "json")]
    actor: Option<String>,

    /// What it was done to
    #[arg(long, value_name = "TYPE/ID", required_unless_present = "json")]
    resource: Option<String>,

    /// Show what would be stored, and store nothing
    #[arg(long, conflicts_with = "wait")]
    dry_run: bool,

    /// Wait for a signed checkpoint; the receipt then carries the proof
    #[arg(long)]
    wait: bool,

    /// Makes sending again harmless where the event has no id
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,

    #[command(flatten)]
    fields: Fields,

    #[command(flatten)]
    connection: Connection,
}

/// What need not be said.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Event")]
struct Fields {
    /// What kind of actor it was
    #[arg(
        long,
        value_name = "TYPE",
        conflicts_with = "json",
        help = "user, service_account, api_key, agent, system or anonymous [default: user]"
    )]
    actor_type: Option<String>,

    /// The actor's e-mail address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "json")]
    email: Option<String>,

    /// The resource's readable name
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    name: Option<String>,

    /// The project that the resource belongs to
    #[arg(long, value_name = "ID", conflicts_with = "json")]
    project: Option<String>,

    /// success, failure, denied or cancelled
    #[arg(long, value_name = "RESULT", conflicts_with = "json")]
    outcome: Option<String>,

    /// Why it was done
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    reason: Option<String>,

    /// The event's own id
    #[arg(long, value_name = "ID", conflicts_with = "json")]
    id: Option<String>,

    /// When it happened, as 2026-03-12T14:32:07Z
    #[arg(long, value_name = "TIME", conflicts_with = "json")]
    timestamp: Option<String>,

    /// Anything else; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, conflicts_with = "json")]
    meta: Vec<(String, String)>,
}

impl Emit {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let (body, shape) = match &self.json {
            Some(path) => {
                let body = input::read(path, BATCH_BYTES_MAX as u64)?;
                let shape = Shape::of(&body);
                (body, shape)
            }
            None => (serde_json::to_vec(&self.event())?, Shape::Object),
        };
        let client = Client::new(&self.connection, printer)?;
        let path = if self.dry_run {
            "/v1/events?dry_run=true"
        } else if self.wait {
            "/v1/events?wait=checkpoint"
        } else {
            "/v1/events"
        };
        let upload = Upload {
            path,
            body: &body,
            media_type: shape.media_type(),
            idempotency_key: self.idempotency_key.as_deref(),
        };
        match shape {
            Shape::Object => {
                let (text, outcome): (_, Outcome) = client.post(&upload)?;
                printer.json(&text);
                let ending = tell(&outcome, None, printer);
                Ok(ending)
            }
            Shape::Array | Shape::Lines => {
                let (_, answer): (_, BatchAnswer) = client.post(&upload)?;
                tell_batch(&answer, printer)
            }
        }
    }

    fn event(&self) -> Value {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let fields = &self.fields;
        let mut actor = Map::new();
        put(&mut actor, "type", text(&fields.actor_type));
        put(&mut actor, "id", text(&self.actor));
        put(&mut actor, "email", text(&fields.email));
        let named = self.resource.as_deref().unwrap_or_default();
        let (kind, id) = match named.split_once('/') {
            Some((kind, id)) => (kind, Some(Value::from(id))),
            None => (named, None),
        };
        let mut resource = Map::new();
        put(&mut resource, "type", Some(Value::from(kind)));
        put(&mut resource, "id", id);
        put(&mut resource, "name", text(&fields.name));
        put(&mut resource, "project_id", text(&fields.project));
        let mut event = Map::new();
        put(&mut event, "id", text(&fields.id));
        put(&mut event, "timestamp", text(&fields.timestamp));
        put(&mut event, "operation", text(&self.operation));
        event.insert("actor".to_owned(), Value::Object(actor));
        event.insert("resource".to_owned(), Value::Object(resource));
        if let Some(result) = text(&fields.outcome) {
            let outcome = Map::from_iter([("result".to_owned(), result)]);
            event.insert("outcome".to_owned(), Value::Object(outcome));
        }
        put(&mut event, "reason", text(&fields.reason));
        if !fields.meta.is_empty() {
            let metadata = fields.meta.iter();
            let metadata =
                metadata.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
            event.insert("metadata".to_owned(), metadata.collect());
        }
        Value::Object(event)
    }
}

/// What a text of events is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Object,
    Array,
    Lines,
}

impl Shape {
    /// By its first character, and whether a second value follows. What is no JSON is for the server to refuse.
    fn of(body: &[u8]) -> Self {
        let text = body.trim_ascii();
        if text.first() == Some(&b'[') {
            return Self::Array;
        }
        let mut values =
            serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
        match values.next() {
            // A malformed first line still makes lines: the others are not to suffer.
            Some(Err(_)) if text.contains(&b'\n') && first_line_is_closed(text) => Self::Lines,
            Some(Ok(_)) if values.byte_offset() < text.len() => Self::Lines,
            _ => Self::Object,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Object | Self::Array => "application/json",
            Self::Lines => "application/x-ndjson",
        }
    }
}

fn first_line_is_closed(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.trim_ascii_end().ends_with(b"}")
}

fn tell_batch(answer: &BatchAnswer, printer: &mut Printer) -> anyhow::Result<Ending> {
    let mut ending = Ending::Done;
    for item in &answer.results {
        printer.json(&serde_json::to_string(item)?);
        if tell(&item.outcome, Some(item.index), printer) != Ending::Done {
            ending = Ending::Refused;
        }
    }
    printer.note(&format!(
        "{} stored, {} known already, {} refused",
        answer.stored, answer.repeated, answer.refused
    ));
    Ok(ending)
}

/// Says in words what became of one event.
fn tell(outcome: &Outcome, index: Option<u64>, printer: &mut Printer) -> Ending {
    let which = index.map_or(String::new(), |index| format!("event {index}: "));
    let warnings = match outcome {
        Outcome::Stored(receipt) | Outcome::Repeated(receipt) => {
            if index.is_none() {
                let verb = match outcome {
                    Outcome::Repeated(_) => "was stored before",
                    _ => "stored",
                };
                printer.note(&format!(
                    "{} {verb} as entry {} of log {}",
                    receipt.id, receipt.seq, receipt.log
                ));
            }
            &receipt.warnings
        }
        Outcome::DryRun(preview) => {
            if index.is_none() {
                printer.note("nothing was stored: this is what would be");
            }
            &preview.warnings
        }
        Outcome::Conflict(refusal) | Outcome::Refused(refusal) => {
            let failure = refused(&refusal.error);
            printer.error(&format!("{which}{}", failure.message));
            return Ending::Refused;
        }
    };
    for warning in warnings {
        printer.warning(&format!("{which}{} ({})", warning.detail, warning.pointer));
    }
    Ending::Done
}

fn put(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    members.extend(value.map(|value| (name.to_owned(), value)));
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if name.is_empty() {
        return Err("expected NAME=VALUE".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The path of an event, or of what belongs to it.
pub(super) fn event_path(id: &str, suffix: &str, source: Option<&str>) -> Result<String, Failure> {
    if id.is_empty() {
        return Err(Failure::usage("expected the id of an event after --id"));
    }
    let query = source.map_or(String::new(), |source| {
        format!("?source={}", encode(source))
    });
    Ok(format!("/v1/events/{}{suffix}{query}", encode(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_text_is_seen_from_its_values() {
        for (text, shape) in [
            ("{\"a\":1}", Shape::Object),
            (" {\n\"a\":1\n}\n", Shape::Object),
            ("[{}]", Shape::Array),
            ("{}\n{}", Shape::Lines),
            ("{}\n{", Shape::Lines),
            ("{\"a\":}\n{}", Shape::Lines),
            ("{\n\"a\":\n", Shape::Object),
            ("", Shape::Object),
        ] {
            assert_eq!(Shape::of(text.as_bytes()), shape, "{text}");
        }
    }
}
