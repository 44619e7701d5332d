//! The caller: a valid key and its tenant, with the only ways to name that tenant's logs.

use std::sync::Arc;

use api::code;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use ledger::entry::Kind;
use ledger::name::LogId;
use ledger::prepare::Door;
use ledger::vocabulary::Mode;
use store::{ApiKey, LogRef, Tenant};

use super::{Act, RefusalReason, Token, may};
use crate::http::HttpError;
use crate::own::Actor;
use crate::server::Server;

/// Who sent a request. Made by authentication only.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    key: Arc<ApiKey>,
    tenant: Arc<Tenant>,
}

/// Where a record of a read goes, and under whose keys.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// The log.
    pub(crate) log: LogRef,
    /// Its tenant.
    pub(crate) tenant: Arc<Tenant>,
}

impl Caller {
    /// The key's public id.
    pub(crate) fn key_id(&self) -> &str {
        &self.key.id
    }

    /// Whose key it is, for people.
    pub(crate) fn owner(&self) -> &str {
        &self.key.owner
    }

    /// The caller as the actor of our own records.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor::Key {
            id: &self.key.id,
            owner: &self.key.owner,
        }
    }

    /// Whether the caller may do `act`.
    pub(crate) fn may(&self, act: Act) -> bool {
        may(&self.key.roles, self.tenant.is_instance(), act)
    }

    /// Refuses what the caller may not do. Decided before anything is looked up.
    pub(crate) fn require(&self, act: Act) -> Result<(), HttpError> {
        if self.may(act) {
            return Ok(());
        }
        Err(HttpError::new(
            code::FORBIDDEN,
            "expected a key with another role",
        ))
    }

    /// The log that the caller's events go into.
    pub(crate) fn log_to_append(&self) -> Result<LogRef, HttpError> {
        self.require(Act::AppendEvents)?;
        Ok(LogRef::main(&self.tenant))
    }

    /// The logs in which an event that the caller asks for may be.
    pub(crate) fn logs_to_read(&self) -> Result<Vec<LogRef>, HttpError> {
        self.require(Act::ReadEvents)?;
        let mut logs = vec![LogRef::main(&self.tenant)];
        if self.may(Act::ReadAccessLog) {
            logs.push(LogRef::access(&self.tenant));
        }
        Ok(logs)
    }

    /// The logs that the caller sees listed.
    pub(crate) fn logs_to_list(&self) -> Result<Vec<LogRef>, HttpError> {
        self.require(Act::ListLogs)?;
        self.logs_to_read()
    }

    /// One log for proofs, checkpoints and tiles. Unknown and foreign ones answer alike.
    pub(crate) fn log_to_prove(&self, id: &str) -> Result<LogRef, HttpError> {
        self.require(Act::TakeProofs)?;
        LogId::parse(id)
            .and_then(|id| LogRef::find(&self.tenant, id))
            .filter(|log| log.kind() != Kind::Access || self.may(Act::ReadAccessLog))
            .ok_or_else(HttpError::not_found)
    }

    /// How events come in through this key.
    pub(crate) fn door<'a>(&'a self, idempotency: Option<(&'a str, usize)>) -> Door<'a> {
        let record = &self.tenant.record;
        Door {
            keys: &self.tenant.keys,
            key: &self.key.id,
            source: &self.key.source,
            mode: if record.strict {
                Mode::Strict
            } else {
                Mode::Open
            },
            exceptions: &record.mask_exceptions,
            idempotency,
        }
    }

    /// Whether the caller administers every tenant or only the own one.
    pub(crate) fn is_operator(&self) -> bool {
        self.may(Act::ManageTenants)
    }

    /// The tenant whose keys an admin manages: the own one, by its readable name.
    pub(crate) fn tenant_name(&self) -> &str {
        &self.tenant.record.name
    }

    /// Where a read of `log` is recorded: in the tenant's access log; a read of an access log in the instance log, so
    /// that verifying never grows the log it verifies.
    pub(crate) fn destination(&self, log: LogRef, instance: &Arc<Tenant>) -> Destination {
        let tenant = if log.kind() == Kind::Access {
            instance
        } else {
            &self.tenant
        };
        let record = if log.kind() == Kind::Access {
            LogRef::main(tenant)
        } else {
            LogRef::access(tenant)
        };
        Destination {
            log: record,
            tenant: Arc::clone(tenant),
        }
    }

    /// Where what the caller administers is recorded: an operator's acts in the instance log, an admin's in the
    /// tenant's access log.
    pub(crate) fn administration(&self, instance: &Arc<Tenant>) -> Destination {
        if self.is_operator() {
            Destination {
                log: LogRef::main(instance),
                tenant: Arc::clone(instance),
            }
        } else {
            Destination {
                log: LogRef::access(&self.tenant),
                tenant: Arc::clone(&self.tenant),
            }
        }
    }
}

impl FromRequestParts<Arc<Server>> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, HttpError> {
        match sign_in(parts, server).await? {
            Ok(caller) => Ok(caller),
            Err(reason) => {
                server.refusals.count(reason);
                server.metrics.refused_sign_in(reason);
                Err(HttpError::unauthenticated())
            }
        }
    }
}

/// The outer error is the store's, the inner one the caller's.
async fn sign_in(
    parts: &Parts,
    server: &Server,
) -> Result<Result<Caller, RefusalReason>, HttpError> {
    let token = match bearer(parts) {
        Ok(token) => token,
        Err(reason) => return Ok(Err(reason)),
    };
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
    if key.revoked_at.is_some() {
        return Ok(Err(RefusalReason::Revoked));
    }
    let now = server.clock.wall();
    if key.expires_at.is_some_and(|end| end <= now) {
        return Ok(Err(RefusalReason::Expired));
    }
    let tenant = server.store.tenant(key.tenant).await?;
    Ok(match tenant {
        Some(tenant) => Ok(Caller {
            key: Arc::new(key),
            tenant,
        }),
        None => Err(RefusalReason::Unknown),
    })
}

fn bearer(parts: &Parts) -> Result<Token, RefusalReason> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
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
