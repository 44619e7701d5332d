//! How much work a search may do.
//!
//! Promises: what counts is the processor's time of the thread that searches, so that a machine with much to do cuts no
//! search short, and waiting for the disk counts for nothing. Once over it stays over. It is for the loops of a search
//! to ask: none may take more than a few milliseconds between two questions.

use std::cell::Cell;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use store::StoreError;

/// Questions between two looks at the clock: a look is a system call.
const LOOK_EVERY: u32 = 64;

/// The budget of one search in one lane.
#[derive(Debug)]
pub(crate) struct Budget {
    until: Duration,
    /// Whether a search that uses it up may go on in a slower lane.
    again: bool,
    asked: Cell<u32>,
    over: Cell<bool>,
}

impl Budget {
    /// From now on, in the thread that asks.
    pub(crate) fn new(most: Duration, again: bool) -> Self {
        Self {
            until: used().saturating_add(most),
            again,
            asked: Cell::new(0),
            over: Cell::new(false),
        }
    }

    /// Whether it is used up; what was found since it was has to be thrown away.
    pub(crate) fn is_over(&self) -> bool {
        let asked = self.asked.get();
        self.asked.set(asked.wrapping_add(1));
        if !self.over.get() && asked.is_multiple_of(LOOK_EVERY) {
            self.over.set(used() > self.until);
        }
        self.over.get()
    }

    /// Goes on, or ends the search.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooBroad`] when the budget is used up.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.is_over() {
            Err(StoreError::TooBroad)
        } else {
            Ok(())
        }
    }

    /// Whether the search is over here and begins anew in a slower lane.
    pub(crate) fn goes_on_elsewhere(&self) -> bool {
        self.again && self.over.get()
    }
}

/// Processor time of this thread.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_stays_so() {
        let budget = Budget::new(Duration::from_millis(3), true);
        assert!(budget.check().is_ok());
        let mut turns = 0_u64;
        while !budget.is_over() {
            turns = std::hint::black_box(turns + 1);
        }
        assert!(turns > u64::from(LOOK_EVERY));
        assert!(budget.check().is_err() && budget.goes_on_elsewhere());
        let last = Budget::new(Duration::ZERO, false);
        while !last.is_over() {}
        assert!(!last.goes_on_elsewhere());
    }

    #[test]
    fn waiting_is_no_work() {
        let budget = Budget::new(Duration::from_millis(50), false);
        std::thread::sleep(Duration::from_millis(120));
        assert!((0..LOOK_EVERY * 2).all(|_| !budget.is_over()));
    }
}
