//! The terms thread: makes the terms of what is published, and reads the logs for what is missing.
//!
//! After a start it reads behind the positions that the last commit left; when the index is to be built anew, from
//! the beginning. Only then does it take what the writer publishes. Order: under the view's lock, note how far every
//! log goes and begin to keep what is published; read the logs up to there; say that the index is available.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ledger::name::LogId;
use query::field::Field;
use query::{Document, Places};
use store::StoreError;

use super::Index;
use super::months::{Months, month_of};
use super::progress::Progress;
use super::raw::Work;
use super::schema::IndexedEvent;
use super::signature::Signature;
use super::tail::TailEvent;
use super::terms::{Terms, of_log};
use crate::run::Run;
use crate::shared::Shared;

/// Records read at once.
const CHUNK: u64 = 1_024;
/// Fewer missing events than this are read while what is published is kept already.
const NEAR: u64 = 4_096;
/// Events that may wait for a commit while the logs are read.
const WAITING_MAX: usize = 48 * 1_024;
/// How long to wait before the next attempt when the index could not be opened or built.
const RETRY: Duration = Duration::from_secs(5);

/// The state of the terms thread.
struct TermsThread {
    shared: Arc<Shared>,
    index: Arc<Index>,
    /// Up to where every log's terms were made.
    ends: HashMap<LogId, u64>,
    /// Months whose last commit may hold events behind the positions.
    ahead: Vec<String>,
}

/// Works until the store is closed.
pub(crate) fn run(shared: Arc<Shared>) {
    let index = Arc::clone(&shared.index);
    let mut thread = TermsThread {
        shared,
        index,
        ends: HashMap::new(),
        ahead: Vec::new(),
    };
    let mut anew = false;
    while !thread.index.raw.is_closing() {
        match thread.catch_up(anew) {
            Ok(Reached::All) => match thread.follow() {
                Ended::Closed => break,
                Ended::Rebuild => anew = true,
            },
            // What was published meanwhile comes behind a gap: it is read with the gap, now or after the next start.
            Ok(Reached::Part) => anew = true,
            Err(error) => {
                tracing::error!(%error, "the index could not be opened or built; trying again");
                thread
                    .index
                    .set_unavailable(Some("it could not be opened and is being built anew"));
                anew = true;
                thread.pause();
            }
        }
    }
    thread.index.end_commits();
}

enum Ended {
    Closed,
    Rebuild,
}

/// How far the logs were read.
enum Reached {
    /// Up to what is published from now on.
    All,
    /// The store is closing, or the index is to be built anew.
    Part,
}

impl TermsThread {
    fn pause(&self) {
        // In pieces, so that closing does not wait for it.
        for _ in 0..50 {
            if !self.index.raw.is_closing() {
                std::thread::sleep(RETRY / 50);
            }
        }
    }

    /// Opens or clears the index and reads the logs for what it lacks.
    fn catch_up(&mut self, anew: bool) -> Result<Reached, StoreError> {
        self.index.raw.leave_live();
        let opened = if anew { self.clear() } else { self.open() };
        opened.map_err(|error| StoreError::engine("opening the index", error))?;
        loop {
            let missing = self.missing();
            let count: u64 = missing.iter().map(|(_, from, to)| to - from).sum();
            self.note_progress(count);
            if count > NEAR {
                for (log, from, to) in missing {
                    self.read(log, from, to, count)?;
                    if self.index.raw.is_interrupted() {
                        return Ok(Reached::Part);
                    }
                }
                continue;
            }
            // Nothing is published while the view is locked: what is missing now, and what comes from now on, is all.
            let view = self.shared.view();
            let missing = missing_in(&view, &self.ends);
            self.index.raw.go_live();
            drop(view);
            for (log, from, to) in missing {
                self.read(log, from, to, 0)?;
            }
            break;
        }
        *self
            .index
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        self.ahead.clear();
        if self.index.raw.is_interrupted() {
            return Ok(Reached::Part);
        }
        self.index.set_unavailable(None);
        Ok(Reached::All)
    }

    fn note_progress(&self, missing: u64) {
        let total: u64 = self.shared.view().logs.values().map(|log| log.size).sum();
        let progress = (missing > NEAR).then_some((total.saturating_sub(missing), total));
        *self
            .index
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = progress;
        if progress.is_some()
            && self
                .index
                .why_unavailable()
                .is_none_or(|why| why.contains("opened"))
        {
            self.index.set_unavailable(Some("it is being built"));
        }
    }

    /// Opens what is on disk.
    fn open(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let index = &self.index;
        let Some(progress) = Progress::read(&*index.disk, &index.progress_path()) else {
            return self.clear();
        };
        if progress.places != index.places().mark() {
            tracing::info!("other geolocation databases than before: the index is built anew");
            return self.clear();
        }
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Months::open(
                Arc::clone(&index.disk),
                index.root.clone(),
                progress.generation,
            )
        }));
        let (months, ahead) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the index can't be read and is built anew");
                return self.clear();
            }
            Err(_) => {
                tracing::warn!("the index can't be read and is built anew");
                return self.clear();
            }
        };
        let sizes: HashMap<LogId, u64> = self
            .shared
            .view()
            .logs
            .iter()
            .map(|(id, log)| (*id, log.size))
            .collect();
        let newer = |(log, known): (&LogId, &super::progress::LogProgress)| {
            sizes.get(log).is_none_or(|size| known.end > *size)
        };
        if progress.logs.iter().any(newer) {
            tracing::warn!("the index knows more than the ledger and is built anew");
            drop(months);
            return self.clear();
        }
        if progress.lacks(&months.counts()) {
            tracing::warn!("the index lacks events that were in it and is built anew");
            drop(months);
            return self.clear();
        }
        self.ends = progress
            .logs
            .iter()
            .map(|(log, known)| (*log, known.end))
            .collect();
        self.ahead = ahead;
        self.adopt(progress, months);
        Ok(())
    }

    /// Removes what is on disk and begins an empty index.
    fn clear(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let index = &self.index;
        if index
            .why_unavailable()
            .is_none_or(|why| why.contains("opened"))
        {
            index.set_unavailable(Some("it is being built"));
        }
        if let Some(mut months) = index.months().take() {
            // Whatever it says: its files are removed next.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| months.close()));
        }
        Months::clear(&*index.disk, &index.root)?;
        let (months, _) = Months::open(Arc::clone(&index.disk), index.root.clone(), 0)?;
        self.ends.clear();
        self.ahead.clear();
        let progress = Progress {
            places: index.places().mark().to_owned(),
            ..Progress::default()
        };
        self.adopt(progress, months);
        Ok(())
    }

    /// Makes an opened index the one that is searched.
    fn adopt(&self, progress: Progress, months: Months) {
        let index = &self.index;
        let mut searchable = index.searchable_mut();
        *searchable = super::tail::Searchable {
            segments: months.segments(),
            numbers: progress
                .logs
                .iter()
                .map(|(log, known)| (*log, known.number))
                .collect(),
            ..super::tail::Searchable::default()
        };
        let indexed: u64 = searchable
            .segments
            .iter()
            .map(|segment| u64::from(segment.docs))
            .sum();
        drop(searchable);
        index.indexed.store(indexed, Ordering::Relaxed);
        *index.progress() = progress;
        *index.months() = Some(months);
    }

    fn missing(&self) -> Vec<(LogId, u64, u64)> {
        missing_in(&self.shared.view(), &self.ends)
    }

    /// Makes the terms of a range of a log that is read back, or of its beginning when there is something else to do.
    fn read(&mut self, log: LogId, from: u64, to: u64, total: u64) -> Result<(), StoreError> {
        let mut seq = from;
        while seq < to {
            if self.index.raw.is_interrupted() {
                return Ok(());
            }
            self.index.await_room(WAITING_MAX);
            let records = self.shared.records(log, seq..to.min(seq + CHUNK))?;
            if records.is_empty() {
                return Err(StoreError::Damaged(format!(
                    "log {log}: entry {seq} is missing"
                )));
            }
            let number = self.index.number_of(log);
            let mut events = Vec::with_capacity(records.len());
            for record in &records {
                let event = event_of(
                    number,
                    &record.entry,
                    record.person.as_deref(),
                    record.details.as_deref(),
                    &**self.index.places(),
                );
                if let Some(event) = event
                    && !self.is_committed(number, &event)?
                {
                    events.push(event);
                }
            }
            seq += records.len() as u64;
            self.index.add(log, events, seq);
            self.ends.insert(log, seq);
            if total > 0 {
                self.note_done(records.len() as u64);
            }
        }
        Ok(())
    }

    fn note_done(&self, count: u64) {
        let mut rebuilding = self
            .index
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((done, _)) = &mut *rebuilding {
            *done += count;
        }
    }

    /// Whether an event behind the positions was committed all the same, just before a crash.
    fn is_committed(&self, number: u32, event: &TailEvent) -> Result<bool, StoreError> {
        if !self.ahead.contains(&event.month) {
            return Ok(false);
        }
        let months = self.index.months();
        let Some(months) = months.as_ref() else {
            return Ok(false);
        };
        let (time, seq) = (event.event.time, event.event.seq);
        months
            .has(&event.month, &of_log(number), time, seq)
            .map_err(|error| StoreError::engine("reading the index", error))
    }

    /// Makes the terms of what is published, until the store is closed or the index is to be built anew.
    fn follow(&mut self) -> Ended {
        loop {
            match self.index.raw.take() {
                Work::Runs(runs) => {
                    for run in &runs {
                        if self.lacks_before(run) {
                            return Ended::Rebuild;
                        }
                        self.add_run(run);
                        self.index.raw.done();
                    }
                }
                Work::Rebuild => return Ended::Rebuild,
                Work::End => return Ended::Closed,
            }
        }
    }

    /// Whether terms of entries before a run were never made. A position beyond them would hide them for ever.
    fn lacks_before(&self, run: &Run) -> bool {
        let end = self.ends.get(&run.log).copied().unwrap_or_default();
        if run.first > end {
            let log = run.log;
            tracing::error!(%log, end, first = run.first, "the index lacks entries and is built anew");
            self.index
                .set_unavailable(Some("entries are missing and it is being built"));
        }
        run.first > end
    }

    fn add_run(&mut self, run: &Run) {
        let number = self.index.number_of(run.log);
        let events = run.records.iter().filter_map(|record| {
            event_of(
                number,
                &record.entry,
                record.person.as_deref(),
                record.details.as_deref(),
                &**self.index.places(),
            )
        });
        let events: Vec<TailEvent> = events.collect();
        self.index.await_room(WAITING_MAX);
        self.index.add(run.log, events, run.end());
        self.ends.insert(run.log, run.end());
    }
}

/// What each log has beyond what is indexed: from, and to below.
fn missing_in(view: &crate::shared::View, ends: &HashMap<LogId, u64>) -> Vec<(LogId, u64, u64)> {
    let mut missing: Vec<_> = view
        .logs
        .iter()
        .map(|(id, log)| (*id, ends.get(id).copied().unwrap_or_default(), log.size))
        .filter(|(_, from, to)| from < to)
        .collect();
    missing.sort_unstable();
    missing
}

/// An event's terms; `None` for entry 0, which is no event.
pub(super) fn event_of(
    number: u32,
    entry: &[u8],
    person: Option<&[u8]>,
    details: Option<&[u8]>,
    places: &dyn Places,
) -> Option<TailEvent> {
    let document = match Document::read(entry, person, details, places) {
        Ok(document) => document,
        Err(error) => {
            if ledger::entry::Opening::parse(entry).is_err() {
                tracing::error!(%error, "an event can't be indexed");
            }
            return None;
        }
    };
    let count = document
        .facts
        .iter()
        .find(|fact| fact.field == Field::ProducerSeq)
        .and_then(|fact| fact.text.parse().ok());
    let terms = Terms::of(number, &document);
    Some(TailEvent {
        month: month_of(document.time, document.recorded_at),
        signature: Signature::of(&terms),
        event: IndexedEvent {
            time: document.time.as_micros(),
            seq: document.seq,
            count,
            terms,
        },
    })
}

impl Index {
    /// The number that a log's terms begin with.
    fn number_of(&self, log: LogId) -> u32 {
        if let Some(number) = self.searchable().numbers.get(&log) {
            return *number;
        }
        let number = self.progress().number(log);
        self.searchable_mut().numbers.insert(log, number);
        number
    }

    /// Lets searches find events, all of the log below `end`.
    fn add(&self, log: LogId, events: Vec<TailEvent>, end: u64) {
        let mut searchable = self.searchable_mut();
        for event in events {
            searchable.push(log, event);
        }
        searchable.logs.entry(log).or_default().end = end;
        let enough = searchable.waiting >= super::commit::COMMIT_EVENTS;
        drop(searchable);
        if enough {
            self.orders().hurry = true;
        }
        self.commit_changed.notify_all();
    }
}
