//! The text of an API key: `vtk_<id>_<secret>_<checksum>`, 8, 32 and 6 base62 digits.
//!
//! Promises: a mistyped key is refused before anything is looked up; the secret has 190 bits. Must never: show the text
//! in `Debug`.

use std::fmt;

use ledger::source::Rng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A well-formed API key.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
}

/// A text that is no API key, or was mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected vtk_, 8, 32 and 6 letters or digits with _ between, and a fitting checksum")]
pub struct NotAToken;

const PREFIX: &str = "vtk_";
const ID_DIGITS: usize = 8;
const SECRET_DIGITS: usize = 32;
const CHECK_DIGITS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Token {
    /// A new key.
    pub fn random(rng: &dyn Rng) -> Self {
        let mut text = String::from(PREFIX);
        push_random(&mut text, ID_DIGITS, rng);
        text.push('_');
        push_random(&mut text, SECRET_DIGITS, rng);
        let check = checksum(&text);
        text.push('_');
        text.push_str(&check);
        Self { text }
    }

    /// Reads a key; the checksum is looked at first.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let (body, check) = text.rsplit_once('_').ok_or(NotAToken)?;
        if checksum(body) != check {
            return Err(NotAToken);
        }
        let (id, secret) = body
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(NotAToken)?;
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if digits(id, ID_DIGITS) && digits(secret, SECRET_DIGITS) {
            Ok(Self {
                text: text.to_owned(),
            })
        } else {
            Err(NotAToken)
        }
    }

    /// The public id, by which the key is looked up and named.
    pub fn id(&self) -> &str {
        // The constructors see to the shape.
        self.text
            .get(PREFIX.len()..PREFIX.len() + ID_DIGITS)
            .unwrap_or_default()
    }

    /// The whole key, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is stored of it: SHA-256 of the whole text.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// Whether `stored` is this key's hash, in constant time.
    pub fn matches(&self, stored: &[u8; 32]) -> bool {
        self.hash().ct_eq(stored).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// So many uniformly random letters and digits: for public ids.
pub(crate) fn random_digits(count: usize, rng: &dyn Rng) -> String {
    let mut text = String::with_capacity(count);
    push_random(&mut text, count, rng);
    text
}

/// Appends uniformly random digits.
fn push_random(text: &mut String, count: usize, rng: &dyn Rng) {
    // 248 = 4 × 62: bytes above would favour some digits.
    const FAIR: u8 = 248;
    let mut missing = count;
    while missing > 0 {
        let mut bytes = [0; 64];
        rng.fill(&mut bytes);
        for byte in bytes.into_iter().filter(|byte| *byte < FAIR).take(missing) {
            text.push(char::from(DIGITS[usize::from(byte % 62)]));
            missing -= 1;
        }
    }
}

/// CRC-32 of the text before it, as 6 base62 digits.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct Counting(AtomicU8);
    impl Rng for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(7, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_new_key_reads_back_and_matches_its_hash_alone() {
        let rng = Counting::default();
        let (token, other) = (Token::random(&rng), Token::random(&rng));
        assert_eq!(Token::parse(token.reveal()), Ok(token.clone()));
        assert_eq!(token.reveal().len(), 4 + 8 + 1 + 32 + 1 + 6);
        assert!(token.matches(&token.hash()) && !token.matches(&other.hash()));
    }

    #[test]
    fn every_single_changed_character_is_noticed() {
        let token = Token::random(&Counting::default());
        for at in 0..token.reveal().len() {
            let mut text = token.reveal().to_owned().into_bytes();
            text[at] = if text[at] == b'x' { b'y' } else { b'x' };
            let text = String::from_utf8(text).unwrap();
            assert_eq!(Token::parse(&text), Err(NotAToken), "{at}");
        }
    }

    #[test]
    fn texts_that_are_no_keys_are_refused() {
        for text in ["", "vtk_", "_", "vtk__", "vtk_a_b_c", "é_é_é", "Bearer"] {
            assert_eq!(Token::parse(text), Err(NotAToken), "{text}");
        }
        // A right checksum over a wrong shape.
        let short = "vtk_abc_def";
        let text = format!("{short}_{}", checksum(short));
        assert_eq!(Token::parse(&text), Err(NotAToken));
    }

    #[test]
    fn debug_hides_the_secret() {
        let token = Token::random(&Counting::default());
        assert!(!format!("{token:?}").contains(&token.reveal()[13..45]));
    }
}
