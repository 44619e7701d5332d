//! Walking over the events that meet a condition, in the order of results, wherever they are.
//!
//! Promises: groups of equal times come whole, sorted by seq, so that the order is the contract's although segments
//! know times only. Segments are opened when their times are reached, so that a first page reads few of them.

use std::collections::VecDeque;

use ledger::time::Micros;
use store::index::{Order, Place};
use tantivy::{DocId, TERMINATED};

use super::budget::Budget;
use super::condition::Condition;
use super::docs::Docs;
use super::segment::{IndexResult, SegmentView};
use super::signature::Probe;
use super::tail::{Chunk, Waiting, place_of};

/// Documents looked through at once when walking from the oldest end; grows while nothing is found.
const FIRST_WINDOW: DocId = 4 * 1_024;
/// How much the window grows.
const WINDOW_GROWTH: u32 = 8;

/// A walk.
pub(crate) struct Walk<'a> {
    order: Order,
    condition: &'a Condition,
    budget: &'a Budget,
    after: Option<Place>,
    /// Not opened yet, in order.
    segments: VecDeque<&'a SegmentView>,
    open: Vec<Source<'a>>,
    /// What waits in memory and was not looked at yet, in order.
    chunks: VecDeque<&'a Chunk>,
    probe: Probe,
    /// What waits in memory and meets the condition, in order.
    tail: VecDeque<Place>,
}

struct Source<'a> {
    segment: &'a SegmentView,
    steps: Steps<'a>,
    /// The next document.
    doc: DocId,
}

enum Steps<'a> {
    Forward(Docs<'a>),
    Backward {
        first: DocId,
        end: DocId,
        window: DocId,
        found: Vec<DocId>,
    },
}

impl<'a> Walk<'a> {
    /// Walks over `segments`, over what waits in memory, and over places in memory that were judged already.
    pub(crate) fn new(
        order: Order,
        condition: &'a Condition,
        budget: &'a Budget,
        after: Option<Place>,
        segments: impl Iterator<Item = &'a SegmentView>,
        waiting: &'a Waiting,
        mut raw: Vec<Place>,
    ) -> Self {
        let mut segments: Vec<_> = segments.filter(|segment| segment.docs > 0).collect();
        let mut chunks: Vec<&Chunk> = waiting.chunks.iter().map(AsRef::as_ref).collect();
        match order {
            Order::Newest => {
                segments.sort_by_key(|segment| std::cmp::Reverse(segment.time(0)));
                chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.times.1));
                raw.sort_unstable_by(|left, right| right.cmp(left));
            }
            Order::Oldest => {
                segments.sort_by_key(|segment| segment.time(segment.docs - 1));
                chunks.sort_by_key(|chunk| chunk.times.0);
                raw.sort_unstable();
            }
        }
        if let Some(after) = after {
            raw.retain(|place| order.is_after(*place, after));
        }
        Self {
            order,
            condition,
            budget,
            after,
            segments: segments.into(),
            open: Vec::new(),
            chunks: chunks.into(),
            probe: Probe::of(condition),
            tail: raw.into(),
        }
    }

    /// The next events, all of one time, in order; empty at the end. When the budget is over afterwards, events may
    /// lack.
    pub(crate) fn next_group(&mut self) -> IndexResult<Vec<Place>> {
        loop {
            let Some(time) = self.next_time()? else {
                return Ok(Vec::new());
            };
            let mut seqs = Vec::new();
            while let Some(place) = self
                .tail
                .front()
                .filter(|place| place.time.as_micros() == time)
            {
                seqs.push(place.seq);
                self.tail.pop_front();
            }
            for source in &mut self.open {
                while source.doc != TERMINATED && source.segment.time(source.doc) == time {
                    seqs.push(source.segment.seq(source.doc));
                    source.advance(self.condition, self.budget)?;
                }
            }
            self.open.retain(|source| source.doc != TERMINATED);
            seqs.sort_unstable();
            seqs.dedup();
            if self.order == Order::Newest {
                seqs.reverse();
            }
            let time = Micros::from_micros(time);
            let places = seqs.into_iter().map(|seq| Place { time, seq });
            let after = self.after;
            let places: Vec<Place> = places
                .filter(|place| after.is_none_or(|after| self.order.is_after(*place, after)))
                .collect();
            if !places.is_empty() {
                return Ok(places);
            }
        }
    }

    /// The time that comes next; opens every chunk and segment that may have it.
    fn next_time(&mut self) -> IndexResult<Option<i64>> {
        loop {
            self.open_chunks();
            let times = self
                .open
                .iter()
                .map(|source| source.segment.time(source.doc));
            let times = times.chain(self.tail.front().map(|place| place.time.as_micros()));
            let best = match self.order {
                Order::Newest => times.max(),
                Order::Oldest => times.min(),
            };
            let Some(segment) = self.segments.front() else {
                return Ok(best);
            };
            let reached = match (self.order, best) {
                (_, None) => true,
                (Order::Newest, Some(best)) => segment.time(0) >= best,
                (Order::Oldest, Some(best)) => segment.time(segment.docs - 1) <= best,
            };
            if !reached {
                return Ok(best);
            }
            if let Some(segment) = self.segments.pop_front() {
                self.open_segment(segment)?;
            }
        }
    }

    /// Looks through chunks until no other has an event that comes before those found.
    fn open_chunks(&mut self) {
        while let Some(chunk) = self.chunks.front() {
            if self.budget.is_over() {
                return;
            }
            let first = self.tail.front().map(|place| place.time.as_micros());
            let reached = match (self.order, first) {
                (_, None) => true,
                (Order::Newest, Some(first)) => chunk.times.1 >= first,
                (Order::Oldest, Some(first)) => chunk.times.0 <= first,
            };
            if !reached {
                return;
            }
            let found = chunk.matching(self.condition, self.probe.clone());
            let found = found.map(place_of).filter(|place| {
                self.after
                    .is_none_or(|after| self.order.is_after(*place, after))
            });
            let before = self.tail.len();
            self.tail.extend(found);
            self.chunks.pop_front();
            if self.tail.len() > before {
                let tail = self.tail.make_contiguous();
                // Mostly in order already: what comes is later than what is there, or earlier.
                match self.order {
                    Order::Newest => tail.sort_by(|left, right| right.cmp(left)),
                    Order::Oldest => tail.sort(),
                }
            }
        }
    }

    fn open_segment(&mut self, segment: &'a SegmentView) -> IndexResult<()> {
        let after = self.after.map(|after| after.time.as_micros());
        let mut source = match self.order {
            Order::Newest => {
                let (from, to) = segment.range(i64::MIN, after.unwrap_or(i64::MAX));
                if from >= to {
                    return Ok(());
                }
                let mut docs = Docs::of(segment, self.condition, self.budget)?.within(from, to);
                let doc = docs.seek(0);
                Source {
                    segment,
                    steps: Steps::Forward(docs),
                    doc,
                }
            }
            Order::Oldest => {
                let (first, end) = segment.range(after.unwrap_or(i64::MIN), i64::MAX);
                let steps = Steps::Backward {
                    first,
                    end,
                    window: FIRST_WINDOW,
                    found: Vec::new(),
                };
                let mut source = Source {
                    segment,
                    steps,
                    doc: TERMINATED,
                };
                source.advance(self.condition, self.budget)?;
                source
            }
        };
        if source.doc != TERMINATED {
            source.doc = source.doc.min(TERMINATED);
            self.open.push(source);
        }
        Ok(())
    }
}

impl Source<'_> {
    fn advance(&mut self, condition: &Condition, budget: &Budget) -> IndexResult<()> {
        self.doc = match &mut self.steps {
            Steps::Forward(docs) => docs.seek(self.doc + 1),
            Steps::Backward {
                first,
                end,
                window,
                found,
            } => {
                while found.is_empty() && *first < *end && !budget.is_over() {
                    let from = end.saturating_sub(*window).max(*first);
                    let mut docs = Docs::of(self.segment, condition, budget)?.within(from, *end);
                    let mut doc = docs.seek(from);
                    while doc != TERMINATED {
                        found.push(doc);
                        doc = docs.seek(doc + 1);
                    }
                    *end = from;
                    *window = window.saturating_mul(WINDOW_GROWTH);
                }
                found.pop().unwrap_or(TERMINATED)
            }
        };
        Ok(())
    }
}
