//! Fixture in, events out: every delivery in `tests/fixtures/<vendor>` and what becomes of it, as a text that a reviewer
//! can read. `VERITRAIL_BLESS=1` writes the texts anew.
//!
//! `<name>.json` (or any other ending) is the body, `<name>.headers` its header fields, one a line; `<name>.out` says what
//! became of it under the vendor's default noise rules.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows functions of tests by their attribute only, not their helpers"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use connectors::noise::{Decision, Rules};
use connectors::{Delivery, Item, Vendor};
use ledger::vocabulary::Resolved;

#[test]
fn every_fixture_becomes_the_events_that_stand_beside_it() {
    let bless = std::env::var_os("VERITRAIL_BLESS").is_some();
    let mut wrong = Vec::new();
    for vendor in Vendor::ALL {
        let bodies = bodies(vendor);
        assert!(!bodies.is_empty(), "{vendor} has no fixtures");
        for body in bodies {
            let found = read(vendor, &body);
            let beside = body.with_extension("out");
            if bless {
                let mut file = std::fs::File::create(&beside).unwrap();
                std::io::Write::write_all(&mut file, found.as_bytes()).unwrap();
            } else if std::fs::read_to_string(&beside).ok().as_deref() != Some(&*found) {
                wrong.push(format!("{}\n{found}", beside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "differ:\n{}", wrong.join("\n"));
}

/// The bodies of a vendor in the order of their names.
fn bodies(vendor: Vendor) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = std::fs::read_dir(folder.join(vendor.name()));
    let mut bodies: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let extension = path.extension().and_then(|text| text.to_str());
            !matches!(extension, Some("out" | "headers") | None)
        })
        .collect();
    bodies.sort();
    bodies
}

fn read(vendor: Vendor, path: &Path) -> String {
    let body = std::fs::read(path).unwrap();
    let headers = std::fs::read_to_string(path.with_extension("headers")).unwrap_or_default();
    let headers: Vec<(&str, &str)> = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let delivery = Delivery {
        headers: &headers,
        body: &body,
    };
    let reading = match vendor.read(&delivery) {
        Ok(reading) => reading,
        Err(error) => return format!("unreadable: {error}\n"),
    };
    let rules = Rules::of_vendor(vendor);
    let mut out = String::new();
    let mut ids = std::collections::BTreeSet::new();
    for item in &reading.items {
        match item {
            Item::Event(event) => {
                assert!(
                    ids.insert(event.id.clone()),
                    "{}: an id stands twice",
                    path.display()
                );
                let value = event.to_value();
                ledger::event::read(value.clone()).unwrap_or_else(|rejection| {
                    panic!("{}: the door refuses: {rejection}", path.display());
                });
                assert!(
                    !matches!(
                        ledger::vocabulary::resolve(&event.operation),
                        Ok(Resolved::Alias { .. }) | Err(_)
                    ),
                    "{}: {} is another name's",
                    path.display(),
                    event.operation
                );
                let note = match rules.decide(event) {
                    Decision::Keep => String::new(),
                    Decision::LeaveOut { rule } => format!(", left out by {rule}"),
                };
                let nature = event.nature;
                writeln!(out, "event ({nature:?}, {}{note})", event.verb).unwrap();
                let value: serde_json::Value = serde_json::from_str(&value.to_compact()).unwrap();
                writeln!(out, "{}", serde_json::to_string_pretty(&value).unwrap()).unwrap();
            }
            Item::Passed { rule } => writeln!(out, "passed over by {rule}").unwrap(),
            Item::Refused(refusal) => writeln!(out, "refused: {refusal:?}").unwrap(),
        }
    }
    out
}
