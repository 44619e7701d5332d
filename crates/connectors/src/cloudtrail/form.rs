//! Where `CloudTrail` records stand in what came.
//!
//! Promises: files (`{"Records": […]}`), single records, records one a line and in arrays; `EventBridge` events,
//! subscriptions of `CloudWatch` Logs, `SNS` and `SQS` messages and answers of `lookup-events` around them; notifications
//! that name files instead of holding records. A record that can't be read costs itself only, a file that is cut off
//! is refused whole. Must never: open more than [`WRAPPED_MAX`] things inside each other.

use ledger::json::{self, Value};

use crate::clean;
use crate::delivery::parse;
use crate::limits::EVENTS_MAX;
use crate::look::{at, items, text};
use crate::reading::Unreadable;
use crate::sequence::Sequence;

/// Most envelopes around a record: `SQS` around `SNS` around `EventBridge`, each with a list.
const WRAPPED_MAX: usize = 8;
/// The rule for what is neither a record nor anything known around one.
pub(super) const NO_RECORD: &str = "cloudtrail.no_record";

/// One thing that was found.
pub(super) enum Found<'v, 'a> {
    /// A record.
    Record(&'v Value<'a>),
    /// An `EventBridge` event about something else.
    Bridged(&'v Value<'a>),
    /// A file that a notification names.
    Object { bucket: String, key: String },
    /// Nothing that happened, by the rule of that name.
    Passed(&'static str),
    /// Something that can't be read.
    Refused {
        rule: &'static str,
        expected: String,
    },
}

/// Hands everything that a body holds to `sink`, in its order.
pub(super) fn search(body: &[u8], sink: &mut dyn FnMut(Found<'_, '_>)) -> Result<(), Unreadable> {
    if let Some(list) = file(body)
        && let Ok(records) = json::split_array(list, EVENTS_MAX)
    {
        if records.len() > EVENTS_MAX {
            return Err(Unreadable::TooMany);
        }
        for record in records {
            match parse(record.text) {
                Ok(value) => open(&value, 1, sink),
                Err(error) => refuse("cloudtrail.no_json", error.to_string(), sink),
            }
        }
        return Ok(());
    }
    let mut pieces = Sequence::new(body).enumerate().peekable();
    while let Some((count, piece)) = pieces.next() {
        if count >= EVENTS_MAX {
            return Err(Unreadable::TooMany);
        }
        match parse(piece) {
            Ok(value) => open(&value, 0, sink),
            // A lone text that is no JSON is the caller's mistake; a line among others costs itself.
            Err(error) if count == 0 && pieces.peek().is_none() => return Err(error),
            Err(error) => refuse("cloudtrail.no_json", error.to_string(), sink),
        }
    }
    Ok(())
}

/// The text of the list in a log file, so that records are read one by one: a file holds more values than one text may.
fn file(body: &[u8]) -> Option<&[u8]> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let rest = body.trim_ascii().strip_prefix(b"{")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"Records\"")?.trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    rest.strip_suffix(b"}").map(<[u8]>::trim_ascii_end)
}

/// Whether a value is a record of any version.
pub(super) fn is_record(value: &Value<'_>) -> bool {
    let has = |name: &str| at(value, &[name]).is_some();
    has("eventVersion")
        && (has("eventName") || has("insightDetails"))
        && (has("eventSource") || has("insightDetails"))
        && ["userIdentity", "eventType", "eventID", "eventTime"]
            .into_iter()
            .any(has)
        && !has("s3")
}

/// What an `EventBridge` event holds; `None` if it is none.
pub(super) fn bridged<'v, 'a>(value: &'v Value<'a>) -> Option<Found<'v, 'a>> {
    text(value, &["detail-type"])?;
    let detail = at(value, &["detail"])?;
    if is_record(detail) {
        return Some(Found::Record(detail));
    }
    if text(value, &["source"]) == Some("aws.s3")
        && let (Some(bucket), Some(key)) = (
            text(detail, &["bucket", "name"]),
            text(detail, &["object", "key"]),
        )
    {
        return Some(Found::Object {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        });
    }
    Some(Found::Bridged(value))
}

fn refuse(rule: &'static str, expected: String, sink: &mut dyn FnMut(Found<'_, '_>)) {
    sink(Found::Refused { rule, expected });
}

fn open(value: &Value<'_>, depth: usize, sink: &mut dyn FnMut(Found<'_, '_>)) {
    if depth > WRAPPED_MAX {
        let expected = format!("at most {WRAPPED_MAX} envelopes");
        return refuse("cloudtrail.too_deep", expected, sink);
    }
    if let Some(list) = value.as_array() {
        for item in list {
            open(item, depth + 1, sink);
        }
        return;
    }
    if is_record(value) {
        return sink(Found::Record(value));
    }
    if let Some(found) = bridged(value) {
        return sink(found);
    }
    if notified(value, sink) || wrapped(value, depth, sink) {
        return;
    }
    refuse(
        NO_RECORD,
        "a record with eventVersion, eventName and eventSource".to_owned(),
        sink,
    );
}

/// Notifications, which name files, and what else holds no records.
fn notified(value: &Value<'_>, sink: &mut dyn FnMut(Found<'_, '_>)) -> bool {
    if let Some(bucket) = text(value, &["s3Bucket"]) {
        for key in items(value, &["s3ObjectKey"]) {
            sink(Found::Object {
                bucket: bucket.to_owned(),
                key: key.as_str().unwrap_or_default().to_owned(),
            });
        }
        return true;
    }
    if text(value, &["eventSource"]) == Some("aws:s3") {
        let is_new = text(value, &["eventName"]).is_some_and(|name| name.contains("Created"));
        match (
            text(value, &["s3", "bucket", "name"]),
            text(value, &["s3", "object", "key"]),
        ) {
            (Some(bucket), Some(key)) if is_new => sink(Found::Object {
                bucket: bucket.to_owned(),
                key: decoded(key),
            }),
            _ => sink(Found::Passed("cloudtrail.bucket_event")),
        }
        return true;
    }
    let passed = if text(value, &["Event"]) == Some("s3:TestEvent") {
        "cloudtrail.s3_test"
    } else if at(value, &["digestStartTime"]).is_some() && at(value, &["logFiles"]).is_some() {
        "cloudtrail.digest"
    } else if text(value, &["messageType"]) == Some("CONTROL_MESSAGE") {
        "cloudtrail.control_message"
    } else if matches!(
        text(value, &["Type"]),
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation")
    ) {
        "cloudtrail.subscription"
    } else {
        return false;
    };
    sink(Found::Passed(passed));
    true
}

/// Lists and texts with something inside.
fn wrapped(value: &Value<'_>, depth: usize, sink: &mut dyn FnMut(Found<'_, '_>)) -> bool {
    if text(value, &["messageType"]) == Some("DATA_MESSAGE") {
        for line in items(value, &["logEvents"]) {
            opened(text(line, &["message"]), depth, sink);
        }
        return true;
    }
    for name in ["Records", "records", "Messages", "Events"] {
        if let Some(list) = at(value, &[name]).and_then(Value::as_array) {
            for item in list {
                open(item, depth + 1, sink);
            }
            return true;
        }
    }
    let inner = [
        &["CloudTrailEvent"][..],
        &["Message"],
        &["Sns", "Message"],
        &["body"],
        &["Body"],
    ];
    match inner.iter().find_map(|path| text(value, path)) {
        Some(inner) => {
            opened(Some(inner), depth, sink);
            true
        }
        None => false,
    }
}

/// A text that should hold JSON.
fn opened(inner: Option<&str>, depth: usize, sink: &mut dyn FnMut(Found<'_, '_>)) {
    match inner.map(|inner| parse(inner.as_bytes())) {
        Some(Ok(value)) => open(&value, depth + 1, sink),
        // A subscription to `SNS` begins with words, and log lines that are too long are cut off.
        _ if inner.is_some_and(|inner| inner.starts_with("CloudTrail validation message")) => {
            sink(Found::Passed("cloudtrail.validation_message"));
        }
        _ => refuse(
            "cloudtrail.no_json",
            "a record as JSON within the message".to_owned(),
            sink,
        ),
    }
}

/// A key as `S3` writes it in events: percent-encoded, blanks as plus signs.
fn decoded(key: &str) -> String {
    clean::percent_decoded(&key.replace('+', " ")).unwrap_or_else(|| key.to_owned())
}
