//! What is done with a tenant's keys: pseudonyms, derived event ids, mask tags. DESIGN "Version 1, exactly".
//!
//! Must never hand a key out again; `Debug` shows the mask key's id only.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The keys of one tenant, derived in the `keys` crate.
#[derive(Clone)]
pub struct TenantKeys {
    kid: String,
    reference: Hmac<Sha256>,
    id: Hmac<Sha256>,
    mask: Hmac<Sha256>,
    cursor: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantKeys")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl TenantKeys {
    /// Takes the derived keys; `kid` names the master that the mask key came from.
    pub fn new(
        kid: &str,
        reference: [u8; 32],
        id: [u8; 32],
        mask: [u8; 32],
        cursor: [u8; 32],
    ) -> Self {
        Self {
            kid: kid.to_owned(),
            reference: mac(&reference),
            id: mac(&id),
            mask: mac(&mask),
            cursor: Zeroizing::new(cursor),
        }
    }

    /// Names the master that the mask key came from; it stands in every mask.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The pseudonym of an identifier: equal for equal `(kind, id)` within the tenant, meaningless outside it.
    pub fn reference(&self, kind: &str, id: &str) -> String {
        tag(self.reference.clone(), &[kind, id])
    }

    /// The event id that replaces one we can't keep. `kind` is `id` (the producer's own id follows) or
    /// `idempotency-key` (the key, `#`, the index in the request follow).
    pub fn event_id(&self, kind: &str, source: &str, original: &str) -> String {
        format!("vt-{}", tag(self.id.clone(), &[kind, source, original]))
    }

    /// What stands in place of a secret: shows whether the same field of the same resource changed, and nothing else.
    pub fn masked(
        &self,
        resource_type: &str,
        resource_id: &str,
        field: &str,
        value: &str,
    ) -> String {
        let tag = tag(
            self.mask.clone(),
            &[resource_type, resource_id, field, value],
        );
        format!("[masked:hmac-sha256:{}:{tag}]", self.kid)
    }

    /// What stands behind the beginning of a text that was cut: how long it was, and a tag that shows whether two cut
    /// texts of the same field of the same resource were the same.
    pub fn cut_mark(
        &self,
        resource_type: &str,
        resource_id: &str,
        field: &str,
        value: &str,
    ) -> String {
        let field = format!("cut/{field}");
        let tag = tag(
            self.mask.clone(),
            &[resource_type, resource_id, &field, value],
        );
        let bytes = value.len();
        format!("…[cut:{bytes}:hmac-sha256:{}:{tag}]", self.kid)
    }

    /// The secret part of a source's credential: 16 bytes that nobody can compute who has the data alone. `source` is
    /// the source's id and `nonce` what its present credential was made with. The first piece keeps it apart from event
    /// ids, which come from the same key; that key never rotates, so credentials outlive masters.
    pub fn source_secret(&self, source: &str, nonce: &str) -> [u8; 16] {
        let pieces = ["source-secret", source, nonce].map(str::as_bytes);
        framed(self.id.clone(), &pieces)
    }

    /// The key that authenticates cursors.
    pub fn cursor_key(&self) -> &[u8; 32] {
        &self.cursor
    }

    /// What authenticates a cursor: a tag of what it is for, what it is bound to and what it says, each framed.
    pub fn cursor_tag(&self, pieces: &[&[u8]]) -> [u8; 16] {
        framed(mac(&self.cursor), pieces)
    }
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to the block size; doing it here leaves no length to get wrong.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new(&block.into())
}

/// b64 of the first 16 bytes of HMAC over the length-prefixed texts.
fn tag<const N: usize>(mac: Hmac<Sha256>, texts: &[&str; N]) -> String {
    URL_SAFE_NO_PAD.encode(framed(mac, &texts.map(str::as_bytes)))
}

/// The first 16 bytes of HMAC over the length-prefixed pieces.
fn framed(mut mac: Hmac<Sha256>, pieces: &[&[u8]]) -> [u8; 16] {
    for piece in pieces {
        // Pieces are bounded far below 4 GiB by limits.rs; a longer one still frames unambiguously.
        mac.update(&u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(piece);
    }
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    let mut tag = [0; 16];
    for (to, from) in tag.iter_mut().zip(digest) {
        *to = from;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_lengths_so_that_neighbours_do_not_run_together() {
        let keys = TenantKeys::new("k", [1; 32], [2; 32], [3; 32], [4; 32]);
        assert_ne!(keys.reference("ab", "c"), keys.reference("a", "bc"));
        assert_ne!(
            keys.masked("a", "b", "c", "d"),
            keys.masked("a", "b", "cd", "")
        );
        assert_eq!(keys.reference("user", "42").len(), 22);
    }

    #[test]
    fn matches_values_computed_by_python() {
        // hmac.new(bytes([1])*32, struct.pack('>I',4)+b'user'+struct.pack('>I',2)+b'42', 'sha256').digest()[:16]
        let keys = TenantKeys::new("0011aabb", [1; 32], [2; 32], [3; 32], [4; 32]);
        assert_eq!(keys.reference("user", "42"), "GrnaY_UEpn1ZQYKPg7okWQ");
        assert_eq!(
            keys.event_id("id", "api", "x y"),
            "vt-XrxHZWlJXAwSofuDzDbSZA"
        );
        assert_eq!(
            keys.masked("secret", "s1", "changes/value", "hunter2"),
            "[masked:hmac-sha256:0011aabb:qRhb73V5fNheZGtPzZtwCg]"
        );
    }
}
