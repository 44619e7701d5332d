//! What is true: events, entries, parts, trees and proofs.
//!
//! Promises: the same input gives the same bytes on every machine. Must never: do I/O, read a clock, or make
//! randomness of its own ([`source::Clock`] and [`source::Rng`] arrive as arguments); iterate a hash map into bytes.
#![deny(clippy::indexing_slicing, clippy::expect_used)]
#![cfg_attr(
    test,
    expect(
        clippy::indexing_slicing,
        clippy::expect_used,
        reason = "tests may fail loudly"
    )
)]

pub mod hash;
pub mod limits;
pub mod name;
pub mod source;
pub mod time;
