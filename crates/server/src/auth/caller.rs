//! The caller: a valid key or a person who is signed in, and the tenant, with the only ways to name that tenant's logs.

use std::sync::Arc;

use api::code;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ledger::entry::Kind;
use ledger::keyring::TenantKeys;
use ledger::name::{LogId, TenantId};
use ledger::prepare::Door;
use ledger::vocabulary::Mode;
use query::Viewer;
use store::{ApiKey, LogRef, Tenant};

use super::browser::session_of_script;
use super::identity::{Identity, Person};
use super::sign_in::{Place, sign_in};
use super::standing::Standing;
use super::{Act, may};
use crate::http::HttpError;
use crate::http::asked::WhichLog;
use crate::own::Actor;
use crate::server::Server;
use crate::shares::Held;

/// Who sent a request, and for which tenant. Made by authentication only.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    who: Identity,
    tenant: Arc<Tenant>,
    /// The browser's session that the request came by.
    session: Option<Arc<str>>,
    /// The tenant's share of the requests in flight.
    _turn: Arc<Held>,
}

/// Where a record of a read goes, and under whose keys.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// The log.
    pub(crate) log: LogRef,
    /// Its tenant.
    pub(crate) tenant: Arc<Tenant>,
}

/// The refusal of what a key's roles don't allow.
pub(super) fn required(may: bool) -> Result<(), HttpError> {
    if may {
        return Ok(());
    }
    Err(HttpError::new(
        code::FORBIDDEN,
        "expected a key with another role",
    ))
}

impl Caller {
    pub(super) fn new(key: Arc<ApiKey>, tenant: Arc<Tenant>, turn: Held) -> Self {
        Self {
            who: Identity::Key(key),
            tenant,
            session: None,
            _turn: Arc::new(turn),
        }
    }

    /// A person, by their session. Their roles in this tenant were looked up just now.
    pub(super) fn person(person: Person, tenant: Arc<Tenant>, turn: Held) -> Self {
        Self {
            session: Some(person.session.as_str().into()),
            who: Identity::Person(Arc::new(person)),
            tenant,
            _turn: Arc::new(turn),
        }
    }

    /// The same, for as long as the session that it came by lasts.
    pub(super) fn within(mut self, session: &str) -> Self {
        self.session = Some(session.into());
        self
    }

    /// The public id of the key, or of the session of a person.
    pub(crate) fn key_id(&self) -> &str {
        self.who.credential_id()
    }

    /// Who it is, for what outlives the request.
    pub(crate) fn who(&self) -> Identity {
        self.who.clone()
    }

    /// What long work looks at again and again.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            who: self.who.clone(),
            tenant: self.tenant.record.id,
            session: self.session.clone(),
        }
    }

    /// The tenant that the caller is bound to in this request.
    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.record.id
    }

    /// Whose key it is, or who it is, for people.
    pub(crate) fn owner(&self) -> &str {
        self.who.owner()
    }

    /// The caller as the actor of our own records.
    pub(crate) fn actor(&self) -> Actor<'_> {
        self.who.actor()
    }

    /// The caller's roles, for people.
    pub(crate) fn role_names(&self) -> String {
        let names: Vec<_> = self.who.roles().iter().map(store::Role::name).collect();
        names.join(", ")
    }

    /// Whether the caller may do `act`.
    pub(crate) fn may(&self, act: Act) -> bool {
        may(self.who.roles(), self.tenant.is_instance(), act)
    }

    /// Refuses what the caller may not do. Decided before anything is looked up.
    pub(crate) fn require(&self, act: Act) -> Result<(), HttpError> {
        required(self.may(act))
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

    /// One log to be searched.
    pub(crate) fn log_to_search(&self, which: WhichLog) -> Result<LogRef, HttpError> {
        self.require(Act::ReadEvents)?;
        match which {
            WhichLog::Main => Ok(LogRef::main(&self.tenant)),
            WhichLog::Access => {
                self.require(Act::ReadAccessLog)?;
                Ok(LogRef::access(&self.tenant))
            }
        }
    }

    /// The log that a cursor of the caller's names, if it still may search it.
    pub(crate) fn log_of_cursor(&self, id: LogId) -> Option<LogRef> {
        let logs = [WhichLog::Main, WhichLog::Access].into_iter();
        logs.filter_map(|which| self.log_to_search(which).ok())
            .find(|log| log.log() == id)
    }

    /// How much of an event the caller sees.
    pub(crate) fn viewer(&self) -> Viewer {
        if self.may(Act::ReadPersons) {
            Viewer::Whole
        } else {
            Viewer::WithoutPersons
        }
    }

    /// ISO codes of the countries that the tenant knows; from any other, an event is `flag:unfamiliar_country`. Empty
    /// where the tenant named none.
    pub(crate) fn known_countries(&self) -> &[String] {
        // Who sees no address learns nothing of where it is usual to be, not by the echo of a query either.
        if self.may(Act::ReadPersons) {
            &self.tenant.record.settings.known_countries
        } else {
            &[]
        }
    }

    /// The tenant's keys.
    pub(crate) fn keys(&self) -> &TenantKeys {
        &self.tenant.keys
    }

    /// The tenant's keys, for what outlives the request.
    pub(crate) fn shared_keys(&self) -> Arc<TenantKeys> {
        Arc::clone(&self.tenant.keys)
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
            key: self.who.credential_id(),
            source: self.who.source(),
            mode: if record.strict {
                Mode::Strict
            } else {
                Mode::Open
            },
            additions: &record.settings.vocabulary,
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
        // A page asks for somebody who signed in already; nobody outside can put this here.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        if let Some(caller) = session_of_script(parts, server).await? {
            return Ok(caller);
        }
        let signed_in = sign_in(parts, server).await?;
        match signed_in.place {
            Place::Tenant(tenant) => {
                let turn = server.turn(tenant.record.id)?;
                Ok(Self::new(signed_in.key, tenant, turn))
            }
            Place::Unmade(_) => Err(HttpError::not_found()),
        }
    }
}
