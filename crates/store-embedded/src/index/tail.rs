//! Acknowledged events that are in no segment yet, in the form in which they will be indexed.
//!
//! Promises: an event is here or in the segments, never in both and never in neither, once its terms were made. The
//! thread that makes terms adds, the thread that commits takes; both under the lock that searches take their
//! [`Waiting`] under. What a search has taken does not change, so that it looks through it without the lock.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ledger::name::LogId;
use ledger::time::Micros;
use store::index::Place;

use super::condition::Condition;
use super::schema::IndexedEvent;
use super::segment::SegmentView;
use super::signature::{Probe, Signature};

/// Events of one chunk at most.
const CHUNK_EVENTS: usize = 512;

/// An event and the index it belongs to.
#[derive(Debug)]
pub(crate) struct TailEvent {
    pub(crate) month: String,
    pub(crate) event: IndexedEvent,
    /// Of its terms; made before any lock is taken.
    pub(crate) signature: Signature,
}

/// Some events of one log, by seq.
#[derive(Debug)]
pub(crate) struct Chunk {
    events: Vec<TailEvent>,
    /// Of the same events; apart from them, so that looking through them reads little memory.
    signatures: Vec<Signature>,
    /// The earliest and the latest time among them.
    pub(crate) times: (i64, i64),
}

/// The waiting events of one log.
#[derive(Debug, Default)]
pub(crate) struct LogTail {
    chunks: VecDeque<Arc<Chunk>>,
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
}

/// The waiting events of one log at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) chunks: Vec<Arc<Chunk>>,
}

impl Searchable {
    /// Adds an event behind those of its log.
    pub(crate) fn push(&mut self, log: LogId, event: TailEvent) {
        let tail = self.logs.entry(log).or_default();
        self.waiting += 1;
        tail.end = event.event.seq + 1;
        // A chunk that somebody looks at, or commits, stays as it is.
        let open = tail.chunks.back_mut().and_then(Arc::get_mut);
        match open.filter(|chunk| chunk.events.len() < CHUNK_EVENTS) {
            Some(chunk) => chunk.push(event),
            None => tail.chunks.push_back(Arc::new(Chunk::of(event))),
        }
    }

    /// The waiting events of a log.
    pub(crate) fn waiting_of(&self, log: LogId) -> Waiting {
        let tail = self.logs.get(&log);
        let chunks = tail.into_iter().flat_map(|tail| &tail.chunks);
        Waiting {
            chunks: chunks.map(Arc::clone).collect(),
        }
    }

    /// The waiting events of every log, and each log's end. They stay in chunks of their own for as long as the answer
    /// is held.
    pub(crate) fn waiting(&self) -> (Waiting, Vec<(LogId, u64)>) {
        let mut waiting = Waiting::default();
        let mut ends = Vec::new();
        for (log, tail) in self.logs.iter().filter(|(_, tail)| !tail.chunks.is_empty()) {
            waiting.chunks.extend(tail.chunks.iter().map(Arc::clone));
            ends.push((*log, tail.end));
        }
        (waiting, ends)
    }

    /// Forgets events below these ends, which [`waiting`](Self::waiting) answered: they are in the segments now.
    pub(crate) fn forget(&mut self, ends: &[(LogId, u64)]) {
        for (log, end) in ends {
            let Some(tail) = self.logs.get_mut(log) else {
                continue;
            };
            while let Some(chunk) = tail.chunks.front().filter(|chunk| chunk.is_below(*end)) {
                self.waiting -= chunk.events.len();
                tail.chunks.pop_front();
            }
        }
        self.logs.retain(|_, tail| !tail.chunks.is_empty());
    }
}

impl Waiting {
    /// All of them.
    pub(crate) fn events(&self) -> impl Iterator<Item = &TailEvent> {
        self.chunks.iter().flat_map(|chunk| &chunk.events)
    }

    /// Those that meet a condition.
    pub(crate) fn matching<'a>(
        &'a self,
        condition: &'a Condition,
    ) -> impl Iterator<Item = &'a IndexedEvent> {
        let probe = Probe::of(condition);
        self.chunks
            .iter()
            .flat_map(move |chunk| chunk.matching(condition, probe.clone()))
    }
}

impl Chunk {
    fn of(event: TailEvent) -> Self {
        let mut chunk = Self {
            events: Vec::new(),
            signatures: Vec::new(),
            times: (i64::MAX, i64::MIN),
        };
        chunk.push(event);
        chunk
    }

    fn push(&mut self, event: TailEvent) {
        let (earliest, latest) = self.times;
        let time = event.event.time;
        self.times = (earliest.min(time), latest.max(time));
        self.signatures.push(event.signature);
        self.events.push(event);
    }

    /// Whether all of it is below a seq.
    fn is_below(&self, end: u64) -> bool {
        self.events
            .last()
            .is_some_and(|event| event.event.seq < end)
    }

    /// The events that meet a condition, of which `probe` was made.
    pub(crate) fn matching<'a>(
        &'a self,
        condition: &'a Condition,
        probe: Probe,
    ) -> impl Iterator<Item = &'a IndexedEvent> {
        self.signatures
            .iter()
            .zip(&self.events)
            .filter(move |(signature, _)| probe.may_meet(signature))
            .map(|(_, event)| &event.event)
            .filter(move |event| meets(event, condition))
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

/// The place of an event among results.
pub(crate) fn place_of(event: &IndexedEvent) -> Place {
    Place {
        time: Micros::from_micros(event.time),
        seq: event.seq,
    }
}
