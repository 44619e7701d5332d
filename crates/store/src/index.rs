//! The contract of an event index: how events are found. Derived from the ledger, and rebuilt from it at any time.
//! Every line here is proved by [`crate::conformance`] and the shared query cases for every store.
//!
//! * **Visibility.** A search never misses an event that was acknowledged before it began.
//! * **Judge.** An event is found exactly when [`query::evaluate::matches`] says so of its [`query::Document`].
//!   Entry 0 of a log is no event and never found.
//! * **Places.** Documents are read with [`EventIndex::places`]. What is known of an address may be another thing after a
//!   restart; then every answer is of the new.
//! * **Order.** By the event's time, then by seq; newest or oldest first. Going on behind a place answers exactly what
//!   follows it.
//! * **Pinning.** Nothing at or beyond `size` is found, so that pages of one search agree while writes go on.
//! * **Isolation.** A call names one log of one tenant and sees nothing of any other, in counts and values neither.
//! * **Bounds.** A call that would read too much answers a shorter page with a place to go on from, or
//!   [`StoreError::TooBroad`](crate::StoreError::TooBroad); it never runs without end.
//! * **Failure.** While the index is damaged or being rebuilt, every call answers
//!   [`StoreError::IndexUnavailable`](crate::StoreError::IndexUnavailable); the ledger goes on.

use std::fmt::Debug;
use std::sync::Arc;

use ledger::time::Micros;
use query::{Field, Filter, Places, Viewer};

use crate::contract::Answer;
use crate::record::{LogRef, Record};

/// Most hits of one page.
pub const HITS_MAX: usize = 1_000;
/// Most values of one field that are counted apart.
pub const VALUES_MAX: usize = 1_000;
/// Most fields whose values one call counts.
pub const TOP_FIELDS_MAX: usize = 8;
/// Most buckets of a histogram.
pub const BUCKETS_MAX: usize = 2_000;

/// The index half of a store: how it is found.
pub trait EventIndex: Send + Sync + Debug {
    /// One page of the events that a filter accepts.
    fn search<'a>(&'a self, log: LogRef, search: &'a Search) -> Answer<'a, Page>;

    /// Counts of the events that a filter accepts.
    fn statistics<'a>(&'a self, log: LogRef, asked: &'a Counting) -> Answer<'a, Statistics>;

    /// Values of a field that begin with a text, the most frequent first, with the number of events that have them.
    /// At most `limit` and [`VALUES_MAX`]. Values are folded; those matched whole only are left out.
    fn values<'a>(
        &'a self,
        log: LogRef,
        field: &'a Field,
        prefix: &'a str,
        viewer: Viewer,
        limit: usize,
    ) -> Answer<'a, Vec<ValueCount>>;

    /// What is known of every producer that counts its own events; by id. Pseudonyms and counts stand in entries and
    /// are for every viewer; an id for one who finds any of the counted events by it.
    fn producers(&self, log: LogRef, viewer: Viewer) -> Answer<'_, Vec<ProducerAccount>>;

    /// What says where an event's address is, in searches and to whoever shows the event.
    fn places(&self) -> &Arc<dyn Places>;

    /// How the index is doing.
    fn index_health(&self) -> IndexHealth;

    /// Begins to build the index anew from the ledger, unless that is going on already. Answers at once.
    fn rebuild_index(&self) -> Answer<'_, ()>;
}

/// One page of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Which events.
    pub filter: Filter,
    /// Who asks.
    pub viewer: Viewer,
    /// In which order.
    pub order: Order,
    /// The last hit of the page before; `None` for the first page.
    pub after: Option<Place>,
    /// Events from this seq on are left out.
    pub size: u64,
    /// Most hits, at most [`HITS_MAX`].
    pub limit: usize,
}

/// Which end of time comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Latest time first, then highest seq.
    Newest,
    /// Earliest time first, then lowest seq.
    Oldest,
}

/// Where an event stands in the order of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The event's time: the producer's, or ours where it named none.
    pub time: Micros,
    /// Its seq.
    pub seq: u64,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The hits in order.
    pub hits: Vec<Hit>,
    /// Where to go on; `None` when nothing follows. A page with fewer hits than asked for may have one, when there was
    /// much to look through.
    pub next: Option<Place>,
}

/// One event that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the order.
    pub place: Place,
    /// The stored bytes.
    pub record: Record,
}

/// What to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// Which events.
    pub filter: Filter,
    /// Who asks.
    pub viewer: Viewer,
    /// Events from this seq on are left out.
    pub size: u64,
    /// Counts over time, if any are wanted.
    pub histogram: Option<Interval>,
    /// Fields whose most frequent values are wanted, at most [`TOP_FIELDS_MAX`].
    pub top: Vec<Field>,
    /// Most values of each, at most [`VALUES_MAX`].
    pub limit: usize,
}

/// How wide the buckets of a histogram are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Microseconds, aligned to 1970-01-05T00:00:00Z, a Monday. Made wider, doubling, until there are at most
    /// [`BUCKETS_MAX`] buckets.
    Micros(i64),
    /// The narrowest usual width that makes at most so many buckets.
    Auto {
        /// Most buckets, from 1 to [`BUCKETS_MAX`].
        buckets_max: usize,
    },
}

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Events that the filter accepts.
    pub total: u64,
    /// Time of the earliest of them.
    pub earliest: Option<Micros>,
    /// Time of the latest of them.
    pub latest: Option<Micros>,
    /// Width of the buckets in microseconds; 0 without a histogram.
    pub interval: i64,
    /// Buckets that hold events, by the time they begin.
    pub histogram: Vec<(Micros, u64)>,
    /// The most frequent values, for each field in the order asked; equally frequent ones in the order of their text.
    pub top: Vec<Vec<ValueCount>>,
}

/// A folded value and the number of events that have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// Events.
    pub count: u64,
}

/// What is known of a producer that counts its own events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerAccount {
    /// The producer's id as it was first sent; `None` when the parts that say it are gone.
    pub id: Option<String>,
    /// Its pseudonym.
    pub reference: String,
    /// Events of it that bear a count.
    pub events: u64,
    /// The highest count.
    pub highest: u64,
    /// Counts from 1 to the highest that no event bears.
    pub missing: u64,
    /// The first ranges of them, at most [`GAPS_MAX`], ends included.
    pub gaps: Vec<(u64, u64)>,
    /// Events recorded after one with a higher count.
    pub late: u64,
    /// Events whose count another event bears, too.
    pub doubled: u64,
    /// When the last of its events was recorded.
    pub last_recorded_at: Micros,
}

/// Most ranges of missing counts that are listed for one producer.
pub const GAPS_MAX: usize = 100;

/// How an index is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexHealth {
    /// Why searches are refused, if they are.
    pub unavailable: Option<String>,
    /// Events in the index.
    pub indexed: u64,
    /// Acknowledged events that are searched in memory until they are indexed.
    pub waiting: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// While it is being rebuilt: events done, and events there are.
    pub rebuilding: Option<(u64, u64)>,
}

/// Widths that people read easily, in seconds.
const WIDTHS: [i64; 17] = [
    1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200,
    7_257_600, 31_449_600,
];
const SECOND: i64 = 1_000_000;
/// The first Monday of 1970.
const MONDAY: i64 = 4 * 86_400 * SECOND;

impl Interval {
    /// The width in microseconds for events between two times.
    pub fn width(self, earliest: Micros, latest: Micros) -> i64 {
        let fits = |width: i64, most: usize| {
            let buckets = (index_of(latest, width) - index_of(earliest, width)).unsigned_abs() + 1;
            usize::try_from(buckets).is_ok_and(|buckets| buckets <= most)
        };
        let (mut width, most) = match self {
            Self::Micros(width) => (width.max(1), BUCKETS_MAX),
            Self::Auto { buckets_max } => {
                let most = buckets_max.clamp(1, BUCKETS_MAX);
                let usual = WIDTHS.iter().map(|seconds| seconds * SECOND);
                let last = WIDTHS.last().map_or(SECOND, |seconds| seconds * SECOND);
                (
                    usual
                        .into_iter()
                        .find(|width| fits(*width, most))
                        .unwrap_or(last),
                    most,
                )
            }
        };
        // At most 63 times. What lies on both sides of the first Monday never fits into one bucket.
        while !fits(width, most) && width < i64::MAX / 2 {
            width = width.saturating_mul(2);
        }
        width
    }
}

/// When the bucket of this width begins that holds `time`.
pub fn bucket_of(time: Micros, width: i64) -> Micros {
    Micros::from_micros(index_of(time, width) * width + MONDAY)
}

fn index_of(time: Micros, width: i64) -> i64 {
    (time.as_micros() - MONDAY).div_euclid(width)
}

impl Order {
    /// Whether `place` comes after `other` in this order.
    pub fn is_after(self, place: Place, other: Place) -> bool {
        match self {
            Self::Newest => place < other,
            Self::Oldest => place > other,
        }
    }
}
