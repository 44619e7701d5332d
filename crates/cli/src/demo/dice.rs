//! Chance that falls the same way every time: `SplitMix64` under a fixed seed.
//!
//! Promises: the same story and day give the same throws, whatever other stories throw. Must never: be used for anything
//! that has to be unpredictable.

use std::fmt::Write as _;

/// The seed of the demo.
const SEED: u64 = 0x5665_7269_7472_6169;

/// Dice of one story on one day.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of a story on a day.
    pub(super) fn of(story: &str, day: i64) -> Self {
        // FNV-1a, so that stories differ.
        let mut state = SEED ^ 0xcbf2_9ce4_8422_2325;
        for byte in story.bytes().chain(day.to_be_bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(state)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        assert!(from <= to, "a range has a first number");
        let sides = to.abs_diff(from) + 1;
        from.saturating_add_unsigned(self.throw() % sides)
    }

    /// Whether something happens that happens so often in a hundred times.
    pub(super) fn percent(&mut self, times: u64) -> bool {
        self.throw() % 100 < times
    }

    /// One of several.
    pub(super) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let index = self.throw() % of.len() as u64;
        of[usize::try_from(index).expect("less than a length")]
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 15);
        while text.len() < digits {
            // Writing to a text does not fail.
            let _ = write!(text, "{:016x}", self.throw());
        }
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_falls_the_same_way_and_stays_in_its_bounds() {
        let mut dice = Dice::of("a", 7);
        assert_eq!(dice.hex(20), Dice::of("a", 7).hex(20));
        assert_ne!(dice.hex(20), Dice::of("a", 8).hex(20));
        assert_ne!(Dice::of("a", 7).hex(20), Dice::of("b", 7).hex(20));
        let throws: Vec<i64> = (0..200).map(|_| dice.between(-1, 2)).collect();
        for side in -1..=2 {
            assert!(throws.contains(&side));
        }
        assert!(throws.iter().all(|side| (-1..=2).contains(side)));
        assert_eq!(dice.between(5, 5), 5);
        assert!(!dice.percent(0) && dice.percent(100));
    }
}
