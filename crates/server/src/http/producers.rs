//! Producers that count their own events.

pub(super) mod list;
