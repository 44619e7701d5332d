//! Any text: refused, or written and read back as the same value.
#![no_main]
use ledger::json;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let _ = json::split_array(text, 100);
    if let Ok(value) = json::parse(text) {
        let compact = value.to_compact();
        assert_eq!(json::parse(compact.as_bytes()).expect("what was written is read"), value);
        let mut canonical = String::new();
        json::write_canonical(&value, &mut canonical);
        json::parse(canonical.as_bytes()).expect("what was written is read");
    }
});
