use super::*;

const PLACE: Place = Place {
    pack: 4,
    offset: 4096,
};

fn key() -> FrameKey {
    FrameKey::new(&[9; 32])
}

fn payloads() -> (Vec<u8>, Vec<u8>) {
    let mut builder = Builder::default();
    for log in 1..4_u8 {
        for seq in 10..20_u64 {
            let entry = format!("entry {seq} of log {log}");
            let person = (seq % 2 == 0).then(|| format!("person {seq}"));
            let details = (seq % 3 == 0).then(String::new);
            let log = LogId([log; 16]);
            let (person, details) = (
                person.as_ref().map(String::as_bytes),
                details.as_ref().map(String::as_bytes),
            );
            builder.push(
                log,
                seq,
                &Stored::from_bytes(log, entry.as_bytes(), person, details),
            );
        }
    }
    builder.finish()
}

fn block() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(
        Kind::Entries,
        &payloads().0,
        PLACE,
        &key(),
        &mut Compressor::new(),
        &mut bytes,
    );
    bytes
}

fn open(bytes: &[u8], place: Place, key: Option<&FrameKey>) -> Result<Vec<u8>, BlockError> {
    let header = Header::parse(bytes, place, key)?;
    header.open(bytes.get(HEADER_BYTES..).unwrap_or_default(), place, key)
}

#[test]
fn records_come_back_from_their_blocks() {
    let (entries, parts) = payloads();
    assert_eq!(open(&block(), PLACE, Some(&key())).unwrap(), entries);
    let entries = Records::parse(Kind::Entries, entries).unwrap();
    let parts = Records::parse(Kind::Parts, parts).unwrap();
    for log in 1..4_u8 {
        for seq in 10..20_u64 {
            let index = entries.index_of(LogId([log; 16]), seq).unwrap();
            assert_eq!(
                entries.entry(index),
                format!("entry {seq} of log {log}").as_bytes()
            );
            let (person, details) = parts.parts(parts.index_of(LogId([log; 16]), seq).unwrap());
            assert_eq!(person.is_some(), seq % 2 == 0);
            // A part without bytes is there; one that was not sent is not.
            assert_eq!(details, (seq % 3 == 0).then_some(&b""[..]));
        }
    }
    assert_eq!(entries.index_of(LogId([1; 16]), 20), None);
    assert_eq!(entries.index_of(LogId([1; 16]), 9), None);
    assert_eq!(entries.index_of(LogId([9; 16]), 10), None);
}

#[test]
fn every_changed_bit_is_found_with_the_key() {
    let bytes = block();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let found = open(&changed, PLACE, Some(&key()));
            assert!(
                matches!(found, Err(BlockError::Header | BlockError::Check)),
                "byte {at}, bit {bit}: {found:?}"
            );
        }
    }
}

#[test]
fn a_block_of_another_place_or_key_is_refused() {
    let bytes = block();
    assert_eq!(
        open(&bytes, Place { pack: 5, ..PLACE }, Some(&key())),
        Err(BlockError::Header)
    );
    assert_eq!(
        open(&bytes, Place { offset: 0, ..PLACE }, Some(&key())),
        Err(BlockError::Header)
    );
    assert_eq!(
        open(&bytes, PLACE, Some(&FrameKey::new(&[8; 32]))),
        Err(BlockError::Header)
    );
    assert!(open(&bytes, PLACE, None).is_ok());
}

#[test]
fn no_payload_makes_the_decoder_panic() {
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    let (entries, parts) = payloads();
    let mut refused = 0;
    for round in 0..30_000 {
        let kind = if round % 2 == 0 {
            Kind::Entries
        } else {
            Kind::Parts
        };
        let mut payload = if kind == Kind::Entries {
            entries.clone()
        } else {
            parts.clone()
        };
        for _ in 0..=next(3) {
            let at = next(payload.len());
            payload[at] = u8::try_from(next(256)).unwrap();
        }
        payload.truncate(payload.len() - next(3).min(1) * next(40));
        match Records::parse(kind, payload) {
            Ok(records) => {
                for (log, first, ..) in records.runs().to_vec() {
                    let index = records.index_of(log, first).unwrap_or(usize::MAX / 4);
                    let _ = if kind == Kind::Entries {
                        records.entry(index).len()
                    } else {
                        records.size()
                    };
                    let _ = (kind == Kind::Parts).then(|| records.parts(index));
                }
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 3_000, "{refused}");
}
