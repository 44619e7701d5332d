//! Any text as a query: refused within it, or written out and read back as the same plan at another time.
#![no_main]
use ledger::time::Micros;
use query::limits::QUERY_BYTES_MAX;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (now, later) = (Micros::from_micros(1_773_325_927_123_456), Micros::from_micros(4_000_000_000_000_000));
    match query::parse(text, now) {
        Ok(filter) => {
            let written = filter.to_string();
            // Names and times that were written short may be too long when they are written in full.
            if written.len() <= QUERY_BYTES_MAX {
                assert_eq!(query::parse(&written, later), Ok(filter), "{written}");
            }
        }
        Err(error) => assert!(error.column - 1 + error.length <= text.chars().count()),
    }
});
