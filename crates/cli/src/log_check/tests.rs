//! A sound log holds; every way of bending one is named.

use std::collections::BTreeMap;

use ledger::name::TenantId;
use ledger::tile::{bundle_encode, tile_encode, tiles_for};

use super::*;

const LOG: LogId = LogId([7; 16]);
const VKEY: &str = "the key";
/// Two full tiles and a partial one: every case of the right edge.
const SIZE: u64 = 600;

/// A log as a server shows it.
#[derive(Clone)]
struct Shown {
    entries: Vec<Vec<u8>>,
    tiles: BTreeMap<TilePath, Vec<u8>>,
}

fn origin() -> String {
    format!("veritrail.invalid/00/{LOG}")
}

fn opening() -> Opening {
    Opening {
        log: LOG,
        kind: Kind::Main,
        tenant: TenantId([1; 16]),
        origin: origin(),
        vkey: VKEY.into(),
        recorded_at: Micros::default(),
        predecessor: None,
    }
}

fn entry(log: LogId, seq: u64, micros: i64) -> Vec<u8> {
    let at = Micros::from_micros(micros);
    format!(
        r#"{{"actor":{{"type":"user"}},"id":"e{seq}","ingest":{{"key":"k","source":"s"}},"log":"{log}","operation":"deployment.created","recorded_at":"{at}","resource":{{"type":"deployment"}},"seq":"{seq}","v":"veritrail/entry/1"}}"#
    )
    .into_bytes()
}

impl Shown {
    fn sound(size: u64) -> Self {
        let mut entries = vec![opening().encode()];
        entries.extend((1..size).map(|seq| entry(LOG, seq, i64::try_from(seq).unwrap())));
        Self::of(entries)
    }

    /// All derived from the entries, as one would who edits them.
    fn of(entries: Vec<Vec<u8>>) -> Self {
        let mut nodes = BTreeMap::new();
        let mut range = CompactRange::new();
        for entry in &entries {
            range.push_with(Hash::leaf(entry), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        let mut tiles = BTreeMap::new();
        for path in tiles_for(range.size()) {
            let bytes = match path.kind() {
                TileKind::Entries => {
                    let range = path.range();
                    let bundled = range.map(|seq| &*entries[usize::try_from(seq).unwrap()]);
                    bundle_encode(bundled).unwrap()
                }
                TileKind::Hashes { .. } => {
                    let hashes: Vec<Hash> = path.nodes().map(|node| nodes[&node]).collect();
                    tile_encode(&hashes).unwrap()
                }
            };
            tiles.insert(path, bytes);
        }
        Self { entries, tiles }
    }

    fn pin(&self, size: usize) -> PinnedCheckpoint {
        let mut range = CompactRange::new();
        let leaves = self.entries[..size].iter();
        leaves.for_each(|entry| range.push(Hash::leaf(entry)));
        PinnedCheckpoint {
            note: String::new(),
            origin: origin(),
            size: range.size(),
            root: range.root(),
            place: "the pin".into(),
        }
    }

    /// Checks it at its own size and the root of `signed`.
    fn check(&self, signed: &Self, pinned: &[PinnedCheckpoint]) -> Result<Checked, CheckError> {
        let root = signed.pin(signed.entries.len()).root;
        let origin = origin();
        let subject = Subject {
            log: LOG,
            origin: &origin,
            vkey: VKEY,
            size: u64::try_from(self.entries.len()).unwrap(),
            root,
            pinned,
        };
        check(&subject, &mut |path| {
            let mut absent = Failure::usage("nothing is here");
            absent.code = Some(api::code::NOT_FOUND.into());
            self.tiles.get(path).cloned().ok_or(absent)
        })
    }
}

/// What is found wrong: seq, path and words.
fn fault(result: Result<Checked, CheckError>) -> (Option<u64>, Option<String>, String) {
    match result {
        Err(CheckError::Fault(fault)) => {
            assert_eq!(fault.log, Some(LOG.to_string()));
            (fault.seq, fault.file, fault.what)
        }
        other => panic!("expected a fault, got {other:?}"),
    }
}

#[test]
fn a_sound_log_holds_at_every_shape_of_its_right_edge() {
    for size in [1, 2, 255, 256, 257, 512, SIZE] {
        let log = Shown::sound(size);
        let pins = [log.pin(0), log.pin(1), log.pin(log.entries.len())];
        let checked = log.check(&log, &pins).unwrap();
        assert_eq!(checked.kind, Kind::Main, "size {size}");
    }
}

#[test]
fn an_edited_entry_with_everything_derived_anew_is_another_root_than_the_signed_one() {
    let sound = Shown::sound(SIZE);
    let mut entries = sound.entries.clone();
    entries[300] = String::from_utf8(entries[300].clone())
        .unwrap()
        .replace("created", "deleted")
        .into_bytes();
    let (_, _, what) = fault(Shown::of(entries).check(&sound, &[]));
    assert!(what.contains("but its checkpoint says"), "{what}");
}

#[test]
fn history_that_was_changed_and_signed_again_breaks_on_the_pin() {
    let sound = Shown::sound(SIZE);
    let mut entries = sound.entries.clone();
    entries[299] = entry(LOG, 299, 298);
    let rewritten = Shown::of(entries);
    let pins = [sound.pin(200), sound.pin(400)];
    let (_, _, what) = fault(rewritten.check(&rewritten, &pins));
    assert!(
        what.contains("first 400 entries") && what.contains("the pin"),
        "{what}"
    );
}

#[test]
fn a_cut_tail_breaks_on_the_pin() {
    let sound = Shown::sound(SIZE);
    let cut = Shown::sound(SIZE - 1);
    let (_, _, what) = fault(cut.check(&cut, &[sound.pin(600)]));
    assert!(what.contains("599") && what.contains("cut off"), "{what}");
}

#[test]
fn a_flipped_bit_is_named_by_its_tile() {
    let sound = Shown::sound(SIZE);
    for path in tiles_for(SIZE) {
        let mut bent = sound.clone();
        let bytes = bent.tiles.get_mut(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let (seq, file, what) = fault(bent.check(&sound, &[]));
        match path.kind() {
            TileKind::Hashes { .. } => assert_eq!(file, Some(format!("tile/{path}"))),
            // Within an entry: its own layout, its tile, or the root shows it.
            TileKind::Entries => assert!(seq.is_some() || file.is_some(), "{path}: {what}"),
        }
    }
}

#[test]
fn a_missing_or_shortened_tile_is_named() {
    let sound = Shown::sound(SIZE);
    for path in tiles_for(SIZE) {
        let mut without = sound.clone();
        without.tiles.remove(&path);
        let (_, file, what) = fault(without.check(&sound, &[]));
        assert_eq!(file, Some(format!("tile/{path}")));
        assert!(what.contains("missing"), "{what}");
    }
    let mut short = sound.clone();
    let path = TilePath::new(TileKind::Hashes { level: 0 }, 2, 88).unwrap();
    short.tiles.get_mut(&path).unwrap().truncate(32);
    let (_, file, what) = fault(short.check(&sound, &[]));
    assert_eq!(file, Some("tile/0/002.p/88".into()));
    assert!(what.contains("expected 88 hashes, found 1"), "{what}");
}

#[test]
fn entries_in_the_wrong_place_are_named_by_their_seq() {
    let sound = Shown::sound(10);
    let with = |bend: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut entries = sound.entries.clone();
        bend(&mut entries);
        let bent = Shown::of(entries);
        fault(bent.check(&bent, &[]))
    };
    let (seq, _, what) = with(&|entries| entries.swap(3, 4));
    assert!(
        seq == Some(3) && what.contains("says that it is entry 4"),
        "{what}"
    );
    let (seq, _, what) = with(&|entries| entries[5] = entry(LogId([8; 16]), 5, 5));
    assert!(
        seq == Some(5) && what.contains("belongs to the log 0808"),
        "{what}"
    );
    let (seq, _, what) = with(&|entries| entries[6] = entry(LOG, 6, 1));
    assert!(seq == Some(6) && what.contains("recorded before"), "{what}");
    let (seq, _, what) = with(&|entries| entries[7] = b"{}".to_vec());
    assert!(
        seq == Some(7) && what.contains("not a veritrail/entry/1"),
        "{what}"
    );
    let (seq, _, what) = with(&|entries| drop(entries.remove(0)));
    assert!(seq == Some(0), "{what}");
}

#[test]
fn a_replaced_key_or_origin_is_seen_in_entry_0() {
    let sound = Shown::sound(3);
    for (opening, words) in [
        (
            Opening {
                vkey: "another".into(),
                ..opening()
            },
            "key was replaced",
        ),
        (
            Opening {
                origin: "elsewhere/x".into(),
                ..opening()
            },
            "another origin",
        ),
        (
            Opening {
                log: LogId([9; 16]),
                ..opening()
            },
            "opens the log 0909",
        ),
    ] {
        let mut entries = sound.entries.clone();
        entries[0] = opening.encode();
        let bent = Shown::of(entries);
        let (seq, _, what) = fault(bent.check(&bent, &[]));
        assert!(seq == Some(0) && what.contains(words), "{what}");
    }
}

#[test]
fn what_can_not_be_read_is_no_fault() {
    let log = Shown::sound(3);
    let origin = origin();
    let subject = Subject {
        log: LOG,
        origin: &origin,
        vkey: VKEY,
        size: 3,
        root: log.pin(3).root,
        pinned: &[],
    };
    let ended = check(&subject, &mut |_| Err(Failure::unreachable("no answer")));
    assert_eq!(
        ended,
        Err(CheckError::Failed(Failure::unreachable("no answer")))
    );
}

#[test]
fn a_log_without_entries_is_no_log() {
    let empty = Shown::of(Vec::new());
    let (_, _, what) = fault(empty.check(&empty, &[]));
    assert!(what.contains("no entries"), "{what}");
}
