//! One page of a search.
//!
//! Promises: every hit is read from the ledger and judged by the evaluator before it is answered; an index that named
//! one wrongly is reported and built anew. A page looks at no more than [`JUDGED_MAX`] records and ends when its
//! budget does, with a place to go on from.

use std::sync::atomic::Ordering;

use ledger::name::LogId;
use query::document::Viewer;
use query::{Document, Filter, Places};
use store::index::{HITS_MAX, Hit, Page, Place, Search};
use store::{Record, StoreError};

use super::budget::Budget;
use super::condition::{Compiled, Condition, Context, every};
use super::segment::SegmentView;
use super::terms;
use super::walk::Walk;
use super::{Index, unavailable};
use crate::run::Run;
use crate::shared::Shared;

/// Records that one page looks at where the index can't decide alone.
const JUDGED_MAX: usize = 20_000;
/// Events that a page looks at before their terms are made: about a batch, and as fast as waiting for them.
const RAW_MAX: u64 = 1_024;
/// Records read beyond those that are probably needed.
const CHUNK_SPARE: usize = 4;
/// Records read at once.
const CHUNK_MAX: usize = 256;

impl Shared {
    /// Answers one page; the caller has checked that the log is the tenant's.
    pub(crate) fn search(
        &self,
        log: LogId,
        search: &Search,
        budget: &Budget,
    ) -> Result<Page, StoreError> {
        let mut raw = self.index.await_published(log, RAW_MAX)?;
        let compile = || self.compile(log, &search.filter, search.viewer, search.size);
        let mut compiled = compile()?;
        if compiled.is_none() && !raw.is_empty() {
            // The first events of a log, which gets its number with their terms.
            raw = self.index.await_published(log, 0)?;
            compiled = compile()?;
        }
        let Some(compiled) = compiled else {
            return Ok(Page {
                hits: Vec::new(),
                next: None,
            });
        };
        // In this order: what leaves one place has come to the next before. What is met twice counts once.
        let raw = raw_matches(&raw, search, budget, &**self.index.places())?;
        let (waiting, segments) = self.index.snapshot(log)?;
        let segments = segments.iter().map(AsRef::<SegmentView>::as_ref);
        let walk = Walk::new(
            search.order,
            &compiled.condition,
            budget,
            search.after,
            segments,
            &waiting,
            raw,
        );
        self.collect(log, search, &compiled, walk, budget)
    }

    fn collect(
        &self,
        log: LogId,
        search: &Search,
        compiled: &Compiled,
        mut walk: Walk<'_>,
        budget: &Budget,
    ) -> Result<Page, StoreError> {
        let limit = search.limit.clamp(1, HITS_MAX);
        let mut hits: Vec<Hit> = Vec::with_capacity(limit.min(CHUNK_MAX));
        let mut waiting: Vec<Place> = Vec::new();
        let mut judged = 0;
        let mut seen = None;
        // Where the index can't decide alone it is mostly right: a little more than is wanted, more when it isn't.
        let mut chunk_size = limit.clamp(16, CHUNK_MAX);
        loop {
            let wanted = if compiled.exact {
                limit - hits.len() + 1
            } else {
                chunk_size + 1
            };
            while waiting.len() < wanted {
                let group = walk
                    .next_group()
                    .map_err(|error| self.index.damaged(&error.to_string()))?;
                if budget.is_over() {
                    return unfinished(hits, seen, budget);
                }
                if group.is_empty() {
                    break;
                }
                waiting.extend(group);
            }
            let at_end = waiting.len() < wanted;
            let take = if compiled.exact {
                waiting.len().min(limit - hits.len())
            } else {
                waiting.len().min(chunk_size)
            };
            let chunk: Vec<Place> = waiting.drain(..take).collect();
            judged += chunk.len();
            let last = chunk.last().copied();
            for (place, record) in self.records_at(log, &chunk)? {
                if budget.is_over() {
                    return unfinished(hits, seen, budget);
                }
                seen = Some(place);
                if self.is_hit(
                    place,
                    &record,
                    &search.filter,
                    search.viewer,
                    compiled.exact,
                )? {
                    hits.push(Hit { place, record });
                    if hits.len() == limit {
                        let more = !waiting.is_empty() || !at_end || last != Some(place);
                        return Ok(Page {
                            next: more.then_some(place),
                            hits,
                        });
                    }
                }
            }
            // As many as are needed if the rest is like what was seen, and some more.
            let missing = limit - hits.len();
            chunk_size = (missing * judged / hits.len().max(1) + CHUNK_SPARE).min(CHUNK_MAX);
            if waiting.is_empty() && at_end {
                return Ok(Page { hits, next: None });
            }
            if judged >= JUDGED_MAX {
                return Ok(Page { hits, next: last });
            }
        }
    }

    /// Reads the records of some places, neighbours together; answers in the order asked.
    pub(super) fn records_at(
        &self,
        log: LogId,
        places: &[Place],
    ) -> Result<Vec<(Place, Record)>, StoreError> {
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_unstable_by_key(|index| places.get(*index).map(|place| place.seq));
        let mut found: Vec<Option<Record>> = vec![None; places.len()];
        for index in order {
            let Some(place) = places.get(index) else {
                continue;
            };
            let record = self.record(log, place.seq)?;
            if let Some(slot) = found.get_mut(index) {
                *slot = record;
            }
        }
        let mut records = Vec::with_capacity(places.len());
        for (place, record) in places.iter().zip(found) {
            let Some(record) = record else {
                return Err(self
                    .index
                    .damaged("it names an entry that the ledger does not have"));
            };
            records.push((*place, record));
        }
        Ok(records)
    }

    /// Asks the evaluator.
    pub(super) fn is_hit(
        &self,
        place: Place,
        record: &Record,
        filter: &Filter,
        viewer: Viewer,
        exact: bool,
    ) -> Result<bool, StoreError> {
        let document = Document::read(
            &record.entry,
            record.person.as_deref(),
            record.details.as_deref(),
            &**self.index.places(),
        );
        let document =
            document.map_err(|_| self.index.damaged("it names an entry that is no event"))?;
        let accepted = query::evaluate::matches(filter, &document, viewer);
        if document.time != place.time || (exact && !accepted) {
            return self.index.doubt();
        }
        Ok(accepted)
    }

    /// The condition of a filter for one log; `None` when nothing of the log is indexed.
    pub(super) fn compile(
        &self,
        log: LogId,
        filter: &Filter,
        viewer: Viewer,
        size: u64,
    ) -> Result<Option<Compiled>, StoreError> {
        let Some(number) = self.index.searchable().numbers.get(&log).copied() else {
            return Ok(None);
        };
        let Some(last) = size.checked_sub(1) else {
            return Ok(None);
        };
        let seq_of = |micros: i64| self.seq_recorded_at(log, micros);
        let context = Context {
            log: number,
            viewer,
            seq_of: &seq_of,
        };
        let compiled = context.compile(filter)?;
        let mut parts = vec![Condition::Seq(0, last)];
        // Looking up a term costs; one that says nothing new is left out.
        if !compiled.condition.is_of_one_log() {
            parts.push(Condition::Term(terms::of_log(number)));
        }
        parts.push(compiled.condition);
        Ok(Some(Compiled {
            condition: every(parts),
            exact: compiled.exact,
        }))
    }

    /// The first seq that was recorded at or after a time; the log's size when there is none.
    fn seq_recorded_at(&self, log: LogId, micros: i64) -> Result<u64, StoreError> {
        let size = self.view().logs.get(&log).map_or(0, |view| view.size);
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = u64::midpoint(low, high);
            let record = self.record(log, middle)?.ok_or(StoreError::NotFound)?;
            let at = crate::packer::time_of(&record.entry).unwrap_or_default();
            if at.as_micros() >= micros {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }
}

/// What a page answers whose budget is over: what was found, and where to go on.
fn unfinished(hits: Vec<Hit>, seen: Option<Place>, budget: &Budget) -> Result<Page, StoreError> {
    if seen.is_none() || budget.goes_on_elsewhere() {
        return Err(StoreError::TooBroad);
    }
    Ok(Page { hits, next: seen })
}

/// Where events without terms are that meet the filter.
///
/// An event may be half a megabyte of parts, so that these count against the budget, too.
fn raw_matches(
    runs: &[Run],
    search: &Search,
    budget: &Budget,
    places: &dyn Places,
) -> Result<Vec<Place>, StoreError> {
    let visible = |run: &Run| run.first..search.size;
    let records = runs
        .iter()
        .flat_map(|run| visible(run).zip(run.records.iter()));
    let mut matching = Vec::new();
    for (seq, record) in records {
        budget.check()?;
        let document = Document::read(
            &record.entry,
            record.person.as_deref(),
            record.details.as_deref(),
            places,
        );
        // Entry 0 is no event, and what can't be read is not indexed either.
        let Ok(document) = document else { continue };
        if query::evaluate::matches(&search.filter, &document, search.viewer) {
            let time = document.time;
            matching.push(Place { time, seq });
        }
    }
    Ok(matching)
}

impl Index {
    /// An event was named that should not have been: the index is built anew, once. If that does not help, the index
    /// is not damaged but wrong; the event is left out and the rest of the answer stands.
    fn doubt(&self) -> Result<bool, StoreError> {
        let what = "it named an event that was not asked for";
        if !self.doubted.swap(true, Ordering::Relaxed) {
            return Err(self.damaged(what));
        }
        tracing::error!(
            "the index is not to be trusted: {what}; events that it does not name are missed, please report this"
        );
        Ok(false)
    }

    /// Reports damage and answers what the caller is told.
    pub(crate) fn damaged(&self, error: &str) -> StoreError {
        self.report_damage(error);
        unavailable("it was damaged and is being built anew".to_owned())
    }
}
