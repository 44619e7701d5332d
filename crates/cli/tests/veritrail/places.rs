//! Databases of places on the command line: what `serve --geoip` takes and refuses, and where events show it.

use std::fs;
use std::path::Path;

use testkit::mmdb::{Mmdb, flat_country, nested_city};

use crate::command::{ran, veritrail};
use crate::running::Running;

const SIGN_INS: &str = concat!(
    r#"{"id":"e1","operation":"user.logged_in","actor":{"id":"42"},"origin":{"ip":"198.51.100.7"},"resource":{"type":"session"}}"#,
    "\n",
    r#"{"id":"e2","operation":"user.logged_in","actor":{"id":"42"},"origin":{"ip":"203.0.113.9"},"resource":{"type":"session"}}"#,
    "\n",
    r#"{"id":"e3","operation":"user.logged_in","actor":{"id":"42"},"origin":{"ip":"10.0.0.1"},"resource":{"type":"session"}}"#,
    "\n",
);

fn cities() -> Vec<u8> {
    let berlin = nested_city("DE", "Germany", "Land Berlin", "Berlin");
    Mmdb::new("Test-City", 6)
        .with("198.51.100.0/24", berlin)
        .bytes()
}

fn countries(code: &str) -> Vec<u8> {
    let file = Mmdb::new("Test-Country", 4).with("203.0.113.0/24", flat_country(code));
    file.with("198.51.100.0/24", flat_country(code)).bytes()
}

fn put(directory: &Path, name: &str, bytes: &[u8]) {
    fs::write(directory.join(name), bytes).unwrap();
}

/// What `serve` says of settings that it refuses; nothing was made by then.
fn refused(directory: &Path, arguments: &[&str]) -> String {
    let mut command = veritrail(directory);
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments);
    let ran = ran(command.output().unwrap());
    let told = ran.err.clone();
    assert_eq!(ran.ends(2), "");
    assert!(
        !directory.join("veritrail-data").exists() && !directory.join("veritrail-keys").exists()
    );
    told
}

#[test]
fn a_file_that_is_no_database_of_places_stops_the_start_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let whole = cities();
    let mut looping = whole.clone();
    // The root of the tree leads to itself.
    looping[..3].copy_from_slice(&[0; 3]);
    for (name, bytes, why) in [
        (
            "cut.mmdb",
            &whole[..whole.len() / 2],
            "it is no MaxMind DB file, or not all of one",
        ),
        (
            "text.mmdb",
            b"country,city\n",
            "it is no MaxMind DB file, or not all of one",
        ),
        (
            "round.mmdb",
            &looping,
            "it is damaged: the search tree leads to a node twice",
        ),
        (
            "empty.mmdb",
            &Mmdb::new("X", 4).bytes(),
            "expected a database of countries or cities",
        ),
    ] {
        put(directory.path(), name, bytes);
        put(directory.path(), "good.mmdb", &whole);
        let told = refused(directory.path(), &["--geoip", "good.mmdb", "--geoip", name]);
        assert!(
            told.contains(&format!("{name} can't be used for --geoip: ")),
            "{told}"
        );
        assert!(told.contains(why) && told.contains("hint: "), "{told}");
    }
    let told = refused(directory.path(), &["--geoip", "absent.mmdb"]);
    assert!(
        told.contains("absent.mmdb can't be used for --geoip: No such file"),
        "{told}"
    );
    let pipe = directory.path().join("pipe.mmdb");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for name in ["pipe.mmdb", "."] {
        let told = refused(directory.path(), &["--geoip", name]);
        let words = format!("{name} can't be used for --geoip: it is no regular file");
        assert!(told.contains(&words), "{told}");
    }
    let told = refused(directory.path(), &["--geoip", ""]);
    assert!(told.contains("geoip: expected paths"), "{told}");
}

#[test]
fn events_are_found_and_shown_by_where_they_came_from_until_the_databases_change() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "cities.mmdb", &cities());
    put(directory.path(), "countries.mmdb", &countries("JP"));
    let arguments = [
        "--print-key",
        "--geoip",
        "countries.mmdb",
        "--geoip",
        "cities.mmdb",
    ];
    let server = Running::start_in(directory, &arguments);
    server.emit(SIGN_INS).ends(0);
    let listed = server.run(&[
        "list",
        "country:*",
        "--columns",
        "id,country,city,location.network",
    ]);
    let listed = listed.ends(0);
    let rows: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(
        rows.contains(&vec!["e1", "DE", "Berlin", "198.51.100.0/24"]),
        "{listed}"
    );
    assert!(
        rows.contains(&vec!["e2", "JP", "203.0.113.0/24"]),
        "{listed}"
    );
    assert!(!listed.contains("e3"), "{listed}");
    let shown = server.run(&["show", "e1"]).ends(0);
    for row in [
        "location.country_name  Germany",
        "location.region        Land Berlin",
        "location.latitude      52.5",
        "location.database      Test-City",
    ] {
        assert!(
            shown.lines().any(|line| line.trim() == row),
            "{row}: {shown}"
        );
    }
    assert!(server.log().contains("Test-Country"), "{}", server.log());
    let key = server.key.clone();
    let directory = server.stop();
    put(directory.path(), "countries.mmdb", &countries("KR"));
    let settings = "geoip = [\"countries.mmdb\"]\n";
    put(directory.path(), "settings.toml", settings.as_bytes());
    let mut server = Running::start_in(directory, &["--config", "settings.toml"]);
    server.key = key;
    let listed = server
        .run(&["list", "country:KR", "--columns", "id"])
        .ends(0);
    assert!(listed.contains("e1") && listed.contains("e2"), "{listed}");
    let listed = server
        .run(&["list", "country:(DE OR JP)", "--json"])
        .ends(0);
    assert!(!listed.contains("\"e1\""), "{listed}");
}
