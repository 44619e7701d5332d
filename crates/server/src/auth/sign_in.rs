//! From a request's head to a key and the one tenant that it speaks for.
//!
//! Promises: the key is checked before anything else is looked at; a tenant is bound here and nowhere else, whatever a
//! handler does; a key of one tenant never reaches another, and naming another is answered as if it did not exist.
//! Must never: take a name apart or put it right. Whoever reads `Veritrail-Tenant` on the way must read what we read.

use std::sync::Arc;

use api::code;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use ledger::time::Micros;
use store::registry::INSTANCE_TENANT;
use store::{ApiKey, Scope, Tenant};

use super::{Act, RefusalReason, Token, may};
use crate::admin::is_tenant_name;
use crate::http::HttpError;
use crate::server::Server;

/// The header that names the tenant of a request with a platform's key.
pub(crate) const TENANT_HEADER: HeaderName = HeaderName::from_static("veritrail-tenant");

/// Who signed in, and for whom.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) key: Arc<ApiKey>,
    pub(super) place: Place,
}

/// The tenant that a request is about.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// It exists.
    Tenant(Arc<Tenant>),
    /// It does not, and the key may make it by sending events.
    Unmade(String),
}

/// Signs a request in. Every refused sign-in is answered alike and counted.
pub(super) async fn sign_in(parts: &Parts, server: &Server) -> Result<SignedIn, HttpError> {
    let key = match authenticate(&parts.headers, server).await? {
        Ok(key) => key,
        Err(reason) => {
            server.refusals.count(reason);
            server.metrics.refused_sign_in(reason);
            return Err(HttpError::unauthenticated());
        }
    };
    let place = bind(&parts.headers, &key, server).await?;
    Ok(SignedIn {
        key: Arc::new(key),
        place,
    })
}

/// The outer error is the store's, the inner one the caller's.
async fn authenticate(
    headers: &HeaderMap,
    server: &Server,
) -> Result<Result<ApiKey, RefusalReason>, HttpError> {
    match bearer(headers) {
        Ok(token) => key_of(&token, server).await,
        Err(reason) => Ok(Err(reason)),
    }
}

/// The key of a token, if it is right and stands. The outer error is the store's, the inner one the caller's.
pub(crate) async fn key_of(
    token: &Token,
    server: &Server,
) -> Result<Result<ApiKey, RefusalReason>, HttpError> {
    let found = server.store.api_key(token.id()).await?;
    // Unknown ids take the same comparison as known ones.
    let hash = found.as_ref().map_or([0; 32], |key| key.hash);
    let right = token.matches(&hash);
    let Some(key) = found else {
        return Ok(Err(RefusalReason::Unknown));
    };
    if !right {
        return Ok(Err(RefusalReason::Forged));
    }
    Ok(standing(key, server.clock.wall()))
}

/// The key, if it was not withdrawn and has not come to its end.
pub(super) fn standing(key: ApiKey, now: Micros) -> Result<ApiKey, RefusalReason> {
    if key.revoked_at.is_some() {
        return Err(RefusalReason::Revoked);
    }
    if key.expires_at.is_some_and(|end| end <= now) {
        return Err(RefusalReason::Expired);
    }
    Ok(key)
}

fn bearer(headers: &HeaderMap) -> Result<Token, RefusalReason> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(RefusalReason::Missing);
    };
    let text = value.to_str().map_err(|_| RefusalReason::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(RefusalReason::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(RefusalReason::Missing);
    }
    Token::parse(token.trim()).map_err(|_| RefusalReason::Malformed)
}

/// Whether the key may speak for this tenant at all.
pub(crate) fn scope_admits(key: &ApiKey, tenant: &Tenant) -> bool {
    match key.scope {
        Scope::Tenant(own) => own == tenant.record.id,
        Scope::Platform { .. } => tenant.record.name != INSTANCE_TENANT,
    }
}

/// Finds the tenant that this request is about.
async fn bind(headers: &HeaderMap, key: &ApiKey, server: &Server) -> Result<Place, HttpError> {
    let named = named_tenant(headers)?;
    match key.scope {
        Scope::Tenant(tenant) => {
            let tenant = server.store.tenant(tenant).await?;
            // Tenants are never removed.
            let tenant = tenant.ok_or_else(HttpError::unauthenticated)?;
            // Another tenant's name is no more than an unknown one: it is not even looked up.
            if named.is_some_and(|named| named != tenant.record.name) {
                return Err(HttpError::not_found());
            }
            Ok(Place::Tenant(tenant))
        }
        Scope::Platform { creates_tenants } => {
            let named = named.ok_or_else(|| {
                HttpError::new(
                    code::BAD_REQUEST,
                    "expected the header Veritrail-Tenant with the name of a tenant: this is a platform's key",
                )
            })?;
            // No name of this form is the instance's own; that this stays so is not left to the form alone.
            let tenant = server.store.tenant_named(named).await?;
            let tenant = tenant.filter(|tenant| tenant.record.name != INSTANCE_TENANT);
            match tenant {
                Some(tenant) => Ok(Place::Tenant(tenant)),
                None if creates_tenants && may(&key.roles, false, Act::AppendEvents) => {
                    Ok(Place::Unmade(named.to_owned()))
                }
                None => Err(HttpError::not_found()),
            }
        }
    }
}

/// The name in the header, if it is there: once, and nothing but a name.
fn named_tenant(headers: &HeaderMap) -> Result<Option<&str>, HttpError> {
    let mut values = headers.get_all(TENANT_HEADER).iter();
    let name = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    let name = name.filter(|name| is_tenant_name(name));
    name.map(Some).ok_or_else(|| {
        HttpError::new(
            code::BAD_REQUEST,
            "expected one header Veritrail-Tenant with a tenant's name: 1 to 63 of a-z, 0-9 and -, beginning with a \
             letter or digit",
        )
    })
}
