//! The embedded store: one machine, one directory, no server beside it.
//!
//! How events are found is the business of `index`, apart and derived. An event's way: queue → writer (place, journal, fsync) → visible → acknowledged → packer (packs, state) → signer →
//! checkpoint. Everything but packs and journal can be made again from them. Files are touched through
//! [`keys::durable`] only, so that the tests can stop the machine at any sync point.

// What lies on the disk.
mod block;
mod codec;
mod frame;
mod ids;
mod journal;
mod layout;
mod mac;
mod pack;
mod registry_text;
mod run;
mod state;

// What works on it.
mod cache;
mod index;
mod open;
mod own;
mod packer;
mod queue;
mod read;
mod room;
mod shared;
mod signing;
mod store;
pub mod verify;
mod writer;

pub use journal::JournalError;
pub use layout::LayoutError;
pub use open::{OpenError, Options};
pub use state::{StateError, Unsealed};
pub use store::EmbeddedStore;
