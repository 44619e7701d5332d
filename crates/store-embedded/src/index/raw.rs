//! Acknowledged runs whose terms aren't made yet.
//!
//! Promises: bounded, because the writer is held back: a burst may run ahead for a few seconds, steady writing by a few
//! thousand events. A search looks at a few events of its log without terms and waits for the terms of the rest; what
//! other tenants write it does not wait for. Runs are taken in the order in which they were published.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::name::LogId;

use crate::run::Run;

/// Events that steady writing may run ahead.
const STEADY_EVENTS_MAX: u64 = 8 * 1_024;
/// Events that writing may run ahead while somebody searches: a search waits for most of them.
const SEARCHED_EVENTS_MAX: u64 = 2 * 1_024;
/// How long after a search that is so, in microseconds.
const SEARCHED_MICROS: i64 = 2_000_000;
/// Events that a burst may run ahead.
const BURST_EVENTS_MAX: u64 = 256 * 1_024;
/// How long a burst lasts, in microseconds.
const BURST_MICROS: i64 = 4_000_000;
/// Longest time that the writer is held back at once.
const PACE: Duration = Duration::from_millis(200);
/// Longest time that a search waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// Events taken at once.
const TAKE_EVENTS: u64 = 2_048;

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Work {
    /// Make the terms of these runs.
    Runs(Vec<Run>),
    /// Build the index anew.
    Rebuild,
    /// Nothing follows.
    End,
}

/// The queue between writer and terms thread.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whether published runs are kept; otherwise the terms thread reads the logs themselves.
    live: bool,
    runs: VecDeque<Run>,
    /// Runs whose terms are being made.
    taken: VecDeque<Run>,
    events: u64,
    /// Runs ever published and runs whose terms are made.
    published: u64,
    made: u64,
    /// Since when more wait than steady writing may leave.
    behind_since: Option<i64>,
    /// Searches that had to wait, ever, and how many of them the writer took note of.
    waited: u64,
    noted: u64,
    /// When the writer took note of the last one.
    searched_at: Option<i64>,
    rebuild: bool,
    closing: bool,
}

impl Raw {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn events(&self) -> u64 {
        self.lock().events
    }

    /// Takes runs that have become visible.
    pub(crate) fn publish(&self, runs: &[Run]) {
        let mut state = self.lock();
        if !state.live {
            return;
        }
        for run in runs {
            state.events += run.records.len() as u64;
            state.published += 1;
            state.runs.push_back(run.clone());
        }
        self.changed.notify_all();
    }

    /// Begins to keep what is published. Called under the view's lock, so that nothing is published meanwhile.
    pub(crate) fn go_live(&self) {
        self.lock().live = true;
    }

    /// Forgets what waits: the terms thread reads the logs themselves.
    pub(crate) fn leave_live(&self) {
        let mut state = self.lock();
        state.live = false;
        state.rebuild = false;
        state.runs.clear();
        state.taken.clear();
        state.events = 0;
        state.made = state.published;
        state.behind_since = None;
        self.changed.notify_all();
    }

    pub(crate) fn order_rebuild(&self) {
        self.lock().rebuild = true;
        self.changed.notify_all();
    }

    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// Whether the store is closing or the index is to be built anew.
    pub(crate) fn is_interrupted(&self) -> bool {
        let state = self.lock();
        state.closing || state.rebuild
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// Waits for work.
    pub(crate) fn take(&self) -> Work {
        let mut state = self.lock();
        loop {
            if state.rebuild && !state.closing {
                return Work::Rebuild;
            }
            if !state.runs.is_empty() {
                break;
            }
            if state.closing {
                return Work::End;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut runs = Vec::new();
        let mut events = 0;
        while events < TAKE_EVENTS
            && let Some(run) = state.runs.pop_front()
        {
            events += run.records.len() as u64;
            state.taken.push_back(run.clone());
            runs.push(run);
        }
        Work::Runs(runs)
    }

    /// Says that the terms of the first taken run are made.
    pub(crate) fn done(&self) {
        let mut state = self.lock();
        if let Some(run) = state.taken.pop_front() {
            state.made += 1;
            state.events = state.events.saturating_sub(run.records.len() as u64);
            self.changed.notify_all();
        }
    }

    /// Waits until the terms of all but the last `most` events of what was published of a log are made; answers the
    /// runs of those, whose terms may be made meanwhile. `None` when that takes too long.
    pub(crate) fn await_terms(&self, log: LogId, most: u64) -> Option<Vec<Run>> {
        let mut state = self.lock();
        let mut left = Vec::new();
        let (mut ticket, mut events) = (0, 0);
        let pending = state.taken.iter().chain(&state.runs);
        let numbered = (state.made + 1..).zip(pending);
        for (number, run) in numbered.filter(|(_, run)| run.log == log) {
            left.push((number, run.clone()));
            events += run.records.len() as u64;
        }
        left.retain(|(number, run)| {
            let waits = events > most;
            if waits {
                events -= run.records.len() as u64;
                ticket = *number;
            }
            !waits
        });
        let left = left.into_iter().map(|(_, run)| run).collect();
        if state.made >= ticket {
            return Some(left);
        }
        state.waited += 1;
        let waited = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.made < ticket);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (state.made >= ticket).then_some(left)
    }

    /// Holds the writer back for a moment when too much waits.
    pub(crate) fn pace(&self, monotonic: i64) {
        let mut state = self.lock();
        if state.noted != state.waited {
            state.noted = state.waited;
            state.searched_at = Some(monotonic);
        }
        let searched = state.searched_at;
        let searched = searched.is_some_and(|at| monotonic - at < SEARCHED_MICROS);
        if state.events <= STEADY_EVENTS_MAX {
            state.behind_since = None;
        }
        let limit = if searched {
            SEARCHED_EVENTS_MAX
        } else if state.events <= STEADY_EVENTS_MAX {
            return;
        } else if monotonic - *state.behind_since.get_or_insert(monotonic) < BURST_MICROS {
            BURST_EVENTS_MAX
        } else {
            STEADY_EVENTS_MAX
        };
        if state.events > limit {
            let waited = self
                .changed
                .wait_timeout_while(state, PACE, |state| state.events > limit && !state.closing);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}
