//! Counts.

pub(super) mod count;
