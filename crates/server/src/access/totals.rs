//! Bulk reads, counted by key, log and minute.
//!
//! The first read of a window makes its intent durable and the others wait for it; when the minute is over, one entry
//! says how much was read. A read is counted before it is answered, so totals may say more than left, never less.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::json::Value;
use store::LogRef;
use tokio::sync::OnceCell;

use crate::auth::{Caller, Destination, Identity};
use crate::http::HttpError;
use crate::own::{OwnEvent, number};
use crate::server::Server;

/// Most windows kept at once; reads beyond are recorded one by one.
const WINDOWS_MAX: usize = 4_096;
const MINUTE_MICROS: i64 = 60 * 1_000_000;
const OPERATION: &str = "veritrail.tile.read";

/// What was read in bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkKind {
    /// A hash tile.
    Tile,
    /// An entry bundle.
    Bundle,
    /// A checkpoint.
    Checkpoint,
}

impl Window {
    /// Whether nobody is about to make its intent durable.
    fn is_settled(&self) -> bool {
        self.intent.get().is_some() || Arc::strong_count(&self.intent) == 1
    }
}

/// The windows that are open.
#[derive(Debug, Default)]
pub(crate) struct ReadTotals(Mutex<BTreeMap<(String, LogRef), Window>>);

#[derive(Clone, Debug)]
struct Window {
    minute: i64,
    counts: [u64; 3],
    who: Identity,
    destination: Destination,
    /// Set once the intent is durable.
    intent: Arc<OnceCell<()>>,
}

impl Server {
    /// Records a bulk read: returns when its intent is durable.
    pub(crate) async fn record_bulk_read(
        &self,
        caller: &Caller,
        log: LogRef,
        kind: BulkKind,
    ) -> Result<(), HttpError> {
        let minute = self.clock.monotonic().div_euclid(MINUTE_MICROS);
        let destination = caller.destination(log, &self.instance);
        let Some(intent) = self.totals.count(caller, log, kind, minute, &destination) else {
            // Too many windows: this read gets a record of its own.
            return self.record_intent(caller, log, &destination).await;
        };
        intent
            .get_or_try_init(|| self.record_intent(caller, log, &destination))
            .await?;
        Ok(())
    }

    async fn record_intent(
        &self,
        caller: &Caller,
        log: LogRef,
        to: &Destination,
    ) -> Result<(), HttpError> {
        let id = log.log().to_string();
        let mut event = OwnEvent::new(OPERATION, caller.actor(), "log");
        event.resource_id = Some(&id);
        event.resource_name = Some(log.kind().name());
        event.metadata = vec![("phase", Value::string("intent"))];
        self.record_read(to, &event).await
    }

    /// Records the totals of every window whose minute is over.
    pub(crate) async fn flush_ended_totals(&self) {
        let now = self.clock.monotonic().div_euclid(MINUTE_MICROS);
        self.flush_totals(|window| window.minute != now).await;
    }

    /// Records the totals of every window, at shutdown.
    pub(crate) async fn flush_all_totals(&self) {
        self.flush_totals(|_| true).await;
    }

    async fn flush_totals(&self, ended: impl Fn(&Window) -> bool) {
        for (key, log, window) in self.totals.take(ended) {
            if window.intent.get().is_none() {
                continue;
            }
            if let Err(error) = self.record_totals(log, &window).await {
                tracing::warn!(error = %error, "the totals of a bulk read are recorded later");
                self.totals.put_back(key, log, window);
            }
        }
    }

    async fn record_totals(&self, log: LogRef, window: &Window) -> Result<(), HttpError> {
        let id = log.log().to_string();
        let mut event = OwnEvent::new(OPERATION, window.who.actor(), "log");
        event.resource_id = Some(&id);
        event.resource_name = Some(log.kind().name());
        let [tiles, bundles, checkpoints] = window.counts;
        event.metadata = vec![
            ("phase", Value::string("totals")),
            ("tiles", number(tiles)),
            ("bundles", number(bundles)),
            ("checkpoints", number(checkpoints)),
        ];
        self.record(&window.destination, &event).await
    }
}

impl ReadTotals {
    /// Counts a read and answers its window's intent; `None` when there are too many windows. A window of an earlier
    /// minute that was not flushed yet goes on counting.
    fn count(
        &self,
        caller: &Caller,
        log: LogRef,
        kind: BulkKind,
        minute: i64,
        destination: &Destination,
    ) -> Option<Arc<OnceCell<()>>> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (caller.key_id().to_owned(), log);
        if !windows.contains_key(&place) && windows.len() >= WINDOWS_MAX {
            return None;
        }
        let window = windows.entry(place).or_insert_with(|| Window {
            minute,
            counts: [0; 3],
            who: caller.who(),
            destination: destination.clone(),
            intent: Arc::default(),
        });
        window.counts[kind as usize] += 1;
        Some(Arc::clone(&window.intent))
    }

    fn take(&self, ended: impl Fn(&Window) -> bool) -> Vec<(String, LogRef, Window)> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, kept): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut *windows)
            .into_iter()
            .partition(|(_, window)| ended(window) && window.is_settled());
        *windows = kept;
        let taken = taken.into_iter();
        taken
            .map(|((key, log), window)| (key, log, window))
            .collect()
    }

    fn put_back(&self, key: String, log: LogRef, window: Window) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = window.counts;
        let again = windows.entry((key, log)).or_insert(Window {
            counts: [0; 3],
            ..window
        });
        for (sum, count) in again.counts.iter_mut().zip(counts) {
            *sum += count;
        }
    }
}
