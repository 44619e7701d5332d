//! Limits of connectors.

/// Largest delivery in bytes, decompressed: GitHub's limit, the largest of the vendors'.
pub const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;
/// Most JSON values in one delivery: a push of 2,048 commits has some 60,000.
pub const VALUES_MAX: usize = 2_000_000;
/// Deepest nesting in a delivery.
pub const DEPTH_MAX: usize = 64;
/// Most events of one delivery.
pub const EVENTS_MAX: usize = 100_000;
/// Longest text that is copied into a short field of an event, in bytes.
pub const FIELD_BYTES_MAX: usize = 4 * 1024;
/// Longest identifier in bytes; a longer one is cut and told apart by a digest.
pub const ID_BYTES_MAX: usize = 512;
/// Most items of a list that is kept of a payload.
pub const LIST_ITEMS_MAX: usize = 200;
/// Deepest nesting that is kept of a payload; what is deeper is kept as text.
pub const KEPT_DEPTH_MAX: usize = 12;
/// Most values that are kept of a payload.
pub const KEPT_VALUES_MAX: usize = 4_000;
/// Most changed fields of one event.
pub const CHANGES_MAX: usize = 200;
