//! The index half of the in-memory store: every event is read and judged for every call. Nothing is kept, so there is
//! nothing to rebuild; what a faster index answers is held against this.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::entry::Entry;
use ledger::time::Micros;
use query::limits::VALUE_BYTES_MAX;
use query::words::{fold, is_matched_whole};
use query::{
    Access, Document, Fact, Field, Filter, Kind, Nowhere, Places, Side, Viewer, address, evaluate,
};

use super::log::Log;
use crate::error::StoreError;
use crate::index::{
    BUCKETS_MAX, Counting, GAPS_MAX, HITS_MAX, Hit, Order, Page, Place, ProducerAccount, Search,
    Statistics, TOP_FIELDS_MAX, VALUES_MAX, ValueCount, bucket_of,
};
use crate::record::Record;

/// An event and the bytes it was read from.
struct Event<'a> {
    record: &'a Record,
    document: Document<'a>,
}

impl Event<'_> {
    fn place(&self) -> Place {
        Place {
            time: self.document.time,
            seq: self.document.seq,
        }
    }
}

/// The events of a log below `size` that a filter accepts, in the order of the log.
fn accepted<'a>(
    log: &'a Log,
    size: u64,
    filter: &Filter,
    viewer: Viewer,
    places: &dyn Places,
) -> Result<Vec<Event<'a>>, StoreError> {
    let mut found = Vec::new();
    // Entry 0 is no event.
    for record in log.all().iter().skip(1).filter(|record| record.seq < size) {
        let document = read(record, places)?;
        if evaluate::matches(filter, &document, viewer) {
            found.push(Event { record, document });
        }
    }
    Ok(found)
}

fn read<'a>(record: &'a Record, places: &dyn Places) -> Result<Document<'a>, StoreError> {
    let (person, details) = (record.person.as_deref(), record.details.as_deref());
    Document::read(&record.entry, person, details, places)
        .map_err(|error| StoreError::Damaged(format!("record {}: {error}", record.seq)))
}

pub(super) fn search(log: &Log, search: &Search, places: &dyn Places) -> Result<Page, StoreError> {
    let order = search.order;
    let mut found = accepted(log, search.size, &search.filter, search.viewer, places)?;
    found.retain(|event| {
        search
            .after
            .is_none_or(|after| order.is_after(event.place(), after))
    });
    found.sort_unstable_by_key(Event::place);
    if order == Order::Newest {
        found.reverse();
    }
    let limit = search.limit.min(HITS_MAX);
    let hits: Vec<Hit> = found
        .iter()
        .take(limit)
        .map(|event| Hit {
            place: event.place(),
            record: event.record.clone(),
        })
        .collect();
    let next = hits.last().filter(|_| found.len() > limit);
    Ok(Page {
        next: next.map(|hit| hit.place),
        hits,
    })
}

pub(super) fn statistics(
    log: &Log,
    asked: &Counting,
    places: &dyn Places,
) -> Result<Statistics, StoreError> {
    let found = accepted(log, asked.size, &asked.filter, asked.viewer, places)?;
    let times = || found.iter().map(|event| event.document.time);
    let (earliest, latest) = (times().min(), times().max());
    let mut statistics = Statistics {
        total: found.len() as u64,
        earliest,
        latest,
        ..Statistics::default()
    };
    if let (Some(interval), Some(earliest), Some(latest)) = (asked.histogram, earliest, latest) {
        statistics.interval = interval.width(earliest, latest);
        let mut buckets: BTreeMap<Micros, u64> = BTreeMap::new();
        for time in times() {
            *buckets
                .entry(bucket_of(time, statistics.interval))
                .or_default() += 1;
        }
        assert!(
            buckets.len() <= BUCKETS_MAX,
            "an interval bounds its buckets"
        );
        statistics.histogram = buckets.into_iter().collect();
    }
    for field in asked.top.iter().take(TOP_FIELDS_MAX) {
        let counts = count(&found, field, "", asked.viewer);
        statistics.top.push(most_frequent(counts, asked.limit));
    }
    Ok(statistics)
}

pub(super) fn values(
    log: &Log,
    field: &Field,
    prefix: &str,
    viewer: Viewer,
    limit: usize,
    places: &dyn Places,
) -> Result<Vec<ValueCount>, StoreError> {
    let found = accepted(log, u64::MAX, &Filter::All, viewer, places)?;
    let counts = count(&found, field, &fold(prefix), viewer);
    Ok(most_frequent(counts, limit))
}

/// How many events have each listed value of a field; an event that has a value twice counts once.
fn count(
    events: &[Event<'_>],
    field: &Field,
    prefix: &str,
    viewer: Viewer,
) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in events {
        let facts = event.document.facts.iter();
        let mut values: Vec<Cow<'_, str>> = facts
            .filter(|fact| viewer == Viewer::Whole || fact.access == Access::Open)
            .filter(|fact| is_of(fact, field))
            .filter_map(|fact| listed(field.kind(), &fact.text))
            .filter(|value| value.starts_with(prefix))
            .collect();
        values.sort_unstable();
        values.dedup();
        for value in values {
            *counts.entry(value.into_owned()).or_default() += 1;
        }
    }
    counts
}

/// Whether a fact is about a field; either side of a change is.
fn is_of(fact: &Fact<'_>, field: &Field) -> bool {
    match (field, &fact.field) {
        (
            Field::Change {
                name,
                side: Side::Either,
            },
            Field::Change { name: other, .. },
        ) => name == other,
        (field, other) => field == other,
    }
}

/// The value as lists show it: folded, addresses in their one spelling. `None` for what is matched whole only, and for
/// fields that are texts, numbers or times: their values hardly ever repeat.
fn listed(kind: Kind, text: &str) -> Option<Cow<'_, str>> {
    let value = fold(text);
    let is_listed = match kind {
        Kind::Keyword => value.len() <= VALUE_BYTES_MAX,
        Kind::Open | Kind::Identifier => !is_matched_whole(&value),
        Kind::Address => return address::address(text).map(|address| address.to_string().into()),
        Kind::Prose | Kind::Number | Kind::Time => false,
    };
    is_listed.then_some(value)
}

fn most_frequent(counts: BTreeMap<String, u64>, limit: usize) -> Vec<ValueCount> {
    let mut counts: Vec<ValueCount> = counts
        .into_iter()
        .map(|(value, count)| ValueCount { value, count })
        .collect();
    // Stable: equally frequent ones stay in the order of their text.
    counts.sort_by_key(|value| std::cmp::Reverse(value.count));
    counts.truncate(limit.min(VALUES_MAX));
    counts
}

/// What was seen of one producer.
#[derive(Default)]
struct Seen {
    id: Option<String>,
    /// Events by the count they bear.
    counts: BTreeMap<u64, u64>,
    highest: u64,
    late: u64,
    last_recorded_at: Micros,
}

pub(super) fn producers(log: &Log, viewer: Viewer) -> Result<Vec<ProducerAccount>, StoreError> {
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    for record in log.all().iter().skip(1) {
        let entry = Entry::parse(&record.entry)
            .map_err(|error| StoreError::Damaged(format!("record {}: {error}", record.seq)))?;
        let (Some(reference), Some(count)) = (entry.producer_ref, entry.producer_seq) else {
            continue;
        };
        let producer = seen.entry(reference).or_default();
        if producer.id.is_none() {
            producer.id = id_in(&read(record, &Nowhere)?, viewer);
        }
        producer.late += u64::from(count < producer.highest);
        producer.highest = producer.highest.max(count);
        producer.last_recorded_at = entry.place.recorded_at;
        *producer.counts.entry(count).or_default() += 1;
    }
    let mut accounts: Vec<ProducerAccount> = seen
        .into_iter()
        .map(|(reference, seen)| seen.account(reference))
        .collect();
    accounts.sort_by(|left, right| (&left.id, &left.reference).cmp(&(&right.id, &right.reference)));
    Ok(accounts)
}

/// The producer's id as the details say it to this viewer.
fn id_in(document: &Document<'_>, viewer: Viewer) -> Option<String> {
    let mut facts = document.facts.iter();
    let fact = facts.find(|fact| {
        fact.field == Field::Producer && (viewer == Viewer::Whole || fact.access == Access::Open)
    })?;
    Some(fact.text.clone().into_owned())
}

impl Seen {
    fn account(self, reference: &str) -> ProducerAccount {
        let (mut gaps, mut missing) = (Vec::new(), 0);
        let mut next = 1;
        for count in self.counts.keys().copied() {
            if count > next {
                missing += count - next;
                gaps.push((next, count - 1));
            }
            next = next.max(count.saturating_add(1));
        }
        gaps.truncate(GAPS_MAX);
        ProducerAccount {
            id: self.id,
            reference: reference.to_owned(),
            events: self.counts.values().sum(),
            highest: self.highest,
            missing,
            gaps,
            late: self.late,
            doubled: self.counts.values().filter(|events| **events > 1).sum(),
            last_recorded_at: self.last_recorded_at,
        }
    }
}
