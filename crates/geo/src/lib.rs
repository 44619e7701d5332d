//! Where addresses are: MaxMind DB files (`.mmdb`), checked in full before they are used, and asked together.
//!
//! Promises: a file that opened is answered from without a panic, an endless loop or an error, whatever stands in it;
//! what is damaged, cut off, too large or holds no places is refused with words that say so. Does no I/O: bytes come as
//! arguments and stay in memory. Must never: be needed by a crate that auditors read; `query::Places` is all they know.
//!
//! Read in this order: [`databases`] (several files as one), [`database`] (one file), `tree` and `data` (what is
//! checked of it), `record` (the two layouts of what it says).

pub mod database;
pub mod databases;

mod cache;
mod data;
mod record;
mod tree;

pub use database::{Database, GeoError};
pub use databases::Databases;
