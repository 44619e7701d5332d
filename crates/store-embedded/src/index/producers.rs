//! Producers that count their own events: gaps show loss before us.

use std::collections::BTreeMap;

use ledger::entry::Entry;
use ledger::name::LogId;
use query::{Access, Document, Field, Nowhere, Viewer};
use store::StoreError;
use store::index::{GAPS_MAX, ProducerAccount};
use tantivy::{DocSet, TERMINATED};

use super::budget::Budget;
use super::count::values_in;
use super::terms;
use crate::shared::Shared;

impl Shared {
    /// Every producer's account; the caller has checked that the log is the tenant's.
    pub(crate) fn producers(
        &self,
        log: LogId,
        viewer: Viewer,
        budget: &Budget,
    ) -> Result<Vec<ProducerAccount>, StoreError> {
        self.index.await_published(log, 0)?;
        let (waiting, segments) = self.index.snapshot(log)?;
        let Some(number) = self.index.searchable().numbers.get(&log).copied() else {
            return Ok(Vec::new());
        };
        let prefixes = [Access::Open, Access::Restricted].map(|access| {
            let prefix = terms::values_of(number, access, &Field::Producer);
            (prefix, viewer == Viewer::Whole || access == Access::Open)
        });
        let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
        for event in waiting.events() {
            let Some(count) = event.event.count else {
                continue;
            };
            for (prefix, is_shown) in &prefixes {
                for id in values_in(&event.event, prefix, &Field::Producer) {
                    let producer = counted.entry(id).or_default();
                    producer.add(event.event.seq, count, *is_shown);
                }
            }
        }
        for segment in &segments {
            for (prefix, is_shown) in &prefixes {
                let read = segment.for_each_term(
                    prefix,
                    &terms::behind(prefix),
                    |term, _, mut postings| {
                        let id = term.get(prefix.len()..).unwrap_or_default();
                        let producer = counted
                            .entry(String::from_utf8_lossy(id).into_owned())
                            .or_default();
                        let mut doc = postings.doc();
                        while doc != TERMINATED {
                            // Everything is looked at, however much it is: but not where others wait for it.
                            if budget.is_over() && budget.goes_on_elsewhere() {
                                return false;
                            }
                            if let Some(count) = segment.count(doc) {
                                producer.add(segment.seq(doc), count, *is_shown);
                            }
                            doc = postings.advance();
                        }
                        true
                    },
                );
                read.map_err(|error| self.index.damaged(&error.to_string()))?;
                if budget.goes_on_elsewhere() {
                    return Err(StoreError::TooBroad);
                }
            }
        }
        let mut accounts = Vec::new();
        for producer in counted.into_values() {
            accounts.extend(self.accounts(log, producer)?);
        }
        accounts.sort_by(|left, right| {
            left.id
                .cmp(&right.id)
                .then_with(|| left.reference.cmp(&right.reference))
        });
        Ok(accounts)
    }

    fn accounts(
        &self,
        log: LogId,
        producer: Counted,
    ) -> Result<Option<ProducerAccount>, StoreError> {
        let Counted { mut events, shown } = producer;
        events.sort_unstable();
        let (Some((first, _)), Some((last, _))) = (events.first().copied(), events.last().copied())
        else {
            return Ok(None);
        };
        let id = match shown {
            Some(seq) => self.producer_of(log, seq)?,
            None => None,
        };
        let first = self.record(log, first)?.ok_or(StoreError::NotFound)?;
        let entry =
            Entry::parse(&first.entry).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let reference = entry.producer_ref.unwrap_or_default().to_owned();
        let last = self.record(log, last)?.ok_or(StoreError::NotFound)?;
        let last_recorded_at = crate::packer::time_of(&last.entry).unwrap_or_default();
        Ok(Some(account(id, reference, &events, last_recorded_at)))
    }

    /// The producer's id as an event spells it; the index has it folded.
    fn producer_of(&self, log: LogId, seq: u64) -> Result<Option<String>, StoreError> {
        let record = self.record(log, seq)?.ok_or(StoreError::NotFound)?;
        let document =
            Document::read(&record.entry, None, record.details.as_deref(), &Nowhere).ok();
        let facts = document.into_iter().flat_map(|document| document.facts);
        let mut ids = facts.filter(|fact| fact.field == Field::Producer);
        Ok(ids.next().map(|fact| fact.text.into_owned()))
    }
}

/// The events of one producer that bear a count.
#[derive(Default)]
struct Counted {
    /// Seq and count of each.
    events: Vec<(u64, u64)>,
    /// The first of them that says to the viewer who the producer is.
    shown: Option<u64>,
}

impl Counted {
    fn add(&mut self, seq: u64, count: u64, is_shown: bool) {
        self.events.push((seq, count));
        if is_shown {
            self.shown = Some(self.shown.map_or(seq, |known| known.min(seq)));
        }
    }
}

/// The account of one producer's events: seq and count, by seq.
fn account(
    id: Option<String>,
    reference: String,
    events: &[(u64, u64)],
    last_recorded_at: ledger::time::Micros,
) -> ProducerAccount {
    let (mut highest, mut late) = (0, 0);
    let mut counts = Vec::with_capacity(events.len());
    for (_, count) in events {
        if *count < highest {
            late += 1;
        }
        highest = highest.max(*count);
        counts.push(*count);
    }
    counts.sort_unstable();
    let (mut missing, mut doubled, mut gaps, mut before) = (0, 0, Vec::new(), 0);
    for (index, count) in counts.iter().enumerate() {
        let twin = |other: Option<usize>| other.and_then(|other| counts.get(other)) == Some(count);
        if twin(index.checked_sub(1)) || twin(Some(index + 1)) {
            doubled += 1;
        }
        if *count > before + 1 {
            missing += count - before - 1;
            if gaps.len() < GAPS_MAX {
                gaps.push((before + 1, count - 1));
            }
        }
        before = *count;
    }
    ProducerAccount {
        id,
        reference,
        events: events.len() as u64,
        highest,
        missing,
        gaps,
        late,
        doubled,
        last_recorded_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_late_and_doubled_events_are_counted() {
        let events: Vec<(u64, u64)> = [1, 2, 4, 3, 7, 7, 12, 10]
            .into_iter()
            .enumerate()
            .map(|(seq, count)| (seq as u64, count))
            .collect();
        let account = account(
            None,
            String::new(),
            &events,
            ledger::time::Micros::default(),
        );
        assert_eq!(account.gaps, [(5, 6), (8, 9), (11, 11)]);
        assert_eq!((account.missing, account.late, account.doubled), (5, 2, 2));
        assert_eq!((account.highest, account.events), (12, 8));
    }
}
