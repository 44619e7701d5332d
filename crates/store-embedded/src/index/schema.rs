//! What an index holds of each event: its terms, and the columns that order and bound it.

use tantivy::schema::{BytesOptions, Field, NumericOptions, Schema};
use tantivy::{IndexSettings, IndexSortByField, Order, TantivyDocument};

use super::terms::Terms;

/// The fields of an index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// Every term of every kind.
    pub(crate) term: Field,
    /// Microseconds since 1970: the order of documents.
    pub(crate) time: Field,
    /// The leaf index.
    pub(crate) seq: Field,
    /// The producer's own count.
    pub(crate) count: Field,
}

/// One event on its way into an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexedEvent {
    pub(crate) time: i64,
    pub(crate) seq: u64,
    /// The producer's own count.
    pub(crate) count: Option<u64>,
    pub(crate) terms: Terms,
}

pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let fast = || NumericOptions::default().set_fast();
    let fields = Fields {
        term: builder.add_bytes_field("term", BytesOptions::default().set_indexed()),
        time: builder.add_i64_field("time", fast()),
        seq: builder.add_u64_field("seq", fast()),
        count: builder.add_u64_field("count", fast()),
    };
    (builder.build(), fields)
}

/// Documents lie in the order that results have, so that a search stops when it has enough.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField {
            field: "time".to_owned(),
            order: Order::Desc,
        }),
        ..IndexSettings::default()
    }
}

pub(crate) fn document(fields: &Fields, event: &IndexedEvent) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    for term in event.terms.iter() {
        document.add_bytes(fields.term, term);
    }
    document.add_i64(fields.time, event.time);
    document.add_u64(fields.seq, event.seq);
    if let Some(count) = event.count {
        document.add_u64(fields.count, count);
    }
    document
}
