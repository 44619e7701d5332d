//! From a row to an event, by a map.
//!
//! Promises: the same row makes the same event, byte for byte, under an id that is made of the map's name and the row's
//! key; what Veritrail would refuse in a field (an address that is none, a result that is none of its words) is kept beside
//! it. Must never guess a time. Pure.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use ledger::event::{ACTOR_TYPES, OUTCOMES};
use ledger::json::{Member, Value};
use ledger::limits::EVENT_ID_BYTES_MAX;
use ledger::time::Micros;

use super::map::Map;
use super::recipe::{Recipe, is_there, text_of};
use super::row::Row;

/// Why a row is no event, in words that are counted.
pub(crate) type Unmapped = &'static str;

/// The row's key has no value.
pub(crate) const NO_KEY: Unmapped = "no_key";
/// No time.
pub(crate) const NO_TIME: Unmapped = "no_time";
/// A time that is none, such as `infinity`, or one before 1970.
pub(crate) const BAD_TIME: Unmapped = "bad_time";
/// No operation.
pub(crate) const NO_OPERATION: Unmapped = "no_operation";
/// No kind of resource.
pub(crate) const NO_RESOURCE: Unmapped = "no_resource";

/// The event in one line of JSON.
pub(crate) fn event(map: &Map, row: &Row<'_>) -> Result<String, Unmapped> {
    let mut event: Value<'_> = Value::Object(Vec::new());
    put(&mut event, &["id"], Value::string(id(map, row)?));
    for (path, recipe) in &map.fields {
        if let Some(value) = recipe.made(row, &event) {
            place(&mut event, path, recipe, value);
        }
    }
    settle_time(&mut event)?;
    if member(&event, "operation")
        .and_then(Value::as_str)
        .is_none()
    {
        return Err(NO_OPERATION);
    }
    let resource = member(&event, "resource");
    if resource
        .and_then(|resource| resource.member("type"))
        .is_none()
    {
        return Err(NO_RESOURCE);
    }
    if member(&event, "actor").is_none() {
        put(&mut event, &["actor"], Value::Object(Vec::new()));
    }
    let related = map.related.iter();
    let related: Vec<Value<'_>> = related
        .filter_map(|fields| other(fields, row, &event))
        .collect();
    if !related.is_empty() {
        put(&mut event, &["related"], Value::Array(related));
    }
    if let Some(changes) = &map.changes {
        let side =
            |written: &super::recipe::Written| written.clone().into_recipe().made(row, &event);
        let changes = compared(side(&changes.before), side(&changes.after));
        if !changes.is_empty() {
            put(&mut event, &["changes"], Value::Array(changes));
        }
    }
    Ok(event.to_compact())
}

/// `audit_logs-42`, where that is an id that is kept as it is; else a text that can't be another row's, of which the server
/// makes an id.
fn id(map: &Map, row: &Row<'_>) -> Result<String, Unmapped> {
    let mut parts = Vec::with_capacity(map.key.len());
    for column in &map.key {
        let value = row
            .column(column)
            .filter(|value| is_there(value))
            .ok_or(NO_KEY)?;
        parts.push(text_of(value).ok_or(NO_KEY)?.into_owned());
    }
    let narrow = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = map
        .name
        .chars()
        .map(|c| if narrow(c) { c } else { '_' })
        .collect();
    if let [only] = parts.as_slice()
        && only.chars().all(narrow)
        && name.len() + 1 + only.len() <= EVENT_ID_BYTES_MAX
    {
        return Ok(format!("{name}-{only}"));
    }
    let parts = parts.into_iter().map(Value::string);
    Ok(format!(
        "{name}:{}",
        Value::Array(parts.collect()).to_compact()
    ))
}

/// Puts a field where it belongs, or beside it.
fn place<'a>(event: &mut Value<'a>, path: &[String], recipe: &Recipe, value: Value<'a>) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let text = text_of(&value).map(Cow::into_owned);
    let is_word = |words: &[&str]| text.as_deref().is_some_and(|text| words.contains(&text));
    match path.as_slice() {
        ["metadata"] if value.as_object().is_none() => {
            let name = recipe.column.as_deref().unwrap_or("value").to_owned();
            put(event, &["metadata", &name], value);
        }
        ["origin", "ip"] => match text.as_deref().and_then(address) {
            Some(ip) => put(event, &path, Value::string(ip)),
            None => put(event, &["origin", "ip_as_recorded"], value),
        },
        ["outcome", "result"] if !is_word(&OUTCOMES) => put(event, &["outcome", "code"], value),
        ["actor", "type"] if !is_word(&ACTOR_TYPES) => {
            put(event, &["actor", "type_as_recorded"], value);
        }
        _ => put(event, &path, value),
    }
}

/// An address; of one with the bits of a network, the address.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let alone = text.split_once('/').map_or(text, |(address, _)| address);
    if alone.parse::<IpAddr>().is_ok() {
        return Some(alone.to_owned());
    }
    text.parse::<SocketAddr>().ok().map(|_| text.to_owned())
}

/// Sees to it that the time is one.
fn settle_time(event: &mut Value<'_>) -> Result<(), Unmapped> {
    let Some(value) = member(event, "timestamp").filter(|value| is_there(value)) else {
        return Err(NO_TIME);
    };
    let text = text_of(value).ok_or(BAD_TIME)?.into_owned();
    if Micros::parse(&text).is_ok() {
        return Ok(());
    }
    // A day is all that is known: its beginning, in UTC.
    let day = format!("{text}T00:00:00Z");
    if text.len() == 10 && Micros::parse(&day).is_ok() {
        put(event, &["timestamp"], Value::string(day));
        return Ok(());
    }
    Err(BAD_TIME)
}

/// Another resource; nothing if it has no id.
fn other<'a>(
    fields: &[(Vec<String>, Recipe)],
    row: &Row<'a>,
    known: &Value<'_>,
) -> Option<Value<'a>> {
    let mut resource = Value::Object(Vec::new());
    for (path, recipe) in fields {
        if let Some(value) = recipe.made(row, known) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            put(&mut resource, &path, value);
        }
    }
    resource.member("id").is_some().then_some(resource)
}

/// What differs between two objects, by field.
fn compared<'a>(before: Option<Value<'a>>, after: Option<Value<'a>>) -> Vec<Value<'a>> {
    let members = |value: Option<Value<'a>>| match value {
        Some(Value::Object(members)) => members,
        _ => Vec::new(),
    };
    let (before, after) = (members(before), members(after));
    let find = |members: &[Member<'a>], name: &str| {
        let found = members.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let added = after
        .iter()
        .filter(|(name, _)| find(&before, name).is_none());
    let names = before.iter().chain(added).map(|(name, _)| name.clone());
    let changed = names.filter_map(|name| {
        let (was, is) = (find(&before, &name), find(&after, &name));
        if was == is {
            return None;
        }
        let mut change: Vec<Member<'a>> = vec![(Cow::Borrowed("field"), Value::String(name))];
        change.extend(was.map(|was| (Cow::Borrowed("before"), was)));
        change.extend(is.map(|is| (Cow::Borrowed("after"), is)));
        Some(Value::Object(change))
    });
    changed.collect()
}

fn member<'v, 'a>(event: &'v Value<'a>, name: &str) -> Option<&'v Value<'a>> {
    event.member(name)
}

/// Puts a value at a path, in the place of what is there.
fn put<'a>(into: &mut Value<'a>, path: &[&str], value: Value<'a>) {
    let [name, below @ ..] = path else {
        *into = value;
        return;
    };
    if !matches!(into, Value::Object(_)) {
        *into = Value::Object(Vec::new());
    }
    let Value::Object(members) = into else { return };
    let at = members.iter().position(|(known, _)| known == name);
    let at = at.unwrap_or_else(|| {
        members.push((Cow::Owned((*name).to_owned()), Value::Null));
        members.len() - 1
    });
    put(&mut members[at].1, below, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"
key = ["id"]
[event]
timestamp = { column = "at", zone = "UTC" }
operation = { column = "op", as = "operation" }
outcome = "ok"
metadata = "data"
actor.id = "who"
actor.type = "kind"
origin.ip = "ip"
resource.type = { column = "op", as = "resource_of_operation" }
resource.id = { column = "data", path = "/{resource.type}_id" }
[event.changes]
before = { column = "data", path = "/old" }
after = { column = "data", path = "/new" }
[[event.related]]
type = { value = "team" }
id = { column = "data", path = "/team" }
"#;

    fn made(columns: &[(&'static str, &'static str)]) -> Result<serde_json::Value, Unmapped> {
        let map = Map::read(MAP, "audit.logs").unwrap();
        let mut row = Row::default();
        for (name, json) in columns {
            row.put(*name, ledger::json::parse(json.as_bytes()).unwrap());
        }
        event(&map, &row).map(|text| serde_json::from_str(&text).unwrap())
    }

    const WHOLE: [(&str, &str); 7] = [
        ("id", "42"),
        ("at", "\"2026-03-12T14:32:07\""),
        ("op", "\"PROJECT_CREATED\""),
        ("who", "7"),
        ("ip", "\"10.0.0.1/32\""),
        ("ok", "\"success\""),
        (
            "data",
            r#"{"project_id":3,"team":"t","old":{"a":1,"b":null,"c":1},"new":{"a":2,"c":1,"d":[1]}}"#,
        ),
    ];

    fn but(name: &str, json: &'static str) -> Vec<(&'static str, &'static str)> {
        let columns = WHOLE.iter();
        columns
            .map(|(known, value)| (*known, if *known == name { json } else { value }))
            .collect()
    }

    #[test]
    fn a_row_becomes_an_event() {
        let event = made(&WHOLE).unwrap();
        assert_eq!(event["id"], "audit_logs-42");
        assert_eq!(event["timestamp"], "2026-03-12T14:32:07.000000Z");
        assert_eq!(
            (&event["operation"], &event["outcome"]["result"]),
            (&"project.created".into(), &"success".into())
        );
        assert_eq!(
            (&event["resource"]["type"], &event["resource"]["id"]),
            (&"project".into(), &3.into())
        );
        assert_eq!(
            (&event["actor"]["id"], &event["origin"]["ip"]),
            (&7.into(), &"10.0.0.1".into())
        );
        assert_eq!(
            event["related"],
            serde_json::json!([{"type": "team", "id": "t"}])
        );
        let changes = serde_json::json!([
            {"field": "a", "before": 1, "after": 2}, {"field": "b", "before": null}, {"field": "d", "after": [1]}
        ]);
        assert_eq!(event["changes"], changes);
    }

    #[test]
    fn what_would_be_refused_in_its_field_is_kept_beside_it() {
        let event = made(&but("ip", "\"unknown, 10.0.0.1\"")).unwrap();
        assert_eq!(event["origin"]["ip_as_recorded"], "unknown, 10.0.0.1");
        let event = made(&but("ok", "\"E42\"")).unwrap();
        assert_eq!(event["outcome"]["code"], "E42");
        let event = made(&but("data", "\"not json\"")).unwrap();
        assert_eq!(event["metadata"]["data"], "not json");
    }

    #[test]
    fn a_row_that_is_no_event_says_why() {
        assert_eq!(made(&but("id", "null")), Err(NO_KEY));
        assert_eq!(made(&but("at", "null")), Err(NO_TIME));
        for time in [
            "\"infinity\"",
            "\"0044-03-15T00:00:00 BC\"",
            "\"1969-12-31T23:59:59\"",
            "5",
        ] {
            let time: &'static str = time.to_owned().leak();
            assert_eq!(made(&but("at", time)), Err(BAD_TIME), "{time}");
        }
        assert_eq!(made(&but("op", "null")), Err(NO_OPERATION));
        assert_eq!(
            made(&but("at", "\"2026-03-12\"")).unwrap()["timestamp"],
            "2026-03-12T00:00:00.000000Z"
        );
    }

    #[test]
    fn no_two_keys_share_an_id() {
        let id = |json: &'static str| {
            made(&but("id", json)).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(id("\"a-b\""), "audit_logs-a-b");
        assert_eq!(id("\"a:b\""), "audit_logs:[\"a:b\"]");
        assert_eq!(id("\"é\""), "audit_logs:[\"é\"]");
        let long: &'static str = format!("\"{}\"", "x".repeat(80)).leak();
        assert!(id(long).starts_with("audit_logs:["));
    }
}
