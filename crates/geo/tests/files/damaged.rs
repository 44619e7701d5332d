//! Files that were cut, changed, or made to keep a reader busy.

use std::net::IpAddr;

use geo::database::BYTES_MAX;
use geo::databases::DATABASES_MAX;
use geo::{Database, Databases};
use query::Places;
use testkit::mmdb::{Data, Mmdb, Side, flat_country, map, nested_city, text};
use testkit::sources::TestRng;

use crate::{causes, database, refused, together};

fn whole() -> Mmdb {
    let mut file = Mmdb::new("Test-City", 6)
        .with(
            "198.51.100.0/24",
            nested_city("DE", "Germany", "Land Berlin", "Berlin"),
        )
        .with("203.0.113.0/24", flat_country("JP"))
        .with("2001:db8::/32", flat_country("US"));
    file.mapped = true;
    file
}

fn record(data: &Data) -> Vec<u8> {
    let mut bytes = Vec::new();
    data.write(&mut bytes);
    bytes
}

/// A file of one node that leads to data.
fn of_data(data: &[u8]) -> Vec<u8> {
    Mmdb::new("Test", 4).assemble(&[[Side::Data(0), Side::Nothing]], data)
}

#[test]
fn a_file_that_was_cut_anywhere_is_refused() {
    let bytes = whole().bytes();
    for end in 0..bytes.len() {
        let error = refused(bytes[..end].to_vec());
        assert!(error.starts_with("it is "), "{end}: {error}");
    }
    for start in 1..bytes.len() {
        assert!(Database::read(bytes[start..].to_vec()).is_err(), "{start}");
    }
}

#[test]
fn a_file_with_any_byte_changed_is_refused_or_answers() {
    let bytes = whole().bytes();
    let rng = TestRng::new(7);
    let (mut refused, mut taken) = (0, 0);
    for at in 0..bytes.len() {
        for change in [
            0x01,
            0x20,
            0x80,
            0xff,
            u8::try_from(rng.below(255) + 1).unwrap(),
        ] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            match Database::read(changed) {
                Err(_) => refused += 1,
                Ok(database) => {
                    taken += 1;
                    ask_all_around(&Databases::new(vec![database]).unwrap(), &rng);
                }
            }
        }
    }
    assert!(
        refused > 500 && taken > 500,
        "{refused} refused, {taken} taken"
    );
}

/// An answer, whatever it is.
fn ask_all_around(places: &Databases, rng: &TestRng) {
    for text in [
        "198.51.100.1",
        "203.0.113.1",
        "2001:db8::1",
        "::ffff:203.0.113.1",
        "::",
    ] {
        drop(places.locate(text.parse().unwrap()));
    }
    for _ in 0..8 {
        let v4 = u32::try_from(rng.next() >> 32).unwrap();
        let v6 = u128::from(rng.next()) << 64 | u128::from(rng.next());
        drop(places.locate(IpAddr::from(v4.to_be_bytes())));
        drop(places.locate(IpAddr::from(v6.to_be_bytes())));
    }
}

#[test]
fn trees_that_lead_back_or_meet_are_refused() {
    let data = record(&flat_country("DE"));
    let place = Side::Data(0);
    let node = Side::Node;
    for (name, nodes) in [
        ("itself", vec![[node(0), place]]),
        ("back", vec![[node(1), place], [node(0), place]]),
        ("meeting", vec![[node(1), node(1)], [place, Side::Nothing]]),
    ] {
        for version in [4, 6] {
            let error = refused(Mmdb::new("Test", version).assemble(&nodes, &data));
            assert_eq!(
                error, "it is damaged: the search tree leads to a node twice",
                "{name}"
            );
        }
    }
    // Each of these has two ways to the next: as many ways as there are addresses, and hardly any data.
    let mut ladder: Vec<_> = (1..120).map(|next| [node(next), node(next)]).collect();
    ladder.push([Side::Nothing, place]);
    let error = refused(Mmdb::new("Test", 6).assemble(&ladder, &data));
    assert!(error.ends_with("twice"), "{error}");
    // IPv4 begins at node 96, and what is behind it leads to it again.
    let mut round: Vec<_> = (1..=97).map(|next| [node(next), Side::Nothing]).collect();
    round.push([place, node(96)]);
    let error = refused(Mmdb::new("Test", 6).assemble(&round, &data));
    assert!(error.ends_with("twice"), "{error}");
    let mut deep: Vec<_> = (1..40).map(|next| [node(next), Side::Nothing]).collect();
    deep.push([place, place]);
    let error = refused(Mmdb::new("Test", 4).assemble(&deep, &data));
    assert_eq!(
        error,
        "it is damaged: the search tree is deeper than addresses are long"
    );
    assert!(Database::read(Mmdb::new("Test", 6).assemble(&deep, &data)).is_ok());
}

#[test]
fn a_tree_may_lead_to_the_networks_of_ipv4_by_several_ways() {
    // Behind the first 96 zeros, and from two other places.
    let mut nodes: Vec<_> = (1..=96)
        .map(|next| [Side::Node(next), Side::Nothing])
        .collect();
    nodes[80][1] = Side::Node(97);
    nodes.push([Side::Data(0), Side::Nothing]);
    nodes.push([Side::Node(96), Side::Node(96)]);
    let bytes = Mmdb::new("Test", 6).assemble(&nodes, &record(&flat_country("DE")));
    let places = together(vec![bytes]);
    assert!(places.locate("10.0.0.1".parse().unwrap()).is_some());
}

#[test]
fn data_that_lead_nowhere_or_in_circles_are_refused() {
    let long = map(&[("country_code", Data::Raw(vec![0b0101_1100, b'D']))]);
    let many = [0b1111_1111, 0xff, 0xff, 0xff];
    let mut chain = Vec::new();
    for next in 1..2_000 {
        Data::Pointer(next * 5).write(&mut chain);
    }
    chain.extend(record(&flat_country("DE")));
    let bottomless = (0..600).fold(text("x"), |inner, _| Data::List(vec![inner]));
    for (name, data) in [
        ("a pointer to itself", record(&Data::Pointer(0))),
        (
            "beyond the end",
            record(&map(&[("country_code", Data::Pointer(5_000))])),
        ),
        (
            "round and round",
            record(&map(&[("country_code", Data::Pointer(0))])),
        ),
        ("longer than the file", record(&long)),
        ("more than the file", many.to_vec()),
        (
            "no text",
            record(&map(&[(
                "country_code",
                Data::Raw(vec![0b0100_0010, 0xff, 0xfe]),
            )])),
        ),
        ("without an end", record(&bottomless)),
        ("pointers to pointers", chain),
        (
            "a name that is a number",
            vec![0b1110_0001, 0b1010_0000, 0b0100_0000],
        ),
        ("an unknown type", vec![0, 200]),
    ] {
        let error = refused(of_data(&data));
        assert!(error.starts_with("it is damaged: "), "{name}: {error}");
    }
    let beyond = Mmdb::new("Test", 4).assemble(&[[Side::Data(9_999), Side::Nothing]], &[]);
    assert!(refused(beyond).starts_with("it is damaged: "));
}

#[test]
fn values_shared_a_thousand_times_over_cost_no_more_than_they_may() {
    // Lists of pointers to lists of pointers: 28 to the power of seven values in some hundred bytes.
    let mut data = record(&text("x"));
    let mut target = 0;
    for _ in 0..7 {
        let next = u32::try_from(data.len()).unwrap();
        Data::List(vec![Data::Pointer(target); 28]).write(&mut data);
        target = next;
    }
    let place = data.len();
    map(&[
        ("country_code", text("DE")),
        ("many", Data::Pointer(target)),
    ])
    .write(&mut data);
    let bytes = Mmdb::new("Test", 4).assemble(&[[Side::Data(place), Side::Nothing]], &data);
    let error = refused(bytes);
    assert!(error.contains("resource limit"), "{error}");
}

#[test]
fn a_file_that_was_written_over_behind_its_tree_is_refused() {
    let mut bytes = whole().bytes();
    let separator = bytes
        .windows(16)
        .position(|window| window == [0; 16])
        .unwrap();
    let end = bytes[separator..]
        .iter()
        .position(|byte| *byte != 0)
        .unwrap()
        + separator;
    bytes[end - 1] = 1;
    assert!(Database::read(bytes).is_err());
}

#[test]
fn a_database_of_something_else_is_refused() {
    let numbers = map(&[("autonomous_system_number", Data::U32(64_496))]);
    let file = Mmdb::new("Test-ASN", 4).with("192.0.2.0/24", numbers);
    assert!(refused(file.bytes()).contains("expected a database of countries or cities"));
    let empty = Mmdb::new("Test-Country", 4);
    assert!(refused(empty.bytes()).contains("expected a database of countries or cities"));
    for text in ["", "\u{7f}ELF", "country,city\nDE,Berlin\n"] {
        let error = refused(text.into());
        assert!(
            error.starts_with("it is no MaxMind DB file, or not all of one"),
            "{error}"
        );
    }
}

#[test]
fn what_memory_does_not_hold_and_more_than_are_asked_is_refused() {
    let error = Database::read(vec![0; BYTES_MAX + 1]).unwrap_err();
    assert_eq!(causes(&error), "it is larger than 1024 MiB");
    let file = whole().bytes();
    let many = |count: usize| {
        (0..count)
            .map(|_| database(file.clone()))
            .collect::<Vec<_>>()
    };
    assert!(Databases::new(many(DATABASES_MAX)).is_ok());
    let error = Databases::new(many(DATABASES_MAX + 1)).unwrap_err();
    assert_eq!(
        causes(&error),
        "it is one too many; expected at most 16 databases"
    );
}

#[test]
fn a_time_that_can_not_be_and_a_name_that_can_not_be_shown_do_no_harm() {
    let mut file = whole();
    file.build_epoch = u64::from(u32::MAX) * 1_000;
    file.kind = "a\u{1b}[31m".to_owned();
    let database = database(file.bytes());
    assert_eq!(database.source().kind, "unnamed");
    assert!(database.source().built_at.to_string().starts_with("9999-"));
}
