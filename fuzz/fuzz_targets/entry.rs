//! Any bytes as an entry, entry 0 or a part.
#![no_main]
use ledger::entry::{Entry, Opening};
use ledger::part::{Label, value_of, value_text};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Entry::parse(bytes);
    if let Ok(opening) = Opening::parse(bytes) {
        assert_eq!(opening.encode(), bytes);
    }
    for label in Label::ALL {
        let _ = (value_of(label, bytes), value_text(label, bytes));
    }
});
