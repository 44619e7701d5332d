use super::*;

fn key() -> FrameKey {
    FrameKey::new(&[9; 32])
}

fn frame() -> Frame {
    let record =
        |text: &str| Stored::from_bytes(LogId([1; 16]), text.as_bytes(), Some(b"person"), None);
    let records = vec![record("one"), record("two"), record(&"x".repeat(2_000))];
    let run = Run {
        log: LogId([1; 16]),
        first: 7,
        records: Arc::new(records),
    };
    let change = Change::RevokeKey {
        id: "k1".into(),
        at: ledger::time::Micros::from_micros(5),
    };
    Frame {
        number: 3,
        changes: vec![change],
        runs: vec![run],
    }
}

fn encoded() -> Vec<u8> {
    let mut bytes = Vec::new();
    frame().encode(2, &key(), &mut bytes);
    bytes
}

#[test]
fn a_frame_comes_back_as_it_was_written() {
    let bytes = encoded();
    let Found::Frame(found, length) = read(&bytes, 2, &key()) else {
        panic!("a frame stands there")
    };
    assert_eq!(length, bytes.len());
    assert_eq!(found.number, 3);
    assert_eq!(found.changes, frame().changes);
    assert_eq!(
        (found.runs[0].log, found.runs[0].first),
        (LogId([1; 16]), 7)
    );
    assert_eq!(found.runs[0].records, frame().runs[0].records);
}

#[test]
fn every_changed_bit_is_damage_and_never_an_unfinished_write() {
    let bytes = encoded();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(
                matches!(read(&changed, 2, &key()), Found::Damaged(_)),
                "byte {at}, bit {bit}"
            );
        }
    }
}

#[test]
fn every_cut_is_an_unfinished_write() {
    let bytes = encoded();
    for length in 1..bytes.len() {
        assert!(
            matches!(read(&bytes[..length], 2, &key()), Found::Torn),
            "{length} bytes"
        );
    }
    assert!(matches!(read(&[], 2, &key()), Found::End));
    assert!(matches!(read(&[0; 4096], 2, &key()), Found::Torn));
}

#[test]
fn every_missing_sector_is_an_unfinished_write() {
    let bytes = encoded();
    // The frame may begin anywhere in a sector.
    for offset in 0..512 {
        let sectors = (offset + bytes.len()).div_ceil(512);
        for sector in 0..sectors {
            let mut torn = bytes.clone();
            let from = (sector * 512).saturating_sub(offset);
            let to = ((sector + 1) * 512 - offset).min(bytes.len());
            torn[from..to].fill(0);
            assert!(
                matches!(read(&torn, 2, &key()), Found::Torn),
                "offset {offset}, sector {sector}"
            );
        }
    }
}

#[test]
fn a_frame_of_another_place_or_key_is_damage() {
    let bytes = encoded();
    assert!(matches!(read(&bytes, 3, &key()), Found::Damaged(_)));
    assert!(matches!(
        read(&bytes, 2, &FrameKey::new(&[8; 32])),
        Found::Damaged(_)
    ));
}

#[test]
fn no_payload_makes_the_decoder_panic() {
    let bytes = encoded();
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..30_000 {
        let mut payload = bytes[HEADER_BYTES..].to_vec();
        for _ in 0..=next(3) {
            let at = next(payload.len().min(120));
            match next(3) {
                0 => payload[at] = u8::try_from(next(256)).unwrap(),
                1 => payload.truncate(at + 1),
                _ => payload.insert(at, 0xff),
            }
        }
        match Frame::decode(1, &payload) {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 100 && refused > 10_000, "{accepted} {refused}");
}
