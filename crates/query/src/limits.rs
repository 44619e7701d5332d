//! Every bound of the language and of what is searchable, in one place.

/// Longest query text in bytes.
pub const QUERY_BYTES_MAX: usize = 4 * 1024;
/// Deepest nesting of parentheses and negations.
pub const DEPTH_MAX: usize = 16;
/// Most conditions of one query.
pub const LEAVES_MAX: usize = 64;
/// Most facts of one event that are searchable among those that there may be many of; what follows is kept and not found.
pub const FACTS_MAX: usize = 1_024;
/// Most words of one event that are searchable.
pub const WORDS_MAX: usize = 4_096;
/// Bytes of one text whose words are searchable.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Longest value in bytes that is counted and completed, and longest beginning that values are found by. Keywords that are
/// longer are found by their first so many bytes, values nobody foresaw whole only.
pub const VALUE_BYTES_MAX: usize = 128;
/// Longest word in bytes that is found by its beginning.
pub const WORD_BYTES_MAX: usize = 40;
/// A word of at least this many bytes, of which one in six is a digit, is an identifier and matched whole.
pub const IDENTIFIER_BYTES_MIN: usize = 8;
/// Deepest object in metadata whose members are searchable.
pub const METADATA_DEPTH_MAX: usize = 8;
