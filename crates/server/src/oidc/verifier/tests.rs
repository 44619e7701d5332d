//! Signatures that pyca/cryptography made over one message: algorithm, both halves of the public key, signature.

use base64ct::{Base64UrlUnpadded, Encoding};
use jsonwebtoken::crypto::verify;

use super::*;

const MESSAGE: &[u8] = b"eyJhbGciOiJ4In0.eyJzdWIiOiJhbmEifQ";

fn vectors() -> Vec<[&'static str; 4]> {
    install();
    let lines = include_str!("vectors.txt").lines();
    let lines = lines.map(|line| line.split(' ').collect::<Vec<_>>().try_into().unwrap());
    lines.collect()
}

fn key(algorithm: Algorithm, one: &str, other: &str) -> DecodingKey {
    match algorithm.family() {
        AlgorithmFamily::Rsa => DecodingKey::from_rsa_components(one, other),
        AlgorithmFamily::Ec => DecodingKey::from_ec_components(one, other),
        _ => DecodingKey::from_ed_components(one),
    }
    .unwrap()
}

#[test]
fn every_algorithm_of_the_list_takes_its_signature_and_no_other() {
    let vectors = vectors();
    for algorithm in ALGORITHMS {
        let right = |name: &str| name.parse() == Ok(algorithm);
        let [_, one, other, signature] = *vectors.iter().find(|[name, ..]| right(name)).unwrap();
        let key = key(algorithm, one, other);
        assert_eq!(verify(signature, MESSAGE, &key, algorithm), Ok(true));
        assert_eq!(verify(signature, b"x", &key, algorithm), Ok(false));
        assert_eq!(verify("", MESSAGE, &key, algorithm), Ok(false));
        for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
            let taken = verify(signature, MESSAGE, &key, other);
            assert_ne!(taken, Ok(true), "{algorithm:?} as {other:?}");
        }
        for symmetric in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            assert!(verify(signature, MESSAGE, &key, symmetric).is_err());
        }
    }
}

#[test]
fn a_zero_before_a_modulus_means_nothing_and_a_short_one_is_refused() {
    let vectors = vectors();
    let [_, modulus, exponent, signature] = vectors[0];
    let mut padded = vec![0];
    padded.extend(Base64UrlUnpadded::decode_vec(modulus).unwrap());
    let padded = Base64UrlUnpadded::encode_string(&padded);
    let key = DecodingKey::from_rsa_components(&padded, exponent).unwrap();
    assert_eq!(verify(signature, MESSAGE, &key, Algorithm::RS256), Ok(true));
    let [name, modulus, exponent, signature] = vectors[vectors.len() - 1];
    assert_eq!(name, "small");
    let key = DecodingKey::from_rsa_components(modulus, exponent).unwrap();
    assert_eq!(verify(signature, MESSAGE, &key, Algorithm::RS256), Ok(false));
}

#[test]
fn a_secret_is_no_key() {
    vectors();
    let secret = DecodingKey::from_secret(b"secret");
    for algorithm in ALGORITHMS {
        assert!(verify("", MESSAGE, &secret, algorithm).is_err());
    }
}
