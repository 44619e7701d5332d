//! From a browser's cookie to a caller.
//!
//! Promises: a request with a session's cookie may change something only if it repeats what a page of ours was told, so
//! that no other site's page can act for whoever is signed in; the session's key, or what its person may, is looked up
//! anew each time, so that a revoked key ends its sessions and an account that has ended is over. Must never: let a cookie stand beside an `Authorization` header.

use std::sync::Arc;

use super::caller::Caller;
use super::grants::Member;
use super::identity::Person;
use super::sessions::{Session, SessionEnd, Whose};
use super::sign_in::{TENANT_HEADER, scope_admits, standing};
use crate::http::HttpError;
use crate::oidc::Now;
use crate::server::Server;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use ledger::name::TenantId;

/// What the cookie of a session is called, and what the one of a sign-in that was begun. With the prefix a browser
/// takes them from us over HTTPS only, never from a neighbour's host.
const SESSION_COOKIES: [&str; 2] = ["veritrail_session", "__Host-veritrail_session"];
const BROWSER_COOKIES: [&str; 2] = ["veritrail_sign_in", "__Host-veritrail_sign_in"];
/// The header in which scripts of our pages repeat what they were told.
pub(crate) const CSRF_HEADER: HeaderName = HeaderName::from_static("veritrail-csrf");

/// The value of a cookie, if it is there once.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (known, value) = pair.split_once('=')?;
        (known.trim() == name).then_some(value.trim())
    });
    values.next().filter(|_| values.next().is_none())
}

/// Whether browsers reach us by HTTPS, so that cookies need never leave in the clear.
pub(crate) fn is_secure(server: &Server) -> bool {
    let url = server.config.ui.url.as_deref();
    server.config.tls.files().is_some() || url.is_some_and(|url| url.starts_with("https://"))
}

/// The name of the cookie of a session.
pub(crate) fn session_cookie(server: &Server) -> &'static str {
    SESSION_COOKIES[usize::from(is_secure(server))]
}

/// The name of the cookie of a sign-in that was begun.
pub(crate) fn browser_cookie(server: &Server) -> &'static str {
    BROWSER_COOKIES[usize::from(is_secure(server))]
}

/// The session of a request's cookie.
pub(crate) fn session_of(headers: &HeaderMap, server: &Server) -> Option<Session> {
    let secret = cookie(headers, session_cookie(server))?;
    server.sessions.use_by(secret, server.now())
}

impl Server {
    /// Both clocks.
    pub(crate) fn now(&self) -> Now {
        Now {
            wall: self.clock.wall(),
            monotonic: self.clock.monotonic(),
        }
    }

    /// Whoever began the session, for the tenant that is named, if they may anything there. A key's session is for one
    /// tenant; a person who may enter one alone need not name it.
    pub(crate) async fn caller_of(
        &self,
        session: &Session,
        named: Option<&str>,
    ) -> Result<Caller, HttpError> {
        match &session.whose {
            Whose::Key { id, tenant, .. } => self.key_of_session(session, id, *tenant, named).await,
            Whose::Member(member) => self.member_of_session(session, member, named).await,
        }
    }

    async fn key_of_session(
        &self,
        session: &Session,
        id: &str,
        tenant: TenantId,
        named: Option<&str>,
    ) -> Result<Caller, HttpError> {
        let key = self.store.api_key(id).await?;
        let key = key.and_then(|key| standing(key, self.clock.wall()).ok());
        let Some(key) = key else {
            self.end_session(&session.id, SessionEnd::KeyEnded).await;
            return Err(HttpError::unauthenticated());
        };
        let tenant = self.store.tenant(tenant).await?;
        let tenant = tenant.filter(|tenant| scope_admits(&key, tenant));
        let tenant = tenant.ok_or_else(HttpError::unauthenticated)?;
        if named.is_some_and(|named| named != tenant.record.name) {
            return Err(HttpError::not_found());
        }
        let turn = self.turn(tenant.record.id)?;
        Ok(Caller::new(Arc::new(key), tenant, turn).within(&session.id))
    }

    async fn member_of_session(
        &self,
        session: &Session,
        member: &Member,
        named: Option<&str>,
    ) -> Result<Caller, HttpError> {
        let tenant = if let Some(named) = named {
            self.store.tenant_named(named).await?
        } else {
            let [only] = *session.told else {
                let expected = "expected the header Veritrail-Tenant with the name of a tenant: there are several";
                return Err(HttpError::new(api::code::BAD_REQUEST, expected));
            };
            self.store.tenant(only).await?
        };
        let tenant = tenant.ok_or_else(HttpError::not_found)?;
        let roles = member.roles_in(&tenant, self.clock.wall());
        if roles.is_empty() {
            return Err(HttpError::not_found());
        }
        let person = Person {
            session: session.id.clone(),
            id: member.subject.clone(),
            name: member.name.clone(),
            email: member.email.clone(),
            roles,
        };
        let turn = self.turn(tenant.record.id)?;
        Ok(Caller::person(person, tenant, turn))
    }
}

/// A request of a script on one of our pages: no `Authorization`, a session's cookie, and, where it would change
/// something, what the page was told.
pub(super) async fn session_of_script(
    parts: &Parts,
    server: &Server,
) -> Result<Option<Caller>, HttpError> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let Some(session) = session_of(&parts.headers, server) else {
        return Ok(None);
    };
    let safe = matches!(parts.method, Method::GET | Method::HEAD);
    let said = parts.headers.get(CSRF_HEADER);
    let said = said.and_then(|value| value.to_str().ok());
    if !safe && !said.is_some_and(|said| session.is_own_form(said)) {
        return Err(HttpError::unauthenticated());
    }
    let named = parts.headers.get(TENANT_HEADER);
    let named = named.map(|value| value.to_str().unwrap_or_default());
    server.caller_of(&session, named).await.map(Some)
}
