//! Any text as a signed note, a checkpoint or a verifier key.
#![no_main]
use ledger::checkpoint::Checkpoint;
use ledger::note::{Note, VerifierKey};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Note::parse(text);
    let _ = Checkpoint::parse(text);
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
});
