use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::keyring::TenantKeys;
use ledger::part::{Label, value_of};
use ledger::prepare::{Door, prepare};
use ledger::source::Rng;
use ledger::vocabulary::{Mode, NO_ADDITIONS};

use super::*;

/// 2026-03-12 is a Thursday; two weeks from there, at different hours.
fn nows() -> Vec<Micros> {
    let hours = [0, 1, 5, 9, 12, 14, 15, 17, 20, 23];
    (12..=25)
        .zip(hours.into_iter().cycle())
        .map(|(day, hour)| Micros::parse(&format!("2026-03-{day}T{hour:02}:07:30Z")).unwrap())
        .collect()
}

fn told(now: Micros) -> Vec<Value> {
    week(Calendar::of(now), now)
}

fn text<'v>(event: &'v Value, pointer: &str) -> &'v str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

fn time(event: &Value) -> Micros {
    Micros::parse(text(event, "/timestamp")).unwrap()
}

fn of_operation<'v>(events: &'v [Value], operation: &str) -> Vec<&'v Value> {
    let is_it = |event: &&Value| text(event, "/operation") == operation;
    events.iter().filter(is_it).collect()
}

#[test]
fn every_week_has_some_two_thousand_events_in_order_up_to_now() {
    for now in nows() {
        let events = told(now);
        assert!(
            (1_500..=2_500).contains(&events.len()),
            "{now}: {}",
            events.len()
        );
        let times: Vec<Micros> = events.iter().map(time).collect();
        assert!(times.is_sorted() && times.iter().all(|time| *time < now));
        let ids: BTreeSet<&str> = events.iter().map(|event| text(event, "/id")).collect();
        assert_eq!(ids.len(), events.len());
        assert!(ids.iter().all(|id| day_of(id) == Some(Calendar::of(now))));
        assert!(events.iter().all(|event| event["metadata"]["demo"] == true));
    }
    for id in [
        "",
        "demo-",
        "evt_1",
        "demo-20260312",
        "demo-2026031-1",
        "demo-20261312-00001",
    ] {
        assert_eq!(day_of(id), None, "{id}");
    }
}

#[test]
fn an_earlier_hour_tells_the_beginning_of_the_same() {
    let [early, late] = ["2026-03-14T00:00:01Z", "2026-03-14T22:00:00Z"]
        .map(|now| told(Micros::parse(now).unwrap()));
    assert!(early.len() + 20 < late.len());
    assert_eq!(early, late[..early.len()]);
}

#[test]
fn every_hour_of_the_week_has_something_to_show() {
    for now in nows() {
        let minute = 60 * 1_000_000;
        let times: Vec<Micros> = told(now).iter().map(time).collect();
        for ago in 0..7 * 24 * 2 {
            let until = now.plus(-ago * 30 * minute);
            let since = until.plus(-60 * minute);
            let within = times.iter().filter(|time| (since..until).contains(*time));
            assert!(within.count() >= 4, "{now}: the hour before {until}");
        }
    }
}

#[test]
fn the_three_stories_are_told_once_in_every_week() {
    for now in nows() {
        let events = told(now);
        let thursday = Calendar::of(now).date(Calendar::of(now).last_thursday());
        let gone: Vec<&Value> = of_operation(&events, "environment_variable.deleted");
        let [gone] = gone.as_slice() else {
            panic!("{now}: {} variables were deleted", gone.len());
        };
        assert!(text(gone, "/timestamp").starts_with(&format!("{thursday}T14:07:41")));
        assert_eq!(text(gone, "/actor/email"), CONTRACTOR.email);
        assert!(gone.get("reason").is_none());
        let caused = |event: &&Value| event["causation_id"] == gone["id"];
        assert_eq!(events.iter().filter(caused).count(), 7, "{now}");
        let back: Vec<&Value> = of_operation(&events, "deployment.rolled_back");
        assert_eq!(back.len(), 1);
        let leaked = |event: &&Value| text(event, "/reason") == "INC-212: rotate after leak";
        assert_eq!(events.iter().filter(leaked).count(), 3);
        for event in &events {
            if let Some(cause) = event.get("causation_id") {
                let known = events.iter().find(|other| other["id"] == *cause).unwrap();
                assert!(time(known) < time(event), "{event}");
            }
        }
    }
}

#[test]
fn producers_count_from_one_and_one_of_them_loses_three() {
    for now in nows() {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let mut lost = Vec::new();
        for event in told(now) {
            let producer = text(&event, "/producer/id").to_owned();
            let seq = event["producer"]["seq"].as_u64().unwrap();
            let last = counts.insert(producer.clone(), seq).unwrap_or(0);
            if seq != last + 1 {
                lost.push((producer, seq - last - 1));
            }
        }
        assert_eq!(lost, [("ci-2".to_owned(), 3)], "{now}");
        assert_eq!(counts.len(), 6);
    }
}

#[test]
fn people_and_addresses_are_those_of_examples() {
    let v4 = ["192.0.2.", "198.51.100.", "203.0.113."];
    let (mut people, mut projects, mut environments) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for event in told(nows()[3]) {
        let ip: IpAddr = text(&event, "/origin/ip").parse().unwrap();
        let written = ip.to_string();
        let is_example = match ip {
            IpAddr::V4(_) => v4.iter().any(|net| written.starts_with(net)),
            IpAddr::V6(_) => written.starts_with("2001:db8:"),
        };
        assert!(is_example, "{ip}");
        let email = text(&event, "/actor/email");
        assert!(
            email.is_empty() || email.ends_with("@example.com"),
            "{email}"
        );
        if !email.is_empty() {
            people.insert(email.to_owned());
        }
        projects.insert(text(&event, "/resource/project_id").to_owned());
        environments.insert(text(&event, "/context/environment").to_owned());
    }
    projects.remove("");
    environments.remove("");
    assert_eq!(
        (people.len(), projects.len(), environments.len()),
        (12, 5, 3)
    );
}

/// Salts that only have to differ.
#[derive(Debug, Default)]
struct Counter(AtomicU64);

impl Rng for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::Relaxed);
        for (byte, fresh) in bytes.iter_mut().zip(next.to_be_bytes().iter().cycle()) {
            *byte = *fresh;
        }
    }
}

#[test]
fn the_door_takes_every_event_and_masks_every_secret_and_nothing_else() {
    // Operations that the vocabulary does not have, as an open tenant takes them.
    let new_names = ["data_export.created", "data_export.downloaded"];
    let keys = TenantKeys::new("0011aabb", [1; 32], [2; 32], [3; 32], [4; 32]);
    let door = Door {
        keys: &keys,
        key: "veritrail",
        source: "demo",
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    let (rng, mut unknown, mut masked) = (Counter::default(), BTreeSet::new(), 0);
    for event in told(nows()[0]) {
        let sent = event.to_string();
        let prepared = prepare(ledger::json::parse(sent.as_bytes()).unwrap(), &door, &rng).unwrap();
        assert_eq!(prepared.id, text(&event, "/id"));
        for warning in &prepared.warnings {
            let pointer = warning.pointer.as_str();
            let is_value = pointer.starts_with("/changes/0/") || pointer == "/metadata/log_excerpt";
            match warning.code {
                "masked" if is_value => masked += 1,
                "operation_unknown" => {
                    unknown.insert(text(&event, "/operation").to_owned());
                }
                code => panic!("{code} at {pointer}: {event}"),
            }
        }
        for (label, part) in [
            (Label::Person, &prepared.person),
            (Label::Details, &prepared.details),
        ] {
            let bytes = &part.as_ref().unwrap().bytes;
            let value = value_of(label, bytes).unwrap().to_compact();
            assert!(!value.contains("not-a-real"), "{value}");
            assert!(!ledger::secret::is_secret_shaped(&value), "{value}");
        }
    }
    assert_eq!(
        unknown.iter().collect::<Vec<_>>(),
        new_names.iter().collect::<Vec<_>>()
    );
    assert!(masked > 20, "{masked}");
}
