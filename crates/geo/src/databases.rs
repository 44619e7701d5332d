//! Several databases as one: who says most of an address is believed.
//!
//! Promises: every database is asked. The answer with most detail is given whole (a city before a region before a
//! country before coordinates alone), of equal ones that of the database named first; answers are never mixed, so that
//! no city stands in another's country. What was asked lately is remembered.

use std::net::IpAddr;
use std::sync::Arc;

use query::place::PlaceSource;
use query::{Location, Places};

use crate::cache::Cache;
use crate::database::{Database, GeoError};

/// Most databases that are asked together.
pub const DATABASES_MAX: usize = 16;
/// How records are read. A change that makes other answers of the same bytes counts it up, so that what was indexed by
/// the old ones is indexed anew.
const READING: &str = "1";

/// Databases in the order in which they were named.
#[derive(Debug)]
pub struct Databases {
    in_order: Vec<Database>,
    sources: Vec<Arc<PlaceSource>>,
    mark: String,
    cache: Cache,
}

impl Databases {
    /// Asks these together.
    ///
    /// # Errors
    /// [`GeoError::TooMany`].
    pub fn new(databases: Vec<Database>) -> Result<Self, GeoError> {
        if databases.len() > DATABASES_MAX {
            return Err(GeoError::TooMany);
        }
        let mut mark = String::new();
        for database in &databases {
            mark.push_str(if mark.is_empty() { READING } else { "" });
            mark.push(' ');
            mark.push_str(database.mark());
        }
        let sources = databases
            .iter()
            .map(|database| Arc::clone(database.source()));
        Ok(Self {
            sources: sources.collect(),
            in_order: databases,
            mark,
            cache: Cache::default(),
        })
    }

    fn ask(&self, address: IpAddr) -> Option<Location> {
        let mut best: Option<(u8, Location)> = None;
        for (detail, location) in self
            .in_order
            .iter()
            .filter_map(|database| database.locate(address))
        {
            if best.as_ref().is_none_or(|(most, _)| detail > *most) {
                best = Some((detail, location));
            }
        }
        best.map(|(_, location)| location)
    }
}

impl Places for Databases {
    fn locate(&self, address: IpAddr) -> Option<Arc<Location>> {
        let address = address.to_canonical();
        if let Some(known) = self.cache.find(address) {
            return known;
        }
        let location = self.ask(address).map(Arc::new);
        self.cache.keep(address, location.clone());
        location
    }

    fn mark(&self) -> &str {
        &self.mark
    }

    fn sources(&self) -> &[Arc<PlaceSource>] {
        &self.sources
    }
}
