//! Edge cases of Ed25519 (C2SP/CCTV): which signatures we accept, so that it can't change unseen.
//!
//! Accepted are exactly the signatures that RFC 8032 without a cofactor accepts, that have canonical encodings, and
//! in which neither the key nor R is of small order.

use std::fs;
use std::ops::{Add, Mul};

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, SigningKey, Verifier, VerifyingKey};
use ledger::note::{Note, NoteError, VerifierKey, sign_note};
use serde_json::Value;
use sha2::{Digest, Sha512};

use crate::source::folder;

/// Flags of a case that make a signature unacceptable. What remains is a component of small order in the key or in R
/// that cancels out, and nothing.
const REFUSED: [&str; 5] = [
    "low_order_A",
    "low_order_R",
    "low_order_residue",
    "non_canonical_A",
    "non_canonical_R",
];

#[test]
fn strict_verification_accepts_exactly_the_expected_class() {
    let Some(folder) = folder("ed25519") else {
        return;
    };
    let text = fs::read_to_string(folder.join("ed25519vectors.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let (mut accepted, mut keys) = (0, 0);
    for case in &cases {
        let flags: Vec<&str> = case["flags"]
            .as_array()
            .map(|flags| flags.iter().map(|flag| flag.as_str().unwrap()).collect())
            .unwrap_or_default();
        let key: [u8; 32] = hex(&case["key"]).try_into().unwrap();
        let signature: [u8; 64] = hex(&case["sig"]).try_into().unwrap();
        let message = case["msg"].as_str().unwrap().as_bytes();
        let key = VerifyingKey::from_bytes(&key);
        let holds = key.as_ref().is_ok_and(|key| {
            key.verify_strict(message, &Signature::from_bytes(&signature))
                .is_ok()
        });
        let expected = !flags.iter().any(|flag| REFUSED.contains(flag));
        assert_eq!(holds, expected, "case {}: {flags:?}", case["number"]);
        accepted += usize::from(holds);
        // A key that no honest signer has may not even be configured.
        let sound = !flags.contains(&"low_order_A") && !flags.contains(&"non_canonical_A");
        let named = key.ok().and_then(|key| VerifierKey::new("name", key).ok());
        assert_eq!(named.is_some(), sound, "case {}: {flags:?}", case["number"]);
        keys += usize::from(sound);
    }
    assert_eq!((cases.len(), accepted, keys), (914, 43, 388));
}

#[test]
fn a_signature_s_second_spelling_is_refused() {
    let signing_key = SigningKey::from_bytes(&[5; 32]);
    let key = VerifierKey::new("name", signing_key.verifying_key()).unwrap();
    let note = sign_note("text\n", "name", &signing_key).unwrap();
    let good = Note::parse(&note).unwrap();
    let mut signature: [u8; 64] = good.signatures()[0].signature().try_into().unwrap();
    assert!(
        key.public_key()
            .verify_strict(b"text\n", &Signature::from_bytes(&signature))
            .is_ok()
    );
    // S + L, where L is the order of the group: the same number to a verifier that does not look.
    let order = hex_bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, added) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(added) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert!(
        key.public_key()
            .verify_strict(b"text\n", &Signature::from_bytes(&signature))
            .is_err()
    );
}

/// Anyone who holds the key can make it, and verifiers differ on it: two parties would see two truths.
#[test]
fn a_note_with_an_r_of_small_order_is_refused() {
    let signing_key = SigningKey::from_bytes(&[6; 32]);
    let key = VerifierKey::new("name", signing_key.verifying_key()).unwrap();
    let honest = sign_note("text\n", "name", &signing_key).unwrap();
    assert!(
        Note::parse(&honest)
            .unwrap()
            .verify(std::slice::from_ref(&key))
            .is_ok()
    );

    // R is the neutral element, so S is the challenge times the secret scalar.
    let mut signature = [0; 64];
    signature[0] = 1;
    let challenge = Sha512::new()
        .chain_update(&signature[..32])
        .chain_update(key.public_key().as_bytes())
        .chain_update("text\n")
        .finalize();
    let secret = signing_key.to_scalar();
    let response = reduced(secret, &challenge) * secret;
    signature[32..].copy_from_slice(&response.to_bytes());
    let lax = key
        .public_key()
        .verify(b"text\n", &Signature::from_bytes(&signature));
    assert!(lax.is_ok(), "the attack is real");

    let bytes = [key.key_id().as_slice(), &signature].concat();
    let forged = format!("text\n\n— name {}\n", Base64::encode_string(&bytes));
    let found = Note::parse(&forged).unwrap().verify(&[key]);
    assert_eq!(
        found,
        Err(NoteError::BadSignature {
            name: "name".into()
        })
    );
}

/// The little-endian number `bytes` as a scalar, which is what `like` is.
fn reduced<S: From<u64> + Add<Output = S> + Mul<Output = S>>(like: S, bytes: &[u8]) -> S {
    let zero = like * S::from(0);
    bytes.iter().rev().fold(zero, |sum, byte| {
        sum * S::from(256) + S::from(u64::from(*byte))
    })
}

fn hex(value: &Value) -> Vec<u8> {
    hex_bytes(value.as_str().unwrap())
}

fn hex_bytes(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|place| u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).unwrap())
        .collect()
}
