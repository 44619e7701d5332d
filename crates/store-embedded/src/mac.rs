//! The keyed check on journal frames, pack blocks and rows of the registry: HMAC-SHA-256, first 16 bytes, under the frame key of the keys
//! directory. Without that key nobody can append what recovery or `verify` would take for ours.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a check.
pub(crate) const MAC_BYTES: usize = 16;

/// Makes and compares checks.
#[derive(Clone)]
pub(crate) struct FrameKey(Hmac<Sha256>);

impl std::fmt::Debug for FrameKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FrameKey")
    }
}

impl FrameKey {
    /// Takes the frame key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// The check over `pieces`, whose lengths the first of them fixes.
    pub(crate) fn mac(&self, pieces: &[&[u8]]) -> [u8; MAC_BYTES] {
        let mut out = [0; MAC_BYTES];
        out.copy_from_slice(&self.digest(pieces)[..MAC_BYTES]);
        out
    }

    /// All 32 bytes of it.
    pub(crate) fn digest(&self, pieces: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for piece in pieces {
            mac.update(piece);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether `expected` is the check over `pieces`, compared in constant time.
    pub(crate) fn verify(&self, pieces: &[&[u8]], expected: &[u8]) -> bool {
        let mut mac = self.0.clone();
        for piece in pieces {
            mac.update(piece);
        }
        mac.verify_truncated_left(expected).is_ok()
    }
}
