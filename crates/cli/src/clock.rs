//! The machine's clocks.
//!
//! Promises: the monotonic clock counts sleep, so that a laptop that slept is not taken for one whose wall clock was
//! moved. The only place in the product that asks the machine what time it is.

use std::time::SystemTime;

use ledger::source::Clock;
use ledger::time::Micros;
use rustix::time::{ClockId, clock_gettime};

/// Wall time and boot time of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "every other place takes this clock as an argument"
    )]
    fn wall(&self) -> Micros {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // A clock before 1970 reads as 1970: the guard of the store judges what follows.
        let micros = since_1970.map_or(0, |elapsed| elapsed.as_micros());
        Micros::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> i64 {
        let now = clock_gettime(COUNTING_SLEEP);
        now.tv_sec
            .saturating_mul(1_000_000)
            .saturating_add(now.tv_nsec / 1_000)
    }
}

#[cfg(target_os = "linux")]
const COUNTING_SLEEP: ClockId = ClockId::Boottime;
// Elsewhere the monotonic clock is what there is; on macOS it counts sleep.
#[cfg(not(target_os = "linux"))]
const COUNTING_SLEEP: ClockId = ClockId::Monotonic;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_later_than_this_was_written_and_never_goes_back() {
        let clock = SystemClock;
        assert!(clock.wall() > Micros::parse("2025-01-01T00:00:00Z").unwrap());
        let (first, second) = (clock.monotonic(), clock.monotonic());
        assert!(first > 0 && second >= first);
    }
}
