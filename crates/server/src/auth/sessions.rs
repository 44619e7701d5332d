//! Browsers that are signed in: whose each is, and until when.
//!
//! Promises: what the browser holds is kept as its hash only; a session ends when it was idle too long, at its age's
//! limit, when somebody ends it, and at the latest with this process. Must never: keep more sessions than
//! [`SESSIONS_MAX`], or a secret in the clear.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use ledger::name::{TenantId, to_hex};
use ledger::source::Rng;
use ledger::time::Micros;
use sha2::{Digest, Sha256};

/// Sessions at once. Beyond it, the one that was idle longest ends.
const SESSIONS_MAX: usize = 10_000;
/// How long a session lives without a request.
const IDLE_MICROS: i64 = 30 * 60 * 1_000_000;
/// How long a session lives at all.
const AGE_MICROS: i64 = 12 * 3_600 * 1_000_000;

/// One browser that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Names the session in records; no secret.
    pub(crate) id: String,
    /// What a form or script of our own pages repeats, and no other page can know.
    pub(crate) csrf: String,
    /// The API key that it was begun with.
    pub(crate) key: String,
    /// The tenant that it is for.
    pub(crate) tenant: TenantId,
    begun: Micros,
    seen: Micros,
}

/// Every session of this process, by the hash of what the browser holds.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<[u8; 32], Session>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; answers what the browser is to hold.
    pub(crate) fn begin(
        &self,
        key: String,
        tenant: TenantId,
        now: Micros,
        rng: &dyn Rng,
    ) -> (String, Session) {
        let secret = random_text(rng);
        let mut id = [0; 12];
        rng.fill(&mut id);
        let session = Session {
            id: format!("ses_{}", to_hex(&id)),
            csrf: random_text(rng),
            key,
            tenant,
            begun: now,
            seen: now,
        };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.lives(now));
        if sessions.len() >= SESSIONS_MAX {
            let idlest = sessions.iter().min_by_key(|(_, session)| session.seen);
            if let Some(hash) = idlest.map(|(hash, _)| *hash) {
                sessions.remove(&hash);
            }
        }
        sessions.insert(hash_of(&secret), session.clone());
        (secret, session)
    }

    /// The session of what a browser holds, which is used by this.
    pub(crate) fn use_by(&self, secret: &str, now: Micros) -> Option<Session> {
        let hash = hash_of(secret);
        let mut sessions = self.lock();
        let session = sessions.get_mut(&hash)?;
        if !session.lives(now) {
            sessions.remove(&hash);
            return None;
        }
        session.seen = session.seen.max(now);
        Some(session.clone())
    }

    /// Ends a session.
    pub(crate) fn end(&self, id: &str) {
        self.lock().retain(|_, session| session.id != id);
    }
}

impl Session {
    fn lives(&self, now: Micros) -> bool {
        let since = |at: Micros| now.as_micros().saturating_sub(at.as_micros());
        since(self.seen) < IDLE_MICROS && since(self.begun) < AGE_MICROS
    }
}

/// 256 bits that nobody can guess.
fn random_text(rng: &dyn Rng) -> String {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    Base64UrlUnpadded::encode_string(&bytes)
}

/// Looked up by hash, so that the time of a lookup tells nothing of the secret.
fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
