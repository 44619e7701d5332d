//! Counting: totals, counts over time, the most frequent values.
//!
//! Promises: counts are exact. Documents lie in order of time, so that a bucket is a range of bits; a value's count is
//! what its postings and the chosen documents have in common. Where the index can't decide alone, at most
//! [`JUDGED_MAX`] records are read.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use ledger::name::LogId;
use ledger::time::Micros;
use query::document::{Access, Viewer};
use query::field::{Field, Side};
use store::StoreError;
use store::index::{
    Counting, Interval, Place, Statistics, TOP_FIELDS_MAX, VALUES_MAX, ValueCount, bucket_of,
};
use tantivy::postings::SegmentPostings;
use tantivy::{DocId, DocSet, TERMINATED};

use super::budget::Budget;
use super::condition::{Compiled, accesses};
use super::docs::{Bits, Docs};
use super::schema::IndexedEvent;
use super::segment::{IndexResult, SegmentView};
use super::tail::{Waiting, place_of};
use super::terms;
use crate::shared::Shared;

/// Records that one count looks at where the index can't decide alone.
const JUDGED_MAX: usize = 100_000;
/// Records read at once.
const CHUNK: usize = 256;
/// Lists this many times longer than the chosen documents are leapt through instead of read.
const LEAP_FACTOR: u64 = 16;

/// The chosen documents of one segment.
struct Chosen {
    segment: Arc<SegmentView>,
    bits: Bits,
    count: u64,
}

/// Everything chosen.
struct Choice<'a> {
    segments: Vec<Chosen>,
    tail: Vec<&'a IndexedEvent>,
}

impl Shared {
    /// Counts; the caller has checked that the log is the tenant's.
    pub(crate) fn statistics(
        &self,
        log: LogId,
        asked: &Counting,
        budget: &Budget,
    ) -> Result<Statistics, StoreError> {
        self.index.await_published(log, 0)?;
        let Some(compiled) = self.compile(log, &asked.filter, asked.viewer, asked.size)? else {
            let top = vec![Vec::new(); asked.top.len()];
            return Ok(Statistics {
                top,
                ..Statistics::default()
            });
        };
        let (waiting, segments) = self.index.snapshot(log)?;
        let choice = self.choose(log, asked, &compiled, &waiting, segments, budget)?;
        let damaged = |error: tantivy::TantivyError| self.index.damaged(&error.to_string());
        let mut statistics = choice.totals();
        if let (Some(interval), Some(earliest), Some(latest)) =
            (asked.histogram, statistics.earliest, statistics.latest)
        {
            choice.histogram(interval, earliest, latest, &mut statistics);
        }
        let number = self
            .index
            .searchable()
            .numbers
            .get(&log)
            .copied()
            .unwrap_or_default();
        for field in asked.top.iter().take(TOP_FIELDS_MAX) {
            let counts = choice
                .values(number, field, asked.viewer, budget)
                .map_err(damaged)?;
            budget.check()?;
            statistics.top.push(most_frequent(counts, asked.limit));
        }
        Ok(statistics)
    }

    fn choose<'a>(
        &self,
        log: LogId,
        asked: &Counting,
        compiled: &'a Compiled,
        waiting: &'a Waiting,
        segments: Vec<Arc<SegmentView>>,
        budget: &Budget,
    ) -> Result<Choice<'a>, StoreError> {
        let damaged = |error: tantivy::TantivyError| self.index.damaged(&error.to_string());
        let mut tail: Vec<&IndexedEvent> = waiting.matching(&compiled.condition).collect();
        let mut left = JUDGED_MAX;
        if !compiled.exact {
            let places: Vec<Place> = tail.iter().map(|event| place_of(event)).collect();
            let accepted = self.judge(log, asked, &places, &mut left, budget)?;
            let mut accepted = accepted.into_iter();
            tail.retain(|_| accepted.next().unwrap_or_default());
        }
        let mut chosen = Vec::new();
        for segment in segments {
            let mut bits = Bits::new(segment.docs);
            let docs = Docs::of(&segment, &compiled.condition, budget);
            docs.map_err(damaged)?.gather(&mut bits, budget);
            budget.check()?;
            if !compiled.exact {
                bits = self.judge_segment(log, asked, &segment, &bits, &mut left, budget)?;
            }
            let count = bits.count(0, segment.docs);
            if count > 0 {
                chosen.push(Chosen {
                    segment,
                    bits,
                    count,
                });
            }
        }
        Ok(Choice {
            segments: chosen,
            tail,
        })
    }

    fn judge_segment(
        &self,
        log: LogId,
        asked: &Counting,
        segment: &SegmentView,
        candidates: &Bits,
        left: &mut usize,
        budget: &Budget,
    ) -> Result<Bits, StoreError> {
        let mut bits = Bits::new(segment.docs);
        let mut docs = Vec::with_capacity(CHUNK);
        let mut doc = candidates.seek(0);
        loop {
            if doc != TERMINATED {
                docs.push(doc);
                doc = candidates.seek(doc + 1);
            }
            if docs.len() >= CHUNK || doc == TERMINATED {
                let places: Vec<Place> = docs
                    .iter()
                    .map(|doc| Place {
                        time: Micros::from_micros(segment.time(*doc)),
                        seq: segment.seq(*doc),
                    })
                    .collect();
                let accepted = self.judge(log, asked, &places, left, budget)?;
                for (doc, _) in docs
                    .drain(..)
                    .zip(accepted)
                    .filter(|(_, accepted)| *accepted)
                {
                    bits.insert(doc);
                }
                if doc == TERMINATED {
                    return Ok(bits);
                }
            }
        }
    }

    fn judge(
        &self,
        log: LogId,
        asked: &Counting,
        places: &[Place],
        left: &mut usize,
        budget: &Budget,
    ) -> Result<Vec<bool>, StoreError> {
        *left = left.checked_sub(places.len()).ok_or(StoreError::TooBroad)?;
        let records = self.records_at(log, places)?;
        records
            .iter()
            .map(|(place, record)| {
                budget.check()?;
                self.is_hit(*place, record, &asked.filter, asked.viewer, false)
            })
            .collect()
    }
}

impl Docs<'_> {
    /// Puts every document into a bit set, until the budget is over.
    fn gather(&mut self, bits: &mut Bits, budget: &Budget) {
        if let Self::Postings(postings) = self {
            bits.insert_all(postings);
            return;
        }
        if let Self::Range(from, to) = self {
            bits.insert_range(*from, *to);
            return;
        }
        let mut doc = self.seek(0);
        while doc != TERMINATED && !budget.is_over() {
            bits.insert(doc);
            doc = self.seek(doc + 1);
        }
    }
}

impl Choice<'_> {
    fn totals(&self) -> Statistics {
        let mut statistics = Statistics {
            total: self.tail.len() as u64,
            ..Statistics::default()
        };
        let mut times: Vec<i64> = self.tail.iter().map(|event| event.time).collect();
        for chosen in &self.segments {
            statistics.total += chosen.count;
            // The latest lies first.
            times.push(chosen.segment.time(chosen.bits.seek(0)));
            if let Some(last) = chosen.bits.last_below(chosen.segment.docs) {
                times.push(chosen.segment.time(last));
            }
        }
        statistics.earliest = times.iter().min().map(|time| Micros::from_micros(*time));
        statistics.latest = times.iter().max().map(|time| Micros::from_micros(*time));
        statistics
    }

    fn histogram(
        &self,
        interval: Interval,
        earliest: Micros,
        latest: Micros,
        statistics: &mut Statistics,
    ) {
        let width = interval.width(earliest, latest);
        let mut buckets: BTreeMap<Micros, u64> = BTreeMap::new();
        for event in &self.tail {
            let time = Micros::from_micros(event.time);
            *buckets.entry(bucket_of(time, width)).or_default() += 1;
        }
        for chosen in &self.segments {
            let segment = &chosen.segment;
            let mut doc = chosen.bits.seek(0);
            while doc != TERMINATED {
                let bucket = bucket_of(Micros::from_micros(segment.time(doc)), width);
                let (_, end) = segment.range(bucket.as_micros(), i64::MAX);
                *buckets.entry(bucket).or_default() += chosen.bits.count(doc, end);
                doc = chosen.bits.seek(end.max(doc + 1));
            }
        }
        statistics.interval = width;
        statistics.histogram = buckets.into_iter().collect();
    }

    /// How many chosen events have each value of a field.
    fn values(
        &self,
        number: u32,
        field: &Field,
        viewer: Viewer,
        budget: &Budget,
    ) -> IndexResult<HashMap<String, u64>> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        let prefixes = prefixes_of(number, field, viewer);
        for event in &self.tail {
            let mut values: Vec<String> = prefixes
                .iter()
                .flat_map(|prefix| values_in(event, prefix, field))
                .collect();
            values.sort_unstable();
            values.dedup();
            for value in values {
                *counts.entry(value).or_default() += 1;
            }
        }
        for chosen in &self.segments {
            // A change may have the same value before and after: one event all the same.
            let mut both: HashMap<String, Vec<DocId>> = HashMap::new();
            let several = is_of_either_side(field);
            for prefix in &prefixes {
                let to = terms::behind(prefix);
                chosen
                    .segment
                    .for_each_term(prefix, &to, |term, frequency, mut postings| {
                        let value = text_of(field, term.get(prefix.len()..).unwrap_or_default());
                        if budget.is_over() {
                            return false;
                        }
                        if several {
                            let docs = both.entry(value).or_default();
                            chosen.for_each_common(&mut postings, |doc| docs.push(doc));
                            return true;
                        }
                        let count = if chosen.count == u64::from(chosen.segment.docs) {
                            u64::from(frequency)
                        } else {
                            let mut count = 0;
                            chosen.for_each_common(&mut postings, |_| count += 1);
                            count
                        };
                        if count > 0 {
                            *counts.entry(value).or_default() += count;
                        }
                        true
                    })?;
            }
            add_once(both, &mut counts);
        }
        Ok(counts)
    }
}

impl Chosen {
    /// Calls `visit` with every chosen document of a list.
    fn for_each_common(&self, postings: &mut SegmentPostings, mut visit: impl FnMut(u32)) {
        if u64::from(postings.doc_freq()) > self.count.saturating_mul(LEAP_FACTOR) {
            let mut doc = self.bits.seek(0);
            while doc != TERMINATED {
                let found = if postings.doc() < doc {
                    postings.seek(doc)
                } else {
                    postings.doc()
                };
                if found == TERMINATED {
                    return;
                }
                if found == doc {
                    visit(doc);
                }
                doc = self.bits.seek(found.max(doc + 1));
            }
            return;
        }
        let mut doc = postings.doc();
        while doc != TERMINATED {
            if self.bits.has(doc) {
                visit(doc);
            }
            doc = postings.advance();
        }
    }
}

/// Adds each value as often as there are documents that have it, however often one has it.
pub(super) fn add_once(
    docs_by_value: HashMap<String, Vec<DocId>>,
    counts: &mut HashMap<String, u64>,
) {
    for (value, mut docs) in docs_by_value {
        docs.sort_unstable();
        docs.dedup();
        if !docs.is_empty() {
            *counts.entry(value).or_default() += docs.len() as u64;
        }
    }
}

/// Whether one event may have a value of the field twice.
pub(super) fn is_of_either_side(field: &Field) -> bool {
    matches!(
        field,
        Field::Change {
            side: Side::Either,
            ..
        }
    )
}

/// What the terms of a field's values begin with, as far as the viewer may count them.
pub(super) fn prefixes_of(number: u32, field: &Field, viewer: Viewer) -> Vec<Vec<u8>> {
    let fields = match field {
        Field::Change {
            name,
            side: Side::Either,
        } => [Side::Before, Side::After]
            .map(|side| Field::Change {
                name: name.clone(),
                side,
            })
            .to_vec(),
        field => vec![field.clone()],
    };
    let mut prefixes = Vec::new();
    for field in &fields {
        for access in accesses(field) {
            if viewer == Viewer::Whole || *access == Access::Open {
                prefixes.push(terms::values_of(number, *access, field));
            }
        }
    }
    prefixes
}

/// The values of an event under a prefix.
pub(super) fn values_in(event: &IndexedEvent, prefix: &[u8], field: &Field) -> Vec<String> {
    let first = event.terms.lower_bound(prefix);
    (first..event.terms.len())
        .map(|index| event.terms.get(index))
        .take_while(|term| term.starts_with(prefix))
        .map(|term| text_of(field, term.get(prefix.len()..).unwrap_or_default()))
        .collect()
}

/// A value as people read it.
pub(super) fn text_of(field: &Field, value: &[u8]) -> String {
    if *field == Field::Ip
        && let Ok(octets) = <[u8; 16]>::try_from(value)
    {
        return IpAddr::V6(Ipv6Addr::from(octets))
            .to_canonical()
            .to_string();
    }
    String::from_utf8_lossy(value).into_owned()
}

/// The most frequent values; equally frequent ones in the order of their text.
pub(super) fn most_frequent(counts: HashMap<String, u64>, limit: usize) -> Vec<ValueCount> {
    let mut counts: Vec<ValueCount> = counts
        .into_iter()
        .map(|(value, count)| ValueCount { value, count })
        .collect();
    counts.sort_unstable_by(|left, right| {
        right
            .count
            .cmp(&left.count)
            .then_with(|| left.value.cmp(&right.value))
    });
    counts.truncate(limit.min(VALUES_MAX));
    counts
}
