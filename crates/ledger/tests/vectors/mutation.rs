//! Every decoder of the transparency log under mutated input: it answers, whatever the bytes.
//!
//! The seed is fixed, so a failure comes back.

use ed25519_dalek::SigningKey;
use ledger::checkpoint::{Checkpoint, open};
use ledger::hash::Hash;
use ledger::note::{Note, VerifierKey, sign_note};
use ledger::tile::{TilePath, bundle_decode, bundle_encode, tile_decode};
use ledger::tlog_proof::TlogProof;
use ledger::tree::{verify_consistency, verify_inclusion};

const ROUNDS: usize = 5_000;

/// Marsaglia's xorshift64.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

/// One to four changes: a flipped bit, a byte of structure, a cut, a repeated or a removed stretch.
fn mutated(bytes: &[u8], random: &mut Xorshift) -> Vec<u8> {
    const TELLING: &[u8] = b"\n +-./=0129x\0\xff\x80\xe2\x94";
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let place = random.below(bytes.len());
        let end = bytes.len().min(place + 1 + random.below(40));
        match random.below(6) {
            0 => bytes[place] ^= 1 << random.below(8),
            1 => bytes[place] = TELLING[random.below(TELLING.len())],
            2 => bytes.insert(place, TELLING[random.below(TELLING.len())]),
            3 => bytes.truncate(place),
            4 => drop(bytes.drain(place..end)),
            _ => {
                let stretch = bytes[place..end].to_vec();
                bytes.splice(place..place, stretch);
            }
        }
    }
    bytes
}

/// Runs `decode` over mutations of `sample`; it says whether the input was accepted. The sample itself must be.
fn shake(sample: &[u8], seed: u64, decode: impl Fn(&[u8]) -> bool) -> usize {
    let mut random = Xorshift(seed);
    assert!(decode(sample));
    let mut refused = 0;
    for _ in 0..ROUNDS {
        let bytes = mutated(sample, &mut random);
        refused += usize::from(!decode(&bytes));
    }
    assert!(refused > 0, "mutations that change nothing test nothing");
    ROUNDS
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn no_decoder_panics_and_what_decodes_encodes_to_the_same_bytes() {
    let signing_key = SigningKey::from_bytes(&[1; 32]);
    let key = VerifierKey::new("example.com/log", signing_key.verifying_key()).unwrap();
    let [a, b] = [b"a", b"b"].map(|entry| Hash::leaf(entry));
    let checkpoint = Checkpoint::new("example.com/log", 2, Hash::node(&a, &b)).unwrap();
    let note = sign_note(&checkpoint.to_string(), "example.com/log", &signing_key).unwrap();
    let file = TlogProof {
        extra: Some(vec![1, 2, 3]),
        index: 1,
        hashes: vec![a],
        checkpoint: note.clone(),
    };
    let bundle = bundle_encode([b"one".as_slice(), b"", b"three"]).unwrap();

    let mut mutations = 0;
    mutations += shake(key.to_string().as_bytes(), 11, |bytes| {
        let sample = text(bytes);
        let found = VerifierKey::parse(&sample);
        found.is_ok_and(|key| key.to_string() == sample)
    });
    mutations += shake(note.as_bytes(), 12, |bytes| {
        Note::parse(&text(bytes)).is_ok()
    });
    mutations += shake(note.as_bytes(), 13, |bytes| {
        let found = open(&text(bytes), &key, "example.com/log");
        // Other signature lines may come and go; what is signed may not.
        found.is_ok_and(|found| {
            assert_eq!(found, checkpoint);
            true
        })
    });
    mutations += shake(checkpoint.to_string().as_bytes(), 14, |bytes| {
        let sample = text(bytes);
        Checkpoint::parse(&sample).is_ok_and(|found| {
            assert_eq!(found.to_string(), sample);
            true
        })
    });
    for (seed, path) in [(15, "entries/x001/x234/067.p/12"), (16, "3/x012/004")] {
        mutations += shake(path.as_bytes(), seed, |bytes| {
            let sample = text(bytes);
            TilePath::parse(&sample).is_ok_and(|found| {
                assert_eq!(found.to_string(), sample);
                true
            })
        });
    }
    mutations += shake(&bundle, 17, |bytes| {
        bundle_decode(bytes).is_ok_and(|found| {
            assert_eq!(bundle_encode(found).unwrap(), bytes);
            true
        })
    });
    mutations += shake(&[7; 96], 18, |bytes| tile_decode(bytes).is_ok());
    mutations += shake(file.encode().unwrap().as_bytes(), 19, |bytes| {
        let sample = text(bytes);
        TlogProof::decode(&sample).is_ok_and(|found| {
            assert_eq!(found.encode().unwrap(), sample);
            if let Ok(proved) = found.verify(b"b", &key) {
                assert_eq!(
                    (proved, found.index, found.hashes),
                    (checkpoint.clone(), 1, vec![a])
                );
            }
            true
        })
    });
    assert_eq!(mutations, 45_000);
}

#[test]
fn no_verifier_panics_on_any_sizes_and_lengths() {
    let mut random = Xorshift(20);
    let hash = Hash::leaf(b"x");
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut size = || {
            let bits = random.below(64);
            random.next() >> bits
        };
        let (one, other) = (size(), size());
        let proof = vec![hash; random.below(130)];
        refused += usize::from(verify_inclusion(one, other, &hash, &proof, &hash).is_err());
        refused += usize::from(
            verify_consistency(one, other, &hash, &Hash::empty_root(), &proof).is_err(),
        );
    }
    assert_eq!(refused, 40_000);
}
