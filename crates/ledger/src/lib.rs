//! What is true: events, entries, parts, trees and proofs.
//!
//! Promises: the same input gives the same bytes on every machine. Must never: do I/O, read a clock, or make
//! randomness of its own ([`source::Clock`] and [`source::Rng`] arrive as arguments); iterate a hash map into bytes.
#![deny(clippy::indexing_slicing, clippy::expect_used)]

// The words everything is said in.
pub mod hash;
pub mod limits;
pub mod name;
pub mod source;
pub mod time;

// From a producer's JSON to an entry and its parts.
pub mod content;
pub mod entry;
pub mod event;
pub mod flags;
pub mod json;
pub mod keyring;
pub mod mask;
pub mod part;
pub mod prepare;
pub mod rejection;
pub mod secret;
pub mod vocabulary;
pub mod warning;

// Into a log.
pub mod clock_guard;
pub mod seal;
pub mod tree;

// How a log is shown and proved.
pub mod checkpoint;
pub mod export;
pub mod note;
pub mod tile;
pub mod tlog_proof;
