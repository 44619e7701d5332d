//! The index half: terms of every event in tantivy's inverted index, one for each month of event time, and in memory
//! until they are there. docs/formats/index.md, docs/adr/0012.
//!
//! ```text
//! writer ──publish──► raw runs ──terms thread──► tail ──commit thread──► months' segments
//!                                                  └────── Searchable: what searches read, under one lock ──────┘
//! ```
//! Promises: a search waits until the terms of everything acknowledged before it are made, so it never misses an
//! event; the index is derived and never trusted (every hit is read from the ledger and judged again before it is
//! shown); whatever happens to it, writing and reading by id go on. Must never: hold up the writer for longer than
//! [`Raw`]'s limits say, or block a search on the disk while it holds the lock.

mod budget;
mod checked;
mod commit;
mod condition;
mod count;
mod directory;
mod docs;
mod months;
mod page;
mod pool;
mod producers;
mod progress;
mod raw;
mod rebuild;
mod schema;
mod segment;
mod signature;
mod tail;
mod terms;
mod values;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::time::Duration;

use keys::durable::{Disk, Secrecy};
use ledger::name::LogId;
use query::Places;
use store::StoreError;
use store::index::IndexHealth;

pub(crate) use budget::Budget;
pub(crate) use commit::run as commit;
use months::Months;
pub(crate) use pool::SearchPool;
use progress::Progress;
use raw::Raw;
pub(crate) use rebuild::run as make_terms;
use segment::SegmentView;
use tail::{Searchable, Waiting};

use crate::run::Run;

/// When a caller that finds the index unavailable may try again.
const RETRY_AFTER_MS: u64 = 2_000;

/// How long a search waits for the index to become available.
const PATIENCE: Duration = Duration::from_secs(1);

/// The index of a store. Shared by the writer, the two threads of the index, and searches.
#[derive(Debug)]
pub(crate) struct Index {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    /// What documents are read with.
    places: Arc<dyn Places>,
    raw: Raw,
    searchable: RwLock<Searchable>,
    /// Numbers of logs and how far they are committed. Locked before `months`.
    progress: Mutex<Progress>,
    /// Segments and writers; locked for as long as a commit takes.
    months: Mutex<Option<Months>>,
    /// Why searches are refused.
    unavailable: Mutex<Option<String>>,
    available_changed: Condvar,
    /// Asks the commit thread for a commit, or to end.
    commit: Mutex<CommitOrders>,
    commit_changed: Condvar,
    rebuilding: Mutex<Option<(u64, u64)>>,
    /// Whether it was built anew because it named a wrong event.
    doubted: AtomicBool,
    indexed: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct CommitOrders {
    /// Commit without waiting for more.
    hurry: bool,
    /// No event follows: commit and end.
    last: bool,
    ended: bool,
}

impl Index {
    /// An index under `root`. What is there is opened by the terms thread, which finds out what is missing.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        root: PathBuf,
        places: Arc<dyn Places>,
    ) -> std::io::Result<Self> {
        disk.create_dir_all(&root, Secrecy::Secret)?;
        Ok(Self {
            disk,
            root,
            places,
            raw: Raw::default(),
            searchable: RwLock::default(),
            progress: Mutex::default(),
            months: Mutex::new(None),
            unavailable: Mutex::new(Some("it is being opened".to_owned())),
            available_changed: Condvar::new(),
            commit: Mutex::default(),
            commit_changed: Condvar::new(),
            rebuilding: Mutex::new(None),
            doubted: AtomicBool::new(false),
            indexed: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }

    /// What says where addresses are.
    pub(crate) fn places(&self) -> &Arc<dyn Places> {
        &self.places
    }

    fn progress_path(&self) -> PathBuf {
        self.root.join("progress")
    }

    fn searchable(&self) -> RwLockReadGuard<'_, Searchable> {
        self.searchable
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn searchable_mut(&self) -> RwLockWriteGuard<'_, Searchable> {
        self.searchable
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn months(&self) -> MutexGuard<'_, Option<Months>> {
        self.months.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn orders(&self) -> MutexGuard<'_, CommitOrders> {
        self.commit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says why searches are refused, or that they aren't.
    pub(crate) fn set_unavailable(&self, why: Option<&str>) {
        *self.why() = why.map(str::to_owned);
        self.available_changed.notify_all();
    }

    fn why(&self) -> MutexGuard<'_, Option<String>> {
        self.unavailable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn why_unavailable(&self) -> Option<String> {
        self.why().clone()
    }

    /// Waits until everything published of a log so far can be searched, but for the last `most` events, which are
    /// answered and have to be looked at as they are.
    fn await_published(&self, log: LogId, most: u64) -> Result<Vec<Run>, StoreError> {
        // Just after a start the index is available in a moment.
        let waited = self
            .available_changed
            .wait_timeout_while(self.why(), PATIENCE, |why| why.is_some());
        let (why, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &*why {
            return Err(unavailable(why.clone()));
        }
        drop(why);
        self.raw
            .await_terms(log, most)
            .ok_or_else(|| unavailable("it has fallen behind".to_owned()))
    }

    /// What can be searched of a log now: what waits in memory, and the segments.
    fn snapshot(&self, log: LogId) -> Result<(Waiting, Vec<Arc<SegmentView>>), StoreError> {
        let searchable = self.searchable();
        let taken = (searchable.waiting_of(log), searchable.segments.clone());
        drop(searchable);
        // Whoever builds the index anew says so before he empties it.
        match &*self.why() {
            Some(why) => Err(unavailable(why.clone())),
            None => Ok(taken),
        }
    }

    /// Takes note of a segment that could not be read: searches are refused until the index is built anew.
    fn report_damage(&self, error: &str) {
        tracing::error!(
            error,
            "the index is damaged and will be built anew; the ledger is not affected"
        );
        self.set_unavailable(Some("it was damaged and is being built anew"));
        self.raw.order_rebuild();
    }

    pub(crate) fn health(&self) -> IndexHealth {
        let rebuilding = *self
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        IndexHealth {
            unavailable: self.why_unavailable(),
            indexed: self.indexed.load(Ordering::Relaxed),
            waiting: self.raw.events() + self.searchable().waiting as u64,
            bytes: self.bytes.load(Ordering::Relaxed),
            rebuilding,
        }
    }

    /// Begins to build the index anew.
    pub(crate) fn rebuild(&self) {
        self.set_unavailable(Some("it is being built anew"));
        self.raw.order_rebuild();
    }

    /// Runs of a frame that has become visible; called under the view's lock.
    pub(crate) fn publish(&self, runs: &[Run]) {
        self.raw.publish(runs);
    }

    /// Holds the writer back while terms are made much more slowly than events come.
    pub(crate) fn pace(&self, monotonic: i64) {
        self.raw.pace(monotonic);
    }

    /// Ends both threads once everything is committed.
    pub(crate) fn close(&self) {
        self.raw.close();
    }
}

fn unavailable(why: String) -> StoreError {
    StoreError::IndexUnavailable {
        why,
        retry_after_ms: RETRY_AFTER_MS,
    }
}
