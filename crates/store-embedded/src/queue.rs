//! The writer's queue: bounded by bytes and by count, taken in groups.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ledger::prepare::Prepared;
use store::{Batch, Change, LogRef, Outcome, StoreError};
use tokio::sync::oneshot;

use crate::shared::Shared;

/// Most jobs waiting.
const JOBS_MAX: usize = 4_096;
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
        change: Change,
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

    /// Whether the job shares a group with others.
    fn is_alone(&self) -> bool {
        matches!(self, Self::Administer { .. } | Self::Close { .. })
    }
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    shared: Arc<Shared>,
    jobs: Mutex<VecDeque<(Job, usize)>>,
    filled: Condvar,
    bytes_max: u64,
    tail_bytes_max: u64,
}

impl Queue {
    pub(crate) fn new(shared: Arc<Shared>, bytes_max: u64, tail_bytes_max: u64) -> Self {
        Self {
            shared,
            jobs: Mutex::default(),
            filled: Condvar::new(),
            bytes_max,
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
        let full = counters.queued_bytes.load(Ordering::Relaxed) + size as u64 > self.bytes_max
            || counters.tail_bytes.load(Ordering::Relaxed) > self.tail_bytes_max;
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: a job behind the one that closes the store would never be answered.
        if counters.closed.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        // An empty queue takes any one job: limits.rs bounds it.
        if jobs.len() >= JOBS_MAX
            || (full && !jobs.is_empty())
            || counters.tail_bytes.load(Ordering::Relaxed) > self.tail_bytes_max
        {
            return Err(StoreError::Busy {
                retry_after_ms: RETRY_AFTER_MS,
            });
        }
        self.push(&mut jobs, job, size);
        Ok(())
    }

    /// Queues a job of the store's own; never refused.
    pub(crate) fn submit_own(&self, job: Job) {
        let size = job.size();
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        self.push(&mut jobs, job, size);
    }

    fn push(&self, jobs: &mut VecDeque<(Job, usize)>, job: Job, size: usize) {
        self.shared
            .counters
            .queued_bytes
            .fetch_add(size as u64, Ordering::Relaxed);
        self.shared.counters.queued.fetch_add(1, Ordering::Relaxed);
        jobs.push_back((job, size));
        self.filled.notify_one();
    }

    /// Waits for work and takes a group.
    pub(crate) fn take_group(&self) -> Vec<Job> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        while jobs.is_empty() {
            jobs = self
                .filled
                .wait(jobs)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some((job, size)) = jobs.front() {
            let alone = job.is_alone();
            if !group.is_empty() && (bytes + size > GROUP_BYTES || alone) {
                break;
            }
            bytes += size;
            group.extend(jobs.pop_front().map(|(job, _)| job));
            if alone {
                break;
            }
        }
        drop(jobs);
        self.shared
            .counters
            .queued_bytes
            .fetch_sub(bytes as u64, Ordering::Relaxed);
        self.shared
            .counters
            .queued
            .fetch_sub(group.len() as u64, Ordering::Relaxed);
        group
    }
}
