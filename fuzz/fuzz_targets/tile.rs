//! Any bytes as a tile path or an entry bundle.
#![no_main]
use ledger::tile::{TilePath, bundle_decode, tile_decode};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = (bundle_decode(bytes), tile_decode(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(path) = TilePath::parse(text) {
            assert_eq!(path.to_string(), text);
        }
    }
});
