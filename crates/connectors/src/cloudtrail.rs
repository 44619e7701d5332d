//! AWS `CloudTrail`: log files, single records, and what AWS wraps around them.
//!
//! Promises: an event's id is made of `eventID` alone, so that a record which comes in two files, through `EventBridge`
//! and through a log subscription is one event; every record becomes an event, whatever the call and the version of the
//! format; `context.source_action` is `eventName` as it stands and `context.service` is `eventSource`. Texts that AWS
//! took from people (names, ARNs) stand in ids, names and metadata, never in an operation or a resource type.
//! Must never: keep the credentials that a call handed out, or a value that was set for a program. The ids of credentials
//! are kept: they tie a session to who opened it.
//!
//! `form.rs` finds records in what came, `identity.rs` says who, `calls.rs` what, `subject.rs` to which, `ending.rs` how
//! it ended, `redact.rs` what is left out. `docs/guide/cloudtrail.md` is the same for readers.

mod calls;
mod ending;
mod form;
mod identity;
mod redact;
mod subject;

use ledger::json::Value;

use self::calls::Meaning;
use self::form::Found;
use crate::clean;
use crate::delivery::Delivery;
use crate::event::Event;
use crate::limits::EVENTS_MAX;
use crate::look::{at, is_true, text, word};
use crate::reading::{Item, Reading, Refusal, Unreadable};

/// Reads a delivery.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    form::search(delivery.body, &mut |found| {
        if reading.items.len() <= EVENTS_MAX {
            let index = reading.items.len();
            reading.items.push(item(found, index));
        }
    })?;
    match reading.items.as_slice() {
        []
        | [
            Item::Refused(Refusal {
                rule: form::NO_RECORD,
                ..
            }),
        ] => Err(Unreadable::Shape {
            expected: "a CloudTrail file, record or notification",
        }),
        _ => Ok(reading),
    }
}

/// The log files that a notification names, as bucket and key. Empty for anything else: records, broken texts.
pub fn cloudtrail_objects(body: &[u8]) -> Vec<(String, String)> {
    let mut objects = Vec::new();
    // What can't be read names nothing; whoever reads it as a delivery is told why.
    let _ = form::search(body, &mut |found| {
        if let Found::Object { bucket, key } = found
            && objects.len() < EVENTS_MAX
        {
            objects.push((bucket, key));
        }
    });
    objects
}

/// One record, or an `EventBridge` event about one, that came inside something else.
pub(crate) fn entry(value: &Value<'_>, index: usize) -> Option<Item> {
    if form::is_record(value) {
        return Some(Item::Event(Box::new(event(value))));
    }
    let detail = form::bridged(value)?;
    Some(item(detail, index))
}

fn item(found: Found<'_, '_>, index: usize) -> Item {
    match found {
        Found::Record(record) => Item::Event(Box::new(event(record))),
        Found::Bridged(envelope) => Item::Event(Box::new(bridged(envelope))),
        Found::Object { .. } => Item::Passed {
            rule: "cloudtrail.notification",
        },
        Found::Passed(rule) => Item::Passed { rule },
        Found::Refused { rule, expected } => Item::Refused(Refusal {
            rule,
            index,
            expected,
        }),
    }
}

fn event(record: &Value<'_>) -> Event {
    let id = match text(record, &["eventID"]) {
        Some(id) => crate::id::of("ct", &[id.as_bytes()]),
        None => crate::id::of("ct", &[b"record", record.to_compact().as_bytes()]),
    };
    // Insight events have no name of their own; what they are of is within.
    let name = text(record, &["eventName"])
        .or_else(|| text(record, &["eventType"]))
        .unwrap_or("unknown");
    let source = text(record, &["eventSource"])
        .or_else(|| text(record, &["insightDetails", "eventSource"]))
        .unwrap_or("unknown.amazonaws.com");
    let Meaning {
        operation,
        nature,
        things,
    } = calls::meaning(record, source, name);
    let (resource, related) = subject::things(record, source, name, things);
    let mut event = Event::new(id, operation, resource, name);
    event.related = related;
    event.nature = nature;
    event.verb = name.to_ascii_lowercase();
    event.timestamp = at(record, &["eventTime"]).and_then(clean::time);
    identity::fill(&mut event, record);
    event.outcome = Some(ending::outcome(record));
    event.project_id = text(record, &["recipientAccountId"])
        .or_else(|| text(record, &["userIdentity", "accountId"]))
        .map(str::to_owned);
    event.context.application = Some("aws".into());
    event.context.service = Some(source.to_owned());
    event.context.region = text(record, &["awsRegion"]).map(str::to_owned);
    event.context.channel = Some(channel(record).into());
    event.origin.ip = text(record, &["sourceIPAddress"]).map(str::to_owned);
    event.origin.user_agent = text(record, &["userAgent"]).map(str::to_owned);
    event.request_id = text(record, &["requestID"]).map(str::to_owned);
    event.correlation_id = text(record, &["sharedEventID"]).map(str::to_owned);
    describe(&mut event, record);
    event
}

/// The way in.
fn channel(record: &Value<'_>) -> &'static str {
    match text(record, &["eventType"]) {
        Some("AwsConsoleSignIn" | "AwsConsoleAction") => "console",
        Some("AwsServiceEvent" | "AwsCloudTrailInsight") => "service",
        _ if is_true(record, &["sessionCredentialFromConsole"])
            || text(record, &["sessionCredentialFromConsole"]) == Some("true") =>
        {
            "console"
        }
        _ => "api",
    }
}

/// What else is worth knowing.
fn describe(event: &mut Event, record: &Value<'_>) {
    for (name, path) in [
        ("event_id", "eventID"),
        ("event_type", "eventType"),
        ("event_category", "eventCategory"),
        ("event_version", "eventVersion"),
        ("api_version", "apiVersion"),
        ("vpc_endpoint_id", "vpcEndpointId"),
    ] {
        event.note(name, word(record, &[path]));
    }
    event.note("tls_version", word(record, &["tlsDetails", "tlsVersion"]));
    event.note(
        "host_header",
        word(record, &["tlsDetails", "clientProvidedHostHeader"]),
    );
    if let Some(read_only) = at(record, &["readOnly"]) {
        let kept = clean::kept(read_only);
        event.metadata.push(("read_only", kept));
    }
    for (name, path) in [
        ("request", "requestParameters"),
        ("response", "responseElements"),
        ("additional", "additionalEventData"),
        ("service_details", "serviceEventDetails"),
        ("insight", "insightDetails"),
        ("addendum", "addendum"),
    ] {
        let kept = redact::kept(record, at(record, &[path]));
        event.metadata.extend(kept.map(|value| (name, value)));
    }
}

/// An event of `EventBridge` that is about no `CloudTrail` record: kept as what it says it is.
fn bridged(envelope: &Value<'_>) -> Event {
    let id = match text(envelope, &["id"]) {
        Some(id) => crate::id::of("eb", &[id.as_bytes()]),
        None => crate::id::of("eb", &[b"envelope", envelope.to_compact().as_bytes()]),
    };
    let kind = text(envelope, &["detail-type"]).unwrap_or("event");
    let source = text(envelope, &["source"]).unwrap_or("aws.unknown");
    let operation = calls::generic(source.strip_prefix("aws.").unwrap_or("custom"), kind);
    let mut things = subject::of_arns(envelope, &["resources"]).into_iter();
    let resource = things.next().unwrap_or_else(|| crate::event::Thing {
        kind: "cloud_account".into(),
        id: text(envelope, &["account"]).map(str::to_owned),
        name: None,
    });
    let mut event = Event::new(id, operation, resource, kind);
    event.related = things.collect();
    event.verb = kind.to_ascii_lowercase();
    event.timestamp = at(envelope, &["time"]).and_then(clean::time);
    event.actor.kind = "system";
    event.actor.id = Some(source.to_owned());
    event.project_id = text(envelope, &["account"]).map(str::to_owned);
    event.context.application = Some("aws".into());
    event.context.service = Some(source.to_owned());
    event.context.region = text(envelope, &["region"]).map(str::to_owned);
    event.context.channel = Some("service".into());
    let kept = redact::kept(envelope, at(envelope, &["detail"]));
    event.metadata.extend(kept.map(|value| ("detail", value)));
    event
}

#[cfg(test)]
mod tests;
