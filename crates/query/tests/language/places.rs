//! Countries in queries: how they are named, and which of them a tenant knows.

use std::sync::Arc;

use ledger::time::Micros;
use query::address::Network;
use query::place::{PlaceSource, UNFAMILIAR_COUNTRY};
use query::{Filter, Location, parse, parse_knowing};

use crate::now;

fn written(text: &str) -> String {
    parse(text, now()).unwrap().to_string()
}

fn knowing(text: &str, known: &[&str]) -> Filter {
    let known: Vec<String> = known.iter().map(|code| (*code).to_owned()).collect();
    parse_knowing(text, now(), &known).unwrap()
}

#[test]
fn a_country_is_its_code_however_it_is_named() {
    for (text, expect) in [
        ("country:DE", "country:de"),
        ("country:germany", "country:de"),
        ("country:\"united kingdom\"", "country:gb"),
        ("country:uk", "country:gb"),
        ("country:(Germany OR fr)", "country:(de OR fr)"),
        ("country:EU", "country:eu"),
        ("country:d*", "country:d*"),
        ("country:*", "country:*"),
        ("origin.country:jp", "country:jp"),
        ("city:\"New York\"", "city:\"new york\""),
        ("subdivision:Bavaria", "origin.region:bavaria"),
    ] {
        assert_eq!(written(text), expect, "{text}");
        assert_eq!(parse(expect, now()), parse(text, now()), "{text}");
    }
}

#[test]
fn a_country_that_is_none_is_refused_with_what_was_expected() {
    for text in ["country:germoney", "country:D", "country:d_", "country:>DE"] {
        let error = parse(text, now()).expect_err(text);
        assert_eq!(error.column, 9, "{text}");
        assert!(
            error.expected.contains("ISO code") || text.contains('>'),
            "{error}"
        );
        assert!(!error.to_string().contains("germoney"));
    }
}

#[test]
fn an_unfamiliar_country_is_any_but_those_that_the_tenant_knows() {
    for (text, known, expect) in [
        (
            "flag:unfamiliar_country",
            &["DE", "fr"][..],
            "country:* -country:(de OR fr)",
        ),
        ("flag:UNFAMILIAR_COUNTRY", &["DE"], "country:* -country:de"),
        (
            "-flag:unfamiliar_country",
            &["DE"],
            "-(country:* -country:de)",
        ),
        (
            "flag:(masked OR unfamiliar_country)",
            &["DE"],
            "flag:masked OR country:* -country:de",
        ),
        ("flag:masked", &["DE"], "flag:masked"),
        ("flag:unfamiliar*", &["DE"], "flag:unfamiliar*"),
        (
            "reason:unfamiliar_country",
            &["DE"],
            "reason:unfamiliar_country",
        ),
    ] {
        let filter = knowing(text, known);
        assert_eq!(filter, knowing(&filter.to_string(), known), "{text}");
        // What was decided is written out: it means the same to who knows nothing.
        if text.contains("flag:unfamiliar_c") {
            assert_eq!(
                Ok(filter.clone()),
                parse(&filter.to_string(), now()),
                "{text}"
            );
        }
        assert_eq!(filter, parse(expect, now()).unwrap(), "{text}");
    }
}

#[test]
fn nothing_is_unfamiliar_to_a_tenant_that_named_no_country() {
    let filter = knowing("flag:unfamiliar_country", &[]);
    assert_eq!(filter.to_string(), format!("flag:{UNFAMILIAR_COUNTRY}"));
}

#[test]
fn what_stands_for_several_conditions_counts_for_them_and_for_its_depth() {
    let known = ["DE".to_owned()];
    let many = vec!["flag:unfamiliar_country"; 33].join(" OR ");
    assert!(parse_knowing(&many, now(), &known).is_err());
    let many = vec!["flag:unfamiliar_country"; 32].join(" OR ");
    assert!(parse_knowing(&many, now(), &known).is_ok());
    for depth in 0..20 {
        let text = format!(
            "{}flag:unfamiliar_country{}",
            "(a OR ".repeat(depth),
            ")".repeat(depth)
        );
        if let Ok(filter) = parse_knowing(&text, now(), &known) {
            assert_eq!(parse(&filter.to_string(), now()), Ok(filter), "{depth}");
        }
    }
}

#[test]
fn a_location_is_familiar_when_its_country_is_among_the_known() {
    let location = |country: Option<&str>| Location {
        country: country.map(str::to_owned),
        country_name: None,
        region: None,
        city: None,
        coordinates: None,
        network: Network::parse("192.0.2.0/24").unwrap(),
        source: Arc::new(PlaceSource {
            kind: "test".to_owned(),
            built_at: Micros::default(),
        }),
    };
    let known = ["de".to_owned(), "FR".to_owned()];
    assert_eq!(location(Some("DE")).is_familiar(&known), Some(true));
    assert_eq!(location(Some("JP")).is_familiar(&known), Some(false));
    assert_eq!(location(Some("DE")).is_familiar(&[]), None);
    assert_eq!(location(None).is_familiar(&known), None);
}
