//! Ids of events, derived from what a vendor signed or numbered.

use sha2::{Digest, Sha256};

/// An event's id: `<prefix>-` and the SHA-256 of the pieces, each framed by its length. The same delivery gives the same
/// id, whichever way it comes.
///
/// `prefix` is at most 16 of a-z and 0-9.
pub fn of(prefix: &str, pieces: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for piece in pieces {
        digest.update(u64::try_from(piece.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(piece);
    }
    format!("{prefix}-{}", ledger::entry::base64url(&digest.finalize()))
}

/// The id of the `index`th event that a body stands for.
pub fn of_body(prefix: &str, body: &[u8], index: usize) -> String {
    of(prefix, &[body, index.to_string().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_framed_kept_by_the_door_and_no_secret_to_it() {
        assert_ne!(of("a", &[b"ab", b"c"]), of("a", &[b"a", b"bc"]));
        assert_ne!(of_body("a", b"x", 0), of_body("a", b"x", 1));
        for round in 0..2_000_u32 {
            let id = of("cloudtrail", &[&round.to_be_bytes()]);
            assert!(id.len() <= ledger::limits::EVENT_ID_BYTES_MAX);
            assert!(!ledger::secret::is_secret_shaped(&id), "{id}");
        }
    }
}
