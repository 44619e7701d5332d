//! Whether our own clock can be believed. Pure: it is told what the clocks say.
//!
//! Writes stop when the wall clock runs more than a minute behind what a log already says, or leaps five minutes
//! against the monotonic clock, and go on when it is sane again or an operator confirms the new time.

use crate::limits::{CLOCK_BACK_MICROS_MAX, CLOCK_LEAP_MICROS_MAX};
use crate::time::Micros;

/// What is wrong with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockFault {
    /// Behind the newest entry by so many microseconds.
    #[error("the wall clock is {} s behind the newest entry", micros / 1_000_000)]
    Behind {
        /// How far.
        micros: i64,
    },
    /// Away from where the monotonic clock says it should be (negative: it lags or stands still).
    #[error("the wall clock leapt {} s against the monotonic clock", micros / 1_000_000)]
    Leapt {
        /// How far.
        micros: i64,
    },
}

/// A pair of readings taken together, against which later ones are held.
#[derive(Clone, Copy, Debug)]
pub struct ClockGuard {
    wall: Micros,
    monotonic: i64,
    confirmed: bool,
}

/// How old the reference may grow before slow drift is forgiven and a new one taken.
const REFERENCE_MICROS_MAX: i64 = 3_600 * 1_000_000;

impl ClockGuard {
    /// Starts from the clocks' present readings.
    pub fn new(wall: Micros, monotonic: i64) -> Self {
        Self {
            wall,
            monotonic,
            confirmed: false,
        }
    }

    /// Whether writing may go on; `newest` is the time of the newest entry of any log.
    pub fn check(
        &mut self,
        wall: Micros,
        monotonic: i64,
        newest: Micros,
    ) -> Result<(), ClockFault> {
        let elapsed = monotonic.saturating_sub(self.monotonic);
        let leap = wall.as_micros() - self.wall.as_micros().saturating_add(elapsed);
        if leap.abs() > CLOCK_LEAP_MICROS_MAX {
            return Err(ClockFault::Leapt { micros: leap });
        }
        let behind = newest.as_micros() - wall.as_micros();
        if behind > CLOCK_BACK_MICROS_MAX && !self.confirmed {
            return Err(ClockFault::Behind { micros: behind });
        }
        if behind <= CLOCK_BACK_MICROS_MAX {
            self.confirmed = false;
        }
        if elapsed > REFERENCE_MICROS_MAX {
            (self.wall, self.monotonic) = (wall, monotonic);
        }
        Ok(())
    }

    /// An operator vouches for the present readings. New entries repeat the newest time until the clock has passed it.
    pub fn confirm(&mut self, wall: Micros, monotonic: i64) {
        *self = Self {
            wall,
            monotonic,
            confirmed: true,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    fn at(seconds: i64) -> Micros {
        Micros::from_micros(seconds * S)
    }

    #[test]
    fn a_clock_that_runs_a_minute_backwards_stops_writes_until_confirmed() {
        let mut guard = ClockGuard::new(at(1_000), 0);
        assert_eq!(guard.check(at(990), 10 * S, at(1_000)), Ok(()));
        assert_eq!(
            guard.check(at(930), 10 * S, at(1_000)),
            Err(ClockFault::Behind { micros: 70 * S })
        );
        guard.confirm(at(930), 10 * S);
        assert_eq!(guard.check(at(931), 11 * S, at(1_000)), Ok(()));
        assert_eq!(guard.check(at(1_001), 81 * S, at(1_001)), Ok(()));
        assert!(guard.check(at(900), 81 * S, at(1_001)).is_err());
    }

    #[test]
    fn a_leap_stops_writes_until_the_clock_is_sane() {
        let mut guard = ClockGuard::new(at(1_000), 0);
        assert_eq!(
            guard.check(at(1_400), S, at(1_000)),
            Err(ClockFault::Leapt { micros: 399 * S })
        );
        assert_eq!(guard.check(at(1_002), 2 * S, at(1_000)), Ok(()));
    }

    #[test]
    fn a_frozen_clock_is_found_and_slow_drift_forgiven() {
        let mut guard = ClockGuard::new(at(1_000), 0);
        let frozen =
            (0..1_000).find(|second| guard.check(at(1_000), second * S, at(1_000)).is_err());
        assert_eq!(frozen, Some(301));
        let mut guard = ClockGuard::new(at(0), 0);
        // Two seconds of drift a minute would leap after three hours were the reference never renewed.
        for minute in 0..1_000 {
            assert_eq!(
                guard.check(at(minute * 62), minute * 60 * S, at(minute * 62)),
                Ok(())
            );
        }
    }
}
