//! Time and randomness that tests decide.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ledger::source::{Clock, Rng};
use ledger::time::Micros;

/// The same bytes for the same seed and order of calls (`SplitMix64`). Not secret, not for production.
#[derive(Debug)]
pub struct TestRng(AtomicU64);

/// The step of `SplitMix64`.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl TestRng {
    /// A stream of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `bound`, which is not 0.
    pub fn below(&self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or_default()
    }
}

impl Rng for TestRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.next().to_be_bytes()) {
                *to = from;
            }
        }
    }
}

/// Two clocks that stand still until they are set.
#[derive(Debug)]
pub struct TestClock {
    wall: AtomicI64,
    monotonic: AtomicI64,
}

impl TestClock {
    /// Starts at this wall time, the monotonic clock at 0.
    pub fn new(wall: Micros) -> Self {
        Self {
            wall: AtomicI64::new(wall.as_micros()),
            monotonic: AtomicI64::new(0),
        }
    }

    /// Time passes on both clocks.
    pub fn advance(&self, micros: i64) {
        self.wall.fetch_add(micros, Ordering::Relaxed);
        self.monotonic.fetch_add(micros, Ordering::Relaxed);
    }

    /// The wall clock is set, backwards or forwards; the monotonic one does not notice.
    pub fn set_wall(&self, wall: Micros) {
        self.wall.store(wall.as_micros(), Ordering::Relaxed);
    }

    /// The monotonic clock is set alone, as if the wall clock stood still meanwhile.
    pub fn set_monotonic(&self, micros: i64) {
        self.monotonic.store(micros, Ordering::Relaxed);
    }
}

impl Default for TestClock {
    /// An afternoon in March 2026.
    fn default() -> Self {
        Self::new(Micros::from_micros(1_773_325_927_123_000))
    }
}

impl Clock for TestClock {
    fn wall(&self) -> Micros {
        Micros::from_micros(self.wall.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> i64 {
        self.monotonic.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_bytes_and_others_do_not() {
        let bytes = |seed| {
            let mut bytes = [0; 21];
            TestRng::new(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(bytes(1), bytes(1));
        assert_ne!(bytes(1), bytes(2));
        // The reference value of SplitMix64 for seed 1234567.
        assert_eq!(TestRng::new(1_234_567).next(), 6_457_827_717_110_365_317);
    }

    #[test]
    fn the_wall_clock_can_be_set_without_the_other() {
        let clock = TestClock::default();
        clock.advance(5);
        clock.set_wall(Micros::from_micros(3));
        assert_eq!(
            (clock.wall(), clock.monotonic()),
            (Micros::from_micros(3), 5)
        );
    }
}
