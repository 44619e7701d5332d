//! What whole files say.

use query::{Nowhere, Places};
use testkit::mmdb::{Data, Mmdb, flat_country, map, nested_city, text};

use crate::{locate, together, told};

fn berlin() -> Data {
    nested_city("DE", "Germany", "Land Berlin", "Berlin")
}

#[test]
fn an_address_is_where_its_network_is_in_every_form_of_the_tree() {
    for record_bits in [24, 28, 32] {
        for ip_version in [4, 6] {
            let mut file = Mmdb::new("Test-City", ip_version)
                .with("198.51.100.0/25", berlin())
                .with("198.51.100.128/25", flat_country("FR"))
                .with("203.0.113.7/32", flat_country("JP"));
            if ip_version == 6 {
                file = file.with("2001:db8::/33", flat_country("US"));
                file.mapped = true;
            }
            file.record_bits = record_bits;
            let places = together(vec![file.bytes()]);
            for (address, expect) in [
                (
                    "198.51.100.0",
                    "DE Germany Land Berlin Berlin in 198.51.100.0/25",
                ),
                (
                    "198.51.100.127",
                    "DE Germany Land Berlin Berlin in 198.51.100.0/25",
                ),
                ("198.51.100.128", "FR France - - in 198.51.100.128/25"),
                (
                    "::ffff:198.51.100.128",
                    "FR France - - in 198.51.100.128/25",
                ),
                ("203.0.113.7", "JP Japan - - in 203.0.113.7"),
                ("203.0.113.8", "nothing"),
                ("10.0.0.1", "nothing"),
                ("0.0.0.0", "nothing"),
                ("255.255.255.255", "nothing"),
                ("::1", "nothing"),
                ("2001:db8:8000::", "nothing"),
            ] {
                assert_eq!(
                    told(&places, address),
                    expect,
                    "{address} {record_bits} {ip_version}"
                );
            }
            let of_v6 = if ip_version == 6 {
                "US United States - - in 2001:db8::/33"
            } else {
                "nothing"
            };
            assert_eq!(told(&places, "2001:db8::1"), of_v6);
        }
    }
}

#[test]
fn coordinates_and_the_database_are_told_with_the_place() {
    let mut file = Mmdb::new("Test-City", 4).with("198.51.100.0/24", berlin());
    file.build_epoch = 1_795_000_000;
    let places = together(vec![file.bytes()]);
    let location = locate(&places, "198.51.100.23").unwrap();
    let coordinates = location.coordinates.unwrap();
    assert_eq!((coordinates.latitude, coordinates.longitude), (52.5, 13.25));
    assert_eq!(location.source.kind, "Test-City");
    assert_eq!(
        location.source.built_at.to_string(),
        "2026-11-18T11:06:40.000000Z"
    );
    assert_eq!(places.sources(), std::slice::from_ref(&location.source));
}

#[test]
fn who_says_most_is_believed_and_of_equals_who_was_named_first() {
    let countries = Mmdb::new("countries", 4)
        .with("198.51.100.0/24", flat_country("AT"))
        .with("192.0.2.0/24", flat_country("AT"))
        .bytes();
    let cities = Mmdb::new("cities", 4)
        .with("198.51.100.0/25", berlin())
        .with("192.0.2.0/24", flat_country("CH"))
        .bytes();
    let only_v6 = Mmdb::new("v6", 6)
        .with("2001:db8::/32", flat_country("FR"))
        .bytes();
    let places = together(vec![countries.clone(), only_v6.clone(), cities.clone()]);
    let from =
        |address: &str| locate(&places, address).map(|location| location.source.kind.clone());
    assert_eq!(from("198.51.100.1").as_deref(), Some("cities"));
    assert_eq!(from("198.51.100.200").as_deref(), Some("countries"));
    assert_eq!(from("192.0.2.1").as_deref(), Some("countries"));
    assert_eq!(from("2001:db8::1").as_deref(), Some("v6"));
    // One answer, whole: the country is that of the city.
    assert!(told(&places, "198.51.100.1").starts_with("DE Germany Land Berlin Berlin"));
    let other_way = together(vec![cities, only_v6, countries]);
    assert_eq!(
        told(&other_way, "192.0.2.1"),
        "CH Switzerland - - in 192.0.2.0/24"
    );
}

#[test]
fn the_mark_is_another_one_when_files_their_order_or_their_number_are() {
    let file = |code: &str| {
        Mmdb::new("countries", 4)
            .with("192.0.2.0/24", flat_country(code))
            .bytes()
    };
    let sets = [
        vec![],
        vec![file("AT")],
        vec![file("CH")],
        vec![file("AT"), file("CH")],
        vec![file("CH"), file("AT")],
    ];
    let marks: Vec<String> = sets
        .iter()
        .map(|set| together(set.clone()).mark().to_owned())
        .collect();
    for (at, mark) in marks.iter().enumerate() {
        assert!(!marks[..at].contains(mark), "{mark}");
        assert!(!mark.contains('\n'));
        assert_eq!(*mark, together(sets[at].clone()).mark());
    }
    assert_eq!(marks[0], Nowhere.mark());
    assert!(marks[1].ends_with("@1700000000"), "{}", marks[1]);
}

#[test]
fn a_record_of_other_shapes_says_what_it_can() {
    let deep = (0..12).fold(text("x"), |inner, _| Data::List(vec![inner]));
    let file = Mmdb::new("odd", 4)
        .with(
            "192.0.2.0/26",
            map(&[("country", text("de")), ("deep", deep)]),
        )
        .with(
            "192.0.2.64/26",
            map(&[("city", Data::U16(3)), ("country", flat_country("DE"))]),
        )
        .with("192.0.2.128/26", text("DE"))
        .with("192.0.2.192/26", map(&[("city", text("Bern"))]));
    let places = together(vec![file.bytes()]);
    assert_eq!(told(&places, "192.0.2.1"), "DE Germany - - in 192.0.2.0/26");
    assert_eq!(told(&places, "192.0.2.65"), "nothing");
    assert_eq!(told(&places, "192.0.2.129"), "nothing");
    assert_eq!(told(&places, "192.0.2.200"), "- - - Bern in 192.0.2.192/26");
}
