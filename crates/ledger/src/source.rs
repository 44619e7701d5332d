//! Time and randomness as arguments. The real ones are made in the binary; tests make their own.

use std::fmt;

use crate::time::Micros;

/// A clock.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Wall time, UTC.
    fn wall(&self) -> Micros;
    /// Microseconds on a clock that never steps and counts sleep; its zero has no meaning.
    fn monotonic(&self) -> i64;
}

/// Cryptographically secure randomness.
pub trait Rng: Send + Sync + fmt::Debug {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}
