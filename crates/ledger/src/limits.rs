//! Every hard size, depth and count limit of the product, in one file of the lowest crate so that all can name it.
//! Operator-tunable limits are configuration fields bounded by these.

/// Largest entry in bytes; the closed schema keeps every entry below it by construction.
pub const ENTRY_BYTES_MAX: usize = 8 * 1024;
/// Largest part in bytes, salt and label included.
pub const PART_BYTES_MAX: usize = 256 * 1024;
/// Most events in one request.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Largest request body in bytes, after decompression.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Deepest nesting of JSON arrays and objects in an event.
pub const JSON_DEPTH_MAX: usize = 32;
/// Most JSON values (scalars and containers) in one event.
pub const JSON_VALUES_MAX: usize = 20_000;
/// Deepest nesting of JSON in a stored part: its own brackets and what unknown members stand below come on top of what was
/// sent. Whatever the door takes must read back.
pub const PART_JSON_DEPTH_MAX: usize = JSON_DEPTH_MAX + 8;
/// Most JSON values in a stored part: no part is long enough for more, whatever masks added to it.
pub const PART_JSON_VALUES_MAX: usize = PART_BYTES_MAX / 2;
/// Longest operation name in bytes.
pub const OPERATION_BYTES_MAX: usize = 128;
/// Most operations that a tenant adds to the vocabulary.
pub const ADDITIONS_MAX: usize = 500;
/// Most other names of one added operation.
pub const ADDITION_ALIASES_MAX: usize = 20;
/// Longest description of an added operation in bytes.
pub const ADDITION_DESCRIPTION_BYTES_MAX: usize = 200;
/// Longest text that a tenant's additions are read from, in bytes: more than the most and longest of them take.
pub const ADDITIONS_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest resource, related or actor identifier in bytes.
pub const ID_BYTES_MAX: usize = 1_024;
/// Longest short text field (names, user agent, region) in bytes.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Longest producer event id in bytes that is kept as it is.
pub const EVENT_ID_BYTES_MAX: usize = 64;
/// Longest source name in bytes.
pub const SOURCE_BYTES_MAX: usize = 64;
/// Longest `Idempotency-Key` in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// How deep text inside text (JSON in strings, base64) is opened in search of secrets.
pub const MASK_DEPTH_MAX: usize = 4;
/// How far ahead of our clock a producer's time may be before it is flagged, in microseconds.
pub const CLOCK_AHEAD_MICROS_MAX: i64 = 5 * 60 * 1_000_000;
/// How far our wall clock may run backwards before writes stop, in microseconds.
pub const CLOCK_BACK_MICROS_MAX: i64 = 60 * 1_000_000;
/// How far our wall clock may leap against the monotonic clock before writes stop, in microseconds.
pub const CLOCK_LEAP_MICROS_MAX: i64 = 5 * 60 * 1_000_000;
/// Most signature lines of a signed note.
pub const NOTE_SIGNATURES_MAX: usize = 100;
/// Longest signed note in bytes.
pub const NOTE_BYTES_MAX: usize = 1_000_000;
/// Most hashes in a proof: a tree has fewer than 2^64 leaves.
pub const PROOF_HASHES_MAX: usize = 128;
