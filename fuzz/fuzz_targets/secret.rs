//! Any text in search of secrets: ranges in order, on character boundaries, within the text.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut end = 0;
    for span in ledger::secret::spans(text) {
        assert!(span.start >= end && span.end > span.start && text.get(span.clone()).is_some());
        end = span.end;
    }
    let _ = (ledger::secret::is_secret_name(text), ledger::secret::is_bare_hash(text));
});
