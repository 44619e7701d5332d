//! Periodic review: marks that somebody looked through a day or a view, kept as events in the tenant's access log.

pub(super) mod list;
pub(super) mod record;
pub(crate) mod span;

/// The operation of a mark.
const OPERATION: &str = "veritrail.review.recorded";
