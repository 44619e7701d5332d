//! Names, ids and verifier keys of signed notes (C2SP signed-note v1.0.0, "Signatures" and "Verifier keys").
//!
//! Promises: a key that parses is a sound Ed25519 key under the id it claims, and prints as it was read. Must never:
//! hold a private key.

use std::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::NoteError;
use crate::name::{from_hex, to_hex};

/// Four bytes that tell a name's keys apart. An identifier, not a commitment: keys that share it are easily made.
pub type KeyId = [u8; 4];

/// Signature type of plain Ed25519 over the note's text.
pub const ED25519: u8 = 0x01;

/// Whether `name` may name a key: not empty, no space, plus sign or control character.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(|character| {
            character.is_whitespace() || character.is_control() || character == '+'
        })
}

/// The id of a key: SHA-256(name ‖ newline ‖ type ‖ public key), its first four bytes.
pub fn key_id(name: &str, signature_type: u8, public_key: &[u8]) -> KeyId {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', signature_type])
        .chain_update(public_key)
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// A named Ed25519 public key, written `<name>+<key id in hex>+<base64(type ‖ key)>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_id: KeyId,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// # Errors
    /// [`NoteError::BadKeyName`]; [`NoteError::BadKey`] for a key of small order, under which anyone can sign.
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::BadKeyName);
        }
        // A second encoding of the same point would be a second key id of the same key.
        let canonical = key.to_edwards().compress().as_bytes() == key.as_bytes();
        if key.is_weak() || !canonical {
            return Err(NoteError::BadKey);
        }
        let key_id = key_id(name, ED25519, key.as_bytes());
        Ok(Self {
            name: name.to_owned(),
            key_id,
            key,
        })
    }

    /// Reads a verifier key and checks that its id is the one its name and key have.
    ///
    /// # Errors
    /// [`NoteError::BadKey`], [`NoteError::BadKeyName`] or [`NoteError::UnsupportedKeyType`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut fields = text.splitn(3, '+');
        let (Some(name), Some(id), Some(base64)) = (fields.next(), fields.next(), fields.next())
        else {
            return Err(NoteError::BadKey);
        };
        // Type and key are 33 bytes; keys of other types may be longer, none that is worth naming is this long.
        if base64.len() > 4096 {
            return Err(NoteError::BadKey);
        }
        let claimed: KeyId = from_hex(id).ok_or(NoteError::BadKey)?;
        let bytes = Base64::decode_vec(base64).map_err(|_| NoteError::BadKey)?;
        let (signature_type, public_key) = bytes.split_first().ok_or(NoteError::BadKey)?;
        if *signature_type != ED25519 {
            return Err(NoteError::UnsupportedKeyType(*signature_type));
        }
        let public_key = public_key.try_into().map_err(|_| NoteError::BadKey)?;
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| NoteError::BadKey)?;
        let verifier = Self::new(name, key)?;
        if verifier.key_id == claimed {
            Ok(verifier)
        } else {
            Err(NoteError::BadKey)
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The public key.
    pub fn public_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Whether `signature` is this key's over `text`.
    pub(super) fn holds(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .and_then(|signature| self.key.verify_strict(text.as_bytes(), &signature))
            .is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            to_hex(&self.key_id),
            Base64::encode_string(&bytes)
        )
    }
}
