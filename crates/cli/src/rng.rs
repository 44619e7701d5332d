//! The operating system's randomness.
//!
//! Promises: no byte is handed out twice, and none is kept after it was. Must never: fall back to anything weaker; a
//! system without randomness stops the process.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use ledger::source::Rng;
use zeroize::{Zeroize as _, Zeroizing};

/// How much is fetched at once: one system call for some 256 salts.
const BLOCK_BYTES: usize = 4 * 1024;

/// Randomness of the operating system, fetched by the block.
pub(crate) struct SystemRng {
    block: Mutex<Block>,
}

struct Block {
    /// Unused from `at` on; wiped before.
    bytes: Zeroizing<[u8; BLOCK_BYTES]>,
    at: usize,
}

impl SystemRng {
    /// Fetches the first block, so that a system without randomness is noticed before anything is promised.
    pub(crate) fn new() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; BLOCK_BYTES]);
        from_system(&mut *bytes)?;
        let block = Mutex::new(Block { bytes, at: 0 });
        Ok(Self { block })
    }
}

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > BLOCK_BYTES {
            from_system(bytes).expect("randomness was there at the start and does not run out");
            return;
        }
        // Bytes are wiped as they are copied, so a panic elsewhere leaves nothing half used.
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if BLOCK_BYTES - block.at < bytes.len() {
            from_system(&mut *block.bytes)
                .expect("randomness was there at the start and does not run out");
            block.at = 0;
        }
        let (from, to) = (block.at, block.at + bytes.len());
        let used = &mut block.bytes[from..to];
        bytes.copy_from_slice(used);
        used.zeroize();
        block.at = to;
    }
}

impl fmt::Debug for SystemRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemRng")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "every other place takes this source as an argument"
)]
fn from_system(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_salt_comes_twice_across_many_blocks() {
        let rng = SystemRng::new().unwrap();
        let mut seen = BTreeSet::new();
        for _ in 0..5_000 {
            let mut salt = [0; 16];
            rng.fill(&mut salt);
            assert!(seen.insert(salt));
        }
    }

    #[test]
    fn what_was_handed_out_is_wiped() {
        let rng = SystemRng::new().unwrap();
        rng.fill(&mut [0; 100]);
        let block = rng.block.lock().unwrap();
        assert_eq!((block.at, &block.bytes[..100]), (100, &[0; 100][..]));
    }

    #[test]
    fn a_request_beyond_the_block_is_filled_whole() {
        let rng = SystemRng::new().unwrap();
        let mut bytes = vec![0; 3 * BLOCK_BYTES];
        rng.fill(&mut bytes);
        assert!(bytes.chunks(64).all(|chunk| chunk != [0; 64]));
    }
}
