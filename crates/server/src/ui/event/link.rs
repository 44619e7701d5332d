//! From a value to the search for it.
//!
//! Promises: a query made here reads as what was meant, whatever the value is. Must never make one for what can't be found:
//! masks, markers of what is withheld, values that are too long to be matched whole or that the language has no word for.

use ledger::json::push_token;
use ledger::time::Micros;

use super::super::term::term;
use super::super::visit::Visit;
use super::super::withheld::is_withheld;
use super::fields::MASK;

/// Values beyond this are not matched whole by every field.
const VALUE_BYTES_MAX: usize = 128;

/// The page that searches for all of these, if they can be searched for; empty if not. Those without a value are left out.
pub(super) fn search(visit: &Visit, conditions: &[(&str, &str)]) -> String {
    let query = query(conditions);
    if is_understood(&query) && !is_withheld(&query) {
        search_for(visit, &query)
    } else {
        String::new()
    }
}

/// Whether the language has words for a query: signs alone, such as `..`, are none.
pub(super) fn is_understood(query: &str) -> bool {
    query::parse(query, Micros::default()).is_ok()
}

/// The page that searches with this query.
pub(super) fn search_for(visit: &Visit, query: &str) -> String {
    visit.link("/search", &[("q", query)])
}

/// All of these conditions; those without a value are left out.
pub(super) fn query(conditions: &[(&str, &str)]) -> String {
    let given = conditions.iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(field, value)| condition(field, value))
        .collect::<Vec<_>>()
        .join(" ")
}

/// `field:value`, in quotes where the language needs them.
pub(super) fn condition(field: &str, value: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-./@".contains(character);
    if value.chars().all(plain) && !value.contains("..") {
        return format!("{field}:{value}");
    }
    term(field, value)
}

/// The page that searches for what stands at `place`, if that can be searched for; empty if not.
pub(super) fn of(visit: &Visit, place: &[&str], text: &str) -> String {
    let findable = !text.is_empty()
        && text.len() <= VALUE_BYTES_MAX
        && !text.chars().any(char::is_control)
        && !text.contains(MASK);
    match field(place).filter(|_| findable) {
        Some(field) => search(visit, &[(&field, text)]),
        None => String::new(),
    }
}

/// The field of the query language that a place is, if it is one that is matched whole.
fn field(place: &[&str]) -> Option<String> {
    let known = match place {
        ["operation" | "request_id" | "correlation_id" | "causation_id" | "trace_id"] => {
            place.first().copied()?
        }
        ["outcome", "result"] => "outcome",
        ["outcome", "code"] => "outcome.code",
        ["actor", "type"] => "actor.type",
        ["actor", "id"] => "actor.id",
        ["actor", "email"] => "actor.email",
        ["actor", "name"] => "actor.name",
        ["actor", "credential_id"] => "credential",
        ["actor", "on_behalf_of", "id"] => "on_behalf_of",
        ["origin", "ip"] => "ip",
        ["origin", "device"] => "device",
        ["origin", "session_id"] => "session",
        ["origin", "user_agent"] => "user_agent",
        ["resource", "type"] => "resource.type",
        ["resource", "id"] => "resource.id",
        ["resource", "name"] => "resource.name",
        ["resource", "project_id"] => "project",
        ["related", _, "type"] => "related.type",
        ["related", _, "id"] => "related.id",
        ["context", "environment"] => "environment",
        ["context", "application"] => "application",
        ["context", "service"] => "service",
        ["context", "region"] => "region",
        ["context", "channel"] => "channel",
        ["context", "source_action"] => "source_action",
        ["approval", "by"] => "approval.by",
        ["approval", "ticket"] => "approval.ticket",
        ["producer", "id"] => "producer",
        ["ingest", "source"] => "source",
        ["ingest", "key"] => "key",
        ["ingest", "flags", _] => "flag",
        ["changes", _, "field"] => "changes",
        ["location", "country"] => "country",
        ["location", "region"] => "origin.region",
        ["location", "city"] => "city",
        ["metadata", path @ ..] => return metadata(path),
        _ => return None,
    };
    Some(known.to_owned())
}

/// `metadata.a.b`, if no name on the way could be taken for something else.
fn metadata(path: &[&str]) -> Option<String> {
    let mut field = String::from("metadata");
    for name in path {
        let plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        if name.is_empty()
            || !name.chars().all(plain)
            || name.chars().all(|digit| digit.is_ascii_digit())
        {
            return None;
        }
        field.push('.');
        field.push_str(name);
    }
    (!path.is_empty()).then_some(field)
}

/// A place as `data-at` has it: an RFC 6901 pointer without characters that HTML changes.
pub(super) fn pointer(place: &[&str]) -> String {
    let mut pointer = String::new();
    for name in place {
        push_token(&mut pointer, name);
    }
    let mut escaped = String::with_capacity(pointer.len());
    for character in pointer.chars() {
        match character {
            '%' => escaped.push_str("%25"),
            '\0' => escaped.push_str("%00"),
            '\r' => escaped.push_str("%0D"),
            other => escaped.push(other),
        }
    }
    escaped
}
