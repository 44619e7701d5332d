//! One immutable piece of an index: documents in order of time, latest first, and their postings.
//!
//! Promises: what is read here never changes; everything opened is checked by tantivy's own headers, and a part that
//! does not fit is an error.

use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::index::{Segment, SegmentId};
use tantivy::postings::SegmentPostings;
use tantivy::schema::{Field as IndexField, IndexRecordOption};
use tantivy::{DocId, InvertedIndexReader, SegmentReader, TantivyError, Term};

use super::schema::Fields;

/// Failures of an index: whatever tantivy says.
pub(crate) type IndexResult<T> = Result<T, TantivyError>;

/// A segment that can be searched.
pub(crate) struct SegmentView {
    pub(crate) id: SegmentId,
    pub(crate) docs: DocId,
    terms: Arc<InvertedIndexReader>,
    field: IndexField,
    times: Column<i64>,
    seqs: Column<u64>,
    counts: Column<u64>,
}

impl std::fmt::Debug for SegmentView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentView")
            .field("id", &self.id)
            .field("docs", &self.docs)
            .finish_non_exhaustive()
    }
}

impl SegmentView {
    pub(crate) fn open(segment: &Segment, fields: &Fields) -> IndexResult<Self> {
        let reader = SegmentReader::open(segment)?;
        let columns = reader.fast_fields();
        let view = Self {
            id: reader.segment_id(),
            docs: reader.max_doc(),
            terms: reader.inverted_index(fields.term)?,
            field: fields.term,
            times: columns.i64("time")?,
            seqs: columns.u64("seq")?,
            counts: columns.u64("count")?,
        };
        // The middle and both ends must be in order: a column that was damaged hardly ever is.
        let probes = [0, view.docs / 2, view.docs.saturating_sub(1)];
        let times = probes.map(|doc| view.times.first(doc));
        if view.docs > 0
            && !(times.iter().all(Option::is_some) && times.is_sorted_by(|a, b| a >= b))
        {
            return Err(TantivyError::InvalidArgument(
                "times are out of order".to_owned(),
            ));
        }
        Ok(view)
    }

    pub(crate) fn time(&self, doc: DocId) -> i64 {
        self.times.first(doc).unwrap_or_default()
    }

    pub(crate) fn seq(&self, doc: DocId) -> u64 {
        self.seqs.first(doc).unwrap_or(u64::MAX)
    }

    /// The producer's own count.
    pub(crate) fn count(&self, doc: DocId) -> Option<u64> {
        self.counts.first(doc)
    }

    /// The largest seq of any log in it.
    pub(crate) fn seq_max(&self) -> u64 {
        self.seqs.max_value()
    }

    /// Documents from time `max` back to time `min`, both included.
    pub(crate) fn range(&self, min: i64, max: i64) -> (DocId, DocId) {
        let first = self.first_where(|time| time <= max);
        let end = self.first_where(|time| time < min);
        (first, end.max(first))
    }

    /// The first document whose time passes; times fall along documents.
    fn first_where(&self, passes: impl Fn(i64) -> bool) -> DocId {
        let (mut low, mut high) = (0, self.docs);
        while low < high {
            let middle = u32::midpoint(low, high);
            if passes(self.time(middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// The documents that have a term.
    pub(crate) fn postings(&self, term: &[u8]) -> IndexResult<Option<SegmentPostings>> {
        let term = Term::from_field_bytes(self.field, term);
        Ok(self.terms.read_postings(&term, IndexRecordOption::Basic)?)
    }

    /// Calls `visit` with every term from `from` to below `to`, until it says false.
    pub(crate) fn for_each_term(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], u32, SegmentPostings) -> bool,
    ) -> IndexResult<()> {
        let mut stream = self.terms.terms().range().ge(from).lt(to).into_stream()?;
        while stream.advance() {
            let info = stream.value().clone();
            let postings = self
                .terms
                .read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            if !visit(stream.key(), info.doc_freq, postings) {
                break;
            }
        }
        Ok(())
    }

    /// Calls `visit` with every term from `from` to below `to` and the number of documents that have it.
    pub(crate) fn for_each_count(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], u32) -> bool,
    ) -> IndexResult<()> {
        let mut stream = self.terms.terms().range().ge(from).lt(to).into_stream()?;
        while stream.advance() {
            let count = stream.value().doc_freq;
            if !visit(stream.key(), count) {
                break;
            }
        }
        Ok(())
    }
}
