//! Values of a field that begin with a text.

use std::collections::HashMap;

use ledger::name::LogId;
use query::document::Viewer;
use query::field::Field;
use query::words::fold;
use store::StoreError;
use store::index::ValueCount;
use tantivy::postings::SegmentPostings;
use tantivy::{DocId, DocSet, TERMINATED};

use super::budget::Budget;
use super::count::{add_once, is_of_either_side, most_frequent, prefixes_of, text_of, values_in};
use super::terms;
use crate::shared::Shared;

/// Most terms that one call looks at.
const TERMS_MAX: usize = 500_000;

impl Shared {
    /// Values of a field; the caller has checked that the log is the tenant's.
    pub(crate) fn values(
        &self,
        log: LogId,
        field: &Field,
        beginning: &str,
        viewer: Viewer,
        limit: usize,
        budget: &Budget,
    ) -> Result<Vec<ValueCount>, StoreError> {
        self.index.await_published(log, 0)?;
        let beginning = &*fold(beginning);
        let (waiting, segments) = self.index.snapshot(log)?;
        let Some(number) = self.index.searchable().numbers.get(&log).copied() else {
            return Ok(Vec::new());
        };
        let prefixes = prefixes_of(number, field, viewer);
        let mut counts: HashMap<String, u64> = HashMap::new();
        for event in waiting.events() {
            let mut values: Vec<String> = prefixes
                .iter()
                .flat_map(|prefix| values_in(&event.event, prefix, field))
                .filter(|value| value.starts_with(beginning))
                .collect();
            values.sort_unstable();
            values.dedup();
            for value in values {
                *counts.entry(value).or_default() += 1;
            }
        }
        let mut left = TERMS_MAX;
        for segment in &segments {
            // A change may have the same value before and after: one event all the same.
            let mut both: HashMap<String, Vec<DocId>> = HashMap::new();
            for prefix in &prefixes {
                // Addresses are in binary; their text is compared.
                let mut from = prefix.clone();
                if *field != Field::Ip {
                    from.extend_from_slice(beginning.as_bytes());
                }
                let to = terms::behind(&from);
                let mut visit = |term: &[u8], count: u32, postings: Option<SegmentPostings>| {
                    let value = text_of(field, term.get(prefix.len()..).unwrap_or_default());
                    if value.starts_with(beginning) {
                        match postings {
                            Some(postings) => both.entry(value).or_default().extend(docs(postings)),
                            None => *counts.entry(value).or_default() += u64::from(count),
                        }
                    }
                    left = left.saturating_sub(1);
                    left > 0 && !budget.is_over()
                };
                let counted = if prefixes.len() > 1 && is_of_either_side(field) {
                    segment.for_each_term(&from, &to, |term, count, postings| {
                        visit(term, count, Some(postings))
                    })
                } else {
                    segment.for_each_count(&from, &to, |term, count| visit(term, count, None))
                };
                counted.map_err(|error| self.index.damaged(&error.to_string()))?;
            }
            add_once(both, &mut counts);
        }
        budget.check()?;
        if left == 0 {
            return Err(StoreError::TooBroad);
        }
        Ok(most_frequent(counts, limit))
    }
}

fn docs(mut postings: SegmentPostings) -> impl Iterator<Item = DocId> {
    std::iter::from_fn(move || {
        let doc = postings.doc();
        postings.advance();
        (doc != TERMINATED).then_some(doc)
    })
}
