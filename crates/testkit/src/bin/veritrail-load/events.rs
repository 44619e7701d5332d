//! Bodies of requests, made before the clock runs.

use testkit::events::Events;

/// Bodies of single POSTs.
pub(crate) fn singles(count: usize, seed: u64) -> Vec<String> {
    Events::new(seed).take(count).collect()
}

/// Bodies of batches, as JSON arrays.
pub(crate) fn batches(count: usize, size: usize, seed: u64) -> Vec<String> {
    let events = singles(count, seed);
    events
        .chunks(size)
        .map(|batch| format!("[{}]", batch.join(",")))
        .collect()
}
