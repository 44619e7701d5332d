//! Where an address is, as databases say: what a query can ask of an event beside what was sent.
//!
//! Promises: nothing of it is in entries or parts. A [`Places`] answers the same for an address as long as it lives, and
//! two with the same [`Places::mark`] answer alike: whoever keeps terms of events keeps the mark with them, and makes
//! them anew when it differs. Does no I/O; what reads databases implements it elsewhere.

use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

use ledger::time::Micros;

use crate::address::Network;
use crate::field::Field;
use crate::plan::{Filter, Test};
use crate::words::fold;

/// Where an address is. What the database doesn't say is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// ISO 3166-1 alpha-2 code of the country, upper case.
    pub country: Option<String>,
    /// The country's English name.
    pub country_name: Option<String>,
    /// The largest subdivision that is known: a state, a province.
    pub region: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// Roughly where that is.
    pub coordinates: Option<Coordinates>,
    /// The network that the database says this of.
    pub network: Network,
    /// The database.
    pub source: Arc<PlaceSource>,
}

/// A point on the map, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// From -90 to 90.
    pub latitude: f64,
    /// From -180 to 180.
    pub longitude: f64,
}

/// A database of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceSource {
    /// What its maker calls this kind of database.
    pub kind: String,
    /// When it was built.
    pub built_at: Micros,
}

/// What knows where addresses are.
pub trait Places: Send + Sync + Debug {
    /// Where an address is; `None` when no database says.
    fn locate(&self, address: IpAddr) -> Option<Arc<Location>>;

    /// Names what the answers come from in one line: another text means that answers may differ. Empty when there are
    /// never any.
    fn mark(&self) -> &str;

    /// The databases that are asked, in their order.
    fn sources(&self) -> &[Arc<PlaceSource>];
}

/// No database: nothing is known of any address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nowhere;

impl Places for Nowhere {
    fn locate(&self, _: IpAddr) -> Option<Arc<Location>> {
        None
    }

    fn mark(&self) -> &'static str {
        ""
    }

    fn sources(&self) -> &[Arc<PlaceSource>] {
        &[]
    }
}

impl Location {
    /// Whether the country is among those that a tenant knows. `None` where the tenant named none, or the country is
    /// not known.
    pub fn is_familiar(&self, known_countries: &[String]) -> Option<bool> {
        let country = self
            .country
            .as_deref()
            .filter(|_| !known_countries.is_empty())?;
        let is_it = |known: &String| known.eq_ignore_ascii_case(country);
        Some(known_countries.iter().any(is_it))
    }
}

/// The flag that no event bears and every event has whose country is none of those that its tenant knows.
pub const UNFAMILIAR_COUNTRY: &str = "unfamiliar_country";

/// What [`UNFAMILIAR_COUNTRY`] asks for: events from a country that is none of these. `None` without any, when nothing
/// is unfamiliar.
pub fn unfamiliar(known_countries: &[String]) -> Option<Filter> {
    let codes = known_countries.iter().map(|code| fold(code).into_owned());
    let known = Filter::leaf(Field::Country, Test::one_of(codes)?);
    Some(Filter::leaf(Field::Country, Test::Exists).and(!known))
}
