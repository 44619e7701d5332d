//! One act of a reader, in words.
//!
//! Promises: an act and its end are one row where both are on the page; what was asked for is linked so that it shows the
//! same again, with the times that it meant then.

use std::collections::BTreeMap;

use api::Event;
use ledger::time::Micros;
use serde_json::Value;

use super::Asked;
use crate::http::asked::Texts;
use crate::ui::ask::segment;
use crate::ui::telling::Told;
use crate::ui::visit::Visit;

/// Between the intent of a bulk read and its totals, at most.
const TOTALS_MICROS: i64 = 3 * 60_000_000;

/// One act.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) told: Told,
    /// The readers' acts in this window.
    pub(super) reader_href: String,
    /// What kind of act, in a word; empty where the sentence tells it.
    pub(super) what: &'static str,
    /// The event that was opened; empty for other acts.
    pub(super) event: String,
    pub(super) event_href: String,
    /// What was asked, as it was typed.
    pub(super) asked: String,
    /// The page that shows the same; empty for none.
    pub(super) asked_href: String,
    /// What else is to be told.
    pub(super) more: String,
}

/// The acts of a page.
pub(super) fn rows(events: &[Event], there: &Asked, visit: &Visit) -> Vec<Row> {
    let mut ends: BTreeMap<&str, &Event> = BTreeMap::new();
    let mut begun: Vec<&str> = Vec::new();
    for event in events {
        match (event.operation.as_str(), run(event)) {
            ("veritrail.search.completed" | "veritrail.export.completed", Some(id)) => {
                ends.insert(id, event);
            }
            ("veritrail.search.performed" | "veritrail.export.started", Some(id)) => begun.push(id),
            _ => {}
        }
    }
    let told_elsewhere = |event: &&Event| match event.operation.as_str() {
        "veritrail.search.completed" | "veritrail.export.completed" => {
            run(event).is_some_and(|id| begun.contains(&id))
        }
        "veritrail.tile.read" => has_totals(event, events),
        _ => false,
    };
    let shown = events.iter().filter(|event| !told_elsewhere(event));
    shown
        .map(|event| {
            row(
                event,
                run(event).and_then(|id| ends.get(id).copied()),
                there,
                visit,
            )
        })
        .collect()
}

/// What names a search or an export in its records.
fn run(event: &Event) -> Option<&str> {
    text(event, "search").or_else(|| text(event, "export"))
}

fn text<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    event.said.get("metadata")?.get(name)?.as_str()
}

fn number(event: &Event, name: &str) -> Option<u64> {
    event.said.get("metadata")?.get(name)?.as_u64()
}

fn at(event: &Event) -> Option<Micros> {
    Micros::parse(event.said.get("timestamp")?.as_str()?).ok()
}

/// Whether an intent's totals are on the page.
fn has_totals(intent: &Event, events: &[Event]) -> bool {
    let same = |name: &str, event: &Event| event.said.get(name) == intent.said.get(name);
    let soon = |event: &Event| match (at(intent), at(event)) {
        (Some(from), Some(to)) => (0..TOTALS_MICROS).contains(&(to.as_micros() - from.as_micros())),
        _ => false,
    };
    text(intent, "phase") == Some("intent")
        && events.iter().any(|event| {
            event.operation == intent.operation
                && text(event, "phase") == Some("totals")
                && same("actor", event)
                && same("resource", event)
                && soon(event)
        })
}

fn row(event: &Event, end: Option<&Event>, there: &Asked, visit: &Visit) -> Row {
    let mut told = Told::new(event, &visit.tenant, visit.now);
    // Logs, keys and reviews have no pages of their own among resources.
    for stretch in &mut told.sentence {
        stretch.href.clear();
    }
    let (asked, asked_href) = question(event, visit);
    let is_event = told.resource_type == "event" && !told.resource.is_empty();
    let opened = if is_event {
        told.resource.clone()
    } else {
        String::new()
    };
    let has_link = !told.actor.is_empty() && !there.is_long();
    Row {
        reader_href: if has_link {
            there.with_reader(&told.actor).href(visit)
        } else {
            String::new()
        },
        what: what(event),
        event_href: if is_event {
            visit.path(&format!("/events/{}", segment(&opened)))
        } else {
            String::new()
        },
        event: opened,
        more: more(event, end),
        told,
        asked: asked.replace(".000000Z", "Z"),
        asked_href,
    }
}

/// What kind of act, in a word; nothing where the sentence tells it.
fn what(event: &Event) -> &'static str {
    match event.operation.as_str() {
        "veritrail.search.performed" | "veritrail.search.completed" => match text(event, "kind") {
            Some("statistics") => "Counted events",
            Some("stream") => "Followed live",
            Some("values") => "Looked up values",
            Some("state") => "Looked at a resource’s state",
            Some("producers") => "Looked at producers",
            Some("deployments") => "Looked at deployments",
            Some("reviews") => "Looked at reviews",
            _ => "Searched",
        },
        "veritrail.event.read" => "Opened the event",
        "veritrail.proof.read" => "Took the proof of the event",
        "veritrail.tile.read" => "Took checkpoints or tiles",
        "veritrail.export.started" | "veritrail.export.completed" => "Exported",
        _ => "",
    }
}

/// What was asked, and the page that shows it again.
fn question(event: &Event, visit: &Visit) -> (String, String) {
    let part = |name| text(event, name).unwrap_or_default().to_owned();
    let (q, since, until) = (part("q"), part("since"), part("until"));
    let mut asked = q.clone();
    for (name, value) in [("since", &since), ("until", &until), ("by", &part("by"))] {
        if !value.is_empty() {
            asked.push_str(if asked.is_empty() { "" } else { " " });
            asked.push_str(name);
            asked.push(':');
            asked.push_str(value);
        }
    }
    if let Some(query) = text(event, "query") {
        let href = visit.link("/search", &[("q", query)]);
        return (text(event, "day").unwrap_or(query).to_owned(), href);
    }
    let searchable = matches!(
        text(event, "kind"),
        Some("search" | "statistics" | "stream")
    ) || event.operation.starts_with("veritrail.export.");
    if !searchable || asked.contains("[masked:") {
        return (asked, String::new());
    }
    let texts = Texts::new(Some(q), Some(since), Some(until));
    let meant = at(event).and_then(|at| texts.filter(at, visit.caller.known_countries()).ok());
    let href = match meant {
        Some(filter) if !texts.is_empty() => visit.link("/search", &[("q", &filter.to_string())]),
        _ => String::new(),
    };
    if texts.is_empty() {
        asked.push_str(if asked.is_empty() { "everything" } else { "" });
    }
    (asked, href)
}

/// What else is to be told: how much was shown, what was found.
fn more(event: &Event, end: Option<&Event>) -> String {
    let mut told = Vec::new();
    let ended = end.unwrap_or(event);
    let outcome = ended
        .said
        .get("outcome")
        .and_then(|outcome| outcome.get("result"))
        .and_then(Value::as_str);
    match event.operation.as_str() {
        "veritrail.search.performed" | "veritrail.search.completed" => {
            if let Some(events) = number(ended, "events") {
                told.push(counted(events, "event shown", "events shown"));
            }
            if let Some(pages) = number(ended, "pages").filter(|pages| *pages > 1) {
                told.push(format!("{pages} pages"));
            }
        }
        "veritrail.export.started" | "veritrail.export.completed" => {
            told.extend(text(event, "format").map(|format| format!("as {format}")));
            match number(ended, "events") {
                Some(events) => told.push(counted(events, "event", "events")),
                None => told.push(String::from("not ended yet")),
            }
            told.extend(
                outcome
                    .filter(|outcome| *outcome != "success")
                    .map(|outcome| format!("cut off ({outcome})")),
            );
        }
        "veritrail.event.read" | "veritrail.proof.read" if outcome == Some("failure") => {
            told.push(String::from("there was none"));
        }
        "veritrail.tile.read" => {
            for (name, one, many) in [
                ("checkpoints", "checkpoint", "checkpoints"),
                ("tiles", "tile", "tiles"),
                ("bundles", "bundle of entries", "bundles of entries"),
            ] {
                if let Some(count) = number(event, name).filter(|count| *count > 0) {
                    told.push(counted(count, one, many));
                }
            }
        }
        "veritrail.review.recorded" => {
            told.extend(number(event, "events").map(|events| counted(events, "event", "events")));
            told.extend(text(event, "note").map(|note| format!("“{note}”")));
        }
        "veritrail.log.verified" => {
            told.extend(number(event, "size").map(|size| counted(size, "entry", "entries")));
            told.extend(text(event, "found").map(str::to_owned));
        }
        _ => {}
    }
    told.join(" · ")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
