//! Any text as a proof file.
#![no_main]
use ledger::tlog_proof::TlogProof;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(proof) = TlogProof::decode(text) {
        assert_eq!(proof.encode().expect("what was read is written"), text);
    }
});
