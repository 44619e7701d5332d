//! The writer's queue: bounded by bytes and by count, shared fairly by tenants, taken in groups.
//!
//! Promises: jobs of a tenant are taken in their order, tenants in turns ([`lanes`]); a tenant holds at most three times
//! what is left free, so none of them fills the queue; registry changes go alone, alternating with groups of events;
//! closing comes when nothing else waits.

mod lanes;

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ledger::name::TenantId;
use ledger::prepare::Prepared;
use store::{Batch, Change, LogRef, Outcome, StoreError};
use tokio::sync::oneshot;

use crate::shared::Shared;
use lanes::Lanes;

/// Most batches waiting.
const JOBS_MAX: usize = 4_096;
/// Most registry changes waiting.
const CHANGES_MAX: usize = 512;
/// How many times what is left free one tenant may hold.
const FAIR_FACTOR: usize = 3;
/// A tenant's first batch up to this size finds room even where the tail has reached its bound: an eighth of it more.
const LIGHT_BYTES: usize = 64 * 1024;
/// Bytes of one group at most; one job may exceed it alone.
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// What a caller that finds the queue full is told.
const RETRY_AFTER_MS: u64 = 200;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Something for the writer to do.
#[derive(Debug)]
pub(crate) enum Job {
    Append {
        batch: Batch,
        reply: Reply<Vec<Outcome>>,
    },
    Administer {
        change: Box<Change>,
        records: Vec<(LogRef, Prepared)>,
        reply: Reply<()>,
    },
    ConfirmClock {
        reply: Reply<()>,
    },
    /// Frames up to this one are packed and signed.
    Cut {
        frame: u64,
    },
    /// Write nothing more; answer when everything that waited is written.
    Close {
        reply: Reply<()>,
    },
}

impl Job {
    fn size(&self) -> usize {
        match self {
            Self::Append { batch, .. } => batch.events.iter().map(Prepared::size).sum(),
            Self::Administer { records, .. } => records.iter().map(|(_, event)| event.size()).sum(),
            Self::ConfirmClock { .. } | Self::Cut { .. } | Self::Close { .. } => 0,
        }
    }

    /// Whose lane it waits in, if it waits in one.
    fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Append { batch, .. } => Some(batch.log.tenant()),
            _ => None,
        }
    }
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    shared: Arc<Shared>,
    waiting: Mutex<Waiting>,
    filled: Condvar,
    bytes_max: usize,
    tail_bytes_max: u64,
}

/// Everything that waits.
#[derive(Debug, Default)]
struct Waiting {
    batches: Lanes,
    changes: VecDeque<Job>,
    /// What changes nothing that others could wait for: cuts, and confirmations of the clock.
    notices: Vec<Job>,
    close: Option<Job>,
    /// Whether a change was taken last: it is the batches' turn.
    changed: bool,
}

impl Queue {
    pub(crate) fn new(shared: Arc<Shared>, bytes_max: u64, tail_bytes_max: u64) -> Self {
        Self {
            shared,
            waiting: Mutex::default(),
            filled: Condvar::new(),
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            tail_bytes_max,
        }
    }

    /// Queues a producer's or administrator's job, or says why not.
    pub(crate) fn submit(&self, job: Job) -> Result<(), StoreError> {
        let counters = &self.shared.counters;
        if counters.poisoned.load(Ordering::SeqCst) {
            return Err(StoreError::Poisoned);
        }
        let size = job.size();
        let tail = counters.tail_bytes.load(Ordering::Relaxed);
        let mut waiting = self.waiting();
        // Under the lock: a job behind the one that closes the store would never be answered.
        if counters.closed.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        let light = waiting.is_light(&job, size);
        let reserve = if light { self.tail_bytes_max / 8 } else { 0 };
        if tail > self.tail_bytes_max.saturating_add(reserve)
            || !waiting.has_room(&job, size, self.bytes_max)
        {
            return Err(StoreError::Busy {
                retry_after_ms: RETRY_AFTER_MS,
            });
        }
        self.push(&mut waiting, job, size);
        Ok(())
    }

    /// Queues a job of the store's own; never refused.
    pub(crate) fn submit_own(&self, job: Job) {
        let size = job.size();
        self.push(&mut self.waiting(), job, size);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, waiting: &mut Waiting, job: Job, size: usize) {
        let counters = &self.shared.counters;
        counters
            .queued_bytes
            .fetch_add(size as u64, Ordering::Relaxed);
        counters.queued.fetch_add(1, Ordering::Relaxed);
        waiting.push(job, size);
        self.filled.notify_one();
    }

    /// Waits for work and takes a group.
    pub(crate) fn take_group(&self) -> Vec<Job> {
        let mut waiting = self.waiting();
        while waiting.is_empty() {
            waiting = self
                .filled
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let group = waiting.take_group();
        drop(waiting);
        let bytes: usize = group.iter().map(Job::size).sum();
        let counters = &self.shared.counters;
        counters
            .queued_bytes
            .fetch_sub(bytes as u64, Ordering::Relaxed);
        counters
            .queued
            .fetch_sub(group.len() as u64, Ordering::Relaxed);
        group
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.batches.is_empty()
            && self.changes.is_empty()
            && self.notices.is_empty()
            && self.close.is_none()
    }

    /// Whether a job is small and the only one of its tenant.
    fn is_light(&self, job: &Job, size: usize) -> bool {
        size <= LIGHT_BYTES
            && job
                .tenant()
                .is_none_or(|tenant| self.batches.load_of(tenant).jobs == 0)
    }

    /// Whether one more may wait.
    fn has_room(&self, job: &Job, size: usize, bytes_max: usize) -> bool {
        let Some(tenant) = job.tenant() else {
            return self.changes.len() < CHANGES_MAX;
        };
        // An empty queue takes any one batch: limits.rs bounds it.
        if self.batches.is_empty() {
            return true;
        }
        let (own, all) = (self.batches.load_of(tenant), self.batches.load());
        fair(own.jobs, all.jobs, 1, JOBS_MAX) && fair(own.bytes, all.bytes, size, bytes_max)
    }

    fn push(&mut self, job: Job, size: usize) {
        match (job.tenant(), &job) {
            (Some(tenant), _) => self.batches.push(tenant, job, size),
            (None, Job::Administer { .. }) => self.changes.push_back(job),
            (None, Job::Close { .. }) => self.close = Some(job),
            (None, _) => self.notices.push(job),
        }
    }

    /// What the writer does next: notices, then one change or some batches; closing when nothing else is left.
    fn take_group(&mut self) -> Vec<Job> {
        let mut group = std::mem::take(&mut self.notices);
        if (!self.changed || self.batches.is_empty())
            && let Some(change) = self.changes.pop_front()
        {
            self.changed = true;
            group.push(change);
            return group;
        }
        self.changed = false;
        group.extend(self.batches.take(GROUP_BYTES));
        if group.is_empty() {
            group.extend(self.close.take());
        }
        group
    }
}

/// Whether a tenant that holds `own`, of `all` that is held, may hold `more` besides. Who holds nothing yet gets what is
/// there.
fn fair(own: usize, all: usize, more: usize, max: usize) -> bool {
    let Some(free) = max.saturating_sub(all).checked_sub(more) else {
        return false;
    };
    own == 0 || own.saturating_add(more) <= free.saturating_mul(FAIR_FACTOR)
}

#[cfg(test)]
mod tests;
