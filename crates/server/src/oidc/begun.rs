//! Sign-ins that were begun and wait for the person to come back from the provider.
//!
//! Promises: each ends once, whatever comes of it, and only in the browser that began it; what waits is bounded in number
//! and time. Must never: give anything of one sign-in to another.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use ledger::source::Rng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Sign-ins that wait at once. Beyond it the oldest one is given up.
const WAITING_MAX: usize = 8_192;
/// How long somebody may take at the provider, in microseconds.
const WAIT_MICROS: i64 = 10 * 60 * 1_000_000;
/// Longest text of where to go afterwards.
const TO_BYTES_MAX: usize = 2_048;

/// A sign-in that was begun.
#[derive(Clone)]
pub(super) struct Begun {
    /// What the ID token must repeat.
    pub(super) nonce: String,
    /// What the code is worth nothing without.
    pub(super) verifier: String,
    /// Where to go afterwards: a path of ours.
    pub(super) to: String,
    browser: [u8; 32],
    /// On the monotonic clock.
    at: i64,
}

/// What leaves us when a sign-in begins.
pub(super) struct Given {
    /// Comes back with the code.
    pub(super) state: String,
    /// Kept by the browser.
    pub(super) browser: String,
    pub(super) begun: Begun,
}

/// Every sign-in that waits, by the hash of its state.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<BTreeMap<[u8; 32], Begun>>);

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

impl Waiting {
    /// Begins one.
    pub(super) fn begin(&self, to: Option<&str>, now: i64, rng: &dyn Rng) -> Given {
        let (state, browser) = (secret(rng), secret(rng));
        let begun = Begun {
            nonce: secret(rng),
            verifier: secret(rng),
            to: to.and_then(own_path).unwrap_or("/").to_owned(),
            browser: hash(&browser),
            at: now,
        };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            waiting.retain(|_, begun| begun.waits(now));
        }
        if waiting.len() >= WAITING_MAX {
            let oldest = waiting.iter().min_by_key(|(_, begun)| begun.at);
            if let Some(state) = oldest.map(|(state, _)| *state) {
                waiting.remove(&state);
            }
        }
        waiting.insert(hash(&state), begun.clone());
        Given {
            state,
            browser,
            begun,
        }
    }

    /// Where the browser was on the way to that began one last and waits.
    pub(super) fn way_of(&self, browser: &str, now: i64) -> Option<String> {
        let browser = hash(browser);
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = waiting
            .values()
            .filter(|begun| begun.browser == browser && begun.waits(now));
        own.max_by_key(|begun| begun.at)
            .map(|begun| begun.to.clone())
    }

    /// Ends one, for the browser that began it. A state that was seen is worth nothing any more, whoever brought it.
    pub(super) fn end(&self, state: &str, browser: Option<&str>, now: i64) -> Option<Begun> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = waiting.remove(&hash(state))?;
        let same = hash(browser?).ct_eq(&begun.browser);
        (bool::from(same) && begun.waits(now)).then_some(begun)
    }
}

impl Begun {
    fn waits(&self, now: i64) -> bool {
        now.saturating_sub(self.at) < WAIT_MICROS
    }

    /// The hash of the verifier, which shows that whoever brings the code began this.
    pub(super) fn challenge(&self) -> String {
        Base64UrlUnpadded::encode_string(&hash(&self.verifier))
    }
}

/// A path of ours with its query, if it is one. What a browser could take for another host's is none: a second slash or
/// a backslash at the front, and whatever it would drop on the way, such as a line feed.
pub(crate) fn own_path(to: &str) -> Option<&str> {
    let own = to.len() <= TO_BYTES_MAX
        && to.starts_with('/')
        && !to.starts_with("//")
        && !to.contains('\\')
        && to.bytes().all(|byte| byte.is_ascii_graphic());
    own.then_some(to)
}

/// 256 bits that nobody can guess, as 43 characters: as many as a PKCE verifier must have at least.
fn secret(rng: &dyn Rng) -> String {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    Base64UrlUnpadded::encode_string(&bytes)
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct Counting(AtomicU64);
    impl Rng for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            bytes.fill(0);
            bytes[..8].copy_from_slice(&next);
        }
    }

    #[test]
    fn only_paths_of_our_own_are_gone_to() {
        for own in ["/", "/t/acme/search?q=a%20b", "/t/acme/#x"] {
            assert_eq!(own_path(own), Some(own));
        }
        let long = format!("/{}", "a".repeat(TO_BYTES_MAX));
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "javascript:alert(1)",
            "/é",
            " /",
            &long,
        ] {
            assert_eq!(own_path(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn a_state_counts_once_in_its_browser_and_for_ten_minutes() {
        let (waiting, rng) = (Waiting::default(), Counting::default());
        let one = waiting.begin(Some("/x"), 0, &rng);
        let other = waiting.begin(None, 0, &rng);
        let late = waiting.begin(None, 0, &rng);
        assert!(waiting.end(&one.state, Some(&other.browser), 1).is_none());
        assert!(waiting.end(&one.state, Some(&one.browser), 1).is_none());
        assert!(waiting.end("unknown", Some(&one.browser), 1).is_none());
        let ended = waiting.end(&other.state, Some(&other.browser), 1).unwrap();
        assert_eq!((ended.to.as_str(), ended.nonce), ("/", other.begun.nonce));
        assert!(waiting.end(&other.state, Some(&other.browser), 1).is_none());
        assert!(
            waiting
                .end(&late.state, Some(&late.browser), WAIT_MICROS)
                .is_none()
        );
    }

    #[test]
    fn what_waits_is_bounded() {
        let (waiting, rng) = (Waiting::default(), Counting::default());
        let first = waiting.begin(None, 0, &rng);
        for at in 1..=i64::try_from(WAITING_MAX).unwrap() {
            waiting.begin(None, at, &rng);
        }
        assert_eq!(waiting.0.lock().unwrap().len(), WAITING_MAX);
        assert!(waiting.end(&first.state, Some(&first.browser), 2).is_none());
    }
}
