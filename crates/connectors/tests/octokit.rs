//! GitHub's own examples of its webhooks, as octokit publishes them: every one becomes an event under a named operation, or
//! is passed over or refused by a named rule. The table of that stands in `docs/guide/github.md`.
//!
//! `make test` fetches the package and says where it is (`VERITRAIL_WEBHOOK_EXAMPLES`). `VERITRAIL_BLESS=1` writes the table.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that cannot read its own files has nothing to say; it is told where they are by the environment"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use connectors::{Delivery, Event, Item, Vendor};
use serde_json::Value;

const FOLDER: &str = "VERITRAIL_WEBHOOK_EXAMPLES";
const GUIDE: &str = "../../docs/guide/github.md";
const BEGIN: &str = "<!-- table: written by crates/connectors/tests/octokit.rs -->\n";
const END: &str = "<!-- end of the table -->\n";

/// One example: the event's name and the body as it would be sent.
struct Example {
    event: String,
    action: String,
    body: Vec<u8>,
    value: Value,
}

/// The examples of GitHub and of its servers for enterprises; `None` where nobody fetched them.
fn examples() -> Option<Vec<Example>> {
    let Some(folder) = std::env::var_os(FOLDER) else {
        println!("{FOLDER} is not set: GitHub's examples were not looked at (`make test` does)");
        return None;
    };
    let folder = PathBuf::from(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{FOLDER} was promised: {}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path().join("index.json"))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let examples: Vec<_> = files.iter().flat_map(|file| of_file(file)).collect();
    assert!(examples.len() > 300, "{} examples", examples.len());
    Some(examples)
}

fn of_file(file: &Path) -> Vec<Example> {
    let text = std::fs::read_to_string(file).unwrap();
    let events: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut examples = Vec::new();
    for event in &events {
        for value in event["examples"].as_array().unwrap() {
            examples.push(Example {
                event: event["name"].as_str().unwrap().to_owned(),
                action: value["action"].as_str().unwrap_or_default().to_owned(),
                body: serde_json::to_vec(value).unwrap(),
                value: value.clone(),
            });
        }
    }
    examples
}

fn read(event: &str, body: &[u8]) -> Vec<Item> {
    let headers = [("X-GitHub-Event", event), ("X-GitHub-Delivery", "d1")];
    let delivery = Delivery {
        headers: &headers,
        body,
    };
    let reading = Vendor::Github.read(&delivery);
    reading
        .unwrap_or_else(|error| panic!("{event} is unreadable: {error}"))
        .items
}

fn events(items: &[Item]) -> impl Iterator<Item = &Event> {
    items.iter().filter_map(|item| match item {
        Item::Event(event) => Some(&**event),
        _ => None,
    })
}

#[test]
fn every_example_is_stored_under_a_name_or_passed_over_by_one() {
    let Some(examples) = examples() else {
        return;
    };
    let mut rows = BTreeSet::new();
    let mut stored = 0;
    for example in &examples {
        let name = match &*example.action {
            "" => example.event.clone(),
            action => format!("{}.{action}", example.event),
        };
        let items = read(&example.event, &example.body);
        assert_eq!(items.len(), 1, "{name}");
        match &items[0] {
            Item::Event(event) => {
                let read = ledger::event::read(event.to_value());
                assert!(read.is_ok(), "{name}: the door refuses: {read:?}");
                assert!(
                    event.resource.id.is_some(),
                    "{name} has a resource without an id"
                );
                let outcome = event.outcome.as_ref().map_or("", |outcome| outcome.result);
                let kind = &event.resource.kind;
                rows.insert(format!(
                    "| `{name}` | `{}` | {kind} | {outcome} |",
                    event.operation
                ));
                stored += 1;
            }
            Item::Passed { rule } => {
                rows.insert(format!("| `{name}` | passed over: `{rule}` | | |"));
            }
            Item::Refused(refusal) => panic!("{name} is refused: {}", refusal.rule),
        }
    }
    let table: Vec<_> = rows.into_iter().collect();
    let table = format!(
        "{BEGIN}| event and action | operation | resource | outcome |\n|---|---|---|---|\n{}\n{END}",
        table.join("\n")
    );
    println!("{table}\n{} examples, {stored} stored", examples.len());
    compare(&table);
}

fn compare(table: &str) {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE);
    let text = std::fs::read_to_string(&guide).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the guide has a table");
    let (known, after) = rest.split_once(END).expect("the guide's table has an end");
    if std::env::var_os("VERITRAIL_BLESS").is_some() {
        std::fs::write(&guide, format!("{before}{table}{after}")).unwrap();
        return;
    }
    assert_eq!(format!("{BEGIN}{known}{END}"), table, "{GUIDE} differs");
}

#[test]
fn a_body_under_another_events_name_is_refused() {
    let Some(examples) = examples() else {
        return;
    };
    let names = examples.iter().map(|example| &*example.event);
    let names: BTreeSet<_> = names.chain(["zzz_event"]).collect();
    let mut told = BTreeMap::new();
    let mut refused = 0;
    for example in &examples {
        let honest = read(&example.event, &example.body);
        let honest = events(&honest)
            .next()
            .map(|event| event.operation.to_string());
        for name in names.iter().filter(|name| **name != example.event) {
            let items = read(name, &example.body);
            match events(&items).next() {
                None => refused += 1,
                Some(event) if Some(&*event.operation) == honest.as_deref() => {}
                Some(event) => {
                    let pair = format!("{} as {name}", example.event);
                    told.insert(pair, event.operation.to_string());
                }
            }
        }
    }
    println!("{refused} refused");
    assert_eq!(told, BTreeMap::new(), "told as something else");
}

#[test]
fn nobody_who_did_not_act_is_named_by_an_address() {
    let Some(examples) = examples() else {
        return;
    };
    for example in &examples {
        let mut addresses = BTreeSet::new();
        collect(&example.value, &mut addresses);
        for event in events(&read(&example.event, &example.body)) {
            let mut event = event.clone();
            event.actor.email = None;
            let text = event.to_value().to_compact();
            for address in &addresses {
                assert!(
                    !text.contains(&**address),
                    "{} names {address}",
                    example.event
                );
            }
        }
    }
}

/// Every e-mail address in a value.
fn collect(value: &Value, addresses: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if is_address(text) => {
            addresses.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, addresses)),
        Value::Object(members) => members.values().for_each(|item| collect(item, addresses)),
        _ => {}
    }
}

fn is_address(text: &str) -> bool {
    !text.contains([' ', '/', ':'])
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

#[test]
fn operations_are_of_the_vocabulary_or_say_whose_they_are() {
    let Some(examples) = examples() else {
        return;
    };
    let mut unknown = BTreeSet::new();
    for example in &examples {
        for event in events(&read(&example.event, &example.body)) {
            let is_known = ledger::vocabulary::find(&event.operation).is_some();
            if !is_known && !event.operation.starts_with("github.") {
                unknown.insert(event.operation.to_string());
            }
        }
    }
    assert_eq!(unknown, BTreeSet::new(), "in no table");
}
