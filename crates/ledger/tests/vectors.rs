//! Test vectors of other projects, read from the directory `shared/vectors` beside the repository.
//!
//! Promises: with that directory present, a missing folder, an unreadable case or another number of cases than is
//! known is a failure; without it each test says so and ends.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper functions fail loudly, too"
)]

#[path = "vectors/ed25519.rs"]
mod ed25519;
#[path = "vectors/merkle.rs"]
mod merkle;
#[path = "vectors/mutation.rs"]
mod mutation;
#[path = "vectors/source.rs"]
mod source;
#[path = "vectors/tessera.rs"]
mod tessera;
