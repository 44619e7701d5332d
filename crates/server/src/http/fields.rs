//! The fields of the query language.

pub(super) mod list;
