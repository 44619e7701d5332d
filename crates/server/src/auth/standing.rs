//! Whether whoever began long work may go on with it.
//!
//! Promises: a stream or an export ends soon after its key was revoked or has expired, its browser signed out, its
//! session came to its end, or the person lost a role that they began it with. Looking does not keep a session alive.

use std::sync::Arc;

use ledger::name::TenantId;

use super::identity::Identity;
use super::sessions::Whose;
use crate::http::HttpError;
use crate::server::Server;

/// What long work looks at again and again.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Who began it.
    pub(crate) who: Identity,
    pub(super) tenant: TenantId,
    pub(super) session: Option<Arc<str>>,
}

/// Why it must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The API key has expired.
    KeyExpired,
    /// The API key was revoked.
    KeyRevoked,
    /// The session is over, or what the person may do.
    Session,
}

impl Server {
    /// Whether and why whoever this is may not go on.
    pub(crate) async fn ended(&self, standing: &Standing) -> Result<Option<Ended>, HttpError> {
        let session = match &standing.session {
            None => None,
            Some(id) => match self.sessions.living(id, self.clock.monotonic()) {
                None => return Ok(Some(Ended::Session)),
                living => living,
            },
        };
        match &standing.who {
            Identity::Key(key) => {
                let key = self.store.api_key(&key.id).await?;
                let Some(key) = key.filter(|key| key.revoked_at.is_none()) else {
                    return Ok(Some(Ended::KeyRevoked));
                };
                let expired = key.expires_at.is_some_and(|end| end <= self.clock.wall());
                Ok(expired.then_some(Ended::KeyExpired))
            }
            Identity::Person(person) => {
                let tenant = self.store.tenant(standing.tenant).await?;
                let (Some(session), Some(tenant)) = (session, tenant) else {
                    return Ok(Some(Ended::Session));
                };
                let Whose::Member(member) = &session.whose else {
                    return Ok(Some(Ended::Session));
                };
                let roles = member.roles_in(&tenant, self.clock.wall());
                let all = person.roles.iter().all(|role| roles.has(role));
                Ok((!all).then_some(Ended::Session))
            }
        }
    }
}
