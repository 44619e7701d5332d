//! Who sends events: a caller whose tenant may still have to be made.
//!
//! Promises: a tenant is made for keys alone that may, at the first request that arrived whole, in one step with its
//! record in the instance log; several such requests at once make one. Nothing can be read or written before
//! [`Sender::settle`] has bound the tenant.

use std::sync::Arc;

use api::code;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ledger::name::TenantId;
use store::{ApiKey, LogRef, StoreError, Tenant};

use super::caller::{Caller, required};
use super::sign_in::{Place, SignedIn, sign_in};
use super::{Act, may};
use crate::admin::{AdminError, Administration};
use crate::http::HttpError;
use crate::own::Actor;
use crate::server::Server;
use crate::shares::Held;

/// Under this id tenants that are not made yet hold what is shared, all of them together. No tenant has it: ids are
/// random.
const UNMADE: TenantId = TenantId([0; 16]);

/// Who sent a request with events.
#[derive(Debug)]
pub(crate) struct Sender {
    signed_in: SignedIn,
    turn: Held,
}

impl Sender {
    /// The tenant that the request is charged to.
    pub(crate) fn tenant_id(&self) -> TenantId {
        match &self.signed_in.place {
            Place::Tenant(tenant) => tenant.record.id,
            Place::Unmade(_) => UNMADE,
        }
    }

    /// The key's public id.
    pub(crate) fn key_id(&self) -> &str {
        &self.signed_in.key.id
    }

    /// Refuses what the sender may not do. Decided before anything is looked up.
    pub(crate) fn require(&self, act: Act) -> Result<(), HttpError> {
        let of_instance = match &self.signed_in.place {
            Place::Tenant(tenant) => tenant.is_instance(),
            Place::Unmade(_) => false,
        };
        required(may(&self.signed_in.key.roles, of_instance, act))
    }

    /// The caller, if its tenant is there already.
    pub(crate) fn settled(self) -> Result<Caller, HttpError> {
        let SignedIn { key, place } = self.signed_in;
        match place {
            Place::Tenant(tenant) => Ok(Caller::new(key, tenant, self.turn)),
            Place::Unmade(_) => Err(HttpError::not_found()),
        }
    }

    /// The caller, its tenant made if it was not there.
    pub(crate) async fn settle(self, server: &Server) -> Result<Caller, HttpError> {
        let SignedIn { key, place } = self.signed_in;
        let tenant = match place {
            Place::Tenant(tenant) => tenant,
            Place::Unmade(name) => make(server, &key, name).await?,
        };
        Ok(Caller::new(key, tenant, self.turn))
    }
}

/// Makes a tenant in the name of the key, unless somebody was faster.
async fn make(server: &Server, key: &ApiKey, name: String) -> Result<Arc<Tenant>, HttpError> {
    let there = server.store.tenants().await?.len();
    if there >= server.config.limits.tenants {
        return Err(HttpError::new(
            code::TOO_MANY_TENANTS,
            "nothing of the request was done; platform keys make no more tenants than limits.tenants",
        ));
    }
    let administration = Administration {
        store: &*server.store,
        clock: &*server.clock,
        rng: &*server.rng,
        actor: Actor::Key {
            id: &key.id,
            owner: &key.owner,
        },
        log: LogRef::main(&server.instance),
        tenant: &server.instance,
    };
    let new = api::NewTenant {
        name,
        ..api::NewTenant::default()
    };
    match administration.create_tenant(&new).await {
        Ok(_) | Err(AdminError::Store(StoreError::Exists { .. })) => {}
        Err(error) => return Err(error.into()),
    }
    let made = server.store.tenant_named(&new.name).await?;
    made.ok_or_else(HttpError::not_found)
}

impl FromRequestParts<Arc<Server>> for Sender {
    type Rejection = HttpError;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, HttpError> {
        let signed_in = sign_in(parts, server).await?;
        let tenant = match &signed_in.place {
            Place::Tenant(tenant) => tenant.record.id,
            Place::Unmade(_) => UNMADE,
        };
        let turn = server.turn(tenant)?;
        Ok(Self { signed_in, turn })
    }
}
