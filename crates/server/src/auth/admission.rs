//! Letting browsers in and out, with the records of it.
//!
//! Promises: the beginning of a session is durable in the access log of every tenant that it may enter before the browser
//! can use it; so is, soon after, its end. Must never: let somebody in who may nothing.

use std::sync::Arc;

use ledger::json::Value;
use ledger::name::TenantId;
use store::{ApiKey, LogRef, Roles, Tenant};

use super::caller::Destination;
use super::grants::Member;
use super::sessions::{NewSession, Session, SessionEnd, Whose};
use crate::http::HttpError;
use crate::oidc::{Profile, SignInFailure};
use crate::own::{Actor, OwnEvent, number};
use crate::server::Server;

/// Tenants in whose access logs a session is recorded. Whoever may enter more is recorded in the instance log instead.
const TOLD_MAX: usize = 64;

/// Why nobody was let in.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    /// There is nothing for them here, or it could not be found out.
    SignIn(SignInFailure),
    /// Our own fault, or no room.
    Http(HttpError),
}

impl From<HttpError> for NotAdmitted {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl Server {
    /// Lets a browser in with an API key that was checked. Answers what it is to hold.
    pub(crate) async fn admit_key(
        &self,
        key: &ApiKey,
        tenant: &Arc<Tenant>,
        agent: &str,
    ) -> Result<String, HttpError> {
        let whose = Whose::Key {
            id: key.id.clone(),
            owner: key.owner.clone(),
            tenant: tenant.record.id,
        };
        let rooms = [(Arc::clone(tenant), key.roles.clone())];
        self.admit(whose, &rooms, agent).await
    }

    /// Lets a person in whom the identity provider signed in. Answers what their browser is to hold.
    pub(crate) async fn admit_member(
        &self,
        profile: Profile,
        agent: &str,
    ) -> Result<String, NotAdmitted> {
        let member = Member::new(profile, &self.config.oidc.roles);
        let rooms = self.rooms_of(&member).await?;
        if rooms.is_empty() {
            return Err(NotAdmitted::SignIn(SignInFailure::NoAccess));
        }
        let whose = Whose::Member(Arc::new(member));
        Ok(self.admit(whose, &rooms, agent).await?)
    }

    async fn admit(
        &self,
        whose: Whose,
        rooms: &[(Arc<Tenant>, Roles)],
        agent: &str,
    ) -> Result<String, HttpError> {
        let rooms = if rooms.len() > TOLD_MAX { &[] } else { rooms };
        let told: Vec<TenantId> = rooms.iter().map(|(tenant, _)| tenant.record.id).collect();
        let new = NewSession {
            whose,
            agent: agent.to_owned(),
            told: told.into(),
        };
        let (secret, session) = Session::prepare(new, self.now(), &*self.rng);
        let mut event = session.event("veritrail.session.started");
        event.metadata = vec![("with", Value::string(session.whose.way()))];
        if rooms.is_empty() {
            let to = self.instance_log();
            self.record_read(&to, &event).await?;
        }
        for (tenant, roles) in rooms {
            let mut event = event.clone();
            let names = roles.iter().map(|role| Value::string(role.name()));
            event
                .metadata
                .push(("roles", Value::Array(names.collect())));
            self.record_read(&access_log(tenant), &event).await?;
        }
        for displaced in self.sessions.begin(&secret, session) {
            self.record_end(&displaced, SessionEnd::Displaced).await;
        }
        Ok(secret)
    }

    /// Every tenant that somebody may enter, by name, with what they may there.
    pub(crate) async fn rooms_of(
        &self,
        member: &Member,
    ) -> Result<Vec<(Arc<Tenant>, Roles)>, HttpError> {
        let now = self.clock.wall();
        let tenants = self.store.tenants().await?;
        let rooms = tenants.into_iter().map(|tenant| {
            let roles = member.roles_in(&tenant, now);
            (tenant, roles)
        });
        Ok(rooms.filter(|(_, roles)| !roles.is_empty()).collect())
    }

    /// Ends a session, if it is there, and records it.
    pub(crate) async fn end_session(&self, id: &str, why: SessionEnd) {
        if let Some(session) = self.sessions.end(id) {
            self.record_end(&session, why).await;
        }
    }

    /// Takes away and records every session that came to its end by itself.
    pub(crate) async fn end_due_sessions(&self) {
        for (session, why) in self.sessions.take_ended(self.clock.monotonic()) {
            self.record_end(&session, why).await;
        }
    }

    /// Takes away and records every session: they end with this process.
    pub(crate) async fn end_all_sessions(&self) {
        self.end_due_sessions().await;
        for session in self.sessions.take_all() {
            self.record_end(&session, SessionEnd::Stopped).await;
        }
    }

    /// Records an end. One that can't be recorded is logged: the session is over all the same.
    async fn record_end(&self, session: &Session, why: SessionEnd) {
        let seconds = self.clock.wall().as_micros() - session.begun_at.as_micros();
        let mut event = session.event("veritrail.session.ended");
        event.metadata = vec![
            ("why", Value::string(why.name())),
            (
                "seconds",
                number(u64::try_from(seconds / 1_000_000).unwrap_or(0)),
            ),
        ];
        let mut recorded = Ok(());
        if session.told.is_empty() {
            recorded = self.record(&self.instance_log(), &event).await;
        }
        for tenant in &*session.told {
            // Tenants are never removed.
            let Ok(Some(tenant)) = self.store.tenant(*tenant).await else {
                continue;
            };
            recorded = recorded.and(self.record(&access_log(&tenant), &event).await);
        }
        if let Err(error) = recorded {
            tracing::warn!(%error, "the end of a session was not recorded");
        }
    }

    fn instance_log(&self) -> Destination {
        Destination {
            log: LogRef::main(&self.instance),
            tenant: Arc::clone(&self.instance),
        }
    }
}

impl Session {
    fn event(&self, operation: &'static str) -> OwnEvent<'_> {
        let actor = match &self.whose {
            Whose::Key { id, owner, .. } => Actor::Key { id, owner },
            Whose::Member(member) => member.actor(&self.id),
        };
        let mut event = OwnEvent::new(operation, actor, "session");
        event.resource_id = Some(&self.id);
        event
    }
}

fn access_log(tenant: &Arc<Tenant>) -> Destination {
    Destination {
        log: LogRef::access(tenant),
        tenant: Arc::clone(tenant),
    }
}
