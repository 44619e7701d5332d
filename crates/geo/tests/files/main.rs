//! Database files from outside: what is said of an address, and which files are refused.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may fail loudly, and say what is absent"
)]

mod answers;
mod damaged;
mod foreign;

use std::sync::Arc;

use geo::{Database, Databases, GeoError};
use query::{Location, Places};

fn database(bytes: Vec<u8>) -> Database {
    Database::read(bytes).unwrap()
}

fn together(files: Vec<Vec<u8>>) -> Databases {
    Databases::new(files.into_iter().map(database).collect()).unwrap()
}

fn locate(places: &dyn Places, address: &str) -> Option<Arc<Location>> {
    places.locate(address.parse().unwrap())
}

/// What is said of an address, shortly.
fn told(places: &dyn Places, address: &str) -> String {
    let Some(location) = locate(places, address) else {
        return "nothing".to_owned();
    };
    let said = [
        &location.country,
        &location.country_name,
        &location.region,
        &location.city,
    ];
    let said = said.map(|text| text.as_deref().unwrap_or("-").to_owned());
    format!("{} in {}", said.join(" "), location.network)
}

/// Why a file is refused, with its causes.
fn refused(bytes: Vec<u8>) -> String {
    let error = Database::read(bytes).unwrap_err();
    causes(&error)
}

fn causes(error: &GeoError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
