//! A log written by transparency-dev/tessera: 15 entries, a checkpoint at every size, tiles and bundles.

use std::fs;
use std::path::Path;

use ledger::checkpoint::{Checkpoint, CheckpointError, open};
use ledger::hash::Hash;
use ledger::note::{NoteError, VerifierKey};
use ledger::tile::{bundle_decode, bundle_encode, tile_decode, tile_encode, tiles_for};
use ledger::tlog_proof::{TlogProof, TlogProofError};
use ledger::tree::{
    CompactRange, ProofError, TreeError, consistency_proof, inclusion_proof, root_from_nodes,
    verify_consistency, verify_inclusion,
};

use crate::source::folder;

const KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const ORIGIN: &str = "example.com/log/testdata";
const ENTRIES: u64 = 15;

fn key() -> VerifierKey {
    VerifierKey::parse(KEY).unwrap()
}

fn checkpoint_note(log: &Path, size: u64) -> String {
    fs::read_to_string(log.join(format!("checkpoint.{size}"))).unwrap()
}

fn checkpoint(log: &Path, size: u64) -> Checkpoint {
    let checkpoint = open(&checkpoint_note(log, size), &key(), ORIGIN).unwrap();
    assert_eq!(checkpoint.size(), size);
    checkpoint
}

fn read(log: &Path, tile: &str) -> Vec<u8> {
    fs::read(log.join("tile").join(tile)).unwrap_or_else(|error| panic!("{tile}: {error}"))
}

/// The log's leaf hashes, as its tile has them.
fn leaves(log: &Path) -> Vec<Hash> {
    tile_decode(&read(log, "0/000.p/15")).unwrap()
}

/// Answers nodes from the leaves.
fn nodes(leaves: &[Hash]) -> impl FnMut(u8, u64) -> Result<Hash, TreeError> {
    move |level, index| {
        let mut range = CompactRange::new();
        for leaf in index << level..(index + 1) << level {
            range.push(leaves[usize::try_from(leaf).unwrap()]);
        }
        Ok(range.root())
    }
}

#[test]
fn every_size_has_the_signed_root_tiles_and_bundles() {
    let Some(log) = folder("tessera") else { return };
    let mut range = CompactRange::new();
    let mut checkpoints = 0;
    for size in 0..=ENTRIES {
        let signed = checkpoint(&log, size);
        assert_eq!(range.root(), *signed.root(), "size {size}");
        assert_eq!(
            root_from_nodes(size, &mut nodes(&leaves(&log))),
            Ok(*signed.root())
        );
        checkpoints += 1;
        for tile in tiles_for(size) {
            let bytes = read(&log, &tile.to_string());
            let hashes: Vec<Hash> = if tile.to_string().starts_with("entries/") {
                let entries = bundle_decode(&bytes).unwrap();
                assert_eq!(bundle_encode(entries.iter().copied()).unwrap(), bytes);
                entries.into_iter().map(Hash::leaf).collect()
            } else {
                let hashes = tile_decode(&bytes).unwrap();
                assert_eq!(tile_encode(&hashes).unwrap(), bytes);
                hashes
            };
            assert_eq!(
                hashes,
                leaves(&log)[..usize::try_from(size).unwrap()],
                "{tile}"
            );
        }
        if size < ENTRIES {
            range.push(leaves(&log)[usize::try_from(size).unwrap()]);
        }
    }
    assert_eq!(checkpoints, 16);
    assert_eq!(
        fs::read_to_string(log.join("checkpoint")).unwrap(),
        checkpoint_note(&log, ENTRIES)
    );
}

#[test]
fn all_checkpoints_are_consistent_and_all_entries_included() {
    let Some(log) = folder("tessera") else { return };
    let leaves = leaves(&log);
    let (mut consistent, mut included) = (0, 0);
    for new in 0..=ENTRIES {
        let signed = checkpoint(&log, new);
        for old in 0..=new {
            let older = checkpoint(&log, old);
            let proof = consistency_proof(old, new, &mut nodes(&leaves)).unwrap();
            assert_eq!(
                verify_consistency(old, new, older.root(), signed.root(), &proof),
                Ok(())
            );
            consistent += 1;
            if old != new {
                let reversed = TreeError::SizesReversed { old: new, new: old };
                let found = verify_consistency(new, old, signed.root(), older.root(), &proof);
                assert_eq!(found, Err(ProofError::Impossible(reversed)));
            }
        }
        for index in 0..new {
            let leaf = leaves[usize::try_from(index).unwrap()];
            let proof = inclusion_proof(index, new, &mut nodes(&leaves)).unwrap();
            assert_eq!(
                verify_inclusion(index, new, &leaf, &proof, signed.root()),
                Ok(())
            );
            included += 1;
        }
    }
    assert_eq!((consistent, included), (136, 120));
}

#[test]
fn an_altered_byte_anywhere_is_noticed() {
    let Some(log) = folder("tessera") else { return };
    let bundle = read(&log, "entries/000.p/15");
    let root = *checkpoint(&log, ENTRIES).root();
    let mut noticed = 0;
    for place in 0..bundle.len() {
        let mut altered = bundle.clone();
        altered[place] ^= 1;
        if let Ok(entries) = bundle_decode(&altered) {
            let mut range = CompactRange::new();
            for entry in entries {
                range.push(Hash::leaf(entry));
            }
            assert_ne!(range.root(), root, "byte {place}");
        }
        noticed += 1;
    }
    assert_eq!(noticed, 99);
    let note = checkpoint_note(&log, ENTRIES);
    let mut noticed = 0;
    for place in 0..note.len() {
        let mut altered = note.clone().into_bytes();
        altered[place] ^= 1;
        if let Ok(altered) = String::from_utf8(altered) {
            assert!(open(&altered, &key(), ORIGIN).is_err(), "byte {place}");
            noticed += 1;
        }
    }
    assert!(noticed > 150, "{noticed}");
    let resized = note.replacen("\n15\n", "\n14\n", 1);
    let bad = NoteError::BadSignature {
        name: ORIGIN.into(),
    };
    assert_eq!(
        open(&resized, &key(), ORIGIN),
        Err(CheckpointError::Note(bad))
    );
}

#[test]
fn proof_files_over_the_log_verify_for_their_entry_only() {
    let Some(log) = folder("tessera") else { return };
    let leaves = leaves(&log);
    let bundle = read(&log, "entries/000.p/15");
    let entries = bundle_decode(&bundle).unwrap();
    let mut verified = 0;
    for (index, entry) in (0..ENTRIES).zip(&entries) {
        let hashes = inclusion_proof::<TreeError>(index, ENTRIES, &mut nodes(&leaves)).unwrap();
        let file = TlogProof {
            extra: None,
            index,
            hashes,
            checkpoint: checkpoint_note(&log, ENTRIES),
        };
        let file = TlogProof::decode(&file.encode().unwrap()).unwrap();
        assert_eq!(file.verify(entry, &key()).unwrap().size(), ENTRIES);
        let other = entries[usize::try_from((index + 1) % ENTRIES).unwrap()];
        let found = file.verify(other, &key());
        assert_eq!(found, Err(TlogProofError::Proof(ProofError::Root)));
        verified += 1;
    }
    assert_eq!(verified, 15);
}
