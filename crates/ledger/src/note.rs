//! Signed notes: text with signature lines (C2SP signed-note v1.0.0), Ed25519 keys of type 0x01.
//!
//! Promises: the text of a note is handed out as trusted only after a known key's signature over it held; one bad
//! signature under a known key spoils the whole note. Must never: use a name from a signature line for anything but
//! comparison, or accept a signature that other verifiers may not ([`ed25519_dalek::VerifyingKey::verify_strict`]).

mod key;

pub use key::{ED25519, KeyId, VerifierKey, is_key_name, key_id};

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer, SigningKey};

use crate::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};

/// Why a text is no note, or not one to believe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Over [`NOTE_BYTES_MAX`] bytes.
    #[error("the note is longer than {NOTE_BYTES_MAX} bytes")]
    TooLong,
    /// Over [`NOTE_SIGNATURES_MAX`] signature lines.
    #[error("the note has more than {NOTE_SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A control character other than the newline.
    #[error("the note has a control character")]
    ControlCharacter,
    /// The text does not end with a newline, or no empty line and signature follow it.
    #[error("expected text, an empty line and signature lines, each ended by a newline")]
    NotANote,
    /// A signature line that is none; lines count from 0.
    #[error("signature line {line} is malformed")]
    BadSignatureLine {
        /// Which one.
        line: usize,
    },
    /// A key name that is empty or has a space, a plus sign or a control character.
    #[error("a key name is not empty and has no space, plus sign or control character")]
    BadKeyName,
    /// A text that is no verifier key.
    #[error("expected a verifier key as <name>+<key id>+<base64>")]
    BadKey,
    /// A key of another signature type than Ed25519.
    #[error("signature type {0:#04x} is not supported")]
    UnsupportedKeyType(u8),
    /// A signature under a known key that does not hold.
    #[error("the signature under the known key {name} does not hold")]
    BadSignature {
        /// Name of that key.
        name: String,
    },
    /// No signature under any known key.
    #[error("no known key signed the note")]
    Unsigned,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    signature: Vec<u8>,
}

impl NoteSignature {
    /// The key's name, as the line claims.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id, as the line claims.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What follows the key id: for Ed25519 the 64 bytes of the signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Reads a line without its newline.
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = Base64::decode_vec(base64).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        let well_formed = is_key_name(name) && !signature.is_empty();
        well_formed.then(|| Self {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

/// A well-formed note that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Takes a note apart at its last empty line. Checks no signature.
    ///
    /// # Errors
    /// Everything of [`NoteError`] that concerns form.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        check_characters(note)?;
        let last = note.rfind("\n\n").ok_or(NoteError::NotANote)?;
        let (text, rest) = note.split_at_checked(last + 1).ok_or(NoteError::NotANote)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(NoteError::NotANote)?;
        let mut signatures = Vec::new();
        for (number, line) in lines.split('\n').enumerate() {
            if number >= NOTE_SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(
                NoteSignature::parse(line).ok_or(NoteError::BadSignatureLine { line: number })?,
            );
        }
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// The text, which nothing vouches for: see [`Self::verify`].
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Checks every signature under one of the `known` keys, ignores all others, and wants at least one.
    ///
    /// A key is known by name and id together.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if any known key's signature fails, [`NoteError::Unsigned`] if there is none.
    pub fn verify(self, known: &[VerifierKey]) -> Result<VerifiedNote, NoteError> {
        let (mut verified, mut ignored) = (Vec::new(), Vec::new());
        for signature in self.signatures {
            let mut keys = known
                .iter()
                .filter(|key| key.name() == signature.name && key.key_id() == signature.key_id)
                .peekable();
            if keys.peek().is_none() {
                ignored.push(signature);
            } else if keys.any(|key| key.holds(&self.text, &signature.signature)) {
                verified.push(signature);
            } else {
                return Err(NoteError::BadSignature {
                    name: signature.name,
                });
            }
        }
        if verified.is_empty() {
            return Err(NoteError::Unsigned);
        }
        Ok(VerifiedNote {
            text: self.text,
            verified,
            ignored,
        })
    }
}

/// A note that at least one known key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedNote {
    text: String,
    verified: Vec<NoteSignature>,
    ignored: Vec<NoteSignature>,
}

impl VerifiedNote {
    /// The signed text, its final newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures under known keys, all of which hold. One key may appear more than once.
    pub fn verified(&self) -> &[NoteSignature] {
        &self.verified
    }

    /// The signatures under unknown keys, which say nothing.
    pub fn ignored(&self) -> &[NoteSignature] {
        &self.ignored
    }
}

/// Signs `text`, which ends with a newline: the whole note. Deterministic.
///
/// # Errors
/// [`NoteError::NotANote`], [`NoteError::TooLong`] or [`NoteError::ControlCharacter`] for a text that no note can
/// carry, [`NoteError::BadKeyName`] for such a name.
pub fn sign_note(text: &str, name: &str, signing_key: &SigningKey) -> Result<String, NoteError> {
    let line = signature_line(text, name, signing_key)?;
    let note = format!("{text}\n{line}");
    if note.len() > NOTE_BYTES_MAX {
        Err(NoteError::TooLong)
    } else {
        Ok(note)
    }
}

/// Signs `text` and gives the signature line with its newline, to be appended to a note of the same text.
///
/// # Errors
/// As [`sign_note`].
pub fn signature_line(
    text: &str,
    name: &str,
    signing_key: &SigningKey,
) -> Result<String, NoteError> {
    check_characters(text)?;
    if !text.ends_with('\n') {
        return Err(NoteError::NotANote);
    }
    if !is_key_name(name) {
        return Err(NoteError::BadKeyName);
    }
    let mut bytes = key_id(name, ED25519, signing_key.verifying_key().as_bytes()).to_vec();
    bytes.extend(signing_key.sign(text.as_bytes()).to_bytes());
    Ok(format!("— {name} {}\n", Base64::encode_string(&bytes)))
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        Err(NoteError::ControlCharacter)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
