//! Any text as an event: refused by name, or prepared into an entry that reads back.
#![no_main]
use ledger::entry::{Entry, Kind, Opening};
use ledger::keyring::TenantKeys;
use ledger::name::{LogId, TenantId};
use ledger::prepare::{Door, prepare};
use ledger::seal::Head;
use ledger::source::Rng;
use ledger::time::Micros;
use ledger::vocabulary::{Mode, NO_ADDITIONS};

#[derive(Debug)]
struct Zeros;

impl Rng for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(value) = ledger::json::parse(text) else { return };
    let keys = TenantKeys::new("00000000", [1; 32], [2; 32], [3; 32], [4; 32]);
    let door = Door { keys: &keys, key: "k", source: "fuzz", mode: Mode::Open, additions: &NO_ADDITIONS, exceptions: &[], idempotency: None };
    if let Ok(event) = prepare(value, &door, &Zeros) {
        let log = LogId([1; 16]);
        let mut head = Head::new(log);
        head.open(&Opening {
            log,
            kind: Kind::Main,
            tenant: TenantId([2; 16]),
            origin: "o".into(),
            vkey: "v".into(),
            recorded_at: Micros::default(),
            predecessor: None,
        });
        let sealed = head.seal(&event, Micros::from_micros(1));
        assert_eq!(Entry::parse(&sealed.entry).expect("our own entry").id, event.id);
    }
});
