//! Places for tests: the networks that RFC 5737 and RFC 3849 keep for documentation are somewhere.
//!
//! Stores that are held against [`super::index`] and [`super::query_cases`] are made with these.

use std::net::IpAddr;
use std::sync::Arc;

use ledger::time::Micros;
use query::address::Network;
use query::place::{Coordinates, PlaceSource};
use query::{Location, Places};

/// Network, country's code and name, region, city.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
);

/// What is where. 192.0.2.0/24 has a country only.
const PLACES: [Row; 4] = [
    (
        "198.51.100.0/24",
        "DE",
        "Germany",
        Some("Land Berlin"),
        Some("Berlin"),
    ),
    (
        "203.0.113.0/24",
        "JP",
        "Japan",
        Some("Tokyo"),
        Some("Tokyo"),
    ),
    ("192.0.2.0/24", "US", "United States", None, None),
    (
        "2001:db8::/32",
        "FR",
        "France",
        Some("Île-de-France"),
        Some("Paris"),
    ),
];

/// Knows where addresses of documentation are.
#[derive(Clone, Debug)]
pub struct ExamplePlaces {
    sources: [Arc<PlaceSource>; 1],
    mark: String,
}

impl Default for ExamplePlaces {
    fn default() -> Self {
        Self {
            sources: [Arc::new(PlaceSource {
                kind: "examples".to_owned(),
                built_at: Micros::from_micros(1_772_000_000_000_000),
            })],
            mark: "examples".to_owned(),
        }
    }
}

impl Places for ExamplePlaces {
    fn locate(&self, address: IpAddr) -> Option<Arc<Location>> {
        let [source] = &self.sources;
        PLACES
            .iter()
            .find_map(|(network, code, country, region, city)| {
                let network =
                    Network::parse(network).filter(|network| network.contains(address))?;
                let owned = |text: &&str| (*text).to_owned();
                Some(Arc::new(Location {
                    country: Some(owned(code)),
                    country_name: Some(owned(country)),
                    region: region.as_ref().map(owned),
                    city: city.as_ref().map(owned),
                    coordinates: city.map(|_| Coordinates {
                        latitude: 52.5,
                        longitude: -13.25,
                    }),
                    network,
                    source: Arc::clone(source),
                }))
            })
    }

    fn mark(&self) -> &str {
        &self.mark
    }

    fn sources(&self) -> &[Arc<PlaceSource>] {
        &self.sources
    }
}
