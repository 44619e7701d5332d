//! Databases that others made: MaxMind's own tests in `shared/data/geoip` beside the repository, and one of all countries
//! that `make test` brings (its folder is in `VERITRAIL_GEO_DATA`). Where either is absent, the test says so and ends.

use std::fs;
use std::path::{Path, PathBuf};

use query::Places;

use crate::{locate, refused, together, told};

/// Files of one of the folders; `None`, and a word about it, where it is not there.
fn files(folder: Option<PathBuf>, name: &str) -> Option<PathBuf> {
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        println!("{name} is absent: nothing was tested");
    }
    found
}

fn maxmind() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/geoip");
    files(Some(beside), "shared/data/geoip")
}

fn countries() -> Option<PathBuf> {
    files(
        std::env::var_os("VERITRAIL_GEO_DATA").map(PathBuf::from),
        "VERITRAIL_GEO_DATA",
    )
}

#[test]
fn maxminds_databases_answer_as_their_makers_say() {
    let Some(folder) = maxmind() else { return };
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let city = together(vec![read("GeoIP2-City-Test.mmdb")]);
    assert_eq!(
        told(&city, "89.160.20.128"),
        "SE Sweden Östergötland County Linköping in 89.160.20.128/25"
    );
    assert_eq!(
        told(&city, "81.2.69.142"),
        "GB United Kingdom England London in 81.2.69.142/31"
    );
    assert_eq!(told(&city, "2001:218::1"), "JP Japan - - in 2001:218::/32");
    assert_eq!(told(&city, "127.0.0.1"), "nothing");
    let location = locate(&city, "81.2.69.142").unwrap();
    assert_eq!(location.source.kind, "GeoIP2-City");
    let coordinates = location.coordinates.unwrap();
    assert!(
        (coordinates.latitude - 51.5142).abs() < 1e-9,
        "{coordinates:?}"
    );
    let country = read("GeoIP2-Country-Test.mmdb");
    // The country alone says less than the city, whichever is named first.
    let both = together(vec![country, read("GeoLite2-City-Test.mmdb")]);
    assert_eq!(
        locate(&both, "81.2.69.142").unwrap().source.kind,
        "GeoLite2-City"
    );
}

#[test]
fn maxminds_broken_databases_are_refused() {
    let Some(folder) = maxmind() else { return };
    let mut broken = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
        if name.contains("broken") || name.contains("invalid") {
            let error = refused(fs::read(&path).unwrap());
            println!("{name}: {error}");
            assert!(error.starts_with("it is "), "{name}: {error}");
            broken += 1;
        }
    }
    assert!(broken >= 4, "only {broken} broken files were found");
}

#[test]
fn a_flat_database_of_all_countries_answers_for_both_versions_of_addresses() {
    let Some(folder) = countries() else { return };
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let one = together(vec![read("geo-whois-asn-country.mmdb")]);
    let two = together(vec![
        read("geo-whois-asn-country-ipv4.mmdb"),
        read("geo-whois-asn-country-ipv6.mmdb"),
    ]);
    for places in [&one, &two] {
        // Networks of RIPE NCC, APNIC, and Internet2, which have been where they are for decades.
        for (address, country) in [
            ("193.0.6.139", "NL Netherlands"),
            ("2001:67c:2e8::1", "NL Netherlands"),
            ("203.119.76.1", "AU Australia"),
        ] {
            let told = told(places, address);
            assert!(told.starts_with(country), "{address}: {told}");
        }
        assert_eq!(told(places, "10.1.2.3"), "nothing");
        assert_eq!(told(places, "::1"), "nothing");
    }
    assert_eq!(two.sources().len(), 2);
    let bytes = read("geo-whois-asn-country-ipv4.mmdb");
    assert!(refused(bytes[..bytes.len() / 2].to_vec()).starts_with("it is "));
}
