//! Keys of the in-memory store's tenants. Not the derivation of the product, which is HKDF over the keys directory
//! (crate `keys`): equal salts give equal keys within one store, and that is all that is promised here.

use std::fmt;

use ledger::hash::Hash;
use ledger::keyring::TenantKeys;
use ledger::name::to_hex;

/// The secret that tenants' keys come from.
pub(super) struct Master {
    secret: [u8; 32],
    kid: String,
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Master")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl Master {
    pub(super) fn new(secret: [u8; 32]) -> Self {
        let digest = Hash::of(&[&b"kid"[..], &secret].concat());
        let [a, b, c, d, ..] = digest.0;
        Self {
            secret,
            kid: to_hex(&[a, b, c, d]),
        }
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    /// The keys of the tenant with this salt.
    pub(super) fn tenant_keys(&self, salt: &[u8; 32]) -> TenantKeys {
        let key = |purpose: &[u8]| hmac(&self.secret, &[salt, purpose].concat());
        TenantKeys::new(
            &self.kid,
            key(b"ref"),
            key(b"id"),
            key(b"mask"),
            key(b"cursor"),
        )
    }
}

/// HMAC-SHA-256 (RFC 2104) with a key shorter than a block.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut inner = vec![0x36; 64];
    let mut outer = vec![0x5c; 64];
    for block in [&mut inner, &mut outer] {
        for (to, from) in block.iter_mut().zip(key) {
            *to ^= from;
        }
    }
    inner.extend(message);
    outer.extend(Hash::of(&inner).0);
    Hash::of(&outer).0
}
