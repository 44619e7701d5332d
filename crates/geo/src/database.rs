//! One database: its bytes, checked in full, and what it says of an address.
//!
//! Promises: what [`Database::read`] took has a tree without loops, and every record in it was decoded once, so that a
//! look-up can only repeat what went well. Memory is the file's size; checking takes time in proportion to it.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use ledger::hash::Hash;
use ledger::time::Micros;
use maxminddb::{MaxMindDbError, Metadata, Reader, WithinOptions};
use query::Location;
use query::address::Network;
use query::place::PlaceSource;

pub use crate::data::DataError;
use crate::data::Section;
use crate::record::{Said, Value};
use crate::tree::Tree;
pub use crate::tree::TreeError;

/// Largest file in bytes: all of it is kept in memory.
pub const BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Longest name of a kind of database that is shown, in bytes.
const KIND_BYTES_MAX: usize = 128;
/// What stands before the metadata at the end.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// The last second that times can show.
const EPOCH_MAX: u64 = 253_402_207_199;

/// A database that can be asked.
#[derive(Debug)]
pub struct Database {
    reader: Reader<Vec<u8>>,
    source: Arc<PlaceSource>,
    /// Names the bytes: their hash, and when they were built.
    mark: String,
}

/// Why a file is no database of places.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeoError {
    /// Too much for memory.
    #[error("it is larger than {} MiB", BYTES_MAX / 1024 / 1024)]
    TooLarge,
    /// Not a MaxMind DB file, or only the beginning of one.
    #[error("it is no MaxMind DB file, or not all of one")]
    NotADatabase,
    /// Following it could take for ever.
    #[error("it is damaged")]
    Tree(#[source] TreeError),
    /// Something else about it is wrong.
    #[error("it is damaged")]
    Damaged(#[source] MaxMindDbError),
    /// Decoding what it says could take for ever.
    #[error("it is damaged")]
    Data(#[source] DataError),
    /// A database of something else.
    #[error(
        "it says of no network in which country or city it is; expected a database of countries or cities"
    )]
    NoPlaces,
    /// More files than are asked together.
    #[error(
        "it is one too many; expected at most {} databases",
        crate::databases::DATABASES_MAX
    )]
    TooMany,
}

impl Database {
    /// Takes a file's bytes, after looking at all of them.
    ///
    /// # Errors
    /// [`GeoError`] for anything but a whole database of places.
    pub fn read(bytes: Vec<u8>) -> Result<Self, GeoError> {
        if bytes.len() > BYTES_MAX {
            return Err(GeoError::TooLarge);
        }
        let mark = Hash::of(&bytes).to_hex();
        let metadata = check(&bytes)?;
        let epoch = metadata.build_epoch.min(EPOCH_MAX);
        let micros = i64::try_from(epoch.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        let source = PlaceSource {
            kind: kind_of(&metadata),
            built_at: Micros::from_micros(micros),
        };
        Ok(Self {
            reader: Reader::from_source(bytes).map_err(GeoError::Damaged)?,
            source: Arc::new(source),
            mark: format!("{mark}@{epoch}"),
        })
    }

    /// What it says of an address, and how much that is.
    pub(crate) fn locate(&self, address: IpAddr) -> Option<(u8, Location)> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return None;
        }
        // Everything was decoded when it was checked: what fails now has nothing to say.
        let found = self.reader.lookup(address).ok()?;
        let record: Value<'_> = found.decode().ok()??;
        let said = Said::of(&record);
        let network = found.network().ok()?.to_string();
        let network = Network::parse(&network).filter(|network| network.contains(address))?;
        let detail = said.detail();
        let location = Location {
            country: said.country,
            country_name: said.country_name,
            region: said.region,
            city: said.city,
            coordinates: said.coordinates,
            network,
            source: Arc::clone(&self.source),
        };
        (detail > 0).then_some((detail, location))
    }

    /// The database as readers see it named.
    pub fn source(&self) -> &Arc<PlaceSource> {
        &self.source
    }

    /// Names the bytes.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }
}

/// Looks at every node and every record.
fn check(bytes: &[u8]) -> Result<Metadata, GeoError> {
    let metadata_begin = place_of_marker(bytes).ok_or(GeoError::NotADatabase)?;
    let (before, metadata) = bytes.split_at(metadata_begin);
    let metadata = metadata.get(MARKER.len()..).unwrap_or_default();
    Section::new(metadata).check(0).map_err(GeoError::Data)?;
    let reader = Reader::from_source(bytes).map_err(GeoError::Damaged)?;
    let metadata = reader.metadata();
    let (nodes, bits) = (metadata.node_count, metadata.record_size);
    let tree = Tree::new(bytes, nodes, bits, metadata.ip_version);
    tree.check().map_err(GeoError::Tree)?;
    // Only now: what follows goes every way through the tree. (The reader's own check refuses a database without a
    // description, of which there are many, and may go round in a tree that was made for it.)
    let mut known = HashSet::new();
    let mut data = Section::new(before.get(tree.end()..).unwrap_or_default());
    let mut places = false;
    let networks = reader.networks(WithinOptions::default());
    for found in networks.map_err(GeoError::Damaged)? {
        let found = found.map_err(GeoError::Damaged)?;
        found.network().map_err(GeoError::Damaged)?;
        let offset = found.offset().filter(|offset| known.insert(*offset));
        if let Some(offset) = offset {
            data.check(offset).map_err(GeoError::Data)?;
            let record: Option<Value<'_>> = found.decode().map_err(GeoError::Damaged)?;
            let Some(record) = record else { continue };
            data.spend(record.count()).map_err(GeoError::Data)?;
            places |= Said::of(&record).detail() > 1;
        }
    }
    if !places {
        return Err(GeoError::NoPlaces);
    }
    Ok(metadata.clone())
}

/// Where the metadata's marker begins: the last one counts.
fn place_of_marker(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(MARKER.len())
        .rposition(|window| window == MARKER)
}

/// What its maker calls it, fit to be shown.
fn kind_of(metadata: &Metadata) -> String {
    let kind = metadata.database_type.trim();
    let is_fit = !kind.is_empty() && kind.len() <= KIND_BYTES_MAX;
    if is_fit && !kind.chars().any(char::is_control) {
        kind.to_owned()
    } else {
        "unnamed".to_owned()
    }
}
