//! 2,900 real records (an attack simulation), if the folder `shared/data/cloudtrail` stands beside the repository.
//!
//! Every record becomes an event that the door takes; names of people and ARNs stand in no id, operation or type. Prints
//! what became of which call; `--nocapture` shows it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may fail loudly, and say what they did not test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use connectors::event::Nature;
use connectors::noise::{Decision, Rules};
use connectors::{Delivery, Event, Item, Vendor};

/// The events of all files; `None`, said plainly, where the data are absent.
fn events() -> Option<Vec<Event>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cloudtrail");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("NOT TESTED: shared/data/cloudtrail is absent");
        return None;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    let mut events = Vec::new();
    for file in files {
        let body = std::fs::read(&file).unwrap();
        let reading = Vendor::Cloudtrail.read(&Delivery::file(&body)).unwrap();
        for item in reading.items {
            match item {
                Item::Event(event) => events.push(*event),
                other => panic!("{}: {other:?}", file.display()),
            }
        }
    }
    Some(events)
}

#[test]
fn every_record_becomes_an_event_that_the_door_takes() {
    let Some(events) = events() else { return };
    assert_eq!(events.len(), 2_900);
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), 2_900);
    let rules = Rules::of_vendor(Vendor::Cloudtrail);
    let mut table: BTreeMap<(String, String, String, String), u32> = BTreeMap::new();
    let mut kept = 0;
    for event in &events {
        ledger::event::read(event.to_value()).unwrap();
        assert!(event.timestamp.is_some());
        assert!(event.outcome.is_some());
        let decision = match rules.decide(event) {
            Decision::Keep => {
                kept += 1;
                ""
            }
            Decision::LeaveOut { rule } => rule,
        };
        let row = (
            event.context.source_action.clone().unwrap(),
            event.operation.to_string(),
            format!("{} {:?}", event.resource.kind, event.nature),
            decision.to_owned(),
        );
        *table.entry(row).or_default() += 1;
    }
    println!("{kept} of 2900 are kept");
    for ((action, operation, kind, rule), count) in table {
        println!("{count:>5} {action:<40} {operation:<40} {kind:<40} {rule}");
    }
}

#[test]
fn no_name_of_the_files_is_in_an_id_operation_or_type() {
    let Some(events) = events() else { return };
    for event in &events {
        let entry = format!("{} {} {}", event.id, event.operation, event.resource.kind);
        let names = [&event.actor.id, &event.actor.name, &event.resource.id];
        let names = names.into_iter().flatten().flat_map(|name| {
            let parts = name.split(['/', ':']).map(str::to_owned);
            parts.chain([name.clone()]).collect::<Vec<_>>()
        });
        // Names of one's own have a dash or a digit in these files; AWS's words have neither, nor are they longer.
        for name in names.filter(|name| name.len() > 6 && name.contains(['-', '0', '1', '2'])) {
            assert!(!entry.contains(&name), "{name} in {entry}");
        }
        for name in ["bert", "benjamin", "arn:", "stratus", "malicious"] {
            assert!(!entry.contains(name), "{name} in {entry}");
        }
    }
}

#[test]
fn credentials_that_calls_handed_out_are_not_kept() {
    let Some(events) = events() else { return };
    for event in &events {
        let text = event.to_value().to_compact();
        assert!(!text.contains("IQoJb3JpZ2lu"), "{}", event.operation);
    }
}

#[test]
fn what_is_left_out_succeeded_and_is_no_read_of_a_secret() {
    let Some(events) = events() else { return };
    let rules = Rules::of_vendor(Vendor::Cloudtrail);
    let left_out = |event: &&Event| rules.decide(event) != Decision::Keep;
    for event in events.iter().filter(left_out) {
        assert_eq!(
            event.outcome.as_ref().map(|outcome| outcome.result),
            Some("success")
        );
        assert_ne!(event.nature, Nature::SensitiveRead);
        assert_ne!(event.operation, "secret.read");
    }
}
