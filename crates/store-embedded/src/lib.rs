//! The embedded store: one machine, one directory, no server beside it.
//!
//! An event's way: queue → writer (place, journal, fsync) → visible → acknowledged → packer (packs, state) → signer →
//! checkpoint. Everything but packs and journal can be made again from them. Files are touched through
//! [`keys::durable`] only, so that the tests can stop the machine at any sync point.

// What lies on the disk.
mod codec;
mod mac;
mod layout;
mod run;
mod frame;
mod journal;
mod block;
mod pack;
mod ids;
mod registry_text;
mod state;

// What works on it.
mod cache;
mod shared;
mod read;
mod room;
mod queue;
mod writer;
mod packer;
mod signing;
mod open;
mod own;
mod store;
pub mod verify;

pub use journal::JournalError;
pub use layout::LayoutError;
pub use open::{OpenError, Options};
pub use state::StateError;
pub use store::EmbeddedStore;
