//! Acknowledged events that are in no segment yet, in the form in which they will be indexed.
//!
//! Promises: an event is here or in the segments, never in both and never in neither, once its terms were made. The
//! thread that makes terms adds, the thread that commits takes; both under the lock that searches read under.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ledger::name::LogId;

use super::condition::Condition;
use super::schema::IndexedEvent;
use super::segment::SegmentView;

/// An event and the index it belongs to.
#[derive(Debug)]
pub(crate) struct TailEvent {
    pub(crate) month: String,
    pub(crate) event: IndexedEvent,
}

/// The waiting events of one log, by seq.
#[derive(Debug, Default)]
pub(crate) struct LogTail {
    pub(crate) events: VecDeque<Arc<TailEvent>>,
    /// Entries below this seq are in the tail or the segments.
    pub(crate) end: u64,
}

/// What searches look at: the segments and the events that are in none.
#[derive(Debug, Default)]
pub(crate) struct Searchable {
    pub(crate) logs: HashMap<LogId, LogTail>,
    pub(crate) numbers: HashMap<LogId, u32>,
    pub(crate) segments: Vec<Arc<SegmentView>>,
    pub(crate) waiting: usize,
    pub(crate) bytes: usize,
}

impl Searchable {
    /// Adds an event behind those of its log.
    pub(crate) fn push(&mut self, log: LogId, event: TailEvent) {
        let tail = self.logs.entry(log).or_default();
        self.waiting += 1;
        self.bytes += event.event.size();
        tail.end = event.event.seq + 1;
        tail.events.push_back(Arc::new(event));
    }

    /// The waiting events of every log, and each log's end.
    pub(crate) fn waiting(&self) -> (Vec<Arc<TailEvent>>, Vec<(LogId, u64)>) {
        let mut events = Vec::with_capacity(self.waiting);
        let mut ends = Vec::new();
        for (log, tail) in self.logs.iter().filter(|(_, tail)| !tail.events.is_empty()) {
            events.extend(tail.events.iter().map(Arc::clone));
            ends.push((*log, tail.end));
        }
        (events, ends)
    }

    /// Forgets events below these ends: they are in the segments now.
    pub(crate) fn forget(&mut self, ends: &[(LogId, u64)]) {
        for (log, end) in ends {
            let Some(tail) = self.logs.get_mut(log) else {
                continue;
            };
            while let Some(event) = tail.events.front().filter(|event| event.event.seq < *end) {
                self.waiting -= 1;
                self.bytes -= event.event.size();
                tail.events.pop_front();
            }
        }
        self.logs.retain(|_, tail| !tail.events.is_empty());
    }

    /// The waiting events of a log that meet a condition.
    pub(crate) fn matching<'a>(
        &'a self,
        log: LogId,
        condition: &'a Condition,
    ) -> impl Iterator<Item = &'a IndexedEvent> {
        self.logs
            .get(&log)
            .into_iter()
            .flat_map(|tail| &tail.events)
            .map(|event| &event.event)
            .filter(|event| meets(event, condition))
    }
}

/// Whether an event meets a condition.
pub(crate) fn meets(event: &IndexedEvent, condition: &Condition) -> bool {
    match condition {
        Condition::All => true,
        Condition::Nothing => false,
        Condition::Term(term) => event.terms.has(term),
        Condition::Between(from, to) => event.terms.has_between(from, to),
        Condition::Any(parts) => parts.iter().any(|part| meets(event, part)),
        Condition::Every(parts) => parts.iter().all(|part| meets(event, part)),
        Condition::Not(inner) => !meets(event, inner),
        Condition::Time(min, max) => (*min..=*max).contains(&event.time),
        Condition::Seq(first, last) => (*first..=*last).contains(&event.seq),
    }
}
