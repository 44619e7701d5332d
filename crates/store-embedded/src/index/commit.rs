//! The commit thread: moves what waits in memory into segments.
//!
//! Order: new logs' numbers durable → months committed → positions durable → searches switched over. A crash between
//! any two leaves months that are ahead of the positions; the terms thread leaves out what they hold.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Index;
use super::months::Months;
use super::segment::IndexResult;
use crate::shared::Shared;

/// Waiting events that are committed at once.
pub(crate) const COMMIT_EVENTS: usize = 24 * 1_024;
/// How long some events wait for more.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long a few events wait for more: each commit writes ten files.
const LONG_INTERVALS: u32 = 6;
/// Fewer waiting events than this are a few.
const FEW: usize = 1_000;
/// Failed commits in a row after which the index is built anew.
const ATTEMPTS: u32 = 3;

/// Works until the terms thread has ended.
pub(crate) fn run(shared: &Arc<Shared>) {
    let index = &shared.index;
    let mut failures = 0;
    let mut waited = 0;
    loop {
        let (hurry, last) = index.await_orders();
        waited += 1;
        let waiting = index.searchable().waiting;
        let due = waiting >= FEW || waited >= LONG_INTERVALS;
        if !(hurry || last || due) {
            continue;
        }
        waited = 0;
        match index.commit_waiting() {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                // Whether it passes or not is to be known soon.
                waited = LONG_INTERVALS;
                tracing::error!(%error, failures, "the index could not be written; events stay searchable in memory");
                if failures >= ATTEMPTS && !last {
                    failures = 0;
                    index.report_damage("it could not be written");
                }
            }
        }
        if last {
            if let Some(mut months) = index.months().take()
                && let Err(error) = months.close()
            {
                tracing::warn!(%error, "the index was not closed in order");
            }
            let mut orders = index.orders();
            orders.ended = true;
            index.commit_changed.notify_all();
            return;
        }
    }
}

impl Index {
    /// Says that no event follows, and waits until the commit thread has ended.
    pub(super) fn end_commits(&self) {
        let mut orders = self.orders();
        orders.last = true;
        self.commit_changed.notify_all();
        while !orders.ended {
            orders = self
                .commit_changed
                .wait(orders)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until a commit is wanted or the interval is over.
    fn await_orders(&self) -> (bool, bool) {
        let orders = self.orders();
        let waited = self
            .commit_changed
            .wait_timeout_while(orders, INTERVAL, |orders| !orders.hurry && !orders.last);
        let (mut orders, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let hurry = std::mem::take(&mut orders.hurry);
        (hurry, orders.last)
    }

    /// Waits until fewer than `most` events wait for a commit.
    pub(super) fn await_room(&self, most: usize) {
        while self.searchable().waiting >= most && !self.raw.is_interrupted() {
            let mut orders = self.orders();
            orders.hurry = true;
            self.commit_changed.notify_all();
            let waited = self
                .commit_changed
                .wait_timeout(orders, Duration::from_millis(20));
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Commits everything that waits.
    fn commit_waiting(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut months = self.months();
        let (waiting, ends) = self.searchable().waiting();
        if ends.is_empty() || months.is_none() {
            return Ok(());
        }
        let mut progress = self.progress().clone();
        let path = self.progress_path();
        // A number that a term bears must never be given to another log.
        progress.write(&*self.disk, &path)?;
        progress.generation += 1;
        if !waiting.chunks.is_empty() {
            let written = write(&mut months, progress.generation, &waiting);
            if let Err(error) = written {
                // Writers that failed are of no use; what was committed is ahead of the positions and left out.
                match self.reopen(progress.generation - 1) {
                    Ok(reopened) => *months = Some(reopened),
                    Err(error) => {
                        *months = None;
                        self.report_damage(&error.to_string());
                    }
                }
                return Err(error);
            }
        }
        for (log, end) in &ends {
            if let Some(log) = progress.logs.get_mut(log) {
                log.end = *end;
            }
        }
        let counts = months.as_ref().map(Months::counts).unwrap_or_default();
        if progress.lacks(&counts) {
            drop(months);
            self.report_damage("events that were in it are gone");
            return Ok(());
        }
        progress.months = counts;
        progress.write(&*self.disk, &path)?;
        let segments = months.as_ref().map(Months::segments).unwrap_or_default();
        {
            // A log may have got its number meanwhile.
            let mut known = self.progress();
            known.generation = progress.generation;
            known.months.clone_from(&progress.months);
            for (log, end) in &ends {
                if let Some(log) = known.logs.get_mut(log) {
                    log.end = *end;
                }
            }
        }
        let indexed: u64 = segments.iter().map(|segment| u64::from(segment.docs)).sum();
        let mut searchable = self.searchable_mut();
        searchable.segments = segments;
        searchable.forget(&ends);
        drop(searchable);
        drop(months);
        self.indexed.store(indexed, Ordering::Relaxed);
        self.bytes.store(self.bytes_on_disk(), Ordering::Relaxed);
        self.commit_changed.notify_all();
        Ok(())
    }

    fn reopen(&self, generation: u64) -> IndexResult<Months> {
        let (mut months, ahead) =
            Months::open(Arc::clone(&self.disk), self.root.clone(), generation)?;
        months.set_ahead(ahead);
        Ok(months)
    }

    fn bytes_on_disk(&self) -> u64 {
        let Ok(names) = self.disk.list(&self.root) else {
            return 0;
        };
        let mut bytes = 0;
        for name in names.iter().filter(|name| *name != "progress") {
            let directory = self.root.join(name);
            for file in self.disk.list(&directory).unwrap_or_default() {
                let opened = self.disk.open(
                    &directory.join(file),
                    keys::durable::OpenMode::Read,
                    keys::durable::Secrecy::Secret,
                );
                bytes += opened.and_then(|file| file.len()).unwrap_or_default();
            }
        }
        bytes
    }
}

/// Commits events; tantivy panics over files that were taken from under it.
fn write(
    months: &mut Option<Months>,
    generation: u64,
    waiting: &super::tail::Waiting,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let months = months.as_mut().ok_or("the index is not open")?;
    let events = waiting
        .events()
        .map(|event| (event.month.as_str(), &event.event));
    let write = std::panic::AssertUnwindSafe(|| months.write(generation, events));
    match std::panic::catch_unwind(write) {
        Ok(written) => Ok(written?),
        Err(_) => Err("writing the index panicked".into()),
    }
}
