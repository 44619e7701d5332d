//! Browsers that are signed in: whose each is, and until when (docs/adr/0019).
//!
//! Promises: what the browser holds is kept as its hash only; a session ends when it was idle too long, at its age's
//! limit, when somebody ends it, and at the latest with this process; every end can be recorded once. Must never: keep
//! more sessions than [`SESSIONS_MAX`], or a secret in the clear.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use ledger::name::{TenantId, to_hex};
use ledger::source::Rng;
use ledger::time::Micros;
use sha2::{Digest, Sha256};
use store::Tenant;
use subtle::ConstantTimeEq;

use super::grants::Member;
use crate::config::UiConfig;
use crate::oidc::Now;

/// Sessions at once. Beyond it, the one that was idle longest ends.
const SESSIONS_MAX: usize = 10_000;
/// Sessions of one person or key. Beyond it, the one that was idle longest ends.
const SESSIONS_OF_ONE_MAX: usize = 32;
/// Longest name of a browser that is kept.
const AGENT_BYTES_MAX: usize = 256;

/// One browser that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Names the session in records; no secret.
    pub(crate) id: String,
    /// What a form or script of our own pages repeats, and no other page can know.
    pub(crate) csrf: String,
    /// Who signed in.
    pub(crate) whose: Whose,
    /// What the browser calls itself; for its person alone.
    pub(crate) agent: String,
    /// When it began.
    pub(crate) begun_at: Micros,
    /// When it was last used.
    pub(crate) seen_at: Micros,
    /// Tenants in whose access logs its beginning stands.
    pub(crate) told: Arc<[TenantId]>,
    /// On the monotonic clock, as the next.
    begun: i64,
    seen: i64,
}

/// Who signed in.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    /// Somebody with an API key, for one tenant.
    Key {
        /// The key's id.
        id: String,
        /// Whose key it is.
        owner: String,
        /// The tenant.
        tenant: TenantId,
    },
    /// A person, wherever they may.
    Member(Arc<Member>),
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// Whoever had it signed out.
    SignedOut,
    /// They ended it from another browser.
    SignedOutElsewhere,
    /// Somebody who administers ended it.
    Revoked,
    /// Nobody used it for too long.
    Idle,
    /// It was old.
    Old,
    /// Room was needed, or somebody signed in over it.
    Displaced,
    /// Its key was revoked or has expired.
    KeyEnded,
    /// The server ends.
    Stopped,
}

/// Every session of this process.
#[derive(Debug)]
pub(crate) struct Sessions {
    kept: Mutex<Kept>,
    idle_micros: i64,
    age_micros: i64,
}

#[derive(Debug, Default)]
struct Kept {
    /// By the hash of what the browser holds.
    sessions: BTreeMap<[u8; 32], Session>,
    /// Those hashes by the sessions' public ids.
    hashes: BTreeMap<String, [u8; 32]>,
}

/// What a session begins with.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) whose: Whose,
    pub(crate) agent: String,
    pub(crate) told: Arc<[TenantId]>,
}

impl Sessions {
    pub(crate) fn new(config: &UiConfig) -> Self {
        let micros = |seconds: u64| i64::try_from(seconds * 1_000_000).unwrap_or(i64::MAX);
        Self {
            kept: Mutex::default(),
            idle_micros: micros(config.session_idle_minutes * 60),
            age_micros: micros(config.session_hours * 3_600),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; answers those that had to make room.
    pub(crate) fn begin(&self, secret: &str, session: Session) -> Vec<Session> {
        let mut kept = self.lock();
        let mut displaced = Vec::new();
        let theirs = kept.sessions.values();
        let theirs = theirs
            .filter(|other| other.whose.is(&session.whose))
            .count();
        if theirs >= SESSIONS_OF_ONE_MAX {
            displaced.extend(kept.remove_idlest(|other| other.whose.is(&session.whose)));
        }
        if kept.sessions.len() >= SESSIONS_MAX {
            displaced.extend(kept.remove_idlest(|_| true));
        }
        let hash = hash_of(secret);
        kept.hashes.insert(session.id.clone(), hash);
        kept.sessions.insert(hash, session);
        displaced
    }

    /// The session of what a browser holds, which is used by this.
    pub(crate) fn use_by(&self, secret: &str, now: Now) -> Option<Session> {
        let mut kept = self.lock();
        let session = kept.sessions.get_mut(&hash_of(secret))?;
        if self.end_of(session, now.monotonic).is_some() {
            // The job that records ends takes it away.
            return None;
        }
        session.seen = session.seen.max(now.monotonic);
        session.seen_at = session.seen_at.max(now.wall);
        Some(session.clone())
    }

    /// A session that lives, by its public id. It is not used by this.
    pub(crate) fn living(&self, id: &str, now: i64) -> Option<Session> {
        let kept = self.lock();
        let session = kept.sessions.get(kept.hashes.get(id)?)?;
        self.end_of(session, now).is_none().then(|| session.clone())
    }

    /// Those of the same person or key that live, the one used last first.
    pub(crate) fn of(&self, whose: &Whose, now: i64) -> Vec<Session> {
        self.all(now, |one| one.whose.is(whose))
    }

    /// Those that live and are meant, the one used last first.
    pub(crate) fn all(&self, now: i64, is_meant: impl Fn(&Session) -> bool) -> Vec<Session> {
        let kept = self.lock();
        let living = kept.sessions.values();
        let living = living.filter(|one| self.end_of(one, now).is_none() && is_meant(one));
        let mut living: Vec<_> = living.cloned().collect();
        living.sort_by(|left, right| (right.seen, &left.id).cmp(&(left.seen, &right.id)));
        living
    }

    /// Ends a session; answers it, once.
    pub(crate) fn end(&self, id: &str) -> Option<Session> {
        self.lock().remove(id)
    }

    /// Takes every session that has come to its end.
    pub(crate) fn take_ended(&self, now: i64) -> Vec<(Session, SessionEnd)> {
        let mut kept = self.lock();
        let ended = kept.sessions.values();
        let ended = ended.filter_map(|one| Some((one.id.clone(), self.end_of(one, now)?)));
        let ended: Vec<_> = ended.collect();
        let ended = ended.into_iter();
        ended
            .filter_map(|(id, end)| Some((kept.remove(&id)?, end)))
            .collect()
    }

    /// Takes every session, at shutdown.
    pub(crate) fn take_all(&self) -> Vec<Session> {
        let mut kept = self.lock();
        let taken = std::mem::take(&mut *kept);
        taken.sessions.into_values().collect()
    }

    fn end_of(&self, session: &Session, now: i64) -> Option<SessionEnd> {
        if now.saturating_sub(session.begun) >= self.age_micros {
            Some(SessionEnd::Old)
        } else if now.saturating_sub(session.seen) >= self.idle_micros {
            Some(SessionEnd::Idle)
        } else {
            None
        }
    }
}

impl Kept {
    fn remove(&mut self, id: &str) -> Option<Session> {
        let hash = self.hashes.remove(id)?;
        self.sessions.remove(&hash)
    }

    fn remove_idlest(&mut self, among: impl Fn(&Session) -> bool) -> Option<Session> {
        let among = self.sessions.values().filter(|session| among(session));
        let idlest = among.min_by_key(|session| session.seen)?;
        let id = idlest.id.clone();
        self.remove(&id)
    }
}

impl Session {
    /// A session that is to begin: what the browser is to hold, and the rest. Nobody can use it before
    /// [`Sessions::begin`].
    pub(crate) fn prepare(new: NewSession, now: Now, rng: &dyn Rng) -> (String, Self) {
        let mut id = [0; 12];
        rng.fill(&mut id);
        let mut agent = new.agent;
        agent.truncate(agent.floor_char_boundary(AGENT_BYTES_MAX));
        let session = Self {
            id: format!("ses_{}", to_hex(&id)),
            csrf: random_text(rng),
            whose: new.whose,
            agent,
            begun_at: now.wall,
            seen_at: now.wall,
            told: new.told,
            begun: now.monotonic,
            seen: now.monotonic,
        };
        (random_text(rng), session)
    }

    /// Whether there were several tenants to enter when it began.
    pub(crate) fn may_enter_several(&self) -> bool {
        matches!(self.whose, Whose::Member(_)) && self.told.len() != 1
    }

    /// Whether `said` is what only our own pages know.
    pub(crate) fn is_own_form(&self, said: &str) -> bool {
        bool::from(self.csrf.as_bytes().ct_eq(said.as_bytes()))
    }
}

impl Whose {
    /// Whether it is the same person, or the same key for the same tenant.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Key { id, tenant, .. },
                Self::Key {
                    id: other_id,
                    tenant: other_tenant,
                    ..
                },
            ) => (id, tenant) == (other_id, other_tenant),
            (Self::Member(member), Self::Member(other)) => member.subject == other.subject,
            _ => false,
        }
    }

    /// Whether a session of theirs may enter the tenant at `now`.
    pub(crate) fn may_enter(&self, tenant: &Tenant, now: Micros) -> bool {
        match self {
            Self::Key { tenant: only, .. } => *only == tenant.record.id,
            Self::Member(member) => !member.roles_in(tenant, now).is_empty(),
        }
    }

    /// What they are called.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Key { owner, .. } => owner,
            Self::Member(member) => &member.name,
        }
    }

    /// How they signed in, as records name it.
    pub(crate) fn way(&self) -> &'static str {
        match self {
            Self::Key { .. } => "api_key",
            Self::Member(_) => "oidc",
        }
    }
}

impl SessionEnd {
    /// Its name in records.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedOutElsewhere => "signed_out_elsewhere",
            Self::Revoked => "revoked",
            Self::Idle => "idle",
            Self::Old => "old",
            Self::Displaced => "displaced",
            Self::KeyEnded => "key_ended",
            Self::Stopped => "server_stopped",
        }
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

    fn begun(sessions: &Sessions, key: usize, at: i64, rng: &Counting) -> (String, Session, usize) {
        let whose = Whose::Key {
            id: key.to_string(),
            owner: String::new(),
            tenant: TenantId([1; 16]),
        };
        let new = NewSession {
            whose,
            agent: "é".repeat(AGENT_BYTES_MAX),
            told: Arc::default(),
        };
        let (secret, session) = Session::prepare(new, now(at), rng);
        let displaced = sessions.begin(&secret, session.clone());
        (secret, session, displaced.len())
    }

    fn now(monotonic: i64) -> Now {
        Now {
            wall: Micros::from_micros(monotonic),
            monotonic,
        }
    }

    #[test]
    fn a_session_ends_when_idle_when_old_and_when_asked_to() {
        let (sessions, rng) = (Sessions::new(&UiConfig::default()), Counting::default());
        let (idle, age) = (sessions.idle_micros, sessions.age_micros);
        let (secret, session, _) = begun(&sessions, 1, 0, &rng);
        assert!(session.agent.len() <= AGENT_BYTES_MAX);
        let mut at = 0;
        while at + idle - 1 < age {
            at += idle - 1;
            assert!(sessions.use_by(&secret, now(at)).is_some());
        }
        assert!(sessions.use_by(&secret, now(age)).is_none());
        assert!(sessions.living(&session.id, age).is_none());
        let ended = sessions.take_ended(age);
        assert_eq!((ended.len(), ended[0].1), (1, SessionEnd::Old));
        let (_, session, _) = begun(&sessions, 1, 0, &rng);
        assert!(sessions.living(&session.id, idle).is_none());
        assert_eq!(sessions.take_ended(idle)[0].1, SessionEnd::Idle);
        let (secret, session, _) = begun(&sessions, 1, 0, &rng);
        assert!(sessions.end(&session.id).is_some() && sessions.end(&session.id).is_none());
        assert!(sessions.use_by(&secret, now(1)).is_none());
    }

    #[test]
    fn sessions_are_bounded_altogether_and_for_each() {
        let (sessions, rng) = (Sessions::new(&UiConfig::default()), Counting::default());
        let (first, _, _) = begun(&sessions, 0, 0, &rng);
        for at in 1..=32 {
            let (_, _, displaced) = begun(&sessions, 0, at, &rng);
            assert_eq!(displaced, usize::from(at == 32));
        }
        assert!(sessions.use_by(&first, now(40)).is_none());
        for key in 33..=SESSIONS_MAX {
            begun(&sessions, key, 50, &rng);
        }
        let (_, _, displaced) = begun(&sessions, SESSIONS_MAX + 1, 60, &rng);
        assert_eq!(displaced, 1);
        let kept = sessions.lock();
        assert_eq!(
            (kept.sessions.len(), kept.hashes.len()),
            (SESSIONS_MAX, SESSIONS_MAX)
        );
    }
}
