//! From a browser's cookie to a caller.
//!
//! Promises: a request with a session's cookie may change something only if it repeats what a page of ours was told, so
//! that no other site's page can act for whoever is signed in; the session's key is looked up anew each time, so that a
//! revoked key ends its sessions. Must never: let a cookie stand beside an `Authorization` header.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use subtle::ConstantTimeEq;

use super::caller::Caller;
use super::sessions::Session;
use super::sign_in::standing;
use super::sign_in::{TENANT_HEADER, scope_admits};
use crate::http::HttpError;
use crate::server::Server;

/// What the cookie of a session is called.
pub(crate) const SESSION_COOKIE: &str = "veritrail_session";
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

impl Session {
    /// Whether `said` is what only our own pages know.
    pub(crate) fn is_own_form(&self, said: &str) -> bool {
        bool::from(self.csrf.as_bytes().ct_eq(said.as_bytes()))
    }
}

/// The session of a request's cookie.
pub(crate) fn session_of(headers: &HeaderMap, server: &Server) -> Option<Session> {
    let secret = cookie(headers, SESSION_COOKIE)?;
    server.sessions.use_by(secret, server.clock.wall())
}

impl Server {
    /// Whoever began the session, for its tenant, if the key still stands; `named` must be that tenant if it is given.
    pub(crate) async fn caller_of(
        &self,
        session: &Session,
        named: Option<&str>,
    ) -> Result<Caller, HttpError> {
        let key = self.store.api_key(&session.key).await?;
        let key = key.ok_or_else(HttpError::unauthenticated)?;
        let key = standing(key, self.clock.wall()).map_err(|_| {
            self.sessions.end(&session.id);
            HttpError::unauthenticated()
        })?;
        let tenant = self.store.tenant(session.tenant).await?;
        let tenant = tenant.filter(|tenant| scope_admits(&key, tenant));
        let tenant = tenant.ok_or_else(HttpError::unauthenticated)?;
        if named.is_some_and(|named| named != tenant.record.name) {
            return Err(HttpError::not_found());
        }
        let turn = self.turn(tenant.record.id)?;
        Ok(Caller::new(Arc::new(key), tenant, turn))
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
